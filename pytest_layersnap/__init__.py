"""Snapshot tests for the architecture of neural networks."""

from pytest_layersnap.compare.drift import Change, Drift, LayerDrift, compare
from pytest_layersnap.extract import ModelError, layer_table
from pytest_layersnap.table import LayerTable, TableError

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
