"""Layers as other releases of Keras can build them: a class, its arguments and what it is called with."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from benchmarks.corpus.watch import Seen

#: A layer as JSON.
Recipe = dict[str, Any]

_HOMES = ("layers", "initializers", "regularizers", "constraints")


class NotCarriedError(Exception):
    """What another release can't be told."""


def recipes(keras: ModuleType, seen: Seen) -> list[Recipe]:
    """Keras' own layers of a test whose calls take tensors in the first place alone."""
    found = []
    for layer in seen.made:
        if id(layer) in seen.calls:
            try:
                found.append(_recipe(keras, layer, seen))
            except NotCarriedError:
                continue
    return found


def _recipe(keras: ModuleType, layer: Any, seen: Seen) -> Recipe:
    args, kwargs = seen.calls[id(layer)]
    if len(args) != 1:
        raise NotCarriedError
    listed = isinstance(args[0], (list, tuple))
    tensors = list(args[0]) if listed else [args[0]]
    if not all(hasattr(tensor, "shape") and hasattr(tensor, "dtype") for tensor in tensors):
        raise NotCarriedError
    return {
        "layer": _plain(keras, layer, seen),
        "inputs": [
            [list(tensor.shape[1:]), keras.backend.standardize_dtype(tensor.dtype)]
            for tensor in tensors
        ],
        "listed": listed,
        "call": {name: _plain(keras, item, seen) for name, item in kwargs.items()},
    }


def _plain(keras: ModuleType, item: Any, seen: Seen) -> Any:
    """A value as JSON."""
    if item is None or isinstance(item, (bool, int, float, str)):
        return item
    if isinstance(item, (list, tuple)):
        kind = "tuple" if isinstance(item, tuple) else "list"
        return {kind: [_plain(keras, one, seen) for one in item]}
    home = next(
        (
            home
            for home in _HOMES
            if getattr(getattr(keras, home), type(item).__name__, 0) is type(item)
        ),
        None,
    )
    if home is None:
        raise NotCarriedError
    args, kwargs = ((), item.get_config()) if home != "layers" else seen.given[id(item)]
    return {
        "class": [home, type(item).__name__],
        "args": [_plain(keras, one, seen) for one in args],
        "kwargs": {name: _plain(keras, one, seen) for name, one in kwargs.items()},
    }


def _made(keras: ModuleType, plain: Any) -> Any:
    """The value that JSON holds."""
    if not isinstance(plain, dict):
        return plain
    if "list" in plain:
        return [_made(keras, one) for one in plain["list"]]
    if "tuple" in plain:
        return tuple(_made(keras, one) for one in plain["tuple"])
    home, name = plain["class"]
    kind = getattr(getattr(keras, home), name)
    args = [_made(keras, one) for one in plain["args"]]
    return kind(*args, **{name: _made(keras, one) for name, one in plain["kwargs"].items()})


def cooked(keras: ModuleType, recipe: Recipe) -> Any:
    """A functional model around the layer.

    Raises:
        Exception: this release has no such layer or argument.
    """
    inputs = [keras.Input(tuple(shape), dtype=dtype) for shape, dtype in recipe["inputs"]]
    layer = _made(keras, recipe["layer"])
    call = {name: _made(keras, one) for name, one in recipe["call"].items()}
    return keras.Model(inputs, layer(inputs if recipe["listed"] else inputs[0], **call))
