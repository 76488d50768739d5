"""What a layer without a config keeps of its settings, in attributes."""

from __future__ import annotations

import dis
import functools
import inspect
import itertools
import types
from collections.abc import Iterable, Mapping
from typing import Any

from pytest_layersnap.extract.functions import KNOWN, held_by, is_compiled
from pytest_layersnap.extract.reader import attribute, is_a, is_built_in, is_of_keras

#: The classes of Keras whose bare instances show what Keras itself keeps.
_BASES = frozenset({"Layer", "Model", "Operation"})


def settings(layer: Any, base: Any = None) -> dict[str, Any]:
    """What a layer keeps of its settings, in attributes: what an instance of Keras' class lacks.

    That is the arguments of the constructor, and what somebody's class assigns besides. Keras 3 records
    constructor arguments by itself, Keras 2 does not; attributes are the same in both.

    Args:
        layer: a layer, or an operation.
        base: the class of Keras whose own attributes are none; by default the one that all derive from.
    """
    kind: Any = type(layer)
    bases = (one for one in kind.__mro__ if is_of_keras(one) and one.__name__ in _BASES)
    root = next(bases, object)
    base = root if base is None else base
    parameters = _constructor_arguments(kind) - _constructor_arguments(base)
    assigned, bare, initialized = _assigned(base), _bare(root), _initialized(kind)
    held = attribute(layer, "weights")  # which are an argument of some operations
    weights = set(map(id, held)) if isinstance(held, (list, tuple)) else set()
    kept: dict[str, Any] = {}
    for name, item in (held_by(layer) | _through_properties(layer, initialized)).items():
        public = name.lstrip("_")
        if id(item) in weights or is_a(item, "Layer"):
            continue
        # What somebody's constructor assigns is a setting, though Keras' code has such an attribute later.
        of_base = (name in assigned and (name in bare or name not in initialized)) or (
            bare.get(name) is type(item)
        )
        is_own = not is_built_in(layer) and (public == name or name in initialized)
        if public in parameters or (is_own and not of_base and _is_setting(item)):
            kept.setdefault(public, item)
    return kept


#: Properties of Keras' layers that a table tells elsewhere.
_TOLD = frozenset({"trainable", "supports_masking", "activity_regularizer"})


def _through_properties(layer: Any, initialized: frozenset[str]) -> dict[str, Any]:
    """What somebody gave an attribute that is a property of Keras' layers: ``stateful`` in Keras 2."""
    if is_built_in(layer):
        return {}
    kind = type(layer)
    base = next(filter(_is_layer, kind.__mro__), object)
    found: dict[str, Any] = {}
    for name, (code, place, bare) in _properties(base).items():
        # The property itself may say something else: ``stateful`` says whether any layer inside is.
        item = vars(layer).get(place)
        is_set = name in initialized or type(item) is not type(bare) or item != bare
        if is_set and inspect.getattr_static(kind, name) is code:
            found[name] = item
    return found


def _is_layer(kind: type) -> bool:
    return kind.__name__ == "Layer" and is_of_keras(kind)


@functools.lru_cache(maxsize=100)
def _properties(layer: Any) -> dict[str, tuple[property, str, Any]]:
    """The properties of Keras' class that can be set: where each keeps it, and what a bare instance has."""
    found: dict[str, tuple[property, str, Any]] = {}
    for name, code in vars(layer).items():
        if isinstance(code, property) and not name.startswith("_") and name not in _TOLD:
            places = _stored([code.fset])
            if len(places) == 1:
                (place,) = places
                found[name] = code, place, vars(layer(name="bare")).get(place)
    return found


@functools.lru_cache(maxsize=1_000)
def _initialized(kind: type) -> frozenset[str]:
    """The attributes that the constructors of somebody's classes assign: other private ones are state."""
    return _stored(vars(base).get("__init__") for base in kind.__mro__ if not is_of_keras(base))


@functools.lru_cache(maxsize=100)
def _assigned(keras: type) -> frozenset[str]:
    """The attributes that a class of Keras assigns, sooner or later: by its code and that of its bases."""
    members = [item for base in keras.__mro__ if is_of_keras(base) for item in vars(base).values()]
    parts = ("fget", "fset", "__func__")
    return _stored([*members, *(getattr(item, part, None) for item in members for part in parts)])


def _stored(functions: Iterable[Any]) -> frozenset[str]:
    """The attributes that methods assign to their object, themselves or by the functions in them."""
    names: set[str] = set()
    for function in functions:
        method = inspect.unwrap(function) if callable(function) else None
        if isinstance(method, types.FunctionType) and method.__code__.co_argcount:
            left = [method.__code__]
            itself = method.__code__.co_varnames[0]
            while left:
                code = left.pop()
                left += [item for item in code.co_consts if isinstance(item, types.CodeType)]
                steps = list(dis.get_instructions(code))
                for before, step in itertools.pairwise(steps):
                    # From 3.13 on, one instruction may load two variables.
                    loaded = (
                        before.argval[-1:] if isinstance(before.argval, tuple) else [before.argval]
                    )
                    if step.opname == "STORE_ATTR" and itself in loaded:
                        names.add(step.argval)
    return frozenset(names)


@functools.lru_cache(maxsize=100)
def _bare(keras: Any) -> dict[str, type]:
    """The attributes of a bare instance of a class of Keras and their types, where it can be made."""
    try:
        return {name: type(item) for name, item in vars(keras(name="bare")).items()}
    except Exception:  # it takes arguments that nobody knows
        return {}


@functools.lru_cache(maxsize=1_000)
def is_decided(kind: type, setting: str) -> bool:
    """Whether the constructor of one of Keras' classes says what a setting of all layers is.

    Nobody else can then.
    """
    constructors = (
        vars(base).get("__init__")
        for base in kind.__mro__
        if is_of_keras(base) and base.__name__ not in _BASES
    )
    codes = (inspect.unwrap(one).__code__ for one in constructors if callable(one))
    return any(setting in _words(code) for code in codes)


def _words(code: types.CodeType) -> frozenset[str]:
    """The attributes that code has to do with, and the arguments and keys that it names."""
    named = [item for item in code.co_consts if isinstance(item, (str, tuple))]
    given = (item for one in named for item in ([one] if isinstance(one, str) else one))
    return frozenset((*code.co_names, *(item for item in given if isinstance(item, str))))


@functools.lru_cache(maxsize=1_000)
def _constructor_arguments(kind: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(kind.__init__).parameters)
    except (TypeError, ValueError):
        return frozenset()


#: What Keras itself makes of settings, and calls to compute.
_OBJECTS = ("Initializer", "Constraint", "Regularizer")


def _is_setting(item: Any) -> bool:
    """Whether an attribute is a setting.

    Layers, weights and tensors have rows and columns of their own; what draws, measures and trains is
    Keras' matter; modules are of the backend. Whatever else a class keeps somebody gave it.
    """
    if isinstance(item, Mapping):
        return bool(item) and all(each is None or _is_setting(each) for each in item.values())
    if isinstance(item, (list, tuple, set, frozenset)):
        return bool(item) and all(each is None or _is_setting(each) for each in item)
    if is_built_in(item):
        return any(is_a(item, name) for name in _OBJECTS)
    root = type(item).__module__.partition(".")[0]
    if root in KNOWN - {"numpy"}:
        return is_compiled(item)
    return item is not None and not isinstance(item, types.ModuleType)
