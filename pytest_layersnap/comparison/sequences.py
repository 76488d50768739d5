"""Numbers that stand out of order."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence


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
