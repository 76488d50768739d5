"""The network drawn as stages and blocks, recorded beside current; what changed is marked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from pytest_layersnap.compare.align import ascending
from pytest_layersnap.compare.changes import CATEGORIES
from pytest_layersnap.flow.model import Block, Repeat, Stage
from pytest_layersnap.flow.stages import flow
from pytest_layersnap.flow.text import repeat_text
from pytest_layersnap.report.html.markup import Html, tag
from pytest_layersnap.report.html.rows import sign

if TYPE_CHECKING:
    from pytest_layersnap.compare.drift import Drift
    from pytest_layersnap.report.html.rows import Row

#: By the identity of a layer, the row of the report that shows it.
_Rows = Mapping[int, "Row"]
_Beside = tuple[Stage | None, Stage | None]


def drawing(drift: Drift, found: Sequence[Row]) -> Html:
    """Both networks as stages beside each other; only one where nothing has drifted.

    Args:
        drift: whose networks.
        found: the rows of the report, to which the blocks lead.
    """
    old = flow(drift.recorded).stages if drift else ()
    new = flow(drift.current).stages
    sides = (
        {id(row.recorded): row for row in found if row.recorded},
        {id(row.current): row for row in found if row.current},
    )
    beside: list[_Beside] = list(_beside(old, new, *sides)) if drift else [(None, s) for s in new]
    shown = (0, 1) if drift else (1,)
    names = ("Recorded", "Current")
    columns = [_column([stages[side] for stages in beside], sides[side]) for side in shown]
    return tag(
        "table",
        tag("caption", "Stages and blocks, in the order in which data flows", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", names[side], scope="col") for side in shown))),
        tag("tbody", *(tag("tr", *cells) for cells in zip(*columns, strict=True))),
        class_="network",
    )


def _beside(
    old: Sequence[Stage], new: Sequence[Stage], recorded: _Rows, current: _Rows
) -> Iterator[_Beside]:
    """Stages that share most of their rows beside each other, in the order of both networks."""
    stage_of = {recorded[id(row)].number: at for at, stage in enumerate(old) for row in stage.rows}
    pairs: list[tuple[int, int]] = []
    for at, stage in enumerate(new):
        numbers = (current[id(row)].number for row in stage.rows)
        shared = Counter(stage_of[number] for number in numbers if number in stage_of)
        pairs += [(best, at) for best, _ in shared.most_common(1)]
    in_order = [pairs[place] for place in ascending([best for best, _ in pairs])]
    left = right = 0
    for best, at in [*in_order, (len(old), len(new))]:
        yield from ((stage, None) for stage in old[left:best])
        yield from ((None, stage) for stage in new[right:at])
        if best < len(old):
            yield old[best], new[at]
        left, right = best + 1, at + 1


def _column(stages: Sequence[Stage | None], row_of: _Rows) -> list[Html]:
    """The stages of one side as cells, and a line from each to the next that it feeds."""
    cells = []
    for at, stage in enumerate(stages):
        after = next((other for other in stages[at + 1 :] if other), None)
        goes_on = after is not None and not after.is_apart and any(stages[: at + 1])
        shown = tag("span", "–", class_="unseen") if stage is None else _box(stage, row_of)
        cells.append(tag("td", shown, class_="on" if goes_on else None))
    return cells


def _box(stage: Stage, row_of: _Rows) -> Html:
    title = tag("p", tag("code", stage.name), " ", tag("code", stage.output_shape, class_="shape"))
    states = [(block, _state(_rows(block, row_of))) for block in stage.blocks]
    groups = groupby(states, lambda told: (told[0].look, told[1]))
    items = (_entry([block for block, _ in told], row_of) for _, told in groups)
    is_calm = not any(kind for _, (kind, _) in states)
    return tag("div", title, tag("ul", *items), class_="stage calm" if is_calm else "stage")


def _entry(blocks: Sequence[Block], row_of: _Rows) -> Html:
    """Blocks that look alike and to which the same has happened, with a link to their rows."""
    found = [row for block in blocks for row in _rows(block, row_of)]
    kind, categories = _state(found)
    is_frozen = blocks[0].parameters and not any(block.trainable_parameters for block in blocks)
    notes = [*(["frozen"] if is_frozen else []), *(categories if kind != "added" else [])]
    link = tag(
        "a",
        repeat_text(Repeat(tuple(blocks))),
        href=f"#{found[0].anchor}",
        data_rows=_ranges(row.number for row in found),
    )
    return tag(
        "li",
        sign(kind) if kind else None,
        link,
        " ",
        tag("span", ", ".join(notes), class_="tags") if notes else None,
        class_=kind or None,
    )


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


def _ranges(numbers: Iterable[int]) -> str:
    """Numbers in short: ``4-9 12``."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and runs[-1][1] + 1 == number:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return " ".join(f"{a}-{b}" if a < b else str(a) for a, b in runs)
