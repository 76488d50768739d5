"""A model that was saved, cloned, configured anew or pickled is the model that it was."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import compare, layer_table

from .zoo import ZOO, lost


def _custom_objects(model: Any) -> dict[str, Any]:
    """The classes in a model that Keras can't find by itself."""
    return {
        type(layer).__name__: type(layer)
        for layer in model._flatten_layers()
        if not type(layer).__module__.startswith(("keras.", "tf_keras."))
    }


def _saved(suffix: str) -> Callable[[ModuleType, Any, Path], Any]:
    def save_and_load(keras: ModuleType, model: Any, folder: Path) -> Any:
        path = str(folder / f"model{suffix}")
        model.save(path)
        load = keras.models.load_model
        return load(path, custom_objects=_custom_objects(model), compile=False)

    return save_and_load


def _from_config(keras: ModuleType, model: Any, folder: Path) -> Any:
    objects = {"custom_objects": _custom_objects(model)}
    if type(model).__name__ not in ("Functional", "Sequential"):
        objects = {}  # people's from_config takes a config alone
    return type(model).from_config(model.get_config(), **objects)


def _cloned(keras: ModuleType, model: Any, folder: Path) -> Any:
    return keras.models.clone_model(model)


def _pickled(keras: ModuleType, model: Any, folder: Path) -> Any:
    return pickle.loads(pickle.dumps(model))


COPIES: dict[str, Callable[[ModuleType, Any, Path], Any]] = {
    "keras file": _saved(".keras"),
    "h5 file": _saved(".h5"),
    "config": _from_config,
    "clone": _cloned,
    "pickle": _pickled,
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("name", ZOO)
def test_copy(zoo_model: Any, keras: ModuleType, tmp_path: Path, name: str, way: str) -> None:
    """Its table is the original's."""
    model = zoo_model(name)
    try:
        again = COPIES[way](keras, model, tmp_path)
        if not again.built:
            pytest.skip("comes back without shapes")
    except Exception as error:  # whatever Keras, or a layer, raises
        pytest.skip(f"Keras refuses: {type(error).__name__}: {error}"[:200].replace("\n", " "))
    drift = compare(layer_table(model), layer_table(again))
    gone = lost(keras, name, way)
    assert bool(drift) == bool(gone), gone or drift.to_text(accept=None)
