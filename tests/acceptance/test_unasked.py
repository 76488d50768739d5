"""Nothing of others is overwritten or deleted; an interrupted update says what it did."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from .project import Project

pytestmark = pytest.mark.lifecycle

UPDATE = "--snapshot-update"

TEST = """
from tables import table

def test_x(layersnap):
    layersnap.check(table({units}))
"""

NOTES = "<p>not ours"


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project whose only snapshot is recorded."""
    project.write(test_a=TEST.format(units=3))
    project.run(UPDATE).assert_outcomes(passed=1)
    return project


def layersnap(project: Project, *arguments: str) -> pytest.RunResult:
    """Run the command in the project's folder."""
    return project.pytester.run(sys.executable, "-m", "pytest_layersnap", *arguments)


def put(project: Project, name: str, text: str = NOTES) -> Path:
    """Write a file of somebody else's."""
    path = project.path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def contents(project: Project) -> dict[Path, bytes]:
    """Everything in the project but what pytest and pytester keep."""
    return {
        path: path.read_bytes()
        for path in project.path.rglob("*")
        if path.is_file()
        and ".pytest_cache" not in path.parts
        and path.name not in ("stdout", "stderr")
    }


def refused(project: Project, *arguments: str) -> str:
    """What a run says that refuses to begin, and writes nothing."""
    before = contents(project)
    result = project.run(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert contents(project) == before
    assert len(list(filter(None, result.errlines))) == 1
    return result.stderr.str()


@pytest.mark.parametrize("place", ["snapshots", "snapshots/out", ".", "snapshots/test_a"])
@pytest.mark.parametrize("update", [(), (UPDATE,)])
def test_a_report_among_the_snapshots(
    recorded: Project, place: str, update: tuple[str, ...]
) -> None:
    """It may neither hold the snapshots, nor be one with their folder, nor lie in it."""
    assert "among the snapshots" in refused(recorded, "--layersnap-report", place, *update)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_report_among_the_snapshots_by_another_name(recorded: Project) -> None:
    """Links are followed."""
    (recorded.path / "link").symlink_to("snapshots", target_is_directory=True)
    assert "among the snapshots" in refused(recorded, "--layersnap-report", "link/out")


@pytest.mark.parametrize(
    "name",
    ["index.html", "report.json", "report.md", "drifts/a.html", "received/x", "recorded/a.csv"],
)
def test_a_folder_of_others(recorded: Project, name: str) -> None:
    """A name that a report would use is taken: the run does not begin, and ``merge`` writes nothing."""
    put(recorded, f"site/{name}")
    message = refused(recorded, "--layersnap-report", "site")
    assert f"{name.partition('/')[0]} is there, and no report of layersnap wrote it" in message
    recorded.run("--layersnap-report", "out")
    before = contents(recorded)
    result = layersnap(recorded, "merge", "out", "--output", "site")
    assert result.ret == 2
    result.stderr.fnmatch_lines(["layersnap: *no report of layersnap wrote it*"])
    assert contents(recorded) == before


@pytest.mark.parametrize("option", ["--layersnap-report", "--layersnap-export"])
def test_an_empty_path(recorded: Project, option: str) -> None:
    """It is no folder."""
    assert "the path is empty" in refused(recorded, f"{option}=")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--layersnap-report", "own.html"),
        ("--layersnap-export", "own.csv"),
        ("--layersnap-export", "own.md"),
        ("--layersnap-export", "own.tex"),
        ("--layersnap-export", "snapshots/test_a/test_x.csv"),
    ],
)
def test_a_file_of_others(recorded: Project, arguments: tuple[str, str]) -> None:
    """It is left alone; what an earlier run wrote is replaced."""
    option, name = arguments
    if name.startswith("own"):
        recorded.run(option, name).assert_outcomes(passed=1)
        recorded.run(option, name).assert_outcomes(passed=1)
        put(recorded, name)
    refused(recorded, option, name)


def test_a_workbook_of_others(recorded: Project) -> None:
    """A workbook tells who made it."""
    openpyxl = pytest.importorskip("openpyxl")
    for _ in range(2):
        recorded.run("--layersnap-export", "own.xlsx").assert_outcomes(passed=1)
    openpyxl.Workbook().save(recorded.path / "own.xlsx")
    assert "left alone" in refused(recorded, "--layersnap-export", "own.xlsx")


@pytest.mark.parametrize("name", ["own.html", "own.svg", "own.md", "own.txt", "own.mmd"])
def test_files_that_the_command_writes(recorded: Project, name: str) -> None:
    """``--output`` of ``diff`` and ``flow`` replaces what it wrote, and nothing else."""
    snapshot = "snapshots/test_a/test_x.csv"
    formats = {".svg": "svg", ".md": "markdown", ".txt": "table", ".mmd": "mermaid"}
    command = ["flow", snapshot, "--format", formats.get(name[3:], ""), "--output", name]
    if name.endswith(".html"):
        command = ["diff", snapshot, snapshot, "--output", name]
    for _ in range(2):
        assert layersnap(recorded, *command).ret == 0
    put(recorded, name)
    result = layersnap(recorded, *command)
    assert result.ret == 2
    result.stderr.fnmatch_lines([f"layersnap: {name} is there, *left alone*"])
    assert (recorded.path / name).read_text() == NOTES


def test_only_what_a_report_wrote_is_deleted(recorded: Project) -> None:
    """A later report deletes the files of the earlier one; those that were put there since stay."""
    recorded.write(test_a=TEST.format(units=5))
    recorded.run("--layersnap-report", "out")
    own = put(
        recorded,
        "out/recorded/own.csv",
        (recorded.path / "snapshots/test_a/test_x.csv").read_text(),
    )
    replaced = put(recorded, "out/drifts/test_a/test_x.html")
    recorded.write(test_a=TEST.format(units=3))
    recorded.run("--layersnap-report", "out").assert_outcomes(passed=1)
    assert own.is_file()
    assert replaced.read_text() == NOTES
    assert not (recorded.path / "out/received").exists()
    recorded.write(test_a=TEST.format(units=5))
    result = recorded.run("--layersnap-report", "out")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["error: *test_x.html is there, and no report of layersnap wrote it*"]
    )
    assert replaced.read_text() == NOTES


def test_a_list_that_leads_elsewhere(recorded: Project) -> None:
    """A report from elsewhere does not choose what is deleted."""
    recorded.run("--layersnap-report", "out")
    path = recorded.path / "out/report.json"
    text = path.read_text().replace('"report.md"', '"../snapshots/test_a/test_x.csv", "report.md"')
    path.write_text(text)
    recorded.run("--layersnap-report", "out").assert_outcomes(passed=1)
    assert list(recorded.snapshots()) == ["test_a/test_x.csv"]


MANY = """
import os
import pytest
from tables import table

@pytest.mark.parametrize("number", range(4))
def test_x(layersnap, number):
    layersnap.check(table(number))
    if number == 2:
        {ending}
"""


@pytest.mark.parametrize(
    ("ending", "arguments", "code", "why"),
    [
        ("raise KeyboardInterrupt", (), 2, "the run was interrupted"),
        ("pytest.exit('enough')", (), 2, "the run was interrupted"),
        ("assert False", ("-x",), 1, "the run did not come to its end"),
    ],
)
def test_an_interrupted_update(
    project: Project, ending: str, arguments: tuple[str, ...], code: int, why: str
) -> None:
    """What passed is recorded; one line says so, and what was not."""
    project.write(test_a=MANY.format(ending=ending))
    result = project.run(UPDATE, *arguments)
    assert result.ret == code
    result.stdout.fnmatch_lines([f"{why}: 2 snapshots were recorded; * did not run"])
    assert len(project.snapshots()) == 2


@pytest.mark.parametrize(
    ("ending", "line"),
    [
        ("os._exit(1)", "a worker did not come to its end: 2 snapshots were recorded"),
        (
            "raise KeyboardInterrupt",
            "the run was interrupted: 2 snapshots were recorded; 1 test did not run",
        ),
    ],
)
def test_an_update_whose_worker_ends(project: Project, ending: str, line: str) -> None:
    """What the worker had told of is recorded, and one line says so."""
    pytest.importorskip("xdist")
    project.write(test_a=MANY.format(ending=ending))
    result = project.run(UPDATE, "-n1", "--max-worker-restart=0", plugins=("layersnap", "xdist"))
    assert result.ret in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    result.stdout.fnmatch_lines([line])
    assert list(project.snapshots()) == ["test_a/test_x-0.csv", "test_a/test_x-1.csv"]


def test_an_update_that_is_interrupted_while_it_writes(project: Project) -> None:
    """The files that were written are named, and those that were not."""
    project.write(
        test_a=MANY.format(ending="pass"),
        conftest="""
import os
from pytest_layersnap import writing

move, moved = writing._Staged.move, []

def interrupted(self):
    if len(moved) == 2:
        raise KeyboardInterrupt
    moved.append(self)
    move(self)

writing._Staged.move = interrupted
""",
    )
    result = project.run(UPDATE)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(
        [
            "the run did not come to its end: 2 snapshots were recorded; "
            "not recorded: snapshots/test_a/test_x-2.csv, snapshots/test_a/test_x-3.csv"
        ]
    )
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert list(project.snapshots()) == ["test_a/test_x-0.csv", "test_a/test_x-1.csv"]
