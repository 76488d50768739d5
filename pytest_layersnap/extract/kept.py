"""What a layer without a config keeps of its settings, in attributes."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Mapping
from typing import Any

from pytest_layersnap.extract.reader import is_a, is_built_in

#: What Keras itself keeps in public attributes of layers and models.
_KERAS_ATTRIBUTES = frozenset(
    {
        "activity_regularizer",
        "autocast",
        "build",
        "built",
        "call_signature_parameters",
        "compiled",
        "compiled_loss",
        "compiled_metrics",
        "dtype_policy",
        "history",
        "input_names",
        "input_spec",
        "inputs",
        "loss",
        "name",
        "optimizer",
        "output_names",
        "outputs",
        "predict_function",
        "quantize",
        "stateful",
        "steps_per_execution",
        "stop_training",
        "supports_jit",
        "supports_masking",
        "test_function",
        "train_function",
        "train_tf_function",
        "training",
        "trainable",
        "unrolled_steps_per_execution",
    }
)


def settings(layer: Any) -> dict[str, Any]:
    """What a layer without a config keeps of its settings, in attributes.

    Keras 3 records constructor arguments by itself, Keras 2 does not; attributes are the same in both.
    """
    kind: Any = type(layer)
    parameters = _constructor_arguments(kind)
    weights = {id(weight) for weight in getattr(layer, "weights", ())}
    kept: dict[str, Any] = {}
    for name, item in vars(layer).items():
        public = name.removeprefix("_")
        if public in _KERAS_ATTRIBUTES or not (
            public in parameters
            or (public == name and not is_built_in(layer) and _is_setting(item))
        ):
            continue
        if id(item) not in weights and not is_a(item, "Layer"):
            kept.setdefault(public, item)
    return kept


@functools.lru_cache(maxsize=1_000)
def _constructor_arguments(kind: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(kind.__init__).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _is_setting(item: Any) -> bool:
    """Whether an attribute is a plain setting: layers and weights have rows and columns of their own."""
    if isinstance(item, (bool, int, float, str, bytes, types.FunctionType, functools.partial)):
        return True
    if isinstance(item, Mapping):
        return bool(item) and all(each is None or _is_setting(each) for each in item.values())
    if isinstance(item, (list, tuple, set, frozenset)):
        return bool(item) and all(each is None or _is_setting(each) for each in item)
    return type(item).__module__ == "numpy"
