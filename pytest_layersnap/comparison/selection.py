"""The changes that count, as far as a scope selects them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from pytest_layersnap.comparison.changes import Change, Difference, with_differences
from pytest_layersnap.scope import Scope


def select(changes: Iterable[Change], scope: Scope) -> tuple[tuple[Change, ...], int]:
    """The changes that count, and from how many something was left out."""
    if not scope.selects:
        return tuple(changes), 0
    kept: list[Change] = []
    hidden = 0
    for change in changes:
        left = _cut(change, scope)
        hidden += left is not change
        if left is not None:
            kept.append(left)
    return tuple(kept), hidden


def _cut(change: Change, scope: Scope) -> Change | None:
    """What counts of a change; the change itself where all of it does."""
    if not change.differences:
        return change if _counts_row(change, scope) else None
    differences = tuple(
        _without_ignored_columns(difference, scope)
        for difference in change.differences
        if scope.counts(difference.category, difference.columns)
    )
    if differences == change.differences:
        return change
    return with_differences(change, differences) if differences else None


def _counts_row(change: Change, scope: Scope) -> bool:
    """Whether an added or removed row counts: one with weights also changes the parameters."""
    row = change.current_row or change.recorded_row
    categories = {"layers"}
    if row is not None and row.parameters:
        categories |= {"parameters", "trainability"} if row.trainable_parameters else {"parameters"}
    if scope.ignore and "layers" in scope.ignore:
        return False
    return scope.only is None or not scope.only.isdisjoint(categories)


def _without_ignored_columns(difference: Difference, scope: Scope) -> Difference:
    if not scope.ignore or scope.ignore.isdisjoint(difference.columns):
        return difference
    columns = tuple(column for column in difference.columns if column not in scope.ignore)
    return replace(difference, columns=columns)
