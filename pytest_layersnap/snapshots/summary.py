"""A run in words: the lines for the terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_layersnap.quantities import counted
from pytest_layersnap.snapshots.run import Run

_ON_ONE_LINE = 3


def lines(run: Run, *, quiet: bool = False) -> Iterator[str]:
    """What the run did and found, without errors and without advice.

    Args:
        run: the run.
        quiet: counts alone.
    """
    counts = run.counts()
    if quiet:
        if counts:
            yield ", ".join(f"{number} {kind}" for kind, number in counts.items())
        if run.kept:
            yield f"what was deleted is kept in {run.kept}"
    else:
        for verb, written in (("created", run.created), ("updated", run.updated)):
            for snapshot, summary in written.items():
                yield f"{verb} {run.shown(snapshot)}: {summary}"
        for snapshot in run.deleted:
            yield f"deleted {run.shown(snapshot)}: no test uses it"
        if run.kept:
            yield f"what was deleted is kept in {run.kept}; copy it back to {run.folder} from there"
        yield from (f"wrote {path}" for path in run.exported)
        yield from _found(run)
        yield from _unused(run)
        if run.reported:
            yield f"report: {run.reported}"
    if run.ignored:
        yield (
            f"git ignores {run.listed(run.ignored)}: add !{run.folder}/**/*.csv to .gitignore, "
            "so that others get them"
        )
    yield from _cut_off(run)
    if run.unrecorded:
        yield f"not recorded, as the test did not pass: {run.listed(run.unrecorded)}"


def unjudged(run: Run) -> str:
    """Why unused snapshots were not looked for, if they were not."""
    if run.unused == "ignore" or not run.verdict.unjudged:
        return ""
    return f"unused snapshots not judged: {run.verdict.unjudged}"


def errors(run: Run) -> list[str]:
    """What could not be recorded or deleted."""
    return sorted(set(run.errors.values()))


def advice(run: Run, *, record: str, review: str, report: str, in_ci: bool) -> Iterator[str]:
    """What to type next.

    Args:
        run: the run.
        record: the command that records all of it.
        review: the command that goes through what was received; empty if nothing was kept.
        report: the name of the report's folder; empty if none was written.
        in_ci: whether the run is one of a CI, so that what it received is not at hand.
    """
    if run.update:
        return
    if run.received:
        if in_ci and report:
            yield f"review with a copy of the report: layersnap review --from {report}"
        yield f"record with: {record}"
        if review and not in_ci:
            yield f"or review one by one: {review}"
    elif run.left:
        yield f"delete with: {record}"


def _cut_off(run: Run) -> Iterator[str]:
    """What was recorded and what was not, in a run that did not come to its end."""
    missed = [f"not recorded: {run.listed(run.unwritten)}"] if run.unwritten else []
    if left := [test for test, fate in run.facts.fates.items() if fate == "not run"]:
        missed.append(f"{counted(len(left), 'test', 'tests')} did not run")
    why = run.facts.interrupted
    if run.update and (why or missed):
        done = counted(len(run.created) + len(run.updated), "snapshot was", "snapshots were")
        told = "; ".join([f"{done} recorded", *missed])
        yield f"{why or 'the run did not come to its end'}: {told}"


def _found(run: Run) -> Iterator[str]:
    for kind in ("drifted", "missing", "broken"):
        paths = [path for path, result in run.received.items() if result.finding == kind]
        if paths:
            yield f"{len(paths)} {kind}: {run.listed(paths)}"


def _unused(run: Run) -> Iterator[str]:
    """All of them, as each is to be found: on one line, or one a line where they are many."""
    paths = [run.shown(path) for path in run.left]
    if len(paths) > _ON_ONE_LINE:
        yield f"{len(paths)} unused:"
        yield from (f"  {path}" for path in paths)
    elif paths:
        yield f"{len(paths)} unused: {', '.join(paths)}"


def said(run: Run) -> list[str]:
    """What a report of a run says; empty if there is nothing to say."""
    reason = unjudged(run) if run.left else ""
    return [
        *lines(run),
        *(f"error: {error}" for error in errors(run)),
        *([reason] if reason else []),
    ]


def as_text(run: Run) -> Sequence[str]:
    """Everything a merged run has to say."""
    reason = unjudged(run)
    return [
        *lines(run),
        *([reason] if reason else []),
        *(f"error: {error}" for error in errors(run)),
    ]
