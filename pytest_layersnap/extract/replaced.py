"""What is otherwise for a while: an attribute of a class or module of Keras, TensorFlow's functions."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

#: Attributes of classes and modules, and what each becomes.
Places = Mapping[tuple[Any, str], Callable[[Any], Any]]


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


class InThread:
    """Attributes that are otherwise in some threads; what they become asks ``mine`` in whose it runs.

    They are replaced as long as any thread has them so.
    """

    def __init__(self) -> None:
        """Nothing is replaced yet."""
        self._own = threading.local()
        self._lock = threading.Lock()
        self._open: Counter[tuple[Any, str]] = Counter()
        self._undo: dict[tuple[Any, str], ExitStack] = {}

    @property
    def mine(self) -> Any:
        """What this thread has them for; None in all others."""
        return getattr(self._own, "what", None)

    @contextmanager
    def having(self, what: Any, places: Places) -> Iterator[None]:
        """Have the attributes replaced, for something of this thread.

        Raises:
            AttributeError: one of them is not there.
        """
        with ExitStack() as undo:
            with self._lock:
                for place, wrap in places.items():
                    self._enter(place, wrap)
                    undo.callback(self._leave, place)
            before, self._own.what = self.mine, what
            try:
                yield
            finally:
                self._own.what = before

    def _enter(self, place: tuple[Any, str], wrap: Callable[[Any], Any]) -> None:
        if not self._open[place]:
            kept = ExitStack()
            kept.enter_context(replaced(*place, wrap))
            self._undo[place] = kept
        self._open[place] += 1

    def _leave(self, place: tuple[Any, str]) -> None:
        with self._lock:
            self._open[place] -= 1
            if not self._open[place]:
                self._undo.pop(place).close()


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
