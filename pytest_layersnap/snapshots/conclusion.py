"""The end of a run: what is recorded, deleted, kept for a review, and reported.

Imported only when there is something to decide, as most runs of pytest have no snapshot at all.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.settings import Settings
from pytest_layersnap.snapshots import pending
from pytest_layersnap.snapshots.evidence import Evidence
from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.snapshots.results import Result, conflicts, to_write
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.session import Gathered, shell_line
from pytest_layersnap.snapshots.store import BrokenSnapshot, Store, StoreError, replace_file
from pytest_layersnap.snapshots.unused import judge

if TYPE_CHECKING:
    from pytest_layersnap.export.files import Destination, ExportError

#: What an export that fails is filed under, beside the snapshots.
_EXPORT = "--layersnap-export"
#: The folder of what was deleted.
_TRASH = "layersnap-deleted"


class Conclusion:
    """Decides for one run, in the order of its methods; ``conclude`` calls them all."""

    def __init__(self, session: pytest.Session, settings: Settings, gathered: Gathered) -> None:
        """Conclude a run from what its tests and its workers have told."""
        self._session = session
        self._config = session.config
        self._settings = settings
        self._gathered = gathered
        self._store = Store(settings.directory, shown=settings.shown)
        self._results = tuple(Result(**data) for found in gathered.found.values() for data in found)
        self._errors: dict[str, str] = {}
        self._created: dict[str, str] = {}
        self._updated: dict[str, str] = {}
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
            self._session.exitstatus = pytest.ExitCode.INTERRUPTED
            self._run = replace(self._told(), interrupted=True)
        return self._run, self._review

    def _told(self) -> Run:
        """The run with what its checks found, and what was recorded of it so far."""
        return replace(
            self._run,
            results=self._results,
            created=self._created,
            updated=self._updated,
            errors=self._errors,
        )

    def _conclude(self) -> None:
        update, shown = self._settings.update, self._settings.shown
        meeting = conflicts(self._results, deciding="passed" if update else None)
        self._errors = {path: f"{shown}/{path}: {why}" for path, why in meeting}
        if update and self._results:
            self._write()
        evidence = Evidence(self._session, self._settings, self._gathered, self._results)
        facts = evidence.facts(self._store)
        verdict = judge(facts)
        delete = update and self._settings.unused != "ignore"
        deleted = self._delete(verdict.unused) if delete else []
        evidence.remember(facts, deleted=deleted)
        self._run = replace(
            self._told(),
            facts=facts,
            verdict=verdict,
            deleted=tuple(deleted),
            kept=_near(self._trash, self._config.invocation_params.dir) if deleted else "",
        )
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

    def _delete(self, snapshots: Sequence[str]) -> list[str]:
        """Delete what no test uses, but for what someone has written since the run began."""
        deleted = []
        for snapshot in snapshots:
            with self._noting_errors(snapshot, "not deleted"):
                if self._store.modified(snapshot) < self._gathered.began:
                    self._keep_deleted(snapshot)
                    self._store.delete(snapshot)
                    deleted.append(snapshot)
        return deleted

    def _keep_deleted(self, snapshot: str) -> None:
        """Put a copy of what is to be deleted where it can be had back."""
        kept = self._trash / snapshot
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_file(kept, (self._settings.directory / snapshot).read_bytes())

    @cached_property
    def _trash(self) -> Path:
        """Where what is deleted is kept: in pytest's cache, or without one in a folder of its own.

        Raises:
            OSError: it can't be made.
        """
        cache = getattr(self._config, "cache", None)  # -p no:cacheprovider
        if cache is None:
            return Path(tempfile.mkdtemp(prefix=f"{_TRASH}-"))
        return Path(cache.mkdir(_TRASH))

    @contextmanager
    def _noting_errors(self, snapshot: str, not_done: str) -> Iterator[None]:
        """Keep why a file can't be changed, so that the run says it and fails."""
        try:
            yield
        except (BrokenSnapshot, StoreError) as error:
            self._errors[snapshot] = str(error)
        except OSError as error:
            shown = f"{self._settings.shown}/{snapshot}"
            self._errors[snapshot] = f"{shown}: {not_done}: {error.strerror or error}"

    def _keep_received(self) -> None:
        """Keep what made tests fail, for a review; forget what this run has overtaken."""
        cache = getattr(self._config, "cache", None)  # -p no:cacheprovider
        if cache is None:
            return
        run = self._run
        ran = {test for test, fate in run.facts.fates.items() if fate in ("passed", "failed")}
        unclear = dict(conflicts(run.results, deciding="failed"))
        try:
            waiting = pending.Pending(cache.mkdir("layersnap"))
            checked = {result.snapshot for result in run.results}
            for received in pending.overtaken(waiting, snapshots=checked, tests=ran):
                waiting.drop(received)
            for snapshot in run.received.keys() - unclear.keys():
                waiting.put(self._received(snapshot))
        except OSError:  # a tree that can't be written to has no cache
            return
        if any(waiting):
            self._review = _review_command(waiting, self._config.invocation_params.dir)

    def _received(self, snapshot: str) -> pending.Received:
        return pending.Received(
            result=self._run.received[snapshot],
            folder=self._settings.directory,
            shown=self._settings.shown,
            recorded=self._store.digest(snapshot),
        )

    def _write_export(self, to: Destination) -> None:
        """Write the tables that checks saw; where several saw one snapshot's, the last of them."""
        from pytest_layersnap.export.files import ExportError, told_apart, write

        tables = {
            result.snapshot.removesuffix(SUFFIX): csvfile.load(result.table.encode())
            for result in sorted(self._results, key=lambda result: result.snapshot)
        }
        try:
            paths = write(told_apart(tables), to)
        except (ExportError, OSError) as error:
            self._run = replace(self._run, errors={**self._run.errors, _EXPORT: _why(error)})
        else:
            start = self._config.invocation_params.dir
            self._run = replace(self._run, exported=tuple(_near(path, start) for path in paths))

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


def _near(path: Path, start: Path) -> str:
    """A path as it is typed in a folder."""
    try:
        return os.path.relpath(path, start)
    except ValueError:  # another drive
        return str(path)


def _review_command(waiting: pending.Pending, start: Path) -> str:
    """The command that finds the received tables from where pytest was started."""
    if pending.Pending.near(start) == waiting:
        return "layersnap review"
    cache = os.path.relpath(waiting.folder.parents[1], start)
    return shell_line(["layersnap", "review", "--cache-dir", cache])
