"""The reports of a run: JSON for programs, Markdown and pages for people, the tables that differ.

``report.json`` has ``schema`` 1. It is raised whenever a key changes its meaning or goes away; new
keys do not raise it. docs/ci.md lists the keys.
"""

from __future__ import annotations

import contextlib
import json
import platform
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from itertools import accumulate
from pathlib import Path
from typing import Any

from pytest_layersnap import csvfile, git
from pytest_layersnap.drift import Drift
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.markdown import literal
from pytest_layersnap.snapshots import naming, pages, report_folder
from pytest_layersnap.snapshots.pending import drift_of
from pytest_layersnap.snapshots.report_folder import (
    FILES,
    INDEX,
    JSON,
    MARKDOWN,
    RECEIVED,
    RECORDED,
    TITLE,
)
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.store import BrokenSnapshot, Store, StoreError
from pytest_layersnap.snapshots.summary import said
from pytest_layersnap.snapshots.unused import Facts, judge, merged
from pytest_layersnap.writing import replace_file, require_ours

SCHEMA = 1
#: So many characters a comment on a pull request may have; and so many say how much was left out.
_LONGEST, _ROOM = 65_536, 40


class ReportError(LayersnapError):
    """A report that can't be read; the message says which, and why."""


@dataclass(frozen=True, slots=True)
class Report:
    """A run, and by snapshot how what it received differs from what was recorded."""

    run: Run
    drifts: Mapping[str, Drift]


def of(run: Run, store: Store) -> Report:
    """The report of a run whose snapshots are in ``store``; broken ones have no drift."""
    return Report(run, _drifts(run, store))


def circumstances(root: Path) -> str:
    """When, of which commit, and where a run is, in a line.

    Args:
        root: pytest's root directory.
    """
    when = datetime.now(timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    commit = git.commit(root)
    where = f"Python {platform.python_version()} on {platform.system()}"
    return " · ".join([when, *([f"commit {commit}"] if commit else []), where])


def write(report: Report, to: Path) -> Path:
    """Write a report; what an earlier one has left in the same place is replaced.

    Args:
        report: what to write.
        to: a folder, which need not exist, or an ``.html`` file, which gets everything that people
            read and nothing that ``merge`` needs.

    Returns:
        The page that people begin with.

    Raises:
        ForeignFile, FolderError: something else is in its place.
        OSError: it can't be written.
    """
    run = report.run
    if pages.is_one(to):
        require_free(to)
        to.parent.mkdir(parents=True, exist_ok=True)
        replace_file(to, pages.render_one(run, report.drifts))
        return to
    files = {f"{RECEIVED}/{path}": one.table.encode() for path, one in run.received.items()}
    files |= {
        f"{RECORDED}/{path}": csvfile.dump(one.recorded) for path, one in report.drifts.items()
    }
    files |= {MARKDOWN: markdown(report).encode(), **pages.render(run, report.drifts)}
    data = as_data(report) | {FILES: [JSON, *files]}
    text = json.dumps(data, indent=2, ensure_ascii=False)
    # First, so that whatever ends this, the list of the files is there.
    report_folder.replace(to, {JSON: f"{text}\n".encode("utf-8", "backslashreplace"), **files})
    return to / INDEX


def require_free(to: Path, *, snapshots: Path | None = None) -> None:
    """Make sure that a report may be written somewhere.

    Args:
        to: as ``write`` takes it.
        snapshots: the folder of all snapshots, if it is known.

    Raises:
        ForeignFile, FolderError: something else is in its place.
        OSError: a file can't be read.
    """
    if not pages.is_one(to):
        report_folder.require_free(to, snapshots=snapshots)
        return
    from pytest_layersnap.markup import page

    require_ours(to, page.is_ours)


def _drifts(run: Run, store: Store) -> dict[str, Drift]:
    found = {}
    for snapshot, result in run.received.items():
        with contextlib.suppress(BrokenSnapshot, StoreError):
            if drift := drift_of(result, store):
                found[snapshot] = drift
    return found


def as_data(report: Report) -> dict[str, Any]:
    """The report as JSON takes it."""
    run = report.run
    return {
        "schema": SCHEMA,
        "folder": run.folder,
        "update": run.update,
        "circumstances": run.circumstances,
        "failed": bool(run.received) or run.fails,
        "counts": run.counts(),
        "created": dict(run.created),
        "updated": dict(run.updated),
        "deleted": list(run.deleted),
        "unused": {
            "setting": run.unused,
            "snapshots": list(run.verdict.unused),
            "unjudged": run.verdict.unjudged,
        },
        "errors": dict(run.errors),
        "checks": [_check(result, report) for result in sorted(run.results, key=_by_snapshot)],
        "facts": run.facts.to_dict(),
    }


def markdown(report: Report) -> str:
    """The report for a pull request or a job's summary; empty if there is nothing to say.

    Where it would be longer than a comment may be, nothing is drawn; and if that does not help, the last
    drifts are only counted.
    """
    told = said(report.run)
    if not told:
        return ""
    head = "\n".join([TITLE, "", *(f"- {literal(line)}" for line in told), "\n"])
    parts: list[str] = []
    for drawn in (True, False):
        parts = list(_drift_parts(report, drawn=drawn))
        lengths = accumulate(map(len, parts), initial=len(head) + _ROOM)
        fitting = max(0, sum(length <= _LONGEST for length in lengths) - 1)
        if fitting == len(parts):
            return head + "".join(parts)
    return f"{head}{''.join(parts[:fitting])}… and {len(parts) - fitting} more.\n"


def _drift_parts(report: Report, *, drawn: bool) -> Iterator[str]:
    """What is said of each drift, and of those that are the same."""
    from pytest_layersnap.report.alike import alike
    from pytest_layersnap.report.markdown import render

    for snapshot, *same in alike(dict(sorted(report.drifts.items()))):
        accept = report.run.received[snapshot].accept
        told = render(report.drifts[snapshot], accept=accept, drawn=drawn)
        yield f"{told}\nThe same in {literal(', '.join(same))}.\n\n" if same else f"{told}\n"


def read(folder: Path) -> Report:
    """The report in a folder, which may also be given as the ``report.json`` in it.

    Raises:
        ReportError: it is no report, or one of another schema.
        OSError: a file can't be read.
    """
    path = folder / JSON if folder.is_dir() else folder
    if pages.is_one(path):
        raise ReportError(
            f"{path}: a page can't be merged; let each run write a folder: --layersnap-report DIR"
        )
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        if data["schema"] != SCHEMA:
            raise ReportError(
                f"{path}: its schema is {data['schema']}, and this layersnap reads {SCHEMA}; "
                "use the version that wrote it"
            )
        unused = data["unused"]
        facts = Facts.from_dict(data["facts"])
        run = Run(
            folder=data["folder"],
            update=data["update"],
            unused=unused["setting"],
            results=tuple(_result(check, path.parent) for check in data["checks"]),
            facts=facts,
            verdict=judge(facts),
            created=data["created"],
            updated=data["updated"],
            deleted=tuple(data["deleted"]),
            errors=data["errors"],
            circumstances=data.get("circumstances", ""),
        )
        return of(run, Store(path.parent / RECORDED, shown=run.folder))
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReportError(
            f"{path}: not a report of layersnap ({error!r}); "
            "name a folder that --layersnap-report wrote"
        ) from None


def joined(reports: Iterable[Report]) -> Report:
    """The reports of several shards as one: what is unused is judged over all of them.

    Raises:
        ReportError: they are about different folders.
    """
    reports = list(reports)
    shards = [report.run for report in reports]
    folders = sorted({run.folder for run in shards})
    if len(folders) > 1:
        raise ReportError(
            f"the reports are about different folders: {', '.join(folders)}; "
            "merge those of one folder at a time"
        )
    facts = merged(run.facts for run in shards)
    run = replace(
        shards[0],
        update=any(run.update for run in shards),
        results=tuple(result for run in shards for result in run.results),
        facts=facts,
        verdict=judge(facts),
        created={path: summary for run in shards for path, summary in run.created.items()},
        updated={path: summary for run in shards for path, summary in run.updated.items()},
        deleted=tuple(sorted({path for run in shards for path in run.deleted})),
        errors={path: why for run in shards for path, why in run.errors.items()},
        circumstances="; ".join(dict.fromkeys(run.circumstances for run in shards)),
    )
    return Report(run, {path: drift for one in reports for path, drift in one.drifts.items()})


def _check(result: Result, report: Report) -> dict[str, Any]:
    data = result.to_dict()
    del data["table"]
    kept = report.run.received.get(result.snapshot) == result
    data["received"] = f"{RECEIVED}/{result.snapshot}" if kept else None
    drift = report.drifts.get(result.snapshot) if kept else None
    data["drift"] = None if drift is None else drift.to_dict()
    return data


def _result(check: Mapping[str, Any], folder: Path) -> Result:
    data = {key: check[key] for key in Result.__slots__ if key != "table"}
    snapshot = check["snapshot"]
    if not naming.stays_inside(snapshot):  # a report may come from anywhere
        raise ReportError(f"{folder / JSON}: the snapshot {snapshot!r} leaves its folder")
    if check["received"] is None:
        return Result(**data)
    return Result(**data, table=(folder / RECEIVED / snapshot).read_bytes().decode("utf-8"))


def _by_snapshot(result: Result) -> tuple[str, str, int]:
    return result.snapshot, result.test, result.number
