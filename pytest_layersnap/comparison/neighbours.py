"""Pairing the rows of two networks by what feeds them and what they feed.

What stands before an edit is fed as it was, what stands behind it feeds as it did. So rows are paired
from both ends, by numbers that stand for a row and all before it, or all behind it; from these pairs on
along the edges; and between two edits by what is around a row, far around it first.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from pytest_layersnap.comparison.align import fill, in_both
from pytest_layersnap.comparison.paired import Rows
from pytest_layersnap.references import Reference, holders, parent

#: The ends of a network: what is before a row, and what is behind it.
INPUTS: Final = 0
OUTPUTS: Final = 1

#: How many edges around a row are looked at between two edits.
_AROUND = 4
#: In how many places a row is tried that may have changed places with another.
_PLACES = 10

#: A place among the arguments of a row: which call, which argument, and call and output of the tensor.
_Place = tuple[int, int, int, int]
#: Where what stands inside of a row is fed by that row.
_INSIDE: _Place = (-1, 0, 0, 0)

#: For each row of a table something that tells it from others.
_Marks = Sequence[Hashable]


class Network:
    """A table, with what feeds its rows.

    Attributes:
        rows: the table.
        feeds: for each row what feeds it, by place.
        fed: for each row what it feeds, and at which place.
    """

    __slots__ = ("fed", "feeds", "rows")

    def __init__(self, rows: Rows) -> None:
        """The network of a table."""
        self.rows = rows
        self.feeds: list[dict[_Place, int]] = []
        self.fed: list[list[tuple[_Place, int]]] = [[] for _ in rows.layers]
        named = {layer.layer_name: row for row, layer in reversed([*enumerate(rows.layers)])}
        for row, layer in enumerate(rows.layers):
            feeds: dict[_Place, int] = {}
            for number, call in enumerate(layer.calls):
                for argument, reference in enumerate(call):
                    path, of_call, output = Reference.parse(reference)
                    if path in named:
                        feeds[number, argument, of_call, output] = named[path]
            above = parent(layer.layer_name)
            if not feeds and above in named:
                feeds[_INSIDE] = named[above]
            self.feeds.append(feeds)
            around = {*holders(layer.layer_name)}
            for place, feed in feeds.items():
                is_inside = rows.layers[feed].layer_name in around
                self.fed[feed].append((_INSIDE if is_inside else place, row))

    def next_to(self, row: int, end: int) -> Iterable[tuple[_Place, int]]:
        """What is next to a row towards an end, and at which place; not what is inside of it."""
        if end == INPUTS:
            return self.feeds[row].items()
        return [(place, other) for place, other in self.fed[row] if place != _INSIDE]

    def follower(self, row: int) -> int | None:
        """The row that a row feeds, if it is the only one."""
        return self.fed[row][0][1] if len(self.fed[row]) == 1 else None

    def near(self, row: int) -> set[int]:
        """What a row feeds, and what feeds it."""
        return {*self.feeds[row].values(), *(other for _, other in self.fed[row])}


@dataclass(frozen=True, slots=True)
class _Pairing:
    """Two networks, of which more and more rows are paired.

    Args:
        recorded: that of the snapshot.
        current: that of the model now.
        partners: of the recorded rows that have one.
        taken: the current rows that have one.
        fresh: pairs whose neighbours have not been looked at.
    """

    recorded: Network
    current: Network
    partners: dict[int, int] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    fresh: deque[tuple[int, int]] = field(default_factory=deque)

    def pair(self, pairs: Iterable[tuple[int, int]]) -> None:
        """Make pairs of rows that are in none."""
        for row, partner in pairs:
            if row not in self.partners and partner not in self.taken:
                self.partners[row] = partner
                self.taken.add(partner)
                self.fresh.append((row, partner))

    def pair_unique(self, recorded_marks: _Marks, current_marks: _Marks) -> None:
        """Pair rows whose marks no other row on their side has that is left."""
        self.pair(
            in_both(
                self._left(recorded_marks, range(len(recorded_marks)), self.partners),
                self._left(current_marks, range(len(current_marks)), self.taken),
            )
        )

    @staticmethod
    def _left(
        marks: _Marks, rows: Iterable[int], taken: Container[int]
    ) -> list[tuple[Hashable, int]]:
        """The marks of those of the rows that have one and are in no pair, with the rows."""
        return [
            (mark, row) for row in rows if row not in taken and (mark := marks[row]) is not None
        ]

    def spread(self, recorded_marks: _Marks, current_marks: _Marks) -> None:
        """From each fresh pair on along the edges, to rows of one mark that nothing else could be."""
        while self.fresh:
            row, partner = self.fresh.popleft()
            recorded, current = self.recorded.feeds[row], self.current.feeds[partner]
            self.pair(
                (recorded[place], feed)
                for place, feed in current.items()
                if place in recorded and recorded_marks[recorded[place]] == current_marks[feed]
            )
            if recorded.keys() != current.keys():
                self.pair(
                    in_both(
                        self._left(recorded_marks, recorded.values(), self.partners),
                        self._left(current_marks, current.values(), self.taken),
                    )
                )
            self._spread_behind(
                self.recorded.fed[row], self.current.fed[partner], recorded_marks, current_marks
            )

    def again(self, recorded_marks: _Marks, current_marks: _Marks) -> None:
        """From all pairs on along the edges, by other marks."""
        self.fresh.extend(self.partners.items())
        self.spread(recorded_marks, current_marks)

    def fill(self) -> None:
        """Pair what is left between the same pairs in its order: equal rows, then those alike."""
        recorded = _Islands(self.recorded, {row: row for row in self.partners})
        current = _Islands(self.current, {row: partner for partner, row in self.partners.items()})
        for island, other in dict.fromkeys(in_both(recorded.borders, current.borders)):
            gap = recorded.rows[island], current.rows[other]
            self.pair(fill(self.recorded.rows, self.current.rows, gap))

    def _spread_behind(
        self,
        recorded: Sequence[tuple[_Place, int]],
        current: Sequence[tuple[_Place, int]],
        recorded_marks: _Marks,
        current_marks: _Marks,
    ) -> None:
        """Pair what a pair feeds: at the same place, then at any."""
        if recorded and current:
            self.pair(
                in_both(
                    [((place, recorded_marks[row]), row) for place, row in recorded],
                    [((place, current_marks[row]), row) for place, row in current],
                )
            )
            self.pair(
                in_both(
                    self._left(recorded_marks, (row for _, row in recorded), self.partners),
                    self._left(current_marks, (row for _, row in current), self.taken),
                )
            )


class _Islands:
    """Rows that are in no pair, in groups that edges connect.

    Attributes:
        rows: those of each group.
        borders: the pairs next to a group, and on which side of it, with its number.
    """

    __slots__ = ("borders", "rows")

    def __init__(self, network: Network, pairs: Mapping[int, int]) -> None:
        """The islands of a network.

        Args:
            network: the network.
            pairs: for each of its rows that is in a pair the number of the pair.
        """
        self.rows: list[list[int]] = []
        self.borders: list[tuple[Hashable, int]] = []
        met = {*pairs}
        for start in range(len(network.feeds)):
            island, todo = [], [] if start in met else [start]
            while todo:
                row = todo.pop()
                if row in met:
                    continue
                met.add(row)
                island.append(row)
                todo += network.near(row) - met
                for end in (INPUTS, OUTPUTS):
                    beside = (other for _, other in network.next_to(row, end) if other in pairs)
                    self.borders += (((end, pairs[other]), len(self.rows)) for other in beside)
            if island:
                self.rows.append(sorted(island))


def pairs_on_graph(recorded: Network, current: Network, first: int) -> list[tuple[int, int]]:
    """Pairs of rows, found along the edges.

    Args:
        recorded: that of the snapshot.
        current: that of the model now.
        first: the end that is begun from, ``INPUTS`` or ``OUTPUTS``; the other follows.
    """
    sides = recorded, current
    pairing = _Pairing(recorded, current)
    pairing.pair_unique(*(_given(side.rows) for side in sides))
    written = [_written(side.rows) for side in sides]
    numbers: dict[Hashable, int] = {}
    for end in (first, 1 - first):
        both = zip(sides, written, strict=True)
        to_the_end = [_to_the_end(numbers, side, marks, end) for side, marks in both]
        pairing.pair_unique(*to_the_end)
        # Once one of several paths is told by what it ends in, another may be unique.
        while pairing.fresh:
            pairing.spread(*to_the_end)
            pairing.pair_unique(*to_the_end)
    pairing.again(*written)
    rings = [_around(numbers, side, marks) for side, marks in zip(sides, written, strict=True)]
    for recorded_marks, current_marks in reversed([*zip(*rings, strict=True)]):
        pairing.pair_unique(recorded_marks, current_marks)
        pairing.spread(*written)
    pairing.again(*(_kinds(side.rows) for side in sides))
    pairing.fill()
    return [*pairing.partners.items()]


def settled(
    recorded: Network, current: Network, pairs: Iterable[tuple[int, int]]
) -> list[tuple[int, int]]:
    """The pairs, each with the row that goes on from its pair before, where several are the same.

    Of equal rows in a run, the last are those added or removed.
    """
    partners = [dict(pairs), {partner: row for row, partner in pairs}]
    networks = recorded, current
    marks = [_written(side.rows) for side in networks]
    for partner in range(len(current.feeds)):
        if partner not in partners[1]:
            continue
        pair = partners[1][partner], partner
        for mine, yours in ((0, 1), (1, 0)):
            feeds = {*networks[mine].feeds[pair[mine]].values()} & partners[mine].keys()
            going_on = {
                row
                for feed in feeds
                for place, row in networks[yours].fed[partners[mine][feed]]
                if place != _INSIDE
            }
            same = [row for row in going_on if marks[yours][row] == marks[yours][pair[yours]]]
            if len(feeds) == 1 == len(same) and same[0] not in partners[yours]:
                del partners[yours][pair[yours]]
                partners[mine][pair[mine]], partners[yours][same[0]] = same[0], pair[mine]
                break
    return [*partners[0].items()]


def crossed(
    recorded: Network, current: Network, pairs: Iterable[tuple[int, int]]
) -> Iterator[dict[int, int]]:
    """Blocks that may have changed places: rows of two places, each what a person wrote at the other.

    Yields:
        The current rows of the two blocks, those of the one by those of the other.
    """
    written = _written(recorded.rows), _written(current.rows)
    was = {partner: written[0][row] for row, partner in pairs}
    now = {partner: written[1][partner] for partner in was}
    changed = [row for row in sorted(was) if was[row] != now[row]]
    by_mark = defaultdict(list)
    for row in changed:
        by_mark[was[row]].append(row)
    met: set[frozenset[int]] = set()

    def are_crossed(one: int, two: int) -> bool:
        return {one, two} <= was.keys() and (now[one], now[two]) == (was[two], was[one])

    for one in changed:
        for two in by_mark[now[one]][:_PLACES]:
            if one < two and {one, two} not in met and are_crossed(one, two):
                block = _block(current, one, two, are_crossed)
                met.update(map(frozenset, block.items()))
                if len(block) > 1:
                    yield block


def _block(
    network: Network, one: int, two: int, suits: Callable[[int, int], bool]
) -> dict[int, int]:
    """Two rows and what is around them and suits, in two places: first what they feed, then what feeds."""
    found, taken = {one: two}, {one, two}
    ahead, behind = [(one, two)], [(one, two)]
    while ahead or behind:
        end = OUTPUTS if ahead else INPUTS
        row, other = (ahead or behind).pop()
        for place, beside in network.next_to(row, end):
            for at, across in network.next_to(other, end):
                if (
                    place == at
                    and beside != across
                    and taken.isdisjoint({beside, across})
                    and suits(beside, across)
                ):
                    found[beside] = across
                    taken |= {beside, across}
                    ahead.append((beside, across))
                    behind.append((beside, across))
    return found


def _given(rows: Rows) -> list[Hashable]:
    """The names that people gave, with the types; None where Keras gave the name."""
    names = map(rows.given_name, range(len(rows.layers)))
    return [
        name and (name, layer.layer_type) for name, layer in zip(names, rows.layers, strict=True)
    ]


def _written(rows: Rows) -> list[Hashable]:
    """What a person wrote of each row: nothing that comes from what feeds it."""
    return [
        (layer.layer_type, layer.layer_attributes, stem)
        for layer, stem in zip(rows.layers, rows.stems, strict=True)
    ]


def _kinds(rows: Rows) -> list[Hashable]:
    return [(layer.layer_type, stem) for layer, stem in zip(rows.layers, rows.stems, strict=True)]


def _to_the_end(
    numbers: dict[Hashable, int], side: Network, marks: _Marks, end: int
) -> list[int | None]:
    """For each row a number that stands for it and all between it and an end."""
    found: list[int | None] = [None] * len(marks)
    rows = range(len(marks))
    for row in rows if end == INPUTS else reversed(rows):
        found[row] = _number(numbers, (marks[row], *_beside(side, row, end, found)))
    return found


def _around(numbers: dict[Hashable, int], side: Network, marks: _Marks) -> Iterator[list[int]]:
    """For each row numbers that stand for what is so many edges around it, from none on."""
    ring = [_number(numbers, mark) for mark in marks]
    yield ring
    for _ in range(_AROUND):
        ring = [
            _number(
                numbers,
                (at, *_beside(side, row, INPUTS, ring), None, *_beside(side, row, OUTPUTS, ring)),
            )
            for row, at in enumerate(ring)
        ]
        yield ring


def _beside(side: Network, row: int, end: int, marks: _Marks) -> list[tuple[_Place, Hashable]]:
    """The marks next to a row towards an end, with their places."""
    found = [(place, marks[other]) for place, other in side.next_to(row, end)]
    return sorted(found, key=repr) if len(found) > 1 else found


def _number(numbers: dict[Hashable, int], thing: Hashable) -> int:
    return numbers.setdefault(thing, len(numbers))
