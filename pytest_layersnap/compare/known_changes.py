"""Changes of Keras itself between releases, so that a reader learns who changed the network.

Each was reproduced by building the same code under both releases. An explanation never hides a change:
the network really is another one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_layersnap.compare.changes import ABSENT, Change
from pytest_layersnap.table import Layer

#: A release of Keras as (major, minor); tf_keras is Keras 2 under every number.
Release = tuple[int, int]


@dataclass(frozen=True, slots=True)
class KnownChange:
    """One change of Keras.

    Args:
        what: what Keras does differently, in a sentence.
        source: where it is documented or discussed.
        first: the first release that does it.
        explains: whether a change of a layer is of that kind.
        needs: what at least one change must be, for the others to be explained.
        until: the first release that does it no longer.
    """

    what: str
    source: str
    first: Release
    explains: Callable[[Change], bool]
    until: Release | None = None
    needs: Callable[[Change], bool] | None = None

    def between(self, one: Release, other: Release) -> bool:
        """Whether of two releases one does it and the other does not."""
        return self._has(one) != self._has(other)

    def _has(self, release: Release) -> bool:
        return self.first <= release and (self.until is None or release < self.until)


@dataclass(frozen=True, slots=True)
class Explanation:
    """A known change and the changes of layers that it explains."""

    known: KnownChange
    changes: tuple[Change, ...]


def release(recorded_with: str) -> Release | None:
    """The release of Keras in a table's ``recorded_with``; None where it does not tell."""
    match = re.search(r"\b(tf_)?keras (\d+)\.(\d+)", recorded_with)
    if match is None:
        return None
    return (2, 15) if match[1] else (int(match[2]), int(match[3]))


def explanations(
    changes: Sequence[Change], recorded_with: str, current_with: str
) -> tuple[Explanation, ...]:
    """Which known changes of Keras explain changes of layers, each layer by the first that does.

    Args:
        changes: the changes of layers between two tables.
        recorded_with: the versions that recorded the snapshot.
        current_with: the versions that run now.
    """
    one, other = release(recorded_with), release(current_with)
    if one is None or other is None:
        return ()
    left = list(changes)
    found = []
    for known in KNOWN_CHANGES:
        if known.between(one, other) and (known.needs is None or any(map(known.needs, changes))):
            explained = tuple(change for change in left if known.explains(change))
            if explained:
                found.append(Explanation(known, explained))
                taken = set(map(id, explained))
                left = [change for change in left if id(change) not in taken]
    return tuple(found)


def _row_type(change: Change) -> str:
    row = change.current_row or change.recorded_row
    return row.layer_type if row else ""


def _paths(change: Change) -> set[str]:
    return {difference.path for difference in change.differences}


def _is_hard_swish(change: Change) -> bool:
    """``x * (relu6(x + 3) * (1 / 6))`` in Keras 2 is four rows; the sum's place is the activation's."""
    if change.kind in ("added", "removed"):
        row = change.current_row or change.recorded_row
        return row is not None and _is_part_of_hard_swish(row)
    return _is_replaced_activation(change)


def _is_replaced_activation(change: Change) -> bool:
    types = set(change.fields.get("layer_type", ()))
    return types == {"Activation", "op:add"} and (
        "hard_silu" in change.fields.get("activation_function", ())
    )


def _is_part_of_hard_swish(row: Layer) -> bool:
    if row.layer_type == "ReLU":
        return row.attributes.get("max_value") == 6
    if row.layer_type == "op:multiply":
        return row.attributes == {"x2": 1 / 6}
    return row.layer_type == "Multiply" and len(row.calls) == 1 and len(row.calls[0]) == 2


def _is_mobilenet_name(change: Change) -> bool:
    """``expanded_conv/squeeze_excite/AvgPool`` became ``expanded_conv_squeeze_excite_avg_pool``."""
    if change.kind != "renamed" or change.recorded_layer is None:
        return False
    names = {_plain(change.layer), _plain(change.recorded_layer)}
    return len(names) == 1


def _plain(name: str) -> str:
    return name.lower().replace("batchnorm", "bn").replace("avgpool", "avg_pool")


def _is_mobilenet_v3(change: Change) -> bool:
    return _is_hard_swish(change) or _is_mobilenet_name(change)


def _is_efficientnet_rescaling(change: Change) -> bool:
    names = ("rescaling_1", "stem_conv_pad", "stem_conv", "normalization")
    is_named = change.layer.rpartition("/")[2] in names
    return change.kind == "changed" and is_named and change.categories <= {"shape", "parameters"}


def _is_attention_scores(change: Change) -> bool:
    return _row_type(change) == "MultiHeadAttention" and _paths(change) == {"output_shape"}


def _is_convlstm_activation(change: Change) -> bool:
    return _row_type(change).startswith("ConvLSTM") and any(
        difference.path == "recurrent_activation"
        and {difference.recorded, difference.current} == {"hard_sigmoid", "sigmoid"}
        for difference in change.differences
    )


def _is_int4_layout(change: Change) -> bool:
    row = change.current_row
    return row is not None and "int4" in row.dtype and "parameters" in change.categories


def _key_that_one_side_lacks(types: str, key: str) -> Callable[[Change], bool]:
    def explains(change: Change) -> bool:
        return (
            change.kind == "changed"
            and re.fullmatch(types, _row_type(change)) is not None
            and all(
                difference.path.partition(".")[0] == key
                and ABSENT in (difference.recorded, difference.current)
                for difference in change.differences
            )
        )

    return explains


KNOWN_CHANGES: Final = (
    KnownChange(
        "Keras 3 builds the hard-swish of MobileNetV3 as one activation (Keras 2: four operations) and"
        " names its layers without slashes and capitals; its weighted layers are the same",
        "keras-team/keras, applications/mobilenet_v3.py, 2.15 and 3.0",
        (3, 0),
        _is_mobilenet_v3,
        needs=_is_replaced_activation,
    ),
    KnownChange(
        "Keras 3.11 builds EfficientNet's second rescaling for one channel",
        "keras-team/keras#21529, #21692",
        (3, 11),
        _is_efficientnet_rescaling,
        until=(3, 12),
    ),
    KnownChange(
        "Keras 3 infers the shape of MultiHeadAttention's scores from the query alone",
        "keras-team/keras#19303",
        (3, 0),
        _is_attention_scores,
    ),
    KnownChange(
        "Keras 3 has sigmoid for the default recurrent_activation of ConvLSTM (Keras 2: hard_sigmoid)",
        "keras-team/keras, layers/rnn/conv_lstm.py, 2.15 and 3.0",
        (3, 0),
        _is_convlstm_activation,
    ),
    KnownChange(
        "Keras 3.14 stores int4 weights in another layout",
        "keras-team/keras, layers/core/dense.py, 3.13 and 3.15",
        (3, 14),
        _is_int4_layout,
    ),
    KnownChange(
        "Keras 3.0 to 3.3 lose the activity_regularizer of Dense in its config",
        "keras-team/keras, layers/core/dense.py, 3.3 and 3.4",
        (3, 0),
        _key_that_one_side_lacks("Dense|EinsumDense", "activity_regularizer"),
        until=(3, 4),
    ),
    KnownChange(
        "Keras 3.0 to 3.13 lose the output_padding of transposed convolutions in their config",
        "keras-team/keras, layers/convolutional, 3.13 and 3.14",
        (3, 0),
        _key_that_one_side_lacks(r"Conv\dDTranspose", "output_padding"),
        until=(3, 14),
    ),
)
