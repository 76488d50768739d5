"""A network made wider or narrower: one factor for the channels of many layers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any

from pytest_layersnap.comparison.changes import Change, Difference, with_differences

#: Settings that say how many channels a layer gives.
_CHANNELS = frozenset({"filters", "units", "output_dim", "key_dim", "value_dim"})
_SHAPES = frozenset({"input_shape", "output_shape", "reshape_target_shape", "target_shape"})
_COUNTS = frozenset({"parameters", "trainable_parameters"})
#: So many layers with a factor in common are no chance.
_ENOUGH = 4
#: And so many of those whose channels changed must have it.
_SHARE = 0.8
#: What networks with a width multiplier round channels to (``_make_divisible`` in MobileNet).
_MULTIPLE = 8


def scaled(changes: Sequence[Change]) -> tuple[float, list[Change], list[Change]]:
    """The factor that most changes of channels have in common.

    Returns:
        The factor; what it explains of each change; and what is left of the changes. Where there is
        no such factor it is 1, explains nothing, and leaves all.
    """
    channels = [
        (difference.recorded, difference.current)
        for change in changes
        for difference in change.differences
        if _is_number_of_channels(difference)
    ]
    factors = Counter(current / recorded for recorded, current in channels)
    factor, layers = next(iter(factors.most_common(1)), (1.0, 0))
    followed = sum(_is_scaled(factor, recorded, current) for recorded, current in channels)
    if layers < _ENOUGH or followed < _SHARE * len(channels):
        return 1.0, [], list(changes)
    explained, left = [], []
    for change in changes:
        follows = tuple(d for d in change.differences if _follows(factor, d))
        others = tuple(d for d in change.differences if not _follows(factor, d))
        explained += [with_differences(change, follows)] if follows else []
        left += [with_differences(change, others)] if others else []
    return factor, explained, left


def _is_number_of_channels(difference: Difference) -> bool:
    values = difference.recorded, difference.current
    return difference.path in _CHANNELS and all(type(v) is int and v > 0 for v in values)


def _follows(factor: float, difference: Difference) -> bool:
    recorded, current = difference.recorded, difference.current
    if difference.path in _COUNTS:
        return True
    if difference.path in _CHANNELS:
        return _is_number_of_channels(difference) and _is_scaled(factor, recorded, current)
    if difference.path == "weight_shapes":
        return len(recorded) == len(current) and all(
            _lengths_follow(factor, *shapes) for shapes in zip(recorded, current, strict=True)
        )
    return difference.path in _SHAPES and _shapes_follow(factor, str(recorded), str(current))


def _lengths_follow(factor: float, recorded: Any, current: Any) -> bool:
    return len(recorded) == len(current) and all(
        _is_scaled(factor, *lengths) for lengths in zip(recorded, current, strict=True)
    )


def _shapes_follow(factor: float, recorded: str, current: str) -> bool:
    """Whether two shapes differ in nothing but one axis, that of the channels."""
    was, now = (re.findall(r"\d+|[^\d]+", shape) for shape in (recorded, current))
    if len(was) != len(now):
        return False
    different = [place for place, text in enumerate(was) if text != now[place]]
    followed = [place + 1 == len(was) or was[place + 1][0] == ")" for place in different]
    return (all(followed) or not any(followed)) and all(
        was[place].isdigit()
        and now[place].isdigit()
        and _is_scaled(factor, int(was[place]), int(now[place]))
        for place in different
    )


def _is_scaled(factor: float, recorded: int, current: int) -> bool:
    if current in (recorded, round(recorded * factor)):
        return True
    return current % _MULTIPLE == 0 and abs(current - recorded * factor) < _MULTIPLE
