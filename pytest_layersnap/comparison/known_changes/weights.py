"""Layers that list, or store, other weights."""

from __future__ import annotations

import json
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import KnownChange, each, what_differs


def _is_activation_without_weights(change: Change) -> bool:
    before, after = change.recorded_row, change.current_row
    return (
        before is not None
        and after is not None
        and what_differs(change).keys() <= {"parameters", "trainable_parameters", "weight_shapes"}
        and isinstance(after.attributes.get("activation"), dict)
        and after.attributes["activation"].get("class_name") == "PReLU"
        and json.loads(before.weight_shapes)[:-1] == json.loads(after.weight_shapes)
    )


def _is_int4_layout(change: Change) -> bool:
    """Weights in blocks, each with its own scale; what the layer computes is set by other keys."""
    before, after = change.recorded_row, change.current_row
    return (
        before is not None
        and after is not None
        and before.dtype.startswith("int4_from_")
        and after.dtype.startswith("int4/")
        and before.dtype.rpartition("_from_")[2] == after.dtype.rpartition("_from_")[2]
        and all(
            path in ("dtype", "parameters", "weight_shapes")
            or path.startswith("quantization_config")
            for path in what_differs(change)
        )
    )


CHANGES: Final = (
    KnownChange(
        "Keras 3 lists no weights of a PReLU that is given as the activation of another layer",
        "keras-team/keras, layers/core/dense.py, 2.15 and 3.0",
        (3, 0),
        each(_is_activation_without_weights),
    ),
    KnownChange(
        "Keras 3.14 stores int4 weights in blocks, each with its own scale",
        "keras-team/keras, layers/core/dense.py, 3.13 and 3.14",
        (3, 14),
        each(_is_int4_layout),
    ),
)
