"""The pages of a run: an index of its checks, and what is to be said of each that drifted."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_layersnap.drift import Drift
from pytest_layersnap.snapshots import naming
from pytest_layersnap.snapshots.report_folder import DRIFTS, INDEX
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.summary import said

if TYPE_CHECKING:
    from pytest_layersnap.report.html.index import Entry

SUFFIX = ".html"
#: The order of the index; what was recorded stands between what failed and what held.
_STATES = ("drifted", "missing", "broken", "created", "updated", "same")


def is_one(path: Path) -> bool:
    """Whether a report that is to be written there is one page, and no folder."""
    return path.suffix.lower() == SUFFIX


def render(run: Run, drifts: Mapping[str, Drift]) -> dict[str, bytes]:
    """The pages of a run, by their paths in the folder of its reports.

    Args:
        run: the run.
        drifts: by snapshot, how what the run received differs.
    """
    from pytest_layersnap.report.html import index

    pages = {
        page_of(path): drift.to_html(accept=run.received[path].accept)
        for path, drift in drifts.items()
    }
    pages[INDEX] = index.render(run.circumstances, said(run), _entries(run, drifts))
    return {path: text.encode() for path, text in pages.items()}


def render_one(run: Run, drifts: Mapping[str, Drift]) -> bytes:
    """All of it as one page."""
    from pytest_layersnap.report.html.index import Chapter, render_all

    chapters = {
        page_of(path): Chapter(drift, run.received[path].accept)
        for path, drift in sorted(drifts.items())
    }
    return render_all(run.circumstances, said(run), _entries(run, drifts), chapters).encode()


def page_of(snapshot: str) -> str:
    """Where the page about a drifted snapshot is, relative to the folder of the reports.

    On one page it is the ``id`` of what is said about it.
    """
    return f"{DRIFTS}/{snapshot.removesuffix(naming.SUFFIX)}{SUFFIX}"


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
