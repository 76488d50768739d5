"""What rows compute, in words: how far off, in which mode, and whose code it is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from pytest_layersnap.comparison.behavior import class_of, distance
from pytest_layersnap.comparison.changes import Change, Difference
from pytest_layersnap.report.finding import Fact
from pytest_layersnap.report.words import listed, percent, said
from pytest_layersnap.table import BEHAVIOR, SHAPE

#: The parts of what a row computes, as people call them.
_PARTS: Final = {
    "masks": "in the mask",
    "losses": "in the loss it adds",
    "updates": "in what it writes to its weights",
    "regularizers": "in the loss that regularizers add",
    "constraints": "in what constraints make of weights",
}
_SHAPE: Final = f"{BEHAVIOR}.{SHAPE}"


def facts(changes: Sequence[Change]) -> Iterator[Fact]:
    """How far the numbers of layers that changed alike are off."""
    differences = [d for change in changes for d in change.differences if d.category == BEHAVIOR]
    numbers = [d for d in differences if not d.path.startswith(_SHAPE)]
    if numbers:
        off = sorted({distance(d.recorded, d.current) for d in numbers})
        ends = dict.fromkeys(percent(off[place]) for place in (0, -1))
        where = list(dict.fromkeys(filter(None, map(_where, numbers))))
        yield Fact(
            "computes", f"other numbers: {' to '.join(ends)} off {' and '.join(where)}".rstrip()
        )
    for one in differences[:1]:
        if one.path.startswith(_SHAPE):
            recorded, current = said(one)
            yield Fact("gives shape", current, recorded)
    classes = dict.fromkeys(
        name for change in changes if (row := change.current_row) and (name := class_of(row))
    )
    if classes and all(change.categories == {BEHAVIOR} for change in changes):
        yield Fact("code of", listed(list(classes)))


def _where(difference: Difference) -> str:
    """In which mode, and in which part of what a row gives."""
    label = difference.path.removeprefix(f"{BEHAVIOR}.")
    mode = re.match(r"\w+", label)
    part = next((words for name, words in _PARTS.items() if f" {name}" in label), "")
    return f"in {mode[0]}" + (f" {part}" if part else "") if mode else ""
