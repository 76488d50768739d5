"""Drifts that say the same of several models, as where one edit reaches all that share it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison


def alike(drifts: Mapping[str, Comparison]) -> list[list[str]]:
    """The names of drifts, those together that say the same.

    Args:
        drifts: by name.

    Returns:
        Groups in the order of their first names; each name is in one of them.
    """
    groups: dict[Hashable, list[str]] = {}
    for name, drift in drifts.items():
        groups.setdefault(_said(drift), []).append(name)
    return list(groups.values())


def _said(drift: Comparison) -> Hashable:
    return tuple(
        (change.kind, change.recorded_layer, change.layer, repr(sorted(_fields(change.fields))))
        for change in drift.changes
    )


def _fields(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(column, values) for column, values in fields.items() if column != "model"]
