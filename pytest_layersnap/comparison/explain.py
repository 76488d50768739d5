"""The smallest explanation of two tables: rows paired in sequence, or along the edges of the graph.

Many rows look alike where blocks repeat and paths are parallel, and one edit may shuffle their order.
Paired in sequence, such rows seem to have changed or moved by the dozen; paired along the edges they
keep their places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
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
from pytest_layersnap.comparison.neighbours import INPUTS, OUTPUTS, Network, pairs_on_graph
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
    tries = min(_EXCHANGES, _ROWS_JUDGED // len(current))
    while tries > 0:
        found = best
        for pairs in islice(_exchanges(before, networks[1], found), tries):
            tries -= 1
            best = explained(alignment(before, after, pairs))
            if _cost(before, after, best) < _cost(before, after, found):
                break
        else:
            return found
    return best


def _exchanges(
    before: Rows, network: Network, found: Explanation
) -> Iterator[list[tuple[int, int]]]:
    """The pairs with the partners of two rows exchanged of which the edges tell something.

    What they feed goes along with them, as far as it is alike.
    """
    told = found.edges.moved | found.edges.rewired
    partners = {new: old for old, new in found.alignment.pairs}

    def key(row: int) -> Hashable:
        return network.rows.key(row), before.key(partners[row])

    for row in sorted(told):
        near = network.near(row)
        others = told.union(near, *map(network.near, near)) & partners.keys()
        for other in sorted(others):
            if other == row or (other in told and other < row) or key(other) != key(row):
                continue
            exchanged = dict(partners)
            for one, two in _side_by_side(network, row, other):
                if not {one, two} <= partners.keys() or key(one) != key(two):
                    break
                exchanged[one], exchanged[two] = partners[two], partners[one]
            yield [(old, new) for new, old in exchanged.items()]


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
