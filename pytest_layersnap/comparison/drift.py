"""Comparing two layer tables, and the drift that comes of it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pytest_layersnap.comparison.changes import (
    CATEGORIES,
    Change,
    Difference,
    Kind,
    find_changes,
)
from pytest_layersnap.comparison.consequences import Consequences, consequences
from pytest_layersnap.comparison.explain import explain
from pytest_layersnap.comparison.known_changes import explanations
from pytest_layersnap.comparison.known_changes.known import Explanation
from pytest_layersnap.comparison.selection import Names, Selection
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.table import BEHAVIOR, JSON_CELLS, UNKNOWN_EDGES, LayerTable

if TYPE_CHECKING:
    import pandas as pd
    from deepdiff import DeepDiff

__all__ = ["Change", "Difference", "Drift", "LayerDrift", "compare"]

#: The command that accepts a drift.
ACCEPT = "pytest --snapshot-update"


@dataclass(frozen=True, repr=False)  # no slots: cached_property needs the instance's dict
class Drift:
    """How the current layer table differs from the recorded one; true if it does.

    Args:
        recorded: the table of the snapshot.
        current: the table of the model as it is now.
        changes: what changed, in the order of the rows, as far as the selection lets it count.
        selection: which categories and columns count.
        hidden: of how many changes the selection hides something.
        pairs: which recorded row is which current row, as indices.
    """

    recorded: LayerTable
    current: LayerTable
    changes: tuple[Change, ...]
    selection: Selection
    hidden: int
    pairs: tuple[tuple[int, int], ...]

    def __bool__(self) -> bool:
        """Whether anything that counts has changed."""
        return bool(self.changes)

    def __repr__(self) -> str:
        return f"<Drift of {self.current!r}: {self.summary}>"

    def __str__(self) -> str:
        """The report, without the command that accepts it."""
        return self.to_text(accept=None)

    def _repr_html_(self) -> str:
        from pytest_layersnap.report.html import notebook

        return notebook.of_drift(self)

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

    def to_text(self, *, accept: str | None = ACCEPT, color: bool = False) -> str:
        """The report for a terminal: complete, and readable without color.

        Args:
            accept: the command that accepts the drift, with which the report ends; None to leave
                it out.
            color: whether to color it with ANSI escapes.
        """
        from pytest_layersnap.report.text import render

        return render(self, accept=accept, color=color)

    def to_markdown(self, *, accept: str | None = ACCEPT) -> str:
        """The report for a pull request.

        Args:
            accept: the command that accepts the drift; None to leave it out.
        """
        from pytest_layersnap.report.markdown import render

        return render(self, accept=accept)

    def to_html(self, *, accept: str | None = ACCEPT) -> str:
        """The report as a page in one file, which loads nothing and needs no script.

        Args:
            accept: the command that accepts the drift; None to leave it out.
        """
        from pytest_layersnap.report.html.drift import render

        return render(self, accept=accept)

    def to_dict(self) -> dict[str, Any]:
        """The drift as data that JSON can hold."""
        from pytest_layersnap.report.json import render

        return render(self)


class LayerDrift(LayersnapError, AssertionError):
    """A model is not what its snapshot says; the message is the report."""

    __module__ = "pytest_layersnap"

    def __init__(
        self, drift: Drift | Iterable[Drift], *, accept: str | None = ACCEPT, color: bool = False
    ) -> None:
        """The failure of one drift, or of several.

        Args:
            drift: the drift, or at least one of them.
            accept: the command that accepts them; None to leave it out.
            color: whether the message is colored with ANSI escapes.
        """
        self.drifts = (drift,) if isinstance(drift, Drift) else tuple(drift)
        *others, last = self.drifts
        reports = [each.to_text(accept=None, color=color) for each in others]
        reports.append(last.to_text(accept=accept, color=color))
        super().__init__("\n\n\n".join(reports))

    @property
    def drift(self) -> Drift:
        """The first drift."""
        return self.drifts[0]

    @property
    def headline(self) -> str:
        """What drifted, in one line: ``resnet50: 1 layer changed (config), dense units 10 → 12``."""
        if len(self.drifts) > 1:
            return super().headline
        from pytest_layersnap.report.brief import brief

        return f"{self.drift.current.model}: {brief(self.drift)}"


def compare(
    recorded: LayerTable | pd.DataFrame,
    current: LayerTable | pd.DataFrame,
    *,
    only: Names | None = None,
    ignore: Names | None = None,
    tolerance: float = 1.0,
) -> Drift:
    """How the current layer table differs from the recorded one.

    Args:
        recorded: the table of the snapshot, or its DataFrame.
        current: the table of the model as it is now, or its DataFrame.
        only: categories or columns (one, or several): nothing else counts.
        ignore: categories or columns that do not count.
        tolerance: what the tolerances for the numbers in ``behavior`` are multiplied by, for computers
            that differ by more than those on which they were measured.

    Returns:
        The drift; false if nothing that counts has changed.

    Raises:
        ValueError: ``only`` or ``ignore`` names what is neither a category nor a column.
        TableError: a DataFrame is no layer table.
    """
    selection = Selection.of(only, ignore)
    before, after = _table(recorded), _table(current)
    if before.same_architecture(after):
        return Drift(
            before, after, (), selection, 0, tuple((row, row) for row in range(len(after)))
        )
    explanation = explain(before, after)
    changes, hidden = selection.apply(find_changes(before, after, explanation, tolerance))
    return Drift(before, after, changes, selection, hidden, explanation.alignment.pairs)


_KINDS: tuple[Kind, ...] = ("added", "removed", "changed", "renamed", "moved")


def _table(data: LayerTable | pd.DataFrame) -> LayerTable:
    return data if isinstance(data, LayerTable) else LayerTable.from_frame(data)


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
