"""Which rows are taken for the same, and what is therefore a finding."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise

import pytest

from pytest_layersnap.comparison.sequences import off_sequence
from pytest_layersnap.drift import compare
from pytest_layersnap.table import Layer, LayerTable

from .tables import (
    auto,
    chain,
    changed,
    dense,
    entry,
    mlp,
    plain,
    renumbered,
    resnet,
    table,
    told,
    without_topology,
)


def swapped(layers: list[Layer], first: int, second: int) -> LayerTable:
    """The rows with two of them in each other's place, edges as they were."""
    layers = list(layers)
    layers[first], layers[second] = layers[second], layers[first]
    return LayerTable(tuple(layers))


@pytest.mark.parametrize("named", [True, False])
@pytest.mark.parametrize(("first", "second"), [(3, 4), (3, 5), (3, 12), (20, 33)])
def test_two_rows_that_changed_places_are_two_moves(named: bool, first: int, second: int) -> None:
    """Control: swap of two rows = moved 2."""
    layers = resnet(6, named=named)
    drift = compare(LayerTable(tuple(layers)), swapped(layers, first, second))
    assert sorted(told(drift)) == sorted(
        [("moved", layers[first].layer_name), ("moved", layers[second].layer_name)]
    )
    assert drift.categories == {"order"}


def test_an_edge_only_change_is_one_rewired_row() -> None:
    """Control: edge-only change = rewired 1, no changed rows."""
    recorded = LayerTable(tuple(resnet(6, named=True)))
    current = changed(recorded, 21, inbound_layers='["block2_2_relu", "block0_add"]')
    (change,) = compare(recorded, current).changes
    assert (change.kind, change.layer) == ("changed", "block2_add")
    assert change.categories == {"topology"}
    assert change.fields == {
        "inbound_layers": (
            '["block2_2_relu", "block1_add"]',
            '["block2_2_relu", "block0_add"]',
        )
    }


def test_one_flip_of_trainable_is_one_row() -> None:
    """Control: one trainable flip = 1 row."""
    recorded = LayerTable(tuple(resnet(6)))
    drift = compare(recorded, changed(recorded, 8, is_trainable=False, trainable_parameters=0))
    assert told(drift) == [("changed", recorded.layers[8].layer_name)]
    assert drift.categories == {"trainability"}


def test_a_renamed_prefix_is_renamed_rows_and_nothing_else() -> None:
    """Control: prefix rename = 32 renamed, 0 changed."""
    recorded = LayerTable(tuple(resnet(14, named=True)))
    text = recorded.to_csv()
    assert text is not None
    rows = [
        replace(
            layer,
            layer_name=layer.layer_name.replace("block1", "stage1"),
            inbound_layers=layer.inbound_layers.replace("block1", "stage1"),
        )
        for layer in recorded
    ]
    drift = compare(recorded, LayerTable(tuple(rows)))
    assert [change.kind for change in drift.changes] == ["renamed"] * 35
    assert drift.categories == {"name"}


@pytest.mark.parametrize("at", [1, 5, 14, 20, 43])
def test_an_inserted_auto_named_layer_is_one_finding(at: int) -> None:
    """However many auto names it renumbers."""
    recorded = resnet(6)
    before = recorded[at - 1]
    layer = plain("activation_99", "Activation", [before.layer_name], activation="gelu")
    current = [*recorded[:at], layer, *recorded[at:]]
    if at < len(recorded):
        calls = [layer.layer_name if n == before.layer_name else n for n in recorded[at].calls[0]]
        current[at + 1] = replace(recorded[at], inbound_layers=json.dumps(calls))
    drift = compare(LayerTable(tuple(recorded)), renumbered(current))
    assert [change.kind for change in drift.changes] == ["added"]
    assert drift.changes[0].current_row is not None
    assert drift.changes[0].current_row.activation_function == "gelu"
    back = compare(renumbered(current), LayerTable(tuple(recorded)))
    assert [change.kind for change in back.changes] == ["removed"]


def test_names_that_hold_auto_names_are_renumbered_with_them() -> None:
    """``dense_1_relu`` is no name of its own where it stands beside ``dense_1``."""

    def network(*units: int) -> LayerTable:
        rows = [entry(64)]
        for number, (takes, made) in enumerate(pairwise((64, *units))):
            name = auto("dense", number)
            rows += [dense(name, "", takes, made), plain(f"{name}_relu", "ReLU", [], made)]
        return chain(*rows)

    assert told(compare(network(64, 16), network(64, 64, 16))) == [
        ("added", "dense_1"),
        ("added", "dense_1_relu"),
    ]


def test_pure_renumbering_is_no_drift() -> None:
    """Auto names count what else was built in the process."""
    drift = compare(LayerTable(tuple(resnet(9))), LayerTable(tuple(resnet(9, auto_from=31))))
    assert not drift
    assert drift.changes == ()


def test_renumbered_parents_are_no_drift() -> None:
    """The path of a row in a nested model holds the nested model's auto name."""

    def nested(name: str) -> LayerTable:
        return table(
            entry(64),
            plain(name, "Functional", ["input_layer"]),
            plain(f"{name}/input_layer", "InputLayer", []),
            plain(f"{name}/stem", "Activation", [f"{name}/input_layer"]),
            plain("head", "Activation", [name]),
        )

    assert not compare(nested("functional_1"), nested("functional_4"))
    drift = compare(nested("functional_1"), nested("backbone"))
    assert [change.kind for change in drift.changes] == ["renamed"] * 3


def test_a_person_s_rename_is_reported_and_nothing_else() -> None:
    """Nobody is rewired by it."""
    recorded = chain(entry(64), plain("conv", "Conv2D", []), plain("fc", "Dense", []))
    current = chain(entry(64), plain("conv", "Conv2D", []), plain("classifier", "Dense", []))
    (change,) = compare(recorded, current).changes
    assert (change.kind, change.recorded_layer, change.layer) == ("renamed", "fc", "classifier")
    assert change.fields == {"layer_name": ("fc", "classifier")}
    assert change.categories == {"name"}


@pytest.mark.parametrize("names", [None, ["a", "b", "c", "d"]])
def test_a_removed_dense_is_one_removal_and_its_neighbour_s_input(names: list[str] | None) -> None:
    """The layer behind it takes another width; that is real, and a change of its own."""
    recorded = mlp(100, 64, 32, 16, 10, names=names)
    current = mlp(100, 64, 16, 10, names=names and ["a", "c", "d"])
    drift = compare(recorded, current)
    kinds = sorted((change.kind, tuple(sorted(change.categories))) for change in drift.changes)
    assert kinds == [("changed", ("parameters", "shape")), ("removed", ("layers",))]
    removed = next(change for change in drift.changes if change.kind == "removed")
    assert removed.recorded_row == recorded.layers[2]


def test_a_replaced_type_is_a_change_not_a_removal() -> None:
    """Person-named and auto-named alike; the auto name that comes with the type is no rename."""
    for old, new in [("pool", "pool"), ("global_average_pooling2d", "global_max_pooling2d")]:
        recorded = chain(entry(64), plain(old, "GlobalAveragePooling2D", []), dense("d", "", 64, 2))
        current = chain(entry(64), plain(new, "GlobalMaxPooling2D", []), dense("d", "", 64, 2))
        (change,) = compare(recorded, current).changes
        assert (change.kind, change.layer, change.recorded_layer) == ("changed", new, old)
        assert change.categories == {"type"}


def test_activations_that_became_relu_layers_are_changes_of_type() -> None:
    """All 12 of them, in an auto-named network, though the counters of both types shift."""
    recorded = resnet(6)
    current = [
        replace(
            layer,
            layer_type="ReLU",
            layer_name=layer.layer_name.replace("activation", "re_lu"),
            layer_attributes='{"max_value": null}',
            activation_function="",
        )
        if layer.layer_type == "Activation"
        else replace(layer, inbound_layers=layer.inbound_layers.replace("activation", "re_lu"))
        for layer in recorded
    ]
    drift = compare(LayerTable(tuple(recorded)), LayerTable(tuple(current)))
    assert [change.kind for change in drift.changes] == ["changed"] * 12
    assert drift.categories == {"type", "config"}


def test_doubled_paths_are_told_apart_by_occurrence() -> None:
    """Subclassed models may hold layers of the same name."""
    layers = [entry(64), *[plain("block", "Dropout", [], rate=rate) for rate in (0.1, 0.2, 0.3)]]
    recorded = without_topology(table(*layers))
    drift = compare(recorded, changed(recorded, 2, config={"rate": 0.9}, dropout_rate="0.9"))
    assert told(drift) == [("changed", "block")]
    assert drift.changes[0].fields["dropout_rate"] == ("0.2", "0.9")
    assert len(drift.deepdiff.affected_paths) == 2


def test_order_alone_is_judged_where_edges_are_unknown() -> None:
    """A subclassed model's rows have no edges, so their order is what there is."""
    layers = [plain(name, "Dropout", [], rate=0.5) for name in "abcdef"]
    recorded = without_topology(table(*layers))
    moved = without_topology(table(*layers[1:5], layers[0], layers[5]))
    assert told(compare(recorded, moved)) == [("moved", "a")]


def test_a_layer_moved_far_in_a_table_is_one_move() -> None:
    """Only the row that left the sequence is named, not those it passed."""
    assert off_sequence([0, 1, 3, 4, 5, 2, 6]) == [5]
    assert off_sequence([5, 0, 1, 2, 3, 4, 6]) == [0]


def test_several_exchanges_are_judged_one_by_one() -> None:
    """Both rows of each exchange."""
    assert off_sequence([1, 0, 2, 5, 4, 3, 6]) == [0, 1, 3, 5]


def big(rows: int) -> list[Layer]:
    """A long table, auto-named."""
    return resnet(rows // 7)


@pytest.mark.parametrize("rows", [2_000, 10_000])
def test_inserting_into_a_long_table_is_one_finding(rows: int) -> None:
    """Whatever it renumbers."""
    recorded = big(rows)
    first = plain("activation_99999", "Activation", ["input_layer"], activation="gelu")
    second = replace(recorded[1], inbound_layers='["activation_99999"]')
    current = renumbered([recorded[0], first, second, *recorded[2:]])
    drift = compare(LayerTable(tuple(recorded)), current)
    assert [change.kind for change in drift.changes] == ["added"]


def test_a_tenth_changed_in_a_renumbered_table_is_found_row_by_row() -> None:
    """Content alone would slide along the repeated blocks, names alone were renumbered."""
    chance = random.Random(3)
    recorded = big(2_000)
    at = sorted(chance.sample(range(20, len(recorded)), 200))
    current = list(recorded)
    for number, place in enumerate(at):
        layer = recorded[place]
        config = {**layer.attributes, "mark": number}
        current[place] = replace(layer, layer_attributes=json.dumps(config, sort_keys=True))
    first = plain("activation_99999", "Activation", ["input_layer"], activation="gelu")
    current[1] = replace(current[1], inbound_layers='["activation_99999"]')
    drift = compare(LayerTable(tuple(recorded)), renumbered([current[0], first, *current[1:]]))
    assert len([change for change in drift.changes if change.kind == "changed"]) == 200
    assert len([change for change in drift.changes if change.kind == "added"]) == 1
