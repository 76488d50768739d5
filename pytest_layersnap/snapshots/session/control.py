"""The process that controls a run, and the workers of xdist that tell it what they collected."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_layersnap.snapshots.session.collection import Collection
from pytest_layersnap.snapshots.session.told import color, in_ci
from pytest_layersnap.snapshots.settings import Settings
from pytest_layersnap.update_flag import FLAG

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.gathered import Collected
    from pytest_layersnap.snapshots.run import Run
    from pytest_layersnap.snapshots.tree import Project
    from pytest_layersnap.snapshots.unused import Fate

#: What the processes that collect send to the one that controls.
_OUTPUT = "layersnap"


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
        # What Gathered holds, which a suite without checks starts without.
        self._began = began
        self._found: dict[tuple[str, object], list[dict[str, Any]]] = {}
        self._outcomes: dict[str, Fate] = {}
        self._phases: dict[str, set[str]] = {}
        self._workers = 0
        self._collected: list[Collected] = []
        self._run: Run | None = None
        self._review = ""

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Gather what the checks of a test found, and what became of it."""
        nodeid = report.nodeid
        found = vars(report).get("layersnap")
        if found is not None:
            # Run again by the same worker, a test takes back what it found before.
            self._found[nodeid, getattr(report, "node", None)] = found
            self._link(report, found)
        self._phases.setdefault(nodeid, set()).add(report.when or "")
        # What other plugins call an outcome (a test is run again) decides nothing.
        if report.outcome in ("failed", "skipped") and self._outcomes.get(nodeid) != "failed":
            self._outcomes[nodeid] = report.outcome

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Tell a worker of xdist when the run began, and whether our terminal is colored."""
        self._workers += 1
        node.workerinput["layersnap_began"] = self._began
        node.workerinput["layersnap_color"] = color(node.config)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a worker of xdist has collected; one that crashed has sent nothing."""
        collected = getattr(node, "workeroutput", {}).get(_OUTPUT)
        if collected is not None:
            self._collected.append(collected)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write what the run has to record, and fail it if something can't be recorded."""
        if not self._has_snapshots():
            return
        from pytest_layersnap.snapshots.conclusion import Conclusion
        from pytest_layersnap.snapshots.gathered import Gathered

        if not self._config.pluginmanager.hasplugin("dsession"):
            self._collected.append(self._collection.collected())
        complete = session.exitstatus in (
            pytest.ExitCode.OK,
            pytest.ExitCode.TESTS_FAILED,
            pytest.ExitCode.NO_TESTS_COLLECTED,
        )
        conclusion = Conclusion(
            self._settings,
            Gathered(
                self._began,
                found=self._found,
                outcomes=self._outcomes,
                phases=self._phases,
                workers=self._workers,
                collected=self._collected,
                complete=complete,
            ),
            project=_project(self._config),
            cache=getattr(self._config, "cache", None),  # -p no:cacheprovider
            start=self._config.invocation_params.dir,
        )
        self._run, self._review = conclusion.conclude()
        if self._run.interrupted:
            session.exitstatus = pytest.ExitCode.INTERRUPTED
        elif self._run.fails and session.exitstatus in (
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
        from pytest_layersnap.snapshots.commands import selecting, shell_line

        run, quiet = self._run, terminalreporter.verbosity < 0
        told = [*summary.lines(run, quiet=quiet)]
        asked = run.update or run.unused == "error" or terminalreporter.verbosity > 0 or run.left
        if asked and not quiet and (reason := summary.unjudged(run)):
            told.append(reason)
        arguments = selecting([str(each) for each in self._config.invocation_params.args])
        record = shell_line(["pytest", FLAG, *arguments])
        report = self._settings.report
        told += summary.advice(
            run,
            record=record,
            review=self._review,
            report=report.name if report is not None and not report.suffix else "",
            in_ci=in_ci(),
        )
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
        return bool(self._found or due or settings.directory.is_dir())


def _project(config: pytest.Config) -> Project:
    from pytest_layersnap.snapshots.commands import options
    from pytest_layersnap.snapshots.tree import Project

    return Project(
        root=config.rootpath,
        testpaths=config.getini("testpaths"),
        python_files=config.getini("python_files"),
        norecursedirs=config.getini("norecursedirs"),
        options=options([str(each) for each in config.invocation_params.args]),
    )
