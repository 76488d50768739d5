"""What a comparison reports, held against what was done."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from random import Random
from types import ModuleType

from benchmarks.true_edits.edits import EDITS, Edit, NotHereError
from benchmarks.true_edits.networks import drawn
from benchmarks.true_edits.plans import Built, Uid, built
from pytest_layersnap.comparison.changes import Change, find_changes
from pytest_layersnap.comparison.edges import Rewiring
from pytest_layersnap.comparison.explain import Explanation
from pytest_layersnap.comparison.names import stems
from pytest_layersnap.comparison.paired import Alignment
from pytest_layersnap.table import Layer, LayerTable

#: An edit that fits nowhere, or gives what Keras takes not, is tried again; then another network is drawn.
_TRIES = 8
#: What is about edges: of two rows that passed each other either may be told, of an edge either end.
_EDGES = frozenset({"order", "topology"})


@dataclass(frozen=True, slots=True)
class Case:
    """A network before and after, and what happened.

    Args:
        network: what network it is.
        edits: what was done, by name.
        recorded: its table before.
        current: its table after.
        truth: the changes that were made, and those that follow from them.
    """

    network: str
    edits: tuple[str, ...]
    recorded: LayerTable
    current: LayerTable
    truth: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a report compares with the truth.

    Args:
        right: whether it tells the same, of the same rows or of such that nothing tells apart.
        smaller: whether it tells less than was done, and as truly.
        told: how many rows it tells of.
        done: how many rows the edit concerns.
        seconds: what comparing took.
    """

    right: bool
    smaller: bool
    told: int
    done: int
    seconds: float


def case(keras: ModuleType, seed: int, count: int = 1) -> Case:
    """A case of so many edits, which follow from the seed."""
    chance = Random(seed)
    while True:
        network, plan = drawn(chance)
        before = built(keras, plan)
        found = _edited(keras, before, chance, count)
        if found is not None and found[1].table.layers != before.table.layers:
            names, after, moved, rewired = found
            truth = _truth(before, after, moved, rewired)
            return Case(network, names, before.table, after.table, truth)


def _edited(
    keras: ModuleType, before: Built, chance: Random, count: int
) -> tuple[tuple[str, ...], Built, frozenset[Uid], frozenset[Uid]] | None:
    now, names = before, []
    moved, rewired = frozenset[Uid](), frozenset[Uid]()
    for _ in range(count):
        name = chance.choice([*EDITS])
        for _ in range(_TRIES):
            try:
                edit: Edit = EDITS[name](now, chance)
                after = built(keras, edit.plan)
            except NotHereError:
                return None
            except Exception:  # Keras takes no such network
                continue
            now = after
            break
        else:
            return None
        names.append(name)
        moved, rewired = moved | edit.moved, rewired | edit.rewired
    return tuple(names), now, moved, rewired


def _truth(
    before: Built, after: Built, moved: frozenset[Uid], rewired: frozenset[Uid]
) -> tuple[Change, ...]:
    """The changes between two tables, where it is known which row is which."""
    was = {uid: row for row, uid in enumerate(before.uids)}
    now = {uid: row for row, uid in enumerate(after.uids)}
    both = [uid for uid in after.uids if uid in was]
    alignment = Alignment(
        pairs=tuple((was[uid], now[uid]) for uid in both),
        removed=tuple(row for uid, row in was.items() if uid not in now),
        added=tuple(row for uid, row in now.items() if uid not in was),
        displaced=frozenset(),
        renamed=frozenset(),
    )
    edges = Rewiring(
        frozenset(now[uid] for uid in both if uid in moved),
        frozenset(now[uid] for uid in both if uid in rewired),
    )
    changes = find_changes(before.table, after.table, Explanation(alignment, edges))
    return tuple(changes)


def judged(given: Case, explain: Callable[[LayerTable, LayerTable], tuple[Change, ...]]) -> Verdict:
    """What a way of comparing makes of a case."""
    start = time.process_time()
    told = explain(given.recorded, given.current)
    seconds = time.process_time() - start
    names = [
        dict(zip((row.layer_name for row in table), stems(table), strict=True))
        for table in (given.recorded, given.current)
    ]
    report, truth = (
        Counter(_said(change, names) for change in it if change.categories - _EDGES)
        for it in (told, given.truth)
    )
    on_edges = [
        sum(not _EDGES.isdisjoint(change.categories) for change in it) for it in (told, given.truth)
    ]
    right = report == truth and on_edges[0] <= on_edges[1]
    unlike = [_unlike(it) for it in (told, given.truth)]
    smaller = len(told) < len(given.truth) and unlike[0] <= unlike[1]
    return Verdict(right, smaller, len(told), len(given.truth), seconds)


def _unlike(changes: tuple[Change, ...]) -> Counter[Hashable]:
    """The pairs of changed rows that are of two types."""
    return Counter(
        (change.recorded_row.layer_type, change.current_row.layer_type)
        for change in changes
        if change.recorded_row
        and change.current_row
        and change.recorded_row.layer_type != change.current_row.layer_type
    )


def _said(change: Change, names: list[dict[str, str]]) -> Hashable:
    """All that a change says of its row alone, without numbers that Keras gave."""
    rows = change.recorded_row, change.current_row
    return (
        change.categories - _EDGES,
        *(row and _body(row, stem) for row, stem in zip(rows, names, strict=True)),
    )


def _body(row: Layer, names: dict[str, str]) -> Hashable:
    return replace(row, layer_name=names[row.layer_name], inbound_layers="[]", model="")
