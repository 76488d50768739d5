"""Files under pressure: killed runs, two runs at once, and trees that can't be written to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .project import Project

pytestmark = pytest.mark.lifecycle

UPDATE = "--snapshot-update"
ROOT = Path(__file__).parents[2]

TEST = """
import pytest
from tables import table

@pytest.mark.parametrize("number", range({first}, {last}))
def test_x(layersnap, number):
    layersnap.check(table({units} + number), name=f"shared/{{number}}")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
@pytest.mark.parametrize(("count", "workers"), [(10, 0), (2, 4)])
def test_killed_runs(count: int, workers: int) -> None:
    """A sample of the kill points: every snapshot is the old or the new one."""
    result = subprocess.run(
        [
            *(sys.executable, ROOT / "benchmarks/kill_points.py"),
            *(f"--count={count}", f"--workers={workers}"),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout.startswith(f"{count} runs killed")


def test_two_runs_at_once(project: Project) -> None:
    """Runs that record overlapping snapshots at the same time leave each of them whole."""
    project.write(
        test_a=TEST.format(first=0, last=30, units=1),
        test_b=TEST.format(first=10, last=40, units=1),
    )
    command = [sys.executable, "-m", "pytest", "-p", "layersnap", UPDATE]
    runs = [
        subprocess.Popen([*command, file], cwd=project.path, stdout=subprocess.DEVNULL)
        for file in ("test_a.py", "test_b.py", "test_a.py")
    ]
    assert [run.wait(120) for run in runs] == [0, 0, 0]
    assert list(project.snapshots()) == sorted(f"shared/{number}.csv" for number in range(40))
    project.run().assert_outcomes(passed=60)


def as_plain_user() -> list[str]:
    """What comes before a command so that modes of files hold for it, even for root."""
    if sys.platform == "win32":
        pytest.skip("modes are POSIX")
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root is refused nothing, and setpriv is not there")
    return ["setpriv", "--bounding-set=-dac_override"]


def test_a_read_only_tree(project: Project) -> None:
    """Where nothing can be written, checks work, and what can't be recorded is said."""
    command = [*as_plain_user(), sys.executable, "-mpytest", "-p", "layersnap"]
    project.write(test_a=TEST.format(first=0, last=1, units=1))
    project.run(UPDATE)
    before = project.snapshots()
    project.write(test_a=TEST.format(first=0, last=2, units=2))
    folders = [project.path, *(path for path in project.path.rglob("*") if path.is_dir())]
    for folder in folders:
        folder.chmod(0o555)
    try:
        project.pytester.run(*command).assert_outcomes(failed=2)
        result = project.pytester.run(*command, UPDATE)
    finally:
        for folder in folders:
            folder.chmod(0o755)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["error: snapshots/shared/0.csv: not written: Permission denied"])
    assert project.snapshots() == before


@pytest.mark.skipif(sys.platform == "win32", reason="limits are POSIX")
def test_no_space_left(project: Project) -> None:
    """Where the system lets no file grow, what was recorded stays, and no part of a file is left."""
    text = """
from dataclasses import replace
from tables import table

def test_x(layersnap):
    (layer,) = table({units}).layers
    layersnap.check(replace(table(), layers=(replace(layer, dtype="x" * 100_000),)))
"""
    project.write(test_a=text.format(units=1))
    project.run(UPDATE)
    before = project.snapshots()
    limit = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
    project.write(test_a=text.format(units=2), conftest=limit)
    result = project.run(UPDATE, "-p", "no:cacheprovider")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["error: snapshots/test_a/test_x.csv: not written: File too large"])
    assert project.snapshots() == before


def test_what_a_killed_run_left_is_swept(project: Project) -> None:
    """A temporary file that no run can still be writing is deleted, and a fresh one is not."""
    project.write(test_a=TEST.format(first=0, last=1, units=1))
    project.run(UPDATE)
    old, fresh = (project.path / f"snapshots/shared/.{n}.layersnap-tmp" for n in ("old", "fresh"))
    for path in (old, fresh):
        path.write_bytes(b"model,")
    os.utime(old, (0, 0))
    project.run(UPDATE).assert_outcomes(passed=1)
    assert not old.exists()
    assert fresh.exists()


def test_folders_of_other_projects(project: Project) -> None:
    """A folder with a pytest configuration of its own, and links, are not this project's to clean."""
    project.ini("pythonpath = .\nlayersnap_dir = kept")
    project.write(test_a=TEST.format(first=0, last=2, units=1))
    project.run(UPDATE)
    kept = project.path / "kept"
    other = kept / "library/snapshots"
    other.mkdir(parents=True)
    (kept / "library/pyproject.toml").touch()
    (other / "theirs.csv").write_bytes((kept / "shared/0.csv").read_bytes())
    (kept / "shared/target.csv").write_bytes((kept / "shared/0.csv").read_bytes())
    (kept / "shared/1.csv").unlink()
    (kept / "shared/1.csv").symlink_to("target.csv")
    (kept / "shared/link.csv").symlink_to("0.csv")
    before = project.snapshots("kept")
    result = project.run(UPDATE)
    result.assert_outcomes(passed=2)
    assert project.snapshots("kept").keys() == before.keys()
