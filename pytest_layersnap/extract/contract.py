"""The contract with Keras: what reading a model takes besides Keras' public names, and whether it is there.

``keras2`` and ``keras3`` are the only modules that spell private names of Keras, each those of its
generation; their ``rehearse`` reads a small model of Keras' own by all of them. It is run once for each
Keras of a process, so that a release that keeps something elsewhere is met by one clear error, never by a
table in which a default stands for what was not found. ``weightless`` replaces further places of Keras; it
looks each up before, and where one is missing, models are built with their weights.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import Any

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.extract import keras2, keras3
from pytest_layersnap.extract.reader import KERAS, Reader


class ModelError(LayersnapError, ValueError):
    """Something that no layer table can be taken of; the message says why, and what to do."""

    __module__ = "pytest_layersnap"


def reader_of(model: Any) -> Reader:
    """The reader of the generation that a model is of, once it has shown that it can read that Keras.

    Told by the class that the model derives from: both generations can live in one process.

    Raises:
        ModelError: this Keras lacks a name that reading a model takes.
    """
    modules = (base.__module__ for base in type(model).__mro__ if base.__name__ == "Layer")
    module = next(name for name in modules if name.partition(".")[0] in KERAS)
    reader: Reader = keras2 if module.endswith("engine.base_layer") else keras3
    if missing := _missing(module.partition(".")[0], reader.rehearse):
        raise ModelError(missing)
    return reader


@functools.cache
def _missing(package: str, rehearse: Callable[[Any], None]) -> str:
    """What a Keras lacks, in one sentence; nothing where it lacks nothing."""
    keras = sys.modules[package]
    try:
        rehearse(keras)
    except AttributeError as error:
        return (
            f"{package} {keras.__version__} has no {error.name!r} where the releases that pytest-layersnap "
            "supports keep it, so that its models can't be read: use one of those releases, or a "
            "pytest-layersnap that supports this one"
        )
    return ""
