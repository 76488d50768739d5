"""Every kind of model has one recorded table, held under every Keras."""

from __future__ import annotations

import math
import os
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, layer_table

from .zoo import ZOO


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
