"""``layersnap pending``, ``review``, ``accept`` and ``reject``: what checks have received."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_layersnap.cli import keys
from pytest_layersnap.cli.terminal import DRIFT, SAME, CommandError, as_json, go_silent, say
from pytest_layersnap.cli.verbs import Verbs, declare
from pytest_layersnap.printable import printable
from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.snapshots.pending import Pending, PendingError, Received
from pytest_layersnap.snapshots.preview import counted, head
from pytest_layersnap.snapshots.store import BrokenSnapshot, StoreError
from pytest_layersnap.table import TableError

_ANSWERS = ("accept", "reject", "skip", "quit")
#: After so many answers that are none, nobody is there who reads the question.
_PATIENCE = 100


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    pending = declare(
        verbs, "pending", _pending, "list the received tables that wait for a decision"
    )
    pending.add_argument("--json", action="store_true", help="as JSON, with the drift of each")
    review = declare(verbs, "review", _review, "go through the received tables one by one")
    accept = declare(verbs, "accept", _accept, "record received tables")
    reject = declare(verbs, "reject", _reject, "forget received tables")
    for chosen in (accept, reject):
        chosen.add_argument("name", nargs="*", help="a snapshot, as 'pending' lists it")
        chosen.add_argument("--all", action="store_true", help="all of them")
    for verb in (pending, review, accept, reject):
        verb.add_argument("--cache-dir", metavar="DIR", type=Path, help="pytest's cache_dir")


def _waiting(parsed: argparse.Namespace) -> Pending:
    if parsed.cache_dir is None:
        return Pending.near(Path.cwd())
    return Pending.in_cache(Path.cwd() / parsed.cache_dir)


def _pending(parsed: argparse.Namespace) -> int:
    waiting = list(_waiting(parsed))
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
    pending = _waiting(parsed)
    waiting = list(pending)
    left = len(waiting)
    try:
        with keys.terminal() if sys.stdin.isatty() else contextlib.nullcontext():
            for decided in _decisions(pending, waiting):
                left -= decided
    except BrokenPipeError:  # nobody sees what there is to decide
        go_silent()
    say(f"{counted(left, 'received table', 'received tables')} left" if left else "nothing left")
    return DRIFT if left else SAME


def _decisions(pending: Pending, waiting: Sequence[Received]) -> Iterator[bool]:
    """Ask about one received table after the other; tells whether each was decided on."""
    for number, received in enumerate(waiting, start=1):
        print(f"[{number}/{len(waiting)}] {_text(received)}\n", flush=True)
        answer = _answer()
        if answer == "quit":
            return
        if answer == "accept":
            try:
                _accepted(pending, received)
            except (PendingError, StoreError, TableError) as error:
                print(f"layersnap: {error}", file=sys.stderr)
                answer = "skip"
        elif answer == "reject":
            _rejected(pending, received)
        yield answer != "skip"


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
    return f"{received.path}: {drift.to_text(accept=None, color=sys.stdout.isatty())}"


def _answer() -> str:
    """One of ``_ANSWERS``: a key at a terminal, otherwise a line of the input."""
    for _ in range(_PATIENCE):
        print("accept (a), reject (r), skip (s), quit (q)? ", end="", flush=True)
        at_terminal = sys.stdin.isatty()
        try:
            given = keys.press() if at_terminal else _line()
        except keys.EndOfInput:
            given = "quit"
        answer = next((known for known in _ANSWERS if given in (known, known[0])), "")
        print(answer if answer or at_terminal else f"{printable(given)!r} is none of them")
        if answer:
            return answer
    raise CommandError(f"{_PATIENCE} answers in a row were none of {', '.join(_ANSWERS)}")


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
    pending = _waiting(parsed)
    refused = []
    for received in _chosen(list(pending), parsed.name, every=parsed.all):
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
            known = ", ".join(received.path for received in waiting) or "none"
            raise CommandError(f"no table was received for {name!r}; waiting are: {known}")
    return list(
        {id(found): found for found in (by_name[n.replace(os.sep, "/")] for n in names)}.values()
    )
