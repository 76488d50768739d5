"""How two layer tables compare, as data."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_layersnap.comparison.changes import (
    Change,
    Kind,
    find_changes,
)
from pytest_layersnap.comparison.consequences import Consequences, consequences
from pytest_layersnap.comparison.explain import explain
from pytest_layersnap.comparison.known_changes import explanations
from pytest_layersnap.comparison.known_changes.known import Explanation
from pytest_layersnap.comparison.selection import select
from pytest_layersnap.scope import CATEGORIES, Scope
from pytest_layersnap.table import BEHAVIOR, JSON_CELLS, UNKNOWN_EDGES, LayerTable

if TYPE_CHECKING:
    from deepdiff import DeepDiff


@dataclass(frozen=True, repr=False)  # no slots: cached_property needs the instance's dict
class Comparison:
    """What a ``Drift`` tells, as data; its fields are said there."""

    recorded: LayerTable
    current: LayerTable
    changes: tuple[Change, ...]
    scope: Scope
    hidden: int
    pairs: tuple[tuple[int, int], ...]

    def __bool__(self) -> bool:
        """Whether anything that counts has changed."""
        return bool(self.changes)

    @property
    def categories(self) -> frozenset[str]:
        """The categories of all changes."""
        return frozenset().union(*(change.categories for change in self.changes))

    @cached_property
    def consequences(self) -> Consequences:
        """What the drift means for the model as a whole."""
        return consequences(self.recorded, self.current, self.pairs)

    @cached_property
    def explanations(self) -> tuple[Explanation, ...]:
        """The known differences between the two releases, each with the changes that it explains."""
        return explanations(self.changes, self.recorded, self.current)

    @property
    def summary(self) -> str:
        """The drift in one line, such as ``2 layers added, 49 changed (trainability)``."""
        models = [change for change in self.changes if "model" in change.fields]
        counts = Counter(change.kind for change in self.changes)
        counts["renamed"] -= len(models)
        parts = [f"{counts[kind]} {kind}" for kind in _KINDS if counts[kind] > 0]
        if parts:
            first = next(counts[kind] for kind in _KINDS if counts[kind] > 0)
            noun = "layer" if first == 1 else "layers"
            parts[0] = parts[0].replace(" ", f" {noun} ", 1)
        parts = [
            f"{part} ({', '.join(self._changed_categories())})" if "changed" in part else part
            for part in parts
        ]
        if models:
            parts.append("model renamed")
        return ", ".join(parts) or "no drift"

    def _changed_categories(self) -> list[str]:
        found = {
            category
            for change in self.changes
            if change.kind == "changed"
            for category in change.categories
        }
        return [category for category in CATEGORIES if category in found]

    @cached_property
    def deepdiff(self) -> DeepDiff:
        """A DeepDiff (tree view) of the rows that changed, keyed by their paths now.

        Of a changed row it holds the columns that changed, with JSON cells decoded, so that nested
        configuration is compared key by key. Added rows are items that only the second side has,
        removed rows items that only the first has.
        """
        from deepdiff import DeepDiff

        recorded, current = _sides(self.changes)
        return DeepDiff(recorded, current, view="tree", verbose_level=2, threshold_to_diff_deeper=0)


def differences(
    recorded: LayerTable, current: LayerTable, scope: Scope, tolerance: float
) -> tuple[tuple[Change, ...], int, tuple[tuple[int, int], ...]]:
    """What a ``Comparison`` holds of two tables: ``changes``, ``hidden`` and ``pairs``.

    Args:
        recorded: the table of the snapshot.
        current: the table of the model as it is now.
        scope: which categories and columns count.
        tolerance: what the tolerances for numbers are multiplied by.
    """
    if recorded.same_architecture(current):
        return (), 0, tuple((row, row) for row in range(len(current)))
    recorded, current = recorded.without_saved_order(), current.without_saved_order()
    explanation = explain(recorded, current)
    changes, hidden = select(find_changes(recorded, current, explanation, tolerance), scope)
    return changes, hidden, explanation.alignment.pairs


_KINDS: tuple[Kind, ...] = ("added", "removed", "changed", "renamed", "moved")


def _sides(changes: Iterable[Change]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two dictionaries that DeepDiff compares."""
    recorded: dict[str, Any] = {}
    current: dict[str, Any] = {}
    taken: Counter[str] = Counter()
    for change in changes:
        taken[change.layer] += 1
        number = taken[change.layer]
        key = change.layer if number == 1 else f"{change.layer} #{number}"
        if change.kind != "added":
            recorded[key] = _decoded(change, side=0)
        if change.kind != "removed":
            current[key] = _decoded(change, side=1)
    return recorded, current


_DECODED = JSON_CELLS | {BEHAVIOR}


def _decoded(change: Change, side: int) -> dict[str, Any]:
    row = change.current_row if side else change.recorded_row
    if change.fields or row is None or change.kind == "moved":
        cells = {column: pair[side] for column, pair in change.fields.items()}
    else:
        cells = {column: cell for column, cell in asdict(row).items() if cell != ""}
    return {
        column: json.loads(cell) if column in _DECODED and cell not in ("", UNKNOWN_EDGES) else cell
        for column, cell in cells.items()
    }
