"""A small suite that lives at random, in real sessions, against a model of what must be on disk.

Each session is pytest's own, in a fork of a process that has imported it already. A model says what
must be on disk after it, and with which exit code it ends.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pytest_layersnap import LayerTable
from pytest_layersnap.csvfile import load

from . import forked
from .project import TABLES

FILES = ("tests/test_a.py", "tests/test_b.py", "tests/sub/test_c.py")
TESTS = ("test_x", "test_y", "test_z")
NAMES = ("named/m", "named/n", "o")
UPDATE = "--snapshot-update"
PYTEST = ("-q", "-p", "layersnap")


@dataclass(frozen=True, slots=True)
class Check:
    """A test: what it checks, under which name if any, and what becomes of it."""

    units: int
    name: str | None = None
    mark: str = ""

    @property
    def value(self) -> int:
        """What it records: one name means one model."""
        return self.units if self.name is None else 1000 + NAMES.index(self.name)

    def source(self, test: str) -> str:
        """The test as it stands in its file."""
        keyword = "" if self.name is None else f", name={self.name!r}"
        decorator = "@pytest.mark.skip\n" if self.mark == "skipped" else ""
        body = [f"layersnap.check(table({self.value}){keyword})"]
        body += ["assert False"] * (self.mark == "failed")
        lines = "".join(f"    {line}\n" for line in body)
        return f"{decorator}def {test}(layersnap):\n{lines}\n"


def snapshot(file: str, test: str, check: Check) -> str:
    """Where a test's snapshot lies."""
    return f"{check.name or f'{file[:-3]}/{test}'}.csv"


def units(table: LayerTable) -> int:
    """What was recorded."""
    return table.parameters // 5


class Life(RuleBasedStateMachine):
    """The suite, what its snapshots must be, and the steps that change both."""

    def __init__(self) -> None:
        """Lay out an empty project."""
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="layersnap-life-"))
        (self.folder / "tables.py").write_text(TABLES)
        (self.folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
        self.tests: dict[tuple[str, str], Check] = {}
        self.disk: dict[str, int] = {}
        self.written: dict[str, tuple[dict[tuple[str, str], Check], dict[str, bytes]]] = {}
        self.count = 0

    def teardown(self) -> None:
        """Delete the project."""
        shutil.rmtree(self.folder)

    @initialize()
    def begins(self) -> None:
        """One test that is always there, so that there is something to collect."""
        self.tests["tests/test_always.py", "test_w"] = Check(1)
        self.save()

    @rule(
        file=st.sampled_from(FILES),
        test=st.sampled_from(TESTS),
        name=st.sampled_from([None, None, *NAMES]),
    )
    def add(self, file: str, test: str, name: str | None) -> None:
        """A test is written, or checks something else."""
        self.count += 1
        self.tests[file, test] = Check(self.count + 1, name)
        self.save()

    @rule(data=st.data(), test=st.sampled_from(TESTS))
    def rename(self, data: st.DataObject, test: str) -> None:
        """A test has another name."""
        file, old = self.choose(data)
        self.tests[file, test] = self.tests.pop((file, old))
        self.save()

    @rule(old=st.sampled_from(FILES), new=st.sampled_from(FILES))
    def move(self, old: str, new: str) -> None:
        """A file lies elsewhere."""
        for file, test in list(self.tests):
            if file == old:
                self.tests[new, test] = self.tests.pop((file, test))
        self.save()

    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        """A test is deleted."""
        if len(self.tests) > 1:
            del self.tests[self.choose(data)]
            self.save()

    @rule(data=st.data(), mark=st.sampled_from(["", "", "skipped", "failed"]))
    def mark(self, data: st.DataObject, mark: str) -> None:
        """A test is skipped, fails, or does neither any more."""
        key = self.choose(data)
        self.tests[key] = replace(self.tests[key], mark=mark)
        self.save()

    @rule(to=st.sampled_from(["main", "other"]))
    def switch(self, to: str) -> None:
        """Another branch is checked out; the one that is left keeps all."""
        left = self.tests.copy(), self.files()
        if to in self.written:
            self.tests, files = self.written[to][0].copy(), self.written[to][1]
            self.put(files)
            self.save()
        self.written["main" if to == "other" else "other"] = left

    @precondition(lambda self: self.written)
    @rule(data=st.data())
    def merge(self, data: st.DataObject) -> None:
        """What another branch has besides comes along."""
        tests, files = self.written[data.draw(st.sampled_from(sorted(self.written)))]
        self.tests = {**tests, **self.tests}
        self.put({**files, **self.files()})
        self.save()

    @rule()
    def plain(self) -> None:
        """A run that records nothing."""
        as_recorded = all(
            check.mark == "skipped"
            or (not check.mark and self.disk.get(snapshot(*key, check)) == check.value)
            for key, check in self.tests.items()
        )
        assert self.session() == int(not as_recorded)
        assert self.stored() == self.disk

    @rule()
    def update(self) -> None:
        """A run of all tests that records."""
        status = self.session(UPDATE)
        marks = {check.mark for check in self.tests.values()}
        assert status == int("failed" in marks)
        self.record(self.tests)
        if "failed" not in marks:
            living = {snapshot(*key, check) for key, check in self.tests.items()}
            if "skipped" in marks:
                living.update(f"{name}.csv" for name in NAMES)
                living.update(
                    snapshot(*key, replace(check, name=None))
                    for key, check in self.tests.items()
                    if check.mark == "skipped"
                )
            self.disk = {path: value for path, value in self.disk.items() if path in living}
        assert self.stored() == self.disk

    @rule(test=st.sampled_from(TESTS))
    def deselect(self, test: str) -> None:
        """A run that records, and leaves out the tests of one name."""
        self.update_part(lambda key: key[1] != test, "-k", f"not {test}")

    @rule(data=st.data())
    def one_file(self, data: st.DataObject) -> None:
        """A run of one file that records."""
        file, _ = self.choose(data)
        self.update_part(lambda key: key[0] == file, file)

    @rule()
    def interrupt(self) -> None:
        """An update that is interrupted after its first test."""
        conftest = self.folder / "conftest.py"
        conftest.write_text("def pytest_runtest_logfinish():\n    raise KeyboardInterrupt\n")
        assert self.session(UPDATE) == 2
        conftest.unlink()
        first = min(self.tests)
        self.record({first: self.tests[first]})
        assert self.stored() == self.disk

    @rule()
    def forget(self) -> None:
        """What earlier runs have seen is forgotten."""
        shutil.rmtree(self.folder / ".pytest_cache", ignore_errors=True)

    def update_part(self, runs: Callable[[tuple[str, str]], bool], *arguments: str) -> None:
        """A run that records and leaves out tests, so that it deletes nothing."""
        left = {key: check for key, check in self.tests.items() if runs(key)}
        if len(left) == len(self.tests):
            return
        failed = any(check.mark == "failed" for check in left.values())
        assert self.session(UPDATE, *arguments) == (int(failed) if left else 5)
        self.record(left)
        assert self.stored() == self.disk

    def choose(self, data: st.DataObject) -> tuple[str, str]:
        """Any test."""
        return data.draw(st.sampled_from(sorted(self.tests)))

    def record(self, tests: Mapping[tuple[str, str], Check]) -> None:
        """What tests that pass record."""
        for (file, test), check in tests.items():
            if not check.mark:
                self.disk[snapshot(file, test, check)] = check.value

    def session(self, *arguments: str) -> int:
        """Run pytest on the project; tells its exit code."""
        return forked.session(self.folder, *PYTEST, *arguments)

    def save(self) -> None:
        """Write the test files."""
        shutil.rmtree(self.folder / "tests", ignore_errors=True)
        for file, test in sorted(self.tests):
            path = self.folder / file
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("a") as opened:
                if not opened.tell():
                    opened.write("import pytest\nfrom tables import table\n\n")
                opened.write(self.tests[file, test].source(test))

    def files(self) -> dict[str, bytes]:
        """The snapshots on disk."""
        root = self.folder / "snapshots"
        return {
            path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*.csv")
        }

    def put(self, files: Mapping[str, bytes]) -> None:
        """Have these snapshots on disk, and no others."""
        root = self.folder / "snapshots"
        shutil.rmtree(root, ignore_errors=True)
        for name, data in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self.disk = self.stored()

    def stored(self) -> dict[str, int]:
        """By path, what is recorded on disk."""
        return {path: units(load(data)) for path, data in self.files().items()}
