"""Received tables: kept by a run, decided on by the command ``layersnap``."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .project import Project

pytestmark = pytest.mark.lifecycle

UPDATE = "--snapshot-update"

TEST = """
from tables import table

def test_x(layersnap):
    layersnap.check(table({units}))

def test_all(layersnap):
    layersnap.check_all({{"transfer/a": table({units}), "b": table(7)}})
"""

X, A = "snapshots/test_a/test_x.csv", "snapshots/transfer/a.csv"


@pytest.fixture
def drifted(project: Project) -> Project:
    """A project in which two of three snapshots have drifted."""
    project.write(test_a=TEST.format(units=3))
    project.run(UPDATE).assert_outcomes(passed=2)
    project.write(test_a=TEST.format(units=5))
    return project


def layersnap(project: Project, *arguments: str, stdin: str = "") -> pytest.RunResult:
    """Run the command in the project's folder."""
    return project.pytester.run(
        sys.executable, "-m", "pytest_layersnap", *arguments, stdin=stdin.encode()
    )


def waiting(project: Project, *arguments: str) -> list[str]:
    """The snapshots that a received table waits for."""
    result = layersnap(project, "pending", "--json", *arguments)
    found = [entry["snapshot"] for entry in json.loads(result.stdout.str())]
    assert result.ret == (1 if found else 0)
    return found


def test_drift_waits_for_a_decision(drifted: Project, workers: tuple[str, ...]) -> None:
    """A run keeps what it received; accepting it needs no second run."""
    result = drifted.run(*workers)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["or review one by one: layersnap review"])
    assert waiting(drifted) == [X, A]
    result = layersnap(drifted, "pending")
    result.stdout.fnmatch_lines([f"{X}: drifted: 1 layer changed *", f"{A}: drifted: *"])

    result = layersnap(drifted, "accept", "transfer/a")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"accepted {A}: 1 layer changed *"])
    assert waiting(drifted) == [X]
    assert layersnap(drifted, "accept", "--all").ret == 0
    assert waiting(drifted) == []
    result = drifted.run(*workers)
    result.assert_outcomes(passed=2)
    recorded = drifted.snapshots()
    drifted.run(UPDATE)
    assert drifted.snapshots() == recorded


@pytest.mark.parametrize(
    "name", ["test_a/test_x", "test_a/test_x.csv", "snapshots/test_a/test_x", X]
)
def test_the_spellings_of_a_name(drifted: Project, name: str) -> None:
    """A name is taken as the check gives it, and as messages print it."""
    drifted.run()
    assert layersnap(drifted, "reject", name).ret == 0
    assert waiting(drifted) == [A]


def test_reject(drifted: Project) -> None:
    """What is rejected is forgotten, and the snapshot stays."""
    recorded = drifted.snapshots()
    drifted.run()
    layersnap(drifted, "reject", "--all").stdout.fnmatch_lines([f"rejected {X}", f"rejected {A}"])
    assert waiting(drifted) == []
    assert drifted.snapshots() == recorded


def test_pending_as_json(drifted: Project) -> None:
    """Programs get the drift and the table."""
    drifted.run("-k", "test_x")
    (entry,) = json.loads(layersnap(drifted, "pending", "--json").stdout.str())
    assert (entry["snapshot"], entry["finding"], entry["stale"]) == (X, "drifted", False)
    assert entry["test"] == "test_a.py::test_x"
    assert entry["drift"]["changes"][0]["layer"] == "head"
    assert entry["received"].startswith("model,layer_name,")


@pytest.mark.parametrize(
    ("keys", "left", "accepted"),
    [
        ("a\nr\n", [], [X]),
        ("accept\nreject\n", [], [X]),
        ("s\na\n", [X], [A]),
        ("x\n\ns\nq\n", [X, A], []),
        ("r\nq\n", [A], []),
        ("a\n", [A], [X]),
        ("", [X, A], []),
    ],
)
def test_review_without_a_terminal(
    drifted: Project, keys: str, left: list[str], accepted: list[str]
) -> None:
    """Lines of the input decide; where it ends nothing more is decided."""
    drifted.run()
    recorded = drifted.snapshots()
    result = layersnap(drifted, "review", stdin=keys)
    assert result.ret == (1 if left else 0)
    result.stdout.fnmatch_lines([f"[[]1/2[]] {X}: m has drifted: *", "*(None, 3) → (None, 5)*"])
    assert waiting(drifted) == left
    changed = [f"snapshots/{p}" for p, data in drifted.snapshots().items() if recorded[p] != data]
    assert changed == accepted


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_review_at_a_terminal(drifted: Project) -> None:
    """Single keys decide; no line has to be ended."""
    drifted.run()
    controller, terminal = os.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "pytest_layersnap", "review"],
        cwd=drifted.path,
        stdin=terminal,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"},
    ) as process:
        assert process.stdout is not None
        alarm = threading.Timer(60, process.kill)
        alarm.start()
        output = b""
        for key in b"xra":
            while not output.endswith(b"quit (q)? "):
                read = process.stdout.read(1)
                assert read, output.decode()
                output += read
            os.write(controller, bytes([key]))
            output += process.stdout.read(1)
        output += process.stdout.read()
        alarm.cancel()
    os.close(controller)
    os.close(terminal)
    assert process.returncode == 0
    assert f"rejected {X}" in output.decode()
    assert f"accepted {A}" in output.decode()


def test_review_of_what_is_missing_or_broken(project: Project) -> None:
    """Without a table to compare with, the review shows what would be recorded."""
    project.write(test_a=TEST.format(units=3))
    project.run()
    result = layersnap(project, "review", stdin="a\n")
    result.stdout.fnmatch_lines(
        ["[[]1/3[]] snapshots/b.csv: there is no snapshot yet", "layer_name *", "head *"]
    )
    path = project.path / "snapshots/b.csv"
    whole = path.read_bytes()
    path.write_bytes(b"<<<<<<< HEAD\n" + whole)
    project.run()
    result = layersnap(project, "review", stdin="a\n")
    result.stdout.fnmatch_lines(["[[]1/3[]] snapshots/b.csv: in place of a broken snapshot: *"])
    assert path.read_bytes() == whole


def test_later_runs_overtake(drifted: Project) -> None:
    """What a test received is dropped when it ran again, and kept when it did not."""
    drifted.run()
    assert waiting(drifted) == [X, A]
    drifted.write(test_a=TEST.format(units=3))
    drifted.run("-k", "test_x").assert_outcomes(passed=1, deselected=1)
    assert waiting(drifted) == [A]
    drifted.write(test_a=TEST.format(units=9))
    drifted.run("-k", "test_x")
    (entry, _) = json.loads(layersnap(drifted, "pending", "--json").stdout.str())
    assert "(None, 9)" in entry["received"]
    drifted.run(UPDATE)
    assert waiting(drifted) == []


def test_a_snapshot_that_changed_since(drifted: Project) -> None:
    """A received table is not put over a snapshot that its run has not seen."""
    drifted.run()
    path = drifted.path / X
    other = path.read_bytes().replace(b"head", b"tail")
    path.write_bytes(other)
    layersnap(drifted, "pending").stdout.fnmatch_lines([f"{X}: has changed since *"])
    result = layersnap(drifted, "accept", "--all")
    assert result.ret == 1
    result.stderr.fnmatch_lines([f"layersnap: {X} has changed since *run pytest again*"])
    result.stdout.fnmatch_lines([f"accepted {A}*"])
    assert path.read_bytes() == other
    assert waiting(drifted) == [X]
    assert layersnap(drifted, "reject", "test_a/test_x").ret == 0


def test_two_tests_that_received_different_tables(project: Project) -> None:
    """Of two tables for one snapshot none is the right one."""
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
    project.run()
    assert waiting(project) == ["snapshots/other.csv"]


def test_a_cache_elsewhere(drifted: Project) -> None:
    """The command that is shown finds the cache wherever it is."""
    drifted.ini("pythonpath = .\ncache_dir = build/cache")
    drifted.run().stdout.fnmatch_lines(["*: layersnap review --cache-dir build/cache"])
    assert waiting(drifted, "--cache-dir", "build/cache") == [X, A]
    assert waiting(drifted) == []


def test_from_a_folder_of_the_project(drifted: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command works below the root directory, as pytest does."""
    drifted.run()
    (drifted.path / "deep/er").mkdir(parents=True)
    monkeypatch.chdir(drifted.path / "deep/er")
    assert waiting(drifted) == [X, A]
    assert layersnap(drifted, "accept", "--all").ret == 0
    drifted.run("--rootdir", str(drifted.path), str(drifted.path)).assert_outcomes(passed=2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["accept"], "say which received tables: their names, or --all"),
        (["reject", "b", "--all"], "say which received tables: their names, or --all"),
        (["accept", "nonsense"], f"no table was received for 'nonsense'; choose from {X}, {A}"),
        (["diff", "snapshots/b.csv", "none.csv"], "no snapshot is called 'none.csv'; there are *"),
        (["diff", "snapshots/b.csv", "test_a.py"], "test_a.py:*"),
        (["diff", "snapshots", "snapshots"], "snapshots holds 3 snapshots; name one *"),
        (["merge", "test_a.py"], "test_a.py: not a report of layersnap *"),
        ([], "usage: layersnap *"),
    ],
    ids=" ".join,
)
def test_wrong_use(drifted: Project, arguments: list[str], message: str) -> None:
    """A command that can't be carried out says why in one line, and changes nothing."""
    drifted.run()
    result = layersnap(drifted, *arguments)
    assert result.ret == 2
    result.stderr.fnmatch_lines(
        [message if message.startswith("usage") else f"layersnap: {message}"]
    )
    assert "Traceback" not in result.stderr.str()
    assert waiting(drifted) == [X, A]


def test_diff(drifted: Project) -> None:
    """Two files are compared as a check compares them."""
    result = layersnap(drifted, "diff", X, "snapshots/b.csv")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["b has drifted: *", "*(None, 3) → (None, 7)*"])
    assert layersnap(drifted, "diff", X, X).ret == 0


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"schema": 99}', b"\xff\xfe"])
def test_a_damaged_cache(drifted: Project, damage: bytes) -> None:
    """What can't be read in the cache is as good as not there."""
    drifted.run()
    for path in (drifted.path / ".pytest_cache/d/layersnap").glob("*.json"):
        path.write_bytes(damage)
    assert waiting(drifted) == []
    drifted.run().assert_outcomes(failed=2)
    assert waiting(drifted) == [X, A]


def test_the_command_loads_neither_pytest_nor_keras(drifted: Project) -> None:
    """It starts in a fraction of a second, as it needs the tables alone."""
    drifted.run()
    (drifted.path / "loaded.py").write_text(
        "import sys\n"
        "from pytest_layersnap import cli\n"
        "cli.main(['pending', '--json'])\n"
        "cli.main(['accept', '--all'])\n"
        "heavy = {'keras', 'tensorflow', 'numpy', 'pandas', 'deepdiff', 'pytest', '_pytest'}\n"
        "assert not heavy & {name.split('.')[0] for name in sys.modules}\n"
    )
    result = drifted.pytester.runpython(Path(drifted.path / "loaded.py"))
    assert result.ret == 0


def test_junit(drifted: Project) -> None:
    """Each check is a property of its test."""
    drifted.run("--color=yes", "--junitxml=junit.xml", "-o", "junit_family=xunit2")
    text = (drifted.path / "junit.xml").read_text()
    assert "#x1B" not in text
    assert f'<property name="layersnap.drifted" value="{X}: 1 layer changed' in text
    assert '<property name="layersnap.same" value="snapshots/b.csv"' in text


def test_the_marker_selects_the_tests_that_use_the_fixture(
    project: Project, workers: tuple[str, ...]
) -> None:
    """``-m layersnap`` needs no marker in the tests, and finds indirect uses too."""
    project.write(
        test_a="""
import pytest
from tables import table

@pytest.fixture
def pinned(layersnap):
    return layersnap.check

def test_direct(layersnap): layersnap.check(table())
def test_indirect(pinned): pinned(table())
def test_without(): assert False
"""
    )
    project.run(*workers, "--strict-markers", "-m", "layersnap", UPDATE).assert_outcomes(
        passed=2, deselected=0 if "-n2" in workers else 1
    )
    assert len(project.snapshots()) == 2


class Terminal:
    """A review at a pseudo-terminal."""

    def __init__(self, project: Project) -> None:
        """Start the command; the input and the output are terminals."""
        import pty

        pid, self._controller = pty.fork()
        if not pid:
            os.chdir(project.path)
            # A job in the background of a shell has it ignored, and hands that on.
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            command = [sys.executable, "-m", "pytest_layersnap", "review"]
            os.execve(sys.executable, command, dict(os.environ) | {"PYTHONIOENCODING": "utf-8"})
        self.pid = pid
        self.output = b""

    def asks(self) -> Terminal:
        """Wait until there is a question."""
        return self._read(lambda: self.output.endswith(b"quit (q)? "))

    def ends(self) -> int:
        """Wait for the end; the status of the process."""
        self._read(lambda: False)
        return os.waitpid(self.pid, 0)[1]

    def press(self, *keys: bytes) -> Terminal:
        """Send what a key sends, which may come in parts."""
        for part in keys:
            os.write(self._controller, part)
            time.sleep(0.1)
        self.output += b"\n"
        return self

    def mode(self) -> list[object]:
        """How the terminal is set."""
        import termios

        return list(termios.tcgetattr(self._controller)[:4])

    def _read(self, done: Callable[[], bool]) -> Terminal:
        alarm = threading.Timer(60, os.kill, (self.pid, signal.SIGKILL))
        alarm.start()
        try:
            while not done():
                read = os.read(self._controller, 4096)
                if not read:
                    break
                self.output += read
        except OSError:  # the other side is closed
            pass
        finally:
            alarm.cancel()
        return self


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(
    ("variable", "value", "colored"),
    [("TERM", "xterm", True), ("TERM", "dumb", False), ("NO_COLOR", "1", False)],
)
def test_colors(
    drifted: Project, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, colored: bool
) -> None:
    """A terminal gets colors, unless it can't show them or nobody wants them."""
    drifted.run()
    for name, usual in (("TERM", "xterm"), ("NO_COLOR", "")):
        monkeypatch.setenv(name, usual)
    monkeypatch.setenv(variable, value)
    terminal = Terminal(drifted).asks()
    assert (b"\x1b[" in terminal.output) == colored
    terminal.press(b"q").ends()


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_keys_that_stand_for_no_letter(drifted: Project) -> None:
    """Arrows, Alt, function keys, what is pasted, and capitals decide nothing, whole or in parts."""
    drifted.run()
    terminal = Terminal(drifted).asks()
    for keys in (
        [b"\x1b[A"],
        [b"\x1bOA"],
        [b"\x1b", b"[A"],
        [b"\x1b[1;5", b"A"],
        [b"\x1ba"],
        [b"\x1b", b"a"],
        [b"\x1b[15~"],
        [b"\x1b[200~a\x1b[201~"],
        [b"all of it"],
        [b"accept everything\n"],
        [b"A"],
        ["ä".encode()],
        [b"\n"],
        [b"\xff"],
    ):
        terminal.press(*keys).asks()
    assert waiting(drifted) == [X, A]
    assert terminal.press(b"a").asks().press(b"\x04").ends() == 256
    assert waiting(drifted) == [A]


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_review_that_is_ended(drifted: Project, number: signal.Signals) -> None:
    """The terminal is as it was before."""
    import termios

    drifted.run()
    terminal = Terminal(drifted).asks()
    before = terminal.mode()
    assert isinstance(before[3], int)
    assert not before[3] & termios.ICANON
    os.kill(terminal.pid, number)
    _, status = os.waitpid(terminal.pid, 0)
    after = terminal.mode()
    assert isinstance(after[3], int)
    assert after[3] & termios.ICANON
    assert after[3] & termios.ECHO
    code = os.waitstatus_to_exitcode(status)
    assert code == (-signal.SIGTERM if number == signal.SIGTERM else 2)


def test_words_that_are_none(drifted: Project) -> None:
    """Only whole words decide; others ask again, but not for ever."""
    drifted.run()
    result = layersnap(drifted, "review", stdin="abort\nACCEPT\nreally\nquit\n")
    assert result.ret == 1
    assert waiting(drifted) == [A]
    result = layersnap(drifted, "review", stdin="y\n" * 1000)
    assert result.ret == 2
    result.stderr.fnmatch_lines(["layersnap: 100 answers in a row were none of accept, *"])
    assert waiting(drifted) == [A]


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX shells")
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("pending >&-", 1),
        ("pending --json >&-", 1),
        ("pending <&- >&- 2>&-", 1),
        ("pending 2>&1 >/dev/full", 2),
        ("accept nonsense 2>&-", 2),
        ("review <&-", 1),
        ("reject --all >&-", 0),
    ],
)
def test_closed_streams(drifted: Project, command: str, code: int) -> None:
    """The exit code is that of the answer; no traceback."""
    if "/dev/full" in command and not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full")
    drifted.run()
    result = subprocess.run(
        f"{sys.executable} -m pytest_layersnap {command}",
        shell=True,
        cwd=drifted.path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == code
    assert "Traceback" not in result.stderr + result.stdout
    assert "Exception" not in result.stderr + result.stdout


@pytest.mark.parametrize("arguments", [["pending", "--json"], ["review"], ["accept", "--all"]])
def test_a_reader_that_goes_away(drifted: Project, arguments: list[str]) -> None:
    """``| head -1`` changes no exit code; what nobody sees is not accepted by a review."""
    drifted.run()
    with subprocess.Popen(
        [sys.executable, "-u", "-m", "pytest_layersnap", *arguments],
        cwd=drifted.path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        _, errors = process.communicate(b"a\na\n")
    assert errors == b""
    assert process.returncode == (0 if "accept" in arguments else 1)
    assert waiting(drifted) == ([] if "accept" in arguments else [X, A])


@pytest.mark.parametrize(
    "name", ["::error::x", "##[error]x", "##vso[task.setvariable]x", " ::add-mask::x"]
)
def test_names_that_are_commands_of_a_ci_log(project: Project, name: str) -> None:
    """No line of ours is one."""
    project.write(test_a=TEST.format(units=3))
    text = (project.path / "tables.py").read_text().replace('"head"', repr(name))
    (project.path / "tables.py").write_text(text.replace('model="m"', f"model={name!r}"))
    project.run()
    outputs = [
        layersnap(project, *command) for command in (["pending"], ["pending", "--json"], ["review"])
    ]
    project.run(UPDATE)
    outputs += [
        layersnap(project, *command, X) for command in (["show"], ["show", "--json"], ["flow"])
    ]
    outputs += [layersnap(project, "diff", X, "snapshots/b.csv")]
    for output in outputs:
        assert output.ret in (0, 1)
        for line in output.outlines:
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
            assert "##vso[" not in line


def test_those_alike_are_decided_on_together(drifted: Project) -> None:
    """One edit that reaches several models is shown once."""
    drifted.run()
    result = layersnap(drifted, "review", stdin="+\n")
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"1 more like this: {A}", f"*accepted {X}: *", f"accepted {A}: *"])
    assert waiting(drifted) == []


@pytest.mark.parametrize("packed", [False, True])
def test_what_a_run_elsewhere_received(drifted: Project, packed: bool) -> None:
    """The report of a CI is accepted at the desk, after it is shown; what has changed since is not."""
    result = drifted.run("--layersnap-report", "out/report", "-p", "no:cacheprovider")
    result.stdout.no_fnmatch_line("*layersnap review*")
    place = "out"
    if packed:
        place = shutil.make_archive(str(drifted.path / "artifact"), "zip", drifted.path / "out")
    recorded = drifted.snapshots()
    result = layersnap(drifted, "pending", "--from", place)
    result.stdout.fnmatch_lines([f"{X}: drifted: *", f"{A}: drifted: *"])
    (drifted.path / A).unlink()
    result = layersnap(drifted, "accept", "--from", place, "--all")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [f"{X}: m has drifted: *", "*(None, 3) → (None, 5)*", f"accepted {X}*"]
    )
    result.stderr.fnmatch_lines([f"layersnap: {A} has changed since *"])
    now = drifted.snapshots()
    assert now.keys() == recorded.keys() - {"transfer/a.csv"}
    assert now["test_a/test_x.csv"] != recorded["test_a/test_x.csv"]
    assert layersnap(drifted, "accept", "--from", "snapshots", "--all").ret == 2


def test_a_ci_is_told_once(drifted: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its log has each report once, a line in the summary, and a command that works elsewhere."""
    monkeypatch.setenv("CI", "true")
    result = drifted.run("--layersnap-report", "report")
    result.stdout.fnmatch_lines(
        [
            "FAILED test_a.py::test_x - m: 1 layer changed (*), head * → *",
            "FAILED test_a.py::test_all - transfer/a: 1 layer changed *",
        ]
    )
    result.stdout.fnmatch_lines(
        ["review with a copy of the report: layersnap review --from report"]
    )
    assert result.stdout.str().count("~ the model itself") == 2
    assert "If this is what you want" not in result.stdout.str()
