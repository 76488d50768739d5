"""Exports, opened with what people open them with; and what can't be exported."""

from __future__ import annotations

import csv
import errno
import io
import os
import re
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from pytest_layersnap import LayerTable, workbook
from pytest_layersnap.exports import export
from pytest_layersnap.exports.files import ExportError, told_apart
from pytest_layersnap.table import COLUMNS, NOTEBOOK_COLUMNS, Layer

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
TRANSFER = ("efficientnetb4", "resnet50", "densenet169", "vgg16", "mobilenetv2")
SUFFIXES = (".csv", ".xlsx", ".md", ".tex")

#: What a spreadsheet would run, take for an error, or can't hold; and what markup would eat.
HOSTILE = (
    *(
        "=cmd|'/C calc'!A0",
        "+1",
        "-1",
        "@x",
        "\t=1",
        " =1",
        "#N/A",
        "'=1",
        "_x0041_",
        "1e5",
        "TRUE",
    ),
    *("a\x00b\x07c", "a\nb\r\nc", 'a"b', "a,b;c", "a|b", "`a`", "*a* _b_ ~c~ <b>&amp;", "[a](b)"),
    *(r"\input{x}", "$x^2$ & 100% #1 {", "a--b---c", "[x", "*", "größe", "層", "🙂", "x" * 40_000),
)


def table(*names: str, model: str = "m", **cells: Any) -> LayerTable:
    """A table of rows with these names."""
    layers = (Layer(model=model, layer_name=name, layer_type="Dense", **cells) for name in names)
    return LayerTable(tuple(layers), recorded_with="Keras 3")


@pytest.fixture(scope="module")
def transfer() -> list[LayerTable]:
    """The recorded tables of the five transfer models."""
    return [LayerTable.read_csv(SNAPSHOTS / f"{name}.csv") for name in TRANSFER]


def equal(found: Any, ours: Any) -> bool:
    """Whether a program reads the value that is in a cell of ours; numbers have sixteen digits."""
    if not isinstance(ours, str) or isinstance(found, str):
        return bool(found == ours)
    return bool(
        found == (ours == "True") if isinstance(found, bool) else found == approx(float(ours))
    )


approx = partial(pytest.approx, rel=1e-15)


def test_csv(transfer: list[LayerTable], tmp_path: Path) -> None:
    """A folder gets a file a model and one of all, in the columns and with the values of the tables."""
    written = export(transfer, tmp_path)
    assert [path.stem for path in written] == [*TRANSFER, "model_structure"]
    everything = pd.read_csv(written[-1], keep_default_na=False, dtype=str)
    assert tuple(everything.columns) == NOTEBOOK_COLUMNS
    for one, path in zip(transfer, written, strict=False):
        frame = pd.read_csv(path, keep_default_na=False, dtype=str)
        cells = [row[: len(NOTEBOOK_COLUMNS)] for row in one.cells()]
        assert list(frame.itertuples(index=False, name=None)) == cells
        pd.testing.assert_frame_equal(
            everything[everything["model"] == one.model].reset_index(drop=True), frame
        )
        counts = pd.read_csv(path)["parameters"]
        assert (counts.dtype.kind, counts.sum()) == ("i", one.parameters)


def test_excel_in_pandas_and_openpyxl(transfer: list[LayerTable], tmp_path: Path) -> None:
    """A sheet a model, each cell of the type of its value; the first sheet has the totals."""
    openpyxl = pytest.importorskip("openpyxl")
    path = tmp_path / "model_structure.xlsx"
    export(transfer, path)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Totals", *TRANSFER]
    frames = pd.read_excel(path, sheet_name=None, keep_default_na=False, na_values={})
    for one in transfer:
        sheet = book[one.model]
        header, *rows = sheet.iter_rows(values_only=True)
        assert header == COLUMNS
        for values, wanted in zip(rows, one.rows(), strict=True):
            found = ["" if value is None else value for value in values]
            assert all(map(equal, found, wanted)), (found, wanted)
        for values, wanted in zip(
            frames[one.model].itertuples(index=False, name=None), one.rows(), strict=True
        ):
            assert all(map(equal, values, wanted)), (values, wanted)
        assert frames[one.model]["is_trainable"].dtype == bool
        assert frames[one.model]["parameters"].sum() == one.parameters
    totals = frames["Totals"].set_index("model")
    assert totals.loc["resnet50", "layers"] == 179
    assert totals.loc["resnet50", "parameters"] == 25_686_913
    assert totals.loc["resnet50", "trainable_parameters"] == 2_099_201
    assert totals.loc["resnet50", "memory (bytes)"] == 4 * 25_686_913


def test_the_look_of_a_sheet(transfer: list[LayerTable], tmp_path: Path) -> None:
    """Header frozen and filtered, columns wide enough but no wider, frozen layers shaded."""
    openpyxl = pytest.importorskip("openpyxl")
    export(transfer[1:2], tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    sheet = book["resnet50"]
    assert sheet.freeze_panes == "C2"  # names stay in view
    assert book["Totals"].freeze_panes == "B2"
    assert (sheet.page_setup.orientation, sheet.sheet_properties.pageSetUpPr.fitToPage) == (
        "landscape",
        True,
    )
    assert sheet.auto_filter.ref == sheet.dimensions == "A1:W180"
    widths = [sheet.column_dimensions[letter].width for letter in ("A", "B", "H")]
    assert widths[1] > len("global_average_pooling2d")
    assert widths[2] == max(widths) == 50
    shaded = [row[0].fill.fill_type == "solid" for row in sheet.iter_rows(min_row=2)]
    assert shaded == [layer.has_flag and not layer.is_trainable for layer in transfer[1]]
    assert True in shaded
    assert False in shaded


def test_settings_are_numbers_and_truth_values(tmp_path: Path) -> None:
    """A rate can be sorted; a name that looks like a number, and no number at all, stay text."""
    openpyxl = pytest.importorskip("openpyxl")
    one = table(
        "7",
        model="1",
        use_bias="False",
        dropout_rate="0.4",
        normalization_momentum="nan",
        normalization_axis="[1, 2]",
        parameters=10**15,
    )
    one.to_excel(tmp_path / "out.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "out.xlsx")["1"]
    row = dict(zip(COLUMNS, (cell.value for cell in sheet[2]), strict=True))
    assert row["layer_name"] == "7"
    assert row["use_bias"] is False
    assert row["dropout_rate"] == 0.4
    assert (row["normalization_momentum"], row["normalization_axis"]) == ("nan", "[1, 2]")
    assert row["parameters"] == str(10**15)


def test_a_workbook_of_one_table(tmp_path: Path) -> None:
    """``LayerTable.to_excel`` is what pandas reads without being told which sheet."""
    pytest.importorskip("openpyxl")
    one = LayerTable.read_csv(SNAPSHOTS / "vgg16.csv")
    one.to_excel(tmp_path / "out.xlsx")
    frame = pd.read_excel(tmp_path / "out.xlsx")
    assert LayerTable.from_frame(frame) == one


@pytest.mark.parametrize("value", HOSTILE, ids=lambda value: ascii(value[:12]))
def test_nothing_runs_in_a_workbook(tmp_path: Path, value: str) -> None:
    """Text is text in every column, also after someone edits it; what can't be held is spelled out."""
    openpyxl = pytest.importorskip("openpyxl")
    one = table(value, model=value, dtype=value, use_bias=value, dropout_rate=value)
    export([one], tmp_path / "out.xlsx")
    book = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert len(book.sheetnames) == 2
    wanted = value.replace("\x00", "\\x00").replace("\x07", "\\x07")
    for sheet, column in ((book.worksheets[0], "A"), (book.worksheets[1], "B")):
        cell = sheet[f"{column}2"]
        assert cell.data_type == "s"
        if len(wanted) < 32_768:
            assert cell.value.replace("\r\n", "\n") == wanted.replace("\r\n", "\n")
        else:
            assert len(cell.value) == 32_767
            assert cell.value.endswith("x…")
        assert bool(cell.quotePrefix) == wanted.lstrip().startswith(("=", "+", "-", "@"))
    for row in book.worksheets[1].iter_rows():
        assert not {cell.data_type for cell in row} & {"f", "e"}


def test_a_long_text_of_wide_characters(tmp_path: Path) -> None:
    """Excel counts as UTF-16 does; what is cut is cut between characters."""
    openpyxl = pytest.importorskip("openpyxl")
    table("🙂" * 20_000, model="🙂" * 20).to_excel(tmp_path / "out.xlsx")
    (sheet,) = openpyxl.load_workbook(tmp_path / "out.xlsx").worksheets
    assert set(sheet["B2"].value) == {"🙂", "…"}
    assert len(sheet["B2"].value.encode("utf-16-le")) <= 2 * 32_767
    assert sheet.title == "🙂" * 15


def test_the_names_of_sheets(tmp_path: Path) -> None:
    """Legal for Excel, and unique where case does not count."""
    openpyxl = pytest.importorskip("openpyxl")
    names = ["a[b]:c*d?e/f\\g", "a_b__c_d_e_f_g", "M", "m", "totals", "History", "'q'", "''", ""]
    long = [f"{'deep/' * 10}{end}" for end in ("one", "two")]
    names += [*long, *(f"x{name}" for name in long)]
    export([table("d", model=name) for name in names], tmp_path / "out.xlsx")
    titles = openpyxl.load_workbook(tmp_path / "out.xlsx").sheetnames
    assert len(titles) == 1 + len(names) == len({title.casefold() for title in titles})
    for title in titles:
        assert 0 < len(title) <= 31
        assert not re.search(r"[\[\]:*?/\\]", title)
        assert not title.startswith("'")
        assert not title.endswith("'")
        assert title != "History"
    assert titles[1:7] == [
        "a_b__c_d_e_f_g",
        "a_b__c_d_e_f_g_2",
        "M",
        "m_2",
        "totals_2",
        "History_2",
    ]
    assert titles[10].endswith("deep_one")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_hostile_values_in_every_format(tmp_path: Path, suffix: str) -> None:
    """All of them at once, as names of layers and of models."""
    pytest.importorskip("openpyxl")
    tables = [table(*HOSTILE), *(table("d", model=value) for value in HOSTILE)]
    path = tmp_path / f"out{suffix}"
    export(tables, path)
    if suffix == ".csv":
        rows = list(csv.reader(io.StringIO(path.read_bytes().decode(), newline="")))
        assert [row[1] for row in rows[1 : len(HOSTILE) + 1]] == list(HOSTILE)
        assert [row[0] for row in rows[-len(HOSTILE) :]] == list(HOSTILE)


def test_a_file_a_model(tmp_path: Path) -> None:
    """Whatever models are called, each has a file of its own in the folder, and none elsewhere."""
    names = [
        "a/b",
        "a_b",
        "../up",
        "/root",
        "C:\\x",
        "con",
        "",
        "Model_Structure",
        "x" * 300,
        *HOSTILE,
    ]
    folder = tmp_path / "deep" / "out"
    written = export([table("d", model=name) for name in names], f"{folder}{os.sep}")
    assert len({path.name.casefold() for path in written}) == len(names) + 1
    assert {path.parent for path in written} == {folder}
    assert sorted(folder.iterdir()) == sorted(written)
    assert list(tmp_path.iterdir()) == [tmp_path / "deep"]
    read = [pd.read_csv(p, keep_default_na=False, dtype=str)["model"][0] for p in written[:7]]
    assert read == names[:7]


def test_models_of_the_same_name(tmp_path: Path) -> None:
    """They are told apart, by the snapshot where there is one."""
    one, other = table("d"), table("d", "e")
    export([one, other, other], tmp_path / "out.csv")
    frame = pd.read_csv(tmp_path / "out.csv")
    assert list(frame["model"]) == ["m", "m_2", "m_2", "m_3", "m_3"]
    named = told_apart({"a/x": one, "b/x": other, "c": table("d", model="n")})
    assert [found.model for found in named] == ["a/x", "b/x", "n"]


def test_markdown(tmp_path: Path) -> None:
    """Totals, and a table a model; what is empty in all rows has no column."""
    one = table("a|b", "c`d", output_shape="(None, 4)", parameters=1234, trainable_parameters=1234)
    export([one], tmp_path / "out.md")
    assert (tmp_path / "out.md").read_text(encoding="utf-8") == (
        "| Model | Layers | Parameters | Trainable parameters | Memory |\n"
        "| --- | ---: | ---: | ---: | ---: |\n"
        "| `m` | 2 | 2,468 | 2,468 |  |\n"
        "\n"
        "## m: 2 layers, 2,468 parameters, 2,468 of them trainable\n"
        "\n"
        "| Layer | Type | Output shape | Parameters | Trainable |\n"
        "| --- | --- | --- | ---: | --- |\n"
        "| `a\\|b` | Dense | (None, 4) | 1,234 | yes |\n"
        "| ``c`d`` | Dense | (None, 4) | 1,234 | yes |\n"
    )


def test_latex(tmp_path: Path) -> None:
    """A table in the style of booktabs, with a caption, a label, and nothing that LaTeX would run."""
    one = table("a_b", "[x", r"\x{", "a--b", kernel_size="(3, 3)", model="ResNet_50")
    export([one], tmp_path / "out.tex")
    text = (tmp_path / "out.tex").read_text(encoding="utf-8")
    assert r"\begin{longtable}{lllr}" in text  # nothing to train, so no such column
    assert r"\caption{ResNet\_50: 4 layers, 0 parameters, 0 of them trainable}" in text
    assert r"\label{tab:ResNet-50}" in text
    assert r"Layer & Type & Kernel & Parameters \\" in text
    assert "a\\_b & Dense & (3, 3) & 0 \\\\\n{}[x & Dense & (3, 3) & 0 \\\\\n" in text
    assert r"\textbackslash{}x\{ & " in text
    assert "a-{}-b & " in text


def test_latex_that_any_engine_takes(tmp_path: Path) -> None:
    """What pdfLaTeX has no letter for is spelled out for it: it stops at any such letter."""
    export([table('"größe" … “x”', "«層🙂»y")], tmp_path / "out.tex")
    text = (tmp_path / "out.tex").read_text(encoding="utf-8")
    assert r"\texttt{\char34}größe\texttt{\char34} \ldots{} “x” & " in text
    spelled = "[U+00AB U+5C64 U+1F642 U+00BB]"
    assert rf"\ifdefined\Umathchar «層🙂»\else {spelled}\fi{{}}y & " in text


def test_latex_fits_a_page(tmp_path: Path) -> None:
    """Long names are broken between their words, and what TeX can't measure loses its middle."""
    name = "encoder/transformer_layer_11/self_attention"
    export([table(name, "x" * 40_000)], tmp_path / "out.tex")
    text = (tmp_path / "out.tex").read_text(encoding="utf-8")
    assert r"\begin{longtable}{p{18em}lr}" in text
    broken = r"encoder/\allowbreak{}transformer\_\allowbreak{}layer\_\allowbreak{}11/"
    assert rf"\raggedright {broken}" in text
    assert f"{'x' * 100}\\ldots{{}}{'x' * 100} & " in text
    assert "x" * 101 not in text


def test_latex_labels_are_told_apart(tmp_path: Path) -> None:
    """Those of models whose names differ in signs alone, and that of the totals."""
    export([table("d", model=name) for name in ("a_b", "a/b", "models")], tmp_path / "out.tex")
    text = (tmp_path / "out.tex").read_text(encoding="utf-8")
    labels = re.findall(r"\\label\{tab:(.*?)\}", text)
    assert labels == ["models", "a-b", "a-b_2", "models_2"]


def test_an_export_again(tmp_path: Path) -> None:
    """What was exported before is replaced, in a folder that is there too."""
    export([table("d")], tmp_path / "out.csv")
    export([table("e")], tmp_path / "out.csv")
    assert list(pd.read_csv(tmp_path / "out.csv")["layer_name"]) == ["e"]
    (tmp_path / "v1.2").mkdir()
    written = export([table("d")], tmp_path / "v1.2", format="latex")
    assert [path.name for path in written] == ["m.tex", "model_structure.tex"]


@pytest.mark.parametrize(
    ("path", "format", "message"),
    [
        (
            "out.xls",
            None,
            r"out\.xls: a file ends in \.csv or \.xlsx or \.md or \.tex, not in \.xls",
        ),
        ("out.csv", "latex", r"out\.csv: a file ends in \.tex, not in \.csv; .*say .*out\.csv/"),
        ("out.csv", "html", "format='html': choose from csv, excel, markdown, latex"),
    ],
)
def test_a_path_that_fits_no_format(
    tmp_path: Path, path: str, format: str | None, message: str
) -> None:
    """The error says what fits."""
    with pytest.raises(ExportError, match=message):
        export([table("d")], tmp_path / path, format=format)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("suffix", ["", *SUFFIXES])
def test_nothing_to_export(tmp_path: Path, suffix: str) -> None:
    """No table is an error, and leaves no file."""
    with pytest.raises(ExportError, match=r"out.*: no check gave a table to export"):
        export([], tmp_path / f"out{suffix}")
    assert not list(tmp_path.iterdir())


def test_snapshots_are_left_alone(tmp_path: Path) -> None:
    """An export into the folder of the snapshots would lose columns of theirs."""
    one = LayerTable.read_csv(SNAPSHOTS / "vgg16.csv")
    one.to_csv(tmp_path / "vgg16.csv")
    before = (tmp_path / "vgg16.csv").read_bytes()
    with pytest.raises(ExportError, match=r"vgg16\.csv is a snapshot, so it is left alone"):
        export([table("d"), one], tmp_path)
    assert list(tmp_path.iterdir()) == [tmp_path / "vgg16.csv"]
    assert (tmp_path / "vgg16.csv").read_bytes() == before


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_that_can_not_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """The error names the file; the one before is still there, and nothing else."""
    path = tmp_path / f"out{suffix}"
    export([table("d")], path)
    before = path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match=rf"No space left on device: '.*out\{suffix}'"):
        export([table("e")], path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    """The system's error, with the path."""
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(FileExistsError, match="out"):
        export([table("d")], tmp_path / "out")


def test_without_openpyxl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the extra that brings it."""
    monkeypatch.setattr(workbook, "find_spec", lambda name: None)
    for write in (export, lambda tables, path: tables[0].to_excel(path)):
        with pytest.raises(ModuleNotFoundError, match=r"pip install 'pytest-layersnap\[excel\]'"):
            write([table("d")], tmp_path / "out.xlsx")


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx", "out.md", "out.tex", "folder/"])
def test_characters_that_no_format_holds(tmp_path: Path, name: str) -> None:
    """Noncharacters and lone surrogates are spelled out where they must be; every file opens."""
    text = "a\ufffe\uffff\ud800b"
    if name.endswith(".xlsx"):
        openpyxl = pytest.importorskip("openpyxl")
    one = table(text, model=text, dtype=text)
    files = export([one], f"{tmp_path}/{name}")
    assert files
    for file in files:
        if file.suffix != ".xlsx":
            assert "\\ud800" in file.read_text(encoding="utf-8").replace("{", "").replace(
                "textbackslash}", "\\"
            ).replace("\\\\", "\\")
    if name.endswith(".xlsx"):
        book = openpyxl.load_workbook(files[0])
        assert book.worksheets[1]["B2"].value == "a\\ufffe\\uffff\\ud800b"
