"""Real changes to a transfer model: each is reported, on the right layers, under the right category."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table

from . import models

pytestmark = pytest.mark.once_a_generation

#: The backbone of the changed models: the smallest one with residuals.
NAME = "mobilenetv2"

Change = Callable[[ModuleType, Any], Any]


def edited(keras: ModuleType, model: Any, edit: Callable[[dict[str, Any]], None]) -> Any:
    """The model again, with each layer's config edited on the way."""

    def again(layer: Any) -> Any:
        config = layer.get_config()
        edit(config)
        return type(layer).from_config(config)

    return keras.models.clone_model(model, clone_function=again)


def rewired(model: Any, layer: str, fed_by: str, instead: str) -> Any:
    """The model again, with one layer fed from another place."""

    def swap(value: Any) -> Any:
        if isinstance(value, str):
            return instead if value == fed_by else value
        if isinstance(value, dict):
            return {key: swap(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)([swap(item) for item in value])
        return value

    config = model.get_config()
    for entry in config["layers"]:
        if entry["name"] == layer:
            entry["inbound_nodes"] = swap(entry["inbound_nodes"])
    return type(model).from_config(config)


def smaller_dense(keras: ModuleType, base: Any) -> Any:
    return models.head(keras, base, units=512)


def more_dropout(keras: ModuleType, base: Any) -> Any:
    return models.head(keras, base, rate=0.5)


def one_unfrozen(keras: ModuleType, base: Any) -> Any:
    base.get_layer("block_5_expand").trainable = True
    return models.head(keras, base)


def ten_unfrozen(keras: ModuleType, base: Any) -> Any:
    for layer in base.layers[-10:]:
        layer.trainable = True
    return models.head(keras, base)


def layer_inserted(keras: ModuleType, base: Any) -> Any:
    return models.head(keras, base, normalized=True)


def layer_removed(keras: ModuleType, base: Any) -> Any:
    return models.head(keras, base, rate=None)


def other_activation(keras: ModuleType, base: Any) -> Any:
    return models.head(keras, base, activation="gelu")


def other_pooling(keras: ModuleType, base: Any) -> Any:
    return models.head(keras, base, pooling="GlobalMaxPooling2D")


def larger_input(keras: ModuleType, base: Any) -> Any:
    del base
    return models.head(keras, models.backbone(keras, NAME, 256))


def other_residual(keras: ModuleType, base: Any) -> Any:
    # block_4_add and block_5_add have the same shape
    return rewired(models.head(keras, base), "block_5_add", "block_4_add", "block_3_project_BN")


def other_epsilon(keras: ModuleType, base: Any) -> Any:
    def edit(config: dict[str, Any]) -> None:
        if config["name"] == "block_5_expand_BN":
            config["epsilon"] = 1e-5

    return edited(keras, models.head(keras, base), edit)


#: What is changed, and what the drift must say: kind, layers and categories (a subset).
CHANGES: dict[str, tuple[Change, str, set[str], set[str]]] = {
    "Dense 1024 to 512": (
        smaller_dense,
        "changed",
        {"dense", "dense_1"},
        {"config", "shape", "parameters"},
    ),
    "dropout 0.4 to 0.5": (more_dropout, "changed", {"dropout"}, {"config"}),
    "one layer unfrozen": (one_unfrozen, "changed", {"block_5_expand"}, {"trainability"}),
    "ten layers unfrozen": (
        ten_unfrozen,
        "changed",
        {
            *("block_15_add", "block_16_expand", "block_16_expand_BN", "block_16_expand_relu"),
            *("block_16_depthwise", "block_16_depthwise_BN", "block_16_depthwise_relu"),
            *("block_16_project", "block_16_project_BN", "Conv_1", "Conv_1_bn", "out_relu"),
        },
        {"trainability"},
    ),
    "layer inserted": (layer_inserted, "added", {"batch_normalization"}, {"layers"}),
    "layer removed": (layer_removed, "removed", {"dropout"}, {"layers"}),
    "relu to gelu": (other_activation, "changed", {"dense"}, {"config"}),
    "average to max pooling": (
        other_pooling,
        "changed",
        {"global_max_pooling2d"},
        {"type"},
    ),
    "input 224 to 256": (larger_input, "changed", {"input_layer", "out_relu"}, {"shape"}),
    "residual fed elsewhere": (other_residual, "changed", {"block_5_add"}, {"topology"}),
    "epsilon 1.001e-3 to 1e-5": (other_epsilon, "changed", {"block_5_expand_BN"}, {"config"}),
}


@pytest.fixture(scope="module")
def recorded(own_model: Any) -> LayerTable:
    """The table of the model as it was."""
    return layer_table(own_model(NAME))


@pytest.fixture
def base(keras: ModuleType) -> Any:
    """A fresh frozen backbone that a change may alter."""
    return models.backbone(keras, NAME)


@pytest.mark.parametrize("change", CHANGES)
def test_change(keras: ModuleType, recorded: LayerTable, base: Any, change: str) -> None:
    """The drift names the layers, the kind and the category, and nothing besides."""
    make, kind, layers, categories = CHANGES[change]
    drift = compare(recorded, layer_table(make(keras, base)))
    found = {item.layer for item in drift.changes}
    if change == "ten layers unfrozen":
        assert found <= layers
        assert len(found) == 10
    elif change == "input 224 to 256":
        assert found >= layers
    else:
        assert found == layers
    assert {item.kind for item in drift.changes} == {kind}
    assert drift.categories >= categories
    assert len(drift.to_text().splitlines()) <= 40


@pytest.mark.parametrize("name", ["resnet50"])
def test_small_epsilon(keras: ModuleType, own_model: Any, name: str) -> None:
    """1.001e-5 is not 1e-5."""

    def edit(config: dict[str, Any]) -> None:
        if config["name"] == "conv3_block2_2_bn":
            config["epsilon"] = 1e-5

    model = own_model(name)
    drift = compare(layer_table(model), layer_table(edited(keras, model, edit)))
    (change,) = drift.changes
    assert (change.layer, set(change.categories)) == ("conv3_block2_2_bn", {"config"})
    assert "1.001e-05" in drift.to_text()


def test_a_skip_connection_is_architecture(keras: ModuleType) -> None:
    """``x + y`` is in no ``model.layers`` of Keras 3; the two networks differ all the same."""

    def network(skip: bool) -> Any:
        inputs = keras.Input((8,))
        x = keras.layers.Dense(8)(inputs)
        return keras.Model(inputs, keras.layers.Dense(2)(x + inputs if skip else x))

    (change,) = compare(layer_table(network(False)), layer_table(network(True))).changes
    assert (change.kind, change.layer) == ("added", "add")
