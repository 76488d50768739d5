"""``layersnap matrix`` and ``layersnap bisect``: a model under many releases of Keras."""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_layersnap import formats
from pytest_layersnap.cli import output
from pytest_layersnap.cli.tables import is_model, table_of
from pytest_layersnap.cli.terminal import DRIFT, SAME, WRONG, CommandError, as_json, say
from pytest_layersnap.cli.verbs import Verbs, declare
from pytest_layersnap.formats import Format
from pytest_layersnap.releases import BACKENDS, OLDEST

if TYPE_CHECKING:
    from packaging.version import Version

    from pytest_layersnap.releases.answer import Answer
    from pytest_layersnap.releases.survey import Aspect, Subject
    from pytest_layersnap.releases.trials import Trials

_RANGE = f">={OLDEST}"


def _text(answers: Sequence[Answer]) -> str:
    from pytest_layersnap.releases import answer

    return answer.to_text(answers)


def _markdown(answers: Sequence[Answer]) -> str:
    from pytest_layersnap.releases import answer

    return answer.to_markdown(answers)


def _page(answers: Sequence[Answer]) -> bytes:
    from pytest_layersnap.releases import page

    return page.to_html(answers).encode()


def _json(answers: Sequence[Answer]) -> str:
    from pytest_layersnap.releases import answer

    return as_json(answer.to_data(answers))


def _is_page(data: bytes) -> bool:
    from pytest_layersnap.markup import page

    return page.is_ours(data)


FORMATS = {
    "text": formats.text(".txt", _text, r"[^\n]+ of Keras, \w+\n\n  keras "),
    "markdown": formats.text(".md", _markdown, r"### [^\n]+ of Keras, "),
    "html": Format(".html", _page, _is_page),
    "json": formats.text(".json", _json, r'\{\s*"schema": 1,\s*"answers"'),
}


def add(verbs: Verbs) -> None:
    """Declare the verbs."""
    matrix = declare(verbs, "matrix", _matrix, "try models under all releases of Keras")
    _arguments(matrix)
    matrix.add_argument("--clean", action="store_true", help="remove all environments and exit")
    bisect = declare(verbs, "bisect", _bisect, "find the release of Keras that changed a model")
    _arguments(bisect)
    bisect.add_argument("--layer", metavar="PATH", help="look only at changes of this layer")
    bisect.add_argument(
        "--run",
        dest="command",
        metavar="COMMAND",
        help="find the release under which this command begins to fail, in place of a model",
    )


def _arguments(verb: argparse.ArgumentParser) -> None:
    verb.add_argument(
        "model",
        nargs="*",
        help="module:builder, or a snapshot followed by the module:builder to compare with it",
    )
    verb.add_argument(
        "--keras",
        metavar="RANGE",
        default=_RANGE,
        help=f"try these releases, in pip's spelling (default: {_RANGE})",
    )
    verb.add_argument("--keras2", action="store_true", help="also try Keras 2.15, on TensorFlow")
    verb.add_argument(
        "--backend",
        choices=BACKENDS,
        default=os.environ.get("KERAS_BACKEND", BACKENDS[0]),
        help=f"backend of Keras 3 (default: KERAS_BACKEND, or {BACKENDS[0]})",
    )
    verb.add_argument(
        "--python", metavar="3.X", help="Python to use (default: this one, if Keras runs under it)"
    )
    verb.add_argument(
        "--with",
        metavar="REQUIREMENT",
        dest="requirements",
        action="append",
        default=[],
        help="also install this requirement, in pip's spelling",
    )
    verb.add_argument(
        "--requirements",
        metavar="FILE",
        dest="files",
        action="append",
        default=[],
        help="also install the requirements in this file",
    )
    verb.add_argument(
        "--only",
        metavar="CATEGORY",
        action="append",
        help="compare only this category or column; may be given several times",
    )
    verb.add_argument(
        "--behavior", action="store_true", help="also compare the numbers that layers compute"
    )
    output.add_arguments(verb, FORMATS)


def _matrix(parsed: argparse.Namespace) -> int:
    from pytest_layersnap.releases import survey
    from pytest_layersnap.releases.cache import Cache, users_folder

    if parsed.clean:
        freed = Cache(users_folder()).clean()
        say(f"removed {users_folder()} ({freed / 1e6:,.0f} MB)")
        return SAME
    subjects = _subjects(parsed.model)
    aspect = _aspect(parsed, subjects, None)
    with _trials(parsed) as (trials, releases):
        answers = survey.matrix(trials, releases, subjects, aspect)
    output.put(parsed, FORMATS, answers)
    return _code(answers)


def _bisect(parsed: argparse.Namespace) -> int:
    from pytest_layersnap.releases import survey

    if parsed.command is not None:
        if parsed.model or parsed.layer or parsed.only or parsed.behavior:
            raise CommandError(
                "--run stands alone: leave out the model, --layer, --only and --behavior"
            )
        with _trials(parsed) as (trials, releases):
            answer = survey.halve_by(trials, releases, shlex.split(parsed.command))
    else:
        subjects = _subjects(parsed.model)
        if len(subjects) > 1:
            raise CommandError(f"bisect takes one model, not {len(subjects)}; matrix takes several")
        aspect = _aspect(parsed, subjects, parsed.layer)
        with _trials(parsed) as (trials, releases):
            answer = survey.halve(trials, releases, subjects[0], aspect)
    output.put(parsed, FORMATS, [answer])
    return _code([answer], fails=DRIFT if parsed.command is not None else WRONG)


def _code(answers: Sequence[Answer], *, fails: int = WRONG) -> int:
    """All releases asked about gave the network, some gave another one, or of some it is unknown."""
    verdicts = frozenset().union(*(answer.verdicts for answer in answers))
    if "drifts" in verdicts:
        return DRIFT
    if "fails" in verdicts:
        return fails
    return WRONG if "not tried" in verdicts else SAME


def _aspect(parsed: argparse.Namespace, subjects: Sequence[Subject], layer: str | None) -> Aspect:
    """What of drifts counts; a snapshot that says what its layers compute is always held to that."""
    from pytest_layersnap.releases.survey import Aspect
    from pytest_layersnap.scope import Scope

    try:
        Scope.of(parsed.only)
    except ValueError as error:
        raise CommandError(f"--only: {error}") from None
    tables = [subject.table for subject in subjects if subject.table is not None]
    for subject in subjects:
        if parsed.behavior and subject.table is not None and not subject.table.has_behavior:
            raise CommandError(
                f"{subject.name} was recorded without the numbers that its layers compute: record it again "
                "with behavior=True, or leave out its name to compare with the first release"
            )
    behavior = parsed.behavior or any(table.has_behavior for table in tables)
    return Aspect(parsed.only, layer, behavior)


def _subjects(texts: Sequence[str]) -> list[Subject]:
    """What a command line names: builders, each with the snapshot before it, if there is one."""
    from pytest_layersnap.releases.survey import Subject

    subjects: list[Subject] = []
    name: str | None = None
    for text in texts:
        if is_model(text):
            table = None if name is None else table_of(name)
            subjects.append(Subject(text, name or "", table))
            name = None
        elif name is None:
            name = text
        else:
            break
    if name is not None:
        raise CommandError(
            f"after {name}, name the function that builds it, without arguments "
            f"(layersnap matrix {name} package.module:function), or a .keras or .h5 file of it"
        )
    if not subjects:
        raise CommandError("name a model: package.module:function, or a snapshot followed by that")
    return subjects


@contextmanager
def _trials(parsed: argparse.Namespace) -> Iterator[tuple[Trials, list[Version]]]:
    """What runs the releases that are asked for; at the end nothing of it runs any more."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    from pytest_layersnap.releases.cache import Cache, users_folder
    from pytest_layersnap.releases.environments import Environments
    from pytest_layersnap.releases.processes import Processes
    from pytest_layersnap.releases.survey import in_range
    from pytest_layersnap.releases.tools import FullDisk, noticing_full_disks, tool
    from pytest_layersnap.releases.trials import Trials

    try:
        wanted = SpecifierSet(parsed.keras)
    except InvalidSpecifier:
        raise CommandError(f"--keras {parsed.keras}: write a range as in '>=3.8,<3.12'") from None
    for file in parsed.files:
        if not Path(file).is_file():
            raise CommandError(f"there is no file {file}")
    cache, processes = Cache(users_folder()), Processes()
    maker = tool(processes, cache)
    files = [part for file in parsed.files for part in ("-r", file)]
    environments = Environments(cache, maker, [*parsed.requirements, *files], parsed.python)
    # What ends a job of a CI is as good a reason to clear up as Ctrl-C.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with noticing_full_disks():
            _progress("reading which releases of Keras there are")
            releases = in_range(maker, wanted, keras2=parsed.keras2, python=parsed.python)
            yield Trials(environments, processes, parsed.backend, _progress), releases
    except FullDisk as error:
        raise CommandError(
            f"{error}; {cache.folder} holds {cache.size() / 1e6:,.0f} MB, "
            "which layersnap matrix --clean removes"
        ) from None
    except KeyboardInterrupt:
        raise CommandError("interrupted; to go on, run the same command again") from None
    finally:
        processes.stop()
        signal.signal(signal.SIGTERM, before)


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
