"""Attributes of layers, set in one step.

A layer of Keras 3 sets some 57, and up to four classes ask of each whether it is a variable, a layer or the
like. Most are numbers, names and settings, which are nothing of that kind.
"""

from __future__ import annotations

import functools
import sys
from inspect import Signature
from types import FunctionType, MethodType
from typing import Any

from pytest_layersnap.extract.reader import KERAS
from pytest_layersnap.extract.weightless.memory import current

#: Types whose values are no layers, variables or tensors, and hold none.
PLAIN = frozenset({str, int, float, bool, type(None), FunctionType, MethodType, Signature})

#: Types in which Keras looks for them, as more may come later, and what it makes of each.
_WRAPPERS: dict[Any, str] = {list: "TrackedList", dict: "TrackedDict", set: "TrackedSet"}

#: Those, and the one to which nothing comes later.
_CONTAINERS = frozenset({*_WRAPPERS, tuple})

#: The backends by the classes below ``Layer`` that have a way of their own to set attributes.
_BACKENDS = {
    (): "jax",
    (
        "keras.src.backend.tensorflow.trackable.KerasAutoTrackable",
        "tensorflow.python.trackable.autotrackable.AutoTrackable",
    ): "tensorflow",
    ("torch.nn.modules.module.Module",): "torch",
}


def set_directly(original: Any) -> Any:
    """``Layer.__setattr__`` that asks once a class of values, and of what is in containers.

    What else happens to an attribute stays: Keras wraps containers, and so does TensorFlow, which also
    leaves one alone that is the same already; PyTorch guards its parameters, modules and buffers.

    Raises:
        AttributeError, LookupError: this release keeps things elsewhere, or wraps them in another way.
    """
    backends: dict[type, str | None] = {}
    plain: set[Any] = set(PLAIN)
    others: set[Any] = set(_CONTAINERS)
    layers = sys.modules[original.__module__]
    tracked = _tracked_by(layers.tracking, plain)

    def backend_of(kind: type) -> str | None:
        setting = [base for base in kind.__mro__ if "__setattr__" in vars(base)]
        ways = [vars(base)["__setattr__"] for base in setting]
        if __setattr__ not in ways:
            return None  # somebody put another in its place
        return _BACKENDS.get(_names(setting[ways.index(__setattr__) + 1 : -1]))

    def learn(kind: type, value: Any, tracker: Any) -> None:
        (plain if _is_setting(kind, value, tracker) else others).add(kind)

    @functools.wraps(original)
    def __setattr__(self: Any, name: str, value: Any) -> None:
        if current() is None:
            original(self, name, value)
            return
        owner, kind, state = type(self), type(value), self.__dict__
        if owner not in backends:
            backends[owner] = backend_of(owner)
        backend, tracker = backends[owner], state.get("_tracker")
        if tracker is not None and kind not in plain and kind not in others:
            learn(kind, value, tracker)
        if (
            backend is None
            or tracker is None
            or not (kind in plain or (kind in _CONTAINERS and backend != "tensorflow"))
            or (
                backend == "torch"
                and (
                    name in state.get("_parameters", ())
                    or name in state.get("_modules", ())
                    or name in state.get("_buffers", ())
                )
            )
        ):
            original(self, name, value)
        elif kind in _CONTAINERS:
            object.__setattr__(self, name, tracked(tracker, value))
        elif backend != "tensorflow" or getattr(self, name, backends) is not value:
            object.__setattr__(self, name, value)

    below = [base for base in layers.Layer.__mro__[1:-1] if "__setattr__" in vars(base)]
    if _names(below) not in _BACKENDS:
        raise LookupError(f"below Layer, {', '.join(_names(below))} set attributes")
    return __setattr__


def _names(kinds: list[type]) -> tuple[str, ...]:
    return tuple(f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)


def _is_setting(kind: type, value: Any, tracker: Any) -> bool:
    """Whether instances of a class are settings of Keras' own, as initializers, and no state."""
    *bases, _ = kind.__mro__
    if not all(base.__module__.partition(".")[0] in KERAS for base in bases):
        return False
    try:
        return not any(is_state(value) for is_state, _ in tracker.config.values())
    except Exception:  # another release's tracker
        return False


def _wrapper(tracking: Any, name: str) -> Any:
    """A class of containers that are kept track of, as it is in the releases that we know."""
    kind = getattr(tracking, name)
    if vars(kind()) != {"tracker": None}:
        raise LookupError(f"a {name} looks different")
    return kind


def _tracked_by(tracking: Any, plain: set[Any]) -> Any:
    """``Tracker.track`` of containers, which asks five times of each number in one."""
    is_enabled = tracking.is_tracking_enabled
    wrappers = {kind: _wrapper(tracking, name) for kind, name in _WRAPPERS.items()}

    def are_plain(values: Any) -> bool:
        return plain.issuperset(map(type, values)) or all(
            type(value) in plain or (type(value) is tuple and are_plain(value)) for value in values
        )

    def tracked(tracker: Any, value: Any) -> Any:
        kind = type(value)
        if value and not are_plain(value.values() if kind is dict else value):
            return tracker.track(value)
        if kind is tuple:
            return value
        if not is_enabled():
            return tracker.track(value)
        wrapped = wrappers[kind](value)
        wrapped.tracker = tracker
        return wrapped

    return tracked
