"""Pooling."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

RULES = (
    Rule(
        classes=tuple(
            f"Global{kind}Pooling{rank}D" for kind in ("Average", "Max") for rank in (1, 2, 3)
        ),
        releases="2.5 and older",
        reason="a setting since 2.6; files of older releases do not have it",
        source="keras/layers/pooling/base_global_pooling2d.py of 2.6",
        written=({}, {"keepdims": False}),
        changed={"keepdims": True},
        code=("GlobalAveragePooling1D()", "GlobalAveragePooling1D(keepdims=True)"),
        defaults={"keepdims": False},
    ),
)
