"""Shapes of layers that stand outside any graph, as far as they are the layer's own."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.reader import is_a


def built_shape(layer: Any, plain: Any, *, made: bool = False) -> Any:
    """A shape that a layer outside any graph was built for, or ``made`` by it, as far as it is its own.

    That is the sizes which its weights depend on. The others are those of the tensor that happened to
    build it, and each backend tells them in its own way: behind a reshape TensorFlow does not know
    them, and PyTorch builds with 83 for every size that is not known.
    """
    if isinstance(plain, dict):
        return {key: built_shape(layer, item, made=made) for key, item in plain.items()}
    if not isinstance(plain, (list, tuple)):
        return None
    if not all(item is None or isinstance(item, int) for item in plain):
        return [built_shape(layer, item, made=made) for item in plain]
    axes = {axis % len(plain) for axis in _own_axes(layer, made)} if plain else set()
    return tuple(size if axis in axes else None for axis, size in enumerate(plain))


def _own_axes(layer: Any, made: bool) -> list[int]:
    """The axes whose sizes a layer's weights depend on."""
    if is_a(layer, "Embedding") and not made:
        return []
    if (
        "Normalization" in type(layer).__name__
        and (axis := getattr(layer, "axis", None)) is not None
    ):
        return list(axis) if isinstance(axis, (list, tuple)) else [axis]
    return [1] if getattr(layer, "data_format", None) == "channels_first" else [-1]
