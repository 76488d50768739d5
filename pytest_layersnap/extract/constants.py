"""Numbers and arrays of numbers: one spelling, whatever holds them."""

from __future__ import annotations

import hashlib
import numbers
import struct
from typing import Any

from pytest_layersnap.extract.reader import attribute

#: Arrays up to this many numbers are written out; larger ones by shape and digest.
_LISTED_NUMBERS = 64
#: As many axes as an array of numbers has at most.
_AXES = 64


def number(raw: float) -> Any:
    """The one spelling of a number: integral ones are integers, others the shortest that float32 rounds to.

    ``Dropout(0)`` is ``Dropout(0.0)``, and a float32 written out as a float64 is the number that was meant.
    """
    if raw != raw or raw in (float("inf"), float("-inf")):
        return str(raw)
    if raw.is_integer() and abs(raw) < 2**53:
        return int(raw)
    try:
        as_float32 = struct.unpack("f", struct.pack("f", raw))[0]
    except OverflowError:
        return raw
    if as_float32 != raw:
        return raw
    return next(
        short
        for short in (float(f"{raw:.{digits}g}") for digits in range(1, 18))
        if struct.unpack("f", struct.pack("f", short))[0] == raw
    )


def is_array(raw: Any) -> bool:
    """Whether this is an array or tensor of numpy or any backend."""
    found = (attribute(raw, name) is not None for name in ("shape", "numpy", "__array__"))
    return next(found) and any(found)


_WEIGHTS = frozenset({"Variable", "KerasVariable", "BaseResourceVariable", "Parameter"})


def is_weight(raw: Any) -> bool:
    """Whether an array is a weight of any backend: its numbers are drawn anew in each process."""
    return any(base.__name__ in _WEIGHTS for base in type(raw).__mro__)


def as_array(raw: Any) -> Any | None:
    """The numpy array of an array or tensor; None where it has no numbers, as a symbolic one."""
    import numpy as np

    try:
        if hasattr(raw, "detach"):  # PyTorch gives no numbers of a tensor that may learn
            raw = raw.detach().cpu()
            raw = raw.float() if str(raw.dtype) == "torch.bfloat16" else raw
        return np.asarray(raw)
    except Exception:  # a symbolic or sealed tensor of any backend
        return None


def long_list(raw: Any) -> Any | None:
    """The array of a list that is long and holds numbers alone; None of any other."""
    leaf, size = raw, 1
    for _ in range(_AXES):  # a list may hold itself
        if not isinstance(leaf, (list, tuple)) or not leaf:
            break
        size *= len(leaf)
        leaf = leaf[0]
    if size <= _LISTED_NUMBERS or not isinstance(leaf, numbers.Number):
        return None
    import numpy as np

    try:
        array = np.asarray(raw)
    except Exception:  # ragged, or with tensors in it
        return None
    return array if array.dtype.kind in "biufc" else None


def is_short(array: Any) -> bool:
    """Whether the numbers of an array are written out."""
    return bool(array.size <= _LISTED_NUMBERS or array.dtype.kind not in "biufcV")


def digest(array: Any) -> str:
    """A long array by its shape and what is in it: integers of any width, floats as float32.

    As with single numbers, floats that are integral are integers.
    """
    import numpy as np

    if array.dtype.kind in "fV":  # V: bfloat16 and its like
        array = array.astype("<f4")
        if ((abs(array) < 2**53) & (array == np.rint(array))).all():
            array = array.astype("<i8")
    elif array.dtype.kind in "iu":
        array = array.astype("<i8")
    elif array.dtype.kind == "c":
        array = array.astype("<c8")
    found = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
    return f"<array {tuple(array.shape)} {found}>"
