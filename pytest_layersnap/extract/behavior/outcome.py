"""What evaluating one call gave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_layersnap.extract.reader import is_built_in


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call of a layer gave, as arrays of numpy.

    Args:
        outputs: its outputs, flat.
        masks: the masks that a layer of somebody's own passes on with them.
        losses: the losses that it added.
        updates: what a layer of somebody's own wrote to its weights.
        carried: the shapes of the masks that the outputs of any layer carry, or None.
        random: whether it drew random numbers.
    """

    outputs: list[Any]
    masks: list[Any] = field(default_factory=list)
    losses: list[Any] = field(default_factory=list)
    updates: list[Any] = field(default_factory=list)
    carried: list[tuple[int, ...] | None] = field(default_factory=list)
    random: bool = False


def masks_of(operation: Any, carried: Sequence[Any], array: Callable[[Any], Any]) -> list[Any]:
    """The masks of what a layer of somebody's own gave, which are told."""
    if is_built_in(operation):
        return []
    return [array(mask) for mask in carried if mask is not None]


def shapes_of(carried: Sequence[Any]) -> list[tuple[int, ...] | None]:
    """The shapes of masks."""
    return [None if mask is None else tuple(mask.shape) for mask in carried]
