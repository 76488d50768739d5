"""Attention."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.rule import Rule

_HEADS = ("MultiHeadAttention", "GroupedQueryAttention", "GroupQueryAttention")


def _output_shape_as_list(plain: dict[str, Any], _: int | None) -> None:
    if isinstance(plain.get("output_shape"), int):
        plain["output_shape"] = [plain["output_shape"]]


RULES = (
    Rule(
        classes=_HEADS,
        releases="2.x, 3.x",
        reason="the shapes that it was built for, which the columns tell",
        source="keras/layers/attention/multi_head_attention.py of 2.15, get_config",
        written=({"num_heads": 2, "query_shape": [None, 4, 3]}, {"num_heads": 2}),
        changed={"num_heads": 3, "query_shape": [None, 4, 3]},
        code=("MultiHeadAttention(2, 2)", "MultiHeadAttention(3, 2)"),
        drops=("query_shape", "key_shape", "value_shape"),
    ),
    Rule(
        classes=("MultiHeadAttention",),
        releases="2.x, 3.x",
        reason="a number or a list of one",
        source="keras/src/layers/attention/multi_head_attention.py",
        written=({"output_shape": 5}, {"output_shape": [5]}),
        changed={"output_shape": [6]},
        code=(
            "MultiHeadAttention(2, 2, output_shape=5)",
            "MultiHeadAttention(2, 2, output_shape=6)",
        ),
        respells=_output_shape_as_list,
    ),
    Rule(
        classes=_HEADS,
        releases="3.14 and newer",
        reason="written by newer releases; off is the default",
        source="keras/src/layers/attention/multi_head_attention.py, get_config",
        written=({}, {"use_gate": False}),
        changed={"use_gate": True},
        code=("MultiHeadAttention(2, 2)", "MultiHeadAttention(2, 2, use_gate=True)"),
        defaults={"use_gate": False},
    ),
    Rule(
        classes=("MultiHeadAttention",),
        releases="tf_keras 2.17 and newer",
        reason="written by tf_keras alone; off is the default",
        source="tf_keras/src/layers/attention/multi_head_attention.py, get_config",
        written=({}, {"softmax_robust_masking": False}),
        changed={"softmax_robust_masking": True},
        defaults={"softmax_robust_masking": False},
    ),
    Rule(
        classes=("Attention", "AdditiveAttention"),
        releases="2.x, 3.0 to 3.3",
        reason="configs leave the seed of the dropout out, the layer or its generator has it",
        source="keras/layers/attention/base_dense_attention.py of 2.15, get_config",
        written=({"dropout": 0.5}, {"dropout": 0.5, "seed": 1}),
        changed={"dropout": 0.5, "seed": 2},
        code=("Attention(dropout=0.5, seed=1)", "Attention(dropout=0.5, seed=2)"),
        reads={"seed": ("seed", "seed_generator._initial_seed", "_random_generator._seed")},
    ),
)
