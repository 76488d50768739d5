"""Changes of Keras itself between releases, so that a reader learns who changed the network.

Each was reproduced by building the same code under both releases. An explanation never hides a change:
the network really is another one. It is about whole changes of layers only: where somebody changed
something else about the same layer, too, nothing is explained.

A subject is a module here, whose ``CHANGES`` stand in ``KNOWN_CHANGES``.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pytest_layersnap.comparison.changes import Change, Kind, with_differences
from pytest_layersnap.comparison.known_changes import (
    attention,
    mobilenet_v3,
    nasnet,
    numbers,
    recurrent,
    rescaling,
    shapes,
    training,
    weights,
)
from pytest_layersnap.comparison.known_changes.known import Explanation, Keras, KnownChange, Release
from pytest_layersnap.table import LayerTable

#: Those of networks first: a change of a layer is explained by the first that does.
KNOWN_CHANGES: Final[tuple[KnownChange, ...]] = (
    *mobilenet_v3.CHANGES,
    *nasnet.CHANGES,
    *rescaling.CHANGES,
    *attention.CHANGES,
    *recurrent.CHANGES,
    *shapes.CHANGES,
    *weights.CHANGES,
    *training.CHANGES,
    *numbers.CHANGES,
)


def release(recorded_with: str) -> Release | None:
    """The release of Keras in a table's ``recorded_with``; None where it does not tell."""
    match = re.search(r"\b(tf_)?keras (\d+)\.(\d+)", recorded_with)
    if match is None:
        return None
    return (2, 16) if match[1] else (int(match[2]), int(match[3]))


def _keras(recorded_with: str) -> Keras | None:
    """The Keras of a table's ``recorded_with``; None where it does not tell."""
    found = release(recorded_with)
    backend = re.search(r"\b(tensorflow|jax|torch|numpy|openvino)\b", recorded_with)
    return None if found is None else Keras(found, backend[1] if backend else "")


def explanations(
    changes: Sequence[Change], recorded: LayerTable, current: LayerTable
) -> tuple[Explanation, ...]:
    """Which known changes of Keras explain changes of layers, each layer by the first that does.

    Args:
        changes: the changes of layers between the two tables.
        recorded: the table of the snapshot; what recorded it tells the release of Keras.
        current: the table now.
    """
    was, now = _keras(recorded.recorded_with), _keras(current.recorded_with)
    if was is None or now is None:
        return ()
    left = list(changes)
    found = []
    for known in KNOWN_CHANGES:
        if not known.between(was, now):
            continue
        of_kind = [c for c in left if not known.numeric or c.categories == {"behavior"}]
        sides = of_kind if known.numeric else list(map(_without_numbers, of_kind))
        turned = sides if known.has(now) else list(map(_turned, sides))
        wanted = set(map(id, known.finds(turned, current if known.has(now) else recorded)))
        explained = [
            change for change, side in zip(of_kind, turned, strict=True) if id(side) in wanted
        ]
        if explained:
            found.append(Explanation(known, tuple(explained)))
            taken = set(map(id, explained))
            left = [change for change in left if id(change) not in taken]
    return tuple(found)


def _without_numbers(change: Change) -> Change:
    """A change without the numbers that follow from what else is different."""
    others = tuple(d for d in change.differences if d.category != "behavior")
    if not others or len(others) == len(change.differences):
        return change
    return with_differences(change, others)


_OPPOSITE: Final[dict[Kind, Kind]] = {"added": "removed", "removed": "added"}


def _turned(change: Change) -> Change:
    """A change as it looks from the other side."""
    return replace(
        change,
        kind=_OPPOSITE.get(change.kind, change.kind),
        differences=tuple(
            replace(difference, recorded=difference.current, current=difference.recorded)
            for difference in change.differences
        ),
        recorded_row=change.current_row,
        current_row=change.recorded_row,
    )
