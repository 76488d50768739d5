"""Values, names and edges in words; long ones cut down to where they differ."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

from pytest_layersnap.comparison.behavior import distance
from pytest_layersnap.comparison.changes import ABSENT, Difference
from pytest_layersnap.table import BEHAVIOR, UNKNOWN_EDGES, Layer

#: What the signs of findings stand for.
SIGNS = {"+": "added", "-": "removed", "~": "changed", "=": "renamed", ">": "moved"}
#: What differs, where people have another word for it.
LABELS = {"inbound_layers": "fed by", "layer_type": "type", "layer_name": "name"}
#: Columns that hold a number of parameters.
COUNTS = ("parameters", "trainable_parameters")
#: So many names are listed; of more, the first and the last.
LISTED = 3
#: Values longer than this are cut down to where they differ.
_WIDTH = 60
#: How the text of a function begins: what is said of it in any case.
_FUNCTION = re.compile(r"<(?:def \w+|lambda)")


def said(difference: Difference) -> tuple[str, str]:
    """The two values as people write them, cut down to where they differ."""
    if difference.path == "layer_name":
        return _renaming(difference.recorded, difference.current)
    if difference.category == BEHAVIOR and isinstance(difference.current, list):
        off = percent(distance(difference.recorded, difference.current))
        return "the recorded numbers", f"{off} off"
    return cut_pair(*in_full(difference))


def in_full(difference: Difference) -> tuple[str, str]:
    """The two values as people write them."""
    if difference.category == "order":
        return difference.recorded or "(start)", difference.current or "(start)"
    if difference.path == "inbound_layers":
        if UNKNOWN_EDGES in (difference.recorded, difference.current):
            return _whether_known(difference.recorded), _whether_known(difference.current)
        return _references(difference.recorded), _references(difference.current)
    if difference.path in COUNTS:
        return f"{difference.recorded:,}", f"{difference.current:,}"
    return value_text(difference.recorded), value_text(difference.current)


def percent(share: float) -> str:
    """A share in percent, to two digits."""
    return f"{float(f'{100 * share:.2g}'):g} %"


def value_text(value: Any) -> str:
    """One value as people write it."""
    if is_none(value):
        return "(none)"
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def is_none(value: Any) -> bool:
    """Whether a side does not have the value."""
    return value is ABSENT or value == ""


def cut_pair(recorded: str, current: str) -> tuple[str, str]:
    """Two long values, each cut down to the surroundings of where they differ."""
    if max(len(recorded), len(current)) <= _WIDTH:
        return recorded, current
    start = _common(recorded, current)
    end = _common(recorded[start:][::-1], current[start:][::-1])
    start = max(0, start - 12)
    head = _FUNCTION.match(recorded[:start])
    name = head[0] if head else ""
    return name + _window(recorded, start, end), name + _window(current, start, end)


def cut(text: str) -> str:
    """A long text without its middle."""
    if len(text) <= _WIDTH:
        return text
    half = _WIDTH // 2
    return f"{text[:half]}…{text[-half:]}"


def named(layers: Sequence[Layer]) -> str:
    """``dense (Dense)``, or ``49 Conv2D layers: conv1_conv … conv5_block3_3_conv``."""
    if len(layers) == 1:
        return f"{layers[0].layer_name} ({layers[0].layer_type})"
    types = {layer.layer_type for layer in layers}
    kind = f"{types.pop()} layers" if len(types) == 1 else "layers"
    return f"{len(layers)} {kind}: {listed([layer.layer_name for layer in layers])}"


def listed(names: Sequence[str]) -> str:
    """The names, or the first and the last."""
    return ", ".join(names) if len(names) <= LISTED else f"{names[0]} … {names[-1]}"


def times(count: int) -> str:
    """In how many layers, if it is not one."""
    return f"{count} layers" if count > 1 else ""


def _whether_known(references: Any) -> str:
    return UNKNOWN_EDGES if references == UNKNOWN_EDGES else "known layers"


def _references(value: list[Any]) -> str:
    if value and isinstance(value[0], list):
        return " | ".join(", ".join(call) for call in value)
    return ", ".join(value) or "nothing"


def _renaming(recorded: str, current: str) -> tuple[str, str]:
    """The parts of two names that differ: ``conv2_block1_bn``, ``stage2_block1_bn`` → the first."""
    if current.endswith(recorded):
        return "…", current.removesuffix(recorded) + "…"
    if recorded.endswith(current):
        return recorded.removesuffix(current) + "…", "…"
    was, now = _tokens(recorded), _tokens(current)
    while len(was) > 1 and len(now) > 1 and was[-1] == now[-1]:
        was, now = was[:-1], now[:-1]
    while len(was) > 1 and len(now) > 1 and was[0] == now[0]:
        was, now = was[1:], now[1:]
    return _whole(was), _whole(now)


def _tokens(name: str) -> list[str]:
    return [token for token in re.split(r"(?<=[_/])", name) if token]


def _whole(tokens: Sequence[str]) -> str:
    """The part of a name, without the separator at its end."""
    text = "".join(tokens)
    return text.rstrip("_/") or text


def _common(recorded: str, current: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(recorded, current, strict=False))
    )


def _window(text: str, start: int, end: int) -> str:
    end = max(0, end - 12)
    middle = cut(text[start : len(text) - end])
    return ("…" if start else "") + middle + ("…" if end else "")
