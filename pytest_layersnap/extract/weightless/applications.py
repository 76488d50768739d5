"""The networks of ``keras.applications`` as they ship, without the files of their weights.

``weights="imagenet"`` may build another network than ``weights=None`` does (EfficientNet has a layer more),
and then has Keras fetch a file and load it. In a scope the first stays and the second does not happen.
"""

from __future__ import annotations

import functools
from typing import Any

from pytest_layersnap.extract.weightless.memory import is_lazy

#: Part of the address of each of those files, and of no other.
_ADDRESS = "/keras-applications/"


class _NotFetched(str):
    """The path of a file that was not fetched."""

    __slots__ = ()


def get_file(original: Any) -> Any:
    """``get_file``, which fetches none of those files."""

    @functools.wraps(original)
    def get_other_file(fname: Any = None, origin: Any = None, *args: Any, **kwargs: Any) -> Any:
        if is_lazy() and _ADDRESS in str(origin):
            return _NotFetched(fname)
        return original(fname, origin, *args, **kwargs)

    return get_other_file


def load_weights(original: Any) -> Any:
    """``Model.load_weights``, which loads no file that was not fetched."""

    @functools.wraps(original)
    def load_fetched_weights(self: Any, filepath: Any, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(filepath, _NotFetched):
            return original(self, filepath, *args, **kwargs)
        return None

    return load_fetched_weights
