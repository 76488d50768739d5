"""Several tests and one file."""

from __future__ import annotations

from .project import Project

UPDATE = "--snapshot-update"


def test_one_name_with_one_table(project: Project, workers: tuple[str, ...]) -> None:
    """Any number of tests may hold one named table."""
    project.write(
        test_a="""
import pytest
from tables import table

@pytest.mark.parametrize("time", range(6))
def test_x(layersnap, time):
    layersnap.check(table(version=f"Keras {time}"), name="m")
"""
    )
    result = project.run(*workers, UPDATE)
    result.assert_outcomes(passed=6)
    assert result.ret == 0
    assert list(project.snapshots()) == ["m.csv"]
    project.run(*workers).assert_outcomes(passed=6)


def test_one_name_with_two_tables(project: Project, workers: tuple[str, ...]) -> None:
    """Tests that would overwrite each other's table are named, and nothing is written."""
    project.write(
        test_a="""
from tables import table

def test_x(layersnap):
    layersnap.check(table(3), name="m")

def test_y(layersnap):
    layersnap.check(table(4), name="m")

def test_z(layersnap):
    layersnap.check(table(4), name="other")
"""
    )
    result = project.run(*workers, UPDATE)
    result.assert_outcomes(passed=3)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["error: snapshots/m.csv: *record different tables*"])
    (error,) = [line for line in result.outlines if line.startswith("error: ")]
    assert "test_a.py::test_x" in error
    assert "test_a.py::test_y" in error
    assert list(project.snapshots()) == ["other.csv"]


def test_names_that_differ_by_case_alone(project: Project, workers: tuple[str, ...]) -> None:
    """On any system, two tests that Windows and macOS would give one file are named."""
    project.write(
        test_a="""
import pytest
from tables import table

@pytest.mark.parametrize("size", ["A", "a"])
def test_x(layersnap, size):
    layersnap.check(table())
"""
    )
    result = project.run(*workers, UPDATE)
    result.assert_outcomes(passed=2)
    assert result.ret == 1
    assert project.snapshots() == {}
    errors = [line for line in result.outlines if line.startswith("error: ")]
    assert len(errors) == 2
    for error in errors:
        assert "test_a.py::test_x[A]" in error
        assert "test_a.py::test_x[a]" in error


def test_awkward_parameters_have_files_of_their_own(project: Project) -> None:
    """Parameters that other tools would give one file keep their tables apart."""
    project.write(
        test_a="""
import pytest
from tables import table

SIZES = {"<": 1, ">": 2, "a/b": 3, "a b": 4, "con": 5, "é": 6, "🙂": 7, "x" * 300: 8, "..": 9}

@pytest.mark.parametrize("size", SIZES)
def test_x(layersnap, size):
    layersnap.check(table(SIZES[size]))
    layersnap.check(table(SIZES[size] + 100))
"""
    )
    project.run(UPDATE).assert_outcomes(passed=9)
    assert len(set(project.snapshots().values())) == 18
    result = project.run()
    result.assert_outcomes(passed=9)
    assert result.ret == 0
