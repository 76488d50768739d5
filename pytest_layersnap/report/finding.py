"""What a report is made of, before it is set in any format."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.report.words import named
from pytest_layersnap.scope import CATEGORIES
from pytest_layersnap.table import Layer

#: What hurts most comes first: inputs and outputs, weights that no longer fit, trainability, the rest.
MODEL = 0
_WEIGHTS, _TRAINABILITY, _REST = 1, 2, 3
#: What merely follows from something else comes last.
FOLLOWING = 99


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a finding: ``label  recorded → current`` (or only ``current``), and a remark.

    ``beside`` is set in a line that only says how many others there are.
    """

    label: str
    current: str
    recorded: str | None = None
    remark: str = ""
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that happened to a layer, or in the same way to several.

    Args:
        sign: ``+`` added, ``-`` removed, ``~`` changed, ``=`` renamed, ``>`` moved.
        layers: which, in words.
        remark: what else to say about them as a whole.
        facts: what changed about them.
        gravity: its place in the report; the smaller, the more it hurts.
        rows: the rows that it is about, as they are now; removed ones as they were.
        categories: the categories of what it tells.
    """

    sign: str
    layers: str
    remark: str = ""
    facts: tuple[Fact, ...] = ()
    gravity: int = MODEL
    rows: tuple[Layer, ...] = ()
    categories: frozenset[str] = frozenset()


def about(
    sign: str,
    changes: Sequence[Change],
    categories: Iterable[str],
    facts: Iterable[Fact] = (),
    *,
    remark: str = "",
    gravity: int | None = None,
) -> Finding:
    """A finding about the rows of these changes, as grave as the worst of them if nothing is said."""
    rows = tuple(row for change in changes if (row := change.current_row or change.recorded_row))
    if gravity is None:
        gravity = _gravity(changes)
    return Finding(sign, named(rows), remark, tuple(facts), gravity, rows, frozenset(categories))


def lines(findings: Iterable[Finding]) -> int:
    """How many lines findings take."""
    return sum(1 + len(finding.facts) for finding in findings)


def _gravity(changes: Sequence[Change]) -> int:
    """The place of a finding about these changes, by the worst that they hold."""
    if any(_touches_weights(change) for change in changes):
        return _WEIGHTS
    categories = frozenset().union(*(change.categories for change in changes))
    if "trainability" in categories:
        return _TRAINABILITY
    return _REST + min(map(CATEGORIES.index, categories), default=len(CATEGORIES))


def _touches_weights(change: Change) -> bool:
    if change.kind in ("added", "removed"):
        row = change.current_row or change.recorded_row
        return row is not None and row.parameters > 0
    return not {"weight_shapes", "parameters"}.isdisjoint(change.fields)
