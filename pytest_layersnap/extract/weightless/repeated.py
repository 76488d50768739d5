"""What Keras does over and over while it builds layers, done once.

Without values to initialise, building is the time in which Keras reads the signatures of the same methods,
sets attributes (``attributes``), takes structures apart (``structures``) and asks of each of its own
tensors whether it is one. Nothing of it changes what is built.
"""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace
from typing import Any

from pytest_layersnap.extract.signatures import remembered
from pytest_layersnap.extract.weightless.attributes import PLAIN
from pytest_layersnap.extract.weightless.memory import in_scope


def signatures_once(module: Any) -> Any:
    """``inspect``, or what Keras 2 has for it, that remembers the signatures of functions."""
    names = [name for name in ("signature", "getfullargspec") if hasattr(module, name)]
    known = {name: in_scope(own := getattr(module, name), remembered(own)) for name in names}
    return SimpleNamespace(**{**vars(module), **known})


def _plain_or_symbolic() -> frozenset[Any]:
    return PLAIN | {getattr(import_module("keras"), "KerasTensor", None)}


def symbolic_is_no_tensor(is_tensor: Any) -> Any:
    """``backend.is_tensor``, which TensorFlow answers by a protocol; slowly, until Python 3.12."""
    known = _plain_or_symbolic()

    def is_other_tensor(x: Any) -> bool:
        return type(x) not in known and is_tensor(x)

    return in_scope(is_tensor, is_other_tensor)
