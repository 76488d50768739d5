"""The command ``layersnap``: received tables, shards, and what is in snapshots.

It needs neither pytest nor Keras; only a model that ``show`` or ``flow`` is given is read with Keras.

Exit codes: 0 for the same, 1 for drift, 2 for wrong use or input that can't be read.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from pytest_layersnap import keys
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.printable import printable
from pytest_layersnap.snapshots.lookup import find
from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.snapshots.pending import Pending, PendingError, Received
from pytest_layersnap.snapshots.preview import counted, head
from pytest_layersnap.snapshots.store import BrokenSnapshot, StoreError
from pytest_layersnap.table import LayerTable, TableError
from pytest_layersnap.writing import replace_file, require_ours

SAME, DRIFT, WRONG = 0, 1, 2
#: What ``layersnap flow`` writes, by the method of a flow that does it.
_FLOW_FORMATS = {
    "table": "to_text",
    "markdown": "to_markdown",
    "mermaid": "to_mermaid",
    "svg": "to_svg",
}

#: How they begin, whatever the network.
_FLOW = re.compile(
    rb"<svg [^>]*>\n<style>\n\.lsf-|flowchart [A-Z]+\n  \w+\(|[^\n]*\n\n(\| )?stage +(\| )?output "
)

#: What only Keras can read: a saved model, and ``package.module:function``, which builds one.
_MODEL = re.compile(r".*\.(keras|h5)|[\w.]+:[\w.]+", re.IGNORECASE | re.DOTALL)


_ANSWERS = ("accept", "reject", "skip", "quit")
#: After so many answers that are none, nobody is there who reads the question.
_PATIENCE = 100


class CommandError(LayersnapError):
    """A command that can't be carried out; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: those of the command line, if not the process's own.

    Returns:
        The exit code.
    """
    _prepare_streams()
    parsed = _parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        _flush()
    except LayersnapError as error:
        return _wrong(str(error))
    except OSError as error:
        _go_silent()  # it may be the output that can't be written
        return _wrong(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))
    except KeyboardInterrupt:
        return _wrong("interrupted")
    return code


def _prepare_streams() -> None:
    """Have streams that are there, where the shell closed them, and that take every character."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.StringIO())
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that knows no arrows


def _say(text: str) -> None:
    """Print; where nobody reads any more, what is left to do is done in silence."""
    try:
        print(text)
    except BrokenPipeError:
        _go_silent()


def _flush() -> None:
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _go_silent()


def _go_silent() -> None:
    """Write no more to the output, also not when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _wrong(message: str) -> int:
    with contextlib.suppress(OSError):
        print(f"layersnap: {message}", file=sys.stderr)
    return WRONG


def _json(data: Any) -> str:
    # Escaped, as the log of a CI job would take "##[" for a command.
    return json.dumps(data, indent=2).replace("##", "#\\u0023")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="layersnap",
        description="Review what checks have received; compare, show and export snapshots.",
    )
    commands = parser.add_subparsers(metavar="command", required=True)

    def command(name: str, run: Callable[[Any], int], text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
        added.set_defaults(run=run)
        return added

    def pending(name: str, run: Callable[[Any], int], text: str) -> argparse.ArgumentParser:
        added = command(name, run, text)
        added.add_argument("--cache-dir", metavar="DIR", type=Path, help="pytest's cache_dir")
        return added

    pending("pending", _pending, "list the received tables that wait for a decision").add_argument(
        "--json", action="store_true", help="as JSON, with the drift of each"
    )
    pending("review", _review, "go through the received tables one by one")
    for name, run, text in (
        ("accept", _accept, "record received tables"),
        ("reject", _reject, "forget received tables"),
    ):
        chosen = pending(name, run, text)
        chosen.add_argument("name", nargs="*", help="a snapshot, as 'pending' lists it")
        chosen.add_argument("--all", action="store_true", help="all of them")
    diff = command("diff", _diff, "compare two snapshot files")
    diff.add_argument("recorded", type=Path)
    diff.add_argument("current", type=Path)
    diff.add_argument("--html", metavar="OUT", type=Path, help="write the report there as a page")
    show = command("show", _show, "print the layers of a model")
    show.add_argument("model", help="a snapshot, or module:builder, or a .keras or .h5 file")
    show.add_argument("--json", action="store_true", help="as JSON, with all columns")
    export = command("export", _export, "write snapshots for spreadsheets and papers")
    for name in ("csv", "excel", "markdown", "latex"):
        export.add_argument(
            f"--{name}", metavar="OUT", help=f"write a file, or a folder, of {name}"
        )
    export.add_argument("name", nargs="*", help="a snapshot, or a folder of them; all without it")
    drawn = command("flow", _flow, "show the stages and blocks of a network")
    drawn.add_argument("model", help="a snapshot, or module:builder, or a .keras or .h5 file")
    drawn.add_argument("--format", choices=_FLOW_FORMATS, default="table")
    drawn.add_argument("--output", metavar="FILE", type=Path, help="write it there")
    merge = command("merge", _merge, "join the reports of several runs that each ran a part")
    merge.add_argument(
        "report", nargs="+", type=Path, help="a folder that --layersnap-report DIR wrote"
    )
    merge.add_argument(
        "--output",
        metavar="OUT",
        type=Path,
        help="write the joint report there: a folder, or .html",
    )
    return parser


def _waiting(parsed: Any) -> Pending:
    if parsed.cache_dir is None:
        return Pending.near(Path.cwd())
    return Pending.in_cache(Path.cwd() / parsed.cache_dir)


def _pending(parsed: Any) -> int:
    waiting = list(_waiting(parsed))
    if parsed.json:
        _say(_json([_as_data(received) for received in waiting]))
    else:
        for received in waiting:
            _say(f"{received.path}: {_state(received)}")
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


def _review(parsed: Any) -> int:
    pending = _waiting(parsed)
    waiting = list(pending)
    left = len(waiting)
    try:
        with keys.terminal() if sys.stdin.isatty() else contextlib.nullcontext():
            for decided in _decisions(pending, waiting):
                left -= decided
    except BrokenPipeError:  # nobody sees what there is to decide
        _go_silent()
    _say(f"{counted(left, 'received table', 'received tables')} left" if left else "nothing left")
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


def _accept(parsed: Any) -> int:
    return _decide(parsed, _accepted)


def _reject(parsed: Any) -> int:
    return _decide(parsed, _rejected)


def _decide(parsed: Any, decide: Callable[[Pending, Received], None]) -> int:
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
    _say(f"accepted {received.path}: {received.result.summary}")


def _rejected(pending: Pending, received: Received) -> None:
    pending.drop(received)
    _say(f"rejected {received.path}")


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


def _diff(parsed: Any) -> int:
    from pytest_layersnap.compare.drift import compare
    from pytest_layersnap.report.html import page

    drift = compare(_table(parsed.recorded), _table(parsed.current))
    if parsed.html is not None:
        _put(parsed.html, drift.to_html(accept=None), page.is_ours)
    _say(drift.to_text(accept=None, color=sys.stdout.isatty()))
    return DRIFT if drift else SAME


def _show(parsed: Any) -> int:
    from pytest_layersnap import show

    table = _model(parsed.model)
    if parsed.json:
        _say(_json(show.as_data(table)))
    else:
        # A pipe has no width that anything must fit into.
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        _say(show.render(table, width=width))
    return SAME


def _model(text: str) -> LayerTable:
    """The table of a snapshot, or of a model that is built or loaded."""
    if _MODEL.fullmatch(text):
        from pytest_layersnap.builders import BuilderError, table_of

        try:
            return table_of(text)
        except BuilderError as error:
            raise CommandError(str(error)) from None
    found = find(Path.cwd(), [text])
    if len(found) > 1:
        raise CommandError(
            f"{text} holds {len(found)} snapshots; name one of them, as in {next(iter(found))}"
        )
    return next(iter(found.values()))


def _export(parsed: Any) -> int:
    from pytest_layersnap.export.files import FORMATS, ExportError, destination, told_apart, write

    given = {name: place for name in FORMATS if (place := getattr(parsed, name)) is not None}
    if not given:
        raise CommandError(f"say where to: {', '.join(f'--{name} OUT' for name in FORMATS)}")
    try:
        places = [destination(place, name) for name, place in given.items()]
        tables = told_apart(find(Path.cwd(), parsed.name))
        for path in (path for place in places for path in write(tables, place)):
            _say(f"wrote {path}")
    except (ExportError, ModuleNotFoundError) as error:
        raise CommandError(str(error)) from None
    return SAME


def _flow(parsed: Any) -> int:
    from pytest_layersnap.flow.stages import flow

    text = getattr(flow(_model(parsed.model)), _FLOW_FORMATS[parsed.format])()
    if parsed.output is None:
        _say(text)
    else:
        _put(parsed.output, f"{text}\n", lambda data: _FLOW.match(data) is not None)
    return SAME


def _merge(parsed: Any) -> int:
    from pytest_layersnap.snapshots import reports
    from pytest_layersnap.snapshots.summary import as_text

    try:
        report = reports.joined(map(reports.read, parsed.report))
    except reports.ReportError as error:
        raise CommandError(str(error)) from None
    run = report.run
    for line in as_text(run) or ["no drift, and nothing unused"]:
        _say(line)
    if parsed.output is not None:
        reports.write(report, parsed.output)
    return DRIFT if run.received or run.fails else SAME


def _put(path: Path, text: str, is_ours: Callable[[bytes], bool]) -> None:
    """Write a file, if what may be there is one of its kind."""
    require_ours(path, is_ours)
    replace_file(path, text.encode("utf-8", "backslashreplace"))


def _table(path: Path) -> LayerTable:
    return LayerTable.read_csv(path)


if __name__ == "__main__":
    sys.exit(main())
