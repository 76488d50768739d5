"""NASNetMobile without top, for a known size or for any."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import KnownChange, layer_type, what_differs
from pytest_layersnap.table import LayerTable

#: How many layers of each type NASNetMobile has more for a known size than for an unknown one.
_OF_KNOWN_SIZE: Final = {
    "Activation": 1,
    "AveragePooling2D": 8,
    "BatchNormalization": 1,
    "Concatenate": 4,
    "Conv2D": 5,
    "Cropping2D": 4,
    "ZeroPadding2D": 4,
}


def _nasnet_mobile(changes: Sequence[Change], current: LayerTable) -> list[Change]:
    """The input got a size, and with it what depends on the sizes of branches being equal."""
    is_nasnet = any(row.layer_name == "reduction_concat_stem_1" for row in current)
    if not is_nasnet or not any(map(_is_size_of_input, changes)):
        return []
    layers = [change for change in changes if change.kind in ("added", "removed")]
    more = Counter(layer_type(change) for change in layers if change.kind == "added")
    more.subtract(layer_type(change) for change in layers if change.kind == "removed")
    found = layers if {key: count for key, count in more.items() if count} == _OF_KNOWN_SIZE else []
    return [*found, *filter(_is_known_size, changes)]


def _is_size_of_input(change: Change) -> bool:
    return layer_type(change) == "InputLayer" and what_differs(change).get("output_shape") == (
        "(None, None, None, 3)",
        "(None, 224, 224, 3)",
    )


def _is_known_size(change: Change) -> bool:
    """Whether sizes became known and channels stayed; edges and paddings follow from sizes."""
    values = what_differs(change)
    if layer_type(change) == "Activation" and _is_between_blocks(values):
        return values.keys() <= {"inbound_layers", "input_shape", "output_shape"}
    follows = {"inbound_layers"}
    if layer_type(change) == "ZeroPadding2D":
        follows.add("padding")
    if _is_named(values):
        follows.add("layer_name")
    shapes = [pair for path, pair in values.items() if path in ("input_shape", "output_shape")]
    return (
        bool(shapes)
        and values.keys() <= {"input_shape", "output_shape", *follows}
        and all(re.sub(r"\b\d+, (?=.*?\))", "None, ", now) == recorded for recorded, now in shapes)
    )


def _is_named(values: dict[str, tuple[Any, Any]]) -> bool:
    """Whether an activation got the name that it has where a block is cut to the size of another."""
    recorded, current = values.get("layer_name", ("", ""))
    return bool(
        re.fullmatch(r"activation(_\d+)?", recorded) and re.fullmatch(r"adjust_relu_1_\w+", current)
    )


def _is_between_blocks(values: dict[str, tuple[Any, Any]]) -> bool:
    """Whether a row took the end of one block of NASNet, and now takes that of another."""
    ends = [feed for feeds in values.get("inbound_layers", ()) for feed in feeds]
    return len(ends) == 2 and all(
        re.fullmatch(r"(normal|reduction)_concat_\w+", str(end)) for end in ends
    )


CHANGES: Final = (
    KnownChange(
        "Keras 3 builds NASNetMobile without top for images of 224 × 224 where no input_shape is given"
        " (Keras 2: of any size, which is another network)",
        "keras-team/keras, applications/nasnet.py, 2.15 and 3.0",
        (3, 0),
        _nasnet_mobile,
    ),
)
