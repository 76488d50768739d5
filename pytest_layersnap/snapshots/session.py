"""The pytest rim of the snapshots: results travel on test reports, and one process writes.

The process that runs a test puts what its checks found on the test's last report, as plain JSON.
The process that controls the run (under pytest-xdist another one) gathers the reports, and when the
run is over decides, writes, and says what it wrote.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from pytest_layersnap.settings import Settings, color, marked
from pytest_layersnap.snapshots.results import Result, conflicts, to_write
from pytest_layersnap.update_flag import FLAG

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.fixture import LayerSnap

_LISTED = 3


@dataclass(slots=True)
class Record:
    """What the checks of one run of one test found, until its last report takes it along."""

    results: list[Result] = field(default_factory=list)
    _outcomes: dict[str, str] = field(default_factory=dict)

    def report(self, report: pytest.TestReport) -> None:
        """Take note of a phase's outcome; put the results on the report of the last phase."""
        # A subtest that failed is followed by the report of the test, which may have passed.
        if self._outcomes.get(report.when) != "failed":
            self._outcomes[report.when] = report.outcome
        if report.when == "teardown" and self.results:
            vars(report)["layersnap"] = [
                replace(result, outcome=self._outcome()).to_dict() for result in self.results
            ]

    def _outcome(self) -> str:
        outcomes = self._outcomes.values()
        return next((worst for worst in ("failed", "skipped") if worst in outcomes), "passed")


RECORD = pytest.StashKey[Record]()


def open_fixture(item: pytest.Item, settings: Settings) -> LayerSnap:
    """The fixture's value for a test; ``item.stash[RECORD]`` gathers what its checks find."""
    from pytest_layersnap.snapshots.fixture import LayerSnap, Origin
    from pytest_layersnap.snapshots.store import Store

    record = item.stash[RECORD] = Record()
    origin = Origin(
        test=item.nodeid,
        file=_file(item, settings.rootdir),
        name=".".join([*_classes(item), item.name]),
        scope=marked(item, settings.scope),
        accept=shell_line(["pytest", FLAG, _argument(item)]),
        color=color(item.config),
    )
    store = Store(settings.directory, shown=settings.shown)
    return LayerSnap(origin, store, update=settings.update, record=record.results.append)


class SnapshotSession:
    """The plugin of the process that controls the run: gathers, writes, and tells."""

    def __init__(self, settings: Settings, arguments: Sequence[str]) -> None:
        """Begin a run in which no check has been made.

        Args:
            settings: the settings of the run.
            arguments: what pytest was called with.
        """
        self._settings = settings
        self._arguments = arguments
        self._results: list[Result] = []
        self._written: dict[str, Result] = {}
        self._errors: dict[str, str] = {}

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what the checks of a test found."""
        self._results += [Result(**data) for data in vars(report).get("layersnap", ())]

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what the run has to record, and fail it if something can't be recorded."""
        shown = self._settings.shown
        self._errors = {path: f"{shown}/{path}: {why}" for path, why in conflicts(self._results)}
        if self._settings.update:
            self._write()
        if self._errors and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written and what was not, or how to accept what the checks found."""
        quiet = terminalreporter.verbosity < 0
        tell = self._recorded if self._settings.update else self._found
        lines = tell(quiet)
        errors = sorted(set(self._errors.values()))
        if (lines or errors) and not quiet:
            terminalreporter.write_sep("=", "layersnap")
        for line in lines:
            terminalreporter.write_line(f"layersnap: {line}" if quiet else line)
        for line in errors:
            terminalreporter.write_line(f"error: {line}", red=True)

    def _write(self) -> None:
        from pytest_layersnap import csvfile
        from pytest_layersnap.snapshots.store import Store, StoreError

        store = Store(self._settings.directory, shown=self._settings.shown)
        for snapshot, result in sorted(to_write(self._results).items()):
            if snapshot in self._errors:
                continue
            try:
                if store.write(snapshot, csvfile.load(result.table.encode())):
                    self._written[snapshot] = result
            except StoreError as error:
                self._errors[snapshot] = str(error)
            except OSError as error:
                shown = f"{self._settings.shown}/{snapshot}"
                self._errors[snapshot] = f"{shown}: not written: {error.strerror}"

    def _recorded(self, quiet: bool) -> list[str]:
        """What was written, and what was not because its test did not pass."""
        verbs = {
            path: "created" if result.finding == "missing" else "updated"
            for path, result in self._written.items()
        }
        wanted = {result.snapshot for result in self._results if result.table}
        if quiet:
            lines = [_counts(verbs)] if verbs else []
        else:
            lines = [
                f"{verb} {self._settings.shown}/{path}: {self._written[path].summary}"
                for path, verb in verbs.items()
            ]
        if unwritten := wanted.difference(to_write(self._results)):
            lines.append(f"not recorded, as the test did not pass: {self._listed(unwritten)}")
        return lines

    def _found(self, quiet: bool) -> list[str]:
        """What made checks fail, and the command that accepts it all."""
        findings = {
            result.snapshot: result.finding
            for result in self._results
            if result.finding != "same" and result.outcome == "failed"
        }
        if not findings:
            return []
        paths = "" if quiet else f": {self._listed(findings)}"
        # The whole call again, so that its options and its selection hold.
        accept = shell_line(["pytest", FLAG, *self._arguments])
        return [f"{_counts(findings)}{paths}", f"record with: {accept}"]

    def _listed(self, snapshots: Iterable[str]) -> str:
        paths = [f"{self._settings.shown}/{path}" for path in sorted(snapshots)]
        more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
        return ", ".join(paths[:_LISTED]) + more


def shell_line(arguments: Sequence[str]) -> str:
    """A command as it is typed into a shell of this system."""
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def _counts(kinds: Mapping[str, str]) -> str:
    return ", ".join(f"{number} {kind}" for kind, number in sorted(Counter(kinds.values()).items()))


def _file(item: pytest.Item, rootdir: Path) -> PurePosixPath | None:
    if not item.path.is_relative_to(rootdir):
        return None
    return PurePosixPath(item.path.relative_to(rootdir).as_posix())


def _classes(item: pytest.Item) -> list[str]:
    return [node.name for node in item.listchain() if isinstance(node, pytest.Class)]


def _argument(item: pytest.Item) -> str:
    """A test as it is given to pytest where this run was started: ids begin at the root instead."""
    try:
        file = os.path.relpath(item.path, item.config.invocation_params.dir)
    except ValueError:  # another drive
        file = str(item.path)
    _, separator, inside = item.nodeid.partition("::")
    return f"{file}{separator}{inside}"
