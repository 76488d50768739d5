"""What changed in a row, and under which category."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_layersnap.comparison.changes import ABSENT, config_differences
from pytest_layersnap.drift import compare
from pytest_layersnap.table import LayerTable

from .tables import chain, changed, dense, entry, mlp, plain, resnet, row, table


def only_change(recorded: LayerTable, current: LayerTable) -> Any:
    """The one change there is."""
    (change,) = compare(recorded, current).changes
    return change


def test_a_narrower_dense_is_config_here_and_shape_there() -> None:
    """Dense 1024 → 512: units and what follows, and the next Dense that takes fewer."""
    drift = compare(mlp(2048, 1024, 10), mlp(2048, 512, 10))
    first, second = drift.changes
    assert first.categories == {"config", "shape", "parameters"}
    assert set(first.fields) == {
        "output_shape",
        "parameters",
        "trainable_parameters",
        "weight_shapes",
        "layer_attributes",
    }
    assert first.fields["parameters"] == (2098176, 1049088)
    assert [d.path for d in first.differences if d.category == "config"] == ["units"]
    assert second.categories == {"shape", "parameters"}
    assert second.fields["input_shape"] == ("(None, 1024)", "(None, 512)")


def test_another_dropout_rate_is_config_and_told_once() -> None:
    """The readable column and the key it repeats are one difference."""
    recorded = chain(entry(64), plain("drop", "Dropout", [], rate=0.5))
    current = chain(entry(64), plain("drop", "Dropout", [], rate=0.3))
    change = only_change(recorded, current)
    assert change.categories == {"config"}
    assert change.fields["dropout_rate"] == ("0.5", "0.3")
    assert set(change.fields) == {"dropout_rate", "layer_attributes"}
    assert [(d.path, d.recorded, d.current) for d in change.differences] == [
        ("dropout_rate", "0.5", "0.3")
    ]


def test_a_tiny_epsilon_counts() -> None:
    """1.001e-5 is not 1e-5."""
    recorded = LayerTable(tuple(resnet(1)))
    change = only_change(recorded, changed(recorded, 2, config={"epsilon": 1e-05}))
    assert change.categories == {"config"}
    (difference,) = change.differences
    assert (difference.path, difference.recorded, difference.current) == (
        "epsilon",
        1.001e-05,
        1e-05,
    )


def test_a_flag_is_no_number() -> None:
    """``True`` is not ``1``."""
    recorded = chain(entry(64), plain("a", "Custom", [], mode=True))
    current = chain(entry(64), plain("a", "Custom", [], mode=1))
    assert compare(recorded, current).categories == {"config"}


def test_how_json_is_spelled_does_not_count() -> None:
    """Spaces and the order of keys are no architecture."""
    recorded = chain(entry(64), row("a", "Custom", config={"a": 1, "b": [1, 2]}))
    text = '{"b":[1,2],"a":1}'
    assert not compare(recorded, changed(recorded, 1, layer_attributes=text))


@pytest.mark.parametrize(
    ("cells", "category"),
    [
        ({"input_shape": "(None, 65)"}, "shape"),
        ({"output_shape": "(None, 65)"}, "shape"),
        ({"reshape_target_shape": "(8, 8)"}, "shape"),
        ({"parameters": 7}, "parameters"),
        ({"weight_shapes": "[[1]]"}, "parameters"),
        ({"parameters": 7, "trainable_parameters": 7}, "parameters"),
        ({"trainable_parameters": 7}, "trainability"),
        ({"is_trainable": False}, "trainability"),
        ({"dtype": "mixed_float16"}, "dtype"),
        ({"layer_type": "ReLU"}, "type"),
        ({"inbound_layers": "[]"}, "topology"),
        ({"layer_name": "other"}, "name"),
        ({"layer_attributes": '{"alpha": 1}'}, "config"),
        ({"layer_attributes": '{"model_output": ["1"]}'}, "topology"),
        ({"layer_attributes": '{"model_input": ["1"]}'}, "topology"),
        ({"layer_attributes": '{"call_arguments": {"training": false}}'}, "config"),
        ({"activation_function": "relu"}, "config"),
        ({"kernel_size": "(3, 3)"}, "config"),
        ({"use_bias": "True"}, "config"),
        ({"padding": "same"}, "config"),
        ({"strides": "(2, 2)"}, "config"),
        ({"pooling_size": "(2, 2)"}, "config"),
        ({"dropout_rate": "0.5"}, "config"),
        ({"normalization_momentum": "0.9"}, "config"),
        ({"normalization_axis": "3"}, "config"),
    ],
)
def test_each_column_has_its_category(cells: dict[str, Any], category: str) -> None:
    """One edited cell, one change, one category."""
    recorded = chain(entry(64), plain("a", "Custom", []), plain("b", "Custom", [], size=32))
    change = only_change(recorded, changed(recorded, 1, **cells))
    assert change.categories == {category}
    assert set(change.fields) == set(cells)
    for column, value in cells.items():
        assert change.fields[column] == (getattr(recorded.layers[1], column), value)


def test_frozen_layers_are_trainability_although_fewer_parameters_train() -> None:
    """No category ``parameters``: there are as many as before."""
    recorded = mlp(8, 4)
    current = changed(recorded, 1, is_trainable=False, trainable_parameters=0)
    assert only_change(recorded, current).categories == {"trainability"}


def test_the_flag_of_an_input_or_an_operation_means_nothing() -> None:
    """There is nothing to freeze; files and releases disagree about it."""
    recorded = table(entry(8), plain("add", "op:add", ["input_layer"]), dense("d", "add", 8, 4))
    frozen = [replace(layer, is_trainable=False) for layer in recorded]
    (change,) = compare(recorded, table(*frozen)).changes
    assert change.layer == "d"


def test_adapters_that_freeze_what_was_there_are_trainability() -> None:
    """More parameters, fewer of them trained: no mere change of size."""
    recorded = mlp(100, 100)
    current = changed(recorded, 1, parameters=10_900, trainable_parameters=800)
    assert only_change(recorded, current).categories == {"parameters", "trainability"}


def test_the_model_s_name_is_one_change() -> None:
    """Although every row repeats it."""
    recorded = LayerTable(tuple(row(n, "Dropout", model="old") for n in "abc"))
    current = LayerTable(tuple(row(n, "Dropout", model="new") for n in "abc"))
    change = only_change(recorded, current)
    assert (change.kind, change.layer, change.recorded_layer) == ("renamed", "new", "old")
    assert change.fields == {"model": ("old", "new")}
    assert change.categories == {"name"}


def test_a_model_s_auto_name_is_no_name() -> None:
    """Keras counts models, too."""
    recorded = LayerTable((row("a", "Dropout", model="functional_1"),))
    assert not compare(recorded, LayerTable((row("a", "Dropout", model="functional_4"),)))
    assert compare(recorded, LayerTable((row("a", "Dropout", model="sequential"),)))


def test_removed_rows_stand_where_they_stood() -> None:
    """Changes come in the order of the rows."""
    recorded = chain(*(plain(name, "Dropout", [], which=name) for name in "abcd"))
    current = chain(*(plain(name, "Dropout", [], which=name) for name in "acxd"))
    current = changed(current, 3, is_trainable=False)
    found = [(change.kind, change.layer) for change in compare(recorded, current).changes]
    assert found == [("removed", "b"), ("added", "x"), ("changed", "d")]


def test_nested_configuration_is_told_by_path() -> None:
    """As deep as keys reach."""
    old: dict[str, Any] = {
        "kernel_initializer": {"class_name": "HeNormal", "config": {"seed": None}}
    }
    new: dict[str, Any] = {"kernel_initializer": {"class_name": "HeNormal", "config": {"seed": 7}}}
    recorded = chain(entry(64), plain("a", "Dense", [], **old))
    change = only_change(recorded, chain(entry(64), plain("a", "Dense", [], **new)))
    (difference,) = change.differences
    assert difference.path == "kernel_initializer.config.seed"
    assert (difference.recorded, difference.current) == (None, 7)


def test_config_differences_reach_into_lists_of_objects() -> None:
    """Stacked cells, for instance; lists of numbers are one value."""
    old = {"cells": [{"units": 4}, {"units": 8}], "sizes": [1, 2]}
    new = {"cells": [{"units": 4}, {"units": 9}], "sizes": [1, 3], "more": None}
    assert list(config_differences(old, new)) == [
        ("cells[1].units", 8, 9),
        ("more", ABSENT, None),
        ("sizes", [1, 2], [1, 3]),
    ]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text("ab"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc"), inner, max_size=3),
)


@given(_JSON, _JSON)
def test_config_differences_are_empty_for_equal_json_only(old: Any, new: Any) -> None:
    """Nothing that JSON can tell apart is missed."""
    same = json.dumps(old, sort_keys=True) == json.dumps(new, sort_keys=True)
    assert (list(config_differences(old, new)) == []) == same


def test_inserted_dense_changes_what_the_next_one_takes() -> None:
    """Two findings, and no others."""
    drift = compare(mlp(100, 64, 10), mlp(100, 64, 32, 10))
    assert [(c.kind, sorted(c.categories)) for c in drift.changes] == [
        ("added", ["layers"]),
        ("changed", ["parameters", "shape"]),
    ]


def test_types_that_replace_each_other_in_size_too() -> None:
    """A layer of a person's name stays that layer."""
    recorded = table(entry(64), dense("block", "input_layer", 64, 64))
    current = table(entry(64), plain("block", "Dropout", ["input_layer"], rate=0.5))
    change = only_change(recorded, current)
    assert (change.kind, change.layer) == ("changed", "block")
    assert {"type", "parameters", "config"} <= change.categories
