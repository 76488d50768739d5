"""What is otherwise for a while: an attribute of a class or module of Keras, TensorFlow's functions."""

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


@contextmanager
def eagerly(tf: Any) -> Iterator[None]:
    """No ``tf.function`` is traced, or goes by an earlier trace: it runs as the user wrote it."""
    before = tf.config.functions_run_eagerly()
    tf.config.run_functions_eagerly(True)
    try:
        yield
    finally:
        tf.config.run_functions_eagerly(before)


def is_second(package: str) -> bool:
    """Whether a Keras is of the second generation."""
    return f"{package}.src.engine.base_layer" in sys.modules
