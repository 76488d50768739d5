"""The situations that a snapshot must survive, as data: what a project is, what is run, what must follow.

The tests in these projects call ``check(units)`` or ``check(units, "name")``; whoever runs a
scenario says what that means, so that other snapshot plugins can be held to the same table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

TEST_A = """
import pytest
from checking import check

def test_one(snap):
    check(snap, 1)

@pytest.mark.slow
def test_two(snap):
    check(snap, 2)

def test_named(snap):
    check(snap, 3, "shared/m")

@pytest.mark.unrelated
def test_without():
    pass
"""

TEST_B = """
import pytest
from checking import check

class TestB:
    @pytest.mark.parametrize("size", ["S", "L"])
    def test_x(self, snap, size):
        check(snap, ord(size))

def test_other(snap):
    check(snap, 5, "shared/b")
"""

TEST_C = """
from checking import check

def test_c(snap):
    check(snap, 6)
"""

FILES = {"tests/test_a.py": TEST_A, "tests/test_b.py": TEST_B}

#: By role, what the tests of ``FILES`` record.
RECORDED = ("one", "two", "named", "x-S", "x-L", "other")

#: What nothing uses: the snapshot of a test that is gone, of a file that is gone, and a named one.
GONE, OLD, NAMED_OLD = "gone", "old", "named-old"
ALL = frozenset({GONE, OLD, NAMED_OLD})
DERIVED = frozenset({GONE, OLD})
NOTHING: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One situation.

    Args:
        name: what it is called.
        arguments: those of pytest.
        files: files that are written over those of the project; ``None`` deletes one.
        ini: further lines of ``pytest.ini``.
        cwd: where pytest is started.
        cache: files put into pytest's cache.
        unused: what is to be found unused, and deleted on update.
        kept: what must be kept besides the snapshots of ``FILES``.
        written: what an update is to create or change.
        status: the exit code of a run, and of one that records.
        workers: the same under workers, where it differs.
        workers_choose: whether xdist may choose an error under workers.
        workers_arguments: further arguments under workers.
        reason: a part of why the rest is not judged.
    """

    name: str
    arguments: tuple[str, ...] = ()
    files: Mapping[str, str | None] = field(default_factory=dict)
    ini: str = ""
    cwd: str = "."
    cache: Mapping[str, str] = field(default_factory=dict)
    unused: frozenset[str] = ALL
    kept: frozenset[str] = NOTHING
    written: frozenset[str] = NOTHING
    status: tuple[int, int] = (0, 0)
    workers: tuple[int, int] | None = None
    workers_choose: bool = False
    workers_arguments: tuple[str, ...] = ()
    reason: str = ""


def edit(text: str, old: str, new: str) -> str:
    """A test file with one thing changed, which must be there."""
    assert text.count(old) == 1, old
    return text.replace(old, new)


def in_a(old: str, new: str) -> dict[str, str | None]:
    """The first test file, changed."""
    return {"tests/test_a.py": edit(TEST_A, old, new)}


def in_b(old: str, new: str) -> dict[str, str | None]:
    """The second test file, changed."""
    return {"tests/test_b.py": edit(TEST_B, old, new)}


ONE = "    check(snap, 1)"
FAILED = (int(pytest.ExitCode.TESTS_FAILED),) * 2
INTERRUPTED = (int(pytest.ExitCode.INTERRUPTED),) * 2
EMPTY = (int(pytest.ExitCode.NO_TESTS_COLLECTED),) * 2
LASTFAILED = {"v/cache/lastfailed": '{"tests/test_a.py::test_one": true}'}

SCENARIOS = (
    Scenario(name="all tests"),
    Scenario(name="the folder of all tests", arguments=("tests",)),
    Scenario(name="from the folder of the tests", cwd="tests"),
    Scenario(name="both files by name", arguments=("tests/test_b.py", "tests/test_a.py")),
    Scenario(name="-k", arguments=("-k", "one"), unused=NOTHING, reason="deselected"),
    Scenario(name="-m", arguments=("-m", "slow"), unused=NOTHING, reason="deselected"),
    Scenario(name="-m that leaves out other tests", arguments=("-m", "not unrelated")),
    Scenario(
        name="a node id",
        arguments=("tests/test_a.py::test_one",),
        unused=NOTHING,
        reason="did not run",
    ),
    Scenario(
        name="the node id of a class",
        arguments=("tests/test_a.py", "tests/test_b.py::TestB"),
        unused=NOTHING,
        reason="did not run",
    ),
    Scenario(
        name="all node ids but of a class",
        arguments=("tests/test_a.py", "tests/test_b.py::test_other"),
        unused=NOTHING,
        reason="deselected",
    ),
    Scenario(
        name="one file", arguments=("tests/test_a.py",), unused=NOTHING, reason="was not collected"
    ),
    Scenario(
        name="--lf", arguments=("--lf",), cache=LASTFAILED, unused=NOTHING, reason="did not run"
    ),
    Scenario(name="--ff", arguments=("--ff",), cache=LASTFAILED),
    Scenario(
        name="--sw",
        arguments=("--sw",),
        files=in_a(ONE, ONE + "\n    assert False"),
        unused=NOTHING,
        status=INTERRUPTED,
        reason="",
    ),
    Scenario(
        name="--deselect",
        arguments=("--deselect", "tests/test_a.py::test_two"),
        unused=NOTHING,
        reason="1 test was deselected",
    ),
    Scenario(
        name="--ignore",
        arguments=("--ignore", "tests/test_b.py"),
        unused=NOTHING,
        reason="tests/test_b.py was not collected",
    ),
    Scenario(
        name="--ignore-glob",
        arguments=("--ignore-glob", "*_b.py"),
        unused=NOTHING,
        reason="tests/test_b.py was not collected",
    ),
    Scenario(
        name="collect_ignore in a conftest",
        files={"tests/conftest.py": "collect_ignore = ['test_b.py']"},
        unused=NOTHING,
        reason="tests/test_b.py was not collected",
    ),
    Scenario(
        name="tests taken out by a conftest",
        files={
            "tests/conftest.py": "def pytest_collection_modifyitems(items):\n    del items[1:]\n"
        },
        unused=NOTHING,
        reason="did not run",
    ),
    Scenario(
        name="a skipped test",
        files=in_a("@pytest.mark.slow", "@pytest.mark.skip"),
        unused=DERIVED,
        reason="1 test was skipped",
    ),
    Scenario(
        name="a test that skips itself",
        files=in_a(ONE, "    pytest.skip('no')"),
        unused=DERIVED,
        reason="1 test was skipped",
    ),
    Scenario(
        name="a test that skips itself after its check",
        files=in_a(ONE, f"{ONE}\n    pytest.skip('no')"),
        unused=DERIVED,
        reason="1 test was skipped",
    ),
    Scenario(
        name="a skipped test without a snapshot",
        files=in_a("@pytest.mark.unrelated", "@pytest.mark.skip"),
    ),
    Scenario(
        name="a test that fails as expected",
        files=in_a(ONE, "    assert False").copy()
        | in_a(
            "def test_one(snap):\n" + ONE,
            "@pytest.mark.xfail\ndef test_one(snap):\n    assert False",
        ),
        unused=DERIVED,
        reason="1 test was skipped",
    ),
    Scenario(
        name="a test that passes unexpectedly",
        files=in_a("def test_one", "@pytest.mark.xfail\ndef test_one"),
    ),
    Scenario(
        name="a module that skips itself",
        files=in_b(
            "import pytest\n", "import pytest\npytest.skip('no', allow_module_level=True)\n"
        ),
        unused=DERIVED,
        reason="tests/test_b.py skipped itself",
    ),
    Scenario(
        name="importorskip",
        files=in_b("import pytest\n", "import pytest\npytest.importorskip('no_such_module')\n"),
        unused=DERIVED,
        reason="tests/test_b.py skipped itself",
    ),
    Scenario(
        name="a module that can't be imported",
        files=in_b("import pytest\n", "import no_such_module\n"),
        unused=NOTHING,
        status=INTERRUPTED,
        workers=FAILED,
        reason="",
    ),
    Scenario(
        name="--continue-on-collection-errors",
        arguments=("--continue-on-collection-errors",),
        files=in_b("import pytest\n", "import no_such_module\n"),
        unused=NOTHING,
        status=FAILED,
        reason="tests/test_b.py could not be collected",
    ),
    Scenario(
        name="a test that fails",
        files=in_a(ONE, "    assert False"),
        unused=NOTHING,
        status=FAILED,
        reason="1 test failed",
    ),
    Scenario(
        name="an error in a fixture",
        files=in_a("def test_one(snap)", "def test_one(no_such_fixture, snap)"),
        unused=NOTHING,
        status=FAILED,
        reason="1 test failed",
    ),
    Scenario(
        name="an error after the test",
        files=in_a(
            "def test_one(snap)",
            "@pytest.fixture\ndef broken():\n    yield\n    assert False\n\n"
            "def test_one(broken, snap)",
        ),
        unused=NOTHING,
        status=FAILED,
        reason="1 test failed",
    ),
    Scenario(
        name="-x",
        arguments=("-x",),
        files=in_a(ONE, "    assert False"),
        unused=NOTHING,
        status=FAILED,
        workers=INTERRUPTED,
        reason="",
    ),
    Scenario(
        name="Ctrl-C",
        files=in_a(ONE, "    raise KeyboardInterrupt"),
        unused=NOTHING,
        status=INTERRUPTED,
        reason="",
    ),
    Scenario(
        name="pytest.exit",
        files=in_a(ONE, "    pytest.exit('enough')"),
        unused=NOTHING,
        status=INTERRUPTED,
        reason="",
    ),
    Scenario(
        name="a crashed process",
        # xdist itself may hang where it replaces one (pytest-xdist#1327, #1189).
        workers_arguments=("--max-worker-restart=0",),
        workers_choose=True,
        files=in_a(ONE, "    import os\n    os._exit(1)"),
        unused=NOTHING,
        status=FAILED,
        reason="",
    ),
    Scenario(
        name="a deleted test file",
        files={"tests/test_b.py": None},
        unused=ALL | {"x-S", "x-L", "other"},
    ),
    Scenario(
        name="a deleted test",
        files=in_a("@pytest.mark.slow\ndef test_two(snap):\n    check(snap, 2)\n", ""),
        unused=ALL | {"two"},
    ),
    Scenario(
        name="a parameter less",
        files=in_b('["S", "L"]', '["S"]'),
        unused=ALL | {"x-L"},
    ),
    Scenario(
        name="a renamed test",
        files=in_a("def test_two", "def test_other"),
        unused=NOTHING,
        status=(1, 0),
        written=frozenset({"renamed"}),
        reason="1 test failed",
    ),
    Scenario(
        name="a changed table",
        files=in_a("check(snap, 2)", "check(snap, 22)"),
        unused=NOTHING,
        status=(1, 0),
        written=frozenset({"two"}),
        reason="1 test failed",
    ),
    Scenario(
        name="a changed table in a selection",
        arguments=("-k", "two"),
        files=in_a("check(snap, 2)", "check(snap, 22)"),
        unused=NOTHING,
        status=(1, 0),
        written=frozenset({"two"}),
        reason="1 test failed",
    ),
    Scenario(
        name="a test that makes no check",
        files=in_a('    check(snap, 3, "shared/m")', "    pass"),
        unused=DERIVED,
        reason="1 test made no check",
    ),
    Scenario(
        name="a snapshot that is only read",
        files=in_a(
            "def test_without():\n    pass",
            "def test_without(pytestconfig, opened):\n    open(opened).close()",
        ),
        unused=DERIVED,
        kept=frozenset({NAMED_OLD}),
    ),
    Scenario(
        name="tests beside the folder that is run",
        arguments=("tests",),
        files={"more/test_c.py": TEST_C},
        kept=frozenset({"c"}),
        unused=NOTHING,
        reason="more/test_c.py was not collected",
    ),
    Scenario(
        name="tests beside testpaths",
        ini="testpaths = tests",
        files={"more/test_c.py": TEST_C},
        kept=frozenset({"c"}),
    ),
    Scenario(
        name="layersnap_unused = error",
        ini="layersnap_unused = error",
        status=(1, 0),
    ),
    Scenario(name="layersnap_unused = ignore", ini="layersnap_unused = ignore", unused=NOTHING),
    Scenario(name="without a cache", arguments=("-p", "no:cacheprovider")),
    Scenario(
        name="no tests at all",
        files={"tests/test_a.py": None, "tests/test_b.py": None},
        unused=NOTHING,
        status=EMPTY,
        reason="no test file was collected",
    ),
    Scenario(
        name="--collect-only",
        arguments=("--collect-only",),
        unused=NOTHING,
        reason="did not run",
    ),
)
