"""Places in a table that follow each other."""

from __future__ import annotations

from collections.abc import Iterable


def runs(places: Iterable[int]) -> list[range]:
    """Places in order, those that follow each other as one: ``3 1 2 7`` are 1 to 3, and 7."""
    found: list[range] = []
    for place in sorted(places):
        if found and found[-1].stop == place:
            found[-1] = range(found[-1].start, place + 1)
        else:
            found.append(range(place, place + 1))
    return found
