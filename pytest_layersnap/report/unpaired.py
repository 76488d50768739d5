"""Rows that only one of two tables has: run by run, or all at once where there are many runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.references import Reference
from pytest_layersnap.report.finding import Fact, Finding, about
from pytest_layersnap.report.runs import runs
from pytest_layersnap.report.words import SIGNS, cut, listed
from pytest_layersnap.table import UNKNOWN_EDGES, Layer

if TYPE_CHECKING:
    from pytest_layersnap.report.blocks import Blocks
    from pytest_layersnap.table import LayerTable

#: So many runs, rows and types are told one by one.
_RUNS = 4
_ROWS_IN_FULL = 8
_TYPES = 6


def unpaired(
    table: LayerTable, changes: Sequence[Change], sign: str, blocks: Blocks
) -> list[Finding]:
    """The findings about rows that only ``table`` has.

    Args:
        table: the table that has them.
        changes: the changes that add or remove them, in the order of the rows.
        sign: ``+`` or ``-``.
        blocks: those of the table.
    """
    if not changes:
        return []
    of_row = _of_rows(table, changes)
    found = runs(of_row)
    if len(found) > _RUNS:
        layers = [table.layers[row] for run in found for row in run]
        facts = [*_told(blocks.unpaired(layers, SIGNS[sign])), *_make_up(layers)]
        changes = [of_row[row] for run in found for row in run]
        return [about(sign, changes, ["layers"], facts, remark=f"in {len(found)} places")]
    edges = _Edges(table)
    in_full = len(changes) <= _ROWS_IN_FULL
    return [
        about(
            sign,
            [of_row[row] for row in run],
            ["layers"],
            _facts(table, run, blocks, sign, in_full=in_full),
            remark=edges.place(run),
        )
        for run in found
    ]


def _facts(
    table: LayerTable, run: Sequence[int], blocks: Blocks, sign: str, *, in_full: bool
) -> list[Fact]:
    layers = [table.layers[row] for row in run]
    if len(run) == 1:
        return _told(_portrait(layers[0]).current)
    told, same = blocks.unpaired(layers, SIGNS[sign]), _repeats(table, run)
    facts = _told(", ".join(filter(None, (told, same))))
    if in_full and not same:
        return [*facts, *map(_portrait, layers)]
    return [*facts, *_make_up(layers)]


def _told(text: str) -> list[Fact]:
    return [Fact("", text)] if text else []


def _repeats(table: LayerTable, run: Sequence[int]) -> str:
    """That a run is a block which stands beside it, once more or several times."""
    looks = [_look(layer) for layer in table.layers]
    start, stop = run[0], run[-1] + 1
    for period in range(2, len(run) + 1):
        if len(run) % period:
            continue
        if looks[start - period : stop - period] == looks[start:stop] and start >= period:
            twin = table.layers[start - period : start]
        elif looks[start + period : stop + period] == looks[start:stop]:
            twin = table.layers[stop : stop + period]
        else:
            continue
        names = listed([layer.layer_name for layer in twin])
        return f"{'each ' if len(run) > period else ''}the same as {names}"
    return ""


def _look(layer: Layer) -> tuple[str, str, str]:
    return layer.layer_type, layer.layer_attributes, layer.output_shape


def _of_rows(table: LayerTable, changes: Sequence[Change]) -> dict[int, Change]:
    """The changes by the places of their rows in the table."""
    places = {id(layer): place for place, layer in enumerate(table)}
    return {places[id(change.recorded_row or change.current_row)]: change for change in changes}


def _portrait(layer: Layer) -> Fact:
    """A layer in a line."""
    shapes = layer.output_shape
    if layer.input_shape != layer.output_shape:
        shapes = f"{cut(layer.input_shape)} → {cut(layer.output_shape)}"
    parts = [shapes] if shapes else []
    if layer.parameters:
        frozen = "" if layer.is_trainable else ", frozen"
        parts.append(f"{layer.parameters:,} parameters{frozen}")
    return Fact(f"{layer.layer_name} ({layer.layer_type})", ", ".join(parts))


def _make_up(layers: Sequence[Layer]) -> list[Fact]:
    """Many layers in a line."""
    types = Counter(layer.layer_type for layer in layers)
    parts = [f"{count} {kind}" for kind, count in types.most_common(_TYPES) if len(types) > 1]
    if len(types) > _TYPES:
        named = sum(count for _, count in types.most_common(_TYPES))
        parts.append(f"{len(layers) - named} others")
    if parameters := sum(layer.parameters for layer in layers):
        parts.append(f"{parameters:,} parameters")
    return [Fact("", ", ".join(parts))] if parts else []


class _Edges:
    """Who feeds whom in one table."""

    __slots__ = ("_consumers", "_table")

    def __init__(self, table: LayerTable) -> None:
        self._table = table
        self._consumers: dict[str, list[str]] = defaultdict(list)
        for layer in table:
            for feed in _feeds(layer):
                self._consumers[feed].append(layer.layer_name)

    def place(self, run: Sequence[int]) -> str:
        """Where a run of rows stands: ``between conv1 and pool1``."""
        layers = [self._table.layers[row] for row in run]
        if any(layer.inbound_layers == UNKNOWN_EDGES for layer in layers):
            return f"after {self._table.layers[run[0] - 1].layer_name}" if run[0] else ""
        inside = {layer.layer_name for layer in layers}
        feeds = dict.fromkeys(feed for layer in layers for feed in _feeds(layer))
        fed = dict.fromkeys(name for each in layers for name in self._consumers[each.layer_name])
        before = [feed for feed in feeds if feed not in inside]
        after = [name for name in fed if name not in inside]
        if before and after:
            return f"between {listed(before)} and {listed(after)}"
        if before:
            return f"after {listed(before)}"
        return f"before {listed(after)}" if after else ""


def _feeds(layer: Layer) -> list[str]:
    """The paths that feed a row."""
    return [Reference.parse(reference).path for call in layer.calls for reference in call]
