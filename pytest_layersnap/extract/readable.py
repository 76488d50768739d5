"""Settings and shapes as columns show them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pytest_layersnap.extract import canonical


def _tuple_text(plain: Any) -> str:
    if isinstance(plain, list):
        items = [_tuple_text(item) for item in plain]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return str(plain)


def _activation_text(plain: Any) -> str:
    if isinstance(plain, Mapping):
        return str(plain.get("class_name", canonical.as_json(plain)))
    return str(plain)


_Rule = tuple[str, str, Callable[[Any], str]]
_COPIES: tuple[_Rule, ...] = (
    ("activation_function", "activation", _activation_text),
    ("kernel_size", "kernel_size", _tuple_text),
    ("use_bias", "use_bias", str),
    ("padding", "padding", _tuple_text),
    ("strides", "strides", _tuple_text),
    ("pooling_size", "pool_size", _tuple_text),
    ("reshape_target_shape", "target_shape", _tuple_text),
)


def readable(class_name: str, plain: Mapping[str, Any]) -> dict[str, str]:
    """The columns that repeat settings of ``layer_attributes`` for readers."""
    copies = {column: text(plain[key]) for column, key, text in _COPIES if key in plain}
    if "Dropout" in class_name and "rate" in plain:
        copies["dropout_rate"] = str(plain["rate"])
    if "Normalization" in class_name:
        if "momentum" in plain:
            copies["normalization_momentum"] = str(plain["momentum"])
        if "axis" in plain:
            copies["normalization_axis"] = _tuple_text(plain["axis"])
    return copies


def shape_text(shape: Any) -> str:
    """``(None, 8)``; a list or dict of shapes as such."""
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{key!r}: {shape_text(item)}" for key, item in shape.items()) + "}"
    if isinstance(shape, list):
        return "[" + ", ".join(map(shape_text, shape)) + "]"
    return str(shape)
