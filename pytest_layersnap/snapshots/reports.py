"""The reports of a run: JSON for programs, Markdown for people, and the received tables.

``report.json`` has ``schema`` 1. It is raised whenever a key changes its meaning or goes away; new
keys do not raise it. docs/ci.md lists the keys.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_layersnap.compare.drift import Drift
from pytest_layersnap.snapshots.pending import drift_of
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.run import Run
from pytest_layersnap.snapshots.store import BrokenSnapshot, Store, StoreError, replace_file
from pytest_layersnap.snapshots.summary import errors, lines, unjudged
from pytest_layersnap.snapshots.unused import Facts, judge, merged

SCHEMA = 1
JSON = "report.json"
MARKDOWN = "report.md"
RECEIVED = "received"


class ReportError(Exception):
    """A report that can't be read; the message says which, and why."""


def write(run: Run, drifts: Mapping[str, Drift], folder: Path) -> None:
    """Write the reports of a run; those of an earlier one in the same folder are replaced.

    Args:
        run: the run.
        drifts: by snapshot, how the received tables differ.
        folder: where to; it need not exist.

    Raises:
        OSError: they can't be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    received = Store(folder / RECEIVED, shown=RECEIVED)
    for stale, _ in list(received.unclaimed(set(run.received))):
        with contextlib.suppress(BrokenSnapshot):
            received.delete(stale)
    for snapshot, result in run.received.items():
        path = folder / RECEIVED / snapshot
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, result.table.encode())
    data = json.dumps(as_data(run, drifts), indent=2, ensure_ascii=False)
    replace_file(folder / JSON, f"{data}\n".encode())
    replace_file(folder / MARKDOWN, markdown(run, drifts).encode())


def drifts(run: Run, store: Store) -> dict[str, Drift]:
    """How the received tables differ from the snapshots, where there are any."""
    found = {}
    for snapshot, result in run.received.items():
        try:
            drift = drift_of(result, store)
        except (BrokenSnapshot, StoreError):
            continue
        if drift:
            found[snapshot] = drift
    return found


def as_data(run: Run, drifts: Mapping[str, Drift]) -> dict[str, Any]:
    """The run as JSON takes it."""
    return {
        "schema": SCHEMA,
        "folder": run.folder,
        "update": run.update,
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
        "checks": [_check(result, run, drifts) for result in sorted(run.results, key=_by_snapshot)],
        "facts": run.facts.to_dict(),
    }


def markdown(run: Run, drifts: Mapping[str, Drift]) -> str:
    """The run for a pull request or a job's summary; empty if there is nothing to say."""
    said = [*lines(run), *(f"error: {error}" for error in errors(run))]
    if run.left and (reason := unjudged(run)):
        said.append(reason)
    if not said:
        return ""
    parts = ["## layersnap", "", *(f"- {_literal(line)}" for line in said), ""]
    for snapshot, drift in sorted(drifts.items()):
        parts.append(drift.to_markdown(accept=run.received[snapshot].accept))
    return "\n".join(parts)


def read(folder: Path) -> Run:
    """The run that a folder of reports (or the ``report.json`` in it) is about.

    Raises:
        ReportError: it is no report, or one of another schema.
        OSError: a file can't be read.
    """
    path = folder / JSON if folder.is_dir() else folder
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        if data["schema"] != SCHEMA:
            raise ReportError(
                f"{path}: schema {data['schema']} is not {SCHEMA}, which is known here"
            )
        unused = data["unused"]
        facts = Facts.from_dict(data["facts"])
        return Run(
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
        )
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ReportError(f"{path}: not a report of layersnap ({error!r})") from None


def joined(runs: Iterable[Run]) -> Run:
    """Several shards of one run as one: what is unused is judged over all of them.

    Raises:
        ReportError: there are none, or they are about different folders.
    """
    shards = list(runs)
    if not shards:
        raise ReportError("there is no report to merge")
    folders = sorted({run.folder for run in shards})
    if len(folders) > 1:
        raise ReportError(f"the reports are about different folders: {', '.join(folders)}")
    facts = merged(run.facts for run in shards)
    return replace(
        shards[0],
        update=any(run.update for run in shards),
        results=tuple(result for run in shards for result in run.results),
        facts=facts,
        verdict=judge(facts),
        created={path: summary for run in shards for path, summary in run.created.items()},
        updated={path: summary for run in shards for path, summary in run.updated.items()},
        deleted=tuple(sorted({path for run in shards for path in run.deleted})),
        errors={path: why for run in shards for path, why in run.errors.items()},
    )


def _check(result: Result, run: Run, drifts: Mapping[str, Drift]) -> dict[str, Any]:
    data = result.to_dict()
    del data["table"]
    kept = run.received.get(result.snapshot) is result
    data["received"] = f"{RECEIVED}/{result.snapshot}" if kept else None
    drift = drifts.get(result.snapshot) if kept else None
    data["drift"] = None if drift is None else drift.to_dict()
    return data


def _result(check: Mapping[str, Any], folder: Path) -> Result:
    data = {key: check[key] for key in Result.__slots__ if key != "table"}
    if check["received"] is None:
        return Result(**data)
    return Result(**data, table=(folder / check["received"]).read_bytes().decode("utf-8"))


def _by_snapshot(result: Result) -> tuple[str, str, int]:
    return result.snapshot, result.test, result.number


def _literal(line: str) -> str:
    """A line that Markdown shows as it stands."""
    return "".join(f"\\{char}" if char in "\\`*_<>[]#|" else char for char in line)
