"""What a run elsewhere received: the folder of its report, as a CI keeps it, or a zip of that."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pytest_layersnap.snapshots import reports
from pytest_layersnap.snapshots.lookup import project
from pytest_layersnap.snapshots.pending import Received
from pytest_layersnap.snapshots.report_folder import JSON
from pytest_layersnap.snapshots.store import BrokenSnapshot, Store

_EXPECTED = "name the folder that --layersnap-report wrote, or a zip of it"


@contextmanager
def received(place: Path, *, start: Path) -> Iterator[list[Received]]:
    """The tables that a run received in place of the snapshots of this project.

    Args:
        place: a folder that ``--layersnap-report DIR`` wrote, one that holds those of several
            shards, or a zip of either.
        start: the folder that the command runs in; the snapshots are those of its project.

    Yields:
        In the order of their snapshots, what was received. A snapshot that is not here what it was
        there is stale.

    Raises:
        ReportError: there is no report in it.
        OSError: it can't be read.
    """
    with _unpacked(place) as folder:
        found = sorted(folder.rglob(JSON))
        if not found:
            raise reports.ReportError(f"{place} has no {JSON}; {_EXPECTED}")
        report = reports.joined(map(reports.read, found))
        store = Store(project(start)[1], shown=report.run.folder)
        yield [
            Received(
                result=result,
                folder=store.root,
                shown=store.shown,
                recorded=store.digest(path) if _is_here(report, path, store) else "elsewhere",
            )
            for path, result in sorted(report.run.received.items())
        ]


def _is_here(report: reports.Report, path: str, store: Store) -> bool:
    """Whether the snapshot is here what it was in that run."""
    try:
        here = store.read(path)
    except BrokenSnapshot:
        return report.run.received[path].finding == "broken"
    drift = report.drifts.get(path)
    if drift is None or here is None:
        return here is None and report.run.received[path].finding == "missing"
    return here.same_architecture(drift.recorded)


@contextmanager
def _unpacked(place: Path) -> Iterator[Path]:
    if place.is_dir():
        yield place
        return
    try:
        with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(place) as archive:
            archive.extractall(folder)
            yield Path(folder)
    except zipfile.BadZipFile:
        raise reports.ReportError(f"{place} is neither a folder nor a zip; {_EXPECTED}") from None
