"""Layers that give another shape, and what follows from it."""

from __future__ import annotations

from typing import Final

from pytest_layersnap.comparison.known_changes.known import KnownChange, spreading
from pytest_layersnap.table import Layer


def _is_einsum(recorded: Layer, current: Layer) -> bool:
    """Sizes that were inferred are none that are known."""
    sizes = zip(recorded.output_shape.split(", "), current.output_shape.split(", "), strict=False)
    return (
        recorded.layer_type == "EinsumDense"
        and recorded.input_shape == current.input_shape
        and recorded.output_shape.count(",") == current.output_shape.count(",")
        and all(now in (size, "None") for size, now in sizes)
    )


def _is_first_embedding(recorded: Layer, current: Layer) -> bool:
    """The first layer of a Sequential, which was built for sequences of any length."""
    return (
        recorded.layer_type == "Embedding"
        and not recorded.is_fed
        and recorded.input_shape == "(None, None)"
        and current.input_shape.count(",") == 1
    )


def _is_discretization(recorded: Layer, current: Layer) -> bool:
    """The shape of the numbers is given for that of their encoding."""
    return (
        recorded.layer_type == "Discretization"
        and recorded.input_shape == current.input_shape == current.output_shape
    )


CHANGES: Final = (
    KnownChange(
        "Keras 3 takes the output_shape of an EinsumDense as it is written (Keras 2: infers what it leaves"
        " open)",
        "keras-team/keras, layers/core/einsum_dense.py, 2.15 and 3.0",
        (3, 0),
        spreading(_is_einsum),
    ),
    KnownChange(
        "Keras 3 builds a Sequential that begins with an Embedding for the shape that it is given (Keras 2:"
        " for sequences of any length)",
        "keras-team/keras, layers/core/embedding.py, 2.15 and 3.0",
        (3, 0),
        spreading(_is_first_embedding),
    ),
    KnownChange(
        "Keras 3.0 to 3.13 give a Discretization that encodes the shape of its input",
        "keras-team/keras#22044, #22048",
        (3, 0),
        spreading(_is_discretization),
        until=(3, 14),
    ),
)
