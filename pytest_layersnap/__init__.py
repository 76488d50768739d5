"""Snapshot tests for the architecture of neural networks."""

from typing import TYPE_CHECKING, Any

# Not lazy: the package ``compare`` would take the name of the function as soon as it is imported.
from pytest_layersnap.compare.drift import Change, Drift, LayerDrift, compare
from pytest_layersnap.table import LayerTable, TableError

if TYPE_CHECKING:
    from pytest_layersnap.extract import ModelError, layer_table

__all__ = [
    "Change",
    "Drift",
    "LayerDrift",
    "LayerTable",
    "ModelError",
    "TableError",
    "compare",
    "layer_table",
]


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, also of suites that never check a model.
    if name in ("ModelError", "layer_table"):
        from pytest_layersnap import extract

        return getattr(extract, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
