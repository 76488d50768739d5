"""What the processes of a run have told: plain values, so that they can travel."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.unused import Fate


#: ``fixture``: a test asks for ours; ``nothing``: its code can't touch any file.
Use = Literal["fixture", "nothing", "unknown"]


class Found(TypedDict):
    """An item of whatever kind."""

    #: The id without what other plugins append to it.
    test: str
    #: Its name with classes and parameters.
    name: str
    #: Its file, and what collected it.
    file: str
    kind: str
    use: Use


class Collected(TypedDict):
    """What one process collected."""

    #: By the id on their reports, the items. Where there are no snapshots yet, only those that use
    #: the fixture.
    items: dict[str, Found]
    #: The tests that were deselected.
    deselected: list[str]
    #: The test files that were collected, each with what collected it.
    files: dict[str, list[str]]
    #: Those that were found, and that nobody asked for.
    unasked: list[str]
    #: Those that skipped themselves, each with the folder of its snapshots.
    skipped: dict[str, str]
    #: What could not be collected.
    errors: list[str]
    #: Classes whose tests nobody asked for.
    hidden: list[str]
    #: By what opened them, the snapshots that were opened.
    read: dict[str, list[str]]
    #: What started other processes.
    starters: list[str]
    #: The files of the project that were imported.
    imported: list[str]


@dataclass(slots=True)
class Gathered:
    """What the process that controls a run has heard.

    Args:
        began: when the run began.
        found: by test and worker, what the checks found, as plain data.
        outcomes: by test, ``failed`` or ``skipped``; tests that passed are not in it.
        phases: by test, the phases that were run of it.
        workers: how many workers were started.
        collected: what each process has collected.
        complete: whether the run came to its end by itself.
    """

    began: float
    found: dict[tuple[str, object], list[dict[str, Any]]] = field(default_factory=dict)
    outcomes: dict[str, Fate] = field(default_factory=dict)
    phases: dict[str, set[str]] = field(default_factory=dict)
    workers: int = 0
    collected: list[Collected] = field(default_factory=list)
    complete: bool = True


def place(path: Path, rootdir: Path) -> str:
    """A file as facts name it: relative to the root directory where it lies below it."""
    file = relative(path, rootdir)
    return os.path.realpath(path) if file is None else file.as_posix()


@cache  # asked for every test, and the same for all of a file
def relative(path: Path, rootdir: Path) -> PurePosixPath | None:
    """A path as it lies below the root directory, also over links; ``None`` if it does not."""
    if not path.is_relative_to(rootdir):
        path, rootdir = Path(os.path.realpath(path)), Path(os.path.realpath(rootdir))
    if not path.is_relative_to(rootdir):
        return None
    return PurePosixPath(path.relative_to(rootdir).as_posix())
