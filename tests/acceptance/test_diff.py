"""The command ``layersnap diff``."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from .project import Project

TEST = """
from tables import table

def test_all(layersnap):
    layersnap.check_all({{"old/net": table({units}), "other": table(3)}})
"""
HEAD = "*(None, 3) → (None, 5)*"


@pytest.fixture
def committed(project: Project) -> Project:
    """A project with two snapshots, of which git has other states."""
    project.write(test_a=TEST.format(units=3))
    project.run("--snapshot-update").assert_outcomes(passed=1)
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.com"]
    for arguments in (["init", "-q"], ["add", "snapshots"], ["commit", "-qm", "a"], ["tag", "v1"]):
        subprocess.run([*git, *arguments], cwd=project.path, check=True)
    project.write(test_a=TEST.format(units=5))
    project.run("--snapshot-update").assert_outcomes(passed=1)
    return project


def diff(project: Project, *arguments: str) -> pytest.RunResult:
    """Run the command in the project's folder."""
    return project.pytester.run(sys.executable, "-m", "pytest_layersnap", "diff", *arguments)


def test_names(committed: Project) -> None:
    """A snapshot is named as in a check, by its file, or by its last part."""
    for recorded in ("other", "snapshots/other.csv"):
        for current in ("old/net", "net"):
            result = diff(committed, recorded, current)
            assert result.ret == 1
            result.stdout.fnmatch_lines([HEAD])
    assert diff(committed, "other", "other").ret == 0


def test_revisions(committed: Project) -> None:
    """What git has is the recorded side; the snapshot may be gone since."""
    result = diff(committed, "net", "--against", "v1")
    assert result.ret == 1
    result.stdout.fnmatch_lines([HEAD])
    assert diff(committed, "other", "--against", "v1").ret == 0
    (committed.path / "snapshots/old/net.csv").unlink()
    result = diff(committed, "old/net", "other", "--against", "v1")
    result.stdout.fnmatch_lines(["other has drifted: model renamed"])
    for arguments, said in (
        (["other", "--against", "nowhere"], "git has no other in nowhere: *"),
        (["unknown", "--against", "v1"], "git has no unknown in v1: *"),
        (["pkg:build", "--against", "v1"], "--against takes a snapshot, *"),
        (["other"], "say what to compare other with: *"),
    ):
        result = diff(committed, *arguments)
        assert result.ret == 2
        result.stderr.fnmatch_lines([f"layersnap: {said}"])


def test_formats(committed: Project) -> None:
    """A format is named, or told by the ending of the file; a file of others is left alone."""
    told = diff(committed, "other", "net", "--format", "json").stdout.str()
    assert json.loads(told)["changes"][-1]["layer"] == "head"
    for name, begins in (
        ("a.json", "{"),
        ("a.md", "<details>"),
        ("a.txt", "old/net has drifted"),
        ("a.html", "<!DOCTYPE"),
    ):
        for _ in range(2):
            assert diff(committed, "other", "net", "--output", name).ret == 1
        path = committed.path / name
        assert path.read_text().lower().startswith(begins.lower())
        path.write_text("mine")
        assert diff(committed, "other", "net", "--output", name).ret == 2
        assert path.read_text() == "mine"
    assert diff(committed, "other", "net", "--output", "a.pdf").ret == 2


def test_version(committed: Project) -> None:
    """The command says which it is."""
    result = committed.pytester.run(sys.executable, "-m", "pytest_layersnap", "--version")
    result.stdout.re_match_lines([r"layersnap \d+\.\d+"])
