"""What rows compute, compared: numbers that differ by more than what computers differ by.

Eight numbers stand for each output. They are as far apart as they differ at most, relative to the root mean
square, which is the first of them: about as far as the outputs themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from pytest_layersnap.table import (
    CLASS,
    INFERENCE,
    INPUTS,
    SHAPE,
    TRAINING,
    UNTOLD,
    Layer,
    LayerTable,
)

#: How far apart numbers may be, by the dtype that a row computes in: what backends, releases and processors
#: were measured to differ by, with room (``benchmarks/behavior_noise.py``).
TOLERANCES: Final = {
    "float64": 1e-4,
    "float32": 1e-4,
    "float16": 1e-2,
    "bfloat16": 5e-2,
    "int8": 5e-2,
    "int4": 5e-2,
    "float8": 1e-1,
}
#: Of outputs that are there on one side alone.
_APART: Final = 1.0


@dataclass(frozen=True, slots=True)
class Apart:
    """A part of what a row computes that is something else on the two sides.

    Args:
        label: which part: ``inference``, ``training``, ``inference:1`` (the second output),
            ``inference@1`` (the second call), …; or ``shape``, where the shapes that come out differ.
        recorded: the numbers in the snapshot.
        current: the numbers now.
        distance: how far they are apart.
    """

    label: str
    recorded: Any
    current: Any
    distance: float


def apart(recorded: Layer, current: Layer, factor: float = 1.0) -> list[Apart]:
    """The parts of two rows that are further apart than their dtype explains.

    Only of rows that were asked the same: with inputs and weights of the same shapes. Nothing is said of
    parts that one side could not tell.

    Args:
        recorded: the row in the snapshot.
        current: the row now.
        factor: what the tolerance is multiplied by.
    """
    if recorded.behavior == current.behavior:
        return []
    tolerance = factor * max(tolerance_of(recorded.dtype), tolerance_of(current.dtype))
    return [part for part in parts(recorded, current) if part.distance > tolerance]


def parts(recorded: Layer, current: Layer) -> Iterator[Apart]:
    """All parts that two rows tell in numbers, with how far they are apart."""
    if _are_asked_alike(recorded, current):
        yield from _parts(recorded.behaves, current.behaves)


def is_told(row: Layer) -> bool:
    """Whether a row that was asked says what it computes, in numbers."""
    return not row.behavior or not any(label.startswith(UNTOLD) for label in row.behaves)


def class_of(row: Layer) -> str | None:
    """The class that computes a row, where it is none of Keras'."""
    return row.behaves.get(CLASS)


def settled(recorded: LayerTable, current: LayerTable, factor: float = 1.0) -> LayerTable:
    """The current table with the recorded numbers where its own are as good as those.

    So that the same numbers are the same bytes, wherever they were computed.
    """
    rows = {layer.layer_name: layer for layer in recorded}
    layers = (_settled(rows.get(layer.layer_name), layer, factor) for layer in current)
    return replace(current, layers=tuple(layers))


def _settled(recorded: Layer | None, current: Layer, factor: float) -> Layer:
    if (
        recorded is None
        or not _are_asked_alike(recorded, current)
        or is_told(recorded) != is_told(current)
        or apart(recorded, current, factor)
    ):
        return current
    return replace(current, behavior=recorded.behavior)


def _are_asked_alike(recorded: Layer, current: Layer) -> bool:
    return bool(recorded.behavior and current.behavior) and (
        recorded.input_shape == current.input_shape
        and recorded.weight_shapes == current.weight_shapes
    )


def _parts(recorded: dict[str, Any], current: dict[str, Any]) -> Iterator[Apart]:
    if not _say_alike(recorded, current):
        return
    for label in dict.fromkeys((*recorded, *current)):
        was, now = _of(recorded, label), _of(current, label)
        if label.startswith((INPUTS, CLASS)):
            continue
        if isinstance(was, str) != isinstance(now, str) and not label.startswith(SHAPE):
            continue
        if isinstance(was, list) and isinstance(now, list):
            yield Apart(label, was, now, distance(was, now))
        elif was != now:
            yield Apart(label, was, now, _APART)


def _say_alike(recorded: dict[str, Any], current: dict[str, Any]) -> bool:
    """Whether both sides have numbers, of inputs that were made in one way."""
    return not any(
        label.startswith(UNTOLD)
        or (label.startswith(INPUTS) and recorded.get(label) != current.get(label))
        for label in (*recorded, *current)
    )


def _of(side: dict[str, Any], label: str) -> Any:
    """The numbers of a part: of all calls where they agree, of both modes where they agree."""
    if "@" in label and not any("@" in other for other in side):
        label = label.partition("@")[0]
    if label in side:
        return side[label]
    mode = re.sub(r"^(\w+)[^@]*", r"\1", label)
    if isinstance(side.get(mode), str):
        return side[mode]
    if label.startswith(TRAINING):
        return _of(side, label.replace(TRAINING, INFERENCE, 1))
    return None


def distance(recorded: Any, current: Any) -> float:
    """How far apart two parts are, relative to the larger of their root mean squares."""
    if not isinstance(recorded, list) or not isinstance(current, list):
        return _APART
    largest: float = max(abs(recorded[0]), abs(current[0]))
    if not largest:
        return 0.0
    furthest: float = max(abs(was - now) for was, now in zip(recorded, current, strict=True))
    return furthest / largest


def tolerance_of(dtype: str) -> float:
    """The tolerance of the coarsest dtype that a policy names."""
    found = [tolerance for name, tolerance in TOLERANCES.items() if name in dtype]
    return max(found, default=TOLERANCES["float32"])
