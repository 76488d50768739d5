"""Layers that list, or store, other weights."""

from __future__ import annotations

import json
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import KnownChange, each, what_differs


def _is_activation_without_weights(change: Change) -> bool:
    recorded, current = change.recorded_row, change.current_row
    return (
        recorded is not None
        and current is not None
        and what_differs(change).keys() <= {"parameters", "trainable_parameters", "weight_shapes"}
        and isinstance(current.attributes.get("activation"), dict)
        and current.attributes["activation"].get("class_name") == "PReLU"
        and json.loads(recorded.weight_shapes)[:-1] == json.loads(current.weight_shapes)
    )


def _is_int4_layout(change: Change) -> bool:
    """Weights in blocks, each with its own scale; what the layer computes is set by other keys."""
    recorded, current = change.recorded_row, change.current_row
    return (
        recorded is not None
        and current is not None
        and recorded.dtype.startswith("int4_from_")
        and current.dtype.startswith("int4/")
        and recorded.dtype.rpartition("_from_")[2] == current.dtype.rpartition("_from_")[2]
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
