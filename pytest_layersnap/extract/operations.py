"""Operations that are no layers: one name and one set of arguments for both generations.

Keras 2 records TensorFlow's own functions; Keras 3 has operations with numpy's names and arguments.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pytest_layersnap.extract import canonical
from pytest_layersnap.references import snake_case

_BINARY = {"x": "x1", "y": "x2"}

#: Keras 2 records TensorFlow's own functions; Keras 3's operations have numpy's names and arguments.
_TENSORFLOW_OPERATIONS: dict[str, tuple[str, dict[str, str]]] = {
    "__operators__.add": ("add", _BINARY),
    "__operators__.eq": ("equal", {"self": "x1", "other": "x2"}),
    "__operators__.ne": ("not_equal", {"self": "x1", "other": "x2"}),
    "__operators__.getitem": ("get_item", {"tensor": "x", "slice_spec": "key"}),
    "math.add": ("add", _BINARY),
    "math.subtract": ("subtract", _BINARY),
    "math.multiply": ("multiply", _BINARY),
    "math.truediv": ("true_divide", _BINARY),
    "math.divide": ("true_divide", _BINARY),
    "math.floordiv": ("floor_divide", _BINARY),
    "compat.v1.floor_div": ("floor_divide", _BINARY),
    "math.floormod": ("mod", _BINARY),
    "math.pow": ("power", _BINARY),
    "math.negative": ("negative", {}),
    "math.abs": ("absolute", {}),
    "math.greater": ("greater", _BINARY),
    "math.greater_equal": ("greater_equal", _BINARY),
    "math.less": ("less", _BINARY),
    "math.less_equal": ("less_equal", _BINARY),
    "math.equal": ("equal", _BINARY),
    "math.not_equal": ("not_equal", _BINARY),
    "math.logical_and": ("logical_and", _BINARY),
    "math.logical_or": ("logical_or", _BINARY),
    "math.logical_not": ("logical_not", {}),
    "math.maximum": ("maximum", _BINARY),
    "math.minimum": ("minimum", _BINARY),
    "math.reduce_mean": ("mean", {"input_tensor": "x"}),
    "math.reduce_sum": ("sum", {"input_tensor": "x"}),
    "math.reduce_max": ("max", {"input_tensor": "x"}),
    "math.reduce_min": ("min", {"input_tensor": "x"}),
    "math.reduce_prod": ("prod", {"input_tensor": "x"}),
    "math.reduce_any": ("any", {"input_tensor": "x"}),
    "math.reduce_all": ("all", {"input_tensor": "x"}),
    "math.reduce_std": ("std", {"input_tensor": "x"}),
    "math.reduce_variance": ("var", {"input_tensor": "x"}),
    "linalg.matmul": ("matmul", {"a": "x1", "b": "x2"}),
    "einsum": ("einsum", {"equation": "subscripts", "inputs": "operands"}),
    "concat": ("concatenate", {"values": "xs"}),
    "stack": ("stack", {"values": "xs"}),
    "split": ("split", {"value": "x", "num_or_size_splits": "indices_or_sections"}),
    "unstack": ("unstack", {"value": "x"}),
    "reshape": ("reshape", {"tensor": "x", "shape": "newshape"}),
    "transpose": ("transpose", {"a": "x", "perm": "axes"}),
    "compat.v1.transpose": ("transpose", {"a": "x", "perm": "axes"}),
    "expand_dims": ("expand_dims", {"input": "x"}),
    "squeeze": ("squeeze", {"input": "x"}),
    "compat.v1.squeeze": ("squeeze", {"input": "x"}),
    "tile": ("tile", {"input": "x", "multiples": "repeats"}),
    "pad": ("pad", {"tensor": "x", "paddings": "pad_width"}),
    "compat.v1.pad": ("pad", {"tensor": "x", "paddings": "pad_width"}),
    "cast": ("cast", {}),
    "where": ("where", {"x": "x1", "y": "x2"}),
    "clip_by_value": ("clip", {"t": "x", "clip_value_min": "x_min", "clip_value_max": "x_max"}),
    "compat.v1.gather": ("take", {"params": "x"}),
    "gather": ("take", {"params": "x"}),
    "one_hot": ("one_hot", {"indices": "x", "depth": "num_classes"}),
    "math.argmax": ("argmax", {"input": "x"}),
    "math.argmin": ("argmin", {"input": "x"}),
    "math.top_k": ("top_k", {"input": "x"}),
    "math.l2_normalize": ("normalize", {}),
    "nn.softmax": ("softmax", {"logits": "x"}),
    "nn.log_softmax": ("log_softmax", {"logits": "x"}),
    "nn.relu": ("relu", {"features": "x"}),
    "nn.relu6": ("relu6", {"features": "x"}),
    "nn.gelu": ("gelu", {"features": "x"}),
    "nn.silu": ("silu", {"features": "x"}),
    "nn.elu": ("elu", {"features": "x"}),
    "nn.selu": ("selu", {"features": "x"}),
    "nn.leaky_relu": ("leaky_relu", {"features": "x", "alpha": "negative_slope"}),
    "image.resize": ("resize", {"images": "x", "method": "interpolation"}),
}

#: Keras 3's snake case splits some words that everybody writes as one.
_OPERATION_SPELLINGS = {"re_lu": "relu", "re_lu6": "relu6"}

#: Arguments of TensorFlow's functions that name the operation or repeat a default under another value;
#: None is as good as the default.
_OPERATION_NOISE: dict[str, Any] = {
    "name": ...,
    "conjugate": False,
    "validate_indices": None,
    "batch_dims": 0,
    "squeeze_dims": None,
    "constant_values": 0,
    "mode": "constant",
    "data_format": "channels_last",
}

#: TensorFlow's names of Keras' data formats.
_DATA_FORMATS = {
    **dict.fromkeys(("NWC", "NHWC", "NDHWC"), "channels_last"),
    **dict.fromkeys(("NCW", "NCHW", "NCDHW"), "channels_first"),
}

#: Defaults of Keras 3's operations which TensorFlow's functions do not have, and the other way round.
_OPERATION_DEFAULTS: dict[str, dict[str, Any]] = {
    "relu": {"negative_slope": 0, "threshold": 0},
    "normalize": {"order": 2, "axis": -1, "epsilon": 1e-12},
    "one_hot": {"dtype": "float32", "axis": -1, "on_value": 1, "off_value": 0},
    "softmax": {"axis": -1},
    "log_softmax": {"axis": -1},
    "gelu": {"approximate": False},
    "concatenate": {"axis": -1},
    "split": {"axis": 0},
    "resize": {
        "antialias": False,
        "interpolation": "bilinear",
        "fill_value": 0,
        "fill_mode": "constant",
    },
    "top_k": {"sorted": True},
    "argmax": {"output_type": "int64"},
    "argmin": {"output_type": "int64"},
}

#: Settings which may be written as a number or as a list of one.
_ONE_OR_LIST = frozenset({"axis"})

#: Arguments that an operation computes with: constants in them take part in the dtype of what it gives.
_OPERANDS = frozenset({"x1", "x2", "xs", "operands"})


def operation_name(name: str) -> str:
    """``op:`` and Keras 3's name of an operation, from Keras 3's class or TensorFlow's symbol."""
    if name in _TENSORFLOW_OPERATIONS:
        return "op:" + _TENSORFLOW_OPERATIONS[name][0]
    stem = snake_case(name.rpartition(".")[2])
    return "op:" + _OPERATION_SPELLINGS.get(stem, stem)


def operation_stem(name: str) -> str | None:
    """The symbol in an auto name of Keras 2's operations: ``tf.math.add_3`` → ``math.add``."""
    match = re.fullmatch(r"tf\.(.+?)(?:_\d+)?", name)
    return match[1] if match else None


def operation_argument(symbol: str, argument: str) -> str:
    """Keras 3's name for an argument of one of TensorFlow's functions."""
    return _TENSORFLOW_OPERATIONS.get(symbol, ("", {}))[1].get(argument, argument)


def is_operand(argument: str) -> bool:
    """Whether an operation computes with this argument, by Keras 3's name of it."""
    return argument in _OPERANDS


def operation_settings(operation: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """What an operation is called with besides tensors, canonical, without defaults.

    A None among the settings is one that somebody gave: it is not the default.
    """
    defaults = _OPERATION_DEFAULTS.get(operation.removeprefix("op:"), {})
    plain = {}
    for key, setting in settings.items():
        setting = canonical.value(setting)
        if isinstance(setting, str):
            setting = setting.lower() if key == "mode" else setting
            setting = _DATA_FORMATS.get(setting, setting) if key == "data_format" else setting
        if key in _ONE_OR_LIST and isinstance(setting, list) and len(setting) == 1:
            setting = setting[0]
        noise = _OPERATION_NOISE.get(key)
        if noise is ... or (
            noise is not None and (setting is None or canonical.same(setting, noise))
        ):
            continue
        if not canonical.same(setting, defaults.get(key, False)):
            plain[key] = setting
    return plain
