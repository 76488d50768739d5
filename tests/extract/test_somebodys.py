"""Classes that Keras did not write are read whole: all that they say counts, nothing that Keras does."""

from __future__ import annotations

import fractions
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from benchmarks.battery.values import Guarded
from pytest_layersnap import LayerTable, compare, layer_table


def around(keras: ModuleType, layer: Any) -> LayerTable:
    """The table of a model of one layer."""
    inputs = keras.Input((4,))
    return layer_table(keras.Model(inputs, layer(inputs)), name="m")


@pytest.mark.parametrize(
    "key", ["dynamic", "stateful", "module", "registered_name", "build_config", "loss"]
)
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


@pytest.mark.parametrize(
    "name", [*("history", "loss", "activation", "compiled", "module", "stateful", "_factor")]
)
def test_attributes_that_keras_uses_elsewhere(keras: ModuleType, name: str) -> None:
    """What a constructor assigns is a setting, where Keras' own class has no such attribute."""

    class Kept(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: float) -> None:
            super().__init__()
            if name == "_factor":
                self._factor = setting
            elif name == "activation":  # Keras' own code assigns one to some of its layers
                self.activation = setting
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


def test_properties_of_keras_say_what_somebody_gave_them(keras: ModuleType) -> None:
    """In Keras 2 ``stateful`` also says whether a layer inside is, which nobody gave this one."""

    class Quiet(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.lstm = keras.layers.LSTM(2, stateful=True)
            self.input_spec = keras.layers.InputSpec(ndim=3)
            self.trainable = False

        def build(self, shape: Any) -> None:
            self.lstm.build(shape)

        def call(self, x: Any) -> Any:
            return self.lstm(x)

    class Flagged(Quiet):
        def __init__(self, flag: bool) -> None:
            super().__init__(name="quiet")
            self.stateful = flag

    def said(layer: Any) -> Any:
        inputs = keras.Input((3, 4), 2)
        table = layer_table(keras.Model(inputs, layer(inputs)), name="m")
        return next(row.attributes for row in table if row.layer_name == "quiet")

    assert said(Quiet(name="quiet")) == {}
    assert said(Flagged(False)) == {"stateful": False}
    assert said(Flagged(True)) == {"stateful": True}


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


@pytest.mark.parametrize("kind", ["Sequential", "Functional"])
def test_settings_of_a_model_with_a_graph(keras: ModuleType, kind: str) -> None:
    """What a subclass adds counts, nested and alone; what it keeps of Keras' is no setting."""
    base = keras.Sequential if kind == "Sequential" else keras.Model

    class Net(base):  # type: ignore[misc,valid-type]
        def __init__(self, threshold: float) -> None:
            dense = keras.layers.Dense(4, name="d")
            if kind == "Sequential":
                super().__init__([keras.Input((4,)), dense], name="net")
            else:
                inputs = keras.Input((4,))
                super().__init__(inputs, dense(inputs), name="net")
            self.threshold = threshold

    for nested in (False, True):
        nets = [Net(threshold) for threshold in (0.5, 0.75)]
        tables = [around(keras, net) if nested else layer_table(net) for net in nets]
        assert compare(*tables).categories == {"config"}
        rows = [row for table in tables for row in table if row.layer_type == "Net"]
        assert [row.attributes for row in rows] == [{"threshold": 0.5}, {"threshold": 0.75}]


def test_a_config_of_a_model_with_a_graph(keras: ModuleType) -> None:
    """What its config says counts, but for what Keras' own says of the graph."""

    class Net(keras.Sequential):  # type: ignore[misc,name-defined]
        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "rate": 2.5}

    table = layer_table(Net([keras.Input((4,)), keras.layers.Dense(4)], name="net"))
    assert table.layers[0].attributes == {"rate": 2.5}


def test_a_wrapped_layer_whose_config_fails(keras: ModuleType) -> None:
    """The settings of both are there: Keras' wrapper fails with the layer in it."""

    class Scaled(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, factor: complex) -> None:
            super().__init__()
            self.factor = factor

        def call(self, x: Any) -> Any:
            return x * 1.0

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    def build(factor: complex) -> LayerTable:
        inputs = keras.Input((2, 4))
        return layer_table(
            keras.Model(inputs, keras.layers.TimeDistributed(Scaled(factor))(inputs))
        )

    one, other = build(1j), build(2j)
    assert one.layers[-1].attributes["layer"]["config"] == {"factor": "1j"}
    assert compare(one, other).categories == {"config"}


def test_an_initializer_without_a_config(keras: ModuleType) -> None:
    """What it keeps is read from itself."""

    class Filled(keras.initializers.Initializer):  # type: ignore[misc,name-defined]
        def __init__(self, filling: float) -> None:
            self._filling = filling

        def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
            return keras.initializers.Constant(self._filling)(shape, dtype)

    one, other = (
        around(keras, keras.layers.Dense(4, name="d", kernel_initializer=Filled(filling)))
        for filling in (0.5, 0.75)
    )
    assert one.layers[-1].attributes["kernel_initializer"]["config"] == {"filling": 0.5}
    assert compare(one, other).categories == {"config"}


def test_objects_that_a_layer_keeps(keras: ModuleType) -> None:
    """Its settings may be objects; what only works for it is none."""
    import logging
    import threading

    class Kept(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.share = fractions.Fraction(1, 2)
            self.logger = logging.getLogger(__name__)
            self.lock = threading.Lock()
            self.keras = keras

        def call(self, x: Any) -> Any:
            return x * 1.0

    (row,) = (row for row in around(keras, Kept()) if row.layer_type == "Kept")
    assert list(row.attributes) == ["share"]


def test_weights_as_constants(keras: ModuleType) -> None:
    """Whose weight an operation takes is seen, also where its layer comes later."""

    def build(owner: str, place: int) -> LayerTable:
        inputs = keras.Input((4,), name="in")
        known = {name: keras.layers.Dense(4, name=name) for name in "ab"}
        for layer in known.values():
            layer.build((None, 4))
        x = known["a"](inputs + known[owner].weights[place])
        return layer_table(keras.Model(inputs, known["b"](x), name="m"))

    tables = [build(owner, place) for owner in "ab" for place in (0, 1)]
    assert not compare(tables[0], build("a", 0))
    for other in tables[1:]:
        assert "parameters" in compare(tables[0], other).categories


def test_a_wrapped_layer_that_says_its_name_alone_of_what_layers_say(keras: ModuleType) -> None:
    """Keras 3 keeps what a Bidirectional wraps under another name than its config does."""

    class Own(keras.layers.SimpleRNN):  # type: ignore[misc,name-defined]
        def get_config(self) -> dict[str, Any]:
            said = ("name", "units", "return_sequences", "go_backwards")
            return {key: super(Own, self).get_config()[key] for key in said}

    def read(units: int) -> LayerTable:
        inputs = keras.Input((3, 2))
        with keras.utils.custom_object_scope({"Own": Own}):
            return layer_table(keras.Model(inputs, keras.layers.Bidirectional(Own(units))(inputs)))

    assert not compare(read(2), read(2))
    assert compare(read(2), read(3))


def test_objects_whose_attributes_fail(keras: ModuleType) -> None:
    """A layer is traced, though what it holds fails when it is asked for anything."""

    class Holder(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any) -> None:
            super().__init__()
            self.setting = setting
            self.dense = keras.layers.Dense(4)

        def build(self, shape: Any) -> None:
            self.dense.build(shape)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    one, again, other = (around(keras, Holder([Guarded(number)])) for number in (1, 1, 2))
    assert not compare(one, again)
    assert compare(one, other).categories == {"config"}
