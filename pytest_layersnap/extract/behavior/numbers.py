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
#: So many blocks at once.
_AT_ONCE: Final = 8
_PROJECTIONS: Final = 6
#: What stands for infinity.
_INFINITE: Final = 2.0
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

    What is no number is taken as one, what is infinite as two, with its sign; text by its checksum.
    """
    flat = _flat(output)
    size = flat.size
    if not size:
        return [0.0] * (2 + _PROJECTIONS)
    square = total = 0.0
    projected = np.zeros(_PROJECTIONS)
    # Some blocks at a time, so that what is large is not there several times.
    for start in range(0, size, _AT_ONCE * _BLOCK):
        numbers = _as_numbers(flat[start : start + _AT_ONCE * _BLOCK])
        blocks = np.zeros((-(-numbers.size // _BLOCK), _BLOCK))
        blocks.reshape(-1)[: numbers.size] = numbers
        # Not by BLAS: its threads cost more than they save, and its sums have no order of their own.
        products = np.einsum("bi,ij->bj", blocks, _within())
        projected += (products * _between(start // _BLOCK, len(blocks))).sum(axis=0)
        square += float(np.square(blocks).sum())
        total += float(blocks.sum())
    square = math.sqrt(square / size)
    found = [square, total / size, *map(float, projected / math.sqrt(size))]
    return [_rounded(value, square) for value in found]


def _flat(output: Any) -> Any:
    """The numbers of an array one after the other; of text, its checksums."""
    array = np.asarray(output)
    if array.dtype.kind in "OSU":
        texts = (item if isinstance(item, bytes) else str(item).encode() for item in array.flat)
        return np.array([zlib.crc32(text) / 2**32 for text in texts])
    if array.dtype.kind == "c":
        array = np.stack([array.real, array.imag])
    return array.reshape(-1)


def _as_numbers(flat: Any) -> Any:
    flat = flat.astype(np.float64)
    return np.nan_to_num(flat, copy=False, nan=1.0, posinf=_INFINITE, neginf=-_INFINITE)


@functools.cache
def _within() -> Any:
    """What numbers within a block are multiplied by: of variance one."""
    return spread((_BLOCK, _PROJECTIONS), 1, math.sqrt(3)).astype(np.float64)


def _between(first: int, count: int) -> Any:
    """What whole blocks are multiplied by: signs alone, so that no block counts less than another."""
    signs = spread((first + count, _PROJECTIONS), 2)[first:]
    return np.where(signs < 0, -1.0, 1.0)


def _rounded(value: float, square: float) -> float:
    if not square:
        return 0.0
    return round(value, _DIGITS - math.floor(math.log10(square))) + 0.0
