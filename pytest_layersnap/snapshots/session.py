"""The pytest rim of the snapshots: results travel on test reports, and one process writes.

The process that runs a test puts what its checks found on the test's last report, as plain JSON.
The process that controls the run (under pytest-xdist another one) gathers the reports, and when the
run is over decides, writes, and says what it wrote.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_layersnap.settings import Settings, marked
from pytest_layersnap.snapshots.collection import (
    Collected,
    Collection,
    folders_beside,
    relative,
    test_id,
    test_name,
    uncollected,
)
from pytest_layersnap.snapshots.results import Result, conflicts, to_write
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.summary import advice, errors, lines, unjudged
from pytest_layersnap.snapshots.unused import Facts, Fate, judge
from pytest_layersnap.update_flag import FLAG

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.fixture import LayerSnap
    from pytest_layersnap.snapshots.pending import Pending, Received
    from pytest_layersnap.snapshots.store import Store

#: What the processes that collect send to the one that controls.
_OUTPUT = "layersnap"


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
        if report.when == "teardown":
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
        test=test_id(item),
        file=relative(item.path, settings.rootdir),
        name=test_name(item),
        scope=marked(item),
        accept=shell_line(["pytest", FLAG, _argument(item)]),
    )
    store = Store(settings.directory, shown=settings.shown)

    def found(result: Result) -> None:
        record.results.append(result)
        text = f"{settings.shown}/{result.snapshot}"
        item.user_properties.append(
            (f"layersnap.{result.finding}", f"{text}: {result.summary}" if result.summary else text)
        )

    return LayerSnap(origin, store, update=settings.update, record=found)


class WorkerSession:
    """The plugin of a worker of xdist: sends what it collected to the process that controls."""

    def __init__(self, config: pytest.Config, settings: Settings, collection: Collection) -> None:
        """Send what ``collection`` gathers."""
        self._collection = collection

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Put the facts where xdist takes them along."""
        output: dict[str, Any] = vars(session.config)["workeroutput"]
        output[_OUTPUT] = self._collection.collected().to_dict()


class SnapshotSession:
    """The plugin of the process that controls the run: gathers, writes, and tells."""

    def __init__(self, config: pytest.Config, settings: Settings, collection: Collection) -> None:
        """Begin a run in which no check has been made.

        Args:
            config: pytest's.
            settings: the settings of the run.
            collection: gathers what this process collects; under pytest-xdist, workers do.
        """
        self._config = config
        self._settings = settings
        self._collection = collection
        self._arguments = [str(argument) for argument in config.invocation_params.args]
        self._began = time.time()
        self._collected: list[Collected] = []
        self._found: dict[tuple[str, object], list[Result]] = {}
        self._outcomes: dict[str, Fate] = {}
        self._ended: set[str] = set()
        self._unchecked: set[str] = set()
        self._errors: dict[str, str] = {}
        self._review = ""
        self._run = Run(folder=settings.shown, update=settings.update, unused=settings.unused)

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what the checks of a test found, and what became of it."""
        nodeid = report.nodeid
        found = vars(report).get("layersnap")
        if found is not None:
            # Run again by the same worker, a test takes back what it found before.
            worker = getattr(report, "node", None)
            self._found[nodeid, worker] = [Result(**data) for data in found]
            (self._unchecked.discard if found else self._unchecked.add)(nodeid)
        if report.when == "teardown":
            self._ended.add(nodeid)
        # What other plugins call an outcome (a test is run again) decides nothing.
        if report.outcome in ("failed", "skipped") and self._outcomes.get(nodeid) != "failed":
            self._outcomes[nodeid] = report.outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of xdist has collected; one that crashed has sent nothing."""
        data = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if data is not None:
            self._collected.append(Collected(**data))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what the run has to record, and fail it if something can't be recorded."""
        if not self._config.pluginmanager.hasplugin("dsession"):
            self._collected.append(self._collection.collected())
        results = self._results
        meeting = conflicts(results, deciding="passed" if self._settings.update else None)
        shown = self._settings.shown
        self._errors = {path: f"{shown}/{path}: {why}" for path, why in meeting}
        created, updated = self._write() if self._settings.update and results else ({}, {})
        facts = self._facts(session)
        verdict = judge(facts)
        delete = self._settings.update and self._settings.unused != "ignore"
        deleted = self._delete(verdict.unused) if delete else []
        self._run = replace(
            self._run,
            results=results,
            facts=facts,
            verdict=verdict,
            created=created,
            updated=updated,
            deleted=tuple(deleted),
            errors=self._errors,
        )
        if results:
            self._keep_received()
        self._write_reports()
        if self._run.fails and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written and what was not, or how to accept what the checks found."""
        run = self._run
        quiet = terminalreporter.verbosity < 0
        told = [*lines(run, quiet=quiet)]
        asked = run.update or run.unused == "error" or terminalreporter.verbosity > 0 or run.left
        if asked and not quiet and (reason := unjudged(run)):
            told.append(reason)
        # The whole call again, so that its options and its selection hold.
        record = shell_line(["pytest", FLAG, *self._arguments])
        told += advice(run, record=record, review=self._review)
        failures = errors(run)
        if (told or failures) and not quiet:
            terminalreporter.write_sep("=", "layersnap")
        for line in told:
            terminalreporter.write_line(f"layersnap: {line}" if quiet else line)
        for line in failures:
            terminalreporter.write_line(f"error: {line}", red=True)

    @property
    def _results(self) -> tuple[Result, ...]:
        return tuple(result for results in self._found.values() for result in results)

    @cached_property
    def _store(self) -> Store:
        from pytest_layersnap.snapshots.store import Store

        return Store(self._settings.directory, shown=self._settings.shown)

    def _write(self) -> tuple[dict[str, str], dict[str, str]]:
        """Record what passed tests received; tells what was created, and what was updated."""
        from pytest_layersnap import csvfile

        created: dict[str, str] = {}
        updated: dict[str, str] = {}
        for snapshot, result in sorted(to_write(self._results).items()):
            if snapshot in self._errors:
                continue
            with self._noting_errors(snapshot, "not written"):
                if self._store.write(snapshot, csvfile.load(result.table.encode())):
                    kind = created if result.finding == "missing" else updated
                    kind[snapshot] = result.summary
        self._store.sweep()
        return created, updated

    def _delete(self, snapshots: Sequence[str]) -> list[str]:
        """Delete what no test uses, but for what someone has written since the run began."""
        deleted = []
        for snapshot in snapshots:
            with self._noting_errors(snapshot, "not deleted"):
                if self._store.modified(snapshot) < self._began:
                    self._store.delete(snapshot)
                    deleted.append(snapshot)
        return deleted

    @contextmanager
    def _noting_errors(self, snapshot: str, not_done: str) -> Iterator[None]:
        """Keep why a file can't be changed, so that the run says it and fails."""
        from pytest_layersnap.snapshots.store import BrokenSnapshot, StoreError

        try:
            yield
        except (BrokenSnapshot, StoreError) as error:
            self._errors[snapshot] = str(error)
        except OSError as error:
            shown = f"{self._settings.shown}/{snapshot}"
            self._errors[snapshot] = f"{shown}: {not_done}: {error.strerror or error}"

    def _facts(self, session: pytest.Session) -> Facts:
        """What the run knows about the snapshots it did not use."""
        tests = {nodeid: test for one in self._collected for nodeid, test in one.tests.items()}
        hidden = {nodeid for one in self._collected for nodeid in one.hidden}
        facts = Facts(
            tests=dict(tests.values()),
            fates={test: self._fate(nodeid) for nodeid, (test, _) in tests.items()}
            | dict.fromkeys(hidden, "deselected"),
            files=tuple(sorted({path for one in self._collected for path in one.files})),
            skipped={path: own for one in self._collected for path, own in one.skipped.items()},
            errors=tuple(sorted({path for one in self._collected for path in one.errors})),
            interrupted=self._interruption(session),
            used=self._used(),
        )
        if self._settings.unused == "ignore" and self._settings.report is None:
            return facts
        facts = replace(facts, stored=dict(self._unclaimed(facts.used)))
        if not facts.stored or (judge(facts).unjudged and self._settings.report is None):
            return facts
        files = set(facts.files)
        beside = folders_beside(self._config, files)
        return replace(
            facts,
            uncollected=tuple(uncollected(self._config, files)),
            stored={
                snapshot: named
                for snapshot, named in facts.stored.items()
                if named or snapshot.rpartition("/")[0] not in beside
            },
        )

    def _fate(self, nodeid: str) -> Fate:
        if outcome := self._outcomes.get(nodeid):
            return outcome
        if nodeid in self._ended:
            return "unchecked" if nodeid in self._unchecked else "passed"
        if any(nodeid in one.deselected for one in self._collected):
            return "deselected"
        return "not run"

    def _interruption(self, session: pytest.Session) -> str:
        if session.exitstatus not in (
            pytest.ExitCode.OK,
            pytest.ExitCode.TESTS_FAILED,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            return "the run was interrupted"
        return "" if self._collected else "no worker came to its end"

    def _used(self) -> tuple[str, ...]:
        checked = {result.snapshot for result in self._results}
        return tuple(sorted(checked.union(*(one.read for one in self._collected))))

    def _unclaimed(self, used: Iterable[str]) -> Iterator[tuple[str, bool]]:
        if self._settings.directory.is_dir():
            yield from self._store.unclaimed(set(used))

    def _keep_received(self) -> None:
        """Keep what made tests fail, for a review; forget what this run has overtaken."""
        cache = getattr(self._config, "cache", None)  # -p no:cacheprovider
        if cache is None:
            return
        from pytest_layersnap.snapshots.pending import Pending, overtaken

        run = self._run
        ran = {test for test, fate in run.facts.fates.items() if fate in ("passed", "failed")}
        unclear = dict(conflicts(run.results, deciding="failed"))
        try:
            pending = Pending(cache.mkdir("layersnap"))
            checked = {result.snapshot for result in run.results}
            for received in overtaken(pending, snapshots=checked, tests=ran):
                pending.drop(received)
            for snapshot in run.received.keys() - unclear.keys():
                pending.put(self._received(snapshot))
        except OSError:  # a tree that can't be written to has no cache
            return
        if any(pending):
            self._review = _review_command(pending, self._config.invocation_params.dir)

    def _received(self, snapshot: str) -> Received:
        from pytest_layersnap.snapshots.pending import Received

        return Received(
            result=self._run.received[snapshot],
            folder=self._settings.directory,
            shown=self._settings.shown,
            recorded=self._store.digest(snapshot),
        )

    def _write_reports(self) -> None:
        """Write the reports that were asked for, and the summary that a CI job shows."""
        folder, summary = self._settings.report, os.environ.get("GITHUB_STEP_SUMMARY")
        if folder is None and not (summary and (self._results or self._run.left)):
            return
        from pytest_layersnap.snapshots import reports

        report = reports.of(self._run, self._store)
        try:
            if folder is not None:
                reports.write(report, folder)
            if summary:
                with open(summary, "a", encoding="utf-8") as file:
                    file.write(reports.markdown(report))
        except OSError as error:
            why = f"{error.filename or folder}: report not written: {error.strerror or error}"
            self._run = replace(self._run, errors={**self._errors, "": why})


def _review_command(pending: Pending, start: Path) -> str:
    """The command that finds the received tables from where pytest was started."""
    from pytest_layersnap.snapshots.pending import Pending

    if Pending.near(start) == pending:
        return "layersnap review"
    cache = os.path.relpath(pending.folder.parents[1], start)
    return shell_line(["layersnap", "review", "--cache-dir", cache])


def shell_line(arguments: Sequence[str]) -> str:
    """A command as it is typed into a shell of this system."""
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def _argument(item: pytest.Item) -> str:
    """A test as it is given to pytest where this run was started: ids begin at the root instead."""
    try:
        file = os.path.relpath(item.path, item.config.invocation_params.dir)
    except ValueError:  # another drive
        file = str(item.path)
    _, separator, inside = item.nodeid.partition("::")
    return f"{file}{separator}{inside}"
