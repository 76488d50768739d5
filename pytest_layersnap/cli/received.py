"""``layersnap pending``, ``review``, ``accept`` and ``reject``: what checks have received."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_layersnap.cli import keys
from pytest_layersnap.cli.terminal import (
    DRIFT,
    SAME,
    CommandError,
    as_json,
    go_silent,
    is_colored,
    say,
)
from pytest_layersnap.cli.verbs import Verbs, declare
from pytest_layersnap.printable import printable
from pytest_layersnap.quantities import counted
from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.snapshots.pending import Pending, PendingError, Received
from pytest_layersnap.snapshots.preview import head
from pytest_layersnap.snapshots.store import BrokenSnapshot, StoreError
from pytest_layersnap.table import TableError

if TYPE_CHECKING:
    from pytest_layersnap.drift import Drift

#: By their keys.
_ANSWERS = {"a": "accept", "r": "reject", "s": "skip", "q": "quit"}
#: The same, where several received tables differ alike from their snapshots.
_TOGETHER = {"+": "accept all", "-": "reject all"}
#: After so many answers that are none, nobody is there who reads the question.
_PATIENCE = 100


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    pending = declare(
        verbs, "pending", _pending, "list the received tables that wait for a decision"
    )
    pending.add_argument("--json", action="store_true", help="print JSON, with the drift of each")
    review = declare(verbs, "review", _review, "go through the received tables one by one")
    accept = declare(verbs, "accept", _accept, "record received tables")
    reject = declare(verbs, "reject", _reject, "forget received tables")
    for chosen in (accept, reject):
        chosen.add_argument("name", nargs="*", help="a snapshot, as 'layersnap pending' lists it")
        chosen.add_argument("--all", action="store_true", help="all of them")
    for verb in (pending, review, accept, reject):
        verb.add_argument(
            "--cache-dir", metavar="DIR", type=Path, help="pytest's cache_dir, if set"
        )
        verb.set_defaults(artifact=None)
    for verb in (pending, review, accept):
        verb.add_argument(
            "--from",
            dest="artifact",
            metavar="DIR",
            type=Path,
            help="the received tables of a run elsewhere: its --layersnap-report folder, or a zip of it",
        )


@contextlib.contextmanager
def _waiting(parsed: argparse.Namespace) -> Iterator[Sequence[Received]]:
    """The received tables that a verb is about."""
    if parsed.artifact is None:
        yield list(_pending_of(parsed))
        return
    from pytest_layersnap.snapshots.artifact import received
    from pytest_layersnap.snapshots.reports import ReportError

    try:
        with received(parsed.artifact, start=Path.cwd()) as found:
            yield found
    except ReportError as error:
        raise CommandError(str(error)) from None


def _pending_of(parsed: argparse.Namespace) -> Pending:
    if parsed.cache_dir is None:
        return Pending.near(Path.cwd())
    return Pending.in_cache(Path.cwd() / parsed.cache_dir)


def _pending(parsed: argparse.Namespace) -> int:
    with _waiting(parsed) as waiting:
        if parsed.json:
            say(as_json([_as_data(received) for received in waiting]))
        else:
            for received in waiting:
                say(f"{received.path}: {_state(received)}")
        return DRIFT if waiting else SAME


def _state(received: Received) -> str:
    if received.is_stale:
        return "has changed since the run that received a table for it"
    return f"{received.result.finding}: {received.result.summary}"


def _as_data(received: Received) -> dict[str, Any]:
    result = received.result
    drift = None
    with contextlib.suppress(BrokenSnapshot, StoreError):
        drift = received.drift()
    return {
        "snapshot": received.path,
        "finding": result.finding,
        "summary": result.summary,
        "test": result.test,
        "stale": received.is_stale,
        "drift": None if drift is None else drift.to_dict(),
        "received": result.table,
    }


def _review(parsed: argparse.Namespace) -> int:
    with _waiting(parsed) as waiting:
        left = len(waiting)
        try:
            with keys.terminal() if sys.stdin.isatty() else contextlib.nullcontext():
                for decided in _decisions(_pending_of(parsed), waiting):
                    left -= decided
        except BrokenPipeError:  # nobody sees what there is to decide
            go_silent()
    say(f"{counted(left, 'received table', 'received tables')} left" if left else "nothing left")
    return DRIFT if left else SAME


def _decisions(pending: Pending, waiting: Sequence[Received]) -> Iterator[int]:
    """Ask about those that say the same together; tells each time how many were decided on."""
    shown = 0
    for group in _alike(waiting):
        number = shown + 1
        shown += len(group)
        print(f"[{number}/{len(waiting)}] {_text(group[0])}\n", flush=True)
        if others := [received.path for received in group[1:]]:
            print(f"{len(others)} more like this: {', '.join(others)}\n", flush=True)
        while group:
            answer = _answer(alike=len(group) > 1)
            if answer == "quit":
                return
            each = group if answer.endswith("all") else group[:1]
            yield sum(_decided(pending, received, answer) for received in each)
            group = group[len(each) :]
            if group:
                print(f"[{shown - len(group) + 1}/{len(waiting)}] {group[0].path}: the same\n")


def _alike(waiting: Sequence[Received]) -> list[list[Received]]:
    """Received tables, those together whose drift is the same."""
    from pytest_layersnap.report.alike import alike

    drifts = {received.path: drift for received in waiting if (drift := _drift(received))}
    by_path = {received.path: received for received in waiting}
    groups = {same[0]: [by_path[path] for path in same] for same in alike(drifts)}
    return [
        groups.get(received.path, [received])
        for received in waiting
        if received.path in groups or received.path not in drifts
    ]


def _drift(received: Received) -> Drift | None:
    """How a received table differs from its snapshot, where that can be told."""
    with contextlib.suppress(BrokenSnapshot, StoreError):
        return None if received.is_stale else received.drift()
    return None


def _decided(pending: Pending, received: Received, answer: str) -> bool:
    """Do what was answered; tells whether that is done."""
    if answer.startswith("reject"):
        _rejected(pending, received)
    elif answer.startswith("accept"):
        try:
            _accepted(pending, received)
        except (PendingError, StoreError, TableError) as error:
            print(f"layersnap: {error}", file=sys.stderr)
            return False
    return answer != "skip"


def _text(received: Received) -> str:
    """What there is to decide: the drift, or what would be recorded."""
    if received.is_stale:
        return f"{received.path} {_state(received).removeprefix('has ')}: run pytest again"
    try:
        drift = received.drift()
    except BrokenSnapshot:
        return f"{received.path}: {received.result.summary}\n\n{head(received.table)}"
    if drift is None:
        return f"{received.path}: there is no snapshot yet\n\n{head(received.table)}"
    return f"{received.path}: {drift.to_text(accept=None, color=is_colored())}"


def _answer(*, alike: bool) -> str:
    """One of ``_ANSWERS``: a key at a terminal, otherwise a line of the input."""
    known = (_TOGETHER if alike else {}) | _ANSWERS
    asked = ", ".join(f"{answer} ({key})" for key, answer in known.items())
    for _ in range(_PATIENCE):
        print(f"{asked}? ", end="", flush=True)
        at_terminal = sys.stdin.isatty()
        try:
            given = keys.press() if at_terminal else _line()
        except keys.EndOfInput:
            given = "quit"
        answer = known.get(given) or (given if given in known.values() else "")
        print(answer if answer or at_terminal else f"{printable(given)!r} is none of them")
        if answer:
            return answer
    raise CommandError(f"{_PATIENCE} answers in a row were none of {', '.join(known.values())}")


def _line() -> str:
    line = sys.stdin.readline()
    if not line:
        raise keys.EndOfInput
    return line.strip().lower()


def _accept(parsed: argparse.Namespace) -> int:
    return _decide(parsed, _accepted)


def _reject(parsed: argparse.Namespace) -> int:
    return _decide(parsed, _rejected)


def _decide(parsed: argparse.Namespace, decide: Callable[[Pending, Received], None]) -> int:
    """Decide on all that are named; one that can't be accepted leaves the others alone."""
    pending = _pending_of(parsed)
    refused = []
    with _waiting(parsed) as waiting:
        for received in _chosen(waiting, parsed.name, every=parsed.all):
            if parsed.artifact is not None:
                say(f"{_text(received)}\n")
            try:
                decide(pending, received)
            except (PendingError, StoreError) as error:
                refused.append(str(error))
    for reason in refused:
        print(f"layersnap: {reason}", file=sys.stderr)
    return DRIFT if refused else SAME


def _accepted(pending: Pending, received: Received) -> None:
    received.accept()
    pending.drop(received)
    say(f"accepted {received.path}: {received.result.summary}")


def _rejected(pending: Pending, received: Received) -> None:
    pending.drop(received)
    say(f"rejected {received.path}")


def _chosen(waiting: Sequence[Received], names: Iterable[str], *, every: bool) -> list[Received]:
    names = list(names)
    if every == bool(names):
        raise CommandError("say which received tables: their names, or --all")
    if every:
        return list(waiting)
    by_name: dict[str, Received] = {}
    for received in waiting:
        for spelling in (received.result.snapshot, received.path):
            by_name[spelling] = by_name[spelling.removesuffix(SUFFIX)] = received
    for name in names:
        if name.replace(os.sep, "/") not in by_name:
            known = ", ".join(received.path for received in waiting)
            hint = f"choose from {known}" if known else "none is waiting"
            raise CommandError(f"no table was received for {name!r}; {hint}")
    return list(
        {id(found): found for found in (by_name[n.replace(os.sep, "/")] for n in names)}.values()
    )
