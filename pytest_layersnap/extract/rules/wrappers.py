"""Layers that wrap another."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.rule import Rule


def _derived_backward_layer(plain: dict[str, Any], _: int | None) -> None:
    forward, backward = plain.get("layer"), plain.get("backward_layer")
    for layer in (forward, backward):
        if layer:
            layer["config"].pop("zero_output_for_mask", None)
    if not (forward and backward and forward["class_name"] == backward["class_name"]):
        return
    flipped = {**forward["config"], "go_backwards": not forward["config"].get("go_backwards")}
    if flipped == backward["config"]:
        del plain["backward_layer"]


def _lstm(**config: Any) -> dict[str, Any]:
    return {"class_name": "LSTM", "config": config}


RULES = (
    Rule(
        classes=("Bidirectional",),
        releases="2.x, 3.x",
        reason="3.x writes the layer that runs backwards also where it is derived from the other, and sets "
        "zero_output_for_mask in both",
        source="keras/src/layers/rnn/bidirectional.py",
        written=(
            {"layer": _lstm(units=3, go_backwards=False)},
            {
                "layer": _lstm(units=3, go_backwards=False),
                "backward_layer": _lstm(units=3, go_backwards=True),
            },
        ),
        changed={
            "layer": _lstm(units=3, go_backwards=False),
            "backward_layer": _lstm(units=3, use_bias=False, go_backwards=True),
        },
        code=(
            "Bidirectional(LSTM(3))",
            "Bidirectional(LSTM(3), backward_layer=LSTM(3, use_bias=False, go_backwards=True))",
        ),
        respells=_derived_backward_layer,
    ),
)
