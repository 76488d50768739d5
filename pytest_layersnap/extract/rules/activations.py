"""Activations that are layers."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.normalization import one_axis
from pytest_layersnap.extract.rules.rule import Rule


def _axis(plain: dict[str, Any], rank: int | None) -> None:
    if "axis" in plain:
        plain["axis"] = one_axis(plain["axis"], rank)


RULES = (
    Rule(
        classes=("LeakyReLU",),
        releases="2.x, 3.x",
        reason="Keras 3 has another name for it, and in LeakyReLU alone",
        source="keras/src/layers/activations/leaky_relu.py",
        written=({"alpha": 0.2}, {"negative_slope": 0.2}),
        changed={"negative_slope": 0.3},
        code=("LeakyReLU(0.2)", "LeakyReLU(0.3)"),
        renames={"alpha": "negative_slope"},
    ),
    Rule(
        classes=("ELU",),
        releases="3.0 to 3.11",
        reason="configs leave alpha out, the layer has it",
        source="keras/src/layers/activations/elu.py of 3.11, get_config",
        written=({}, {"alpha": 0.2}),
        changed={"alpha": 0.3},
        code=("ELU(0.2)", "ELU(0.3)"),
        reads={"alpha": ("alpha",)},
    ),
    Rule(
        classes=("Softmax",),
        releases="2.x, 3.x",
        reason="the last axis, counted from either end",
        source="keras/src/layers/activations/softmax.py",
        written=({"axis": -1}, {"axis": 3}),
        changed={"axis": 1},
        code=("Softmax()", "Softmax(axis=1)"),
        respells=_axis,
    ),
)
