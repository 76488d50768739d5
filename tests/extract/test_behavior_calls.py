"""Which calls are evaluated, and what they are given: however inputs are held, whatever they are told."""

from __future__ import annotations

import os
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from pytest_layersnap import layer_table

pytestmark = pytest.mark.once_a_generation


class Pair(NamedTuple):
    """Two inputs of a layer."""

    one: Any
    other: Any


def told(model: Any, name: str) -> Any:
    """What the row of a name says that it computes."""
    table = layer_table(model, behavior=True)
    return next(layer.behaves for layer in table if layer.layer_name == name)


@pytest.mark.parametrize("held", ["list", "dict", "named tuple"])
def test_however_inputs_are_held(keras: ModuleType, held: str) -> None:
    """A change inside ``call`` is told."""

    def model(factor: float) -> Any:
        class Weighed(keras.layers.Layer):  # type: ignore[name-defined,misc]
            def call(self, inputs: Any) -> Any:
                one, other = inputs.values() if isinstance(inputs, dict) else inputs
                if held == "named tuple":
                    one, other = inputs.one, inputs.other
                return one - factor * other

        one, other = keras.Input((4,)), keras.Input((4,))
        ways = {
            "list": [one, other],
            "dict": {"one": one, "other": other},
            "named tuple": Pair(one, other),
        }
        return keras.Model([one, other], Weighed(name="weighed")(ways[held]))

    two, three = (told(model(factor), "weighed")["inference"] for factor in (2.0, 3.0))
    assert two[0] != three[0]


def test_slices(keras: ModuleType) -> None:
    """An operation is given them with their ends."""
    inputs = keras.Input((6,))
    first, second = (
        told(keras.Model(inputs, inputs[:, start:]), "get_item")["inference"] for start in (1, 3)
    )
    assert len(first) == 8
    assert first != second


def test_training_that_a_call_is_given(keras: ModuleType) -> None:
    """Then there is one mode."""
    inputs = keras.Input((6,))
    layer = keras.layers.BatchNormalization(name="normal")
    both = told(keras.Model(inputs, layer(inputs)), "normal")
    one = told(keras.Model(inputs, layer(inputs, training=True)), "normal")
    assert {"inference", "training"} <= both.keys()
    assert "training" not in one
    assert one["inference"] == both["training"]


def test_a_layer_too_large(keras: ModuleType) -> None:
    """Its numbers would take longer than anybody waits; nothing is allocated to find out."""

    def build() -> Any:
        inputs = keras.Input((20_000,))
        return keras.Model(inputs, keras.layers.Dense(30_000, name="large")(inputs))

    assert told(build, "large") == {"not told": "its weights are too large"}


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") != "torch", reason="is of PyTorch")
def test_weights_outside_keras(keras: ModuleType) -> None:
    """They can't be lent other values."""
    import torch  # type: ignore[import-not-found,unused-ignore]

    inputs = keras.Input((4,))
    layer = keras.layers.TorchModuleWrapper(
        torch.nn.Linear(4, 3), name="wrapped", output_shape=(None, 3)
    )
    model = keras.Model(inputs, layer(inputs))
    assert told(model, "wrapped") == {"not told": "its weights are kept outside Keras"}
