"""Beside other snapshot plugins: each keeps its own, in whatever order they are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

import pytest

from .project import Project


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A snapshot plugin: what to load, a test that uses it, and the flags that record."""

    plugins: tuple[str, ...]
    fixture: str
    check: str
    flags: tuple[str, ...] = ()


NEIGHBOURS = {
    "syrupy": Neighbour(("syrupy",), "snapshot", "assert [1] == snapshot"),
    "pytest_snapshot": Neighbour(
        ("pytest_snapshot.plugin",), "snapshot", "snapshot.assert_match('1', 'one.csv')"
    ),
    "snapshottest": Neighbour(("snapshottest.pytest",), "snapshot", "snapshot.assert_match([1])"),
    "pytest_insta": Neighbour(
        ("pytest_insta.plugin",), "snapshot", "assert snapshot() == '1'", ("--insta", "update")
    ),
    "pytest_regressions": Neighbour(
        ("pytest_datadir.plugin", "pytest_regressions.plugin"),
        "data_regression",
        "data_regression.check({'one': 1})",
        ("--force-regen",),
    ),
    "inline_snapshot": Neighbour(
        ("inline_snapshot",),
        "tmp_path",
        "from inline_snapshot import snapshot\n    assert 1 == snapshot(1)",
    ),
}

TEST = """
from tables import table

def test_theirs({fixture}):
    {check}

def test_both(layersnap, {fixture}):
    layersnap.check(table())
    layersnap.check(table(), name="shared/m")
"""


@pytest.mark.parametrize("order", ["first", "last"])
@pytest.mark.parametrize("name", NEIGHBOURS)
def test_a_neighbour(project: Project, name: str, order: str) -> None:
    """Both record, both hold, and cleaning up touches nothing of theirs."""
    if not find_spec(name):
        pytest.skip(f"{name} is not installed")
    neighbour = NEIGHBOURS[name]
    ours = ("layersnap",)
    plugins = (*ours, *neighbour.plugins) if order == "first" else (*neighbour.plugins, *ours)
    project.write(test_a=TEST.format(fixture=neighbour.fixture, check=neighbour.check))
    project.run("--snapshot-update", *neighbour.flags, plugins=plugins)
    before = project.snapshots(".")
    assert {"snapshots/test_a/test_both.csv", "snapshots/shared/m.csv"} <= before.keys()
    result = project.run(plugins=plugins)
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    theirs = {
        path: data
        for path, data in before.items()
        if path.startswith("snapshots/") or "__snapshots__" in path or path.startswith("test_a/")
    }

    text = (project.path / "test_a.py").read_text()
    project.write(test_a=text.replace("    layersnap.check(table())\n", ""))
    project.run("--snapshot-update", plugins=plugins)
    after = project.snapshots(".")
    gone = {path for path, data in theirs.items() if after.get(path) != data}
    assert gone == {"snapshots/test_a/test_both.csv"}
    assert project.run(plugins=plugins).ret == 0
