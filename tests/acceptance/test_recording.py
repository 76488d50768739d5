"""What is written to disk, when, and what the run says about it."""

from __future__ import annotations

import subprocess

import pytest

from .project import Project

UPDATE = "--snapshot-update"


def test_the_life_of_a_snapshot(project: Project, workers: tuple[str, ...]) -> None:
    """Missing, created, the same, drifted, updated: one file through all of it."""
    project.write(
        tests__test_a="""
from tables import table
UNITS = 3

def test_x(layersnap):
    layersnap.check(table(UNITS))

class TestHead:
    def test_x(self, layersnap):
        layersnap.check(table(UNITS))
        layersnap.check(table(UNITS + 1))
        layersnap.check(table(UNITS), name="transfer/head")
"""
    )
    run = project.run
    result = run(*workers)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        ["2 missing: snapshots/tests/test_a/TestHead.test_x.csv, snapshots/tests/test_a/test_x.csv"]
    )
    assert project.snapshots() == {}

    result = run(*workers, UPDATE)
    result.assert_outcomes(passed=2)
    paths = [
        "tests/test_a/TestHead.test_x.csv",
        "tests/test_a/TestHead.test_x@1.csv",
        "tests/test_a/test_x.csv",
        "transfer/head.csv",
    ]
    result.stdout.fnmatch_lines(
        ["=* layersnap =*", *(f"created snapshots/{path}: 1 layer, * parameters" for path in paths)]
    )
    recorded = project.snapshots()
    assert list(recorded) == paths

    for arguments in ((), (UPDATE,)):
        result = run(*workers, *arguments)
        result.assert_outcomes(passed=2)
        result.stdout.no_fnmatch_line("*= layersnap =*")
        assert project.snapshots() == recorded

    module = project.path / "tests/test_a.py"
    module.write_text(module.read_text().replace("UNITS = 3", "UNITS = 5"))
    result = run(*workers)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["2 drifted: *", f"record with: pytest {UPDATE} *"])
    assert project.snapshots() == recorded

    result = run(*workers, UPDATE)
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines([f"updated snapshots/{path}: 1 layer changed *" for path in paths])
    result.stdout.no_fnmatch_line("*created snapshots*")
    run(*workers).assert_outcomes(passed=2)


def test_only_passed_tests_record(project: Project, workers: tuple[str, ...]) -> None:
    """What a test saw that failed, skipped or broke is no good snapshot."""
    project.write(
        test_a="""
import pytest
from tables import table

def test_passed(layersnap):
    layersnap.check(table())

def test_failed(layersnap):
    layersnap.check(table())
    assert False

def test_skipped(layersnap):
    layersnap.check(table())
    pytest.skip("no")

@pytest.mark.xfail
def test_xfailed(layersnap):
    layersnap.check(table())
    assert False

@pytest.mark.xfail
def test_xpassed(layersnap):
    layersnap.check(table())

@pytest.fixture
def broken_after():
    yield
    assert False

def test_error_after(broken_after, layersnap):
    layersnap.check(table())

@pytest.fixture
def checks_before(layersnap):
    layersnap.check(table())

def test_checked_before(checks_before):
    pass
"""
    )
    result = project.run(*workers, UPDATE)
    assert result.ret == 1
    created = ["test_checked_before", "test_passed", "test_xpassed"]
    assert list(project.snapshots()) == [f"test_a/{test}.csv" for test in created]
    result.stdout.fnmatch_lines(
        [
            "not recorded, as the test did not pass: snapshots/test_a/test_error_after.csv, "
            "snapshots/test_a/test_failed.csv, snapshots/test_a/test_skipped.csv and 1 more"
        ]
    )


@pytest.mark.parametrize(
    ("end", "arguments", "status"),
    [
        ("raise KeyboardInterrupt", (), pytest.ExitCode.INTERRUPTED),
        ("assert False", ("-x",), pytest.ExitCode.TESTS_FAILED),
        ("pytest.exit('enough')", (), pytest.ExitCode.INTERRUPTED),
    ],
    ids=["ctrl-c", "-x", "exit"],
)
def test_an_interrupted_run_keeps_what_had_passed(
    project: Project, end: str, arguments: tuple[str, ...], status: int
) -> None:
    """The end of a run loses the test that ran, and nothing before it."""
    project.write(
        test_a=f"""
import pytest
from tables import table

def test_1(layersnap):
    layersnap.check(table())

def test_2(layersnap):
    layersnap.check(table())
    {end}

def test_3(layersnap):
    layersnap.check(table())
"""
    )
    assert project.run(UPDATE, *arguments).ret == status
    assert list(project.snapshots()) == ["test_a/test_1.csv"]


def test_a_crashed_worker_loses_its_test_alone(project: Project) -> None:
    """What finished before a worker crashed is recorded."""
    pytest.importorskip("xdist")
    project.write(
        test_a="""
import os
from tables import table

def test_1(layersnap):
    layersnap.check(table())

def test_2(layersnap):
    layersnap.check(table())
    os._exit(1)
"""
    )
    assert project.run("-n1", UPDATE, plugins=("layersnap", "xdist")).ret == 1
    assert list(project.snapshots()) == ["test_a/test_1.csv"]


@pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="pytest 9 brings subtests")
def test_subtests(project: Project, workers: tuple[str, ...]) -> None:
    """A check in a subtest is one of its test's; a subtest that fails fails them all."""
    project.write(
        test_a="""
from tables import table

def test_good(layersnap, subtests):
    for units in (1, 2):
        with subtests.test(units=units):
            layersnap.check(table(units))

def test_bad(layersnap, subtests):
    for units in (1, 2):
        with subtests.test(units=units):
            layersnap.check(table(units))
            assert units == 2
"""
    )
    assert project.run(*workers, UPDATE).ret == 1
    assert list(project.snapshots()) == ["test_a/test_good.csv", "test_a/test_good@1.csv"]


def test_an_expected_drift_is_no_news(project: Project) -> None:
    """A test that expects a drift or misses a snapshot passes; nothing is proposed to record."""
    project.write(
        test_a="""
import pytest
from pytest_layersnap.drift import LayerDrift
from pytest_layersnap.snapshots import MissingSnapshot
from tables import table

def test_record(layersnap):
    layersnap.check(table(), name="m")

def test_expected(layersnap):
    with pytest.raises(MissingSnapshot):
        layersnap.check(table())
    with pytest.raises(LayerDrift) as error:
        layersnap.check(table(4), name="m")
    assert error.value.drift.categories

@pytest.mark.xfail
def test_xfail(layersnap):
    layersnap.check(table(4), name="m")
"""
    )
    project.run(UPDATE, "-k", "record").assert_outcomes(passed=1, deselected=2)
    result = project.run()
    result.assert_outcomes(passed=2, xfailed=1)
    result.stdout.no_fnmatch_line("*= layersnap =*")


def test_another_version_of_keras_changes_no_file(project: Project) -> None:
    """Who recorded a table is no reason to record it anew."""
    text = "from tables import table\ndef test_x(layersnap): layersnap.check(table(version={!r}))"
    project.write(test_a=text.format("Keras 3"))
    project.run(UPDATE).assert_outcomes(passed=1)
    recorded = project.snapshots()
    project.write(test_a=text.format("Keras 2"))
    project.run().assert_outcomes(passed=1)
    project.run(UPDATE).assert_outcomes(passed=1)
    assert project.snapshots() == recorded


def test_what_a_check_leaves_out_is_not_recorded(project: Project) -> None:
    """Where a check sees no drift there is nothing to accept, and the file stays."""
    text = (
        "from tables import table\n"
        "def test_x(layersnap): layersnap.check(table({}), ignore=['shape', 'parameters'])"
    )
    project.write(test_a=text.format(3))
    project.run(UPDATE).assert_outcomes(passed=1)
    recorded = project.snapshots()
    project.write(test_a=text.format(4))
    project.run().assert_outcomes(passed=1)
    project.run(UPDATE).assert_outcomes(passed=1)
    project.run(UPDATE, "-q").assert_outcomes(passed=1)
    assert project.snapshots() == recorded


def test_broken_and_foreign_files(project: Project) -> None:
    """A damaged snapshot fails, and is mended by recording; what is not ours is never touched."""
    project.write(
        test_a="""
from tables import table

def test_broken(layersnap):
    layersnap.check(table(), name="broken")

def test_foreign(layersnap):
    layersnap.check(table(), name="foreign")
"""
    )
    project.run(UPDATE).assert_outcomes(passed=2)
    whole = (project.path / "snapshots/broken.csv").read_bytes()
    conflict = b"<<<<<<< HEAD\n" + whole + b"=======\n" + whole + b">>>>>>> theirs\n"
    (project.path / "snapshots/broken.csv").write_bytes(conflict)
    (project.path / "snapshots/foreign.csv").write_bytes(b"a,b\n1,2\n")

    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E  *snapshots/broken.csv:1: a merge conflict between 'HEAD' and 'theirs' is left *",
            "E  *pytest --snapshot-update test_a.py::test_broken",
            "E  *StoreError: snapshots/foreign.csv: not a snapshot of layersnap *'a,b'*left alone*",
            "1 broken: snapshots/broken.csv",
        ]
    )
    assert project.snapshots()["broken.csv"] == conflict

    result = project.run(UPDATE)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["updated snapshots/broken.csv: in place of a broken snapshot: *:1: a merge conflict*"]
    )
    assert project.snapshots() == {"broken.csv": whole, "foreign.csv": b"a,b\n1,2\n"}


def test_a_file_that_can_not_be_written(project: Project) -> None:
    """What could not be recorded is said, and fails the run, though the tests passed."""
    project.write(
        test_a="""
from tables import table

def test_x(layersnap, request):
    layersnap.check(table())
    root = request.config.rootpath / "snapshots"
    root.mkdir(exist_ok=True)
    (root / "test_a").write_text("in the way")

def test_y(layersnap):
    layersnap.check(table(), name="y")
"""
    )
    result = project.run(UPDATE)
    result.assert_outcomes(passed=2)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["created snapshots/y.csv: *", "error: snapshots/test_a/test_x.csv: test_a is a file*"]
    )


def test_a_full_disk(project: Project) -> None:
    """A file that the system refuses is named with the reason; the recorded one is still whole."""
    text = "from tables import table\ndef test_x(layersnap): layersnap.check(table({}))"
    project.write(test_a=text.format(3))
    project.run(UPDATE).assert_outcomes(passed=1)
    recorded = project.snapshots()
    project.write(
        test_a=text.format(4),
        conftest="""
import errno, os

def fsync(file):
    raise OSError(errno.ENOSPC, "No space left on device")

os.fsync = fsync
""",
    )
    result = project.run(UPDATE)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["error: snapshots/test_a/test_x.csv: not written: No space left on device"]
    )
    assert project.snapshots() == recorded


@pytest.mark.parametrize(
    "arguments",
    [("-p", "no:cacheprovider"), ("--assert=plain",), ("-p", "no:terminal")],
    ids=" ".join,
)
def test_without_parts_of_pytest(project: Project, arguments: tuple[str, ...]) -> None:
    """Neither the cache, nor rewritten asserts, nor a terminal is needed."""
    project.write(
        test_a="from tables import table\ndef test_x(layersnap): assert table() == layersnap"
    )
    assert project.run(*arguments).ret == 1
    assert project.run(*arguments, UPDATE).ret == 0
    assert list(project.snapshots()) == ["test_a/test_x.csv"]
    assert project.run(*arguments).ret == 0


def test_quiet(project: Project) -> None:
    """Under ``-q`` there are counts and no section."""
    project.write(
        test_a="from tables import table\ndef test_x(layersnap): layersnap.check(table())"
    )
    result = project.run("-q")
    result.stdout.fnmatch_lines(["layersnap: 1 missing", "layersnap: record with: pytest *"])
    result.stdout.no_fnmatch_line("*= layersnap =*")
    result = project.run("-q", UPDATE)
    result.stdout.fnmatch_lines(["layersnap: 1 created"])
    result.stdout.no_fnmatch_line("*= layersnap =*")


@pytest.mark.parametrize("to", ["report", "summary", "junit", ""])
def test_a_quiet_update_tells_what_changed_where_it_is_read(
    project: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    """The terminal of ``-q`` is told how many; reports have a line for each all the same."""
    text = "from tables import table\ndef test_x(layersnap): layersnap.check(table({}))"
    project.write(test_a=text.format(3))
    project.run(UPDATE)
    project.write(test_a=text.format(4))
    if to == "summary":
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", "told")
    options = {"report": ["--layersnap-report=told"], "junit": ["--junitxml=told"]}.get(to, [])
    result = project.run("-q", UPDATE, *options, *workers)
    result.stdout.fnmatch_lines(["layersnap: 1 updated"])
    assert "(None, 4)" in project.snapshots()["test_a/test_x.csv"].decode()
    told = project.path / ("told/report.md" if to == "report" else "told")
    assert not to or "1 layer changed (parameters, shape)" in told.read_text()


def test_what_git_ignores_is_said(project: Project) -> None:
    """``*.csv`` is common in ``.gitignore``: a snapshot that nobody else gets guards nothing."""
    subprocess.run(["git", "init", "-q"], cwd=project.path, check=True)
    project.write(
        test_a="from tables import table\n\ndef test_x(layersnap):\n    layersnap.check(table())\n"
    )
    (project.path / ".gitignore").write_text("*.csv\n")
    said = "git ignores snapshots/test_a/test_x.csv: add !snapshots/*/[*].csv to .gitignore, *"
    project.run(UPDATE).stdout.fnmatch_lines([said])
    (project.path / "snapshots/test_a/test_x.csv").unlink()
    (project.path / ".gitignore").write_text("*.csv\n!snapshots/**/*.csv\n")
    project.run(UPDATE).stdout.no_fnmatch_line("git ignores *")
