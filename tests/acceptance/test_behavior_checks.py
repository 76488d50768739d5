"""Numbers of layers from the check to the file: who asks, what decides, and what is written."""

from __future__ import annotations

import pytest

from .project import Project

UPDATE = "--snapshot-update"

TEST = """
import json, os
from dataclasses import replace
import pytest
from tables import table as plain

def table():
    numbers = [float(os.environ.get("NUMBER", 1))] * 8
    cell = "" if os.environ.get("BARE") else json.dumps({{"inference": numbers}})
    return replace(plain(), layers=tuple(replace(row, behavior=cell) for row in plain()))

{mark}
def test_x(layersnap):
    layersnap.check(table(){argument})
"""


def write(project: Project, argument: str = "", mark: str = "") -> None:
    """A test of a table whose numbers the environment says."""
    project.write(test_a=TEST.format(argument=argument, mark=mark))


@pytest.mark.parametrize("how", ["argument", "marker", "ini"])
def test_a_snapshot_without_numbers(
    project: Project, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """A check that asks for them fails and says how they are recorded; recording is that easy."""
    monkeypatch.setenv("BARE", "1")
    write(project)
    project.run(UPDATE).assert_outcomes(passed=1)
    (before,) = project.snapshots().values()
    assert b"behavior" not in before.splitlines()[0]
    monkeypatch.delenv("BARE")
    if how == "ini":
        project.ini("pythonpath = .\nlayersnap_behavior = true")
    write(
        project,
        argument=", behavior=True" if how == "argument" else "",
        mark="@pytest.mark.layersnap(behavior=True)" if how == "marker" else "",
    )
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "E  *NoBehavior: snapshots/test_a/test_x.csv was recorded without the numbers that*",
            "E * pytest --snapshot-update *",
        ]
    )
    result = project.run(UPDATE)
    result.stdout.fnmatch_lines(
        ["updated snapshots/test_a/test_x.csv: the numbers that its layers *"]
    )
    project.run().assert_outcomes(passed=1)
    monkeypatch.setenv("BARE", "1")
    result = project.run()
    result.stdout.fnmatch_lines(["E  *NoBehavior: the given table lacks the numbers *"])


def test_noise(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is noise is no drift and changes no byte; a project may take more for noise."""
    write(project)
    project.run(UPDATE).assert_outcomes(passed=1)
    before = project.snapshots()
    monkeypatch.setenv("NUMBER", "1.000001")
    project.run(UPDATE).assert_outcomes(passed=1)
    assert project.snapshots() == before
    monkeypatch.setenv("NUMBER", "1.001")
    result = project.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*m: same architecture, other numbers*"])
    project.ini("pythonpath = .\nlayersnap_behavior_tolerance = 20")
    result = project.run()
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["layersnap: numbers may differ by 20 times as much as usual"])
    project.ini("pythonpath = .\nlayersnap_behavior_tolerance = none")
    assert project.run().ret == pytest.ExitCode.USAGE_ERROR


def test_two_checks_of_one_snapshot(project: Project) -> None:
    """The one that asks is recorded, whichever comes first; the other takes it."""
    project.write(
        test_a=TEST.format(argument=', name="a"', mark="")
        + """
def test_bare(layersnap):
    layersnap.check(plain(), name="a")
"""
    )
    for order in (
        ("test_a.py::test_x", "test_a.py::test_bare"),
        (
            "test_a.py::test_bare",
            "test_a.py::test_x",
        ),
    ):
        project.run(UPDATE, *order).assert_outcomes(passed=2)
        (data,) = project.snapshots().values()
        assert b"behavior" in data.splitlines()[0]
        (project.path / "snapshots" / "a.csv").unlink()
