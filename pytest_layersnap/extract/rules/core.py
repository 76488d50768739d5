"""Dense layers, embeddings, lambdas, and layers that merge."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.normalization import one_axis
from pytest_layersnap.extract.rules.rule import Rule

#: Layers of Keras 3 whose weights can be quantized, and that can learn by LoRA.
_QUANTIZED = (
    "Dense",
    "EinsumDense",
    "Embedding",
    "ReversibleEmbedding",
    "Conv1D",
    "Conv2D",
    "Conv3D",
)


def _one_lora_alpha(plain: dict[str, Any], _: int | None) -> None:
    if plain.get("lora_alpha") == plain.get("lora_rank"):
        plain.pop("lora_alpha", None)


def _axes(plain: dict[str, Any], rank: int | None) -> None:
    if "axes" in plain:
        plain["axes"] = one_axis(plain["axes"], rank)


def _axis(plain: dict[str, Any], rank: int | None) -> None:
    if "axis" in plain:
        plain["axis"] = one_axis(plain["axis"], rank)


_INT8 = {
    "class_name": "Int8QuantizationConfig",
    "config": {
        "activation_quantizer": {
            "class_name": "AbsMaxQuantizer",
            "config": {"epsilon": 1e-7, "output_dtype": "int8", "value_range": [-127, 127]},
        }
    },
}
_FLOAT8 = {"class_name": "Float8QuantizationConfig", "config": {}}


def _usual_quantization(plain: dict[str, Any], _: int | None) -> None:
    if plain.get("quantization_config") in (_INT8, _FLOAT8):
        del plain["quantization_config"]


RULES = (
    Rule(
        classes=_QUANTIZED,
        releases="3.13 and newer",
        reason="the usual way to quantize, which the dtype policy names",
        source="keras/src/quantizers/quantization_config.py",
        written=({"units": 3}, {"units": 3, "quantization_config": _INT8}),
        changed={
            "units": 3,
            "quantization_config": {"class_name": "Int8QuantizationConfig", "config": {"x": 1}},
        },
        respells=_usual_quantization,
    ),
    Rule(
        classes=_QUANTIZED,
        releases="3.13 and newer",
        reason="lora_alpha is lora_rank where it is not given",
        source="keras/src/layers/core/dense.py, enable_lora",
        written=({"lora_rank": 2}, {"lora_rank": 2, "lora_alpha": 2}),
        changed={"lora_rank": 2, "lora_alpha": 4},
        respells=_one_lora_alpha,
    ),
    Rule(
        classes=("Embedding",),
        releases="2.x",
        reason="sparse gradients are written by no release; Keras 3 has none",
        source="keras/layers/core/embedding.py of 2.15",
        written=({"input_dim": 4}, {"input_dim": 4, "sparse": False}),
        changed={"input_dim": 4, "sparse": True},
        code=("Embedding(4, 3)", "Embedding(4, 3, sparse=True)"),
        defaults={"sparse": False},
        reads={"sparse": ("sparse",)},
    ),
    Rule(
        classes=("Lambda",),
        releases="2.x",
        reason="how a function is stored; the function itself is told by what it does",
        source="keras/layers/core/lambda_layer.py of 2.15, get_config",
        written=(
            {"mask": "m", "function_type": "lambda", "output_shape_type": "raw", "mask_type": "f"},
            {"mask": "m", "output_shape_module": None, "mask_module": "a"},
        ),
        changed={"mask": "n"},
        drops=(
            "function_type",
            "output_shape_type",
            "output_shape_module",
            "mask_type",
            "mask_module",
        ),
    ),
    Rule(
        classes=("Lambda",),
        releases="2.x, 3.x",
        reason="no arguments, written as an empty dict or not at all",
        source="keras/src/layers/core/lambda_layer.py, get_config",
        written=({"arguments": {}}, {}),
        changed={"arguments": {"k": 2}},
        code=("Lambda(abs)", "Lambda(abs, arguments={'k': 2})"),
        defaults={"arguments": {}},
    ),
    Rule(
        classes=("Dot",),
        releases="2.x, 3.x",
        reason="the last axis, counted from either end",
        source="keras/src/layers/merging/dot.py",
        written=({"axes": -1}, {"axes": 3}),
        changed={"axes": 1},
        code=("Dot(-1)", "Dot(1)"),
        respells=_axes,
    ),
    Rule(
        classes=("Concatenate",),
        releases="3.3",
        reason="the last axis, counted from either end: a file of 3.3 has -1 where the layer had 3",
        source="keras/src/layers/merging/concatenate.py",
        written=({"axis": -1}, {"axis": 3}),
        changed={"axis": 1},
        code=("Concatenate()", "Concatenate(axis=1)"),
        respells=_axis,
    ),
)
