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

# What a row costs as a finding: the figures only have to rank explanations.
_COST_AUTO_RENAME = 0.02
_COST_RENAME = 0.4
_COST_NAMED = 0.7  # by a person where Keras had named it, or the other way round
_COST_MOVE = 0.5
_COST_FOLLOW = 0.3
_COST_PARAMETERS = 0.01  # between choices that are equal but for it
_COST_CHANGE = 1.0
_COST_UNLIKE = 0.6
_COST_UNPAIRED = 1.2

#: Two rows in the same place are one row, changed, from this likeness on.
_ALIKE = 0.52
#: What the same name from Keras adds: a hint between equal choices, for counters may have shifted.
_SAME_NAME = 0.0001
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


def align(before: Rows, after: Rows) -> Alignment:
    """Pair the rows of two tables in their order, in whichever way needs the fewest findings."""
    old, new = len(before.layers), len(after.layers)
    head, tail = _common_ends(range(old), range(new), before.key, after.key)
    ends = [(row, row) for row in range(head)]
    ends += [(old - row, new - row) for row in range(tail, 0, -1)]
    rest = (range(head, old - tail), range(head, new - tail))

    by_name = finish(before, after, ends + _pairs_by_name(before, after, rest))
    if not _touches_auto_names(before, after, by_name) or _is_least(before, after, by_name):
        return by_name
    by_content = finish(before, after, ends)
    return min(
        by_name, by_content, key=lambda it: cost(before, after, it, _COST_MOVE * len(it.displaced))
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


def _pairs_by_name(before: Rows, after: Rows, rest: tuple[range, range]) -> list[_Pair]:
    """Pairs of the same path, type and occurrence."""
    where = {before.identities[row]: row for row in rest[0]}
    found = ((where.get(after.identities[row]), row) for row in rest[1])
    return [(recorded, current) for recorded, current in found if recorded is not None]


def finish(before: Rows, after: Rows, anchors: list[_Pair]) -> Alignment:
    """Pair what lies between the anchors: first in the same place, then anywhere."""
    pairs = list(anchors)
    if len(pairs) == len(before.layers) == len(after.layers):
        return alignment(before, after, pairs)
    for gap in _gaps(before, after, pairs):
        pairs += fill(before, after, gap)
    for gap in _gaps(before, after, pairs):
        pairs += _replaced(before, after, gap)
    pairs += _elsewhere(before, after, pairs, lambda rows, row: rows.given_name(row))
    pairs += _elsewhere(before, after, pairs, lambda rows, row: rows.key(row))
    return alignment(before, after, pairs)


def alignment(before: Rows, after: Rows, pairs: Iterable[_Pair]) -> Alignment:
    """These pairs, and what follows of the rows that are in none."""
    pairs = sorted(pairs, key=lambda pair: pair[1])
    paired = {recorded for recorded, _ in pairs}, {current for _, current in pairs}
    return Alignment(
        pairs=tuple(pairs),
        removed=tuple(row for row in range(len(before.layers)) if row not in paired[0]),
        added=tuple(row for row in range(len(after.layers)) if row not in paired[1]),
        displaced=frozenset(pairs[place][1] for place in off_sequence(_ranks(pairs))),
        renamed=frozenset(new for old, new in pairs if _is_renamed(before, after, old, new)),
    )


def _is_renamed(before: Rows, after: Rows, old: int, new: int) -> bool:
    """Whether a person had a hand in the difference of two names."""
    if before.layers[old].layer_name == after.layers[new].layer_name:
        return False
    return before.stems[old] != after.stems[new]


def _gaps(before: Rows, after: Rows, pairs: list[_Pair]) -> Iterator[_Gap]:
    """The unpaired rows between pairs that stand in order, where both tables have some."""
    pairs = sorted(pairs, key=lambda pair: pair[1])
    out = set(off_sequence(_ranks(pairs)))
    borders = [pair for place, pair in enumerate(pairs) if place not in out]
    paired = {recorded for recorded, _ in pairs}, {current for _, current in pairs}
    old, new = 0, 0
    for next_old, next_new in (*borders, (len(before.layers), len(after.layers))):
        if old < next_old and new < next_new:
            recorded = [row for row in range(old, next_old) if row not in paired[0]]
            current = [row for row in range(new, next_new) if row not in paired[1]]
            if recorded and current:
                yield recorded, current
        old, new = next_old + 1, next_new + 1


def fill(before: Rows, after: Rows, gap: _Gap) -> list[_Pair]:
    """Pair the rows of a gap in order: equal ones first, then those that are alike."""
    pairs: list[_Pair] = []
    gaps = [gap]
    for of_recorded, of_current in (
        (before.key_in_context, after.key_in_context),
        (before.key, after.key),
        (before.body, after.body),
    ):
        left: list[_Gap] = []
        for recorded, current in gaps:
            left += _pair_equal(recorded, current, of_recorded, of_current, pairs)
        gaps = left
    for recorded, current in gaps:
        pairs += _pair_alike(before, after, recorded, current)
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
        old, new = todo.pop()
        head, tail = _common_ends(old, new, of_recorded, of_current)
        pairs += zip(old[:head], new[:head], strict=True)
        pairs += zip(old[len(old) - tail :], new[len(new) - tail :], strict=True)
        old, new = old[head : len(old) - tail], new[head : len(new) - tail]
        if not old or not new:
            continue
        anchors = _unique_in_order(old, new, of_recorded, of_current)
        if not anchors:
            left.append((old, new))
            continue
        pairs += [(old[i], new[j]) for i, j in anchors]
        start = (0, 0)
        for i, j in (*anchors, (len(old), len(new))):
            todo.append((old[start[0] : i], new[start[1] : j]))
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
    old = _unique_places(map(of_recorded, recorded))
    new = _unique_places(map(of_current, current))
    both = sorted((place, new[key]) for key, place in old.items() if key in new)
    return [both[place] for place in ascending([j for _, j in both])]


def in_both(
    recorded: Iterable[tuple[Hashable, int]], current: Iterable[tuple[Hashable, int]]
) -> list[_Pair]:
    """Pairs of rows with a key that stands once on either side, of keys with their rows."""
    old, new = (_unique(side) for side in (recorded, current))
    return [(row, new[key]) for key, row in old.items() if key in new]


def _unique(keyed: Iterable[tuple[Hashable, int]]) -> dict[Hashable, int]:
    rows: dict[Hashable, int] = {}
    doubled = set()
    for key, row in keyed:
        if rows.setdefault(key, row) != row:
            doubled.add(key)
    return {key: row for key, row in rows.items() if key not in doubled}


def _unique_places(keys: Iterable[Hashable]) -> dict[Hashable, int]:
    return _unique((key, place) for place, key in enumerate(keys))


def _pair_alike(
    before: Rows, after: Rows, recorded: Sequence[int], current: Sequence[int]
) -> list[_Pair]:
    """Needleman-Wunsch: the pairs in order with the greatest likeness in total."""
    height, width = len(recorded), len(current)
    band = max(height, width)
    if height * width > _FULL_SEARCH:
        band = _BAND + abs(height - width)
    if height * (2 * band + 1) > _LARGEST_SEARCH:
        return []
    gap = _ALIKE / 2
    likeness = _likeness(before, after)
    keys = [after.key(row) for row in current]
    names = [after.identities[row] for row in current]
    known: dict[Hashable, dict[Hashable, float]] = defaultdict(dict)
    # best[j]: the score of recorded[:i] against current[:j]; steps remember how it came about.
    best = [gap * j for j in range(width + 1)]
    steps: list[tuple[int, bytearray]] = []
    for i, old in enumerate(recorded, start=1):
        middle = i * width // height
        low, high = max(1, middle - band), min(width, middle + band)
        previous, best = best, best[:]
        best[low - 1] = left = previous[low - 1] + gap
        diagonal = previous[low - 1]
        step = bytearray(high - low + 1)
        scores, name = known[before.key(old)], before.identities[old]
        for j in range(low, high + 1):
            above = previous[j]
            score, taken = (above + gap, 0) if above >= left else (left + gap, 1)
            key = keys[j - 1]
            alike = scores.get(key)
            if alike is None:
                alike = scores[key] = likeness(old, current[j - 1])
            if alike > _ALIKE:
                alike += diagonal + _SAME_NAME * (name == names[j - 1])
                if alike >= score:
                    score, taken = alike, 2
            best[j] = left = score
            diagonal = above
            step[j - low] = taken
        steps.append((low, step))
    return _walk_back(recorded, current, steps)


def _walk_back(
    recorded: Sequence[int], current: Sequence[int], steps: list[tuple[int, bytearray]]
) -> list[_Pair]:
    pairs = []
    i, j = len(recorded), len(current)
    while i and j:
        low, step = steps[i - 1]
        taken = step[j - low] if low <= j < low + len(step) else 0
        if taken == 2:
            pairs.append((recorded[i - 1], current[j - 1]))
        i, j = i - (taken != 1), j - (taken != 0)
    return pairs


def _likeness(before: Rows, after: Rows) -> Callable[[int, int], float]:
    """How alike two rows are: 0 nothing in common … about 1.25 the same name and content."""

    @cache
    def of_bodies(old_row: int, new_row: int) -> float:
        old, new = before.layers[old_row], after.layers[new_row]
        return (
            0.4 * (old.layer_type == new.layer_type)
            + 0.15 * (old.layer_attributes == new.layer_attributes)
            + 0.15 * (old.output_shape == new.output_shape)
            + 0.1 * (old.input_shape == new.input_shape)
            + 0.15 * (old.parameters == new.parameters)
        )

    first_with: dict[int, int] = {}
    old_sample = [first_with.setdefault(body, row) for row, body in enumerate(before.bodies)]
    first_with = {}
    new_sample = [first_with.setdefault(body, row) for row, body in enumerate(after.bodies)]

    def likeness(old: int, new: int) -> float:
        score = of_bodies(old_sample[old], new_sample[new])
        if before.stems[old] == after.stems[new]:
            return score + 0.25 * (not before.is_auto(old))
        return score

    return likeness


def _replaced(before: Rows, after: Rows, gap: _Gap) -> list[_Pair]:
    """Rows of a gap whose type was replaced: another layer between the same shapes."""

    def place(layer: Layer) -> Hashable:
        return layer.input_shape, layer.output_shape, layer.parameters > 0

    candidates: dict[Hashable, list[int]] = defaultdict(list)
    for row in reversed(gap[1]):
        candidates[place(after.layers[row])].append(row)
    pairs: list[_Pair] = []
    last = -1
    for row in gap[0]:
        rows = candidates[place(before.layers[row])]
        while rows and rows[-1] <= last:
            rows.pop()
        if rows:
            last = rows.pop()
            pairs.append((row, last))
    return pairs


def _elsewhere(
    before: Rows,
    after: Rows,
    pairs: list[_Pair],
    key_of: Callable[[Rows, int], Hashable],
) -> list[_Pair]:
    """Leftovers with an unmistakable key, wherever they stand."""
    paired = {recorded for recorded, _ in pairs}, {current for _, current in pairs}
    old = [row for row in range(len(before.layers)) if row not in paired[0]]
    new = [row for row in range(len(after.layers)) if row not in paired[1]]
    places = _unique_places(key_of(after, row) for row in new)
    return [
        (old[i], new[places[key]])
        for key, i in _unique_places(key_of(before, row) for row in old).items()
        if key is not None and key in places
    ]


def _touches_auto_names(before: Rows, after: Rows, found: Alignment) -> bool:
    """Whether an explanation by name says anything about rows whose names say nothing."""
    if any(before.is_auto(row) for row in found.removed):
        return True
    if any(after.is_auto(row) for row in (*found.added, *found.displaced)):
        return True
    return any(
        before.bodies[old] != after.bodies[new] and after.is_auto(new) for old, new in found.pairs
    )


def _is_least(before: Rows, after: Rows, found: Alignment) -> bool:
    """Whether no other pairing could leave fewer rows to be explained: so many bodies are new."""
    if found.added or found.removed or found.displaced or found.renamed:
        return False
    changed = sum(before.bodies[old] != after.bodies[new] for old, new in found.pairs)
    return changed == (Counter(after.bodies) - Counter(before.bodies)).total()


def cost(before: Rows, after: Rows, found: Alignment, of_edges: float) -> float:
    """What an alignment costs as findings, where those about edges cost so much."""
    likeness = _likeness(before, after)
    total = _COST_UNPAIRED * (len(found.added) + len(found.removed))
    total += of_edges
    for old, new in found.pairs:
        if new in found.renamed:
            is_of_one_kind = before.is_auto(old) == after.is_auto(new)
            total += _COST_RENAME if is_of_one_kind else _COST_NAMED
        if before.layers[old].layer_name != after.layers[new].layer_name:
            total += _COST_AUTO_RENAME
        if before.bodies[old] == after.bodies[new]:
            continue
        old_row, new_row = before.layers[old], after.layers[new]
        if _is_same_layer(old_row, new_row):
            total += _COST_FOLLOW
            total += _COST_PARAMETERS * (old_row.parameters != new_row.parameters)
        else:
            total += _COST_CHANGE + _COST_UNLIKE * max(0.0, 1 - likeness(old, new))
    return total


def _is_same_layer(old: Layer, new: Layer) -> bool:
    """Whether a person wrote the same layer: what differs comes from what feeds it."""
    return old.layer_type == new.layer_type and old.layer_attributes == new.layer_attributes


def _ranks(pairs: list[_Pair]) -> list[int]:
    """For pairs in current order: the rank of each in recorded order."""
    rank = {old: place for place, old in enumerate(sorted(old for old, _ in pairs))}
    return [rank[old] for old, _ in pairs]


def _permuted_intervals(ranks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """The smallest intervals that hold their own ranks; they can be judged one by one."""
    start, highest = 0, -1
    for place, rank in enumerate(ranks):
        highest = max(highest, rank)
        if highest == place:
            yield start, place + 1
            start = place + 1


def ascending(values: Sequence[int]) -> list[int]:
    """Places of a longest increasing subsequence."""
    ends: list[int] = []
    places: list[int] = []
    before: list[int] = []
    for place, value in enumerate(values):
        length = bisect_left(ends, value)
        before.append(places[length - 1] if length else -1)
        if length == len(ends):
            ends.append(value)
            places.append(place)
        else:
            ends[length], places[length] = value, place
    found = []
    place = places[-1] if places else -1
    while place >= 0:
        found.append(place)
        place = before[place]
    return found[::-1]
