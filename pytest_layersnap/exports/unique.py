"""Names that are told apart, where case does not tell."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import add

from pytest_layersnap.filenames import fold


def unique(
    names: Iterable[str],
    *,
    taken: Iterable[str] = (),
    joined: Callable[[str, str], str] = add,
) -> list[str]:
    """The names, where one that is taken becomes ``name_2``, ``name_3``, ….

    Args:
        names: what is wanted.
        taken: what is not to be had.
        joined: makes one of a name and the number that goes with it (which may be empty).
    """
    used = set(map(fold, taken))
    found = []
    for name in names:
        number, candidate = 1, joined(name, "")
        while fold(candidate) in used:
            number += 1
            candidate = joined(name, f"_{number}")
        used.add(fold(candidate))
        found.append(candidate)
    return found
