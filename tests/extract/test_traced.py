"""The calls inside layers of layers: the same table in every environment, and the model as it was."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks import inside_calls
from pytest_layersnap import compare, layer_table
from pytest_layersnap.table import UNKNOWN_EDGES

from .inside_models import INSIDE, NOT_BUILT, around, layer

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


def test_generated_changes_are_seen(keras: ModuleType) -> None:
    """A sample of what ``benchmarks/inside_calls.py`` makes: seen on their rows, and on no other."""
    cases = list(inside_calls.cases(keras, seed=29))
    assert [case.kind for case in cases] == [*inside_calls.CHANGES, None]
    assert [case for case in cases if not case.right or case.beside] == []


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
    assert rows["block"].attributes["not_traced"] == "its call can't be run without numbers"
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
    assert rows["net"].attributes["not_traced"] == "it is not known what it was called with"
    assert {row.inbound_layers for name, row in rows.items() if name != "net"} == {UNKNOWN_EDGES}
    assert {row.output_shape for row in rows.values()} == {""}
