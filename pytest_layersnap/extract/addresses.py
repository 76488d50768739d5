"""Under which attributes layers of people keep the layers that they hold: saved weights go by them."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_layersnap.extract.reader import KERAS, attribute, is_a


def attributes(holder: Any) -> dict[int, list[str]]:
    """The attributes of each layer that a layer or model holds, by the layer's id, private ones last.

    ``blocks[]`` is a list or another container, in which Keras goes by class and number
    (``saving_lib.py`` of Keras 2.15 and 3).
    """
    found: dict[int, list[str]] = {}
    internal = _internal(_base(holder))
    kind: Any = type(holder)
    own = (name for name in set(dir(holder)) - internal if not _is_computed(kind, name))
    for name in sorted(own, key=lambda name: (name[:1] == "_", name)):
        item = attribute(holder, name)
        for layer in _layers(item):
            held = found.setdefault(id(layer), [])
            if (place := name if layer is item else f"{name}[]") not in held:
                held.append(place)
    return found


def held(holder: Any) -> dict[str, Any]:
    """The layers, and lists of layers, that a layer holds, each by its first attribute."""
    names = {first.removesuffix("[]") for first, *_ in attributes(holder).values()}
    return {name: getattr(holder, name) for name in names}


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
    return next(
        base
        for base in type(holder).__mro__
        if base.__name__ == name and base.__module__.partition(".")[0] in KERAS
    )


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
