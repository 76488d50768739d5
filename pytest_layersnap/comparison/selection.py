"""``only=`` and ``ignore=``: which changes count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pytest_layersnap.comparison.changes import (
    CATEGORIES,
    COMPARED_COLUMNS,
    Change,
    Difference,
    with_differences,
)

#: A category or column, or several.
Names = str | Iterable[str]


@dataclass(frozen=True, slots=True)
class Selection:
    """The categories and columns that count.

    Args:
        only: nothing but these counts; None for all.
        ignore: these do not count.
    """

    only: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()

    @classmethod
    def of(cls, only: Names | None, ignore: Names | None) -> Selection:
        """The selection that a caller asks for.

        Raises:
            ValueError: a name is neither a category nor a column, or ``only`` names nothing.
        """
        chosen = None if only is None else _names("only", only)
        if chosen is not None and not chosen:
            raise ValueError("only= names nothing, so nothing would be compared; " + _known())
        return cls(chosen, frozenset() if ignore is None else _names("ignore", ignore))

    def apply(self, changes: Iterable[Change]) -> tuple[tuple[Change, ...], int]:
        """The changes that count, and from how many something was left out."""
        if self.only is None and not self.ignore:
            return tuple(changes), 0
        kept: list[Change] = []
        hidden = 0
        for change in changes:
            left = self._cut(change)
            hidden += left is not change
            if left is not None:
                kept.append(left)
        return tuple(kept), hidden

    def _cut(self, change: Change) -> Change | None:
        """What counts of a change; the change itself where all of it does."""
        if not change.differences:
            return change if self._counts_row(change) else None
        differences = tuple(
            self._without_ignored_columns(difference)
            for difference in change.differences
            if self.counts(difference.category, difference.columns)
        )
        if differences == change.differences:
            return change
        return with_differences(change, differences) if differences else None

    def counts(self, category: str, columns: tuple[str, ...] = ()) -> bool:
        """Whether a difference of this category, shown by these columns, counts."""
        if category in self.ignore or self.ignore.intersection(columns[:1]):
            return False
        return self.only is None or not self.only.isdisjoint({category, *columns})

    def _counts_row(self, change: Change) -> bool:
        """Whether an added or removed row counts: one with weights also changes the parameters."""
        row = change.current_row or change.recorded_row
        categories = {"layers"}
        if row is not None and row.parameters:
            categories |= (
                {"parameters", "trainability"} if row.trainable_parameters else {"parameters"}
            )
        if "layers" in self.ignore:
            return False
        return self.only is None or not self.only.isdisjoint(categories)

    def _without_ignored_columns(self, difference: Difference) -> Difference:
        if self.ignore.isdisjoint(difference.columns):
            return difference
        columns = tuple(column for column in difference.columns if column not in self.ignore)
        return Difference(
            difference.path,
            difference.category,
            columns,
            difference.recorded,
            difference.current,
        )


def _names(argument: str, names: Names) -> frozenset[str]:
    found = frozenset({names} if isinstance(names, str) else names)
    unknown = found.difference(CATEGORIES, COMPARED_COLUMNS)
    if unknown:
        listed = ", ".join(sorted(map(repr, unknown)))
        raise ValueError(f"{argument}= does not know {listed}; {_known()}")
    return found


def _known() -> str:
    columns = [column for column in COMPARED_COLUMNS if column not in CATEGORIES]
    return (
        f"choose from the categories {', '.join(CATEGORIES)}, or the columns {', '.join(columns)}"
    )
