"""What layers compute: the same everywhere, told on the right row, and without a trace in the model."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import LayerTable, compare, layer_table, weightless
from pytest_layersnap.comparison.behavior import distance
from pytest_layersnap.extract.behavior import keras2, keras3

# Keras itself converts in a way that a newer numpy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


def network(keras: ModuleType) -> Any:
    """Layers with masks, states, several outputs, random numbers, strings of operations, and training."""
    layers = keras.layers
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    image = keras.Input((64, 64, 3), name="image")
    embedded = layers.Embedding(50, 8, mask_zero=True, name="embedded")(tokens)
    sequence = layers.Bidirectional(layers.LSTM(4, return_sequences=True), name="both")(embedded)
    attended = layers.MultiHeadAttention(2, 4, name="attended")(sequence, sequence)
    _, *states = layers.GRU(5, return_state=True, name="state")(attended)
    features = layers.Conv2D(4, 3, strides=2, padding="same", name="strided")(image)
    features = layers.BatchNormalization(name="normal")(features)
    features = layers.Dropout(0.5, name="dropped")(features)
    pooled = layers.GlobalAveragePooling2D(name="pooled")(features)
    joined = layers.Concatenate(name="joined")([states[0], pooled * 2.0 + 1.0])
    inner = keras.Sequential([keras.Input((9,)), layers.Dense(3, name="deep")], name="inner")
    return keras.Model([tokens, image], inner(joined), name="network")


def behavior(table: LayerTable) -> dict[str, dict[str, Any]]:
    """What the rows say, by their paths."""
    return {layer.layer_name: layer.behaves for layer in table}


def test_what_is_told(keras: ModuleType) -> None:
    """Every row of a graph in numbers, twice the same bytes, with weights or without."""
    table = layer_table(lambda: network(keras), behavior=True)
    found = behavior(table)
    assert not [name for name, cell in found.items() if "not told" in cell]
    silent = {name for name, cell in found.items() if not cell}
    assert silent == {"tokens", "image", "inner"}
    assert len(found["state"]) == 2
    assert found["dropped"]["training"] == "random"
    assert found["normal"]["training"] != found["normal"]["inference"]
    assert all("training" not in found[name] for name in ("strided", "pooled", "inner/deep"))
    again = layer_table(network(keras), behavior=True)
    assert again.to_csv() == table.to_csv()
    assert LayerTable.from_frame(again.to_frame()) == table
    plain = layer_table(network(keras))
    assert not plain.has_behavior
    assert [layer.layer_attributes for layer in plain] == [
        layer.layer_attributes for layer in table
    ]


def test_the_same_everywhere(keras: ModuleType, layersnap: Any) -> None:
    """The numbers of one environment are those of all."""
    layersnap.check(lambda: network(keras), name="behavior/network", behavior=True)


def test_nothing_is_allocated(keras: ModuleType) -> None:
    """A model without weights stays without."""
    with weightless() as memory:
        model = keras.Sequential([keras.Input((300,)), keras.layers.Dense(400, name="large")])
        before = memory.allocated
        table = layer_table(model, behavior=True)
    assert behavior(table)["large"]["inference"]
    assert memory.allocated == before
    assert np.std(value(keras, model.weights[0])) > 0  # its own, when it is asked for


def scaled(keras: ModuleType, call: Callable[..., Any], *, masks: Any = None) -> Any:
    """A model with a layer of somebody's own that computes something."""

    class Mine(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.seen: list[Any] = []
            self.calls = 0
            self.first = keras.layers.Dense(6, name="first")
            self.second = keras.layers.Dense(6, name="second")
            self.supports_masking = True

        def build(self, shape: Any) -> None:
            self.first.build(shape)
            self.second.build(shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return call(self, inputs)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask if masks is None or mask is None else masks(mask)

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    given = keras.Input((5,), dtype="int32")
    embedded = keras.layers.Embedding(9, 6, mask_zero=True, name="embedded")(given)
    made = Mine(name="mine")(embedded)
    return keras.Model(given, keras.layers.Dense(2, name="head")(made))


def residual(keras: ModuleType) -> Callable[..., Any]:
    """The call that all others are edits of."""
    return lambda layer, x: layer.second(keras.activations.relu(layer.first(x))) + x


EDITS: dict[str, Callable[[ModuleType], Callable[..., Any]]] = {
    "operator": lambda keras: lambda m, x: m.second(keras.activations.relu(m.first(x))) - x,
    "order": lambda keras: lambda m, x: m.first(keras.activations.relu(m.second(x))) + x,
    "activation": lambda keras: lambda m, x: m.second(keras.activations.elu(m.first(x))) + x,
    "constant": lambda keras: lambda m, x: m.second(keras.activations.relu(m.first(x))) + 1.001 * x,
    "axis": lambda keras: lambda m, x: m.second(keras.activations.relu(m.first(x))) + x[:, :1],
    "residual": lambda keras: lambda m, x: m.second(keras.activations.relu(m.first(x))),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edited_call(keras: ModuleType, edit: str) -> None:
    """Other numbers are told on the row of the layer and on no other."""
    one = layer_table(scaled(keras, residual(keras)), behavior=True)
    same = layer_table(scaled(keras, residual(keras)), behavior=True)
    other = layer_table(scaled(keras, EDITS[edit](keras)), behavior=True)
    assert not compare(one, same)
    drift = compare(one, other)
    told = {change.layer for change in drift.changes if "behavior" in change.categories}
    assert told == {"mine"}
    assert "Mine" in drift.to_text()
    # Who feeds whom inside of it may be another, and is told, too.
    assert drift.categories <= {"behavior", "topology", "order", "layers", "config", "type", "name"}


def test_an_edited_mask(keras: ModuleType) -> None:
    """What a layer does to the mask is a part of what it computes."""
    one = layer_table(scaled(keras, residual(keras)), behavior=True)
    other = layer_table(
        scaled(keras, residual(keras), masks=lambda mask: mask[:, :1]), behavior=True
    )
    (difference,) = next(iter(compare(one, other).changes)).differences
    assert difference.path == "behavior.inference masks"


@pytest.mark.parametrize("part", ["regularizers", "constraints"])
@pytest.mark.parametrize("whose", ["Dense", "Mine"])
def test_edited_rules_of_weights(keras: ModuleType, part: str, whose: str) -> None:
    """What a regularizer adds to the loss, and what a constraint makes of weights, is told."""

    def rule(code: Callable[[Any], Any]) -> Any:
        base = getattr(keras, part)
        methods = {"__call__": lambda self, weight: code(weight), "get_config": lambda self: {}}
        return type("Rule", (getattr(base, part[:-1].capitalize()),), methods)()

    class Mine(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, units: int, **rules: Any) -> None:
            super().__init__(name="layer")
            self.dense = keras.layers.Dense(units, **rules)

        def build(self, shape: Any) -> None:
            self.dense.build(shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return self.dense(inputs)

    def table(code: Callable[[Any], Any]) -> LayerTable:
        given = {f"kernel_{part[:-1]}": rule(code)}
        inputs = keras.Input((6,))
        layer = (
            Mine(4, **given) if whose == "Mine" else keras.layers.Dense(4, name="layer", **given)
        )
        return layer_table(keras.Model(inputs, layer(inputs)), behavior=True)

    one = table(lambda weight: weight * 2.0)
    assert not compare(one, table(lambda weight: weight + weight))
    (change,) = compare(one, table(lambda weight: weight * 2.1)).changes
    assert change.layer == "layer"
    assert [each.path for each in change.differences] == [f"behavior.training {part}"]


def test_objects_that_tell_no_config(keras: ModuleType) -> None:
    """Layers that look alike are told apart by the objects that are called in them."""

    class Scale:
        def __init__(self, by: float) -> None:
            self._by = by

        def __call__(self, x: Any) -> Any:
            return x * self._by

        def get_config(self) -> dict[str, Any]:
            return {}

    inputs = keras.Input((6,))
    activations = {"one": Scale(1.0), "again": Scale(1.0), "other": Scale(2.0)}
    outputs = [
        keras.layers.Dense(4, activation=scale, name=name)(inputs)
        for name, scale in activations.items()
    ]
    model = keras.Model(inputs, keras.layers.Add()(outputs))
    table = layer_table(model, behavior=True)
    assert len({row.layer_attributes for row in table if row.layer_name in activations}) == 1
    found = behavior(table)
    assert found["one"] == found["again"] != found["other"]


@pytest.mark.parametrize("kind", ["sign of infinity", "no number", "rounding"])
def test_what_few_numbers_show(keras: ModuleType, kind: str) -> None:
    """Numbers that are not finite are told apart, and layers of few inputs get many samples."""
    cast = keras.ops.cast if hasattr(keras, "ops") else sys.modules["tensorflow"].cast

    def rounded(x: Any) -> Any:
        return cast(cast(x, "int32"), "float32")

    calls: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
        "sign of infinity": (lambda x: 1.0 / (0.0 * x * x), lambda x: -1.0 / (0.0 * x * x)),
        "no number": (lambda x: 1.0 / (0.0 * x * x), lambda x: (0.0 * x) / (0.0 * x)),
        "rounding": (rounded, lambda x: rounded(x + 0.5)),
    }
    one, other = calls[kind]

    class Mine(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def call(self, inputs: Any) -> Any:
            return one(inputs) if self.name == "one" else other(inputs)

    inputs = keras.Input((6,))
    model = keras.Model(inputs, [Mine(name="one")(inputs), Mine(name="other")(inputs)])
    found = behavior(layer_table(model, behavior=True))
    assert distance(found["one"]["inference"], found["other"]["inference"]) > 0.01


def test_a_large_sum(keras: ModuleType) -> None:
    """An operation is given as much in one generation as in the other, and so is a layer."""
    one, other = keras.Input((40, 40, 3)), keras.Input((40, 40, 3))
    model = keras.Model([one, other], [one + other, keras.layers.Add(name="layer")([one, other])])
    found = behavior(layer_table(model, behavior=True))
    told = {name: cell["inference"][:2] for name, cell in found.items() if cell}
    assert told == {
        "add": pytest.approx([5.03746, -0.023936], rel=1e-5),
        "layer": pytest.approx([4.869343, 0.038811], rel=1e-5),
    }


def test_a_mask_of_numbers(keras: ModuleType) -> None:
    """It is of ones and zeros, as the generations make something else of other numbers."""
    query, mask = keras.Input((5, 8)), keras.Input((5, 5))
    attention = keras.layers.MultiHeadAttention(2, 4, name="attention")
    model = keras.Model([query, mask], attention(query, query, attention_mask=mask))
    found = behavior(layer_table(model, behavior=True))["attention"]["inference"]
    assert found[:3] == pytest.approx([2.519599, 0.972664, 0.599159], rel=1e-5)


def subclassed(keras: ModuleType, call: Callable[..., Any]) -> Any:
    """A model without a graph that takes whole numbers."""

    class Mine(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="mine")
            self.embedded = keras.layers.Embedding(9, 4)
            self.normal = keras.layers.BatchNormalization()
            self.dense = keras.layers.Dense(3)

        def call(self, inputs: Any) -> Any:
            return self.dense(call(self.normal(self.embedded(inputs))))

    model = Mine()
    model(np.ones((2, 5), "int32"))
    return model


def test_a_model_without_a_graph(keras: ModuleType) -> None:
    """It is evaluated as a whole, as a layer of somebody's is, the same in both generations."""
    one, same, other = (
        layer_table(subclassed(keras, call), behavior=True)
        for call in (lambda x: x * 2.0, lambda x: x + x, lambda x: x * 2.1)
    )
    found = behavior(one)
    numbers = found["mine"]["inference"][:3]
    assert numbers == pytest.approx([1.926268, 0.928371, 2.340345], rel=1e-5)
    assert "training updates" not in found["mine"]  # of Keras' own layer
    assert found["dense"] == {"not told": "part of mine"}
    assert not compare(one, same)
    told = [
        change.layer for change in compare(one, other).changes if "behavior" in change.categories
    ]
    assert told == ["mine"]


def test_a_call_around_a_graph(keras: ModuleType) -> None:
    """A model with a graph whose call somebody wrote is evaluated as a whole."""

    def table(by: float) -> LayerTable:
        class Mine(keras.Model):  # type: ignore[name-defined,misc]
            def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
                return super().call(inputs, training=training) * by

        inside, inputs = keras.Input((6,)), keras.Input((6,))
        mine = Mine(inside, keras.layers.Dense(4, name="dense")(inside), name="mine")
        return layer_table(keras.Model(inputs, mine(inputs)), behavior=True)

    assert not compare(table(1.0), table(1.0))
    drift = compare(table(1.0), table(2.0))
    assert {change.layer for change in drift.changes} == {"mine"}


@pytest.mark.filterwarnings("ignore:Layer 'inner'.* was passed an input with a mask")
def test_masks_that_enter_nested_models(keras: ModuleType) -> None:
    """Layers in a nested model, and those behind it, are evaluated with the masks that come to them."""

    def nested(masked: bool) -> Any:
        layers = keras.layers
        inside = keras.Input((5, 6))
        dense = layers.Dense(6, name="dense")(inside)
        inner = keras.Model(
            inside, layers.LSTM(4, return_sequences=True, name="deep")(dense), name="inner"
        )
        tokens = keras.Input((5,), dtype="int32")
        embedded = layers.Embedding(10, 6, mask_zero=masked, name="embedded")(tokens)
        return keras.Model(tokens, layers.LSTM(3, name="behind")(inner(embedded)))

    drift = compare(
        layer_table(nested(True), behavior=True), layer_table(nested(False), behavior=True)
    )
    told = {change.layer for change in drift.changes if "behavior" in change.categories}
    assert told == {"inner/deep", "behind"}


def value(keras: ModuleType, variable: Any) -> Any:
    """The value of a variable, as an array."""
    if not hasattr(keras, "ops"):
        return variable.numpy()
    return keras.ops.convert_to_numpy(variable.value)


def everything(keras: ModuleType, model: Any) -> Any:
    """All values of a model, its optimizer and metrics included, as bytes."""
    optimizer = getattr(model.optimizer, "variables", [])
    variables = [*model.variables, *(optimizer() if callable(optimizer) else optimizer)]
    return [value(keras, variable).tobytes() for variable in variables]


def counting(model: Any, x: Any) -> Any:
    """A call that leaves a trace in its layer."""
    model.calls += 1
    model.seen.append(x)
    return model.second(model.first(x))


def failing(model: Any, x: Any) -> Any:
    """A call that leaves a trace and fails on all that has values."""
    model.calls += 1
    model.seen.append(x)
    made = model.first(x)
    if not hasattr(x, "_keras_history") and None not in tuple(x.shape):
        raise RuntimeError("no")
    return made


@pytest.mark.parametrize("call", [counting, failing])
def test_the_model_is_as_before(keras: ModuleType, call: Callable[..., Any]) -> None:
    """Weights, seeds, slots, losses, and the attributes of people's layers: bit for bit."""
    model = scaled(keras, call)
    model.compile("adam", "mse")
    x, y = np.ones((4, 5), "int32"), np.ones((4, 5, 2), "float32")
    if call is counting:
        model.fit(x, y, verbose=0)
    mine = model.get_layer("mine")
    before = everything(keras, model), mine.calls, list(map(id, mine.seen)), sorted(vars(mine))
    drawn = np.random.get_state(legacy=False)
    table = layer_table(model, behavior=True)
    after = everything(keras, model), mine.calls, list(map(id, mine.seen)), sorted(vars(mine))
    assert after == before
    assert str(np.random.get_state(legacy=False)) == str(drawn)
    told = behavior(table)["mine"]
    assert ("not told" in told) is (call is failing), told
    if call is counting:
        once = model.fit(x, y, verbose=0).history["loss"]
        assert np.isfinite(once).all()


def test_random_numbers(keras: ModuleType) -> None:
    """A call that draws them is told so; the generator is where it was."""
    np.random.seed(3)
    expected = np.random.RandomState(3).rand()

    def noisy(layer: Any, x: Any) -> Any:
        return layer.first(x) * float(np.random.rand())

    model = scaled(keras, noisy)
    np.random.seed(3)
    assert behavior(layer_table(model, behavior=True))["mine"]["inference"] == "random"
    assert np.random.rand() == expected


def test_parts_of_what_is_evaluated(keras: ModuleType) -> None:
    """Layers inside of one that somebody wrote are evaluated with it."""
    table = layer_table(scaled(keras, residual(keras)), behavior=True)
    assert behavior(table)["mine/first"] == {"not told": "part of mine"}


def test_what_is_made_is_gone(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each call's inputs go with it, not when Python next looks for cycles."""
    backend = keras3 if hasattr(keras, "ops") else keras2
    inputs = [keras.Input((6,)), keras.Input((6,))]
    model = keras.Model(inputs, keras.layers.Concatenate()(inputs))
    layer_table(model, behavior=True)
    made = []
    tensor = backend.tensor

    def remembered(*given: Any) -> Any:
        value = tensor(*given)
        made.append(weakref.ref(value))
        return value

    monkeypatch.setattr(backend, "tensor", remembered)
    gc.disable()
    try:
        layer_table(model, behavior=True)
    finally:
        gc.enable()
    assert made
    assert not [value for value in made if value() is not None]


def test_what_jax_compiles(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is dropped from time to time, as JAX would keep it for each call of each model."""
    if keras.backend.backend() != "jax":
        pytest.skip("JAX alone keeps what it compiles")
    monkeypatch.setattr(keras3, "_KEPT_COMPILED", 1)
    function = sys.modules["jax"].jit(lambda x: x + 1)
    function(1)
    assert function._cache_size()
    layer_table(keras.Sequential([keras.Input((3,)), keras.layers.ReLU()]), behavior=True)
    assert not function._cache_size()


@pytest.mark.parametrize("name", ["subclassed_in_functional", "two_directions", "stateful"])
def test_other_kinds(zoo_model: Callable[[str], Any], name: str) -> None:
    """What a Keras keeps in structures of its own is no obstacle."""
    found = behavior(layer_table(zoo_model(name), behavior=True))
    assert not [cell for cell in found.values() if "it fails" in cell.get("not told", "")]
    assert any("inference" in cell for cell in found.values())
