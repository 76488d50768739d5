"""Values of tensors that a ``call`` asks for while it is run for its shapes: nobody is told them.

TensorFlow can't tell them, and JAX infers no shapes that depend on them; so does nobody: what one
environment traces, all of them trace.
"""

from __future__ import annotations

import dis
import inspect
from collections.abc import Sequence
from types import FrameType
from typing import Any, Final

from pytest_layersnap.extract.reader import KERAS, is_of_keras

#: How values are asked for, by ``if x > 0`` among others, and rows gone through.
ASKS: Final = frozenset(
    {
        *("__bool__", "__float__", "__int__", "__index__", "__complex__", "__contains__"),
        *("__array__", "__iter__", "__len__", "item", "tolist", "numpy", "convert_to_numpy"),
    }
)
#: The instructions of Python that compute; until 3.10 each operator has its own.
_ARITHMETIC: Final = (
    *("BINARY_OP", "BINARY_ADD", "BINARY_SUBTRACT", "BINARY_MUL", "BINARY_TRUE", "BINARY_FLOOR"),
    *("BINARY_POWER", "BINARY_MATRIX", "BINARY_MODULO", "INPLACE_"),
)
#: Operations of TensorFlow's graph, and functions, that give as many numbers as some condition holds for.
_COUNTING: Final = frozenset(
    {"Where", "Unique", "UniqueV2", "UniqueWithCounts", "UniqueWithCountsV2"}
)
_COUNTING_FUNCTIONS: Final = frozenset(
    {"nonzero", "argwhere", "unique", "unique_consecutive", "masked_select"}
)
#: They ask for others.
_BETWEEN: Final = frozenset({"tensorflow", "torch", "jax", "jaxlib", "numpy"})
#: They ask for themselves, and compute the same in every environment.
_ALLOWED: Final = KERAS | {"pytest_layersnap"}


class ValueAsked(TypeError):
    """A ``call`` asks for the value of a tensor while there are no values."""


def is_asked(name: str, args: Sequence[Any]) -> bool:
    """Whether a function of a tensor tells its value; to format it by a specification takes it, too."""
    return name in ASKS or (name == "__format__" and bool(args[1]))


def is_counting(name: str, args: Sequence[Any] = ()) -> bool:
    """Whether the shape of what an operation gives depends on the numbers that it is given.

    Args:
        name: of an operation of TensorFlow's graph, or of a function of PyTorch's.
        args: what the function is given.
    """
    if name == "__getitem__":
        keys = args[1] if isinstance(args[1], tuple) else args[1:]
        return any(str(getattr(key, "dtype", "")) in ("torch.bool", "bool") for key in keys)
    return name in _COUNTING | _COUNTING_FUNCTIONS or (name == "where" and len(args) == 1)


def refuse_to_count() -> None:
    """Called in place of an operation whose shape depends on numbers.

    Raises:
        ValueAsked: it is not for a layer of Keras that it is done.
    """
    frame = inspect.currentframe()
    while frame and (_package(frame) in _BETWEEN | {"pytest_layersnap"} or _counts(frame)):
        frame = frame.f_back
    if frame and _package(frame) not in KERAS:
        raise ValueAsked("the shape of a tensor is not known while only shapes are inferred")


def _counts(frame: FrameType) -> bool:
    """Whether code is an operation of Keras that somebody called."""
    return _package(frame) in KERAS and frame.f_code.co_name in _COUNTING_FUNCTIONS | {"where"}


def refuse() -> None:
    """Called in place of what tells a value, by what stands in for that.

    Raises:
        ValueAsked: it is neither Keras nor its backend that asks.
    """
    here = inspect.currentframe()
    # What called the one that stands in.
    frame = here and here.f_back and here.f_back.f_back
    while frame and (_is_between(frame) or (frame.f_back and _asks(frame.f_back))):
        frame = frame.f_back
    if frame and _package(frame) not in _ALLOWED and not _is_arithmetic(frame):
        raise ValueAsked("the value of a tensor is not known while only shapes are inferred")


def _is_between(frame: FrameType) -> bool:
    return _asks(frame) or _package(frame) in _BETWEEN


def _asks(frame: FrameType) -> bool:
    """Whether code asks because it is asked: ``convert_to_numpy`` by a function within it."""
    return frame.f_code.co_name in ASKS


def _is_arithmetic(frame: FrameType) -> bool:
    """Whether code computes: on PyTorch NumPy works out ``tensor * array``."""
    code, at = frame.f_code.co_code, frame.f_lasti
    return dis.opname[code[at]].startswith(_ARITHMETIC)


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]


def variables(keras: Any) -> list[tuple[Any, str]]:
    """Where the variables of Keras 3 tell their values: classes, and the names of their methods."""
    return [
        (kind, name)
        for kind in keras.Variable.__mro__
        if is_of_keras(kind)
        for name in sorted(ASKS & vars(kind).keys())
    ]
