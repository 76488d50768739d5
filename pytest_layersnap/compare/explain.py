"""The smallest explanation of two tables: rows paired in sequence, or along the edges of the graph.

Networks with parallel paths of equal layers have many rows that look alike, and one edge that leads
elsewhere shuffles their order. Paired in sequence, such rows seem to be rewired by the dozen; paired
along the edges, from the outputs back, they keep their places.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from pytest_layersnap.compare.align import Alignment, Rows, align, finish, prepared
from pytest_layersnap.compare.edges import Rewiring, rewiring
from pytest_layersnap.references import Reference
from pytest_layersnap.table import LayerTable

#: A place among the arguments of a row: which call, which argument, and call and output of the tensor.
_Place = tuple[int, int, int, int]


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
    alignment = align(recorded, current)
    found = Explanation(alignment, rewiring(recorded, current, alignment))
    if len(found.edges.rewired) < 2 or not (recorded.has_topology and current.has_topology):
        return found
    before, after = prepared(recorded, current)
    walked = finish(before, after, _along_edges(recorded, current, before, after, alignment))
    other = Explanation(walked, rewiring(recorded, current, walked))
    return min(found, other, key=lambda each: _findings(before, after, each))


def _findings(before: Rows, after: Rows, found: Explanation) -> int:
    """How many rows an explanation has something to say about."""
    told = found.edges.moved | found.edges.rewired | found.alignment.renamed
    told |= {new for old, new in found.alignment.pairs if before.bodies[old] != after.bodies[new]}
    return len(told) + len(found.alignment.added) + len(found.alignment.removed)


def _along_edges(
    recorded: LayerTable,
    current: LayerTable,
    before: Rows,
    after: Rows,
    alignment: Alignment,
) -> list[tuple[int, int]]:
    """Pairs of rows that look alike and feed, or are fed by, rows that are pairs."""
    old_edges, new_edges = _Edges(recorded), _Edges(current)
    in_sequence = {new: old for old, new in alignment.pairs}
    seen = (
        Counter(map(before.key, range(len(recorded)))),
        Counter(map(after.key, range(len(current)))),
    )
    old_of = {
        new: old
        for new, old in in_sequence.items()
        if not after.is_auto(new)
        or (before.key(old) == after.key(new) and max(c[after.key(new)] for c in seen) == 1)
    }
    taken = set(old_of.values())

    def pair(new: int, votes: Counter[int]) -> None:
        fitting = [old for old in votes if old not in taken and before.key(old) == after.key(new)]
        if fitting:
            old = max(fitting, key=lambda old: (votes[old], -abs(old - in_sequence.get(new, new))))
            old_of[new] = old
            taken.add(old)

    for new in reversed(range(len(current))):
        if new in old_of:
            continue
        if not new_edges.consumers[new]:
            pair(new, Counter([in_sequence[new]] if new in in_sequence else []))
            continue
        consumers = [
            (old_of[row], place) for row, place in new_edges.consumers[new] if row in old_of
        ]
        pair(
            new,
            Counter(old_edges.feeds[row][p] for row, p in consumers if p in old_edges.feeds[row]),
        )
    for new in range(len(current)):
        if new not in old_of:
            feeds = [(p, old_of[row]) for p, row in new_edges.feeds[new].items() if row in old_of]
            pair(
                new,
                Counter(row for p, feed in feeds for row, q in old_edges.consumers[feed] if p == q),
            )
    return [(old, new) for new, old in old_of.items()]


class _Edges:
    """Which row feeds which, at which place."""

    __slots__ = ("consumers", "feeds")

    def __init__(self, table: LayerTable) -> None:
        rows = {layer.layer_name: row for row, layer in reversed(list(enumerate(table)))}
        self.feeds: list[dict[_Place, int]] = []
        self.consumers: dict[int, list[tuple[int, _Place]]] = defaultdict(list)
        for row, layer in enumerate(table):
            feeds: dict[_Place, int] = {}
            for number, call in enumerate(layer.calls):
                for argument, reference in enumerate(call):
                    path, of_call, output = Reference.parse(reference)
                    if path in rows:
                        place = number, argument, of_call, output
                        feeds[place] = rows[path]
                        self.consumers[rows[path]].append((row, place))
            self.feeds.append(feeds)
