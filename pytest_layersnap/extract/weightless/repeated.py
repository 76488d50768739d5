"""What Keras does over and over while it builds layers, done once.

Without values to initialise, building is the time in which Keras reads the signatures of the same methods,
looks for variables in numbers and names and takes flat structures apart, and in which the garbage collector
walks all there is. Nothing here changes what is built; where a release keeps things elsewhere, it is only
slower.
"""

from __future__ import annotations

import functools
import gc
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from inspect import Signature
from types import FunctionType, MethodType, SimpleNamespace
from typing import Any

from pytest_layersnap.extract.signatures import remembered
from pytest_layersnap.extract.weightless.replaced import replaced

#: Types whose values are no layers, variables or tensors, and hold none.
_PLAIN = frozenset({str, int, float, bool, type(None), FunctionType, MethodType, Signature})

#: Types in which Keras looks for them.
_CONTAINERS = frozenset({list, tuple, dict, set})

#: So many objects are made before the collector looks for garbage among them (else 700, or 2,000).
_UNCOLLECTED = 10_000


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """Shortcuts in a Keras of either generation; none where it has no such place."""
    for module, name, shortcut in (
        ("layers.layer", "inspect", _signatures_once),
        ("ops.operation", "inspect", _signatures_once),
        ("engine.base_layer", "tf_inspect", _signatures_once),
        ("layers.layer", "Layer.__setattr__", _set_directly),
        ("tree.torchtree_impl", "flatten", _usual_flat_at_once),
        ("backend", "is_tensor", _symbolic_is_no_tensor),
        ("backend", "core.is_tensor", _symbolic_is_no_tensor),
    ):
        owner: Any = sys.modules.get(f"{package}.src.{module}")  # not one of another backend
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
        **{**vars(module), **{name: remembered(getattr(module, name)) for name in names}}
    )


#: The backends by the classes below ``Layer`` that have a way of their own to set attributes.
_BACKENDS = {
    (): "jax",
    (
        "keras.src.backend.tensorflow.trackable.KerasAutoTrackable",
        "tensorflow.python.trackable.autotrackable.AutoTrackable",
    ): "tensorflow",
    ("torch.nn.modules.module.Module",): "torch",
}


def _set_directly(original: Any) -> Any:
    """``Layer.__setattr__``, where up to four classes ask whether what they get is a layer.

    What they do with anything else stays: Keras wraps containers, and so does TensorFlow, which also
    leaves an attribute alone that is the same already; PyTorch guards its parameters, modules and buffers.
    """
    known: dict[type, str | None] = {}

    def backend_of(kind: type) -> str | None:
        setting = [base for base in kind.__mro__ if "__setattr__" in vars(base)]
        ways = [vars(base)["__setattr__"] for base in setting]
        if __setattr__ not in ways:
            return None  # somebody put another in its place
        below = setting[ways.index(__setattr__) + 1 : -1]
        return _BACKENDS.get(tuple(f"{base.__module__}.{base.__qualname__}" for base in below))

    @functools.wraps(original)
    def __setattr__(self: Any, name: str, value: Any) -> None:
        kind, state = type(self), self.__dict__
        if kind not in known:
            known[kind] = backend_of(kind)
        backend, wrapped = known[kind], type(value) in _CONTAINERS
        if backend is None or "_tracker" not in state or not (wrapped or type(value) in _PLAIN):
            original(self, name, value)
        elif backend == "tensorflow":
            if wrapped:
                original(self, name, value)
            elif getattr(self, name, known) is not value:
                object.__setattr__(self, name, value)
        elif backend == "torch" and (
            name in state.get("_parameters", ())
            or name in state.get("_modules", ())
            or name in state.get("_buffers", ())
        ):
            original(self, name, value)
        else:
            object.__setattr__(self, name, state["_tracker"].track(value) if wrapped else value)

    return __setattr__


def _usual_flat_at_once(flatten: Any) -> Any:
    """``keras.tree.flatten`` on PyTorch, which goes through a structure three times, in Python."""
    leaves = _plain_or_symbolic()

    def found_all(structure: Any, found: list[Any]) -> bool:
        kind = type(structure)
        if kind in leaves:
            found.append(structure)
        elif kind is dict:
            return all(found_all(structure[key], found) for key in sorted(structure))
        elif kind is tuple or kind is list:
            return all(found_all(item, found) for item in structure)
        else:
            return False
        return True

    @functools.wraps(flatten)
    def flat(structure: Any) -> list[Any]:
        found: list[Any] = []
        return found if found_all(structure, found) else flatten(structure)

    return flat


def _plain_or_symbolic() -> frozenset[Any]:
    return _PLAIN | {getattr(import_module("keras"), "KerasTensor", None)}


def _symbolic_is_no_tensor(is_tensor: Any) -> Any:
    """``backend.is_tensor``, which TensorFlow answers by a protocol; slowly, until Python 3.12."""
    known = _plain_or_symbolic()

    @functools.wraps(is_tensor)
    def is_other_tensor(x: Any) -> bool:
        return type(x) not in known and is_tensor(x)

    return is_other_tensor
