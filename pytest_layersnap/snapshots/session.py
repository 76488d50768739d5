"""The pytest rim of the snapshots: results travel on test reports, and one process writes.

The process that runs a test puts what its checks found on the test's last report, as plain JSON.
The process that controls the run (under pytest-xdist another one) gathers the reports, and when the
run is over decides, writes, and says what it wrote.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_layersnap.settings import Settings, color, marked
from pytest_layersnap.snapshots.collection import (
    Collected,
    Collection,
    relative,
    test_id,
    test_name,
)
from pytest_layersnap.update_flag import FLAG

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.fixture import LayerSnap
    from pytest_layersnap.snapshots.results import Result
    from pytest_layersnap.snapshots.run import Run
    from pytest_layersnap.snapshots.store import Store
    from pytest_layersnap.snapshots.unused import Fate

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
#: What a process knows of the folder of snapshots, which it looks at once.
_STORE: pytest.StashKey[Store] = pytest.StashKey()


def open_fixture(item: pytest.Item, settings: Settings) -> LayerSnap:
    """The fixture's value for a test; ``item.stash[RECORD]`` gathers what its checks find."""
    from pytest_layersnap.snapshots import store as stores
    from pytest_layersnap.snapshots.fixture import LayerSnap, Origin

    record = item.stash[RECORD] = Record()
    origin = Origin(
        test=test_id(item),
        file=relative(item.path, settings.rootdir),
        name=test_name(item),
        scope=marked(item, settings.scope),
        accept=shell_line(["pytest", FLAG, _argument(item)]),
        color=color(item.config),
    )
    store = item.config.stash.get(_STORE, None)
    if store is None:
        store = stores.Store(settings.directory, shown=settings.shown)
        item.config.stash[_STORE] = store

    def found(result: Result) -> None:
        record.results.append(result)
        text = f"{store.shown}/{result.snapshot}"
        item.user_properties.append(
            (f"layersnap.{result.finding}", f"{text}: {result.summary}" if result.summary else text)
        )

    return LayerSnap(
        origin,
        store,
        update=settings.update,
        export=settings.export is not None,
        record=found,
    )


class WorkerSession:
    """The plugin of a worker of xdist: sends what it collected to the process that controls."""

    def __init__(self, collection: Collection) -> None:
        """Send what ``collection`` gathers."""
        self._collection = collection

    @pytest.hookimpl
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Put the facts where xdist takes them along."""
        output: dict[str, Any] = vars(session.config)["workeroutput"]
        output[_OUTPUT] = self._collection.collected()


@dataclass(slots=True)
class Gathered:
    """What the process that controls a run has heard.

    Args:
        began: when the run began.
        found: by test and worker, what the checks found, as plain data.
        outcomes: by test, ``failed`` or ``skipped``; tests that passed are not in it.
        phases: by test, the phases that were run of it.
        workers: how many workers were started.
        collected: what each process has collected.
    """

    began: float
    found: dict[tuple[str, object], list[dict[str, Any]]] = field(default_factory=dict)
    outcomes: dict[str, Fate] = field(default_factory=dict)
    phases: dict[str, set[str]] = field(default_factory=dict)
    workers: int = 0
    collected: list[Collected] = field(default_factory=list)


class SnapshotSession:
    """The plugin of the process that controls the run: gathers, concludes, and tells."""

    def __init__(
        self, config: pytest.Config, settings: Settings, collection: Collection, began: float
    ) -> None:
        """Begin a run in which no check has been made.

        Args:
            config: pytest's.
            settings: the settings of the run.
            collection: gathers what this process collects; under pytest-xdist, workers do.
            began: when the run began.
        """
        self._config = config
        self._settings = settings
        self._collection = collection
        self._gathered = Gathered(began)
        self._run: Run | None = None
        self._review = ""

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what the checks of a test found, and what became of it."""
        gathered, nodeid = self._gathered, report.nodeid
        found = vars(report).get("layersnap")
        if found is not None:
            # Run again by the same worker, a test takes back what it found before.
            gathered.found[nodeid, getattr(report, "node", None)] = found
            self._link(report, found)
        gathered.phases.setdefault(nodeid, set()).add(report.when or "")
        # What other plugins call an outcome (a test is run again) decides nothing.
        if report.outcome in ("failed", "skipped") and gathered.outcomes.get(nodeid) != "failed":
            gathered.outcomes[nodeid] = report.outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist when the run began, and whether our terminal is colored."""
        self._gathered.workers += 1
        node.workerinput["layersnap_began"] = self._gathered.began
        node.workerinput["layersnap_color"] = color(node.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of xdist has collected; one that crashed has sent nothing."""
        collected = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if collected is not None:
            self._gathered.collected.append(collected)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what the run has to record, and fail it if something can't be recorded."""
        if not self._config.pluginmanager.hasplugin("dsession"):
            self._gathered.collected.append(self._collection.collected())
        if not self._has_snapshots():
            return
        from pytest_layersnap.snapshots.conclusion import Conclusion

        conclusion = Conclusion(session, self._settings, self._gathered)
        self._run, self._review = conclusion.conclude()
        if self._run.fails and session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        ):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl
    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say what was written and what was not, or how to accept what the checks found."""
        if self._run is None:
            return
        from pytest_layersnap.snapshots import summary

        run, quiet = self._run, terminalreporter.verbosity < 0
        told = [*summary.lines(run, quiet=quiet)]
        asked = run.update or run.unused == "error" or terminalreporter.verbosity > 0 or run.left
        if asked and not quiet and (reason := summary.unjudged(run)):
            told.append(reason)
        # The whole call again, so that its options and its selection hold.
        arguments = map(str, self._config.invocation_params.args)
        record = shell_line(["pytest", FLAG, *arguments])
        told += summary.advice(run, record=record, review=self._review)
        failures = summary.errors(run)
        if (told or failures) and not quiet:
            terminalreporter.write_sep("=", "layersnap")
        for line in told:
            terminalreporter.write_line(f"layersnap: {line}" if quiet else line)
        for line in failures:
            terminalreporter.write_line(f"error: {line}", red=True)

    def _link(self, report: pytest.TestReport, found: Sequence[dict[str, Any]]) -> None:
        """Have pytest-html, which comes last, lead from the row of the test to its drifts."""
        settings, config = self._settings, self._config
        if not (found and settings.report) or settings.update:
            return
        theirs = config.getoption("htmlpath", default=None)
        if theirs is None or not config.pluginmanager.hasplugin("html"):
            return
        from pytest_layersnap.snapshots.links import extras
        from pytest_layersnap.snapshots.results import Result

        # As pytest-html reads it.
        path = Path(os.path.expandvars(theirs)).expanduser()
        links = extras(
            [Result(**data) for data in found],
            report=settings.report,
            theirs=config.invocation_params.dir / path,
        )
        vars(report)["extras"] = [*getattr(report, "extras", ()), *links]

    def _has_snapshots(self) -> bool:
        """Whether there is anything to decide: a check, a snapshot, or something that is due."""
        settings = self._settings
        due = settings.report or settings.export
        return bool(self._gathered.found or due or settings.directory.is_dir())


def shell_line(arguments: Sequence[str]) -> str:
    """A command as it is typed into a shell of this system."""
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def _argument(item: pytest.Item) -> str:
    """A test as it is given to pytest where this run was started: ids begin at the root instead."""
    try:
        file = os.path.relpath(item.path, item.config.invocation_params.dir)
    except ValueError:  # another drive
        file = str(item.path)
    _, separator, inside = test_id(item).partition("::")
    return f"{file}{separator}{inside}"
