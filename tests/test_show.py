"""A table as people read it."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path

import pytest

from pytest_layersnap import LayerTable
from pytest_layersnap.show import as_data, render
from pytest_layersnap.table import COLUMNS, Layer

SNAPSHOTS = Path(__file__).parent.parent / "snapshots"
FOLDERS = ("", "keras_hub", "zoo")

NESTED = """\
zoo/three_kinds_nested

layer              type        output shape  parameters  trainable  fed by
input_layer        InputLayer  (None, 4)              0
middle             Middle      (None, 2)           (23)  yes
  tower            Sequential  (None, 2)           (23)  yes
    inner          Functional  (None, 3)           (15)  yes
      input_layer  InputLayer  (None, 4)              0
      fc           Dense       (None, 3)             15  yes
    dense          Dense       (None, 2)              8  yes
dense              Dense       (None, 1)              3  yes

8 layers, 26 parameters, 104 B
26 trainable, 0 not trainable
"""

NARROW = """\
zoo/siamese

layer          type        output shape  parameters  trainable
input_layer    InputLayer  (None, 8)              0
input_layer_1  InputLayer  (None, 8)              0
tower          Functional  (None, 4)           (36)  yes
    fed by input_layer | input_layer_1
  input_layer  InputLayer  (None, 8)              0
  dense        Dense       (None, 4)             36  yes
dot            Dot         (None, 1)              0
    fed by tower, tower@1

6 layers, 36 parameters, 144 B
36 trainable, 0 not trainable
"""


def read(name: str) -> LayerTable:
    """A table that is recorded in this repository."""
    return LayerTable.read_csv(SNAPSHOTS / name)


def width(line: str) -> int:
    """How many columns a line takes."""
    return sum(
        0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in line
    )


def test_nested_layers() -> None:
    """They are indented by their own names; what they come to is in parentheses above them."""
    table = read("zoo/three_kinds_nested.csv")
    assert render(table, width=None) == f"{NESTED}recorded with {table.recorded_with}"


def test_the_example_in_the_docs() -> None:
    """It is what the command prints."""
    page = (SNAPSHOTS.parent / "docs/export.md").read_text(encoding="utf-8")
    assert f"```text\n{render(read('zoo/siamese.csv'), width=None)}\n```" in page


def test_a_narrow_terminal() -> None:
    """What feeds a row gets a line of its own before anything is cut."""
    table = read("zoo/siamese.csv")
    assert render(table, width=65) == f"{NARROW}recorded with {table.recorded_with}"
    assert "tower          Func…nal" in render(table, width=60)


def test_what_feeds_a_row() -> None:
    """Said where that is not simply the row before; with outputs and calls told apart."""
    lines = render(read("zoo/multi_output_nested.csv"), width=None).splitlines()
    fed_by = {
        line.split()[0]: line.split()[-1] for line in lines if line.endswith(("_layer", "inner"))
    }
    assert fed_by == {"dense_1": "input_layer", "concatenate": "inner"}
    assert lines[8].endswith("inner:1, inner")


def test_a_part_that_is_frozen() -> None:
    """Only rows with weights say whether they are trained; a nested model may be so in part."""
    layers = (
        Layer(model="m", layer_name="net", layer_type="Functional", parameters=1),
        Layer(model="m", layer_name="net/a", layer_type="Dense", parameters=2, is_trainable=False),
        Layer(model="m", layer_name="net/b", layer_type="Dense", parameters=3),
        Layer(model="m", layer_name="net/c", layer_type="Dropout", is_trainable=False),
        Layer(model="m", layer_name="network", layer_type="Dense", parameters=4, dtype="strange"),
    )
    text = render(LayerTable(layers), width=None)
    assert [line.split()[2:] for line in text.splitlines()[3:8]] == [
        ["1", "(6)", "partly"],
        ["2", "no"],
        ["3", "yes"],
        ["0"],
        ["4", "yes"],
    ]
    assert text.endswith("\n5 layers, 10 parameters\n0 trainable, 10 not trainable")


@pytest.mark.parametrize("available", [60, 80, 120])
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_table_fits(folder: str, available: int) -> None:
    """Every row is there, and no line is wider than the terminal."""
    for path in (SNAPSHOTS / folder).glob("*.csv"):
        table = LayerTable.read_csv(path)
        head, rows, totals = render(table, width=available).split("\n\n")
        assert head == table.model
        lines = [line for line in rows.splitlines()[1:] if not line.lstrip().startswith("fed by ")]
        assert len(lines) == len(table)
        assert max(map(width, rows.splitlines())) <= available
        assert f"{table.parameters:,} parameters" in totals


def test_wide_and_dangerous_characters() -> None:
    """Wide ones count twice, combining ones not at all, and none moves the cursor."""
    names = ["層" * 30, "e\u0301" * 60, "\x1b[31mred", "a\nb", "🙂" * 40]
    layers = tuple(Layer(model="m\x07", layer_name=n, layer_type="Dense") for n in names)
    text = render(LayerTable(layers), width=70)
    assert not set(text) & {"\x1b", "\x07", "\r"}
    rows = text.split("\n\n")[1].splitlines()
    assert len(rows) == 1 + len(names)
    assert max(map(width, rows)) <= 70
    ends = {width(line[: line.index(" 0")]) for line in rows[1:]}
    assert len(ends) == 1


def test_as_json() -> None:
    """All columns of every row; JSON inside of cells is decoded."""
    table = read("zoo/subclassed_in_functional.csv")
    data = json.loads(json.dumps(as_data(table)))
    assert data["parameters"] == table.parameters
    assert data["memory"] == 4 * table.parameters
    assert data["recorded_with"] == table.recorded_with
    assert [tuple(row) for row in data["layers"]] == [COLUMNS[:-1]] * len(table)
    first, second, third, *_ = data["layers"]
    assert (first["inbound_layers"], second["inbound_layers"]) == ([], ["input_layer"])
    assert third["inbound_layers"] == ["net"]
    assert third["weight_shapes"] == [[5, 4], [4]]
    assert third["layer_attributes"]["units"] == 4
    assert third["is_trainable"] is True
