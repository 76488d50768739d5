"""The weights of a table: exactly those that Keras counts, and which of them are frozen or tied."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, ModelError, compare, layer_table


def around(keras: ModuleType, layer: Any, shape: tuple[int, ...] = (4,)) -> Any:
    """A model of one layer and a head."""
    return keras.Sequential([keras.Input(shape), layer, keras.layers.Dense(2, name="head")])


def size(weights: list[Any]) -> int:
    """How many numbers are in weights."""
    return sum(math.prod(tuple(weight.shape)) for weight in weights)


def counts(table: LayerTable) -> dict[str, int]:
    """The rows that have parameters."""
    return {layer.layer_name: layer.parameters for layer in table if layer.parameters}


def test_a_layer_that_leaves_out_what_it_holds(keras: ModuleType) -> None:
    """Keras does not count a template whose weights a layer does not name, and neither does the table."""

    class Repeated(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="repeated")
            self.template = keras.layers.Dense(4, name="template")
            self.copy = keras.layers.Dense(4, name="copy")

        def build(self, input_shape: Any) -> None:
            self.template.build(input_shape)
            self.copy.build(input_shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            return self.copy(inputs)

        @property
        def weights(self) -> Any:
            return self.copy.weights

        @property
        def trainable_weights(self) -> Any:
            return self.copy.trainable_weights

        @property
        def non_trainable_weights(self) -> Any:
            return self.copy.non_trainable_weights

    model = around(keras, Repeated())
    table = layer_table(model)
    assert counts(table) == {"repeated/copy": 20, "head": 10}
    assert table.parameters == model.count_params()


def test_a_layer_that_names_what_it_does_not_hold(keras: ModuleType) -> None:
    """Weights that Keras counts and no layer keeps are in the row of the layer that says it has them."""

    class Borrowing(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, dense: Any) -> None:
            super().__init__(name="borrowing")
            self.borrow: Any = lambda: dense

        def call(self, inputs: Any) -> Any:
            return self.borrow()(inputs)

        @property
        def weights(self) -> Any:
            return [*super().weights, *self.borrow().weights]

        @property
        def trainable_weights(self) -> Any:
            return [*super().trainable_weights, *self.borrow().trainable_weights]

    dense = keras.layers.Dense(4)
    dense.build((None, 4))
    model = around(keras, Borrowing(dense))
    table = layer_table(model)
    assert counts(table) == {"borrowing": 20, "head": 10}
    assert table.parameters == model.count_params()
    assert table.trainable_parameters == size(model.trainable_weights)
    assert "trained_weights" not in table.layers[0].attributes


def test_a_model_that_contradicts_itself(keras: ModuleType) -> None:
    """No table is taken of a model that would train what it does not count."""
    extra = keras.layers.Dense(4)
    extra.build((None, 4))

    class Contradicting(keras.Model):  # type: ignore[name-defined,misc]
        @property
        def trainable_weights(self) -> Any:
            return [*super().trainable_weights, *extra.trainable_weights]

    inputs = keras.Input((4,))
    model = Contradicting(inputs, keras.layers.Dense(2)(inputs), name="net")
    with pytest.raises(ModelError, match=r"'net' do not add up.*overrides `weights`"):
        layer_table(model)


def test_weights_in_containers_and_under_the_same_name(keras: ModuleType) -> None:
    """Layers in lists, dicts and tuples, two of one name: each has a row, and a path of its own."""

    class Nested(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, activation: str = "linear") -> None:
            super().__init__(name="nested")
            dense = keras.layers.Dense
            self.parts: Any = [[dense(4, name="part")], {"x": (dense(4, name="part"),)}]
            self.last = dense(4, name="part_1", activation=activation)

        def build(self, input_shape: Any) -> None:
            self.scales = [self.add_weight(name=f"scale_{i}", shape=(4,)) for i in range(2)]
            for part in (self.parts[0][0], self.parts[1]["x"][0], self.last):
                part.build(input_shape)
            self.built = True

        def call(self, inputs: Any) -> Any:
            hidden = self.parts[0][0](inputs * self.scales[0]) * self.scales[1]
            return self.last(self.parts[1]["x"][0](hidden))

    table = layer_table(around(keras, Nested()))
    assert counts(table) == {
        "nested": 8,
        "nested/part": 20,
        "nested/part_2": 20,
        "nested/part_1": 20,
        "head": 10,
    }
    drift = compare(table, layer_table(around(keras, Nested("relu"))))
    assert [change.layer for change in drift.changes] == ["nested/part_1"]


def frozen(keras: ModuleType, kind: str, pick: Callable[[Any], Any]) -> LayerTable:
    """A model of which one part is frozen."""
    layers = keras.layers
    inputs = keras.Input((5, 4))
    if kind == "attention":
        layer = layers.MultiHeadAttention(2, 3)
        outputs = layer(inputs, inputs)
    else:
        layer = {
            "bidirectional": lambda: layers.Bidirectional(layers.LSTM(3)),
            "cells": lambda: layers.RNN([layers.GRUCell(4), layers.GRUCell(4)]),
            "normalization": lambda: layers.BatchNormalization(),
            "statistics": lambda: layers.BatchNormalization(center=False, scale=False),
        }[kind]()
        outputs = layer(inputs)
    if (part := pick(layer)) is not None:
        part.trainable = False
    return layer_table(keras.Model(inputs, outputs), name="net")


@pytest.mark.parametrize(
    ("kind", "picks"),
    [
        ("bidirectional", [lambda x: x.forward_layer, lambda x: x.backward_layer]),
        ("cells", [lambda x: x.cell.cells[0], lambda x: x.cell.cells[1]]),
        ("attention", [lambda x: x._query_dense, lambda x: x._key_dense]),
        ("statistics", [lambda x: x]),
        ("normalization", [lambda x: x.gamma, lambda x: x.beta]),
    ],
)
def test_which_weights_are_frozen(
    keras: ModuleType, kind: str, picks: list[Callable[[Any], Any]]
) -> None:
    """Not only how many; nothing is said where it is all or none."""
    if kind == "normalization" and not hasattr(keras, "ops"):
        pytest.skip("a single variable can't be frozen in Keras 2")
    choices = [lambda _: None, lambda x: x, *picks]
    tables = [frozen(keras, kind, pick) for pick in choices]
    rows = [table.layers[-1] for table in tables]
    assert "trained_weights" not in rows[0].layer_attributes + rows[1].layer_attributes
    if kind == "statistics":
        assert not rows[0].attributes.keys() & {"trained_weights", "trainable_flag"}
        assert compare(tables[0], tables[1]).categories == {"trainability"}
        return
    for one, other in itertools.combinations(tables, 2):
        assert "trainability" in compare(one, other).categories


def test_which_weights_are_tied(keras: ModuleType) -> None:
    """A layer that uses the kernel of another is another model than one that uses its recurrent kernel."""

    class Tied(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, weight: Any) -> None:
            super().__init__(name="tied")
            self.weight = weight

        def call(self, inputs: Any) -> Any:
            return inputs @ self.weight

    def table(place: int) -> LayerTable:
        inputs = keras.Input((5, 4))
        layer = keras.layers.SimpleRNN(4, name="rnn", return_sequences=True)
        outputs = layer(inputs)
        model = keras.Model(inputs, Tied(layer.weights[place])(outputs), name="net")
        read = layer_table(model)
        assert read.parameters == model.count_params()
        return read

    kernel, recurrent = table(0), table(1)
    assert kernel.layers[-1].attributes == {
        "shares_weights_with": ["rnn"],
        "tied_weights": [[[0, 0]]],
    }
    assert compare(kernel, recurrent).categories == {"parameters"}


def test_weights_of_unknown_size(keras: ModuleType) -> None:
    """What a lookup has learned is no weight, as in Keras 3; people's show the fixed sizes."""
    if hasattr(keras, "ops"):
        pytest.skip("variables of Keras 3 have a size")
    import tensorflow as tf

    class Memory(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, shape: Any) -> None:
            super().__init__(name="memory")
            self.bank = tf.Variable(tf.zeros((2, 3)), shape=shape, trainable=False)

        def call(self, inputs: Any) -> Any:
            return inputs * tf.reduce_sum(self.bank)

    for shape, said in (
        (tf.TensorShape([None, 3]), "[[null, 3]]"),
        (tf.TensorShape(None), "[null]"),
    ):
        row = layer_table(around(keras, Memory(shape))).layers[0]
        assert (row.weight_shapes, row.parameters) == (said, 0)
    lookup = keras.layers.StringLookup(vocabulary=["a"], idf_weights=[0.1], output_mode="tf_idf")
    inputs = keras.Input((2,), dtype="string")
    row = layer_table(keras.Model(inputs, lookup(inputs))).layers[-1]
    assert (row.weight_shapes, row.parameters, row.is_trainable) == ("[]", 0, True)


def test_metrics_are_no_part_of_a_model(keras: ModuleType) -> None:
    """Those that a model keeps, as a VAE does: Keras 2 counts their state among the weights."""

    class Tracking(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.layers.Dense(3)
            self.tracker = keras.metrics.Mean(name="loss")

        @property
        def metrics(self) -> list[Any]:
            return [self.tracker]

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Tracking()
    model(keras.Input((4,)))
    model.tracker.update_state(1.0)
    itself, row = layer_table(model)
    assert (itself.parameters, row.layer_name, row.parameters) == (0, "dense", 15)
