"""The end of a run: what is recorded, deleted, kept for a review, and reported.

Imported only when there is something to decide, as most runs of pytest have no snapshot at all.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_layersnap import csvfile, git
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots import deletion, pending
from pytest_layersnap.snapshots.commands import near, shell_line
from pytest_layersnap.snapshots.evidence import Evidence
from pytest_layersnap.snapshots.gathered import Gathered
from pytest_layersnap.snapshots.memory import Cache
from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.snapshots.results import Result, conflicts, to_write
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.store import Store
from pytest_layersnap.snapshots.tree import Project
from pytest_layersnap.snapshots.unused import judge

if TYPE_CHECKING:
    from pytest_layersnap.exports.files import Destination, ExportError
    from pytest_layersnap.snapshots.settings import Settings

#: What an export that fails is filed under, beside the snapshots.
_EXPORT = "--layersnap-export"


class Conclusion:
    """Decides for one run, in the order of its methods; ``conclude`` calls them all."""

    def __init__(
        self,
        settings: Settings,
        gathered: Gathered,
        *,
        project: Project,
        cache: Cache | None,
        start: Path,
    ) -> None:
        """Conclude a run from what its tests and its workers have told.

        Args:
            settings: the settings of the run.
            gathered: what they have told.
            project: where pytest looks for tests.
            cache: pytest's, if there is one.
            start: the folder that pytest was started in.
        """
        self._settings = settings
        self._project = project
        self._cache = cache
        self._start = start
        self._gathered = gathered
        self._store = Store(settings.directory, shown=settings.shown)
        self._results = tuple(Result(**data) for found in gathered.found.values() for data in found)
        self._errors: dict[str, str] = {}
        self._created: dict[str, str] = {}
        self._updated: dict[str, str] = {}
        self._ignored: list[str] = []
        self._deleted: list[str] = []
        self._trash = deletion.Trash(cache)
        self._run = Run(folder=settings.shown, update=settings.update, unused=settings.unused)
        self._review = ""

    def conclude(self) -> tuple[Run, str]:
        """Record and delete, keep what was received, write exports and reports.

        Returns:
            What the run did and found, and the command that reviews what was kept (empty if
            nothing was).
        """
        try:
            self._conclude()
        except KeyboardInterrupt:
            self._run = replace(self._told(), interrupted=True)
        return self._run, self._review

    def _told(self) -> Run:
        """The run with what its checks found, and what was recorded and deleted so far."""
        return replace(
            self._run,
            results=self._results,
            created=self._created,
            updated=self._updated,
            ignored=tuple(self._ignored),
            deleted=tuple(self._deleted),
            kept=near(self._trash.folder, self._start) if self._deleted else "",
            errors=self._errors,
        )

    def _conclude(self) -> None:
        update, shown = self._settings.update, self._settings.shown
        meeting = conflicts(self._results, deciding="passed" if update else None)
        self._errors = {path: f"{shown}/{path}: {why}" for path, why in meeting}
        if update and self._results:
            self._write()
        evidence = Evidence(
            self._settings,
            self._gathered,
            self._results,
            project=self._project,
            cache=self._cache,
        )
        facts = evidence.facts(self._store)
        verdict = judge(facts)
        if update and self._settings.unused != "ignore":
            self._delete(verdict.unused)
        evidence.remember(facts, deleted=self._deleted)
        self._run = replace(self._told(), facts=facts, verdict=verdict)
        if self._results:
            self._keep_received()
        if self._settings.export is not None:
            self._write_export(self._settings.export)
        self._write_reports()

    def _write(self) -> None:
        """Record what passed tests received."""
        wanted = {
            snapshot: result
            for snapshot, result in sorted(to_write(self._results).items())
            if snapshot not in self._errors
        }
        tables = {snapshot: result.table.encode() for snapshot, result in wanted.items()}
        for snapshot, failed in self._store.write_all(tables):
            if failed is not None:
                self._errors[snapshot] = str(failed)
                continue
            result = wanted[snapshot]
            kind = self._created if result.finding == "missing" else self._updated
            kind[snapshot] = result.summary
        self._store.sweep()
        if self._created:
            self._ignored = git.ignored(self._settings.directory, list(self._created))

    def _delete(self, snapshots: Iterable[str]) -> None:
        """Delete what no test uses."""
        began = self._gathered.began
        for snapshot, failed in deletion.delete(snapshots, self._store, self._trash, began=began):
            if failed:
                self._errors[snapshot] = failed
            else:
                self._deleted.append(snapshot)

    def _keep_received(self) -> None:
        """Keep what made tests fail, for a review; forget what this run has overtaken."""
        if self._cache is None:
            return
        run = self._run
        ran = {test for test, fate in run.facts.fates.items() if fate in ("passed", "failed")}
        unclear = dict(conflicts(run.results, deciding="failed"))
        try:
            waiting = pending.Pending(self._cache.mkdir("layersnap"))
            checked = {result.snapshot for result in run.results}
            for received in pending.overtaken(waiting, snapshots=checked, tests=ran):
                waiting.drop(received)
            for snapshot in run.received.keys() - unclear.keys():
                waiting.put(self._received(snapshot))
        except OSError:  # a tree that can't be written to has no cache
            return
        if any(waiting):
            self._review = _review_command(waiting, self._start)

    def _received(self, snapshot: str) -> pending.Received:
        return pending.Received(
            result=self._run.received[snapshot],
            folder=self._settings.directory,
            shown=self._settings.shown,
            recorded=self._store.digest(snapshot),
        )

    def _write_export(self, to: Destination) -> None:
        """Write the tables that checks saw; where several saw one snapshot's, the last of them."""
        from pytest_layersnap.exports.files import ExportError, told_apart, write

        tables = {
            result.snapshot.removesuffix(SUFFIX): csvfile.load(result.table.encode())
            for result in sorted(self._results, key=lambda result: result.snapshot)
        }
        try:
            paths = write(told_apart(tables), to)
        except (ExportError, OSError) as error:
            self._run = replace(self._run, errors={**self._run.errors, _EXPORT: _why(error)})
        else:
            exported = tuple(near(path, self._start) for path in paths)
            self._run = replace(self._run, exported=exported)

    def _write_reports(self) -> None:
        """Write the reports that were asked for, and the summary that a CI job shows."""
        folder, summary = self._settings.report, os.environ.get("GITHUB_STEP_SUMMARY")
        if folder is None and not (summary and (self._results or self._run.left)):
            return
        from pytest_layersnap.snapshots import reports

        report = reports.of(self._run, self._store)
        try:
            if folder is not None:
                where = reports.circumstances(self._settings.rootdir)
                report = replace(report, run=replace(report.run, circumstances=where))
                page = reports.write(report, folder)
                self._run = replace(self._run, reported=near(page, self._start))
            if summary:
                with open(summary, "a", encoding="utf-8") as file:
                    file.write(reports.markdown(report))
        except LayersnapError as error:
            self._run = replace(self._run, errors={**self._run.errors, "": str(error)})
        except OSError as error:
            why = f"{error.filename or folder}: report not written: {error.strerror or error}"
            self._run = replace(self._run, errors={**self._run.errors, "": why})


def _why(error: ExportError | OSError) -> str:
    """Why an export was not made."""
    if isinstance(error, OSError):
        return f"{error.filename or _EXPORT}: not exported: {error.strerror or error}"
    return str(error)


def _review_command(waiting: pending.Pending, start: Path) -> str:
    """The command that finds the received tables from where pytest was started."""
    if pending.Pending.near(start) == waiting:
        return "layersnap review"
    cache = near(waiting.folder.parents[1], start)
    return shell_line(["layersnap", "review", "--cache-dir", cache])
