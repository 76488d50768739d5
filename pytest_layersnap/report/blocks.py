"""Rows told as stages and blocks of their network, where they are exactly that."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from pytest_layersnap.report.runs import runs

if TYPE_CHECKING:
    from pytest_layersnap.flows.model import Stage
    from pytest_layersnap.table import Layer, LayerTable

#: So many phrases make a remark, and so many stages a line.
_PHRASES = 3
_STAGES = 8


@dataclass(frozen=True, slots=True)
class _Part:
    """A stage of a network, or some of its blocks: which, of how many."""

    number: int
    name: str
    blocks: tuple[int, ...]
    of: int

    @property
    def is_whole(self) -> bool:
        return len(self.blocks) == self.of


class Blocks:
    """The stages and blocks of one table, found when the first rows are asked for."""

    def __init__(self, table: LayerTable) -> None:
        """Ask nothing yet."""
        self._table = table

    def remark(self, rows: Sequence[Layer], *, flagged: bool) -> str:
        """Where rows are: ``the last 2 of 6 blocks of conv4_x, all of conv5_x``.

        Args:
            rows: rows of the table.
            flagged: whether it is about a flag, which inputs and operations have not.

        Returns:
            Empty where the rows are not exactly some stages and blocks.
        """
        inside = {self._places[id(row)] for row in rows}
        if _are_scattered(inside):
            return ""
        parts = self._parts(inside, flagged=flagged)
        if len(parts) == len(self._stages) and all(part.is_whole for part in parts):
            return "the whole network"
        phrases = [_phrase(run) for run in _runs(parts)]
        return ", ".join(phrases) if len(phrases) <= _PHRASES else ""

    def unpaired(self, rows: Sequence[Layer], kind: str) -> str:
        """What is new or gone: ``conv4_x: 17 blocks added, 23 in all``.

        Args:
            rows: rows of the table.
            kind: ``added`` or ``removed``.

        Returns:
            Empty where the rows are not exactly some stages and blocks.
        """
        inside = {self._places[id(row)] for row in rows}
        if _are_scattered(inside):
            return ""
        parts = self._parts(self._slid(inside), flagged=False)
        if len(parts) > _STAGES:
            return ""
        whole = [_span(run) for run in _runs(parts) if run[0].is_whole]
        told = [f"{' and '.join(whole)} {kind}"] if whole else []
        some = [part for part in parts if not part.is_whole]
        if len(some) == 1:
            told.append(_some(some[0], kind))
        elif some:
            counts = ", ".join(f"{len(part.blocks)} in {part.name}" for part in some)
            told.append(f"blocks {kind}: {counts}")
        return "; ".join(told)

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(layer): place for place, layer in enumerate(self._table)}

    @cached_property
    def _stages(self) -> tuple[Stage, ...]:
        from pytest_layersnap.flows.stages import flow

        return flow(self._table).stages

    def _parts(self, inside: set[int], *, flagged: bool) -> list[_Part]:
        """The stages and blocks that rows are; none where they are not exactly that.

        A layer alone, with its norm and activation, is no block to speak of: it is told with all of
        its stage, or not at all.
        """
        parts = []
        for number, stage in enumerate(self._stages):
            blocks, of, is_told = [], 0, True
            for block in stage.blocks:
                rows = [
                    self._places[id(row)] in inside
                    for row in block.rows
                    if row.has_flag or not flagged
                ]
                if any(rows) and not all(rows):
                    return []
                if any(rows):
                    blocks.append(of)
                    is_told = is_told and len(block.units) > 1
                of += bool(rows)
            part = _Part(number, stage.name, tuple(blocks), of)
            if not (is_told or part.is_whole):
                return []
            if blocks:
                parts.append(part)
        return parts

    def _slid(self, inside: set[int]) -> set[int]:
        """The rows, each run of them slid back to where a block begins, if it may stand there.

        Where equal blocks follow each other, nobody can tell which of them is new, nor whether it
        begins a few rows later.
        """
        looks = [(layer.layer_type, layer.output_shape) for layer in self._table]
        begins = {
            self._places[id(block.rows[0])] for stage in self._stages for block in stage.blocks
        }
        slid: set[int] = set()
        for start, stop in ((run.start, run.stop) for run in runs(inside)):
            back = 0
            while start - back not in begins and looks[start - back - 1] == looks[stop - back - 1]:
                back += 1
            if start - back not in begins:
                back = 0
            slid |= set(range(start - back, stop - back))
        return slid if len(slid) == len(inside) else inside


def _are_scattered(inside: set[int]) -> bool:
    """Whether rows stand apart, as those of a block never do; to find that by blocks costs much."""
    return 2 * len(runs(inside)) > len(inside)


def _runs(parts: Iterable[_Part]) -> list[list[_Part]]:
    """Stages as a whole that follow each other are one; others are alone."""
    runs: list[list[_Part]] = []
    for part in parts:
        last = runs[-1][-1] if runs else None
        if last and last.is_whole and part.is_whole and last.number == part.number - 1:
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _span(run: Sequence[_Part]) -> str:
    names = [part.name for part in run]
    return " and ".join(names) if len(names) < 3 else f"{names[0]} to {names[-1]}"


def _phrase(run: Sequence[_Part]) -> str:
    part, count = run[0], len(run[0].blocks)
    if part.is_whole:
        return f"all of {_span(run)}"
    among = f"of {part.of} blocks of {part.name}"
    if part.blocks == tuple(range(part.of - count, part.of)):
        return f"the last {among}" if count == 1 else f"the last {count} {among}"
    if part.blocks == tuple(range(count)):
        return f"the first {among}" if count == 1 else f"the first {count} {among}"
    return f"{count} {among}"


def _some(part: _Part, kind: str) -> str:
    count = len(part.blocks)
    if kind == "removed":
        return f"{part.name}: {count} of {part.of} blocks removed"
    return f"{part.name}: {count} block{'s' if count > 1 else ''} added, {part.of} in all"
