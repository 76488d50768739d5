"""Files that are no snapshot, or no longer: accepted where harmless, else one clear error."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pytest_layersnap import csvfile
from pytest_layersnap.drift import compare
from pytest_layersnap.table import COLUMNS, Layer, LayerTable, TableError

TABLE = LayerTable(
    (
        Layer(model="m", layer_name="inputs", layer_type="InputLayer", output_shape="(None, 4)"),
        Layer(
            model="m",
            layer_name="head",
            layer_type="Dense",
            parameters=15,
            trainable_parameters=15,
            weight_shapes="[[4, 3], [3]]",
            layer_attributes='{"activation":"relu","units":3}',
            inbound_layers='["inputs"]',
        ),
    ),
    recorded_with="keras 3.15.1",
)
DUMP = csvfile.dump(TABLE)
LINES = DUMP.decode().splitlines(keepends=True)


def cell(column: str, text: str) -> bytes:
    """The file, with one cell of its last row set by hand."""
    header, first, last = LINES
    (cells,) = csv.reader([last])
    cells[COLUMNS.index(column)] = text
    quoted = ",".join('"' + one.replace('"', '""') + '"' for one in cells)
    return f"{header}{first}{quoted}\n".encode()


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + DUMP,
        DUMP.replace(b"\n", b"\r\n"),
        DUMP + b"\n\n",
        DUMP.rstrip(b"\n"),
        DUMP.replace(b"True", b"TRUE"),
    ],
    ids=["bom", "crlf", "empty-lines", "no-last-newline", "spreadsheet"],
)
def test_harmless(data: bytes) -> None:
    """What editors, checkouts and spreadsheets do to a file does not matter."""
    assert csvfile.load(data) == TABLE


def test_columns_of_a_newer_version() -> None:
    """A column that is not known is named, and all others are read."""
    header, *rows = DUMP.decode().splitlines()
    text = "\n".join([f"{header},flops", *(f"{row},7" for row in rows)])
    assert csvfile.load(text.encode()) == replace(TABLE, unknown_columns=("flops",))


CONFLICT = "".join(
    [LINES[0], "<<<<<<< HEAD\n", LINES[1], "=======\n", LINES[2], ">>>>>>> 1a2b3c4 (Wider)\n"]
).encode()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "f.csv: the file is empty"),
        (b" \n", "f.csv: the file is empty"),
        (
            CONFLICT,
            r"f.csv:2: a merge conflict between 'HEAD' and '1a2b3c4 \(Wider\)' is left.*anew",
        ),
        (CONFLICT.replace(b"\n", b"\r\n"), "f.csv:2: a merge conflict between 'HEAD' and"),
        (CONFLICT[: CONFLICT.index(b">>>")], r"f.csv:2: a merge conflict \('HEAD'\) is left"),
        (DUMP + b">>>>>>> branch\n", r"f.csv:4: a merge conflict \('branch'\) is left"),
        (DUMP[:-60], "f.csv:3: .*truncated"),
        (DUMP + b"m,head\n", "f.csv:4: 2 cells where the header has 23"),
        (DUMP + b"\xff\n", "f.csv:4: not UTF-8"),
        (DUMP.decode().encode("utf-16"), "f.csv:1: not UTF-8"),
        (LINES[0].encode(), "f.csv: there is no row"),
        (DUMP.replace(b"dtype", b"dtipe"), "f.csv: column dtype is missing"),
        (DUMP.replace(b"dtype", b"strides"), "f.csv: column strides stands twice"),
        (b"name,value\na,1\n", "f.csv: not a layer table; its header is 'name,value'"),
        (cell("parameters", "15.0"), "f.csv:3: parameters is '15.0', and should be a whole number"),
        (cell("parameters", ""), "f.csv:3: parameters is '', and should be a whole number"),
        (cell("parameters", "9" * 5000), "f.csv:3: parameters has 5000 digits"),
        (
            cell("is_trainable", "yes"),
            "f.csv:3: is_trainable is 'yes', and should be True or False",
        ),
        (cell("layer_attributes", '{"a":'), r"f.csv:3: layer_attributes holds no JSON \(Expecting"),
        (cell("layer_attributes", "[]"), "f.csv:3: layer_attributes should hold a JSON object"),
        (cell("layer_attributes", "[" * 10**5), "f.csv:3: layer_attributes holds no JSON"),
        (cell("weight_shapes", "[3]"), "f.csv:3: weight_shapes should hold a JSON list of shapes"),
        (cell("inbound_layers", "[1]"), "f.csv:3: inbound_layers should hold a JSON list of layer"),
        (cell("inbound_layers", '[["a"], 1]'), "f.csv:3: inbound_layers should hold"),
    ],
)
def test_errors(data: bytes, message: str) -> None:
    """What can't be read is said with file and line, and column where there is one."""
    with pytest.raises(TableError, match=message):
        csvfile.load(data, source="f.csv")


def test_the_line_of_a_row_counts_lines_inside_of_cells() -> None:
    """A cell may hold line breaks; the error names the line that an editor shows."""
    layers = (replace(TABLE.layers[0], layer_name="a\nb"), TABLE.layers[1])
    data = csvfile.dump(replace(TABLE, layers=layers)).replace(b",15,", b",x,", 1)
    with pytest.raises(TableError, match=r"f\.csv:4: parameters is 'x'"):
        csvfile.load(data, source="f.csv")


def test_a_cell_that_looks_like_a_conflict() -> None:
    """A name is no conflict, whatever its lines begin with."""
    layers = (replace(TABLE.layers[0], layer_name="a\n<<<<<<< HEAD\n"), TABLE.layers[1])
    table = replace(TABLE, layers=layers)
    assert csvfile.load(csvfile.dump(table)) == table


def test_a_huge_file() -> None:
    """A cell may be longer than Python's csv takes by itself, and a file have many rows."""
    attributes = json.dumps({"vocabulary": ["word"] * 100_000})
    layers = (replace(TABLE.layers[0], layer_attributes=attributes), *TABLE.layers[1:] * 5000)
    table = replace(TABLE, layers=layers)
    assert csvfile.load(csvfile.dump(table)) == table


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=4))
def test_any_text_survives(rows: list[tuple[str, str, str]]) -> None:
    """Cells come back as they were: quotes, line breaks of all kinds, what spreadsheets would run."""
    table = LayerTable(
        tuple(Layer(model=a, layer_name=b, layer_type=c, dtype=a + b) for a, b, c in rows), "v"
    )
    assert csvfile.load(csvfile.dump(table)) == table


EDITS = st.tuples(st.integers(0, len(DUMP)), st.integers(0, 40), st.binary(max_size=8))


@settings(max_examples=400)
@given(st.lists(EDITS, min_size=1, max_size=4))
@example([(0, 0, b"<<<<<<< HEAD\n")])
@example([(len(DUMP) - 3, 40, b"")])
def test_damage_anywhere(edits: list[tuple[int, int, bytes]]) -> None:
    """Bytes that were changed are read, or refused with the name of the file; never a crash."""
    data = DUMP
    for start, length, instead in edits:
        data = data[:start] + instead + data[start + length :]
    table, error = None, ""
    try:
        table = csvfile.load(data, source="f.csv")
    except TableError as found:
        error = str(found)
    if table is None:
        assert error.startswith("f.csv")
        return
    drift = compare(table, TABLE)
    assert drift.to_text()
    assert drift.to_markdown()
    assert json.dumps(drift.to_dict())


@pytest.mark.parametrize("rate", ["0", "1"])
@pytest.mark.parametrize("momentum", ["1", "0", "0.99"])
def test_whole_numbers_that_pandas_reads_as_floats(
    tmp_path: Path, rate: str, momentum: str
) -> None:
    """A gap in the column makes them floats; in the file they are spelled without a point."""
    pandas = pytest.importorskip("pandas")
    inputs, head = TABLE.layers
    layers = (
        replace(head, dropout_rate=rate),
        inputs,
        replace(head, normalization_momentum=momentum),
    )
    table = replace(TABLE, layers=layers)
    table.to_csv(tmp_path / "a.csv")
    assert LayerTable.from_frame(pandas.read_csv(tmp_path / "a.csv")) == table


@given(st.text(), st.text(), st.text())
@example("Keras 3.15, torch", 'a "quoted" one', "a\nb")
@example("", "", "")
def test_rows_that_are_told_by_their_bytes(one: str, other: str, name: str) -> None:
    """Only rows that are the same when they are parsed, whoever recorded them."""
    first, last = TABLE.layers
    table = replace(TABLE, recorded_with=one, layers=(replace(first, dtype=name), last))
    try:
        dumped = csvfile.parted(table)
        again = csvfile.dump(replace(table, recorded_with=other))
    except TableError:
        return
    assert dumped.data == csvfile.encode(COLUMNS, table.cells())
    assert dumped.is_in(dumped.data) or not all(" " <= char <= "~" for char in one)
    assert dumped.is_in(again) or not all(" " <= char <= "~" for char in other)
    for edited in (
        replace(table, layers=(first, last)),
        replace(table, layers=(last,)),
        replace(table, layers=(*table.layers, last)),
        replace(table, layers=(table.layers[0], replace(last, dtype=other))),
    ):
        if edited.layers != table.layers:
            assert not dumped.is_in(csvfile.dump(edited))


@pytest.mark.parametrize("end", range(1, len(DUMP), 7))
def test_a_part_of_a_file_is_not_the_same(end: int) -> None:
    """However much of it there is."""
    assert not csvfile.parted(TABLE).is_in(DUMP[:end])
    assert not csvfile.parted(TABLE).is_in(DUMP[:end] + DUMP)


ROWS = st.builds(
    Layer,
    model=st.sampled_from(["m", "n"]),
    layer_name=st.sampled_from(["dense", "dense_1", "head"]),
    layer_type=st.sampled_from(["Dense", "InputLayer"]),
    output_shape=st.sampled_from(["", "(None, 3)"]),
    parameters=st.integers(0, 1),
    is_trainable=st.booleans(),
    layer_attributes=st.sampled_from(["{}", '{"units": 3}', '{"units":3}']),
    inbound_layers=st.sampled_from(["[]", "[[]]", '["head"]']),
)


@example(
    [replace(TABLE.layers[1], layer_name="dense_1")], [replace(TABLE.layers[1], layer_name="dense")]
)
@example(
    [replace(TABLE.layers[1], layer_name="dense")], [replace(TABLE.layers[1], layer_name="dense_1")]
)
@example(*2 * [[replace(TABLE.layers[1], activation_function='a "b"')]])
@given(*2 * [st.lists(ROWS, min_size=1, max_size=3)])
def test_what_differs_in_any_order_has_drifted(one: list[Layer], other: list[Layer]) -> None:
    """An update that tells nobody what has changed compares no more than that."""
    recorded, current = LayerTable(tuple(one)), LayerTable(tuple(other))
    for data in (csvfile.dump(recorded), csvfile.dump(recorded).replace(b"\n", b"\r\n")):
        assert not csvfile.differs(data, current) or compare(recorded, current)


@pytest.mark.parametrize(
    ("data", "differs"),
    [
        (cell("output_shape", "(None, 4)"), True),
        (DUMP + LINES[-1].encode(), True),
        (cell("parameters", "015"), False),
        (cell("layer_attributes", '{"units": 3, "activation": "relu"}'), False),
        (b"\xef\xbb\xbf" + DUMP, False),
        (DUMP[:-9], False),
        (DUMP + b'"', False),
        (b"\xff", False),
        (b"", False),
    ],
)
def test_what_surely_differs(data: bytes, differs: bool) -> None:
    """A cell that may be spelled in several ways, and a file that can't be read, tell nothing."""
    assert csvfile.differs(data, TABLE) is differs
