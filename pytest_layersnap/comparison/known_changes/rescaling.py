"""How EfficientNet scales its images."""

from __future__ import annotations

import math
from functools import partial
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import (
    KnownChange,
    each,
    spreading,
    what_differs,
)
from pytest_layersnap.table import Layer


def _is_scaling_operation(change: Change) -> bool:
    """A Rescaling became a multiplication by the same factors, in single precision."""
    recorded, current = change.recorded_row, change.current_row
    if not recorded or not current or not what_differs(change).keys() <= _OF_SCALING:
        return False
    scale, factors = recorded.attributes.get("scale"), current.attributes.get("x2")
    while isinstance(factors, list) and len(factors) == 1:
        factors = factors[0]
    return (
        (recorded.layer_type, current.layer_type) == ("Rescaling", "op:multiply")
        and recorded.attributes.get("offset") == 0
        and isinstance(scale, list)
        and isinstance(factors, list)
        and len(scale) == len(factors)
        and all(map(partial(math.isclose, rel_tol=1e-6), scale, factors))
    )


#: What differs between a Rescaling and an operation that takes and gives the same.
_OF_SCALING: Final = frozenset({"layer_type", "dtype", "layer_name", "scale", "offset", "x2"})


def _is_rescaling(recorded: Layer, current: Layer) -> bool:
    return (
        recorded.layer_type == "Rescaling"
        and recorded.input_shape == current.input_shape
        and isinstance(recorded.attributes.get("scale"), list)
        and _is_one_channel(recorded.output_shape, current.output_shape)
    )


def _is_one_channel(recorded: str, current: str) -> bool:
    """Whether two shapes differ in their channels alone, which have become one."""
    *sizes, _ = recorded.strip("()").split(", ")
    return current == f"({', '.join([*sizes, '1'])})"


CHANGES: Final = (
    KnownChange(
        "tf_keras scales the images of EfficientNet with the weights of ImageNet by an operation (Keras 2"
        " and 3: by a Rescaling of the same factors)",
        "keras-team/tf-keras, applications/efficientnet.py, 2.21",
        (2, 16),
        each(_is_scaling_operation),
        until=(3, 0),
    ),
    KnownChange(
        "Keras 3.11 takes it that a Rescaling by several factors gives one channel, as in EfficientNet"
        " with the weights of ImageNet",
        "keras-team/keras#21529, #21692",
        (3, 11),
        spreading(_is_rescaling),
        until=(3, 12),
    ),
)
