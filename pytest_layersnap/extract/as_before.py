"""What calling a layer could change about objects of the user's, put back afterwards."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from types import FunctionType, ModuleType
from typing import Any, Final

from pytest_layersnap.extract.reader import KERAS, attribute, classes_of_keras

#: Their objects hold no state of the user's, or are put back by other means.
_OF_LIBRARIES: Final = frozenset(
    {"builtins", "numpy", "tensorflow", "torch", "jax", "jaxlib", "threading", "weakref", "types"}
)
#: An array of a layer's attributes may be written to; larger ones are not copied.
_LARGEST_COPY: Final = 1_000_000
_DEEPEST: Final = 24
#: Where layers keep the calls of the graph, through which the whole model is reached.
_OF_GRAPH: Final = frozenset(
    {
        *("_inbound_nodes", "_outbound_nodes", "_inbound_nodes_value", "_outbound_nodes_value"),
        *("_parent_path", "_nodes", "_functional"),
    }
)
#: TensorFlow's lists and dicts, which Keras 2 makes of those that a layer is given.
_STRUCTURES: Final = "tensorflow.python.trackable.data_structures"


@contextmanager
def as_before(layer: Any) -> Iterator[None]:
    """Put back the attributes of a layer and of all that it holds, whatever happens in between."""
    seen: dict[int, Any] = {}
    undo: list[Any] = []
    _remember(layer, seen, undo, 0)
    try:
        yield
    finally:
        for put_back in reversed(undo):
            put_back()


def _remember(value: Any, seen: dict[int, Any], undo: list[Any], depth: int) -> None:
    import numpy as np

    seen[id(value)] = value
    kind: Any = type(value)
    inside: list[Any] = []
    if issubclass(kind, np.ndarray):
        if value.nbytes <= _LARGEST_COPY and value.flags.writeable:
            undo.append(_array(value, value.copy()))
    elif issubclass(kind, dict):
        undo.append(_contents(dict, value, dict(dict.items(value))))
        inside = [item for name, item in dict.items(value) if name not in _OF_GRAPH]
    elif issubclass(kind, list):
        undo.append(_contents(list, value, list(list.__iter__(value))))
        inside = list(list.__iter__(value))
    elif issubclass(kind, set):
        undo.append(_contents(set, value, set(set.__iter__(value))))
    elif issubclass(kind, tuple):
        inside = list(value)
    else:
        # What TensorFlow puts around a dict.
        inside = [attribute(value, "__wrapped__"), attribute(value, "__dict__")]
    if kind.__module__ == _STRUCTURES:
        inside.append(attribute(value, "__dict__"))
    if depth == _DEEPEST:
        return
    for item in inside:
        kind = type(item)
        if id(item) not in seen and not _is_plain(kind):
            _remember(item, seen, undo, depth + 1)


@functools.lru_cache(maxsize=10_000)
def _is_plain(kind: Any) -> bool:
    """Whether objects of a class can't be changed, or are no part of a layer's own state."""
    import numpy as np

    if issubclass(kind, (str, bytes, int, float, complex, type, FunctionType, ModuleType)):
        return True
    if issubclass(kind, (dict, list, set, tuple, np.ndarray)) or kind.__module__ == _STRUCTURES:
        return False
    package = kind.__module__.partition(".")[0]
    return "Layer" not in classes_of_keras(kind) if package in KERAS else package in _OF_LIBRARIES


def _array(value: Any, copy: Any) -> Any:
    def put_back() -> None:
        value[...] = copy

    return put_back


def _contents(kind: type, value: Any, copy: Any) -> Any:
    """Puts back what a container holds, past the methods of classes that watch what is done to them."""
    methods: Any = kind

    def put_back() -> None:
        if len(value) == len(copy) and _same(kind, value, copy):
            return
        methods.clear(value)
        (methods.extend if kind is list else methods.update)(value, copy)

    return put_back


def _same(kind: type, value: Any, copy: Any) -> bool:
    if kind is dict:
        pairs = zip(dict.items(value), dict.items(copy), strict=True)
        return all(one[0] is two[0] and one[1] is two[1] for one, two in pairs)
    if kind is list:
        return all(one is two for one, two in zip(list.__iter__(value), copy, strict=True))
    return bool(value == copy)
