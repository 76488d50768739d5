"""Rewiring told apart from what insertions, removals and moves bring with them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pytest_layersnap.drift import compare
from pytest_layersnap.table import Layer, LayerTable

from .tables import chain, changed, dense, entry, plain, row, table, told, without_topology


def names(*layers: str) -> list[Layer]:
    """Rows of one type and size, with names that people gave."""
    return [entry(64, "in"), *[plain(name, "Activation", [], which=name) for name in layers]]


def in_chain(layers: str) -> LayerTable:
    """A chain of rows, one a letter."""
    return chain(*names(*layers))


def graph(**feeds: str) -> LayerTable:
    """A row a keyword, in this order, fed by the rows that the words of its value name."""
    rows = [
        row(name, "InputLayer") if not feed else plain(name, "Add", feed.split(), which=name)
        for name, feed in feeds.items()
    ]
    return table(*rows)


@pytest.mark.parametrize(
    ("recorded", "current", "moved"),
    [
        ("abcdef", "abdcef", ["d", "c"]),  # neighbours
        ("abcdef", "acdebf", ["b"]),  # one row, far
        ("abcdef", "abcdfe", ["f", "e"]),  # at the end
        ("abcdef", "bacdef", ["b", "a"]),  # at the start
        ("abcdef", "aebcdf", ["e"]),  # backwards
        ("abcdef", "adcbef", ["d", "b"]),  # exchanged across another
        ("abcdefghi", "aefghbcdi", ["b", "c", "d"]),  # a block
    ],
)
def test_a_reorder_in_a_chain_is_moves(recorded: str, current: str, moved: list[str]) -> None:
    """Not a pile of rewired neighbours."""
    drift = compare(in_chain(recorded), in_chain(current))
    assert told(drift) == [("moved", name) for name in moved]
    assert drift.categories == {"order"}


def test_a_move_shows_the_edges_that_changed() -> None:
    """The column of the move is that of the edges."""
    first, second = compare(in_chain("abcd"), in_chain("acbd")).changes
    assert first.fields == {"inbound_layers": ('["b"]', '["a"]')}
    assert second.fields == {"inbound_layers": ('["a"]', '["c"]')}


def test_an_inserted_row_explains_that_its_neighbour_is_fed_by_it() -> None:
    """A -> X -> B instead of A -> B: one finding."""
    assert told(compare(in_chain("abc"), in_chain("axbc"))) == [("added", "x")]
    assert told(compare(in_chain("abc"), in_chain("abcx"))) == [("added", "x")]


def test_a_removed_row_explains_that_its_neighbour_is_fed_by_what_fed_it() -> None:
    """A -> B instead of A -> X -> B: one finding."""
    assert told(compare(in_chain("axbc"), in_chain("abc"))) == [("removed", "x")]


def test_several_rows_in_a_row_are_seen_through() -> None:
    """Inserted, removed and exchanged chains."""
    assert told(compare(in_chain("ab"), in_chain("axyzb"))) == [("added", n) for n in "xyz"]
    assert told(compare(in_chain("axyzb"), in_chain("ab"))) == [("removed", n) for n in "xyz"]


def test_a_merge_is_fed_from_another_place() -> None:
    """Same rows, same shapes, one edge: topology."""
    recorded = graph(i="", a="i", b="a", c="b", add="c a")
    current = graph(i="", a="i", b="a", c="b", add="c b")
    (change,) = compare(recorded, current).changes
    assert (change.kind, change.layer) == ("changed", "add")
    assert change.categories == {"topology"}


def test_the_order_of_arguments_counts() -> None:
    """A Subtract or a Concatenate gives something else."""
    recorded = graph(i="", a="i", b="i", cat="a b")
    assert told(compare(recorded, graph(i="", a="i", b="i", cat="b a"))) == [("changed", "cat")]


def test_rewiring_beside_an_insertion_is_still_reported() -> None:
    """The inserted row has nothing to do with it."""
    recorded = graph(i="", a="i", b="a", c="b", add="c a")
    current = graph(i="", a="i", x="a", b="x", c="b", add="c b")
    assert told(compare(recorded, current)) == [("added", "x"), ("changed", "add")]


def test_an_inserted_row_does_not_explain_another_source() -> None:
    """B is fed by X, but X is not fed by what B was fed by."""
    recorded = graph(i="", a="i", b="a", c="b", d="c")
    current = graph(i="", a="i", b="a", c="b", x="a", d="x")
    assert told(compare(recorded, current)) == [("added", "x"), ("changed", "d")]


def test_a_removed_row_does_not_explain_another_source() -> None:
    """D was fed by X, and is now fed by something that never fed X."""
    recorded = graph(i="", a="i", b="a", c="b", x="a", d="x")
    current = graph(i="", a="i", b="a", c="b", d="c")
    assert told(compare(recorded, current)) == [("removed", "x"), ("changed", "d")]


def test_a_further_argument_is_reported_although_a_new_row_feeds_it() -> None:
    """What is merged is of interest even then."""
    recorded = graph(i="", a="i", b="i", cat="a b")
    current = graph(i="", a="i", b="i", x="i", cat="a b x")
    assert told(compare(recorded, current)) == [("added", "x"), ("changed", "cat")]


def test_a_merge_that_was_inserted_brings_its_other_sources_along() -> None:
    """A residual sum around B is one finding; who it feeds is explained by it."""
    recorded = graph(i="", a="i", b="a", c="b")
    current = graph(i="", a="i", b="a", add="b a", c="add")
    assert told(compare(recorded, current)) == [("added", "add")]
    assert told(compare(current, recorded)) == [("removed", "add")]


def test_a_skip_that_starts_elsewhere_is_reported_beside_the_insertion_only_if_it_moved() -> None:
    """The sum may or may not take the inserted row in; both are told by the added row."""
    recorded = graph(i="", a="i", b="a", add="b a")
    assert told(compare(recorded, graph(i="", a="i", x="a", b="x", add="b x"))) == [("added", "x")]
    assert told(compare(recorded, graph(i="", a="i", x="a", b="x", add="b a"))) == [("added", "x")]


def test_branches_shown_in_another_order_are_no_finding() -> None:
    """Row order is derived; an insertion may shift which branch is listed first."""
    recorded = graph(i="", a="i", b="a", c="i", d="c", add="b d")
    current = graph(i="", c="i", d="c", a="i", x="a", b="x", add="b d")
    assert told(compare(recorded, current)) == [("added", "x")]


def test_branches_shown_in_another_order_with_nothing_else_are_moves() -> None:
    """Nothing explains it, so it is said."""
    recorded = graph(i="", a="i", b="a", c="i", d="c", add="b d")
    current = graph(i="", c="i", d="c", a="i", b="a", add="b d")
    drift = compare(recorded, current)
    assert {change.kind for change in drift.changes} == {"moved"}
    assert drift.categories == {"order"}


def test_a_branch_fed_from_elsewhere_is_rewired_although_its_row_moved() -> None:
    """It still feeds whom it fed."""
    recorded = graph(i="", a="i", b="a", c="a", d="c", add="b d")
    current = graph(i="", a="i", c="a", d="c", b="d", add="b d")
    (change,) = compare(recorded, current).changes
    assert (change.kind, change.layer) == ("changed", "b")
    assert change.categories == {"topology"}


def test_a_head_fed_from_elsewhere_is_rewired() -> None:
    """It feeds nothing, before and after."""
    recorded = graph(i="", a="i", head="a", b="a", c="b")
    current = graph(i="", a="i", b="a", c="b", head="c")
    drift = compare(recorded, current)
    assert told(drift) == [("changed", "head")]
    assert drift.categories == {"topology"}


def test_a_head_fed_from_elsewhere_is_rewired_although_others_moved() -> None:
    """A move elsewhere does not make it one."""
    recorded = graph(i="", a="i", head="a", b="a", c="b", d="c")
    current = graph(i="", a="i", c="a", b="c", d="b", head="d")
    assert told(compare(recorded, current)) == [("moved", "b"), ("changed", "head")]


def test_a_row_that_still_feeds_whom_it_fed_did_not_move() -> None:
    """That it would explain what another row is fed by does not make it a move."""
    recorded = graph(x="", s="x", m="s", n="m", z="n m")
    current = graph(x="", s="x", m="x", n="m", z="n s")
    assert told(compare(recorded, current)) == [("changed", "m"), ("changed", "z")]


def test_another_start_does_not_explain_itself() -> None:
    """What was fed by an input that is gone is now fed by something new."""
    recorded = table(entry(64, "old"), plain("a", "Dropout", ["old"]))
    new = row("new", "Embedding", output_shape="(None, 9, 64)", parameters=640)
    current = table(new, plain("a", "Dropout", ["new"]))
    assert told(compare(recorded, current)) == [
        ("removed", "old"),
        ("added", "new"),
        ("changed", "a"),
    ]


def test_a_move_and_a_rewiring_at_once() -> None:
    """Each is told for itself."""
    recorded = graph(i="", a="i", b="a", c="b", d="c", e="d", add="e b")
    current = graph(i="", a="i", c="a", b="c", d="b", e="d", add="e d")
    assert told(compare(recorded, current)) == [("moved", "c"), ("changed", "add")]


def test_calls_and_outputs_of_a_row_are_told_apart() -> None:
    """``path@1`` is another tensor than ``path``, and so is ``path:1``."""
    recorded = graph(i="", a="i", b="a", head="a")
    for reference in ("a@1", "a:1", "a@1:1"):
        current = graph(i="", a="i", b="a", head=reference)
        assert told(compare(recorded, current)) == [("changed", "head")]


def test_references_follow_renamed_rows_with_call_and_output() -> None:
    """Renaming a shared layer rewires nobody."""
    recorded = graph(i="", a="i", b="a@1:1", c="a:1")
    current = graph(i="", shared="i", b="shared@1:1", c="shared:1")
    current = changed(current, 1, layer_attributes=recorded.layers[1].layer_attributes)
    assert told(compare(recorded, current)) == [("renamed", "shared")]


def test_another_call_of_a_shared_layer_is_reported() -> None:
    """Three calls instead of two."""
    recorded = changed(graph(i="", j="", a="i"), 2, inbound_layers='[["i"], ["j"]]')
    current = changed(recorded, 2, inbound_layers='[["i"], ["j"], ["i"]]')
    assert compare(recorded, current).categories == {"topology"}


def test_a_row_that_is_called_again_did_more_than_move() -> None:
    """One layer of three equal paths is called in place of another path's."""

    def paths(**feeds: str) -> LayerTable:
        rows = []
        for name, feed in feeds.items():
            kind = name.rstrip("_0123456789").capitalize()
            calls = [call.split() for call in feed.split("|")]
            rows.append(row(name, kind, calls[0] if len(calls) == 1 else calls, parameters=72))
        return table(entry(8), *rows)

    start = "input_layer"
    recorded = paths(
        dense=start,
        dense_1=start,
        dense_2="dense",
        dense_3="dense_1",
        dense_4=start,
        dense_5="dense_2",
        dense_6="dense_3",
        dense_7="dense_4",
        subtract="dense_5 dense_6",
        dense_8="dense_7",
        concatenate="subtract dense_8",
    )
    current = paths(
        dense=start,
        dense_1="dense",
        dense_2=start,
        dense_3=f"{start} | dense_1",
        dense_4="dense_2",
        dense_5="dense_4",
        dense_6="dense_3",
        subtract="dense_3@1 dense_5",
        dense_7="dense_6",
        concatenate="subtract dense_7",
    )
    drift = compare(recorded, current)
    assert ("changed", "dense_3") in told(drift)
    assert "topology" in drift.categories


def test_references_that_no_row_has_are_compared_as_text() -> None:
    """A table that was edited by hand is no reason to fail."""
    recorded = graph(i="", a="gone")
    assert not compare(recorded, graph(i="", a="gone"))
    assert told(compare(recorded, graph(i="", a="lost"))) == [("changed", "a")]


def test_edges_in_a_circle_are_no_endless_walk() -> None:
    """Nor are they a reason to fail."""
    recorded = graph(i="", a="i", b="a")
    current = graph(i="", x="y", y="x", a="x", b="a")
    assert ("changed", "a") in told(compare(recorded, current))


def test_a_model_that_lost_its_edges_is_reported() -> None:
    """Functional before, subclassed now."""
    recorded = in_chain("abc")
    drift = compare(recorded, without_topology(recorded))
    assert drift.categories == {"topology"}
    assert len(drift.changes) == len(recorded)


def test_rows_in_tables_without_edges_are_compared_like_others() -> None:
    """Additions, removals and cells."""
    recorded, current = without_topology(in_chain("abc")), without_topology(in_chain("axbc"))
    assert told(compare(recorded, current)) == [("added", "x")]
    assert not compare(recorded, recorded)


def test_another_input_or_output_of_the_model_is_topology() -> None:
    """Which output a row is stands in its attributes."""
    recorded = changed(in_chain("abc"), 2, config={"model_output": ["0"]})
    current = changed(in_chain("abc"), 3, config={"model_output": ["0"]})
    drift = compare(recorded, current)
    assert drift.categories == {"topology"}
    assert told(drift) == [("changed", "b"), ("changed", "c")]


def test_shared_weights_follow_renumbered_rows() -> None:
    """The rows that share weights are named by path, and auto names shift."""

    def tied(shift: int) -> LayerTable:
        first, second = f"dense_{shift}", f"dense_{shift + 1}"
        layers = [entry(64), dense(first, "input_layer", 64, 64), dense(second, first, 64, 64)]
        attributes = {**layers[2].attributes, "shares_weights_with": [first]}
        layers[2] = replace(layers[2], layer_attributes=json.dumps(attributes, sort_keys=True))
        return table(*layers)

    assert not compare(tied(1), tied(5))
    untied = changed(tied(1), 2, layer_attributes=tied(1).layers[1].layer_attributes)
    assert compare(tied(1), untied).categories == {"parameters"}


def test_swapped_names_of_equal_rows_are_moves_of_the_names() -> None:
    """Two equal layers exchanged their names: both stand elsewhere now."""
    recorded = chain(entry(64), plain("a", "Dropout", []), plain("b", "Dropout", []))
    current = chain(entry(64), plain("b", "Dropout", []), plain("a", "Dropout", []))
    assert sorted(told(compare(recorded, current))) == [("moved", "a"), ("moved", "b")]


@pytest.mark.parametrize("way", [1, -1])
def test_the_first_layer_of_a_model_inside_is_removed(way: int) -> None:
    """What stood behind it is first: nothing feeds it there, as nothing fed the other."""

    def within(*inner: str) -> LayerTable:
        feeds = [[], *([f"inside/{name}"] for name in inner)]
        rows = [
            plain(f"inside/{name}", "Activation", feed)
            for name, feed in zip(inner, feeds, strict=False)
        ]
        return table(entry(64, "in"), plain("inside", "Sequential", ["in"]), *rows)

    tables = [within("a", "b", "c"), within("b", "c")][::way]
    assert told(compare(*tables)) == [("removed" if way == 1 else "added", "inside/a")]
