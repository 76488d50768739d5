"""What the plugin costs those who don't use it."""

from __future__ import annotations

import sys

import pytest

from .project import Project

HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy", "pandas", "deepdiff")
OURS = (
    "pytest_layersnap.comparison",
    "pytest_layersnap.csvfile",
    "pytest_layersnap.exports",
    "pytest_layersnap.flows",
    "pytest_layersnap.snapshots.commands",
    "pytest_layersnap.snapshots.fixture",
    "pytest_layersnap.snapshots.gathered",
    "pytest_layersnap.snapshots.naming",
    "pytest_layersnap.snapshots.reads",
    "pytest_layersnap.snapshots.session.checks",
)


@pytest.fixture(autouse=True)
def fresh(project: Project) -> None:
    """Forks have what earlier sessions imported."""
    project.forks = False


def test_an_unused_plugin_imports_nothing(project: Project) -> None:
    """A run whose tests use no snapshot loads neither data frames nor Keras."""
    project.write(
        test_a=f"""
import sys

def test_x():
    loaded = {{name.split(".")[0] for name in sys.modules}}
    assert "pytest_layersnap.plugin" in sys.modules
    assert not loaded & set({HEAVY!r})
    assert not sys.modules.keys() & set({OURS!r})
    assert not sys.modules["pytest_layersnap"]._homes.cache_info().misses
"""
    )
    project.run().assert_outcomes(passed=1)
    pytest.importorskip("xdist")
    project.run("-n1", plugins=("layersnap", "xdist")).assert_outcomes(passed=1)


def test_a_check_that_finds_no_drift_imports_nothing_heavy(project: Project) -> None:
    """Recording and comparing equal tables need neither data frames nor DeepDiff."""
    project.write(
        test_a=f"""
import sys
from tables import table

def test_x(layersnap):
    layersnap.check(table())
    assert not {{name.split(".")[0] for name in sys.modules}} & set({HEAVY!r})
"""
    )
    project.run("--snapshot-update").assert_outcomes(passed=1)
    project.run().assert_outcomes(passed=1)


@pytest.mark.usefixtures("keras")
@pytest.mark.once_a_generation
def test_a_check_that_does_not_ask_for_behavior_imports_none_of_it(project: Project) -> None:
    """Reading, recording and comparing a real model load nothing that evaluates layers."""
    project.write(
        test_a="""
import sys
from models import build

BEHAVIOR = "pytest_layersnap.extract.behavior"

def loaded():
    return {name for name in sys.modules if name.startswith(BEHAVIOR)}

def test_x(layersnap):
    layersnap.check(build())
    assert not loaded()
    before = {name for name in sys.modules if name.startswith("pytest_layersnap.")}
    layersnap.check(build(), name="y", behavior=True)
    after = {name for name in sys.modules if name.startswith("pytest_layersnap.")}
    # What asking loads is the room and nothing else, so that this is all there is to leave out.
    assert BEHAVIOR in after
    assert after - before <= loaded() | {"pytest_layersnap.extract.randomness",
                                         "pytest_layersnap.extract.as_before"}
"""
    )
    project.run("--snapshot-update").assert_outcomes(passed=1)


def test_equal_tables_are_told_by_their_bytes(project: Project) -> None:
    """To the end of the run, nothing that aligns, explains or reports is imported, nor is a row parsed."""
    project.write(
        test_a="""
from tables import table

def test_x(layersnap):
    layersnap.check(table(version="Keras 9, whatever"))
""",
        conftest="""
import sys
from pytest_layersnap import csvfile

def parsed(*args, **kwargs):
    raise AssertionError("parsed")

def pytest_configure():
    csvfile.load = csvfile.table_from_cells = parsed

def pytest_unconfigure():
    heavy = ("comparison", "extract", "report", "flows", "exports.files")
    print([name for name in sys.modules if name.startswith(tuple(f"pytest_layersnap.{x}" for x in heavy))])
""",
    )
    (project.path / "snapshots/test_a").mkdir(parents=True)
    code = "from tables import table; table().to_csv('snapshots/test_a/test_x.csv')"
    project.pytester.run(sys.executable, "-c", code)
    for update in ((), ("--snapshot-update",)):
        result = project.run("-s", *update)
        result.assert_outcomes(passed=1)
        assert result.outlines[-1] == "[]"
