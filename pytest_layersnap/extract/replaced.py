"""One attribute of a class or module of Keras, replaced for a while."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def replaced(owner: Any, name: str, wrap: Callable[[Any], Any]) -> Iterator[None]:
    """``owner.name`` is what ``wrap`` makes of it, and afterwards the very object that it was.

    Raises:
        AttributeError: the owner itself has no such attribute.
    """
    if name not in vars(owner):
        raise AttributeError(f"{owner.__name__} has no {name}")
    original = vars(owner)[name]
    setattr(owner, name, wrap(original))
    try:
        yield
    finally:
        setattr(owner, name, original)


def is_second(package: str) -> bool:
    """Whether a Keras is of the second generation."""
    return f"{package}.src.engine.base_layer" in sys.modules
