"""What holds for any table, and any edit of it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_layersnap.drift import Drift, compare
from pytest_layersnap.table import COMPARED_COLUMNS, UNKNOWN_EDGES, Layer, LayerTable

from .tables import chain, entry, plain, renumbered, resnet

_NAMES = st.sampled_from(
    ["a", "b", "c", "d", "dense", "dense_1", "dense_2", "conv2d", "conv2d_1", "net/dense", "net"]
)
_TYPES = st.sampled_from(["Dense", "Conv2D", "Dropout", "op:add", "Functional"])
_SHAPES = st.sampled_from(["(None, 8)", "(None, 4)", ""])
_REFERENCES = st.lists(_NAMES | st.sampled_from(["a@1", "dense:1", "gone"]), max_size=2)


@st.composite
def layers(draw: st.DrawFn) -> Layer:
    """A row of any content; it need not make sense."""
    parameters = draw(st.integers(0, 2))
    return Layer(
        model="net",
        layer_name=draw(_NAMES),
        layer_type=draw(_TYPES),
        input_shape=draw(_SHAPES),
        output_shape=draw(_SHAPES),
        parameters=parameters,
        trainable_parameters=draw(st.integers(0, parameters)),
        is_trainable=draw(st.booleans()),
        layer_attributes=json.dumps({"units": draw(st.sampled_from([1, 1.0, True, None]))}),
        inbound_layers=draw(
            st.one_of(_REFERENCES, st.lists(_REFERENCES, min_size=2, max_size=2)).map(json.dumps)
            | st.just(UNKNOWN_EDGES)
        ),
    )


tables = st.lists(layers(), min_size=1, max_size=9).map(lambda rows: LayerTable(tuple(rows)))


@settings(max_examples=200)
@given(tables)
def test_a_table_does_not_drift_from_itself(table: LayerTable) -> None:
    """Nor from an equal one."""
    assert not compare(table, LayerTable(tuple(replace(layer) for layer in table)))


@settings(max_examples=200)
@given(tables, tables)
def test_any_two_tables_can_be_compared_and_told(recorded: LayerTable, current: LayerTable) -> None:
    """Every report can be made, every row is accounted for, and no field is equal on both sides."""
    drift = compare(recorded, current)
    assert drift.to_text().endswith("pytest --snapshot-update") == bool(drift)
    assert len(drift.to_text().splitlines()) <= 60
    assert drift.to_markdown()
    json.dumps(drift.to_dict())
    count = dict.fromkeys(("added", "removed"), 0)
    for change in drift.changes:
        count[change.kind] = count.get(change.kind, 0) + 1
        assert change.categories
        for column, (old, new) in change.fields.items():
            assert column in COMPARED_COLUMNS
            assert old != new or column == "inbound_layers"
    assert len(current) - len(recorded) == count["added"] - count["removed"]


@settings(max_examples=200)
@given(tables, tables)
def test_bags_of_rows_that_differ_are_drift(recorded: LayerTable, current: LayerTable) -> None:
    """Whatever the alignment: other contents are never called equal."""

    def bag(table: LayerTable) -> list[Any]:
        return sorted(
            json.dumps(
                [
                    layer.layer_type,
                    layer.input_shape,
                    layer.output_shape,
                    layer.parameters,
                    layer.trainable_parameters,
                    layer.is_trainable or not layer.has_flag,
                    layer.layer_attributes,
                ]
            )
            for layer in table
        )

    if bag(recorded) != bag(current):
        assert compare(recorded, current)


_EDITS: dict[str, Any] = {
    "layer_type": "Edited",
    "input_shape": "(edited)",
    "output_shape": "(edited)",
    "parameters": 12345,
    "is_trainable": False,
    "layer_attributes": '{"edited": 1}',
    "activation_function": "edited",
    "kernel_size": "edited",
    "use_bias": "edited",
    "padding": "edited",
    "strides": "edited",
    "pooling_size": "edited",
    "dropout_rate": "edited",
    "reshape_target_shape": "edited",
    "normalization_momentum": "edited",
    "normalization_axis": "edited",
    "trainable_parameters": 1,
    "weight_shapes": "[[12345]]",
    "dtype": "edited",
    "inbound_layers": '["edited"]',
    "layer_name": "edited",
}


@settings(max_examples=200)
@given(
    named=st.booleans(),
    at=st.integers(1, 42),
    column=st.sampled_from(sorted(_EDITS)),
    shift=st.integers(0, 3),
)
def test_an_edited_cell_is_the_one_finding(named: bool, at: int, column: str, shift: int) -> None:
    """On the edited row and on no other, also where all auto names were renumbered."""
    recorded = resnet(6, named=named)
    current = resnet(6, named=named, auto_from=shift)
    edited = replace(current[at], **{column: _EDITS[column]})
    old, new = json.dumps([current[at].layer_name, edited.layer_name])[1:-1].split(", ")
    current[at] = edited
    current = [
        replace(layer, inbound_layers=layer.inbound_layers.replace(old, new)) for layer in current
    ]
    drift = compare(LayerTable(tuple(recorded)), LayerTable(tuple(current)))
    assert [change.layer for change in drift.changes] == [current[at].layer_name]
    assert column in drift.changes[0].fields


@settings(max_examples=200)
@given(data=st.data(), blocks=st.integers(2, 8), named=st.booleans())
def test_inserted_and_removed_rows_are_counted(
    data: st.DataObject, blocks: int, named: bool
) -> None:
    """A few rows without weights put into the chain, or taken out: as many findings."""
    recorded = resnet(blocks, named=named)
    current = list(recorded)
    places = data.draw(st.sets(st.integers(1, len(recorded) - 1), min_size=1, max_size=4))
    for number, at in enumerate(sorted(places, reverse=True)):
        before, behind = current[at - 1], current[at]
        name = f"noise{number}" if named else f"gaussian_noise_{90 + number}"
        noise = plain(name, "GaussianNoise", [before.layer_name], stddev=0.1)
        feeds = [name if feed == before.layer_name else feed for feed in behind.calls[0]]
        current[at : at + 1] = [noise, replace(behind, inbound_layers=json.dumps(feeds))]
    there = compare(LayerTable(tuple(recorded)), renumbered(current))
    back = compare(renumbered(current), LayerTable(tuple(recorded)))
    assert [change.kind for change in there.changes] == ["added"] * len(places)
    assert [change.kind for change in back.changes] == ["removed"] * len(places)


def _inserted(layers: list[Layer], at: int, name: str) -> list[Layer]:
    """A row without weights between row ``at`` and the row before it."""
    before, behind = layers[at - 1], layers[at]
    noise = plain(name, "GaussianNoise", [before.layer_name], stddev=0.1)
    feeds = [name if feed == before.layer_name else feed for feed in behind.calls[0]]
    moved = replace(behind, inbound_layers=json.dumps(feeds))
    return [*layers[:at], noise, moved, *layers[at + 1 :]]


@settings(max_examples=200)
@given(data=st.data(), named=st.booleans(), insert=st.booleans())
def test_a_rewired_row_is_reported(data: st.DataObject, named: bool, insert: bool) -> None:
    """Whatever feeds it now, and whatever was inserted elsewhere at the same time."""
    recorded = resnet(6, named=named)
    at = data.draw(st.integers(2, len(recorded) - 1))
    argument = data.draw(st.integers(0, len(recorded[at].calls[0]) - 1))
    feeds = list(recorded[at].calls[0])
    others = [layer.layer_name for layer in recorded[:at] if layer.layer_name != feeds[argument]]
    feeds[argument] = data.draw(st.sampled_from(others))
    current = list(recorded)
    current[at] = replace(current[at], inbound_layers=json.dumps(feeds))
    if insert:
        place = data.draw(st.integers(1, len(recorded) - 1).filter(lambda place: place != at))
        current = _inserted(current, place, "noise" if named else "gaussian_noise")
    drift = compare(LayerTable(tuple(recorded)), LayerTable(tuple(current)))
    assert [c.layer for c in drift.changes if c.kind != "added"] == [recorded[at].layer_name]
    assert len(drift.changes) == 1 + insert
    assert "topology" in drift.categories


@settings(max_examples=200)
@given(data=st.data(), count=st.integers(3, 12))
def test_any_reorder_of_a_chain_is_moves_or_fewer_edges(data: st.DataObject, count: int) -> None:
    """A block that moved as one may be told by the edges at its ends, if these are fewer."""
    rows = [plain(f"row{number}", "Dropout", [], rate=number) for number in range(count)]
    order = data.draw(st.permutations(rows))
    drift = compare(chain(entry(64), *rows), chain(entry(64), *order))
    assert drift.categories <= {"order", "topology"}
    assert bool(drift) == (order != rows)
    assert len(drift.changes) < 2 * count
    rewired = [change for change in drift.changes if change.kind == "changed"]
    assert all(set(change.fields) == {"inbound_layers"} for change in rewired)


def named(rows: st.SearchStrategy[LayerTable]) -> st.SearchStrategy[LayerTable]:
    """Tables in which a person named every layer."""
    return rows.map(
        lambda table: LayerTable(
            tuple(replace(row, layer_name=f"my_{row.layer_name}") for row in table)
        )
    )


def without_edges(rows: Iterable[Layer]) -> list[str]:
    """The rows as they are compared, without what feeds them, in any order."""
    table = LayerTable(tuple(rows)).compared()
    return sorted(repr(replace(row, inbound_layers="")) for row in table)


def applied(drift: Drift) -> list[Layer]:
    """The recorded rows, after all that the drift says happened to them."""
    happened = {id(c.recorded_row): c for c in drift.changes if c.recorded_row is not None}
    rows = [c.current_row for c in drift.changes if c.kind == "added" and c.current_row]
    for row in drift.recorded:
        change = happened.get(id(row))
        if change is None:
            rows.append(row)
        elif change.kind != "removed" and change.current_row is not None:
            new = replace(row, **{column: values[1] for column, values in change.fields.items()})
            if (
                not row.has_flag
            ):  # an input or operation that became a layer: it had no flag to change
                new = replace(new, is_trainable=change.current_row.is_trainable)
            rows.append(new)
    return rows


@settings(max_examples=300)
@given(named(tables), named(tables))
def test_applying_the_changes_gives_the_current_rows(
    recorded: LayerTable, current: LayerTable
) -> None:
    """Of any two tables: nothing is left out of the report, and nothing is in it that is not so."""
    drift = compare(recorded, current)
    assert without_edges(applied(drift)) == without_edges(current)
    for change in drift.changes:
        if "inbound_layers" in change.fields and change.current_row is not None:
            assert change.fields["inbound_layers"][1] == change.current_row.inbound_layers


def sources(table: LayerTable, path: str, skipped: set[str]) -> set[str]:
    """The rows that a path stands for, seen through those that are skipped."""
    if path not in skipped:
        return {path}
    row = next(row for row in table if row.layer_name == path)
    return {found for feed in row.calls[0] for found in sources(table, feed, skipped)}


@settings(max_examples=200)
@given(data=st.data(), edits=st.integers(1, 6))
def test_applying_the_changes_gives_the_current_edges(data: st.DataObject, edits: int) -> None:
    """Of a network with random edits: each edge is as it was, was reported, or leads through a row
    that came, went or moved."""
    recorded = LayerTable(tuple(resnet(5, named=True)))
    rows = list(recorded)
    for number in range(edits):
        at = data.draw(st.integers(2, len(rows) - 1))
        edit = data.draw(st.sampled_from(["insert", "remove", "cell", "rewire"]))
        if edit == "insert":
            rows = _inserted(rows, at, f"noise{number}")
        elif edit == "cell":
            column = data.draw(
                st.sampled_from(sorted(_EDITS.keys() - {"inbound_layers", "layer_name"}))
            )
            rows[at] = replace(rows[at], **{column: _EDITS[column]})
        elif edit == "rewire":
            feed = data.draw(st.sampled_from([row.layer_name for row in rows[:at]]))
            rows[at] = replace(rows[at], inbound_layers=json.dumps([feed, *rows[at].calls[0][1:]]))
        else:
            gone = rows.pop(at)
            rows = [
                replace(
                    row,
                    inbound_layers=json.dumps(
                        [
                            gone.calls[0][0] if feed == gone.layer_name else feed
                            for feed in row.calls[0]
                        ]
                    ),
                )
                for row in rows
            ]
    current = LayerTable(tuple(rows))
    drift = compare(recorded, current)
    assert without_edges(applied(drift)) == without_edges(current)
    moved = {change.layer for change in drift.changes if change.kind == "moved"}
    today = {recorded.layers[a].layer_name: current.layers[b].layer_name for a, b in drift.pairs}
    gone_or_moved = {name for name in today if today[name] in moved}
    gone_or_moved |= {change.layer for change in drift.changes if change.kind == "removed"}
    new_or_moved = moved | {change.layer for change in drift.changes if change.kind == "added"}
    told = {change.layer for change in drift.changes if "inbound_layers" in change.fields}
    for old_row, new_row in drift.pairs:
        then, row = recorded.layers[old_row], current.layers[new_row]
        if row.layer_name in told | moved or row.calls == then.calls:
            continue
        for before, after in zip(then.calls[0], row.calls[0], strict=True):
            old = {today[name] for name in sources(recorded, before, gone_or_moved)}
            new = sources(current, after, new_or_moved)
            assert old <= new or new <= old


@settings(max_examples=300)
@given(tables, tables)
def test_going_back_mirrors_going_there(recorded: LayerTable, current: LayerTable) -> None:
    """The same rows, the same values, in the other direction."""
    there, back = compare(recorded, current), compare(current, recorded)
    assert {(new, old) for old, new in there.pairs} == set(back.pairs)
    other = {"added": "removed", "removed": "added"}
    assert there.categories == back.categories
    assert there.hidden == back.hidden

    def told(drift: Drift, *, mirrored: bool) -> list[str]:
        found = []
        for change in drift.changes:
            kind, rows = change.kind, [change.recorded_row, change.current_row]
            fields = {column: list(values) for column, values in change.fields.items()}
            if mirrored:
                kind = other.get(kind, kind)  # type: ignore[assignment]
                rows.reverse()
                fields = {column: values[::-1] for column, values in fields.items()}
            found.append(repr((kind, rows, sorted(fields.items()), sorted(change.categories))))
        return sorted(found)

    assert told(there, mirrored=False) == told(back, mirrored=True)
