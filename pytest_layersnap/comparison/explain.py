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

from pytest_layersnap.comparison.align import align, finish
from pytest_layersnap.comparison.costs import cost
from pytest_layersnap.comparison.edges import Rewiring, rewiring
from pytest_layersnap.comparison.neighbours import (
    INPUTS,
    OUTPUTS,
    Network,
    crossed,
    pairs_on_graph,
    settled,
)
from pytest_layersnap.comparison.paired import Alignment, Rows, alignment, prepared
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
    return next((was > now for was, now in rows if was[:-1] != now[:-1]), False)


def _mirrored(found: Explanation, recorded: LayerTable, current: LayerTable) -> Explanation:
    there = found.alignment
    back = {partner: row for row, partner in there.pairs}

    def nodes(rows: frozenset[int]) -> frozenset[int]:
        return frozenset(back[row] for row in rows)

    alignment = Alignment(
        pairs=tuple(
            sorted(((partner, row) for row, partner in there.pairs), key=lambda pair: pair[1])
        ),
        removed=there.added,
        added=there.removed,
        displaced=nodes(there.displaced),
        renamed=nodes(there.renamed),
    )
    return Explanation(alignment, Rewiring(nodes(found.edges.moved), nodes(found.edges.rewired)))


def _explain(recorded: LayerTable, current: LayerTable) -> Explanation:
    sides = prepared(recorded, current)

    def explained(paired: Alignment) -> Explanation:
        return Explanation(paired, rewiring(recorded, current, paired))

    found = explained(align(*sides))
    if not (recorded.has_topology and current.has_topology) or _is_least(*sides, found):
        return found
    networks = Network(sides[0]), Network(sides[1])
    ways = (pairs_on_graph(*networks, first) for first in (INPUTS, OUTPUTS))
    others = [explained(finish(*sides, pairs)) for pairs in ways]
    best = min([found, *others], key=lambda each: _cost(*sides, each))
    pairs = settled(*networks, best.alignment.pairs)
    if {*pairs} != {*best.alignment.pairs}:
        other = explained(alignment(*sides, pairs))
        best = min([other, best], key=lambda each: _cost(*sides, each))
    tries = min(_EXCHANGES, _ROWS_JUDGED // len(current))
    while tries > 0:
        found = best
        for pairs in islice(_others(*networks, found), tries):
            tries -= 1
            best = explained(alignment(*sides, pairs))
            if _cost(*sides, best) < _cost(*sides, found):
                break
        else:
            return found
    return best


def _others(
    recorded: Network, current: Network, found: Explanation
) -> Iterator[list[tuple[int, int]]]:
    """Pairs that may leave less to tell: what is gone and new and equal made one, partners exchanged."""
    pairs, was_key, now_key = found.alignment.pairs, recorded.rows.key, current.rows.key
    gone = {was_key(row): row for row in reversed(found.alignment.removed)}
    for row in found.alignment.added:
        if now_key(row) in gone:
            yield [*pairs, (gone[now_key(row)], row)]
    for block in crossed(recorded, current, pairs):
        places = block | {two: one for one, two in block.items()}
        yield [(row, places.get(partner, partner)) for row, partner in pairs]
    is_now = {partner: now_key(partner) for _, partner in pairs}
    was = {partner: was_key(row) for row, partner in pairs}
    told = found.edges.moved | found.edges.rewired
    for start, suits in _exchanges(current, told, is_now, was):
        row_of = {partner: row for row, partner in pairs}
        for count, (one, two) in enumerate(_side_by_side(current, *start)):
            if not {one, two} <= row_of.keys() or not suits(one, two):
                break
            if count == 1:  # where the two alone changed places
                yield [(row, partner) for partner, row in row_of.items()]
            row_of[one], row_of[two] = row_of[two], row_of[one]
        yield [(row, partner) for partner, row in row_of.items()]


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
    alike, been = defaultdict(list), defaultdict(list)
    for row in near(beside):
        alike[is_now[row], was[row]].append(row)
    for row in beside:
        been[was[row]].append(row)
    for row in sorted(told):
        for other in alike[is_now[row], was[row]]:
            if other != row and not (other in told and other < row):
                yield (row, other), are_alike
    for row in beside:
        for other in been[is_now[row]]:
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


def _is_least(recorded: Rows, current: Rows, found: Explanation) -> bool:
    """Whether no other pairing could leave fewer rows to be explained: so many are new, or gone."""
    was, now = Counter(recorded.bodies), Counter(current.bodies)
    return _told(recorded, current, found) == max((was - now).total(), (now - was).total())


def _cost(recorded: Rows, current: Rows, found: Explanation) -> float:
    return cost(recorded, current, found.alignment, len(found.edges.moved | found.edges.rewired))


def _told(recorded: Rows, current: Rows, found: Explanation) -> int:
    """How many rows an explanation has something to say about."""
    told = found.edges.moved | found.edges.rewired | found.alignment.renamed
    told |= {
        partner
        for row, partner in found.alignment.pairs
        if recorded.bodies[row] != current.bodies[partner]
    }
    return len(told) + len(found.alignment.added) + len(found.alignment.removed)
