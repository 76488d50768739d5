"""Every kind of model has one recorded table, held under every Keras."""

from __future__ import annotations

import math
import os
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, layer_table

from .zoo import ONLY_KERAS3, ZOO

#: What some release or backend can't build, with the reason.
NOT_BUILT = {
    ("jax", "text_vectorization"): "strings need TensorFlow",
    ("jax", "string_lookup"): "strings need TensorFlow",
    ("jax", "sparse_input"): "sparse tensors of JAX have another form",
    ("jax", "ragged_input"): "ragged tensors need TensorFlow",
    ("torch", "ragged_input"): "ragged tensors need TensorFlow",
    ("3.3", "ragged_input"): "Keras 3.3 has no ragged inputs",
    ("3.3", "quantized_int4"): "Keras 3.3 quantizes to eight bits only",
    ("torch", "text_vectorization"): "strings need TensorFlow",
    ("torch", "string_lookup"): "strings need TensorFlow",
    ("torch", "sparse_input"): "PyTorch has no sparse inputs in Keras",
    ("tf_keras", "spectral_normalization"): "tf_keras refuses the InputSpec of its own wrapper",
    ("3.3", "time_distributed_model"): "TimeDistributed takes no functional model in Keras 3.3",
    ("3.12", "unused_input"): "Keras 3.12 wants every input connected",
    ("3.12", "nothing_but_an_input"): "Keras 3.12 wants every input connected",
    ("3.3", "nested_inputs"): "Keras 3.3 takes no nested inputs",
}


@pytest.fixture(scope="module")
def zoo_model(keras: ModuleType) -> Any:
    """A model of the zoo by its name, built once."""
    built: dict[str, Any] = {}
    release = "tf_keras" if keras.__name__ == "tf_keras" else keras.__version__.rpartition(".")[0]
    backend = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"

    def build(name: str) -> Any:
        if name in ONLY_KERAS3 and not hasattr(keras, "ops"):
            pytest.skip(ONLY_KERAS3[name])
        for where in (release, backend):
            if (where, name) in NOT_BUILT:
                pytest.skip(NOT_BUILT[where, name])
        if name not in built:
            built[name] = ZOO[name](keras)
        return built[name]

    return build


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZOO)
def test_snapshot(layersnap: Any, zoo_model: Any, name: str) -> None:
    """The recorded table holds in this environment."""
    layersnap.check(zoo_model(name), name=f"zoo/{name}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZOO)
def test_rebuilt(layersnap: Any, keras: ModuleType, zoo_model: Any, name: str) -> None:
    """A second build in the same process gives the same table."""
    zoo_model(name)
    layersnap.check(ZOO[name](keras), name=f"zoo/{name}")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZOO)
def test_parameters(zoo_model: Any, name: str) -> None:
    """The sums over the rows are Keras' own."""
    model = zoo_model(name)
    table = layer_table(model)
    trained = sum(math.prod(tuple(weight.shape)) for weight in model.trainable_weights)
    assert (table.parameters, table.trainable_parameters) == (model.count_params(), trained)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZOO)
def test_round_trips(zoo_model: Any, tmp_path: os.PathLike[str], name: str) -> None:
    """CSV and DataFrame keep every cell."""
    table = layer_table(zoo_model(name))
    path = os.path.join(tmp_path, "table.csv")
    table.to_csv(path)
    assert LayerTable.read_csv(path) == table
    assert LayerTable.from_frame(table.to_frame()) == table
