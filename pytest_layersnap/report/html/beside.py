"""Both networks as stages beside each other, and what has happened to the blocks in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_layersnap.comparison.sequences import ascending
from pytest_layersnap.flows.model import Block, Repeat, Stage
from pytest_layersnap.flows.stages import flow
from pytest_layersnap.flows.text import repeat_text
from pytest_layersnap.scope import CATEGORIES

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison
    from pytest_layersnap.report.html.rows import Row

#: By the identity of a layer, the row of the report that shows it.
_Rows = Mapping[int, "Row"]
_Beside = tuple[Stage | None, Stage | None]


@dataclass(frozen=True, slots=True)
class Line:
    """Blocks that look alike and to which the same has happened.

    Args:
        kind: what that is; empty if nothing has.
        text: what the blocks look like.
        notes: what else there is to say: that they are frozen, and what the change falls under.
        rows: their rows.
    """

    kind: str
    text: str
    notes: tuple[str, ...]
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Panel:
    """A stage of one of the networks.

    Args:
        name: what it is called.
        shape: what it gives.
        is_apart: whether no stage before it feeds it.
        lines: its blocks.
    """

    name: str
    shape: str
    is_apart: bool
    lines: tuple[Line, ...]

    @property
    def is_calm(self) -> bool:
        """Whether nothing has happened in it."""
        return not any(line.kind for line in self.lines)


def panels(drift: Comparison, found: Sequence[Row]) -> dict[str, list[Panel | None]]:
    """By its name, each network as stages; only the current one where nothing has drifted.

    Those of both are equally many: what stands at the same place belongs together, None is a gap.

    Args:
        drift: whose networks.
        found: the rows of the report.
    """
    current_stages = flow(drift.current).stages
    current = {id(row.current): row for row in found if row.current}
    if not drift:
        return {"Current": [_panel(stage, current) for stage in current_stages]}
    recorded_stages = flow(drift.recorded).stages
    recorded = {id(row.recorded): row for row in found if row.recorded}
    beside = list(_beside(recorded_stages, current_stages, recorded, current))
    return {
        "Recorded": [_panel(stage, recorded) if stage else None for stage, _ in beside],
        "Current": [_panel(stage, current) if stage else None for _, stage in beside],
    }


def follows(column: Sequence[Panel | None], at: int) -> bool:
    """Whether a line goes on from this place of a network to its next stage."""
    after = next((panel for panel in column[at + 1 :] if panel), None)
    return after is not None and not after.is_apart and any(column[: at + 1])


def _beside(
    recorded_stages: Sequence[Stage],
    current_stages: Sequence[Stage],
    recorded: _Rows,
    current: _Rows,
) -> Iterator[_Beside]:
    """Stages that share most of their rows beside each other, in the order of both networks."""
    stage_of = {
        recorded[id(row)].number: at
        for at, stage in enumerate(recorded_stages)
        for row in stage.rows
    }
    pairs: list[tuple[int, int]] = []
    for at, stage in enumerate(current_stages):
        numbers = (current[id(row)].number for row in stage.rows)
        shared = Counter(stage_of[number] for number in numbers if number in stage_of)
        pairs += [(best, at) for best, _ in shared.most_common(1)]
    in_order = [pairs[place] for place in ascending([best for best, _ in pairs])]
    left = right = 0
    for best, at in [*in_order, (len(recorded_stages), len(current_stages))]:
        yield from ((stage, None) for stage in recorded_stages[left:best])
        yield from ((None, stage) for stage in current_stages[right:at])
        if best < len(recorded_stages):
            yield recorded_stages[best], current_stages[at]
        left, right = best + 1, at + 1


def _panel(stage: Stage, row_of: _Rows) -> Panel:
    states = [(block, _state(_rows(block, row_of))) for block in stage.blocks]
    groups = groupby(states, lambda told: (told[0].look, told[1]))
    lines = (_line([block for block, _ in told], row_of) for _, told in groups)
    return Panel(stage.name, stage.output_shape, stage.is_apart, tuple(lines))


def _line(blocks: Sequence[Block], row_of: _Rows) -> Line:
    found = [row for block in blocks for row in _rows(block, row_of)]
    kind, categories = _state(found)
    is_frozen = blocks[0].parameters and not any(block.trainable_parameters for block in blocks)
    notes = (*(("frozen",) if is_frozen else ()), *(categories if kind != "added" else ()))
    return Line(kind, repeat_text(Repeat(tuple(blocks))), notes, tuple(found))


def _rows(block: Block, row_of: _Rows) -> list[Row]:
    return [row_of[id(layer)] for layer in block.rows]


def _state(found: Iterable[Row]) -> tuple[str, tuple[str, ...]]:
    """What has happened to rows taken together, and under which categories it falls."""
    kinds = {row.change.kind if row.change else "" for row in found}
    categories = frozenset().union(*(row.categories for row in found))
    named = tuple(name for name in CATEGORIES if name in categories)
    if not named:
        return "", ()
    if kinds in ({"added"}, {"removed"}, {"renamed"}, {"moved"}):
        return kinds.pop(), ()
    return ("rewired" if named == ("topology",) else "changed"), named
