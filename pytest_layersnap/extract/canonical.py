"""Configs and the values in them, as all releases and backends would write them.

What differs between releases alone is taken away by the rules in ``rules``; they hold for Keras' own
classes.
"""

from __future__ import annotations

import functools
import inspect
import json
import sys
import types
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any

from pytest_layersnap.extract import addresses, constants, dtypes, kept
from pytest_layersnap.extract.functions import (
    KNOWN,
    at_home,
    function_text,
    given_by_name,
    loaded,
    object_text,
    stand_in,
)
from pytest_layersnap.extract.reader import (
    KERAS,
    attribute,
    classes_of_keras,
    is_a,
    is_built_in,
    is_name_of_keras,
    is_of_keras,
)
from pytest_layersnap.extract.rules import every_layer, objects, rules_of

_POLICY_CLASSES = ("Policy", "DTypePolicy", "FloatDTypePolicy")

# --- values --------------------------------------------------------------------------------------


def value(raw: Any) -> Any:
    """Anything that a config or call holds, as JSON's plain values; never fails.

    What can't be serialised becomes a stable, readable stand-in.
    """
    if type(raw) in _PLAIN:
        return raw
    try:
        return _value(raw)
    except RecursionError:  # it holds itself
        return stand_in(raw)


#: What is a plain value itself; most settings are.
_PLAIN = frozenset({type(None), bool, int, str})

#: Of these Keras' own layers hold no more than their configs say.
_NUMBERS = frozenset({type(None), bool, int, float})

#: Dicts come first: it takes long to ask an abstract class.
_MAPPINGS = (dict, Mapping)

#: What has a text of its own, whatever attributes it was given.
_FUNCTIONS = (
    types.FunctionType,
    types.BuiltinFunctionType,
    types.MethodType,
    functools.partial,
    type,
)


def _value(raw: Any) -> Any:
    if type(raw) in _PLAIN:
        return raw
    if type(raw) is dict:
        return _mapping(raw)
    if isinstance(raw, str):
        return str.__str__(raw)  # what a file has for it, also for a member of an enumeration
    if isinstance(raw, int):
        return int.__int__(raw)
    if isinstance(raw, float):
        return constants.number(float.__float__(raw))
    if isinstance(raw, complex):
        return str(complex(raw))
    if isinstance(raw, bytes):
        return raw.decode("utf-8", "backslashreplace")
    if isinstance(raw, slice):
        return "slice({}, {}, {})".format(*map(_value, (raw.start, raw.stop, raw.step)))
    if raw is Ellipsis:
        return "..."
    if isinstance(raw, (list, tuple)):
        array = constants.long_list(raw)
        return [_value(item) for item in raw] if array is None else constants.digest(array)
    if isinstance(raw, _MAPPINGS):
        return _mapping(dict(raw))
    if isinstance(raw, (set, frozenset)):
        return sorted(map(_value, raw), key=as_json)
    return _object(raw)


#: What Keras writes of an object besides ``class_name`` and ``config``.
_TAGS = frozenset(
    {"module", "registered_name", "build_config", "compile_config", "shared_object_id"}
)


def _mapping(raw: dict[Any, Any]) -> Any:
    """A dict; Keras' tagged dicts (serialised objects, policies, functions) in their plain form."""
    if raw.keys() == {"start", "stop", "step"}:
        return _value(slice(raw["start"], raw["stop"], raw["step"]))
    if "class_name" in raw and len(keys := raw.keys() - _TAGS) == 2:
        (other,) = keys - {"class_name"}
        if other == "config" and isinstance(raw["class_name"], str):
            return serialized(raw)
        if other in ("items", "inner_config"):
            return _value(raw[other])
    plain = {_key(key): _value(item) for key, item in raw.items()}
    if len(plain) == len(raw):
        return plain
    return sorted(([_value(key), _value(item)] for key, item in raw.items()), key=as_json)


def _key(key: Any) -> str:
    """The key of a dict as a file has it."""
    return str.__str__(key) if isinstance(key, str) else as_json(_value(key))


def serialized(raw: Mapping[str, Any]) -> Any:
    """An object in Keras' serialised form: its class and canonical config.

    Keras 3 adds ``module``, ``registered_name`` and ``build_config``, Keras 2.12+ some of them; none
    is architecture.
    """
    name, config = str(raw["class_name"]), raw["config"]
    name = name.rpartition(">")[2]
    if name == "__numpy__" or name == "__tensor__":
        return _array(config.get("value"))
    if name == "function":
        return f"<function {config}>"
    if name == "__lambda__":
        function = loaded(config)
        return "<lambda>" if function is None else _function(function)
    if name.endswith(_POLICY_CLASSES):
        return str(config.get("name", "")) if isinstance(config, Mapping) else str(config)
    if not isinstance(config, _MAPPINGS):
        return {"class_name": name, "config": _value(config)}
    if name in ("Functional", "Sequential"):
        return {"class_name": name}  # its layers have rows of their own
    if _is_somebodys(raw):
        # What a layer says of itself begins with what Keras' base class does.
        base = _OF_LAYERS if config.keys() >= _OF_LAYERS else frozenset()
        own = {key: item for key, item in config.items() if key not in base}
        return {"class_name": name, "config": _whole(own)}
    return {"class_name": objects.NAMES.get(name, name), "config": attributes(name, config)}


#: What every layer writes into its config, in all releases.
_OF_LAYERS = frozenset({"name", "trainable", "dtype"})


_OF_NOBODY = KERAS | {"builtins"}


def _is_somebodys(raw: Mapping[str, Any]) -> bool:
    """Whether a serialised object is of a class that Keras did not write.

    Keras gives the module of its own classes, and the name under which it knows those of others. Where
    there is neither, Keras 2 wrote it, or somebody has such a dict for a setting.
    """
    name = raw["class_name"]
    home = raw.get("registered_name") or raw.get("module") or name.rpartition(">")[0]
    if not home:
        return name not in objects.NAMES and not is_name_of_keras(name)
    return str(home).partition(".")[0] not in _OF_NOBODY


def _object(raw: Any) -> Any:
    if isinstance(raw, _FUNCTIONS):
        return _function(raw)
    kind, root = type(raw).__name__, type(raw).__module__.partition(".")[0]
    if kind == "TensorShape" and root == "tensorflow":
        return None if raw.rank is None else _value(raw.as_list())
    if root in KNOWN and (kind in ("DType", "dtype") or type(raw).__module__ == "numpy.dtypes"):
        return dtypes.name(raw)
    if root in KERAS and kind.endswith(_POLICY_CLASSES):
        return str(raw.name)
    if root in KERAS and kind.endswith("KerasTensor"):  # also without a place in the graph
        return "<tensor>"
    if constants.is_array(raw):
        return _array(raw)
    if callable(attribute(raw, "get_config")):
        return {"class_name": kind, "config": attributes_of(raw)}
    if callable(raw) and attribute(raw, "__name__") is not None:
        return _function(raw)
    return object_text(raw, value)


def _array(raw: Any) -> Any:
    if constants.is_weight(raw):
        return f"<weight {tuple(raw.shape)}>"
    array = constants.as_array(raw)
    if array is None:
        return stand_in(raw)
    return _value(array.tolist()) if constants.is_short(array) else constants.digest(array)


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal as JSON: ``true`` is not ``1``."""
    if isinstance(one, (bool, int, float, str)):  # most are, and JSON takes longer
        return type(one) is type(other) and bool(one == other)
    return bool(one == other) and as_json(one) == as_json(other)


def as_json(plain: Any) -> str:
    """Plain values as JSON, equal values as equal texts."""
    return _ENCODER.encode(plain)


_KERAS_AND_BELOW = KERAS | {"tensorflow"}


def _function(raw: Any) -> str:
    """Keras' own functions are known by their name, also below the decorators of Keras 2.

    Where a function was really defined tells whose it is: ``functools.wraps`` lends it another's name,
    and a lambda from a model file has Keras' globals.
    """
    if isinstance(raw, (types.MethodType, functools.partial)) or _is_lambda(raw):
        return function_text(raw, value)
    is_function = isinstance(raw, types.FunctionType)
    home = raw.__globals__.get("__name__", "") if is_function else getattr(raw, "__module__", None)
    if str(home).partition(".")[0] in _KERAS_AND_BELOW and (not is_function or at_home(raw)):
        inner = inspect.unwrap(raw)
        module = str(getattr(inner, "__module__", None))
        # Keras 2 takes some of its activations from TensorFlow as they are.
        if module.partition(".")[0] in KERAS or module.startswith("tensorflow.python.ops.nn"):
            name = str(inner.__name__)
            if (
                ".ops." in module
                and module.partition(".")[0] in KERAS
                and not _is_activation(inner)
            ):
                return f"keras.ops.{name}"
            return every_layer.ACTIVATIONS.get(name, name)
    return function_text(raw, value)


def _is_lambda(raw: Any) -> bool:
    return isinstance(raw, types.FunctionType) and raw.__code__.co_name == "<lambda>"


def _is_activation(operation: Any) -> bool:
    """Whether an operation does what the activation of its name does, as it is called there.

    ``keras.ops.gelu`` approximates where nobody says otherwise, ``keras.activations.gelu`` does not.
    """
    keras = sys.modules[operation.__module__.partition(".")[0]]
    activation = getattr(getattr(keras, "activations", None), operation.__name__, None)
    if activation is None:
        return False
    own, other = (
        {
            name: parameter.default
            for name, parameter in inspect.signature(function).parameters.items()
            if parameter.default is not parameter.empty
        }
        for function in (operation, activation)
    )
    return all(own[name] == other[name] for name in own.keys() & other.keys())


# --- configs -------------------------------------------------------------------------------------


def attributes(
    class_name: str, config: Mapping[str, Any], rank: int | None = None
) -> dict[str, Any]:
    """The canonical config of a layer or of an object that a layer's config holds.

    Args:
        class_name: the class of Keras whose rules hold; ``Layer`` for what somebody wrote from the ground.
        config: what ``get_config`` gave.
        rank: the rank of the layer's input, where known: it makes a negative axis absolute.
    """
    rules = rules_of(class_name)
    renames, drops, defaults = rules.renames, rules.drops, rules.defaults
    plain: dict[str, Any] = {}
    given = config.get("arguments")
    given = given if given and isinstance(given, _MAPPINGS) else None
    for key, raw in config.items():
        if raw is None:
            continue
        key = str(key)
        key = renames.get(key, key)
        if key in drops:
            continue
        if given and key == "function":
            with given_by_name(raw, given):
                item = value(raw)
        else:
            item = value(raw)
        if item is None or (key in defaults and same(item, defaults[key])):
            continue
        plain[key] = item
    for respell in rules.respells:
        respell(plain, rank)
    return plain


#: The layers and objects whose configs are being read.
_described: ContextVar[frozenset[int]] = ContextVar("_described", default=frozenset())


def attributes_of(layer: Any, rank: int | None = None) -> dict[str, Any]:
    """The canonical config of a live layer; its plain attributes where it has no config.

    Empty within itself: a setting may be a method of the layer, or an object that holds it.
    """
    if id(layer) in (described := _described.get()):
        return {}
    token = _described.set(described | {id(layer)})
    try:
        return _attributes_of(layer, rank)
    finally:
        _described.reset(token)


def _attributes_of(layer: Any, rank: int | None) -> dict[str, Any]:
    if is_a(layer, "Functional") or is_a(layer, "Sequential"):
        return _beside_the_graph(layer)
    name = _nearest_class(layer)
    if not _has_own_config(layer):
        activity = attributes(name, _activity_regularizer(layer))
        return activity | _kept(layer)
    try:
        config = dict(layer.get_config())
    except Exception:  # get_config is the user's code, or refuses what the user's code gave
        config = kept.settings(layer) | (addresses.held(layer) if is_built_in(layer) else {})
    rules = rules_of(name)
    for key, paths in rules.reads.items():
        if config.get(key) is None:
            config[key] = _read(layer, paths)
    if not is_built_in(layer) and is_of_keras(owner := _defines_config(layer)):
        # Somebody's class leaves it to Keras' to say what it is, which does not know what was added.
        config = _kept(layer, owner) | config
    own = _own_keys(layer, config)
    whole = _NUMBERS if is_built_in(layer) else ()
    live = {
        key: item if type(item) in whole else _live(layer, key, item)
        for key, item in config.items()
        if key not in rules.drops or key in own
    }
    added = {key: live.pop(key) for key in config if key in own}
    told = attributes(name, live | _activity_regularizer(layer), rank)
    return told | _whole(added) if added else told


def _beside_the_graph(model: Any) -> dict[str, Any]:
    """The settings of somebody's functional or Sequential model, whose layers have rows of their own."""
    if is_built_in(model):
        return {}
    owner = _defines_config(model)
    if is_of_keras(owner):
        return _kept(model, owner)
    try:
        config = dict(model.get_config())
    except Exception:  # get_config is the user's code
        return _kept(model)
    own = _own_keys(model, config)
    return _whole({key: _live(model, key, item) for key, item in config.items() if key in own})


def _kept(layer: Any, base: Any = None) -> dict[str, Any]:
    """The settings that somebody's class keeps; not those of which nothing can be said but their class."""
    found = kept.settings(layer, base)
    return {key: item for key, item in _whole(found).items() if item != stand_in(found.get(key))}


def _own_keys(layer: Any, config: Mapping[str, Any]) -> frozenset[str]:
    """The keys of a config that are not those which Keras' own class writes for this object."""
    if is_built_in(layer):
        return frozenset()
    base: Any = next((kind for kind in type(layer).__mro__ if is_of_keras(kind)), object)
    try:
        written = base.get_config(layer).keys()
    except Exception:  # a base class may refuse, or need what somebody's class has not made
        written = _OF_LAYERS if is_a(layer, "Layer") else ()
    return frozenset(config).difference(written)


def _whole(config: Mapping[Any, Any]) -> dict[str, Any]:
    """A config of which everything counts."""
    plain = {str(key): value(item) for key, item in config.items()}
    every_layer.same_activation(plain, None)
    return {key: item for key, item in plain.items() if item is not None}


def _read(layer: Any, paths: tuple[str, ...]) -> Any:
    """A setting from the first place where a layer has it."""
    for path in paths:
        found = layer
        for name in path.split("."):
            found = attribute(found, name)
        if found is not None:
            return found
    return None


def _activity_regularizer(layer: Any) -> dict[str, Any]:
    """Every layer takes it and adds to the loss for it; most configs leave it out (2.15, 3.0 to 3.3).

    A wrapper of 2.15 shows that of the layer which it wraps, and keeps its own under another name.
    """
    name = "activity_regularizer"
    own = f"_{name}" if f"_{name}" in getattr(layer, "__dict__", {}) else name
    regularizer = attribute(layer, own)
    return {} if regularizer is None else {name: regularizer}


def _nearest_class(layer: Any) -> str:
    """The class of Keras that an object is of or derives from: a namesake of it obeys no rules."""
    kind: Any = type(layer)
    return next(iter(classes_of_keras(kind)), "Layer")


def _live(layer: Any, key: str, item: Any) -> Any:
    """A setting, with what the layer itself holds where its config has serialised forms of that."""
    live = attribute(layer, key)
    live = attribute(layer, f"_{key}") if live is None else live
    return _instead(item, _held_elsewhere(layer, item) if live is None else live, layer)


def _held_elsewhere(layer: Any, item: Any) -> Any:
    """The layer of which a config has the serialised form, kept in an attribute of another name.

    ``layer`` of a Bidirectional is its ``forward_layer`` in Keras 3.
    """
    config = item.get("config") if type(item) is dict and "class_name" in item else None
    name = config.get("name") if type(config) is dict else None
    if name is None or not is_a(layer, "Layer"):
        return None
    held = addresses.held(layer).values()
    return next((one for one in held if is_a(one, "Layer") and one.name == name), None)


def _instead(item: Any, live: Any, layer: Any) -> Any:
    """A function, an object or a wrapped layer itself instead of its serialised form."""
    if type(live) in _PLAIN:
        return item
    if isinstance(item, list) and isinstance(live, (list, tuple)) and len(item) == len(live):
        return [_instead(*both, layer) for both in zip(item, live, strict=True)]
    says = attribute(live, "get_config") is not None
    if callable(live) and not isinstance(live, type) and not says:
        is_method = attribute(live, "__self__") is layer  # which only has the name of the key
        return item if is_method else live
    if type(item) in _PLAIN or not isinstance(item, _MAPPINGS):
        return item
    if isinstance(live, _MAPPINGS) and item.keys() == live.keys():
        return {key: _instead(item[key], live[key], layer) for key in item}
    is_layer = is_a(live, "Layer") and not is_a(live, "Model")
    # An object whose config may leave out what the object itself still has.
    is_fuller = says and (not is_built_in(live) or bool(rules_of(_nearest_class(live)).reads))
    return live if is_layer or is_fuller else item


def _has_own_config(layer: Any) -> bool:
    """Whether ``get_config`` is more than Keras' base class: 2.x raises there, 3.x records arguments."""
    if is_built_in(layer):
        return True
    return _defines_config(layer).__name__ not in (
        "Layer",
        "Operation",
        "Model",
        "Module",
        "object",
    )


def _defines_config(layer: Any) -> Any:
    """The class whose ``get_config`` an object has."""
    kind: Any = type(layer)
    return next((base for base in kind.__mro__ if "get_config" in vars(base)), object)
