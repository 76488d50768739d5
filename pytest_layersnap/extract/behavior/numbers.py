"""Numbers without a pattern, the same everywhere, and the eight that stand for what a layer gives."""

from __future__ import annotations

import functools
import math
import zlib
from typing import Any, Final

import numpy as np

#: A prime, so that no size of a tensor comes round to where the table began.
_PERIOD: Final = 65_537
_MULTIPLIER: Final = 75
#: How far one tensor's numbers begin behind those of the one before.
_STEP: Final = 7_919
#: Projections are taken in blocks of so many numbers.
_BLOCK: Final = 4_096
_PROJECTIONS: Final = 6
#: What is written of a number, in digits below the first of the root mean square.
_DIGITS: Final = 6


@functools.cache
def _table() -> Any:
    """As many numbers between -1 and 1 as the period has, no two of them alike."""
    powers = np.ones(1, np.int64)
    while len(powers) < _PERIOD - 1:
        powers = np.concatenate([powers, powers * pow(_MULTIPLIER, len(powers), _PERIOD) % _PERIOD])
    return np.append(powers[: _PERIOD - 1] * (2 / _PERIOD) - 1, 0.0)


@functools.cache
def _single() -> Any:
    return _table().astype(np.float32)


def spread(shape: tuple[int, ...], number: int, scale: float = 1.0) -> Any:
    """Numbers between -1 and 1, or as far as ``scale``, in single precision.

    Args:
        shape: the shape of the array.
        number: which of several arrays of a shape it is: each begins elsewhere in the table.
        scale: what the numbers are multiplied by.
    """
    start = number * _STEP % _PERIOD
    table = _single() if scale == 1.0 else (_table() * scale).astype(np.float32)
    return np.resize(np.concatenate([table[start:], table[:start]]), shape)


def stand_for(output: Any) -> list[float]:
    """The root mean square of an array, its mean and six projections, to seven digits.

    What is not finite is taken as one; text by its checksum.
    """
    flat = _as_numbers(output)
    if not flat.size:
        return [0.0] * (2 + _PROJECTIONS)
    size = flat.size
    blocks = np.zeros((-(-size // _BLOCK), _BLOCK))
    blocks.reshape(-1)[:size] = flat
    within, between = _directions(len(blocks))
    # Not by BLAS: its threads cost more than they save, and its sums have no order of their own.
    products = np.einsum("bi,ij->bj", blocks, within)
    projected = (products * between).sum(axis=0) / math.sqrt(size)
    square = math.sqrt(float(np.square(blocks).sum()) / size)
    found = [square, float(blocks.sum()) / size, *map(float, projected)]
    return [_rounded(value, square) for value in found]


def _as_numbers(output: Any) -> Any:
    array = np.asarray(output)
    if array.dtype.kind in "OSU":
        texts = (item if isinstance(item, bytes) else str(item).encode() for item in array.flat)
        return np.array([zlib.crc32(text) / 2**32 for text in texts])
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag])
    flat = array.reshape(-1).astype(np.float64)
    return flat if np.isfinite(flat).all() else np.where(np.isfinite(flat), flat, 1.0)


@functools.lru_cache(maxsize=64)
def _directions(blocks: int) -> tuple[Any, Any]:
    """What numbers within a block, and whole blocks, are multiplied by: of variance one."""
    scale = math.sqrt(3)
    within = spread((_BLOCK, _PROJECTIONS), 1, scale).astype(np.float64)
    # Signs alone, so that no block counts less than another.
    between = np.where(spread((blocks, _PROJECTIONS), 2) < 0, -1.0, 1.0)
    return within, between


def _rounded(value: float, square: float) -> float:
    if not square:
        return 0.0
    return round(value, _DIGITS - math.floor(math.log10(square))) + 0.0
