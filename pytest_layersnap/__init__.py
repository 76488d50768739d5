"""Snapshot tests for the architecture of neural networks."""

from pytest_layersnap.extract import layer_table
from pytest_layersnap.table import LayerTable

__all__ = ["LayerTable", "layer_table"]
