"""MobileNetV3, whose hard-swish and names are written otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import KnownChange, what_differs
from pytest_layersnap.table import Layer, LayerTable


def _mobilenet_v3(changes: Sequence[Change], _: LayerTable) -> list[Change]:
    """``x * (relu6(x + 3) * (1 / 6))`` is four rows in Keras 2; the sum's place is the activation's."""
    removed = {
        change.layer: row
        for change in changes
        if change.kind == "removed" and (row := change.recorded_row)
    }
    found, parts = [], set()
    for change in changes:
        if _is_hard_swish(change) and (rest := _rest_of_hard_swish(change, removed)):
            found.append(change)
            parts.update(rest)
    if not found:
        return []
    return [
        change
        for change in changes
        if change in found
        or (change.kind == "removed" and change.layer in parts)
        or _is_mobilenet_name(change)
    ]


def _is_hard_swish(change: Change) -> bool:
    """Whether a sum with 3 became the activation, and nothing else is different about the row."""
    recorded, current = change.recorded_row, change.current_row
    return (
        recorded is not None
        and current is not None
        and (recorded.layer_type, current.layer_type) == ("op:add", "Activation")
        and recorded.attributes == {"x2": 3}
        and current.attributes == {"activation": "hard_silu"}
        and what_differs(change).keys() <= _OF_ANOTHER_TYPE
    )


#: What differs between any operation and any layer that take and give the same.
_OF_ANOTHER_TYPE: Final = frozenset(
    {"layer_type", "activation_function", "dtype", "layer_name", "x2", "activation"}
)


def _rest_of_hard_swish(change: Change, removed: Mapping[str, Layer]) -> list[str]:
    """The three rows that follow the sum; nothing where they are not all there."""
    row = change.recorded_row
    chain: list[str] = []
    for is_next in (_is_relu6, _is_sixth, _is_product):
        last = row.layer_name if row else ""
        row = next(
            (
                other
                for other in removed.values()
                if is_next(other) and any(last in call for call in other.calls)
            ),
            None,
        )
        if row is None:
            return []
        chain.append(row.layer_name)
    return chain


def _is_relu6(row: Layer) -> bool:
    return row.layer_type == "ReLU" and row.attributes.get("max_value") == 6


def _is_sixth(row: Layer) -> bool:
    return row.layer_type == "op:multiply" and row.attributes == {"x2": 1 / 6}


def _is_product(row: Layer) -> bool:
    return row.layer_type == "Multiply" and len(row.calls) == 1 and len(row.calls[0]) == 2


def _is_mobilenet_name(change: Change) -> bool:
    """``expanded_conv/squeeze_excite/AvgPool`` became ``expanded_conv_squeeze_excite_avg_pool``."""
    if change.kind != "renamed" or change.recorded_layer is None:
        return False
    names = {_plain(change.layer), _plain(change.recorded_layer)}
    return len(names) == 1


def _plain(name: str) -> str:
    return name.lower().replace("batchnorm", "bn").replace("avgpool", "avg_pool")


CHANGES: Final = (
    KnownChange(
        "Keras 3 builds the hard-swish of MobileNetV3 as one activation (Keras 2: four operations) and"
        " names its layers without slashes and capitals; its weighted layers are the same",
        "keras-team/keras, applications/mobilenet_v3.py, 2.15 and 3.0",
        (3, 0),
        _mobilenet_v3,
    ),
)
