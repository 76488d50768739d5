"""What a notebook collects over ``model.layers``: sixteen columns, for pandas to write."""

from __future__ import annotations

from typing import Any

from benchmarks.truth.peers import notebook

#: The columns that are attributes of layers, and under which name layers have them.
ATTRIBUTES = {
    "kernel_size": "kernel_size",
    "use_bias": "use_bias",
    "padding": "padding",
    "strides": "strides",
    "pooling_size": "pool_size",
    "dropout_rate": "rate",
    "reshape_target_shape": "target_shape",
}


def rows(model: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a model, in the columns and in the order of the notebook."""
    found = []
    for layer, row in zip(model.layers, notebook(model), strict=True):
        attributes = {
            column: getattr(layer, attribute, None) for column, attribute in ATTRIBUTES.items()
        }
        head = {key: row.pop(key) for key in ("layer_name", "layer_type")}
        activation = getattr(layer, "activation", None)
        found.append(
            {
                "model": name,
                **head,
                "input_shape": str(_input_shape(layer)),
                **row,
                "activation_function": getattr(activation, "__name__", None),
                **attributes,
            }
        )
    return found


def _input_shape(layer: Any) -> Any:
    if hasattr(layer, "input_shape"):
        return layer.input_shape
    given = layer.input
    return [one.shape for one in given] if isinstance(given, list) else given.shape
