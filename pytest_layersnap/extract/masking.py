"""Masks: whether somebody's layer passes them on."""

from __future__ import annotations

import functools
import inspect
from types import FunctionType
from typing import Any

from pytest_layersnap.extract.reader import KERAS, is_a, is_built_in


def settings(layer: Any) -> dict[str, bool]:
    """``supports_masking`` of somebody's layer, where it is not what its bases make of it.

    Keras takes it from ``compute_mask`` being there; Keras' own layers set it when they are made.
    """
    if is_built_in(layer) or is_a(layer, "Model"):
        return {}
    kind: Any = type(layer)
    supports = bool(layer.supports_masking)
    return {} if supports == _masks_by_itself(kind) else {"supports_masking": supports}


@functools.lru_cache(maxsize=1_000)
def _masks_by_itself(kind: Any) -> bool:
    """Whether a class supports masks where nobody sets it."""
    named = next(base for base in kind.__mro__ if "compute_mask" in vars(base))
    if named.__name__ != "Layer" or named.__module__.partition(".")[0] not in KERAS:
        return True
    made = [
        inspect.unwrap(vars(base)["__init__"])
        for base in kind.__mro__
        if "__init__" in vars(base) and base.__module__.partition(".")[0] in KERAS
    ]
    return any(
        "supports_masking" in made.__code__.co_names
        for made in made
        if isinstance(made, FunctionType) and made.__qualname__ != "Layer.__init__"
    )
