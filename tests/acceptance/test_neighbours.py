"""Beside other snapshot plugins: each keeps its own, in whatever order they are loaded."""

from __future__ import annotations

import html
import json
import re
from dataclasses import dataclass
from importlib.util import find_spec

import pytest

from .project import Project

PAIR = """
from tables import table

def test_drifted(layersnap):
    layersnap.check(table({units}))

def test_same(layersnap):
    layersnap.check(table(2))
"""


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


@pytest.mark.skipif(not find_spec("pytest_html"), reason="pytest_html is not installed")
@pytest.mark.parametrize("report", ["ours", "ours/run.html"])
def test_pytest_html_leads_to_our_report(
    project: Project, workers: tuple[str, ...], report: str
) -> None:
    """From the row of the test that drifted, and from no other, wherever both were written."""
    project.write(test_a=PAIR.format(units=3))
    project.run("--snapshot-update").assert_outcomes(passed=2)
    project.write(test_a=PAIR.format(units=5))
    arguments = (*workers, "--layersnap-report", report, "--html", "theirs/a/report.html")
    result = project.run(*arguments, plugins=("metadata", "html", "layersnap"))
    result.assert_outcomes(passed=1, failed=1)
    links = linked(project)
    assert list(links) == ["test_a.py::test_drifted"]
    ((address, name),) = links["test_a.py::test_drifted"]
    assert name == "layersnap: test_a/test_drifted"
    path, _, anchor = address.partition("#")
    page = (project.path / "theirs" / "a" / path).read_text(encoding="utf-8")
    assert "<code>m</code> has drifted" in page
    assert bool(anchor) == report.endswith(".html")
    assert not anchor or f'<article id="{anchor}">' in page


def linked(project: Project) -> dict[str, list[tuple[str, str]]]:
    """By test, the addresses and names of the links in its row in the report of pytest-html."""
    page = (project.path / "theirs/a/report.html").read_text(encoding="utf-8")
    blob = re.search(r'data-jsonblob="([^"]*)"', page)
    assert blob is not None
    tests = json.loads(html.unescape(blob[1]))["tests"]
    found = {
        test: re.findall(r'<a [^>]*href="(.*?)"[^>]*>(.*?)</a>', str(row["resultsTableRow"]))
        for test, rows in tests.items()
        for row in rows
    }
    return {test: links for test, links in found.items() if links}
