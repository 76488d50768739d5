"""Dtypes in a table: at every depth, of weights, and of what lookups give."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table


def of_layer(keras: ModuleType, layer: Any, shape: tuple[int, ...] = (5, 4)) -> LayerTable:
    """The table of a model of one layer."""
    inputs = keras.Input(shape)
    return layer_table(keras.Model(inputs, layer(inputs)), name="net")


WRAPPED: dict[str, Callable[[Any, str], Any]] = {
    "layer": lambda layers, dtype: layers.TimeDistributed(layers.Dense(3, dtype=dtype)),
    "forward": lambda layers, dtype: layers.Bidirectional(
        layers.LSTM(3, dtype=dtype, recurrent_initializer="ones")
    ),
    "cell": lambda layers, dtype: layers.RNN(
        layers.LSTMCell(3, dtype=dtype, recurrent_initializer="ones")
    ),
    "cells": lambda layers, dtype: layers.RNN(
        [
            layers.SimpleRNNCell(3),
            layers.SimpleRNNCell(2, dtype=dtype, recurrent_initializer="ones"),
        ]
    ),
    "deep": lambda layers, dtype: layers.TimeDistributed(
        layers.TimeDistributed(layers.Dense(3, dtype=dtype))
    ),
}


@pytest.mark.parametrize(
    ("kind", "place"),
    [
        ("layer", {"dense"}),
        ("forward", {"forward_lstm", "backward_lstm"}),
        ("cell", {"lstm_cell"}),
        ("cells", {"stacked_rnn_cells/simple_rnn_cell_1"}),
        ("deep", {"time_distributed/dense"}),
    ],
)
def test_a_dtype_inside_a_layer(keras: ModuleType, kind: str, place: set[str]) -> None:
    """It is in the row where it is another than around it, and the weights that follow from it."""
    if kind in ("cell", "cells") and not hasattr(keras, "ops"):
        pytest.skip("Keras 2 feeds such a cell with states of another dtype")
    shape = (2, 5, 4) if kind == "deep" else (5, 4)
    tables = {
        dtype: of_layer(keras, WRAPPED[kind](keras.layers, dtype), shape)
        for dtype in ("float32", "float16", "mixed_float16")
    }
    usual, half, mixed = tables.values()
    assert not usual.layers[-1].attributes.keys() & {"inner_dtypes", "weight_dtypes"}
    assert half.layers[-1].attributes["inner_dtypes"] == dict.fromkeys(place, "float16")
    assert mixed.layers[-1].attributes["inner_dtypes"] == dict.fromkeys(place, "mixed_float16")
    assert compare(usual, half).categories == compare(usual, mixed).categories == {"dtype"}
    assert usual.memory == mixed.memory == 4 * usual.parameters
    assert half.memory is not None
    assert half.memory < 4 * usual.parameters
    if kind != "cells":
        assert half.memory == 2 * usual.parameters
    again = of_layer(keras, WRAPPED[kind](keras.layers, "float16"), shape)
    assert again.layers == half.layers


@pytest.mark.parametrize("wrap", ["", "TimeDistributed"])
def test_inputs_that_are_not_cast(keras: ModuleType, wrap: str) -> None:
    """No config says it, and it decides what a layer computes with; not where the class decides it."""

    def table(kind: str, **settings: Any) -> LayerTable:
        layer = getattr(keras.layers, kind)(**settings)
        return of_layer(keras, getattr(keras.layers, wrap)(layer) if wrap else layer)

    policy = "mixed_bfloat16"
    usual = table("Dense", units=3, dtype=policy)
    drift = compare(usual, table("Dense", units=3, dtype=policy, autocast=False))
    assert drift.categories == {"dtype"}
    assert not compare(usual, table("Dense", units=3, dtype=policy, autocast=True))
    decided = table("LayerNormalization"), table("Embedding", input_dim=3, output_dim=2)
    assert not any("autocast" in layer.layer_attributes for one in decided for layer in one.layers)


def test_a_map_of_policies(keras: ModuleType) -> None:
    """The parts of an attention may have policies of their own."""
    policies: Any = getattr(keras, "dtype_policies", None)
    if not hasattr(policies, "DTypePolicyMap"):
        pytest.skip("this Keras has no map of policies")

    def table(dtype: str) -> LayerTable:
        given = policies.DTypePolicyMap(default_policy="float32")
        given["attention/query"] = policies.DTypePolicy(dtype)
        inputs = keras.Input((5, 8))
        layer = keras.layers.MultiHeadAttention(2, 4, dtype=given, name="attention")
        return layer_table(keras.Model(inputs, layer(inputs, inputs)), name="net")

    usual, mixed = table("float32"), table("mixed_bfloat16")
    assert usual.layers[-1].dtype == mixed.layers[-1].dtype == "float32"
    assert mixed.layers[-1].attributes["inner_dtypes"] == {"query": "mixed_bfloat16"}
    assert compare(usual, mixed).categories == {"dtype"}


def test_policies_whose_map_was_asked_for_its_config(keras: ModuleType) -> None:
    """Saving such a model leaves its layers without names of their policies: the table is the same."""
    policies: Any = getattr(keras, "dtype_policies", None)
    if not hasattr(policies, "DTypePolicyMap"):
        pytest.skip("this Keras has no map of policies")
    inputs = keras.Input((4,))
    kept = [keras.layers.Dense(2, dtype=dtype) for dtype in ("float32", "mixed_bfloat16")]
    model = keras.Model(inputs, [layer(inputs) for layer in kept])
    before = layer_table(model)
    named = policies.DTypePolicyMap()
    for layer in kept:
        named[layer.path] = layer.dtype_policy
    named.get_config()
    after = layer_table(model)
    assert [row.dtype for row in after] == ["float32", "float32", "mixed_bfloat16"]
    assert not compare(before, after)


def test_what_lookups_give(keras: ModuleType) -> None:
    """Indices have no dtype to choose; what counts them has."""

    def dtype(**settings: Any) -> str:
        layer = keras.layers.Discretization([0.0, 1.0], **settings)
        inputs = keras.Input((1,))
        return layer_table(keras.Model(inputs, layer(inputs))).layers[-1].dtype

    assert dtype() == dtype(output_mode="multi_hot") == ""
    if hasattr(keras, "ops"):  # Keras 2 counts in float32 alone
        assert dtype(output_mode="multi_hot", dtype="float16") == "float16"


def test_integers_of_the_default_width(keras: ModuleType) -> None:
    """They are 64 bits wide on TensorFlow, 32 on JAX and PyTorch, and the same code."""

    class Positions(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def build(self, input_shape: Any) -> None:
            dtype = "int" if hasattr(keras, "ops") else "int64"
            self.ids = self.add_weight(
                name="ids", shape=(3,), dtype=dtype, initializer="zeros", trainable=False
            )
            self.built = True

        def call(self, inputs: Any) -> Any:
            return inputs

    table = of_layer(keras, Positions())
    assert table.layers[-1].attributes["weight_dtypes"] == ["int"]
    assert table.memory == 12


def test_what_a_model_takes_and_gives_in_mixed_precision(keras: ModuleType) -> None:
    """The first layer of a Sequential computes in float16; its input is float32 all the same."""

    def table(dtype: str) -> LayerTable:
        layers = [keras.Input((4,)), keras.layers.Dense(3, name="dense", dtype=dtype)]
        return layer_table(keras.Sequential(layers), name="net")

    whole = compare(table("float32"), table("mixed_float16")).consequences
    assert whole.inputs[0] == whole.inputs[1]
    assert whole.outputs[1] is not None
    assert [tensor.dtype for tensor in whole.outputs[1]] == ["float16"]
