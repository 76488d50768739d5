"""Snapshot tests for the architecture of neural networks."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

# The functions ``compare`` and ``flow`` have the names of the packages that hold them. Python gives a
# package's name to its parent when it is first imported: here, before the names are free for them.
import pytest_layersnap.compare as _compare
import pytest_layersnap.flow as _flow

if TYPE_CHECKING:
    from pytest_layersnap.compare.drift import Change, Drift, LayerDrift, compare
    from pytest_layersnap.extract import ModelError, layer_table
    from pytest_layersnap.flow.stages import flow
    from pytest_layersnap.table import LayerTable, TableError

del compare, flow, _compare, _flow

__all__ = [
    "Change",
    "Drift",
    "LayerDrift",
    "LayerTable",
    "ModelError",
    "TableError",
    "compare",
    "flow",
    "layer_table",
]

_HOMES = {
    "compare.drift": ("Change", "Drift", "LayerDrift", "compare"),
    "extract": ("ModelError", "layer_table"),
    "flow.stages": ("flow",),
    "table": ("LayerTable", "TableError"),
}


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, also of suites that never check a model.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
