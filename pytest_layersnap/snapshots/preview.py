"""The first lines of a table, for the eyes."""

from __future__ import annotations

from pytest_layersnap.printable import printable
from pytest_layersnap.quantities import counted
from pytest_layersnap.table import LayerTable

COLUMNS = ("layer_name", "layer_type", "output_shape", "parameters", "is_trainable")
ROWS = 8


def head(table: LayerTable) -> str:
    """The first rows of a table in aligned columns, and its totals."""
    shown = [
        tuple(printable(str(getattr(layer, column))) for column in COLUMNS)
        for layer in table.layers[:ROWS]
    ]
    widths = [max(map(len, cells)) for cells in zip(COLUMNS, *shown, strict=True)]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in (COLUMNS, *shown)
    ]
    if len(table) > ROWS:
        lines.append(f"… and {counted(len(table) - ROWS, 'more layer', 'more layers')}")
    return "\n".join([*lines, f"{totals(table)}, {table.trainable_parameters:,} of them trainable"])


def totals(table: LayerTable) -> str:
    """How large a model is: ``3 layers, 1,024 parameters``."""
    return f"{counted(len(table), 'layer', 'layers')}, {table.parameters:,} parameters"
