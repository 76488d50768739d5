"""Pairing the rows of two layer tables, in near-linear time and without looking at edges.

Names alone mislead when Keras renumbered its own, content alone slides along repeated blocks. So
rows are paired both ways, and the cheaper explanation is kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import takewhile

from pytest_layersnap.comparison.costs import COST_MOVE, cost, likeness_of
from pytest_layersnap.comparison.paired import Alignment, Pair, Rows, alignment, ranks
from pytest_layersnap.comparison.sequences import ascending, off_sequence
from pytest_layersnap.table import Layer

#: Two rows in the same place are one row, changed, from this likeness on: they have the type in common
#: and one thing more than what they take, or all but the type.
_ALIKE = 0.52
#: Gaps up to this many cells are searched fully, larger ones in a band around the diagonal.
_FULL_SEARCH = 40_000
_BAND = 24
#: Beyond this, a band would take many seconds; what is left is too different to be told row by row.
_LARGEST_SEARCH = 4_000_000

_Gap = tuple[Sequence[int], Sequence[int]]


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
        key=lambda it: cost(recorded, current, it, COST_MOVE * len(it.displaced)),
    )


def _pairs_by_name(recorded: Rows, current: Rows, rest: tuple[range, range]) -> list[Pair]:
    """Pairs of the same path, type and occurrence."""
    where = {recorded.identities[row]: row for row in rest[0]}
    found = ((where.get(current.identities[row]), row) for row in rest[1])
    return [(row, partner) for row, partner in found if row is not None]


def finish(recorded: Rows, current: Rows, anchors: list[Pair]) -> Alignment:
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


def _gaps(recorded: Rows, current: Rows, pairs: list[Pair]) -> Iterator[_Gap]:
    """The unpaired rows between pairs that stand in order, where both tables have some."""
    pairs = sorted(pairs, key=lambda pair: pair[1])
    out = set(off_sequence(ranks(pairs)))
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


def fill(recorded: Rows, current: Rows, gap: _Gap) -> list[Pair]:
    """Pair the rows of a gap in order: equal ones first, then those that are alike."""
    pairs: list[Pair] = []
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
    pairs: list[Pair],
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

    def equal(pair: Pair) -> bool:
        return of_recorded(pair[0]) == of_current(pair[1])

    head = sum(1 for _ in takewhile(equal, zip(recorded, current, strict=False)))
    backwards = zip(reversed(recorded[head:]), reversed(current[head:]), strict=False)
    return head, sum(1 for _ in takewhile(equal, backwards))


def _unique_in_order(
    recorded: Sequence[int],
    current: Sequence[int],
    of_recorded: Callable[[int], Hashable],
    of_current: Callable[[int], Hashable],
) -> list[Pair]:
    """Places of keys that both sides have exactly once, as many as stand in the same order."""
    recorded_at = _unique_places(map(of_recorded, recorded))
    current_at = _unique_places(map(of_current, current))
    both = sorted(
        (place, current_at[key]) for key, place in recorded_at.items() if key in current_at
    )
    return [both[place] for place in ascending([j for _, j in both])]


def in_both(
    recorded: Iterable[tuple[Hashable, int]], current: Iterable[tuple[Hashable, int]]
) -> list[Pair]:
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


def _pair_alike(recorded: Rows, current: Rows, gap: _Gap) -> list[Pair]:
    """Needleman-Wunsch: the pairs in order with the greatest likeness in total."""
    rows, others = gap
    height, width = len(rows), len(others)
    band = max(height, width)
    if height * width > _FULL_SEARCH:
        band = _BAND + abs(height - width)
    if height * (2 * band + 1) > _LARGEST_SEARCH:
        return []
    unpaired = _ALIKE / 2
    likeness = likeness_of(recorded, current)
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


def _walk_back(gap: _Gap, steps: list[tuple[int, bytearray]]) -> list[Pair]:
    pairs = []
    i, j = map(len, gap)
    while i and j:
        low, step = steps[i - 1]
        taken = step[j - low] if low <= j < low + len(step) else 0
        if taken == 2:
            pairs.append((gap[0][i - 1], gap[1][j - 1]))
        i, j = i - (taken != 1), j - (taken != 0)
    return pairs


def _replaced(recorded: Rows, current: Rows, gap: _Gap) -> list[Pair]:
    """Rows of a gap whose type was replaced: another layer between the same shapes."""

    def place(layer: Layer) -> Hashable:
        return layer.input_shape, layer.output_shape, layer.parameters > 0

    candidates: dict[Hashable, list[int]] = defaultdict(list)
    for row in reversed(gap[1]):
        candidates[place(current.layers[row])].append(row)
    pairs: list[Pair] = []
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
    pairs: list[Pair],
    key_of: Callable[[Rows, int], Hashable],
) -> list[Pair]:
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
