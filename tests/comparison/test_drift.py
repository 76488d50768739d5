"""``compare`` and what a drift tells."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import pytest

from pytest_layersnap.comparison.consequences import Tensor
from pytest_layersnap.drift import LayerDrift, compare
from pytest_layersnap.table import LayerTable, TableError

from .tables import chain, changed, entry, mlp, plain, resnet, row, table, told


def test_equal_tables_are_no_drift() -> None:
    """And everything says so."""
    drift = compare(mlp(8, 4, 2), mlp(8, 4, 2))
    assert not drift
    assert (drift.changes, drift.categories, drift.summary) == ((), frozenset(), "no drift")
    assert not drift.deepdiff


def test_who_recorded_a_table_does_not_count() -> None:
    """Versions are circumstances."""
    recorded = replace(mlp(8, 4), recorded_with="keras 2.15")
    assert not compare(recorded, replace(mlp(8, 4), recorded_with="keras 3.9"))


def test_equal_tables_import_nothing_heavy() -> None:
    """A drift of nothing costs nothing, and drift alone needs no DeepDiff either."""
    code = (
        "import sys\n"
        "from pytest_layersnap.table import Layer, LayerTable\n"
        "from pytest_layersnap.drift import compare\n"
        "a = LayerTable((Layer(model='m', layer_name='a', layer_type='A'),))\n"
        "b = LayerTable((Layer(model='m', layer_name='a', layer_type='B'),))\n"
        "assert not compare(a, a)\n"
        "assert compare(a, b).to_text()\n"
        "print(sorted({'deepdiff', 'pandas', 'keras', 'pytest'} & set(sys.modules)))\n"
        "compare(a, b).deepdiff\n"
        "print('deepdiff' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\nTrue\n"


def test_frames_are_compared_like_tables() -> None:
    """Either side may be the DataFrame of the notebooks."""
    recorded, current = mlp(8, 4, 2), mlp(8, 6, 2)
    expected = compare(recorded, current).changes
    assert compare(recorded.to_frame(), current.to_frame()).changes == expected
    assert compare(recorded, current.to_frame()).changes == expected
    with pytest.raises(TableError, match="layer table"):
        compare(recorded, current.to_frame()[["model", "layer_name"]])


def test_the_tables_are_kept() -> None:
    """For those who want to look further."""
    recorded, current = mlp(8, 4, 2), mlp(8, 6, 2)
    drift = compare(recorded, current)
    assert (drift.recorded, drift.current) == (recorded, current)


@pytest.mark.parametrize(
    ("recorded", "current", "summary"),
    [
        (mlp(8, 4, 2), mlp(8, 4, 3, 2), "1 layer added, 1 changed (parameters, shape)"),
        (mlp(8, 4, 4, 4, 2), mlp(8, 4, 2), "2 layers removed"),
        (mlp(8, 4, names=["a"]), mlp(8, 4, names=["b"]), "1 layer renamed"),
        (mlp(8, 4, 2), changed(mlp(8, 4, 2), 1, dtype="x"), "1 layer changed (dtype)"),
    ],
)
def test_the_summary_is_one_line(recorded: LayerTable, current: LayerTable, summary: str) -> None:
    """Counts by kind; for changes the categories."""
    assert compare(recorded, current).summary == summary


def test_the_summary_names_a_renamed_model() -> None:
    """Which is no layer."""
    recorded = mlp(8, 4)
    current = replace(recorded, layers=tuple(replace(row, model="new") for row in recorded))
    assert compare(recorded, current).summary == "model renamed"


def test_drift_mirrors() -> None:
    """Going back tells the same, the other way round."""
    pairs = [
        (mlp(8, 4, 2), mlp(8, 4, 3, 2)),
        (mlp(8, 4, 2), mlp(8, 6, 2)),
        (LayerTable(tuple(resnet(3))), LayerTable(tuple(resnet(4)))),
        (LayerTable(tuple(resnet(3))), LayerTable(tuple(resnet(3, named=True)))),
    ]
    other = {"added": "removed", "removed": "added"}
    for recorded, current in pairs:
        there, back = compare(recorded, current), compare(current, recorded)
        assert there.categories == back.categories
        assert sorted((other.get(c.kind, c.kind), sorted(c.fields)) for c in there.changes) == (
            sorted((c.kind, sorted(c.fields)) for c in back.changes)
        )
        for change in back.changes:
            assert all(pair[0] != pair[1] for pair in change.fields.values())


def test_the_deepdiff_holds_the_changed_pairs_by_their_paths_now() -> None:
    """With nested configuration decoded."""
    recorded = chain(entry(64), plain("a", "Dense", [], init={"seed": None}, rate=0.5))
    current = chain(entry(64), plain("a", "Dense", [], init={"seed": 7}, rate=0.5))
    diff = compare(recorded, current).deepdiff
    assert set(diff.affected_root_keys) == {"a"}
    (level,) = diff["type_changes"]
    assert level.path(output_format="list") == ["a", "layer_attributes", "init", "seed"]
    assert (level.t1, level.t2) == (None, 7)


def test_the_deepdiff_tells_tiny_floats_and_flags_from_numbers() -> None:
    """None of the options that hide them is set."""
    recorded = chain(entry(64), plain("a", "Norm", [], epsilon=1.001e-05, flag=True))
    current = chain(entry(64), plain("a", "Norm", [], epsilon=1e-05, flag=1))
    diff = compare(recorded, current).deepdiff
    assert {kind: len(found) for kind, found in diff.items()} == {
        "values_changed": 1,
        "type_changes": 1,
    }


def test_the_deepdiff_reaches_into_dictionaries_that_have_little_in_common() -> None:
    """By default it would tell them as a whole."""
    recorded = chain(entry(64), plain("a", "Custom", [], init={"a": 1, "b": 2, "c": 3, "z": 0}))
    current = chain(entry(64), plain("a", "Custom", [], init={"d": 1, "e": 2, "f": 3, "z": 1}))
    assert {kind: len(found) for kind, found in compare(recorded, current).deepdiff.items()} == {
        "values_changed": 1,
        "dictionary_item_added": 3,
        "dictionary_item_removed": 3,
    }


def test_the_deepdiff_holds_added_and_removed_rows() -> None:
    """As items that one side does not have; renumbered names do not collide."""
    diff = compare(mlp(8, 4, 3, 2), mlp(8, 4, 2)).deepdiff
    assert [level.t1["layer_attributes"]["units"] for level in diff["dictionary_item_removed"]] == [
        3
    ]
    diff = compare(mlp(8, 4, 2), mlp(8, 4, 3, 2)).deepdiff
    assert [level.path() for level in diff["dictionary_item_added"]] == ["root['dense_1']"]


def test_the_failure_is_an_assertion_with_the_report() -> None:
    """Of one drift, or of several with the command at the end."""
    drift = compare(mlp(8, 4), mlp(8, 6))
    failure = LayerDrift(drift, accept="layersnap accept")
    assert isinstance(failure, AssertionError)
    assert failure.drift is drift
    assert str(failure) == drift.to_text(accept="layersnap accept")
    several = LayerDrift([drift, drift], accept="layersnap accept")
    assert several.drifts == (drift, drift)
    assert str(several).count("layersnap accept") == 1
    assert str(several).endswith("layersnap accept")


def test_consequences_tell_size_inputs_and_outputs() -> None:
    """From the rows alone."""
    found = compare(mlp(8, 4, 2), mlp(9, 4, 3)).consequences
    assert found.parameters == (8 * 4 + 4 + 4 * 2 + 2, 9 * 4 + 4 + 4 * 3 + 3)
    assert found.trainable_parameters == found.parameters
    assert found.memory == (4 * found.parameters[0], 4 * found.parameters[1])
    assert found.inputs == tuple((Tensor("", f"(None, {n})", "float32"),) for n in (8, 9))
    assert found.outputs == tuple((Tensor("", f"(None, {n})", "float32"),) for n in (2, 3))


@pytest.mark.parametrize(
    ("dtype", "memory"),
    [("mixed_float16", 144), ("bfloat16", 72), ("float64", 288), ("int8_from_float32", None)],
)
def test_weights_take_as_much_memory_as_their_dtype_says(dtype: str, memory: int | None) -> None:
    """Under a mixed policy they are kept in float32; of quantized ones a table does not tell."""
    current = changed(mlp(8, 4), 1, dtype=dtype)
    assert compare(mlp(8, 4), current).consequences.memory == (144, memory)


def test_outputs_that_are_marked_are_those() -> None:
    """A row may be an output and feed others too."""
    recorded = changed(mlp(8, 4, 2), 1, config={"model_output": ["0"]})
    assert compare(recorded, recorded).consequences.outputs[0] == (
        Tensor("", "(None, 4)", "float32"),
    )


def test_inputs_and_outputs_stand_in_the_order_of_the_model() -> None:
    """Of a row with several outputs the one that is meant; names are those of people."""
    split = row(
        "pieces",
        "Split",
        ["b", "a"],
        config={"model_output": ["1:1", "0"]},
        output_shape="[(None, 4), (None, 5)]",
        dtype="mixed_float16",
    )
    found = compare(
        table(
            replace(entry(8, "a"), layer_attributes='{"model_input": ["1"]}'),
            replace(entry(9, "b"), layer_attributes='{"model_input": ["0"]}'),
            split,
        ),
        mlp(8, 4),
    ).consequences
    assert found.inputs[0] == (
        Tensor("b", "(None, 9)", "float32"),
        Tensor("a", "(None, 8)", "float32"),
    )
    assert found.outputs[0] == (
        Tensor("pieces", "(None, 4)", "float16"),
        Tensor("pieces", "(None, 5)", "float16"),
    )


def test_a_sequential_s_input_is_what_its_first_layer_takes() -> None:
    """It has no row of its own."""
    sequential = table(replace(mlp(8, 4).layers[1], inbound_layers="[]"))
    assert compare(sequential, sequential).consequences.inputs[0] == (
        Tensor("", "(None, 8)", "float32"),
    )


def test_the_dictionary_can_be_json() -> None:
    """With the version of its schema."""
    drift = compare(mlp(8, 4, 2), mlp(8, 4, 3, 2), ignore="name")
    data = json.loads(json.dumps(drift.to_dict()))
    assert data["schema"] == 1
    assert data["summary"] == drift.summary
    assert data["ignore"] == ["name"]
    assert [(c["kind"], c["layer"]) for c in data["changes"]] == told(drift)
    assert data["consequences"]["parameters"] == [46, 59]
