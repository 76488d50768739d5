"""What a scope has allocated, and which scope is open."""

from __future__ import annotations

import functools
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any

#: Variables of up to so many numbers are cheaper to have than to do without.
SMALL = 16

_MEGABYTE = 1_000_000


class Memory:
    """The weights that were allocated of what was built in a scope.

    ``allocated`` is their size in bytes, ``layers`` the same by layer. What numpy and the backend need
    beside weights is not counted. ``str(memory)`` says it in a line.
    """

    def __init__(self, outer: Memory | None = None, *, lazy: bool = True) -> None:
        """Count for one scope.

        Args:
            outer: the scope around it, which counts all of this one too.
            lazy: whether variables wait in this scope.
        """
        self.layers: Counter[str] = Counter()
        self.lazy = lazy
        self.waited = 0  #: how many variables were made without storage
        self._outer = outer

    @property
    def allocated(self) -> int:
        """Bytes of all weights that have storage."""
        return sum(self.layers.values())

    def add(self, variable: str, shape: Iterable[int], dtype: str) -> None:
        """Count a variable that has got its storage."""
        self.layers[_layer(variable)] += math.prod(shape) * _bits(dtype) // 8
        if self._outer:
            self._outer.add(variable, shape, dtype)

    def __str__(self) -> str:
        """The sum, and the layers that take most of it."""
        most = ", ".join(f"{layer} ({_size(size)})" for layer, size in self.layers.most_common(5))
        more = len(self.layers) - 5
        of = f": {most}" + (f" and {more} more" if more > 0 else "") if most else ""
        return f"{_size(self.allocated)} of weights allocated{of}"


_CURRENT: ContextVar[Memory | None] = ContextVar("pytest_layersnap_weightless", default=None)


def current() -> Memory | None:
    """The innermost scope that is open in this thread."""
    return _CURRENT.get()


def in_scope(original: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """A function that is ``ours`` in a thread that has a scope open, and ``original`` in all others."""

    @functools.wraps(original)
    def either(*args: Any, **kwargs: Any) -> Any:
        return (original if current() is None else ours)(*args, **kwargs)

    return either


def is_lazy() -> bool:
    """Whether this thread is in a scope in which variables wait."""
    memory = current()
    return memory is not None and memory.lazy


def set_current(memory: Memory | None) -> None:
    """Open or close a scope. No token: a generator may be closed in another context than its own."""
    _CURRENT.set(memory)


def _layer(variable: str) -> str:
    """The layer of a variable: ``conv1`` of ``conv1/kernel:0``."""
    return variable.rpartition("/")[0] or variable


def _bits(dtype: str) -> int:
    found = re.search(r"\d+", dtype)
    return int(found[0]) if found else 8


def _size(size: int) -> str:
    return f"{size / _MEGABYTE:,.1f} MB" if size >= _MEGABYTE / 10 else f"{size:,} bytes"
