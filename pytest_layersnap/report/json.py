"""Drift as data for other programs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from pytest_layersnap.comparison.changes import ABSENT, Change, Difference
from pytest_layersnap.scope import CATEGORIES

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison
    from pytest_layersnap.table import LayerTable

#: Raised whenever a key changes its meaning or goes away; new keys do not raise it.
SCHEMA = 1


def render(drift: Comparison) -> dict[str, Any]:
    """The drift as dictionaries, lists and plain values, in a stable order."""
    return {
        "schema": SCHEMA,
        "drift": bool(drift),
        "summary": drift.summary,
        "categories": [name for name in CATEGORIES if name in drift.categories],
        "recorded": _table(drift.recorded),
        "current": _table(drift.current),
        "consequences": _lists(asdict(drift.consequences)),
        "only": None if drift.scope.only is None else sorted(drift.scope.only),
        "ignore": sorted(drift.scope.ignore or ()),
        "hidden": drift.hidden,
        "explanations": [
            {
                "what": explanation.known.what,
                "source": explanation.known.source,
                "layers": [change.layer for change in explanation.changes],
            }
            for explanation in drift.explanations
        ],
        "changes": [_change(change) for change in drift.changes],
    }


def _table(table: LayerTable) -> dict[str, Any]:
    return {
        "model": table.model,
        "layers": len(table),
        "parameters": table.parameters,
        "trainable_parameters": table.trainable_parameters,
        "recorded_with": table.recorded_with,
    }


def _change(change: Change) -> dict[str, Any]:
    row = change.current_row or change.recorded_row
    return {
        "kind": change.kind,
        "layer": change.layer,
        "recorded_layer": change.recorded_layer,
        "layer_type": row.layer_type if row else None,
        "categories": [name for name in CATEGORIES if name in change.categories],
        "fields": {column: list(cells) for column, cells in change.fields.items()},
        "differences": [_difference(difference) for difference in change.differences],
    }


def _difference(difference: Difference) -> dict[str, Any]:
    """A difference; a side that does not have the value has no key."""
    found = {"path": difference.path, "category": difference.category}
    if difference.recorded is not ABSENT:
        found["recorded"] = difference.recorded
    if difference.current is not ABSENT:
        found["current"] = difference.current
    return found


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [_lists(item) for item in value]
    return value
