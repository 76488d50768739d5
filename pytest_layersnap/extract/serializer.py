"""Keras' serialiser, kept from importing TensorFlow."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pytest_layersnap.extract.replaced import replaced

_SERIALIZER = "keras.src.saving.serialization_lib"


class _IfLoaded:
    """TensorFlow as the serialiser asks for it; not available while nothing has imported it."""

    def __init__(self, tensorflow: Any) -> None:
        self._tensorflow = tensorflow

    @property
    def available(self) -> bool:
        return "tensorflow" in sys.modules and bool(self._tensorflow.available)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tensorflow, name)


@contextmanager
def without_tensorflow() -> Iterator[None]:
    """Serialise on JAX and PyTorch without an import of TensorFlow.

    Keras 3 asks of each object in a config whether it is a ``tf.TensorShape``, and imports TensorFlow for
    it where that is installed (3.3 to 3.15: seconds, and some 580 MB). While TensorFlow is not loaded, no
    object can be one.
    """
    serializer = sys.modules.get(_SERIALIZER)
    asked = None if serializer is None else vars(serializer).get("tf")
    # Of the class: to ask the lazy module itself is to import TensorFlow.
    if isinstance(asked, _IfLoaded) or not hasattr(type(asked), "available"):
        yield
        return
    with replaced(serializer, "tf", _IfLoaded):
        yield
