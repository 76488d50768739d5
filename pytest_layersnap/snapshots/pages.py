"""The pages of a run: an index of its checks, and one about each snapshot that drifted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_layersnap.compare.drift import Drift
from pytest_layersnap.snapshots import naming
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.store import replace_file
from pytest_layersnap.snapshots.summary import said

if TYPE_CHECKING:
    from pytest_layersnap.report.html.index import Entry

INDEX = "index.html"
FOLDER = "drifts"
#: The order of the index; what was recorded stands between what failed and what held.
_STATES = ("drifted", "missing", "broken", "created", "updated", "same")


def write(run: Run, drifts: Mapping[str, Drift], folder: Path) -> None:
    """Write the pages; those that an earlier run has left are deleted.

    Args:
        run: the run.
        drifts: by snapshot, how what the run received differs.
        folder: the folder of the run's reports.

    Raises:
        OSError: they can't be written.
    """
    from pytest_layersnap.report.html import index, page

    pages = {
        page_of(path): drift.to_html(accept=run.received[path].accept)
        for path, drift in drifts.items()
    }
    for old in (folder / FOLDER).rglob("*.html"):
        if old.relative_to(folder).as_posix() not in pages and page.is_ours(old.read_bytes()):
            old.unlink()
    pages[INDEX] = index.render(said(run), _entries(run, drifts))
    for path, text in pages.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        replace_file(folder / path, text.encode())


def page_of(snapshot: str) -> str:
    """Where the page about a drifted snapshot is, relative to the folder of the reports."""
    return f"{FOLDER}/{snapshot.removesuffix(naming.SUFFIX)}.html"


def _entries(run: Run, drifts: Mapping[str, Drift]) -> list[Entry]:
    """The checks, what failed first."""
    from pytest_layersnap.report.html.index import Entry

    entries = [
        Entry(
            _state(result, run),
            run.shown(result.snapshot),
            result.summary,
            result.test,
            page_of(result.snapshot) if result.snapshot in drifts else "",
        )
        for result in run.results
    ]
    return sorted(
        entries, key=lambda entry: (_STATES.index(entry.state), entry.snapshot, entry.test)
    )


def _state(result: Result, run: Run) -> str:
    if result.finding == "same":
        return "same"
    for state, paths in (("created", run.created), ("updated", run.updated)):
        if result.snapshot in paths:
            return state
    return result.finding
