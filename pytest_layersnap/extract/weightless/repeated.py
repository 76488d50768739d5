"""What Keras does over and over while it builds layers, done once.

Without values to initialise, building is the time in which Keras reads the signatures of the same methods,
sets attributes (``attributes``), takes structures apart (``structures``) and asks of each of its own
tensors whether it is one. Nothing here changes what is built; where a release keeps things elsewhere, it
is only slower.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from pytest_layersnap.extract.replaced import replaced
from pytest_layersnap.extract.signatures import remembered
from pytest_layersnap.extract.weightless.attributes import PLAIN, set_directly


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """Shortcuts in a Keras of either generation; none where it has no such place."""
    for module, name, shortcut in (
        ("layers.layer", "inspect", _signatures_once),
        ("ops.operation", "inspect", _signatures_once),
        ("engine.base_layer", "tf_inspect", _signatures_once),
        ("layers.layer", "Layer.__setattr__", set_directly),
        ("backend", "is_tensor", _symbolic_is_no_tensor),
        ("backend", "core.is_tensor", _symbolic_is_no_tensor),
    ):
        owner: Any = sys.modules.get(f"{package}.src.{module}")  # not one of another backend
        *holders, name = name.split(".")
        for holder in holders:
            owner = getattr(owner, holder, None)
        if owner is not None and name in vars(owner):
            yield replaced(owner, name, shortcut)


def _signatures_once(module: Any) -> Any:
    """``inspect``, or what Keras 2 has for it, that remembers the signatures of functions."""
    names = [name for name in ("signature", "getfullargspec") if hasattr(module, name)]
    return SimpleNamespace(
        **{**vars(module), **{name: remembered(getattr(module, name)) for name in names}}
    )


def _plain_or_symbolic() -> frozenset[Any]:
    return PLAIN | {getattr(import_module("keras"), "KerasTensor", None)}


def _symbolic_is_no_tensor(is_tensor: Any) -> Any:
    """``backend.is_tensor``, which TensorFlow answers by a protocol; slowly, until Python 3.12."""
    known = _plain_or_symbolic()

    @functools.wraps(is_tensor)
    def is_other_tensor(x: Any) -> bool:
        return type(x) not in known and is_tensor(x)

    return is_other_tensor
