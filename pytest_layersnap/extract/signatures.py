"""Reading the signatures of the same functions over and over, without the reading."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any


def remembered(read: Callable[[Any], Any]) -> Callable[..., Any]:
    """``inspect.signature`` or its like, that remembers what it read of functions and methods."""
    known: dict[tuple[type, Any], Any] = {}

    @functools.wraps(read)
    def remembered(function: Any, *args: Any, **kwargs: Any) -> Any:
        if args or kwargs:
            return read(function, *args, **kwargs)
        if read is inspect.signature and _is_wrapper(function):
            return remembered(function.__wrapped__)  # each layer wraps its own build anew
        kind = type(function)
        plain = function.__func__ if kind is MethodType else function
        # With attributes, a signature may be said to be another one.
        if type(plain) is not FunctionType or vars(plain):
            return read(function)
        if (kind, plain) not in known:
            known[kind, plain] = read(function)
        return known[kind, plain]

    return remembered


def _is_wrapper(function: Any) -> bool:
    """Whether ``functools.wraps`` made it, and nothing else says what its signature is."""
    return type(function) is FunctionType and list(vars(function)) == ["__wrapped__"]
