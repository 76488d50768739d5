"""One layer table for people: nested layers indented, no wider than the terminal; or as JSON."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from pytest_layersnap.printable import printable
from pytest_layersnap.quantities import size_text
from pytest_layersnap.references import parent
from pytest_layersnap.snapshots.preview import totals
from pytest_layersnap.table import BEHAVIOR, JSON_CELLS, UNKNOWN_EDGES, Layer, LayerTable

_HEADER: Final = ("layer", "type", "output shape", "parameters", "trainable")
_FED_BY: Final = "fed by"
_NUMBERS: Final = _HEADER.index("parameters")
#: The columns that may be cut, in this order, and how much is left of each: a type is told by less
#: of it than a name or a shape is.
_CUTS: Final = ((1, 12), (0, 16), (2, 12), (1, 8), (0, 8), (2, 8))
_GAP: Final = "  "


def render(table: LayerTable, *, width: int | None) -> str:
    """The rows and the totals of a table.

    Only a row that is not fed by the one before (on its level) says what feeds it. One that others
    are nested in shows in parentheses what they come to.

    Args:
        table: the table.
        width: how many characters a line may take, of which wide ones count twice; None for any
            number. What feeds a row moves to a line of its own, then texts are cut in their middle.
    """
    rows = [tuple(map(printable, row)) for row in _rows(table)]
    *widths, rest = (max(map(_width, c)) for c in zip((*_HEADER, _FED_BY), *rows, strict=True))
    if width is None or sum(widths) + rest + len(_GAP) * len(widths) <= width:
        lines = [_line(row, [*widths, rest]) for row in ((*_HEADER, _FED_BY), *rows)]
    else:
        _narrow(widths, width)
        lines = [_line(_HEADER, widths)]
        for *row, fed_by in rows:
            lines.append(_line(row, widths))
            if fed_by:
                lines.append(_cut(f"{_indent(row[0])}{_FED_BY} {fed_by}", width))
    return "\n".join([printable(table.model), "", *lines, "", *_totals(table)])


def as_data(table: LayerTable) -> dict[str, Any]:
    """A table as JSON takes it; cells that hold JSON are decoded."""
    *columns, _ = table.columns
    return {
        "model": table.model,
        "parameters": table.parameters,
        "trainable_parameters": table.trainable_parameters,
        "memory": table.memory,
        "recorded_with": table.recorded_with,
        "layers": [
            {column: _decoded(column, getattr(layer, column)) for column in columns}
            for layer in table
        ],
    }


def _decoded(column: str, value: Any) -> Any:
    is_json = column in JSON_CELLS or column == BEHAVIOR
    return json.loads(value) if is_json and value != UNKNOWN_EDGES else value


def _totals(table: LayerTable) -> Iterator[str]:
    memory = "" if table.memory is None else f", {size_text(table.memory)}"
    yield f"{totals(table)}{memory}"
    trainable = table.trainable_parameters
    yield f"{trainable:,} trainable, {table.parameters - trainable:,} not trainable"
    if table.recorded_with:
        yield f"recorded with {printable(table.recorded_with)}"


def _rows(table: LayerTable) -> Iterator[tuple[str, ...]]:
    above = _ancestors(table)
    below: dict[int, list[Layer]] = {}
    for layer, ancestors in zip(table, above, strict=True):
        for index in ancestors:
            below.setdefault(index, []).append(layer)
    before: dict[tuple[int, ...], str] = {}
    for index, (layer, ancestors) in enumerate(zip(table, above, strict=True)):
        path, inside = layer.layer_name, [layer, *below.get(index, ())]
        prefix = f"{table.layers[ancestors[-1]].layer_name}/" if ancestors else ""
        yield (
            _GAP * len(ancestors) + path.removeprefix(prefix),
            layer.layer_type,
            layer.output_shape,
            _parameters(inside),
            _trained(inside),
            _fed_by(layer, prefix, before.get(ancestors, "")),
        )
        before[ancestors] = path


def _ancestors(table: LayerTable) -> list[tuple[int, ...]]:
    """By row, those that it is nested in, from the outermost inwards."""
    found = []
    opened: tuple[int, ...] = ()
    for index, layer in enumerate(table):
        while opened and not layer.layer_name.startswith(f"{table.layers[opened[-1]].layer_name}/"):
            opened = opened[:-1]
        found.append(opened)
        opened = (*opened, index)
    return found


def _parameters(inside: Sequence[Layer]) -> str:
    own, *nested = (layer.parameters for layer in inside)
    if not nested:
        return f"{own:,}"
    return f"{own:,} " * bool(own) + f"({own + sum(nested):,})"


def _trained(inside: Iterable[Layer]) -> str:
    answers = {row.trained for row in inside} - {""}
    return "partly" if len(answers) > 1 else "".join(answers)


def _fed_by(layer: Layer, prefix: str, before: str) -> str:
    # What holds a row and what stands before it are seen.
    if layer.calls in ((), ((),), ((before,),), ((parent(layer.layer_name),),)):
        return ""
    return " | ".join(
        ", ".join(reference.removeprefix(prefix) for reference in call) for call in layer.calls
    )


def _width(text: str) -> int:
    """How many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def _narrow(widths: list[int], available: int) -> None:
    """Make columns narrower until a line fits, as far as that is possible."""
    excess = sum(widths) + len(_GAP) * (len(widths) - 1) - available
    for column, least in _CUTS:
        taken = min(excess, widths[column] - least)
        if taken > 0:
            widths[column] -= taken
            excess -= taken


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = []
    for index, (text, width) in enumerate(zip(row, widths, strict=True)):
        cut = _cut(text, width)
        space = " " * (width - _width(cut))
        cells.append(space + cut if index == _NUMBERS else cut + space)
    return _GAP.join(cells).rstrip()


def _indent(text: str) -> str:
    """What a line that goes on with a row begins with."""
    return " " * (len(text) - len(text.lstrip())) + 2 * _GAP


def _cut(text: str, width: int) -> str:
    """A text without its middle, if it is too wide."""
    if _width(text) <= width:
        return text
    half = (width - 1) // 2
    end = _first(text[::-1], half)[::-1]
    return f"{_first(text, width - 1 - half)}…{end}"


def _first(text: str, width: int) -> str:
    """As many characters of the beginning as fit."""
    taken = ""
    for char in text:
        width -= _columns(char)
        if width < 0:
            break
        taken += char
    return taken
