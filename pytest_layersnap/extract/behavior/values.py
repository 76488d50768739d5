"""What a layer is called with when its behavior is read: inputs and weights, made from their shapes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from pytest_layersnap.extract.behavior.numbers import spread

#: Inputs reach beyond the bounds that activations have, and are dense around zero.
_REACH: Final = 8.0
#: By this the first sample of what people's layers take is smaller, so that an epsilon shows.
_SMALLER: Final = 32.0
#: Inputs begin elsewhere in the table than weights.
_INPUTS: Final = 1_000
#: Whole numbers go up to this where nothing tells how many there are.
_WHOLE: Final = 10
_LARGEST_WHOLE: Final = 50_000
_OF_BYTES: Final = 256
#: Sizes of images that are larger are shrunk, by a multiple of what strides are.
_SMALL: Final = 16
_STRIDES: Final = 12
_WORDS: Final = ("a", "b", "the", "model", "of", "layers", "", "zero")


@dataclass(frozen=True, slots=True)
class Sizes:
    """The sizes that take the place of unknown ones.

    Args:
        batch: the size of the first axis.
        others: those of the axes behind it, in turn.
    """

    batch: int
    others: Sequence[int]

    def of(self, shape: Sequence[int | None], *, shrunk: bool = False) -> tuple[int, ...]:
        """A shape without unknown sizes.

        Args:
            shape: the shape.
            shrunk: whether large sizes between the first axis and the last one are made smaller.
        """
        last = len(shape) - 1
        return tuple(
            self._unknown(axis)
            if size is None
            else _shrunk(size)
            if shrunk and 0 < axis < last
            else size
            for axis, size in enumerate(shape)
        )

    def _unknown(self, axis: int) -> int:
        return self.others[(axis - 1) % len(self.others)] if axis else self.batch


def _shrunk(size: int) -> int:
    """A smaller size that strides divide with the same rest."""
    return size if size < _SMALL + _STRIDES else _SMALL + (size - _SMALL) % _STRIDES


#: What is tried, the one that shows most first: axes told apart by their sizes; then sizes that are equal,
#: as where an axis comes twice; that much can be divided by; and that take large kernels.
SIZES: Final = (
    Sizes(2, (7, 5, 9, 3)),
    Sizes(2, (6,)),
    Sizes(48, (24,)),
    Sizes(2, (65,)),
)


#: For layers of somebody's own that take so few numbers a sample: samples for each case in their code.
MANY: Final = Sizes(17, (7, 5, 9, 3))
FEW: Final = 256


def weight(shape: Sequence[int], dtype: str, number: int) -> Any:
    """The values of a weight: kernels small enough for sums to stay what they are, vectors positive.

    Args:
        shape: its shape.
        dtype: its dtype.
        number: its place among the weights of the layer.
    """
    shape = tuple(shape)
    if dtype == "bool":
        return spread(shape, number) > 0
    if not _is_float(dtype):
        return _whole(shape, number, 127 if dtype == "int8" else 4)
    if len(shape) < 2:
        return 1 + spread(shape, number, 0.5)
    return spread(shape, number, math.sqrt(3 / max(1, math.prod(shape[:-1]))))


def places(shape: Sequence[int]) -> Any:
    """The values of a weight that says where in another to look: at its beginning."""
    return np.zeros(tuple(shape))


def argument(
    shape: tuple[int, ...],
    dtype: str,
    number: int,
    *,
    whole: int | None = None,
    padded: bool = True,
    small: bool = False,
) -> Any:
    """The values of an input.

    Args:
        shape: its shape.
        dtype: its dtype.
        number: which of the inputs it is.
        whole: below which it is to be a whole number; None for any number where the dtype has fractions.
        padded: whether the last step of the last sequence is zero, for layers that mask by values.
        small: whether the first of several samples is small.
    """
    number += _INPUTS
    if dtype == "string":
        return _words(shape, number)
    if dtype == "bool":
        return spread(shape, number) > -0.3
    if whole is not None or not _is_float(dtype):
        bound = _OF_BYTES if dtype == "uint8" else min(whole or _WHOLE, _LARGEST_WHOLE)
        values = _whole(shape, number, bound)
        if padded and len(shape) > 1:
            values[-1, -1] = 0
    else:
        fraction = spread(shape, number)
        values = np.abs(fraction)
        values *= fraction
        values *= np.float32(_REACH)
        if small and len(shape) > 1 and shape[0] > 1:
            values[0] /= _SMALLER
        if padded and len(shape) > 2 and shape[1] > 1:
            values[-1, -1] = 0
    if dtype.startswith("complex"):
        return values + 1j * spread(shape, number + 1)
    return values


def mask(shape: tuple[int, ...]) -> Any:
    """The values of a mask: of sequences all steps but the last of the last; else some here and there."""
    if len(shape) < 3:
        values = np.ones(shape, bool)
        if len(shape) == 2 and shape[1] > 1:
            values[-1, -1] = False
        return values
    values = spread(shape, 3) > -0.3
    values[..., 0] = True
    return values


def _whole(shape: tuple[int, ...], number: int, bound: int) -> Any:
    return np.floor(np.abs(spread(shape, number)) * bound).astype(np.int64)


def _words(shape: tuple[int, ...], number: int) -> Any:
    places = _whole(shape, number, len(_WORDS))
    return np.array(_WORDS, object)[places]


def _is_float(dtype: str) -> bool:
    return "float" in dtype or dtype.startswith("complex")
