"""Pairing the rows of two layer tables, in near-linear time and without looking at edges.

Names alone mislead when Keras renumbered its own, content alone slides along repeated blocks. So
rows are paired both ways, and the cheaper explanation is kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cache
from itertools import takewhile
from operator import attrgetter

from pytest_layersnap.comparison.names import AUTO, stems
from pytest_layersnap.table import BEHAVIOR, Layer, LayerTable

# What a row costs as a finding: the figures only have to rank explanations. docs/truth.md says what
# becomes of edits at half and at twice each.
_COST_UNPAIRED = 1.2  # added or removed: both are more than one row that has changed in all
_COST_CHANGE = 1.0  # the measure of the others
_COST_UNLIKE = 0.6  # on top of it, by how unlike the two rows are
_COST_NAMED = 0.7  # by a person where Keras had named it, or the other way round
_COST_RENAME = 0.4  # from one name that a person gave to another
_COST_MOVE = 0.5  # a row that stands elsewhere is told in fewer words than one that has changed
_COST_FOLLOW = 0.3  # what a person wrote is the same, and shapes follow from what feeds it
_COST_AUTO_RENAME = 0.02  # numbers that Keras counts decide where nothing else does

#: Two rows in the same place are one row, changed, from this likeness on: they have the type in common
#: and one thing more than what they take, or all but the type.
_ALIKE = 0.52
#: Gaps up to this many cells are searched fully, larger ones in a band around the diagonal.
_FULL_SEARCH = 40_000
_BAND = 24
#: Beyond this, a band would take many seconds; what is left is too different to be told row by row.
_LARGEST_SEARCH = 4_000_000

_Pair = tuple[int, int]
_Gap = tuple[Sequence[int], Sequence[int]]

_body_of = attrgetter(
    *(
        field.name
        for field in fields(Layer)
        if field.name not in {"model", "layer_name", "inbound_layers", "is_trainable", BEHAVIOR}
    )
)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which row of the current table is which row of the recorded one; rows are indices.

    Args:
        pairs: (recorded, current), in the order of the current table.
        removed: rows that only the recorded table has.
        added: rows that only the current table has.
        displaced: current rows of pairs that stand out of the recorded order.
        renamed: current rows of pairs that a person gave another name.
    """

    pairs: tuple[_Pair, ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]
    displaced: frozenset[int]
    renamed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table prepared for pairing; equal bodies have equal numbers in both tables.

    Args:
        layers: the rows.
        bodies: for each row a number that stands for all it says but for names and edges.
        stems: the paths, without what Keras made up.
        identities: path, type and occurrence of each row.
    """

    layers: tuple[Layer, ...]
    bodies: list[int]
    stems: list[str]
    identities: list[tuple[str, str, int]]

    def body(self, row: int) -> Hashable:
        """What a row says but for names and edges."""
        return self.bodies[row]

    def key(self, row: int) -> Hashable:
        """The body, and the path where a person named the layer."""
        return self.bodies[row], self.stems[row]

    def key_in_context(self, row: int) -> Hashable:
        """The key, the rows before and after it: tells repeated blocks apart at their borders."""
        return self.stems[row], *self.bodies[max(row - 2, 0) : row + 3]

    def given_name(self, row: int) -> Hashable:
        """The path, where a person named the layer."""
        return None if self.is_auto(row) else self.stems[row]

    def is_auto(self, row: int) -> bool:
        """Whether Keras named the layer."""
        return self.stems[row].endswith(AUTO)


def align(recorded: Rows, current: Rows) -> Alignment:
    """Pair the rows of two tables in their order, in whichever way needs the fewest findings."""
    recorded_size, current_size = len(recorded.layers), len(current.layers)
    head, tail = _common_ends(range(recorded_size), range(current_size), recorded.key, current.key)
    ends = [(row, row) for row in range(head)]
    ends += [(recorded_size - row, current_size - row) for row in range(tail, 0, -1)]
    rest = (range(head, recorded_size - tail), range(head, current_size - tail))

    by_name = finish(recorded, current, ends + _pairs_by_name(recorded, current, rest))
    if not _touches_auto_names(recorded, current, by_name) or _is_least(recorded, current, by_name):
        return by_name
    by_content = finish(recorded, current, ends)
    return min(
        by_name,
        by_content,
        key=lambda it: cost(recorded, current, it, _COST_MOVE * len(it.displaced)),
    )


def prepared(recorded: LayerTable, current: LayerTable) -> tuple[Rows, Rows]:
    """Two tables prepared for pairing."""
    numbers: dict[Hashable, int] = {}
    return _rows(recorded, numbers), _rows(current, numbers)


def off_sequence(ranks: Sequence[int]) -> list[int]:
    """Positions that stand out of ascending order, as few as possible.

    Two neighbours that changed places are both reported: neither is the one that moved.
    """
    out: list[int] = []
    for start, stop in _permuted_intervals(ranks):
        away = [place for place in range(start, stop) if ranks[place] != place]
        if len(away) == 2:
            out += away
        elif away:
            kept = {start + place for place in ascending([ranks[p] for p in range(start, stop)])}
            out += [place for place in range(start, stop) if place not in kept]
    return out


def _rows(table: LayerTable, numbers: dict[Hashable, int]) -> Rows:
    seen: Counter[tuple[str, str]] = Counter()
    identities = []
    for layer in table:
        name = (layer.layer_name, layer.layer_type)
        identities.append((*name, seen[name]))
        seen[name] += 1
    bodies = [numbers.setdefault(_body(layer), len(numbers)) for layer in table]
    return Rows(table.layers, bodies, stems(table), identities)


def _body(layer: Layer) -> Hashable:
    """All that a row says but for names and edges."""
    return layer.is_trainable or not layer.has_flag, _body_of(layer)


def _pairs_by_name(recorded: Rows, current: Rows, rest: tuple[range, range]) -> list[_Pair]:
    """Pairs of the same path, type and occurrence."""
    where = {recorded.identities[row]: row for row in rest[0]}
    found = ((where.get(current.identities[row]), row) for row in rest[1])
    return [(row, partner) for row, partner in found if row is not None]


def finish(recorded: Rows, current: Rows, anchors: list[_Pair]) -> Alignment:
    """Pair what lies between the anchors: first in the same place, then anywhere."""
    pairs = list(anchors)
    if len(pairs) == len(recorded.layers) == len(current.layers):
        return alignment(recorded, current, pairs)
    for gap in _gaps(recorded, current, pairs):
        pairs += fill(recorded, current, gap)
    for gap in _gaps(recorded, current, pairs):
        pairs += _replaced(recorded, current, gap)
    pairs += _elsewhere(recorded, current, pairs, lambda rows, row: rows.given_name(row))
    pairs += _elsewhere(recorded, current, pairs, lambda rows, row: rows.key(row))
    return alignment(recorded, current, pairs)


def alignment(recorded: Rows, current: Rows, pairs: Iterable[_Pair]) -> Alignment:
    """These pairs, and what follows of the rows that are in none."""
    pairs = sorted(pairs, key=lambda pair: pair[1])
    paired = {row for row, _ in pairs}, {partner for _, partner in pairs}
    return Alignment(
        pairs=tuple(pairs),
        removed=tuple(row for row in range(len(recorded.layers)) if row not in paired[0]),
        added=tuple(row for row in range(len(current.layers)) if row not in paired[1]),
        displaced=frozenset(pairs[place][1] for place in off_sequence(_ranks(pairs))),
        renamed=frozenset(
            partner for row, partner in pairs if _is_renamed(recorded, current, row, partner)
        ),
    )


def _is_renamed(recorded: Rows, current: Rows, row: int, partner: int) -> bool:
    """Whether a person had a hand in the difference of two names."""
    if recorded.layers[row].layer_name == current.layers[partner].layer_name:
        return False
    return recorded.stems[row] != current.stems[partner]


def _gaps(recorded: Rows, current: Rows, pairs: list[_Pair]) -> Iterator[_Gap]:
    """The unpaired rows between pairs that stand in order, where both tables have some."""
    pairs = sorted(pairs, key=lambda pair: pair[1])
    out = set(off_sequence(_ranks(pairs)))
    borders = [pair for place, pair in enumerate(pairs) if place not in out]
    paired = {row for row, _ in pairs}, {partner for _, partner in pairs}
    last = -1, -1
    for border in (*borders, (len(recorded.layers), len(current.layers))):
        if all(stop - start > 1 for start, stop in zip(last, border, strict=True)):
            gap = [
                [row for row in range(start + 1, stop) if row not in rows]
                for start, stop, rows in zip(last, border, paired, strict=True)
            ]
            if all(gap):
                yield gap[0], gap[1]
        last = border


def fill(recorded: Rows, current: Rows, gap: _Gap) -> list[_Pair]:
    """Pair the rows of a gap in order: equal ones first, then those that are alike."""
    pairs: list[_Pair] = []
    gaps = [gap]
    for of_recorded, of_current in (
        (recorded.key_in_context, current.key_in_context),
        (recorded.key, current.key),
        (recorded.body, current.body),
    ):
        left: list[_Gap] = []
        for each in gaps:
            left += _pair_equal(*each, of_recorded, of_current, pairs)
        gaps = left
    for each in gaps:
        pairs += _pair_alike(recorded, current, each)
    return pairs


def _pair_equal(
    recorded: Sequence[int],
    current: Sequence[int],
    of_recorded: Callable[[int], Hashable],
    of_current: Callable[[int], Hashable],
    pairs: list[_Pair],
) -> list[_Gap]:
    """Patience: pair common ends, then keys unique on both sides, and so on between those.

    Adds to ``pairs`` and returns the gaps that are left.
    """
    left: list[_Gap] = []
    todo: list[_Gap] = [(recorded, current)]
    while todo:
        rows, others = todo.pop()
        head, tail = _common_ends(rows, others, of_recorded, of_current)
        pairs += zip(rows[:head], others[:head], strict=True)
        pairs += zip(rows[len(rows) - tail :], others[len(others) - tail :], strict=True)
        rows, others = rows[head : len(rows) - tail], others[head : len(others) - tail]
        if not rows or not others:
            continue
        anchors = _unique_in_order(rows, others, of_recorded, of_current)
        if not anchors:
            left.append((rows, others))
            continue
        pairs += [(rows[i], others[j]) for i, j in anchors]
        start = (0, 0)
        for i, j in (*anchors, (len(rows), len(others))):
            todo.append((rows[start[0] : i], others[start[1] : j]))
            start = (i + 1, j + 1)
    return left


def _common_ends(
    recorded: Sequence[int],
    current: Sequence[int],
    of_recorded: Callable[[int], Hashable],
    of_current: Callable[[int], Hashable],
) -> tuple[int, int]:
    """How many rows are equal at the head, and how many of the others at the tail."""

    def equal(pair: _Pair) -> bool:
        return of_recorded(pair[0]) == of_current(pair[1])

    head = sum(1 for _ in takewhile(equal, zip(recorded, current, strict=False)))
    backwards = zip(reversed(recorded[head:]), reversed(current[head:]), strict=False)
    return head, sum(1 for _ in takewhile(equal, backwards))


def _unique_in_order(
    recorded: Sequence[int],
    current: Sequence[int],
    of_recorded: Callable[[int], Hashable],
    of_current: Callable[[int], Hashable],
) -> list[_Pair]:
    """Places of keys that both sides have exactly once, as many as stand in the same order."""
    recorded_at = _unique_places(map(of_recorded, recorded))
    current_at = _unique_places(map(of_current, current))
    both = sorted(
        (place, current_at[key]) for key, place in recorded_at.items() if key in current_at
    )
    return [both[place] for place in ascending([j for _, j in both])]


def in_both(
    recorded: Iterable[tuple[Hashable, int]], current: Iterable[tuple[Hashable, int]]
) -> list[_Pair]:
    """Pairs of rows with a key that stands once on either side, of keys with their rows."""
    rows, others = (_unique(side) for side in (recorded, current))
    return [(row, others[key]) for key, row in rows.items() if key in others]


def _unique(keyed: Iterable[tuple[Hashable, int]]) -> dict[Hashable, int]:
    rows: dict[Hashable, int] = {}
    doubled = set()
    for key, row in keyed:
        if rows.setdefault(key, row) != row:
            doubled.add(key)
    return {key: row for key, row in rows.items() if key not in doubled}


def _unique_places(keys: Iterable[Hashable]) -> dict[Hashable, int]:
    return _unique((key, place) for place, key in enumerate(keys))


def _pair_alike(recorded: Rows, current: Rows, gap: _Gap) -> list[_Pair]:
    """Needleman-Wunsch: the pairs in order with the greatest likeness in total."""
    rows, others = gap
    height, width = len(rows), len(others)
    band = max(height, width)
    if height * width > _FULL_SEARCH:
        band = _BAND + abs(height - width)
    if height * (2 * band + 1) > _LARGEST_SEARCH:
        return []
    unpaired = _ALIKE / 2
    likeness = _likeness(recorded, current)
    keys = [current.key(row) for row in others]
    known: dict[Hashable, dict[Hashable, float]] = defaultdict(dict)
    # best[j]: the score of rows[:i] against others[:j]; steps remember how it came about.
    best = [unpaired * j for j in range(width + 1)]
    steps: list[tuple[int, bytearray]] = []
    for i, row in enumerate(rows, start=1):
        middle = i * width // height
        low, high = max(1, middle - band), min(width, middle + band)
        previous, best = best, best[:]
        best[low - 1] = left = previous[low - 1] + unpaired
        diagonal = previous[low - 1]
        step = bytearray(high - low + 1)
        scores = known[recorded.key(row)]
        for j in range(low, high + 1):
            above = previous[j]
            score, taken = (above + unpaired, 0) if above >= left else (left + unpaired, 1)
            key = keys[j - 1]
            alike = scores.get(key)
            if alike is None:
                alike = scores[key] = likeness(row, others[j - 1])
            if alike > _ALIKE:
                alike += diagonal
                if alike >= score:
                    score, taken = alike, 2
            best[j] = left = score
            diagonal = above
            step[j - low] = taken
        steps.append((low, step))
    return _walk_back(gap, steps)


def _walk_back(gap: _Gap, steps: list[tuple[int, bytearray]]) -> list[_Pair]:
    pairs = []
    i, j = map(len, gap)
    while i and j:
        low, step = steps[i - 1]
        taken = step[j - low] if low <= j < low + len(step) else 0
        if taken == 2:
            pairs.append((gap[0][i - 1], gap[1][j - 1]))
        i, j = i - (taken != 1), j - (taken != 0)
    return pairs


def _likeness(recorded: Rows, current: Rows) -> Callable[[int, int], float]:
    """How alike two rows are: 0 nothing in common … about 1.25 the same name and content."""

    @cache
    def of_bodies(row: int, partner: int) -> float:
        was, now = recorded.layers[row], current.layers[partner]
        return (
            0.4 * (was.layer_type == now.layer_type)
            + 0.15 * (was.layer_attributes == now.layer_attributes)
            + 0.15 * (was.output_shape == now.output_shape)
            + 0.1 * (was.input_shape == now.input_shape)
            + 0.15 * (was.parameters == now.parameters)
        )

    first_with: dict[int, int] = {}
    recorded_sample = [first_with.setdefault(body, row) for row, body in enumerate(recorded.bodies)]
    first_with = {}
    current_sample = [first_with.setdefault(body, row) for row, body in enumerate(current.bodies)]

    def likeness(row: int, partner: int) -> float:
        score = of_bodies(recorded_sample[row], current_sample[partner])
        if recorded.stems[row] == current.stems[partner]:
            return score + 0.25 * (not recorded.is_auto(row))
        return score

    return likeness


def _replaced(recorded: Rows, current: Rows, gap: _Gap) -> list[_Pair]:
    """Rows of a gap whose type was replaced: another layer between the same shapes."""

    def place(layer: Layer) -> Hashable:
        return layer.input_shape, layer.output_shape, layer.parameters > 0

    candidates: dict[Hashable, list[int]] = defaultdict(list)
    for row in reversed(gap[1]):
        candidates[place(current.layers[row])].append(row)
    pairs: list[_Pair] = []
    last = -1
    for row in gap[0]:
        rows = candidates[place(recorded.layers[row])]
        while rows and rows[-1] <= last:
            rows.pop()
        if rows:
            last = rows.pop()
            pairs.append((row, last))
    return pairs


def _elsewhere(
    recorded: Rows,
    current: Rows,
    pairs: list[_Pair],
    key_of: Callable[[Rows, int], Hashable],
) -> list[_Pair]:
    """Leftovers with an unmistakable key, wherever they stand."""
    paired = {row for row, _ in pairs}, {partner for _, partner in pairs}
    rows = [row for row in range(len(recorded.layers)) if row not in paired[0]]
    others = [row for row in range(len(current.layers)) if row not in paired[1]]
    places = _unique_places(key_of(current, row) for row in others)
    return [
        (rows[i], others[places[key]])
        for key, i in _unique_places(key_of(recorded, row) for row in rows).items()
        if key is not None and key in places
    ]


def _touches_auto_names(recorded: Rows, current: Rows, found: Alignment) -> bool:
    """Whether an explanation by name says anything about rows whose names say nothing."""
    if any(recorded.is_auto(row) for row in found.removed):
        return True
    if any(current.is_auto(row) for row in (*found.added, *found.displaced)):
        return True
    return any(
        recorded.bodies[row] != current.bodies[partner] and current.is_auto(partner)
        for row, partner in found.pairs
    )


def _is_least(recorded: Rows, current: Rows, found: Alignment) -> bool:
    """Whether no other pairing could leave fewer rows to be explained: so many bodies are new."""
    if found.added or found.removed or found.displaced or found.renamed:
        return False
    changed = sum(recorded.bodies[row] != current.bodies[partner] for row, partner in found.pairs)
    return changed == (Counter(current.bodies) - Counter(recorded.bodies)).total()


def cost(recorded: Rows, current: Rows, found: Alignment, of_edges: float) -> float:
    """What an alignment costs as findings, where those about edges cost so much."""
    likeness = _likeness(recorded, current)
    total = _COST_UNPAIRED * (len(found.added) + len(found.removed))
    total += of_edges
    for row, partner in found.pairs:
        if partner in found.renamed:
            is_of_one_kind = recorded.is_auto(row) == current.is_auto(partner)
            total += _COST_RENAME if is_of_one_kind else _COST_NAMED
        if recorded.layers[row].layer_name != current.layers[partner].layer_name:
            total += _COST_AUTO_RENAME
        if recorded.bodies[row] == current.bodies[partner]:
            continue
        was, now = recorded.layers[row], current.layers[partner]
        if _is_same_layer(was, now):
            total += _COST_FOLLOW
        else:
            total += _COST_CHANGE + _COST_UNLIKE * max(0.0, 1 - likeness(row, partner))
    return total


def _is_same_layer(recorded: Layer, current: Layer) -> bool:
    """Whether a person wrote the same layer: what differs comes from what feeds it."""
    return (
        recorded.layer_type == current.layer_type
        and recorded.layer_attributes == current.layer_attributes
    )


def _ranks(pairs: list[_Pair]) -> list[int]:
    """For pairs in current order: the rank of each in recorded order."""
    rank = {row: place for place, row in enumerate(sorted(row for row, _ in pairs))}
    return [rank[row] for row, _ in pairs]


def _permuted_intervals(ranks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The smallest intervals of several places that hold their own ranks: each is judged by itself."""
    start, highest = 0, -1
    for place, rank in enumerate(ranks):
        highest = max(highest, rank)
        if highest == place:
            if start < place:
                yield start, place + 1
            start = place + 1


def ascending(values: Sequence[int]) -> list[int]:
    """Places of a longest increasing subsequence."""
    ends: list[int] = []
    places: list[int] = []
    previous: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(ends, value)
        previous.append(places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            places.append(place)
        else:
            ends[length], places[length] = value, place
    found = []
    place = places[-1] if places else -1
    while place >= 0:
        found.append(place)
        place = previous[place]
    return found[::-1]
