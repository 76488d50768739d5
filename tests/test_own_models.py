"""The users' own models: one recorded table each, held under every Keras."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table
from pytest_layersnap.extract.names import auto_name

from . import models

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"


@pytest.mark.parametrize("name", models.NAMES)
def test_snapshot(layersnap: Any, own_model: Any, name: str) -> None:
    """The recorded table holds in this environment."""
    layersnap.check(own_model(name), name=name)


@pytest.mark.parametrize("name", models.NAMES)
def test_bytes(own_model: Any, name: str) -> None:
    """Recorded here, the file would be the same but for the versions that recorded it."""
    path = SNAPSHOTS / f"{name}.csv"
    versions = LayerTable.read_csv(path).recorded_with
    table = replace(layer_table(own_model(name), name=name), recorded_with=versions)
    assert table.to_csv() == path.read_bytes().decode("utf-8")


@pytest.mark.parametrize("name", models.TRANSFER)
def test_reference_figures(own_model: Any, name: str) -> None:
    """Rows, parameters and trainable parameters are those known from the notebooks."""
    model = own_model(name)
    table = layer_table(model)
    found = models.Figures(len(table), table.parameters, table.trainable_parameters)
    assert found == models.TRANSFER[name][2]
    assert table.parameters == model.count_params()
    assert [layer.is_trainable for layer in table] == [layer.trainable for layer in model.layers]
    for row, layer in zip(table, model.layers, strict=True):
        kind = type(layer).__name__
        assert row.layer_type == kind
        assert auto_name(layer.name, kind) or row.layer_name == layer.name.replace("/", "_")


@pytest.mark.parametrize("name", models.TRANSFER)
def test_as_they_ship(keras: ModuleType, layersnap: Any, name: str) -> None:
    """With the weights of ImageNet, which nobody downloads: the recorded tables hold.

    tf_keras builds another EfficientNet, and that is known.
    """
    build = partial(models.transfer, keras, name, weights="imagenet")
    if (keras.__name__, name) != ("tf_keras", "efficientnetb4"):
        layersnap.check(build, name=f"imagenet/{name}")
        return
    recorded = LayerTable.read_csv(SNAPSHOTS / "imagenet" / f"{name}.csv")
    drift = compare(recorded, layer_table(build, name=f"imagenet/{name}"))
    (explanation,) = drift.explanations
    assert explanation.changes == drift.changes
    assert "EfficientNet" in explanation.known.what


def test_what_ships_is_another_network(keras: ModuleType) -> None:
    """EfficientNet rescales its images once more where it comes with weights."""
    table = layer_table(partial(models.transfer, keras, "efficientnetb4", weights="imagenet"))
    assert len(table) == models.TRANSFER["efficientnetb4"][2].rows + 1 == 479
    (stem,) = (layer for layer in table if layer.layer_name == "stem_conv")
    assert stem.parameters == 1296


def test_adapted_normalization_has_seven_parameters(own_model: Any) -> None:
    """Mean and variance of three channels and the count."""
    table = layer_table(own_model("normalized_images"))
    row = next(layer for layer in table if layer.layer_type == "Normalization")
    assert (row.parameters, row.trainable_parameters, row.is_trainable) == (7, 0, False)


@pytest.mark.parametrize("name", ["mobilenetv2", "residual_network"])
def test_rebuilt_after_other_models(
    keras: ModuleType, layersnap: Any, own_model: Any, name: str
) -> None:
    """Keras' counters have moved on; the table has not."""
    own_model("vgg16")
    keras.layers.Dense(3)
    models.residual_network(keras)
    layersnap.check(models.build(keras, name), name=name)
    layersnap.check(models.build(keras, name), name=name)


@pytest.mark.filterwarnings("ignore")  # HDF5 is called legacy, numpy's protocol deprecated
@pytest.mark.parametrize("suffix", ["keras", "h5"])
@pytest.mark.parametrize("name", models.NAMES)
def test_saved_and_loaded(
    keras: ModuleType, layersnap: Any, own_model: Any, tmp_path: Any, name: str, suffix: str
) -> None:
    """A model that comes back from a file is the same model."""
    path = tmp_path / f"model.{suffix}"
    own_model(name).save(path)
    layersnap.check(keras.models.load_model(path, compile=False), name=name)
