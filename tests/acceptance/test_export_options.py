"""Exports from the command line and from a run of pytest."""

from __future__ import annotations

import csv
import os
import subprocess
import sys

import pytest

from pytest_layersnap.table import Layer, LayerTable

from .project import Project
from .test_files import as_plain_user

pytestmark = pytest.mark.lifecycle

UPDATE = "--snapshot-update"

TEST = """
import pytest
from tables import table

@pytest.mark.parametrize("units", [{units}, 4])
def test_x(layersnap, units):
    layersnap.check(table(units), ignore={ignore})

def test_all(layersnap):
    layersnap.check_all({{"transfer/a": table(5), "b": table(6)}})
"""


#: By snapshot, the models of the tests; two of them have the same name.
MODELS = {"b": ("b", 6), "test_a/test_x-3": ("m", 3), "test_a/test_x-4": ("m", 4)}
MODELS["transfer/a"] = ("transfer/a", 5)
ALL = {snapshot: f"(None, {units})" for snapshot, (_, units) in MODELS.items()}


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project with four snapshots, as its tests would record them."""
    project.write(test_a=TEST.format(units=3, ignore=None))
    store(project, "snapshots")
    return project


def store(project: Project, folder: str) -> None:
    """Write the four snapshots below a folder."""
    for snapshot, (model, units) in MODELS.items():
        layer = Layer(
            model=model,
            layer_name="head",
            layer_type="Dense",
            output_shape=f"(None, {units})",
            parameters=5 * units,
            trainable_parameters=5 * units,
        )
        path = project.path / folder / f"{snapshot}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        LayerTable((layer,), recorded_with="Keras 3").to_csv(path)


def layersnap(
    project: Project, *arguments: str, cwd: str = "."
) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder of the project."""
    return subprocess.run(
        [sys.executable, "-m", "pytest_layersnap", *arguments],
        cwd=project.path / cwd,
        capture_output=True,
        encoding="utf-8",
        check=False,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    )


def models(project: Project, path: str) -> dict[str, str]:
    """By the model's name the output shape, as an exported CSV has them."""
    with (project.path / path).open(encoding="utf-8", newline="") as file:
        return {row["model"]: row["output_shape"] for row in csv.DictReader(file)}


def test_all_snapshots(recorded: Project) -> None:
    """Without a name all of them are meant; a folder gets a file each and one of all."""
    result = layersnap(recorded, "export", "--csv", "out")
    names = ["b", "test_a_test_x-3", "test_a_test_x-4", "transfer_a", "model_structure"]
    assert result.stdout.splitlines() == [f"wrote {os.path.join('out', n)}.csv" for n in names]
    assert (result.returncode, result.stderr) == (0, "")
    assert models(recorded, "out/model_structure.csv") == ALL
    assert models(recorded, "out/b.csv") == {"b": "(None, 6)"}


def test_several_formats_at_once(recorded: Project) -> None:
    """One call writes all that are asked for."""
    pytest.importorskip("openpyxl")
    arguments = ["--csv=a.csv", "--excel=a.xlsx", "--markdown=doc/a.md", "--latex=tex/"]
    result = layersnap(recorded, "export", *arguments, "transfer/a", "b")
    assert result.returncode == 0, result.stderr
    assert list(models(recorded, "a.csv")) == ["transfer/a", "b"]
    files = ["a.csv", "a.xlsx", "doc/a.md", "tex/b.tex", "tex/model_structure.tex"]
    assert all((recorded.path / file).is_file() for file in files)


@pytest.mark.parametrize(
    ("cwd", "name"),
    [
        (".", "transfer/a"),
        (".", "transfer/a.csv"),
        (".", "transfer"),
        (".", "snapshots/transfer/a.csv"),
        ("sub/folder", "transfer/a"),
        ("sub/folder", "snapshots/transfer/a"),
        ("snapshots/transfer", "a.csv"),
    ],
)
def test_the_spellings_of_a_name(recorded: Project, cwd: str, name: str) -> None:
    """A name is taken as the check gives it, as messages print it, and as a path."""
    (recorded.path / "sub/folder").mkdir(parents=True)
    out = recorded.path / "out.csv"
    result = layersnap(recorded, "export", "--csv", str(out), name, cwd=cwd)
    assert result.returncode == 0, result.stderr
    assert models(recorded, "out.csv") == {"transfer/a": "(None, 5)"}


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pytest.ini", "[pytest]\npythonpath = .\nlayersnap_dir = tests/recorded\n"),
        ("tox.ini", "[pytest]\npythonpath = .\nlayersnap_dir=tests/recorded\n"),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\npythonpath = ["."]\nlayersnap_dir = "tests/recorded"  # here\n',
        ),
    ],
)
def test_the_folder_of_the_settings(project: Project, file: str, text: str) -> None:
    """The command finds the snapshots where the ini option says they are."""
    (project.path / "pytest.ini").unlink()
    (project.path / file).write_text(text)
    store(project, "tests/recorded")
    assert layersnap(project, "export", "--csv", "out.csv", cwd="tests").returncode == 0
    assert models(project, "tests/out.csv") == ALL


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "say where to: --csv OUT, --excel OUT, --markdown OUT, --latex OUT"),
        (["--csv", "o", "nope"], "no snapshot is called 'nope'; there are b, test_a/test_x-3, "),
        (
            ["--csv", "o", "x-4"],
            "no snapshot is called 'x-4'; there are test_a/test_x-4 and 3 more",
        ),
        (["--csv", "o.xlsx"], "o.xlsx: a file ends in .csv, not in .xlsx"),
        (["--csv", "snapshots"], f"{os.path.join('snapshots', 'b.csv')} is a snapshot"),
        (["--latex", "conf"], "conf"),
    ],
)
def test_what_can_not_be_exported(recorded: Project, arguments: list[str], message: str) -> None:
    """One line that says why; and nothing is written."""
    recorded.path.joinpath("conf").write_text("a file")
    before = sorted(recorded.path.rglob("*"))
    result = layersnap(recorded, "export", *arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"layersnap: {message}")
    assert len(result.stderr.splitlines()) == 1
    assert sorted(recorded.path.rglob("*")) == before


def test_without_snapshots(project: Project) -> None:
    """There is nothing to export, and the message says where it looked."""
    result = layersnap(project, "export", "--csv", "out")
    assert result.returncode == 2
    assert result.stderr == (
        f"layersnap: there are no snapshots in {project.path / 'snapshots'}; "
        "record them with pytest --snapshot-update\n"
    )


def test_a_broken_snapshot(recorded: Project) -> None:
    """It is named with its line, and nothing is exported without it."""
    with (recorded.path / "snapshots/b.csv").open("a") as file:
        file.write("<<<<<<< HEAD\n")
    result = layersnap(recorded, "export", "--csv", "out")
    assert result.returncode == 2
    assert "b.csv:3: a merge conflict" in result.stderr
    assert not (recorded.path / "out").exists()


def test_a_folder_that_can_not_be_written(recorded: Project) -> None:
    """The error names the file that was asked for, and none is left half written."""
    folder = recorded.path / "closed"
    folder.mkdir()
    folder.chmod(0o555)
    command = [*as_plain_user(), sys.executable, "-m", "pytest_layersnap", "export"]
    result = recorded.pytester.run(*command, "--csv", "closed/a.csv")
    assert result.ret == 2
    result.stderr.fnmatch_lines(["layersnap: closed/a.csv: Permission denied"])
    assert not list(folder.iterdir())


def test_neither_keras_nor_pandas(recorded: Project) -> None:
    """``show`` and ``export`` of snapshots start without them."""
    code = """
import sys
from pytest_layersnap.cli import main
assert main(["show", "b"]) == main(["show", "b", "--json"]) == 0
assert main(["export", "--csv", "o", "--markdown", "o.md", "--latex", "o.tex"]) == 0
heavy = {"keras", "tensorflow", "jax", "torch", "numpy", "pandas", "deepdiff", "openpyxl", "pytest"}
assert not heavy & {name.partition(".")[0] for name in sys.modules}, sys.modules
"""
    assert recorded.pytester.run(sys.executable, "-c", code).ret == 0


def test_the_tables_that_checks_saw(recorded: Project, workers: tuple[str, ...]) -> None:
    """Held, drifted, and equal as far as the check compares: what the models are, not the files."""
    recorded.write(test_a=TEST.format(units=3, ignore={"dtype"}).replace("table(6)", "table(7)"))
    text = (recorded.path / "tables.py").read_text()
    (recorded.path / "tables.py").write_text(text.replace('"Dense",', '"Dense", dtype="float16",'))
    result = recorded.run(*workers, "--layersnap-export", "out/all.csv")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines([f"wrote {os.path.join('out', 'all.csv')}"])
    assert models(recorded, "out/all.csv") == ALL | {"b": "(None, 7)"}


def test_a_workbook_of_what_checks_saw(recorded: Project) -> None:
    """The suffix says the format; a run that records exports too."""
    openpyxl = pytest.importorskip("openpyxl")
    recorded.write(test_a=TEST.format(units=3, ignore=None).replace("table(6)", "table(7)"))
    recorded.run(UPDATE, "--layersnap-export", "out.xlsx").assert_outcomes(passed=3)
    book = openpyxl.load_workbook(recorded.path / "out.xlsx")
    assert book.sheetnames == ["Totals", *(name.replace("/", "_") for name in ALL)]
    assert book["b"]["E2"].value == "(None, 7)"


def test_a_folder_of_what_checks_saw(recorded: Project) -> None:
    """A folder gets CSV, and what was exported before is no snapshot that is unused."""
    for _ in range(2):
        result = recorded.run("--layersnap-export", "snapshots/out")
        result.assert_outcomes(passed=3)
        result.stdout.no_fnmatch_line("*unused*")
    assert models(recorded, "snapshots/out/model_structure.csv") == ALL


def test_an_option_that_can_not_be(recorded: Project) -> None:
    """What no format fits is said before the tests run."""
    result = recorded.run("--layersnap-export", "out.xls")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--layersnap-export: *out.xls: a file ends in .csv or *"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-k", "nothing"], "error: *out.csv: no check gave a table to export"),
        ([], "error: *out.csv*: not exported: *"),
    ],
)
def test_an_export_that_is_not_there(recorded: Project, arguments: list[str], message: str) -> None:
    """An export that was asked for and is not there fails the run."""
    if not arguments:
        (recorded.path / "out.csv").mkdir()
        (recorded.path / "out.csv/model_structure.csv").mkdir()
    result = recorded.run("--layersnap-export", "out.csv", *arguments)
    assert result.ret == 1
    result.stdout.fnmatch_lines([message])
