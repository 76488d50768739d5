"""Where the verdict about a model changes in a range of releases, found by halving."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TypeVar

from packaging.version import Version

Judged = TypeVar("Judged")


def bisect(
    releases: Sequence[Version],
    judge: Callable[[Sequence[Version]], Mapping[Version, Judged]],
    same: Callable[[Judged, Judged], bool],
) -> list[Judged]:
    """What was found of the releases that had to be tried.

    Where the first and the last say the same, a change may have come and gone between them: then the
    newest patch of each minor release is tried, too.

    Args:
        releases: the range, oldest first.
        judge: tries some releases, at the same time if it can.
        same: whether two releases say the same.

    Returns:
        By release, oldest first: wherever two of them that are neighbours here say different things,
        they are neighbours in the range.
    """
    found: dict[int, Judged] = {}

    def tried(places: Sequence[int]) -> None:
        told = judge([releases[place] for place in places])
        found.update({place: told[releases[place]] for place in places})

    ends = sorted({0, len(releases) - 1})
    tried(ends)
    if same(found[ends[0]], found[ends[-1]]):
        newest = {release.release[:2]: place for place, release in enumerate(releases)}
        tried([place for place in newest.values() if place not in found])
    while wide := _halves(found, same):
        tried(wide)
    return [found[place] for place in sorted(found)]


def _halves(found: Mapping[int, Judged], same: Callable[[Judged, Judged], bool]) -> list[int]:
    """The middles of all gaps that something changes in."""
    places = sorted(found)
    return [
        (left + right) // 2
        for left, right in pairwise(places)
        if right - left > 1 and not same(found[left], found[right])
    ]
