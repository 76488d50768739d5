"""What a run leaves for CI: reports, the job's summary, and shards that are judged together."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
from typing import Any

import pytest

from pytest_layersnap import compare, csvfile
from pytest_layersnap.snapshots import reports
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.run import Run

from ..comparison.tables import mlp
from ..report.schemas import validate
from .project import Project

pytestmark = pytest.mark.lifecycle

UPDATE = "--snapshot-update"

TEST = """
from tables import table

def test_x(layersnap):
    layersnap.check(table({units}))

def test_named(layersnap):
    layersnap.check(table(2), name="{name}")
"""

OTHER = """
from tables import table

def test_y(layersnap):
    layersnap.check(table(4), name="shared/y")
"""


@pytest.fixture
def recorded(project: Project) -> Project:
    """A project of two files whose tests hold."""
    project.write(test_a=TEST.format(units=3, name="m"), test_b=OTHER)
    project.run(UPDATE).assert_outcomes(passed=3)
    return project


def report(project: Project, folder: str = "out") -> dict[str, Any]:
    """The JSON of a report, which is what its schema says."""
    data: dict[str, Any] = json.loads((project.path / folder / "report.json").read_bytes())
    validate(data, "report")
    return data


def layersnap(project: Project, *arguments: str) -> pytest.RunResult:
    """Run the command in the project's folder."""
    return project.pytester.run(sys.executable, "-m", "pytest_layersnap", *arguments)


def test_the_report_of_a_run(recorded: Project, workers: tuple[str, ...]) -> None:
    """JSON, Markdown, and both tables of what drifted."""
    recorded.write(test_a=TEST.format(units=5, name="new"))
    result = recorded.run(*workers, "--layersnap-report", "out")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines([f"report: {os.path.join('out', 'index.html')}"])
    data = report(recorded)
    assert data["schema"] == 1
    assert data["failed"] is True
    assert data["counts"] == {"drifted": 1, "missing": 1}
    assert data["unused"] == {
        "setting": "warn",
        "snapshots": [],
        "unjudged": "2 tests failed",
    }
    found = {check["snapshot"]: check for check in data["checks"]}
    assert list(found) == ["new.csv", "shared/y.csv", "test_a/test_x.csv"]
    assert [check["finding"] for check in found.values()] == ["missing", "same", "drifted"]
    drifted = found["test_a/test_x.csv"]
    assert drifted["test"] == "test_a.py::test_x"
    assert set(drifted["drift"]["categories"]) == {"shape", "parameters"}
    files = recorded.snapshots("out")
    assert list(files) == [
        "drifts/test_a/test_x.html",
        "index.html",
        "received/new.csv",
        "received/test_a/test_x.csv",
        "recorded/test_a/test_x.csv",
        "report.json",
        "report.md",
    ]
    text = files["report.md"].decode()
    assert text.startswith("## layersnap\n\n- 1 drifted: snapshots/test\\_a/test\\_x.csv\n")
    assert "    pytest --snapshot-update test_a.py::test_x" in text
    page = files["drifts/test_a/test_x.html"].decode()
    assert "<h1><code>m</code> has drifted</h1>" in page
    assert "pytest --snapshot-update test_a.py::test_x" in page
    index = files["index.html"].decode()
    assert "<h1>1 drifted, 1 missing, 1 same</h1>" in index
    assert 'href="drifts/test_a/test_x.html"' in index
    paths = ["out/recorded/test_a/test_x.csv", "out/received/test_a/test_x.csv"]
    assert layersnap(recorded, "diff", *paths).ret == 1


def test_a_report_says_when_and_of_what(recorded: Project) -> None:
    """The date, the commit, whether files differ from it, and the Python; joined ones say each once."""
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org"]
    for arguments in (["init", "-q"], ["add", "test_b.py"], ["commit", "-qm", "a"]):
        subprocess.run([*git, *arguments], cwd=recorded.path, check=True)
    recorded.run("--layersnap-report", "out")
    when, commit, where = report(recorded)["circumstances"].split(" · ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", when)
    assert re.fullmatch(r"commit [0-9a-f]{10,}", commit)
    assert where.startswith(f"Python {platform.python_version()} on ")
    recorded.write(test_b=OTHER + "\n")
    recorded.run("--layersnap-report", "out")
    page = (recorded.path / "out" / "index.html").read_text()
    assert f"{commit}, with changes · {where}" in page
    layersnap(recorded, "merge", "out", "out", "--output", "all")
    assert report(recorded, "all")["circumstances"] == report(recorded)["circumstances"]


def test_a_report_replaces_the_one_before(recorded: Project) -> None:
    """What has been mended is not in the next report; files of others stay."""
    recorded.write(test_a=TEST.format(units=5, name="m"))
    recorded.run("--layersnap-report", "out")
    (recorded.path / "out/drifts/own.html").write_text("<p>mine")
    recorded.write(test_a=TEST.format(units=3, name="m"))
    recorded.run("--layersnap-report", "out").assert_outcomes(passed=3)
    assert list(recorded.snapshots("out")) == [
        "drifts/own.html",
        "index.html",
        "report.json",
        "report.md",
    ]
    assert report(recorded)["failed"] is False


def test_the_report_of_a_run_as_one_page(recorded: Project) -> None:
    """Where a file is asked for: the index, and below it what its links lead to."""
    recorded.write(test_a=TEST.format(units=5, name="new"))
    recorded.run("--layersnap-report", "out/run.html").assert_outcomes(passed=1, failed=2)
    assert list(recorded.snapshots("out")) == ["run.html"]
    page = (recorded.path / "out/run.html").read_text(encoding="utf-8")
    assert "<h1>1 drifted, 1 missing, 1 same</h1>" in page
    assert "<h1><code>m</code> has drifted</h1>" in page
    assert 'href="#drifts/test_a/test_x.html"' in page
    assert '<article id="drifts/test_a/test_x.html">' in page
    result = layersnap(recorded, "merge", "out/run.html")
    assert result.ret == 2
    result.stderr.fnmatch_lines(
        ["layersnap: out/run.html: a page can't be merged; *--layersnap-report DIR"]
    )
    recorded.run("--layersnap-report", "dir")
    assert layersnap(recorded, "merge", "dir", "--output", "joint.html").ret == 1
    assert (recorded.path / "joint.html").read_text(encoding="utf-8") == page


def test_what_was_recorded_is_reported(recorded: Project) -> None:
    """A run that records says what it did."""
    recorded.write(test_a=TEST.format(units=5, name="new"))
    recorded.run(UPDATE, "--layersnap-report", "out").assert_outcomes(passed=3)
    data = report(recorded)
    assert data["created"] == {"new.csv": "1 layer, 10 parameters"}
    assert list(data["updated"]) == ["test_a/test_x.csv"]
    assert data["deleted"] == ["m.csv"]
    index = (recorded.path / "out/index.html").read_text(encoding="utf-8")
    assert "<h1>1 created, 1 updated, 1 same</h1>" in index
    assert "deleted snapshots/m.csv: no test uses it" in index


def test_the_page_about_two_files(recorded: Project) -> None:
    """What the command would print, to be opened in a browser."""
    old, new = "snapshots/m.csv", "snapshots/test_a/test_x.csv"
    assert layersnap(recorded, "diff", old, new, "--output", "drift.html").ret == 1
    page = (recorded.path / "drift.html").read_text(encoding="utf-8")
    assert "<h1><code>m</code> has drifted</h1>" in page
    assert "accept" not in page
    result = layersnap(recorded, "diff", old, new, "--output", "none/drift.html")
    assert result.ret == 2
    result.stderr.fnmatch_lines(["layersnap: none/drift.html: No such file or directory"])


@pytest.mark.parametrize("setting", ["warn", "error"])
def test_shards_are_judged_together(recorded: Project, setting: str) -> None:
    """No shard alone can tell that a snapshot is unused; all of them can."""
    recorded.ini(f"pythonpath = .\nlayersnap_unused = {setting}")
    recorded.write(test_a=TEST.format(units=3, name="shared/y"))
    text = recorded.path / "test_a.py"
    text.write_text(text.read_text().replace("table(2)", "table(4)"))
    for number, arguments in enumerate((["test_a.py"], ["test_b.py"])):
        result = recorded.run(*arguments, "--layersnap-report", f"out{number}")
        assert result.ret == 0
        assert report(recorded, f"out{number}")["unused"]["snapshots"] == []
    result = layersnap(recorded, "merge", "out0", "out1/report.json", "--output", "all")
    assert result.ret == (1 if setting == "error" else 0)
    result.stdout.fnmatch_lines(["1 unused: snapshots/m.csv"])
    assert report(recorded, "all")["unused"]["snapshots"] == ["m.csv"]
    assert layersnap(recorded, "merge", "all").ret == result.ret

    result = layersnap(recorded, "merge", "out0")
    result.stdout.fnmatch_lines(["unused snapshots not judged: test_b.py was not collected"])
    assert result.ret == 0


def test_shards_with_drift(recorded: Project) -> None:
    """The drift of any shard is the drift of all, with its tables."""
    recorded.write(test_a=TEST.format(units=5, name="m"))
    recorded.run("test_a.py", "--layersnap-report", "out0")
    recorded.run("test_b.py", "--layersnap-report", "out1")
    result = layersnap(recorded, "merge", "out0", "out1", "--output", "all")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["1 drifted: snapshots/test_a/test_x.csv"])
    one, both = report(recorded, "out0"), report(recorded, "all")
    assert [check for check in both["checks"] if check["drift"]] == [
        check for check in one["checks"] if check["drift"]
    ]
    joint = recorded.snapshots("all")
    assert {"index.html", "drifts/test_a/test_x.html", "recorded/test_a/test_x.csv"} <= set(joint)
    assert b"<h1>1 drifted, 2 same</h1>" in joint["index.html"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "out/report.json: its schema is 2, and this layersnap reads 1; *"),
        ({"folder": None, "checks": 3}, "out/report.json: not a report of layersnap *"),
        ({"facts": {}}, "out/report.json: not a report of layersnap *"),
    ],
)
def test_reports_that_can_not_be_read(
    recorded: Project, change: dict[str, Any], message: str
) -> None:
    """A report of another version, or a broken one, is refused in one line."""
    recorded.run("--layersnap-report", "out")
    path = recorded.path / "out/report.json"
    path.write_text(json.dumps(report(recorded) | change))
    result = layersnap(recorded, "merge", "out")
    assert result.ret == 2
    result.stderr.fnmatch_lines([f"layersnap: {message}"])


@pytest.mark.parametrize("snapshot", ["../x.csv", "/etc/x.csv", "C:/x.csv", "a/../../x.csv"])
def test_a_report_does_not_write_elsewhere(recorded: Project, snapshot: str) -> None:
    """Reports come from other machines; none of them chooses where files are written."""
    recorded.write(test_a=TEST.format(units=5, name="m"))
    recorded.run("--layersnap-report", "out")
    data = report(recorded)
    for check in data["checks"]:
        check["snapshot"] = snapshot
    (recorded.path / "out/report.json").write_text(json.dumps(data))
    result = layersnap(recorded, "merge", "out", "--output", "all")
    assert result.ret == 2
    result.stderr.fnmatch_lines(["*leaves its folder"])
    assert not (recorded.path / "all").exists()


def test_the_summary_of_a_job(recorded: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a job shows a summary, what the runs of a step have to say is appended to it."""
    summary = recorded.path / "summary.md"
    summary.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(summary))
    recorded.run().assert_outcomes(passed=3)
    assert summary.read_text() == "before\n"
    recorded.write(test_a=TEST.format(units=5, name="m"))
    recorded.run()
    text = summary.read_text(encoding="utf-8")
    assert text.startswith("before\n## layersnap\n")
    assert "<summary>m has drifted: 1 layer changed" in text


@pytest.mark.parametrize(("models", "drawn", "told"), [(20, 20, 20), (75, 0, 75), (200, 0, 80)])
def test_a_comment_that_is_too_long(models: int, drawn: int, told: int) -> None:
    """First nothing is drawn, then drifts are counted: a comment has 65,536 characters at most."""
    pairs = {f"m{n}.csv": (mlp(8, 8 + n, n + 4), mlp(8, 8 + n, n + 5)) for n in range(models)}
    drifts = {path: compare(*tables) for path, tables in pairs.items()}
    results = [
        Result(
            test=f"test_{path}",
            snapshot=path,
            name=path,
            number=0,
            finding="drifted",
            digest=path,
            table=csvfile.dump(pairs[path][1]).decode(),
            outcome="failed",
            accept="pytest --snapshot-update " + "x" * 100,
        )
        for path in drifts
    ]
    run = Run(folder="snapshots", update=False, unused="warn", results=tuple(results))
    text = reports.markdown(reports.Report(run, drifts))
    assert len(text) <= 65_536
    assert text.count("```mermaid") == drawn
    found = text.count("<summary>")
    assert text.count("</details>") == found
    assert found >= told
    assert text.endswith(f"… and {models - found} more.\n") == (found < models)


def test_a_report_that_can_not_be_written(recorded: Project) -> None:
    """A report that was asked for and is not there fails the run."""
    (recorded.path / "out").write_text("in the way")
    result = recorded.run("--layersnap-report", "out")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["error: *out*: report not written: *"])
