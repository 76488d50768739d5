"""Layer tables as they are printed: the columns a reader wants, as text.

pandas' writers for Markdown and LaTeX would need tabulate and Jinja2, and pandas' own import takes
longer than all of an export.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from pytest_layersnap.printable import printable
from pytest_layersnap.quantities import counted, size_text
from pytest_layersnap.table import Layer, LayerTable


@dataclass(frozen=True, slots=True)
class Printed:
    """A table of text.

    Args:
        title: what it is about.
        header: the names of its columns.
        rows: its cells.
    """

    title: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    @property
    def is_number(self) -> tuple[bool, ...]:
        """By column, whether it holds numbers, which are aligned at their ends."""
        return tuple(name in _NUMBERS for name in self.header)


_NUMBERS: Final = frozenset({"Layers", "Parameters", "Trainable parameters", "Memory"})

_COLUMNS: Final[dict[str, Callable[[Layer], str]]] = {
    "Layer": lambda layer: layer.layer_name,
    "Type": lambda layer: layer.layer_type,
    "Output shape": lambda layer: layer.output_shape,
    "Kernel": lambda layer: layer.kernel_size or layer.pooling_size,
    "Strides": lambda layer: layer.strides,
    "Parameters": lambda layer: f"{layer.parameters:,}",
    "Trainable": lambda layer: layer.trained,
}


def totals(tables: Sequence[LayerTable]) -> Printed:
    """How large each model is."""
    rows = (
        (
            table.model,
            f"{len(table):,}",
            f"{table.parameters:,}",
            f"{table.trainable_parameters:,}",
            "" if table.memory is None else size_text(table.memory),
        )
        for table in tables
    )
    header = ("Model", "Layers", "Parameters", "Trainable parameters", "Memory")
    return _printed("Models", header, rows)


def layers(table: LayerTable) -> Printed:
    """The rows of a table, without the columns that are empty in all of them."""
    columns = {name: [cell(layer) for layer in table] for name, cell in _COLUMNS.items()}
    used = {name: cells for name, cells in columns.items() if any(cells)}
    return _printed(
        f"{table.model}: {counted(len(table), 'layer', 'layers')}, {table.parameters:,} parameters, "
        f"{table.trainable_parameters:,} of them trainable",
        tuple(used),
        zip(*used.values(), strict=True),
    )


def _printed(title: str, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Printed:
    return Printed(printable(title), header, tuple(tuple(map(printable, row)) for row in rows))
