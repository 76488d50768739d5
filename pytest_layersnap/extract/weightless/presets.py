"""The presets of keras-hub as they ship, without the files of their weights.

``from_preset`` reads an architecture from small files, which it fetches where they are not there, and then
the weights from large ones. In a scope the first happens and the second does not.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

from pytest_layersnap.extract.replaced import replaced
from pytest_layersnap.extract.weightless.memory import is_lazy


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """The ways into a keras-hub that is imported.

    Raises:
        AttributeError: this release keeps things elsewhere.
    """
    hub = sys.modules.get("keras_hub")
    if package == "keras" and hub is not None:
        yield replaced(hub.models.Backbone, "from_preset", _from_preset)
        yield replaced(hub.models.Task, "from_preset", _from_preset)


def _from_preset(original: Any) -> Any:
    function = original.__func__

    @functools.wraps(function)
    def from_preset(cls: Any, /, preset: Any, load_weights: bool = True, **kwargs: Any) -> Any:
        return function(cls, preset, load_weights=load_weights and not is_lazy(), **kwargs)

    return classmethod(from_preset)
