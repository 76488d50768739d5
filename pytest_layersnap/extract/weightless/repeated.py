"""What Keras does over and over while it builds layers, done once.

Without values to initialise, building is the time in which Keras reads the signatures of the same methods
and looks for variables in numbers and names, and in which the garbage collector walks all there is. Nothing
here changes what is built; where a release keeps things elsewhere, it is only slower.
"""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any

from pytest_layersnap.extract.weightless.replaced import replaced

#: Types whose values are no layers, variables or tensors, and hold none.
_PLAIN = frozenset({str, int, float, bool, type(None), FunctionType, MethodType})

#: So many objects are made before the collector looks for garbage among them (else 700, or 2,000).
_UNCOLLECTED = 10_000


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """Shortcuts in a Keras of either generation; none where it has no such place."""
    for module, name, shortcut in (
        ("layers.layer", "inspect", _signatures_once),
        ("ops.operation", "inspect", _signatures_once),
        ("engine.base_layer", "tf_inspect", _signatures_once),
        ("utils.tracking", "Tracker.track", _plain_as_it_is),
        ("backend", "is_tensor", _symbolic_is_no_tensor),
    ):
        try:
            owner: Any = import_module(f"{package}.src.{module}")
        except ImportError:
            continue
        *holders, name = name.split(".")
        for holder in holders:
            owner = getattr(owner, holder, None)
        if owner is not None and name in vars(owner):
            yield replaced(owner, name, shortcut)


@contextmanager
def collected_less_often() -> Iterator[None]:
    """The collector goes through what is built less often; not at all only where it was off before."""
    before = gc.get_threshold()
    meanwhile = (max(before[0], _UNCOLLECTED) if before[0] else 0, *before[1:])
    gc.set_threshold(*meanwhile)
    try:
        yield
    finally:
        if gc.get_threshold() == meanwhile:
            gc.set_threshold(*before)


def _signatures_once(module: Any) -> Any:
    """``inspect``, or what Keras 2 has for it, that remembers the signatures of functions."""
    names = [name for name in ("signature", "getfullargspec") if hasattr(module, name)]
    return SimpleNamespace(
        **{**vars(module), **{name: _remembered(getattr(module, name)) for name in names}}
    )


def _remembered(read: Callable[[Any], Any]) -> Callable[..., Any]:
    known: dict[tuple[type, Any], Any] = {}

    @functools.wraps(read)
    def remembered(function: Any, *args: Any, **kwargs: Any) -> Any:
        kind = type(function)
        plain = function.__func__ if kind is MethodType else function
        # With attributes, a signature may be said to be another one.
        if type(plain) is not FunctionType or vars(plain) or args or kwargs:
            return read(function, *args, **kwargs)
        if (kind, plain) not in known:
            known[kind, plain] = read(function)
        return known[kind, plain]

    return remembered


def _plain_as_it_is(track: Any) -> Any:
    """``Tracker.track``, which asks for every attribute of a layer whether it is something to track."""

    @functools.wraps(track)
    def track_others(self: Any, attr: Any) -> Any:
        return attr if type(attr) in _PLAIN else track(self, attr)

    return track_others


def _symbolic_is_no_tensor(is_tensor: Any) -> Any:
    """``backend.is_tensor``, which TensorFlow answers by a protocol; slowly, until Python 3.12."""
    known = _PLAIN | {getattr(import_module("keras"), "KerasTensor", None)}

    @functools.wraps(is_tensor)
    def is_other_tensor(x: Any) -> bool:
        return type(x) not in known and is_tensor(x)

    return is_other_tensor
