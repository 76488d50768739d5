"""One check that can't be recorded, or a file in the way: said in one line, and nothing else is lost."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from .project import Project

pytestmark = pytest.mark.lifecycle

UPDATE = "--snapshot-update"

TEST = """
from dataclasses import replace
from tables import table

def edited(**cells):
    (layer,) = table().layers
    return replace(table(), layers=(replace(layer, **cells),))

def test_a(layersnap):
    layersnap.check(table(), name="a")

def test_bad(layersnap):
    layersnap.check({bad}, name={name!r})

def test_c(layersnap):
    layersnap.check(table(), name="c")
"""


@pytest.mark.parametrize("update", [(UPDATE,), ()])
@pytest.mark.parametrize(
    ("bad", "message"),
    [
        ('edited(layer_attributes="nope")', "layer 'head': layer_attributes holds no JSON *"),
        ('edited(weight_shapes="{}")', "layer 'head': weight_shapes should hold *"),
        ('edited(layer_name="\\ud800")', "layer_name is '?ud800', which no file can hold as text"),
        ('edited(dtype="a\\0")', "layer 'head': dtype is 'a?x00', which no file can hold as text"),
        ("edited(parameters=-1)", "layer 'head': parameters is '-1', and should be a whole number"),
        ("edited(parameters=True)", "layer 'head': parameters is 'True', and should be *"),
        ("edited(use_bias=True)", "layer 'head': use_bias is True (bool), and should be 'True'"),
        ("replace(table(), layers=())", "table: there is no row; every model has a layer"),
        ('replace(table(), recorded_with="\\udfff")', "*recorded_with is '?udfff', which no *"),
    ],
)
def test_a_table_that_can_not_be_written(
    project: Project, bad: str, message: str, update: tuple[str, ...]
) -> None:
    """It fails in its check, once; the other tests record what they would without it."""
    project.write(test_a=TEST.format(bad=bad, name="bad"))
    result = project.run(*update)
    result.assert_outcomes(**({"passed": 2, "failed": 1} if update else {"failed": 3}))
    result.stdout.fnmatch_lines([f"E  *TableError: {message}"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")
    assert list(project.snapshots()) == (["a.csv", "c.csv"] if update else [])


def in_the_way(path: Path, kind: str) -> None:
    """Put something at a path that no snapshot can be."""
    if kind == "loop":
        path.symlink_to(path.name)
    elif kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)


@pytest.mark.skipif(sys.platform == "win32", reason="links and pipes are POSIX")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("loop", "snapshots/b.csv: not read: its symbolic links lead in a circle; delete them"),
        ("folder", "snapshots/b.csv: a folder is in the way; *"),
        ("pipe", "snapshots/b.csv: not read: it is no plain file"),
    ],
)
def test_what_is_in_the_way_of_one(
    project: Project, kind: str, message: str, workers: tuple[str, ...]
) -> None:
    """Its check says what it is; it is left alone, and the others are recorded."""
    project.write(test_a=TEST.format(bad="table()", name="b"))
    (project.path / "snapshots").mkdir()
    in_the_way(project.path / "snapshots/b.csv", kind)
    for update in ((), (UPDATE,)):
        result = project.run(*workers, *update)
        result.stdout.fnmatch_lines([f"E  *StoreError: {message}"])
    result.assert_outcomes(passed=2, failed=1)
    assert {"a.csv", "c.csv"} <= project.snapshots().keys()


@pytest.mark.skipif(sys.platform == "win32", reason="pipes are POSIX")
def test_a_pipe_in_the_project(project: Project) -> None:
    """Nobody waits for its other end, neither among the tests nor among the snapshots."""
    project.write(test_a=TEST.format(bad="table()", name="b"))
    project.run(UPDATE).assert_outcomes(passed=3)
    unused = project.path / "snapshots/unused.csv"
    unused.write_bytes((project.path / "snapshots/a.csv").read_bytes())
    for path in ("notes.txt", "guide.py", "snapshots/pipe.csv"):
        os.mkfifo(project.path / path)
    for update in ((), (UPDATE,)):
        project.run(*update).assert_outcomes(passed=3)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_folder_that_leads_in_a_circle(project: Project) -> None:
    """It is said before the tests run."""
    project.write(test_a=TEST.format(bad="table()", name="b"))
    (project.path / "snapshots").symlink_to("snapshots")
    result = project.run(UPDATE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*layersnap_dir = snapshots: its symbolic links lead in a circle*"]
    )


SHARED = """
import pytest
from dataclasses import replace
from tables import table

def typed(dtype, units=3):
    (layer,) = table(units).layers
    return replace(table(), layers=(replace(layer, dtype=dtype),))

def test_c(layersnap):
    layersnap.check(typed("b"), name="m", ignore={"dtype"})

def test_b(layersnap):
    layersnap.check(typed("a"), name="m", ignore={"dtype"})
"""


def test_tables_that_differ_in_what_is_left_out(project: Project, workers: tuple[str, ...]) -> None:
    """They are one for recording too, and the same one is recorded in whatever order they run."""
    project.write(test_a=SHARED)
    project.run(*workers, UPDATE).assert_outcomes(passed=2)
    assert b",a,[]," in project.snapshots()["m.csv"]
    project.run(*workers).assert_outcomes(passed=2)
    project.write(
        test_a=SHARED.replace('typed("a")', 'typed("a", 5)').replace('typed("b")', 'typed("b", 5)')
    )
    project.run(*workers, UPDATE).assert_outcomes(passed=2)
    assert b'"(None, 5)"' in project.snapshots()["m.csv"]


def test_the_check_that_leaves_nothing_out_decides(project: Project) -> None:
    """What is recorded is right for all of them."""
    project.write(
        test_a=SHARED
        + '\ndef test_strict(layersnap):\n    layersnap.check(typed("strict"), name="m")\n'
    )
    project.run(UPDATE).assert_outcomes(passed=3)
    project.run().assert_outcomes(passed=3)


def test_tables_that_differ_in_what_counts(project: Project) -> None:
    """No table is right for both checks, so none is recorded."""
    project.write(test_a=SHARED.replace('typed("a")', 'typed("a", 5)'))
    result = project.run(UPDATE)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["error: snapshots/m.csv: *record different tables*"])
    assert project.snapshots() == {}
