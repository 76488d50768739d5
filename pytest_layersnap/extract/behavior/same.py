"""Which calls compute the same, so that one of them is evaluated for all."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Any, Final, cast

import numpy as np

from pytest_layersnap.extract.behavior.carried import Carried
from pytest_layersnap.extract.graph import BoundCall
from pytest_layersnap.extract.reader import KERAS, Reader, flatten, is_of_keras
from pytest_layersnap.table import Layer

#: Attributes that say nothing of what a layer computes.
_NAMES: Final = frozenset(
    {"name", "_name", "_obj_reference_counts_dict", "_auto_config", "_build_shapes_dict"}
)

#: Their objects, beside layers, are tensors, weights and what follows from the config.
_OF_BACKENDS: Final = frozenset({"tensorflow", "torch", "jax", "jaxlib", "threading"})


def key_of(
    reader: Reader, carried: Carried, layer: Layer, operation: Any, call: BoundCall
) -> Hashable:
    """Calls of equal keys compute the same.

    Args:
        reader: the reader of the generation.
        carried: the masks that tensors carry.
        layer: the row.
        operation: its layer or operation.
        call: the call.
    """
    seen: dict[int, int] = {}
    given = tuple(
        _argument(reader, carried, leaf, seen)
        for leaf in flatten([call.recorded.args, call.recorded.kwargs])
    )
    made = tuple(_described(tensor) for tensor in call.outputs)
    return (
        layer.layer_type,
        layer.layer_attributes,
        layer.weight_shapes,
        layer.dtype,
        given,
        tuple(call.recorded.kwargs),
        made,
        tuple(_own(reader, operation, set())),
    )


def _argument(reader: Reader, carried: Carried, leaf: Any, seen: dict[int, int]) -> Hashable:
    if reader.is_tensor(leaf):
        place = seen.setdefault(id(leaf), len(seen))
        return place, *_described(leaf), carried.shape(leaf)
    return _plain(leaf)


def _described(tensor: Any) -> tuple[str, str]:
    return str(tensor.shape), str(tensor.dtype)


def _own(reader: Reader, layer: Any, seen: set[int]) -> Iterator[Hashable]:
    """What no config says of a layer and of those that it holds: classes, functions, plain attributes."""
    if id(layer) in seen:
        return
    seen.add(id(layer))
    kind: Any = type(layer)
    yield kind
    built_in = is_of_keras(kind)
    for name, value in vars(layer).items():
        if name not in _NAMES and (not built_in or _is_somebodys_code(value)):
            yield name, _plain(value)
    if not reader.is_operation(layer):
        for child in reader.children(layer):
            yield from _own(reader, child, seen)


def _is_somebodys_code(value: Any) -> bool:
    """Whether a value is a function, or an object that is called like one, and none of Keras'."""
    return callable(value) and _package(value) not in KERAS


def _package(value: Any) -> str:
    return str(getattr(value, "__module__", None)).partition(".")[0]


def _plain(value: Any, depth: int = 0) -> Hashable:
    """A value as a key; of an object that no key can be made of, which one it is."""
    if value is None or isinstance(value, (str, bytes, int, float, complex)):
        return type(value).__name__, value
    if isinstance(value, slice):
        return "slice", *(_plain(part) for part in (value.start, value.stop, value.step))
    if isinstance(value, np.ndarray):
        return str(value.dtype), value.shape, value.tobytes()
    if depth < 4 and isinstance(value, dict):
        return tuple((str(key), _plain(item, depth + 1)) for key, item in value.items())
    if depth < 4 and isinstance(value, (list, tuple)):
        return tuple(_plain(item, depth + 1) for item in value)
    if is_of_keras(type(value)) or _package(type(value)) in _OF_BACKENDS:
        return cast("Hashable", type(value))
    return id(value)  # the model holds it as long as the key is looked for
