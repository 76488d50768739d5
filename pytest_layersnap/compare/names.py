"""Which layer names Keras made up, and what is left of a path without them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from pytest_layersnap.table import Layer

_DIGITS = "0123456789"
#: What Bidirectional puts before the name of the layer that it wraps.
_WRAPPED = ("forward_", "backward_")
#: Nested models have no row of their own in some tables; these are the names Keras gives them.
_MODELS = frozenset({"functional", "model", "sequential"})


def is_auto_model_name(name: str) -> bool:
    """Whether Keras made up the name of this model (``functional_1``, ``sequential``)."""
    return without_number(name) in _MODELS


def is_auto_name(name: str, layer_type: str) -> bool:
    """Whether Keras made up this name of a layer: its type in snake case, and a counter.

    Args:
        name: the last segment of a layer path.
        layer_type: the layer's type, or the name of the operation.
    """
    if name.startswith(_WRAPPED):
        name = name.partition("_")[2]
    return _is_name_of_type(without_number(name), layer_type)


@lru_cache(maxsize=4096)
def _is_name_of_type(base: str, layer_type: str) -> bool:
    if layer_type == "InputLayer" and base == "input":
        return True
    if layer_type in ("Functional", "Model", "Sequential") and base in _MODELS:
        return True
    operation = re.split(r"[./:]", layer_type)[-1]
    return base in (snake_case(layer_type), snake_case(operation), layer_type)


def stems(layers: Iterable[Layer]) -> list[str]:
    """The path of each row with ``*`` for every segment that Keras made up.

    Two rows with the same stem differ in name by nothing but a counter.
    """
    layers = list(layers)
    types = {layer.layer_name: layer.layer_type for layer in layers}
    known: dict[str, str] = {}

    def of_parent(path: str) -> str:
        if path not in known:
            known[path] = of_path(path, types.get(path))
        return known[path]

    def of_path(path: str, layer_type: str | None) -> str:
        parent, slash, name = path.rpartition("/")
        auto = is_auto_name(name, layer_type) if layer_type else is_auto_model_name(name)
        return (of_parent(parent) if slash else "") + slash + ("*" if auto else name)

    return [of_path(layer.layer_name, layer.layer_type) for layer in layers]


def without_number(name: str) -> str:
    """A name without the counter that Keras appends (``dense_7`` → ``dense``)."""
    stem = name.rstrip(_DIGITS)
    numbered = len(name) > len(stem) > 1 and stem.endswith("_")
    return stem[:-1] if numbered else name


@lru_cache(maxsize=1024)
def snake_case(name: str) -> str:
    """``Conv2D`` → ``conv2d``: the spelling Keras uses."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
