"""What the plugin costs those who don't use it."""

from __future__ import annotations

import pytest

from .project import Project

HEAVY = ("keras", "tensorflow", "jax", "torch", "numpy", "pandas", "deepdiff")
OURS = (
    "pytest_layersnap.compare",
    "pytest_layersnap.csvfile",
    "pytest_layersnap.export",
    "pytest_layersnap.flow",
    "pytest_layersnap.snapshots.fixture",
    "pytest_layersnap.snapshots.naming",
    "pytest_layersnap.snapshots.reads",
)


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
