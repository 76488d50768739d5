"""The smallest explanation of two tables: rows paired in sequence, or along the edges of the graph.

Many rows look alike where blocks repeat and paths are parallel, and one edit may shuffle their order.
Paired in sequence, such rows seem to have changed or moved by the dozen; paired along the edges they
keep their places.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Hashable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import islice

from pytest_layersnap.comparison.align import (
    Alignment,
    Rows,
    align,
    alignment,
    cost,
    finish,
    prepared,
)
from pytest_layersnap.comparison.edges import Rewiring, rewiring
from pytest_layersnap.comparison.neighbours import (
    INPUTS,
    OUTPUTS,
    Network,
    pairs_on_graph,
    settled,
)
from pytest_layersnap.table import LayerTable

#: So many exchanges of partners are tried, and so many rows judged again for them, at most.
_EXCHANGES = 40
_ROWS_JUDGED = 10_000


@dataclass(frozen=True, slots=True)
class Explanation:
    """How two tables hang together: which row is which, and what their edges say."""

    alignment: Alignment
    edges: Rewiring


def explain(recorded: LayerTable, current: LayerTable) -> Explanation:
    """Pair the rows of two tables and judge their edges, with as few findings as possible.

    Going back is told by the same pairs as going there.
    """
    if _is_later(recorded, current):
        return _mirrored(_explain(current, recorded), recorded, current)
    return _explain(recorded, current)


def _is_later(recorded: LayerTable, current: LayerTable) -> bool:
    """Whether the tables stand in the other order than the one in which they are always compared."""
    if len(recorded) != len(current):
        return len(recorded) > len(current)
    rows = zip(recorded.rows(), current.rows(), strict=True)
    return next((old > new for old, new in rows if old[:-1] != new[:-1]), False)


def _mirrored(found: Explanation, recorded: LayerTable, current: LayerTable) -> Explanation:
    there = found.alignment
    back = {new: old for old, new in there.pairs}

    def nodes(rows: frozenset[int]) -> frozenset[int]:
        return frozenset(back[row] for row in rows)

    alignment = Alignment(
        pairs=tuple(sorted(((new, old) for old, new in there.pairs), key=lambda pair: pair[1])),
        removed=there.added,
        added=there.removed,
        displaced=nodes(there.displaced),
        renamed=nodes(there.renamed),
    )
    return Explanation(alignment, Rewiring(nodes(found.edges.moved), nodes(found.edges.rewired)))


def _explain(recorded: LayerTable, current: LayerTable) -> Explanation:
    before, after = prepared(recorded, current)

    def explained(paired: Alignment) -> Explanation:
        return Explanation(paired, rewiring(recorded, current, paired))

    found = explained(align(before, after))
    if not (recorded.has_topology and current.has_topology) or _is_least(before, after, found):
        return found
    networks = Network(before), Network(after)
    ways = (pairs_on_graph(*networks, first) for first in (INPUTS, OUTPUTS))
    others = [explained(finish(before, after, pairs)) for pairs in ways]
    best = min([found, *others], key=lambda each: _cost(before, after, each))
    pairs = settled(*networks, best.alignment.pairs)
    if {*pairs} != {*best.alignment.pairs}:
        other = explained(alignment(before, after, pairs))
        best = min([other, best], key=lambda each: _cost(before, after, each))
    tries = min(_EXCHANGES, _ROWS_JUDGED // len(current))
    while tries > 0:
        found = best
        for pairs in islice(_others(before, networks[1], found), tries):
            tries -= 1
            best = explained(alignment(before, after, pairs))
            if _cost(before, after, best) < _cost(before, after, found):
                break
        else:
            return found
    return best


def _others(before: Rows, network: Network, found: Explanation) -> Iterator[list[tuple[int, int]]]:
    """Pairs that may leave less to tell: what is gone and new and equal made one, partners exchanged."""
    after, pairs = network.rows, found.alignment.pairs
    gone = {before.key(old): old for old in reversed(found.alignment.removed)}
    for new in found.alignment.added:
        if after.key(new) in gone:
            yield [*pairs, (gone[after.key(new)], new)]
    is_now = {new: after.key(new) for _, new in pairs}
    was = {new: before.key(old) for old, new in pairs}
    told = found.edges.moved | found.edges.rewired
    for start, suits in _exchanges(network, told, is_now, was):
        partners = {new: old for old, new in pairs}
        for one, two in _side_by_side(network, *start):
            if not {one, two} <= partners.keys() or not suits(one, two):
                break
            partners[one], partners[two] = partners[two], partners[one]
        yield [(old, new) for new, old in partners.items()]


def _exchanges(
    network: Network,
    told: Set[int],
    is_now: Mapping[int, Hashable],
    was: Mapping[int, Hashable],
) -> Iterator[tuple[tuple[int, int], Callable[[int, int], bool]]]:
    """Rows that may exchange their partners, near those of which the edges tell something.

    With them what asks whether further rows, which they feed, suit as well: first rows that look
    alike, then changed rows one of which is what the other was.
    """

    def near(rows: Collection[int]) -> list[int]:
        return sorted({*rows}.union(*map(network.near, rows)) & was.keys())

    def are_alike(one: int, two: int) -> bool:
        return (is_now[one], was[one]) == (is_now[two], was[two])

    def are_crossed(one: int, two: int) -> bool:
        if is_now[one] == was[one] or is_now[two] == was[two]:
            return False
        return is_now[one] == was[two] or is_now[two] == was[one]

    beside = near(told)
    alike, before = defaultdict(list), defaultdict(list)
    for row in near(beside):
        alike[is_now[row], was[row]].append(row)
    for row in beside:
        before[was[row]].append(row)
    for row in sorted(told):
        for other in alike[is_now[row], was[row]]:
            if other != row and not (other in told and other < row):
                yield (row, other), are_alike
    for row in beside:
        for other in before[is_now[row]]:
            if are_crossed(row, other):
                yield (row, other), are_crossed


def _side_by_side(network: Network, one: int, two: int) -> Iterator[tuple[int, int]]:
    """Two rows, and what they feed, as long as that is one row each and no row comes twice."""
    met: set[int] = set()
    while met.isdisjoint({one, two}) and one != two:
        yield one, two
        met |= {one, two}
        behind, beside = network.follower(one), network.follower(two)
        if behind is None or beside is None:
            return
        one, two = behind, beside


def _is_least(before: Rows, after: Rows, found: Explanation) -> bool:
    """Whether no other pairing could leave fewer rows to be explained: so many are new, or gone."""
    old, new = Counter(before.bodies), Counter(after.bodies)
    return _told(before, after, found) == max((old - new).total(), (new - old).total())


def _cost(before: Rows, after: Rows, found: Explanation) -> float:
    return cost(before, after, found.alignment, len(found.edges.moved | found.edges.rewired))


def _told(before: Rows, after: Rows, found: Explanation) -> int:
    """How many rows an explanation has something to say about."""
    told = found.edges.moved | found.edges.rewired | found.alignment.renamed
    told |= {new for old, new in found.alignment.pairs if before.bodies[old] != after.bodies[new]}
    return len(told) + len(found.alignment.added) + len(found.alignment.removed)
