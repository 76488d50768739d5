"""The form that every case has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

#: Builds the model of a case anew.
Build = Callable[[ModuleType], Any]


@dataclass(frozen=True)
class Case:
    """Two models of which it is known whether they differ.

    Args:
        kind: what the case is about.
        one: builds the first model.
        other: builds the second one.
        differs: whether the second differs from the first.
        layer: the last part of the path of the row that differs, where it is one.
        category: one that the drift must have.
        numbers: whether the models can be run, and their numbers tell them apart where they differ.
    """

    kind: str
    one: Build
    other: Build
    differs: bool
    layer: str | None = "subject"
    category: str | None = "config"
    numbers: bool = False
