"""Under which attributes, and in which order, layers of people hold layers: saved weights go by both."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pytest_layersnap.extract.reader import KERAS, attribute, is_a


def attributes(holder: Any) -> dict[int, list[str]]:
    """The attributes of each layer that a layer or model holds, by the layer's id, private ones last.

    ``blocks[]`` is a list or another container, in which Keras goes by class and number
    (``saving_lib.py`` of Keras 2.15 and 3).
    """
    found: dict[int, list[str]] = {}
    for name, item in _own(holder):
        for layer in _layers(item):
            places = found.setdefault(id(layer), [])
            if (place := name if layer is item else f"{name}[]") not in places:
                places.append(place)
    return found


def out_of_order(holder: Any, held: Iterable[Any], called: Iterable[Any]) -> list[list[Any]]:
    """The layers that are held in another order than that in which they are called.

    A list has its own order, what attributes hold by themselves that of assignment. How these stand among
    each other is not told: Keras 2 goes by when a list is assigned, Keras 3 by when it is filled.

    Args:
        holder: a layer or model of somebody's.
        held: what it holds, as Keras lists it.
        called: those of them that count, in the order of their calls.

    Returns:
        For each list, and for the attributes, the layers as they are held; nothing of a class derived from
        a layer of Keras that holds some itself.
    """
    if _base(holder) is not _nearest(holder):
        return []
    places = {id(layer): layer for layer in called}
    lists = [list(_layers(item)) for _, item in _own(holder) if not is_a(item, "Layer")]
    listed = {id(layer) for group in lists for layer in group}
    found: list[list[Any]] = []
    for group in (*lists, [layer for layer in held if id(layer) not in listed]):
        ids = dict.fromkeys(id(layer) for layer in group if id(layer) in places)
        order = [places[key] for key in ids]
        if list(ids) != [key for key in places if key in ids] and order not in found:
            found.append(order)
    return found


def held(holder: Any) -> dict[str, Any]:
    """The layers, and lists of layers, that a layer holds, each by its first attribute."""
    names = {first.removesuffix("[]") for first, *_ in attributes(holder).values()}
    return {name: getattr(holder, name) for name in names}


def _own(holder: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of a layer that Keras does not keep itself, private ones last."""
    internal = _internal(_base(holder))
    kind: Any = type(holder)
    own = (name for name in set(dir(holder)) - internal if not _is_computed(kind, name))
    for name in sorted(own, key=lambda name: (name[:1] == "_", name)):
        yield name, attribute(holder, name)


def _layers(item: Any) -> Iterator[Any]:
    if is_a(item, "Layer"):
        yield item
        return
    items = item.values() if isinstance(item, Mapping) else item
    if isinstance(item, (Mapping, list, tuple)):
        for each in items:
            yield from _layers(each)


def _base(holder: Any) -> Any:
    """Keras' own class that a person's class derives from."""
    name = "Model" if is_a(holder, "Model") else "Layer"
    return next(base for base in _of_keras(holder) if base.__name__ == name)


def _nearest(holder: Any) -> Any:
    """The class of Keras that a person's class derives from first."""
    return next(_of_keras(holder))


def _of_keras(holder: Any) -> Iterator[Any]:
    return (base for base in type(holder).__mro__ if base.__module__.partition(".")[0] in KERAS)


@functools.cache
def _internal(base: Any) -> frozenset[str]:
    """What Keras itself keeps in attributes, as a bare instance shows; named, so that no counter moves.

    It holds another one, for which TensorFlow keeps books. On PyTorch the attributes that hold layers
    are in ``dir`` alone, not in ``vars``.
    """
    probe = base(name="probe")
    probe.held = base(name="probe_held")
    return frozenset(dir(probe)) - {"held"}


@functools.lru_cache(maxsize=10_000)
def _is_computed(kind: type, name: str) -> bool:
    """Whether a class answers for an attribute by code: methods and properties hold nothing."""
    return hasattr(inspect.getattr_static(kind, name, None), "__get__")
