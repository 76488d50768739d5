"""What all layers of Keras write into their configs."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.rule import EVERY, Rule


def _usual_data_format(plain: dict[str, Any], _: int | None) -> None:
    if plain.get("data_format") in ("channels_last", "default"):
        del plain["data_format"]


def same_activation(plain: dict[str, Any], _: int | None) -> None:
    """Give the activations of a config the names that they have in Keras 3."""
    for key, setting in plain.items():
        if isinstance(setting, str) and key.endswith("activation"):
            plain[key] = ACTIVATIONS.get(setting, setting)


#: Names that one function has in Keras 2, and in Keras 3.
ACTIVATIONS = {"swish": "silu", "hard_swish": "hard_silu"}

RULES = (
    Rule(
        classes=(EVERY,),
        releases="all",
        reason="the table has columns for name, dtype and what is trained",
        source="keras/src/layers/layer.py, get_config",
        written=(
            {"units": 3, "name": "dense", "trainable": True, "dtype": "float32"},
            {"units": 3},
        ),
        changed={"units": 4, "name": "dense"},
        code=("Dense(3)", "Dense(4)"),
        drops=("name", "trainable", "dtype", "dtype_policy"),
    ),
    Rule(
        classes=(EVERY,),
        releases="2.12 and newer",
        reason="where a class is found, and the shape that it was built for, which the columns tell",
        source="keras/src/saving/serialization_lib.py, serialize_keras_object",
        written=(
            {"units": 3, "module": "keras.layers", "registered_name": None},
            {"units": 3, "build_config": {"input_shape": [None, 2]}, "shared_object_id": 7},
        ),
        changed={"units": 4, "module": "keras.layers", "registered_name": None},
        code=("Dense(3)", "Dense(4)"),
        drops=(
            "module",
            "registered_name",
            "build_config",
            "build_input_shape",
            "shared_object_id",
        ),
    ),
    Rule(
        classes=(EVERY,),
        releases="2.x",
        reason="the shape of the input is in a column, and running eagerly changes no number",
        source="keras/engine/base_layer.py of 2.15, get_config",
        written=({"units": 3, "batch_input_shape": [None, 2], "dynamic": True}, {"units": 3}),
        changed={"units": 4, "batch_input_shape": [None, 2]},
        code=("Dense(3)", "Dense(4)"),
        drops=("batch_input_shape", "dynamic"),
    ),
    Rule(
        classes=(EVERY,),
        releases="2.x, 3.x",
        reason="the default of the configuration file, which 2.x writes into every layer",
        source="keras/src/backend/config.py, image_data_format",
        written=({"data_format": "channels_last"}, {"data_format": None}),
        changed={"data_format": "channels_first"},
        code=("UpSampling2D()", "UpSampling2D(data_format='channels_first')"),
        respells=_usual_data_format,
    ),
    Rule(
        classes=(EVERY,),
        releases="2.x",
        reason="layers that draw at random write that their generator keeps a state, as nearly all do",
        source="keras/engine/base_layer.py of 2.15, BaseRandomLayer.get_config",
        written=({"rng_type": "stateful"}, {}),
        changed={"rng_type": "stateless"},
        defaults={"rng_type": "stateful"},
    ),
    Rule(
        classes=(EVERY,),
        releases="2.x, 3.x",
        reason="Keras 3 has other names for the same functions",
        source="keras/src/activations/__init__.py",
        written=({"activation": "swish"}, {"activation": "silu"}),
        changed={"activation": "relu"},
        code=("Dense(3, activation='swish')", "Dense(3, activation='relu')"),
        respells=same_activation,
    ),
)
