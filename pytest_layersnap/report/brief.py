"""A drift in one line, for places that have no more room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pytest_layersnap.printable import printable
from pytest_layersnap.report.words import LABELS, said

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison

#: What merely follows from another change, and is told where nothing else has changed.
_FOLLOWING: Final = frozenset({"shape", "parameters", "order"})


def brief(drift: Comparison) -> str:
    """``6 layers changed (parameters, config), dense units 1024 → 512``: how much, and the first change."""
    changed = [
        (change.layer, difference)
        for change in drift.changes
        if change.kind == "changed"
        for difference in change.differences
    ]
    # Stable: of those that are equally telling, the first in the order of the rows.
    changed.sort(key=lambda one: one[1].category in _FOLLOWING)
    if not changed:
        return drift.summary
    layer, difference = changed[0]
    recorded, current = said(difference)
    what = LABELS.get(difference.path, difference.path)
    return f"{drift.summary}, {printable(f'{layer} {what} {recorded} → {current}')}"
