"""The calls inside layers of layers: the same table in every environment, and the model as it was."""

from __future__ import annotations

import threading
import warnings
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks import inside_calls
from pytest_layersnap import compare, layer_table, weightless
from pytest_layersnap.extract.traced import UNKNOWN, WITHOUT_CLASS
from pytest_layersnap.table import UNKNOWN_EDGES

from .inside_models import INSIDE, NOT_BUILT, around, called, feed_forward, layer, operations

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=INSIDE)
def inside(request: pytest.FixtureRequest, keras: ModuleType) -> str:
    """The name of a model that this Keras can build."""
    backend = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"
    if why := NOT_BUILT.get((backend, request.param)):
        pytest.skip(why)
    name: str = request.param
    return name


def test_snapshot(layersnap: Any, keras: ModuleType, inside: str) -> None:
    """The recorded table holds here, built with and without weights."""
    layersnap.check(INSIDE[inside](keras), name=f"inside/{inside}")
    layersnap.check(lambda: INSIDE[inside](keras), name=f"inside/{inside}")


def _model(keras: ModuleType, call: Any) -> Any:
    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    return around(keras, layer(keras, made, call)(name="block"), (6,), (6,))


#: A change inside ``call``, and the row that must say so.
CHANGES = {
    "order": (
        lambda self, x: self.b(self.a(x[0])),
        lambda self, x: self.a(self.b(x[0])),
        "block/a",
    ),
    "residual": (lambda self, x: self.b(x[0]), lambda self, x: x[0] + self.b(x[0]), "block"),
    "twice": (lambda self, x: self.a(x[0]), lambda self, x: self.a(self.a(x[0])), "block/a"),
    "swapped": (lambda self, x: self.a(x[0]), lambda self, x: self.a(x[1]), "block/a"),
    "sum_fed": (lambda self, x: self.a(x[0]), lambda self, x: self.a(x[0] + x[1]), "block/a"),
    "uncalled": (lambda self, x: self.b(self.a(x[0])), lambda self, x: self.b(x[0]), "block/a"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_changes_inside_call_are_seen(keras: ModuleType, change: str) -> None:
    """On the row that they are about."""
    one, other, path = CHANGES[change]
    drift = compare(layer_table(_model(keras, one)), layer_table(_model(keras, other)))
    assert path in [found.layer for found in drift.changes]


def _handed_on(self: Any, x: Any, training: Any = None) -> Any:
    return self.feed(x, training=training)


#: What ``call`` says of ``training``, and what the rows say that it was given.
TRAINING: dict[str, tuple[Any, Any]] = {
    "handed_on": (_handed_on, None),
    "left_out": (lambda self, x: self.feed(x), None),
    "false": (lambda self, x: self.feed(x, training=False), False),
    "true": (lambda self, x: self.feed(x, training=True), True),
    "false_through_a_sequential": (lambda self, x: self.all(x, training=False), None),
}


@pytest.mark.parametrize("case", TRAINING)
def test_training_that_call_gives_is_seen(keras: ModuleType, case: str) -> None:
    """A False that somebody wrote, too; what is handed on nobody wrote, nor what a Sequential passes."""
    call, given = TRAINING[case]

    def made(self: Any) -> None:
        self.feed = feed_forward(keras, name="feed")
        if case.endswith("sequential"):
            self.all = keras.Sequential([self.feed], name="all")

    model = around(keras, layer(keras, made, call)(name="block"), (4, 6))
    rows = {row.layer_name: row for row in layer_table(model).layers}
    feed, drop = (
        next(row for name, row in rows.items() if name.endswith(end)) for end in ("feed", "drop")
    )
    told = [row.attributes.get("call_arguments", {}).get("training") for row in (feed, drop)]
    assert told == [given, given]


def test_masks_that_call_gives_are_seen(keras: ModuleType) -> None:
    """What a mask is made of is told as of any other tensor."""
    o = operations(keras)

    def made(self: Any) -> None:
        self.embed = keras.layers.Embedding(20, 6, name="embed")
        self.lstm = keras.layers.LSTM(4, name="lstm")

    def call(self: Any, x: Any) -> Any:
        return self.lstm(self.embed(x), mask=o.cast(x, "bool"))

    net = layer(keras, made, call, "Model")(name="net")
    net(keras.Input((5,), dtype="int32"))
    rows = {row.layer_name: row for row in layer_table(net).layers}
    assert rows["lstm"].inbound_layers == '["embed", "net"]'
    assert rows["lstm"].attributes["call_arguments"] == {"mask": "<tensor>"}


def test_of_a_call_with_numbers_the_first_argument_is_known(keras: ModuleType) -> None:
    """Keras 3 remembers no shapes of others; so optional ones are not given anywhere."""
    o = operations(keras)

    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def optional(self: Any, x: Any, context: Any = None) -> Any:
        return self.a(x) if context is None else self.a(x) + self.b(context)

    def needed(self: Any, x: Any, context: Any) -> Any:
        return self.a(x) + self.b(context)

    rows = []
    for call in (optional, needed):
        net = layer(keras, made, call, "Model")(name="net")
        net(o.ones((2, 6)), context=o.ones((2, 3)))
        rows.append({row.layer_name: row for row in layer_table(net).layers})
    assert [row.output_shape for row in rows[0].values()] == ["(None, 6)", "(None, 6)", ""]
    assert rows[0]["b"].attributes["never_called"]
    assert rows[1]["net"].attributes["not_traced"] == UNKNOWN


def test_generated_changes_are_seen(keras: ModuleType) -> None:
    """A sample of what ``benchmarks/inside_calls.py`` makes: seen on their rows, and on no other."""
    cases = list(inside_calls.cases(keras, seed=29))
    assert [case.kind for case in cases] == [*inside_calls.CHANGES, None]
    assert [case for case in cases if not case.right or case.beside] == []


def test_layers_alike_are_run_once_for_unknown_sizes(keras: ModuleType) -> None:
    """In the second run, which only asks for shapes, one stands for all of them."""
    made = []

    def counted(x: Any) -> Any:
        made.append(x.shape)
        return x

    def layers(self: Any) -> None:
        self.all = [keras.layers.Dense(6, counted, name=f"dense_{at}") for at in "abcd"]
        self.last = keras.layers.Dense(5, counted, name="last")

    def call(self: Any, x: Any) -> Any:
        for dense in self.all:
            x = dense(x)
        return self.last(x)

    net = called(layer(keras, layers, call, "Model")(name="net"), keras, (None, 6))
    made.clear()
    rows = layer_table(net).layers
    assert {row.output_shape for row in rows} == {"(None, None, 6)", "(None, None, 5)"}
    assert len(made) == 5 + 2


@pytest.mark.parametrize("without_numbers", [True, False])
def test_no_weight_gets_a_value(keras: ModuleType, without_numbers: bool) -> None:
    """Also where PyTorch can't infer shapes without numbers, so that Keras computes with some."""
    repeat = keras.ops.repeat if hasattr(keras, "ops") else keras.backend.repeat_elements

    def layers(self: Any) -> None:
        self.dense = keras.layers.Dense(32, name="dense")

    def call(self: Any, x: Any) -> Any:
        x = repeat(self.dense(x), 2, 1)
        if not without_numbers and getattr(getattr(x, "device", None), "type", "") == "meta":
            raise NotImplementedError
        return x

    def build() -> Any:
        inputs = keras.Input((5, 6))
        block = layer(keras, layers, call)
        block.compute_output_shape = lambda self, _: (None, 10, 32)  # type: ignore[attr-defined]
        inside = block(name="inside")
        inside.dense.build((None, 5, 6))
        return keras.Model(inputs, inside(inputs))

    with weightless() as memory:
        model = build()
        assert not memory.allocated
        dense = layer_table(model).layers[-1]
    assert (dense.layer_name, dense.output_shape) == ("inside/dense", "(None, 5, 32)")
    assert not memory.allocated


def test_the_model_is_left_as_it_was(keras: ModuleType) -> None:
    """What ``call`` counts, keeps and draws is put back; ``Layer.__call__`` is Keras' own again."""
    drawn = []

    def call(self: Any, x: Any) -> Any:
        self.seen = getattr(self, "seen", 0) + 1
        drawn.append(np.random.random())
        return self.b(self.a(x[0]))

    model = _model(keras, call)
    block = model.get_layer("block")
    seen, own = block.seen, keras.layers.Layer.__call__
    state: Any = np.random.get_state()
    count = len(drawn)
    layer_table(model)
    assert len(drawn) > count
    assert (block.seen, keras.layers.Layer.__call__) == (seen, own)
    now: Any = np.random.get_state()
    assert (now[1] == state[1]).all()


def test_what_cannot_be_traced_says_why(keras: ModuleType) -> None:
    """A call that raises, and layers whose arguments nobody knows: the same rows everywhere."""

    def made(self: Any) -> None:
        self.refuses = False
        self.a = keras.layers.Dense(6, name="a")

    def call(self: Any, x: Any) -> Any:
        if self.refuses:
            raise ValueError("not now")
        return self.a(x)

    model = around(keras, layer(keras, made, call)(name="block"))
    model.get_layer("block").refuses = True
    rows = {row.layer_name: row for row in layer_table(model).layers}
    assert rows["block"].attributes["not_traced"] == UNKNOWN
    inner = rows["block/a"]
    assert (inner.input_shape, inner.output_shape, inner.inbound_layers) == ("", "", UNKNOWN_EDGES)

    def parts(self: Any) -> None:
        self.part = layer(keras, made, call)(name="part")
        self.last = keras.layers.Dense(2, name="last")

    # Its parts are built by hand and it is never called: nobody knows what with.
    net = layer(keras, parts, lambda self, x: self.last(self.part(x)), "Model")(name="net")
    net.part.a.build((None, 6))
    net.last.build((None, 6))
    net.part.built = net.built = True
    rows = {row.layer_name: row for row in layer_table(net).layers}
    assert rows["net"].attributes["not_traced"] == UNKNOWN
    assert {row.inbound_layers for name, row in rows.items() if name != "net"} == {UNKNOWN_EDGES}
    assert {row.output_shape for row in rows.values()} == {""}


def test_a_model_loaded_without_its_class_says_so(keras: ModuleType, tmp_path: Path) -> None:
    """Keras 2 makes layers in place of somebody's, which call functions and not what they hold."""
    if hasattr(keras, "ops"):
        pytest.skip("Keras 3 loads none")
    net = called(feed_forward(keras, name="feed"), keras, (4, 6))
    model = keras.Model(given := keras.Input((4, 6), name="given"), net(given))
    model.save(tmp_path / "saved", save_format="tf")
    loaded = keras.models.load_model(tmp_path / "saved")
    rows = {row.layer_name: row for row in layer_table(loaded).layers}
    whole = {row.layer_name: row for row in layer_table(model).layers}
    assert rows["feed"].attributes["not_traced"] == WITHOUT_CLASS
    assert rows["feed"].output_shape == "(None, 4, 6)"
    inner = [name for name in rows if name.startswith("feed/")]
    assert inner
    for name in inner:
        assert rows[name].attributes == whole[name].attributes
        assert (rows[name].inbound_layers, rows[name].output_shape) == (UNKNOWN_EDGES, "")


#: What a ``call`` asks of a tensor, of ``self`` and with operations.
VALUES = {
    "float": lambda s, x, o: float(o.sum(x)) > 0,
    "int": lambda s, x, o: int(o.sum(x)) > 0,
    "if": lambda s, x, o: o.sum(x) > 0,
    "index": lambda s, x, o: [1, 2][o.cast(o.sum(x * 0), "int32")],
    "numbers": lambda s, x, o: np.asarray(x).any(),
    "numpy": lambda s, x, o: o.convert_to_numpy(x).any(),
    "of_a_layer": lambda s, x, o: float(o.sum(s.a(x))) > 0,
    "of_a_constant": lambda s, x, o: float(o.sum(o.ones((3,)))) > 0,
    "of_a_variable": lambda s, x, o: np.asarray(s.scale) > 0,
    "rows": lambda s, x, o: list(o.transpose(x)),
    "unpacked": lambda s, x, o: (lambda *rows: rows)(*o.transpose(x)),
    "how_many": lambda s, x, o: len(o.transpose(x)) > 0,
    "contained": lambda s, x, o: o.sum(x) in (1.0, 2.0),
    "largest": lambda s, x, o: max(o.sum(x), 1.0) is not None,
    "formatted": lambda s, x, o: f"{o.sum(x):.2f}",
}
#: What has a shape that depends on the numbers of a tensor.
COUNTS = {
    "masked": lambda s, x, o: o.sum(x[x > 0]),
    "masked_rows": lambda s, x, o: o.sum(s.a(x)[o.sum(x, axis=-1) > 0]),
    "nonzero": lambda s, x, o: o.sum(o.nonzero(x)[0]),
}
#: What does not depend on the numbers that a call is given.
NO_VALUES = {
    "shape": lambda s, x, o: x.shape[-1] == 6 and len(x.shape) == 2,
    "array": lambda s, x, o: x * np.ones(6, "float32") is not None,
    "text": lambda s, x, o: f"{x}",
    "constant_of_its_own": lambda s, x, o: np.asarray(s.table).any(),
}


def _asking(keras: ModuleType, asks: Any) -> dict[str, Any]:
    """The rows of a model whose ``call`` asks something, by their names."""
    o = operations(keras)

    def made(self: Any) -> None:
        self.a = keras.layers.Dense(6, name="a")
        self.scale = self.add_weight(shape=(), name="scale", initializer="ones")
        self.table = o.convert_to_tensor(np.ones(3, "float32"))

    def call(self: Any, x: Any) -> Any:
        return self.a(x) if asks(self, x, o) else x

    net = layer(keras, made, call, "Model")(name="net")
    # With numbers, as only some backends can build it without.
    net(o.ones((2, 6)))
    return {row.layer_name: row for row in layer_table(net).layers}


def test_what_warns_is_read_where_warnings_are_errors(keras: ModuleType) -> None:
    """``pytest -W error`` makes no other table of a call, config or property that warns."""

    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def call(self: Any, x: Any) -> Any:
        warnings.warn("call this otherwise", DeprecationWarning, stacklevel=2)
        return self.b(self.a(x))

    def get_config(self: Any) -> dict[str, Any]:
        warnings.warn("not for long", FutureWarning, stacklevel=2)
        return {**super(kind, self).get_config(), "scale": 2}

    kind: Any = layer(keras, made, call)
    kind.get_config = get_config
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = around(keras, kind(name="block"))
        recorded = layer_table(model)
        warnings.simplefilter("error")
        current = layer_table(model)
    assert current == recorded
    block = next(row for row in current if row.layer_name == "block")
    assert block.attributes["scale"] == 2
    assert "not_traced" not in block.attributes


@pytest.mark.parametrize("asks", VALUES)
def test_a_call_that_asks_for_values_is_not_traced(keras: ModuleType, asks: str) -> None:
    """In no environment, for the same reason; and none leaves its stand-ins behind."""
    rows = _asking(keras, VALUES[asks])
    assert rows["net"].attributes["not_traced"] == UNKNOWN
    assert [row.output_shape for row in rows.values()] == ["", ""]
    assert rows["a"].inbound_layers == UNKNOWN_EDGES
    assert float(operations(keras).ones(())) == 1.0


@pytest.mark.parametrize("counts", COUNTS)
def test_a_call_whose_shapes_depend_on_numbers_is_not_traced(
    keras: ModuleType, counts: str
) -> None:
    """JAX can't infer them, so nobody does."""
    rows = _asking(keras, lambda s, x, o: COUNTS[counts](s, x, o) is not None)
    assert rows["net"].attributes["not_traced"] == UNKNOWN
    assert [row.output_shape for row in rows.values()] == ["", ""]


@pytest.mark.parametrize("asks", NO_VALUES)
def test_a_call_that_asks_for_no_values_is_traced(keras: ModuleType, asks: str) -> None:
    """Shapes, texts, and what was there before are known everywhere."""
    rows = _asking(keras, NO_VALUES[asks])
    assert "not_traced" not in rows["net"].attributes
    assert rows["a"].output_shape == "(None, 6)"


@pytest.mark.once_a_generation
def test_other_threads_run_keras_own_functions(keras: ModuleType) -> None:
    """What a call starts in a thread computes with numbers; a choice known in Python is no branch."""
    if not hasattr(keras, "ops"):
        pytest.skip("is of Keras 3")
    ops, made = keras.ops, []
    takes_bool = not keras.__version__.startswith("3.3.")  # which TensorFlow refuses in a graph

    def elsewhere() -> None:
        numbers = ops.convert_to_tensor([1.0, 2.0])
        chosen = ops.cond(ops.sum(numbers) > 0, lambda: numbers, lambda: -numbers)
        doubled = ops.vectorized_map(lambda number: number * 2, chosen)
        made.append(ops.convert_to_numpy(ops.repeat(doubled, 2)).tolist())

    class Starting(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="starting")
            self.inner = keras.layers.Dense(3, name="inner")
            self.other = keras.layers.Dense(3, name="other")

        def call(self, inputs: Any) -> Any:
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            if takes_bool:
                return ops.cond(True, lambda: self.inner(inputs), lambda: self.other(inputs))
            return self.inner(inputs)

    inputs = keras.Input((3,))
    model = keras.Model(inputs, Starting()(inputs))
    made.clear()
    rows = {layer.layer_name: layer for layer in layer_table(model)}
    assert "not_traced" not in rows["starting"].attributes
    assert rows["starting/inner"].inbound_layers == '["starting"]'
    assert rows["starting/other"].attributes["never_called"]
    assert made
    assert all(numbers == [2.0, 2.0, 4.0, 4.0] for numbers in made)
