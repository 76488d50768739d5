"""Functions in real layers and models, live, copied and loaded."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import compare, layer_table
from pytest_layersnap.extract import canonical

from .lambdas import PLACES
from .test_functions import PAIRS, written

__all__ = ["written"]  # a fixture


def doubled(keras: ModuleType) -> Any:
    """A model with a lambda."""
    return _around(keras, lambda x: x * 2)


def tripled(keras: ModuleType) -> Any:
    """The same with another one."""
    return _around(keras, lambda x: x * 3)


def _around(keras: ModuleType, function: Any) -> Any:
    inputs = keras.Input((4,), name="x")
    layer = keras.layers.Lambda(function, name="l")
    return keras.Model(inputs, layer(inputs), name="m")


def _deserialized(keras: ModuleType, rebuild: Callable[[], Any]) -> Any:
    """What needs Keras' consent to load a lambda."""
    saving = import_module(f"{keras.__name__}.src.saving.serialization_lib")
    with warnings.catch_warnings(), saving.SafeModeScope(safe_mode=False):
        warnings.simplefilter("ignore")
        return rebuild()


def _saved(keras: ModuleType, model: Any, path: Path) -> Any:
    model.save(path)
    return keras.models.load_model(path, safe_mode=False)


WAYS: dict[str, Callable[[ModuleType, Any, Path], Any]] = {
    "cloned": lambda keras, model, folder: keras.models.clone_model(model),
    "copied": lambda keras, model, folder: copy.deepcopy(model),
    "from its config": lambda keras, model, folder: type(model).from_config(model.get_config()),
    "from JSON": lambda keras, model, folder: keras.models.model_from_json(model.to_json()),
    ".keras": lambda keras, model, folder: _saved(keras, model, folder / "m.keras"),
    ".h5": lambda keras, model, folder: _saved(keras, model, folder / "m.h5"),
}


@pytest.mark.parametrize("way", WAYS)
def test_lambdas_of_copied_and_loaded_models(keras: ModuleType, way: str, tmp_path: Path) -> None:
    """They are those of the live model, and told apart from others."""
    tables = []
    for build in (doubled, tripled):
        model = build(keras)
        again = _deserialized(keras, partial(WAYS[way], keras, model, tmp_path))
        assert not compare(layer_table(model), layer_table(again))
        tables.append(layer_table(again))
    drift = compare(*tables)
    assert drift.categories == {"config"}
    assert "function  <lambda x: x * 2> → <lambda x: x * 3>" in drift.to_text()


def test_functions_in_layers(keras: ModuleType, written: Callable[..., Any]) -> None:
    """The battery, as Lambda layers, activations and settings of somebody's layer."""

    class Own(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.setting = setting

    wrong = []
    for number, (one, other, same) in enumerate(PAIRS):
        sides = [written(source, PLACES[number % len(PLACES)]) for source in (one, other)]
        ways: dict[str, Callable[[Any], Any]] = {
            "Lambda": keras.layers.Lambda,
            "activation": lambda function: keras.layers.Dense(1, activation=function),
            "setting": Own,
            "wrapped": lambda function: keras.layers.TimeDistributed(keras.layers.Lambda(function)),
        }
        for way, make in ways.items():
            texts = [canonical.as_json(canonical.attributes_of(make(side))) for side in sides]
            if (texts[0] == texts[1]) is not same:
                wrong.append((way, one, other, texts))
    assert wrong == []


def test_functions_of_keras(keras: ModuleType) -> None:
    """They are known by name; what an operation does otherwise than the activation has another one."""
    found = {name: canonical.value(getattr(keras.activations, name)) for name in ("relu", "gelu")}
    assert found == {"relu": "relu", "gelu": "gelu"}
    if hasattr(keras, "ops"):
        assert canonical.value(keras.ops.relu) == "relu"
        assert canonical.value(keras.ops.gelu) == "keras.ops.gelu"
    relu = keras.activations.relu
    assert canonical.value(lambda x: relu(x)) == "<lambda x: relu(x)>"
    known = {"keras": keras}
    assert canonical.value(eval("lambda x: keras.activations.relu(x)", known)) == (
        "<lambda x: keras.activations.relu(x)>"
    )


def test_captured_weights_are_no_constants(keras: ModuleType) -> None:
    """Their numbers are others in each process; their shape tells."""
    found = []
    for units in (2, 2, 3):
        dense = keras.layers.Dense(units, use_bias=False)
        dense.build((None, 4))
        kernel = dense.kernel
        found.append(canonical.value(lambda x, kernel=kernel: x @ kernel))
    assert found[0] == found[1] != found[2]


def test_a_report_says_what_can_not_be_told(keras: ModuleType) -> None:
    """Both versions of a function, cut down to where they differ, and which ones can't be read."""
    known: dict[str, Any] = {}
    exec("def loop(x):\n  for _ in range(2):\n    x = x + 1\n  return x", known)
    tables = []
    for end in (1, 2):
        function = eval(f"lambda x: x * 1.5 + x * 2.5 + x * 3.5 + x * 4.5 + x * 5.5 - x * {end}")
        inputs = keras.Input((4,), name="x")
        middle = keras.layers.Lambda(function, name="changed")(inputs)
        last = keras.layers.Lambda(known["loop"], name="unread")
        tables.append(layer_table(keras.Model(inputs, last(middle))))
    text = compare(*tables).to_text()
    assert "function  <lambda…* 5.5 - x * 1> → <lambda…* 5.5 - x * 2>" in text
    assert text.count("unread") == 1
    assert "not told    functions whose code can't be read, which may do something else now" in text
