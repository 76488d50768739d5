"""Building without weights: variables have a shape, a dtype and a name, and no storage.

Nothing of an architecture depends on the values of its weights, so a variable that is made inside
``weightless()`` waits: it gets its value when that is read. ``keras3`` and ``keras2`` say how, and
``applications`` and ``presets`` do without the files of weights that would be downloaded. ``repeated``,
``attributes`` and ``structures`` shorten what is left of building. All of them reach into private places
of Keras, which ``seams`` lists: where one is gone, Keras does as ever, and a ``WeightlessWarning`` says so.
"""

from __future__ import annotations

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any

from pytest_layersnap.extract.collector import collected_less_often
from pytest_layersnap.extract.weightless import seams
from pytest_layersnap.extract.weightless.memory import Memory, current, set_current

__all__ = ["Memory", "WeightlessWarning", "build", "weightless"]

# As in ``extract``: what a builder raises is shown where it raises it.
__tracebackhide__ = True


class WeightlessWarning(UserWarning):
    """A model is built with its weights, or they are loaded, or it takes longer, although it need not."""


@contextmanager
def weightless() -> Iterator[Memory]:
    """Build Keras models, of either generation and any backend, without allocating their weights.

    ::

        with weightless() as memory:
            model = build()
        print(memory)  # 528 bytes of weights allocated: …

    Inside, and in this thread alone, a new variable is not initialised before its value is read. Whatever
    reads values (``adapt``, ``set_weights``, ``predict``, ``fit``, saving), inside or later, works as
    ever, at the usual cost. Networks of ``keras.applications`` with ``weights="imagenet"``, and presets of
    a keras-hub that is imported before, are built as they ship, but their weights are not downloaded or
    loaded: **their values are random.**

    Yields:
        what has been allocated, in bytes and by layer; it goes on counting after the scope.
    """
    with _scope(lazy=True) as memory:
        yield memory


def build(builder: Callable[[], Any]) -> Any:
    """What a builder gives, built without weights.

    A builder that fails where variables wait is called once more, with weights.
    """
    with weightless() as memory:
        try:
            return builder()
        except Exception as error:
            if not memory.waited:
                raise
            reason = f"{type(error).__name__}: {error}"
    with _scope(lazy=False):
        built = builder()
    name = getattr(builder, "__qualname__", type(builder).__qualname__)
    _warn_once(f"{name} fails without weights, so it is built with them: {reason}")
    return built


@contextmanager
def _scope(*, lazy: bool) -> Iterator[Memory]:
    outer = current()
    memory = Memory(outer, lazy=lazy)
    with _PATCHES.held():
        set_current(memory)
        try:
            yield memory
        finally:
            set_current(outer)


class _Patches:
    """Our ways into Keras: there as long as a scope is open in any thread, and gone after the last.

    They ask for the scope of their own thread, so that threads without one build as ever.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._scopes = 0
        self._undo = ExitStack()

    @contextmanager
    def held(self) -> Iterator[None]:
        with self._lock:
            if not self._scopes:
                self._apply()
            self._scopes += 1
        try:
            yield
        finally:
            with self._lock:
                self._scopes -= 1
                if not self._scopes:
                    self._undo.close()

    def _apply(self) -> None:
        self._undo.enter_context(collected_less_often())
        for package in _packages():
            for seam, replacements in seams.of(package):
                try:
                    with ExitStack() as undo:
                        for replacement in replacements:
                            undo.enter_context(replacement)
                        self._undo.push(undo.pop_all())
                except Exception as error:  # whatever a Keras that we don't know raises
                    version = getattr(sys.modules[package], "__version__", "")
                    _warn_once(
                        f"{package} {version} {seam.without}, as this version of pytest-layersnap does "
                        f"not know it ({type(error).__name__}: {error}); try a newer one"
                    )


_PATCHES = _Patches()


def _packages() -> list[str]:
    """The Kerases of this process; if there is none yet, the one that a builder would import."""
    names = ["keras", "tf_keras"]
    if loaded := [name for name in names if name in sys.modules]:
        return loaded
    for name in reversed(names) if os.environ.get("TF_USE_LEGACY_KERAS") else names:
        try:
            import_module(name)
        except ImportError:
            continue
        return [name]
    return []


_SAID: set[str] = set()


def _warn_once(message: str) -> None:
    if message not in _SAID:
        _SAID.add(message)
        warnings.warn(message, WeightlessWarning, stacklevel=2)
