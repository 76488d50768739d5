"""The presets of keras-hub as they ship, without the files of their weights.

``from_preset`` reads an architecture from small files, which it fetches where they are not there, and then
the weights from large ones. In a scope the first happens and the second does not.
"""

from __future__ import annotations

import functools
from typing import Any

from pytest_layersnap.extract.weightless.memory import is_lazy


def from_preset(original: Any) -> Any:
    """``from_preset``, which loads no weights."""
    function = original.__func__

    @functools.wraps(function)
    def from_preset_without_weights(
        cls: Any, /, preset: Any, load_weights: bool = True, **kwargs: Any
    ) -> Any:
        return function(cls, preset, load_weights=load_weights and not is_lazy(), **kwargs)

    return classmethod(from_preset_without_weights)
