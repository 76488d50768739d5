"""Classes that Keras did not write are read whole: all that they say counts, nothing that Keras does."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table


def around(keras: ModuleType, layer: Any) -> LayerTable:
    """The table of a model of one layer."""
    inputs = keras.Input((4,))
    return layer_table(keras.Model(inputs, layer(inputs)), name="m")


@pytest.mark.parametrize("key", ["dynamic", "module", "registered_name", "build_config", "loss"])
def test_keys_of_a_config_that_keras_uses_elsewhere(keras: ModuleType, key: str) -> None:
    """A class may call its settings as it likes; its name, flag and dtype have columns."""

    class Route(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.setting = setting

        def call(self, x: Any) -> Any:
            return x * 1.0

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), key: self.setting}

    one, other = (around(keras, Route(setting)) for setting in ("a", "b"))
    (row,) = (row for row in one if row.layer_type == "Route")
    assert row.attributes == {key: "a"}
    assert compare(one, other).categories == {"config"}


@pytest.mark.parametrize("name", ["history", "loss", "optimizer", "compiled", "module", "_factor"])
def test_attributes_that_keras_uses_elsewhere(keras: ModuleType, name: str) -> None:
    """What a constructor assigns is a setting, where Keras' own class has no such attribute."""

    class Kept(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: float) -> None:
            super().__init__()
            if name == "_factor":
                self._factor = setting
            else:
                setattr(self, name, setting)

        def build(self, shape: Any) -> None:
            self._seen = 3.0
            super().build(shape)

        def call(self, x: Any) -> Any:
            return x * 1.0

    one, other = (around(keras, Kept(setting)) for setting in (2.5, 3.5))
    (row,) = (row for row in one if row.layer_type == "Kept")
    assert row.attributes == {name.lstrip("_"): 2.5}
    assert compare(one, other)


def test_what_a_subclass_adds(keras: ModuleType) -> None:
    """The rules hold for what Keras' class writes, and for nothing else."""

    class Mine(keras.layers.Dense):  # type: ignore[misc,name-defined]
        def __init__(self, units: int, groups: int = 1, **kwargs: Any) -> None:
            super().__init__(units, **kwargs)
            self.groups = groups

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "groups": self.groups, "fused": True}

    plain = around(keras, Mine(3, name="mine"))
    assert plain.layers[-1].attributes["groups"] == 1
    assert plain.layers[-1].attributes["fused"] is True
    assert "name" not in plain.layers[-1].attributes
    assert compare(plain, around(keras, Mine(3, groups=2, name="mine")))


def test_a_subclass_without_a_config(keras: ModuleType) -> None:
    """What its constructor keeps counts beside what Keras' class says."""

    class Scaled(keras.layers.Dense):  # type: ignore[misc,name-defined]
        def __init__(self, units: int, scale: float = 1.5, **kwargs: Any) -> None:
            super().__init__(units, **kwargs)
            self.scale = scale

        def call(self, x: Any) -> Any:
            return super().call(x) * self.scale

    one, other = (around(keras, Scaled(3, scale, name="mine")) for scale in (1.5, 2.5))
    dense = around(keras, keras.layers.Dense(3, name="mine")).layers[-1].attributes
    own = one.layers[-1].attributes
    assert own.pop("scale") == 1.5
    assert own.pop("defined_in", None) is None
    assert own == dense
    assert compare(one, other).categories == {"config"}


def test_an_object_that_has_more_than_its_config(keras: ModuleType) -> None:
    """Keras 3 leaves out the gain of ``Identity``."""
    one, other = (
        around(
            keras,
            keras.layers.Dense(4, name="d", kernel_initializer=keras.initializers.Identity(gain)),
        )
        for gain in (1.0, 2.0)
    )
    assert compare(one, other).categories == {"config"}


def test_objects_of_somebody_in_a_layer_of_keras(keras: ModuleType) -> None:
    """A regularizer's name is a setting of its own, and so is an initializer's module."""

    class Penalty(keras.regularizers.Regularizer):  # type: ignore[misc,name-defined]
        def __init__(self, name: str) -> None:
            self.name = name

        def __call__(self, x: Any) -> Any:
            return 0.0

        def get_config(self) -> dict[str, Any]:
            return {"name": self.name}

    tables = [
        around(keras, keras.layers.Dense(3, name="d", kernel_regularizer=Penalty(name)))
        for name in ("l1", "l2")
    ]
    assert compare(*tables).categories == {"config"}


def test_none_in_a_dictionary_counts(keras: ModuleType) -> None:
    """Somebody's code may ask whether a key is there."""

    class Tagged(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, rates: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.rates = rates

        def call(self, x: Any) -> Any:
            return x * 1.0

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "rates": self.rates}

    assert compare(
        around(keras, Tagged({"a": None, "b": 1})), around(keras, Tagged({"b": 1}))
    ).categories == {"config"}


@pytest.mark.filterwarnings("ignore:.*__array__:DeprecationWarning")  # of PyTorch
@pytest.mark.parametrize("with_setting", [True, False])
def test_a_subclassed_model_at_work(keras: ModuleType, with_setting: bool) -> None:
    """Compiling, training, evaluating and predicting leave its table as it was."""
    import numpy as np

    class Net(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3)
            if with_setting:
                self.rate = 0.5

        def call(self, x: Any) -> Any:
            return self.dense(x)

    x, y = np.ones((2, 4), "float32"), np.ones((2, 3), "float32")
    model = Net()
    model(x)
    before = layer_table(model)
    assert any(row.attributes.get("rate") == 0.5 for row in before) == with_setting
    steps: list[Callable[[], Any]] = [
        lambda: model.compile("sgd", "mse"),
        lambda: model.fit(x, y, verbose=0),
        lambda: model.evaluate(x, y, verbose=0),
        lambda: model.predict(x, verbose=0),
    ]
    for step in steps:
        step()
        assert not compare(before, layer_table(model))


def test_a_layer_that_keeps_a_method_of_its_own(keras: ModuleType) -> None:
    """The layer is not described within itself."""

    class Choosing(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, function: Any = None, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.function = function or self.twice

        def twice(self, x: Any) -> Any:
            return x * 2.0

        def call(self, x: Any) -> Any:
            return self.function(x)

    (row,) = (row for row in around(keras, Choosing()) if row.layer_type == "Choosing")
    assert "* 2" in row.attributes["function"], row.attributes
