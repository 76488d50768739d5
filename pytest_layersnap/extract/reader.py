"""What the two generations' readers have in common: the terms in which they answer."""

from __future__ import annotations

import functools
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Source:
    """Where a symbolic tensor comes from: the operation, which of its calls, which of the outputs.

    ``call`` counts all calls of the operation, also those made for other models.
    """

    operation: Any
    call: int
    output: int


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a layer or operation: arguments as recorded, and the flat list of output tensors."""

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    outputs: list[Any]


@dataclass(frozen=True, slots=True)
class Spec:
    """A tensor that something is called with: its shape, None where its rank is not known, and dtype."""

    shape: tuple[int | None, ...] | None
    dtype: str
    sparse: bool = False

    def filled(self, batch: int, size: int) -> Spec:
        """The same with sizes in place of those that are not known."""
        sizes = (batch, *[size] * len(self.shape or ()))
        filled = zip(self.shape or (), sizes, strict=False)
        shape = tuple(given if known is None else known for known, given in filled)
        return replace(self, shape=shape)


@dataclass(slots=True, eq=False)
class NotedTensor:
    """A tensor that went into or came out of a call that was noted: its shape, dtype, and itself."""

    shape: tuple[int | None, ...] | None
    dtype: Any
    tensor: Any


class Reader(Protocol):
    """What ``keras2`` and ``keras3`` provide; each function says there what it does."""

    def functional(self, model: Any) -> Any | None: ...  # noqa: D102
    def nodes(self, graph: Any) -> list[Any]: ...  # noqa: D102
    def node_operation(self, node: Any) -> Any: ...  # noqa: D102
    def call_number(self, node: Any) -> int: ...  # noqa: D102
    def source(self, tensor: Any) -> Source: ...  # noqa: D102
    def is_tensor(self, value: Any) -> bool: ...  # noqa: D102
    def call(self, node: Any) -> Call: ...  # noqa: D102
    def filled_in(  # noqa: D102
        self, arguments: dict[str, Any], defaults: dict[str, Any]
    ) -> Iterator[str]: ...
    def mask_of(self, tensor: Any) -> Any: ...  # noqa: D102
    def carry_mask(self, tensor: Any, mask: Any) -> None: ...  # noqa: D102
    def inputs(self, graph: Any) -> Any: ...  # noqa: D102
    def outputs(self, graph: Any) -> Any: ...  # noqa: D102
    def consumers(self, operation: Any) -> list[Any]: ...  # noqa: D102
    def children(self, layer: Any) -> list[Any]: ...  # noqa: D102
    def own_weights(self, layer: Any) -> tuple[list[Any], list[Any]]: ...  # noqa: D102
    def autocast(self, layer: Any) -> bool: ...  # noqa: D102
    def casts_to(self, layer: Any) -> str | None: ...  # noqa: D102
    def metric_weights(self, model: Any) -> list[Any]: ...  # noqa: D102
    def is_operation(self, layer: Any) -> bool: ...  # noqa: D102
    def operation_call(self, operation: Any) -> tuple[str, Any]: ...  # noqa: D102
    def operation_settings(self, operation: Any) -> dict[str, Any]: ...  # noqa: D102
    def spec(self, tensor: Any) -> Spec: ...  # noqa: D102
    def built_with(self, layer: Any) -> list[Call]: ...  # noqa: D102
    def base(self, layer: Any) -> Any: ...  # noqa: D102
    def backend(self, layer: Any) -> str: ...  # noqa: D102
    def symbolically(  # noqa: D102
        self, layer: Any, call: Callable[..., None], given: list[Spec]
    ) -> None: ...
    def called_directly(self, layer: Any) -> list[Any]: ...  # noqa: D102
    def counters_as_they_were(self, layer: Any) -> AbstractContextManager[None]: ...  # noqa: D102
    def versions(self, model: Any) -> str: ...  # noqa: D102
    def rehearse(self, keras: Any) -> None: ...  # noqa: D102


def flatten(value: Any) -> list[Any]:
    """The leaves of nested lists, tuples and dicts, dicts in the order of their keys as Keras does."""
    if not isinstance(value, _CONTAINERS):
        return [value]
    items = [item for _, item in _in_order(value)] if isinstance(value, dict) else value
    return [leaf for item in items for leaf in flatten(item)]


_CONTAINERS = (dict, list, tuple)


def dtype_name(tensor: Any) -> str:
    """The name of a tensor's dtype."""
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def mapped(function: Callable[[Any], Any], value: Any) -> Any:
    """Nested lists, tuples and dicts with something else in place of their leaves."""
    if isinstance(value, dict):
        items = {key: mapped(function, item) for key, item in value.items()}
        return items if all(items[key] is value[key] for key in items) else _like(value, items)
    if isinstance(value, (list, tuple)):
        found = [mapped(function, item) for item in value]
        same = all(one is other for one, other in zip(found, value, strict=True))
        return value if same else _like(value, found)
    return function(value)


def _like(value: Any, items: Any) -> Any:
    """Items in a container of the kind of another, as far as that can be made of them."""
    kind: Any = type(value)
    if hasattr(value, "_fields"):
        return kind(*items)
    return (
        kind(items) if kind in (list, tuple, dict) else (dict, list)[isinstance(items, list)](items)
    )


def is_mask(argument: str) -> bool:
    """Whether a call's argument is the mask of another, by its name."""
    return argument == "mask" or argument.endswith("_mask")


def carries(carried: list[Any], mask: Any, same: Callable[[Any, Any], bool]) -> bool:
    """Whether a mask, or None, is what the tensors of an argument carry with them, each its own."""
    masks = flatten(mask)
    return mask is None or (len(masks) == len(carried) and all(map(same, masks, carried)))


def _in_order(value: dict[Any, Any]) -> list[tuple[str, Any]]:
    return [(str(key), value[key]) for key in sorted(value, key=str)]


def labelled(value: Any, label: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of a structure, each with its place in it: ``0``, ``left``, ``heads.1``."""
    if isinstance(value, dict):
        items = _in_order(value)
    elif isinstance(value, (list, tuple)):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        yield label, value
        return
    for key, item in items:
        yield from labelled(item, f"{label}.{key}" if label else key)


KERAS = frozenset({"keras", "tf_keras"})


def has_call(layer: Any) -> bool:
    """Whether somebody wrote what a layer or model does when it is called.

    The parts of a GAN, say, are called by its ``train_step``, and built one by one.
    """
    kind: Any = type(layer)
    # Code that was generated may be of no module.
    return str(kind.call.__module__).partition(".")[0] not in KERAS


@functools.lru_cache(maxsize=1_000)
def classes_of_keras(kind: type) -> tuple[str, ...]:
    """The names of Keras' classes, of either generation, that a class is or derives from; nearest first."""
    return tuple(
        base.__name__ for base in kind.__mro__ if base.__module__.partition(".")[0] in KERAS
    )


def attribute(item: Any, name: str) -> Any:
    """An attribute of an object; None where it has none, or the code of somebody's class fails."""
    try:
        return getattr(item, name, None)
    except Exception:
        return None


def is_a(value: Any, name: str) -> bool:
    """Whether an object's class is, or derives from, Keras' class of that name, in either generation."""
    kind: Any = type(value)
    return _derives(kind, name)


@functools.lru_cache(maxsize=10_000)  # asked many times a row
def _derives(kind: type, name: str) -> bool:
    return name in classes_of_keras(kind)


def is_name_of_keras(name: str) -> bool:
    """Whether a Keras of this process has a class of that name."""
    return name in _class_names(frozenset(KERAS & sys.modules.keys()))


@functools.cache
def _class_names(packages: frozenset[str]) -> frozenset[str]:
    """The public names of the classes in ``keras.layers``, ``keras.initializers``, …"""
    parts = [part for package in packages for part in vars(sys.modules[package]).values()]
    return frozenset(
        name
        for part in parts
        if isinstance(part, types.ModuleType)
        for name, one in vars(part).items()
        if isinstance(one, type) and is_of_keras(one)
    )


def is_of_keras(kind: type) -> bool:
    """Whether a class is one of Keras'."""
    return kind.__module__.partition(".")[0] in KERAS


_is_of_keras = functools.lru_cache(maxsize=1_000)(is_of_keras)


def is_built_in(value: Any) -> bool:
    """Whether an object's own class is one of Keras'."""
    kind: Any = type(value)
    return _is_of_keras(kind)


def is_revived(value: Any) -> bool:
    """Whether Keras loaded a layer of somebody's without its class, and made one in its place."""
    return is_a(value, "RevivedLayer")
