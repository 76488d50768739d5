"""The networks of ``keras.applications`` as they ship, without the files of their weights.

``weights="imagenet"`` may build another network than ``weights=None`` does (EfficientNet has a layer more),
and then has Keras fetch a file and load it. In a scope the first stays and the second does not happen.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from pytest_layersnap.extract.replaced import is_second, replaced
from pytest_layersnap.extract.weightless.memory import is_lazy

#: Part of the address of each of those files, and of no other.
_ADDRESS = "/keras-applications/"


class _NotFetched(str):
    """The path of a file that was not fetched."""

    __slots__ = ()


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """The ways into a Keras of either generation.

    Raises:
        ImportError, AttributeError: this release keeps things elsewhere.
    """
    second = is_second(package)
    files = import_module(f"{package}.src.utils.{'data_utils' if second else 'file_utils'}")
    model = import_module(f"{package}.src.{'engine.training' if second else 'models.model'}").Model
    yield replaced(files, "get_file", _get_file)
    yield replaced(model, "load_weights", _load_weights)


def _get_file(original: Any) -> Any:
    @functools.wraps(original)
    def get_file(fname: Any = None, origin: Any = None, *args: Any, **kwargs: Any) -> Any:
        if is_lazy() and _ADDRESS in str(origin):
            return _NotFetched(fname)
        return original(fname, origin, *args, **kwargs)

    return get_file


def _load_weights(original: Any) -> Any:
    @functools.wraps(original)
    def load_weights(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(filepath, _NotFetched):
            return original(self, filepath, *args, **kwargs)
        return None

    return load_weights
