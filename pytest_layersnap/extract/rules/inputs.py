"""``InputLayer``: the tensors that a model is given."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

RULES = (
    Rule(
        classes=("InputLayer",),
        releases="2.x, 3.x",
        reason="the shape of an input is in a column",
        source="keras/src/layers/core/input_layer.py, get_config",
        written=(
            {"batch_input_shape": [None, 4], "sparse": True},
            {"batch_shape": [None, 4], "sparse": True},
        ),
        changed={"batch_shape": [None, 4], "sparse": False},
        drops=("batch_shape", "shape", "batch_size"),
    ),
    Rule(
        classes=("InputLayer",),
        releases="2.x, 3.0 to 3.3, 3.4 and newer",
        reason="ragged is a word of 2.x, optional of 3.x; neither is meant where it is not said",
        source="keras/src/layers/core/input_layer.py, get_config",
        written=({"sparse": False, "ragged": False}, {"sparse": False, "optional": False}),
        changed={"sparse": True},
        code=(
            "InputLayer(batch_shape=(None, 4))",
            "InputLayer(batch_shape=(None, 4), sparse=True)",
        ),
        defaults={"ragged": False, "sparse": False, "optional": False},
    ),
)
