"""What an optimizer would update: the table and Keras agree in every order of freezing."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import layer_table

#: Where flags are set, from the outermost model inwards.
PLACES: dict[str, Callable[[Any], Any]] = {
    "model": lambda model: model,
    "nested": lambda model: model.get_layer("backbone"),
    "innermost": lambda model: model.get_layer("backbone").get_layer("stem"),
    "norm": lambda model: model.get_layer("backbone").get_layer("stem").layers[-1],
    "head": lambda model: model.layers[-1],
}


def build(keras: ModuleType, freeze_first: Callable[[Any, Any], None] | None = None) -> Any:
    """A head on a backbone with a stem that is a model too.

    Args:
        keras: the Keras to build with.
        freeze_first: sets flags of the backbone and its stem before they are wrapped.
    """
    layers = keras.layers
    stem = keras.Sequential(
        [keras.Input((4,)), layers.Dense(3), layers.BatchNormalization()], name="stem"
    )
    backbone_in = keras.Input((4,))
    x = layers.PReLU()(stem(backbone_in))
    backbone = keras.Model(backbone_in, layers.Dense(3, name="neck")(x), name="backbone")
    if freeze_first is not None:
        freeze_first(backbone, stem)
    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2)(backbone(inputs)))


def assert_agrees(model: Any) -> None:
    """The table trains what ``trainable_weights`` holds, row by row and in all."""
    table = layer_table(model)
    trained = {id(weight) for weight in model.trainable_weights}
    assert table.trainable_parameters == _size(model.trainable_weights)
    assert table.parameters == model.count_params()
    layers = {"dense": model.layers[-1]}
    backbone = model.get_layer("backbone")
    layers["backbone/neck"] = backbone.get_layer("neck")
    layers["backbone/stem/dense"], layers["backbone/stem/batch_normalization"] = backbone.get_layer(
        "stem"
    ).layers
    for row in table:
        if layer := layers.get(row.layer_name):
            updated = [weight for weight in layer.weights if id(weight) in trained]
            assert row.trainable_parameters == _size(updated), row.layer_name
            assert row.is_trainable == bool(updated), row.layer_name


def _size(weights: list[Any]) -> int:
    return sum(math.prod(tuple(weight.shape)) for weight in weights)


def test_every_order_of_freezing(keras: ModuleType) -> None:
    """All ways to set up to three flags one after the other."""
    model = build(keras)
    flags = list(itertools.product(PLACES, (False, True)))
    tried = 0
    for count in (1, 2, 3):
        for steps in itertools.product(flags, repeat=count):
            model.trainable = False  # Keras 3 passes a flag on only where it changes
            model.trainable = True
            for place, flag in steps:
                PLACES[place](model).trainable = flag
            assert_agrees(model)
            tried += 1
    assert tried == 1110


@pytest.mark.parametrize("frozen", ["backbone", "stem", "norm", "backbone, then its stem thawed"])
def test_freezing_before_wrapping(keras: ModuleType, frozen: str) -> None:
    """A backbone that is frozen before the head is put on it."""

    def freeze(backbone: Any, stem: Any) -> None:
        if frozen.startswith("backbone"):
            backbone.trainable = False
        if frozen == "stem":
            stem.trainable = False
        if frozen == "norm":
            stem.layers[-1].trainable = False
        if frozen.endswith("thawed"):
            stem.trainable = True

    assert_agrees(build(keras, freeze))


def test_a_single_variable(keras: ModuleType) -> None:
    """Keras 3 can freeze one weight of a layer."""
    if not hasattr(keras, "ops"):
        pytest.skip("Keras 2 has flags of layers only")
    model = build(keras)
    model.layers[-1].kernel.trainable = False
    assert_agrees(model)
    assert layer_table(model).layers[-1].trainable_parameters == 2


def test_training_only_the_statistics(keras: ModuleType) -> None:
    """Moving averages are no trainable weights, whatever the flag."""
    table = layer_table(build(keras))
    (norm,) = (row for row in table if row.layer_type == "BatchNormalization")
    assert (norm.parameters, norm.trainable_parameters, norm.is_trainable) == (12, 6, True)
