"""What pytest collected: the facts from which unused snapshots are judged.

They are gathered in the process that collects, which under pytest-xdist is a worker, and go to the
process that controls the run as plain JSON.

``naming`` and ``reads`` are imported where they are used: a suite without snapshots starts without them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path, PurePosixPath
from types import CodeType
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import pytest

from pytest_layersnap.settings import Settings

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.reads import Reads

FIXTURE = "layersnap"


class Found(TypedDict):
    """An item of whatever kind: plain values, so that it can travel."""

    #: The id without what other plugins append to it.
    test: str
    #: Its name with classes and parameters.
    name: str
    #: Its file, and what collected it.
    file: str
    kind: str
    #: ``fixture``: it asks for ours; ``nothing``: its code can't touch any file.
    use: Literal["fixture", "nothing", "unknown"]


class Collected(TypedDict):
    """What one process collected: plain values, so that it can travel."""

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
    #: Whether other processes were started.
    started_processes: bool
    #: The files of the project that were imported.
    imported: list[str]


class Collection:
    """The plugin of every process that collects."""

    def __init__(self, settings: Settings, began: float) -> None:
        """Begin before anything is collected."""
        self._settings = settings
        self._reads = _reads(settings, began)
        self._collectors: list[pytest.Collector] = []
        self._found: list[pytest.Item | pytest.Collector] = []
        self._deselected: list[pytest.Item] = []
        self._skipped: dict[str, str] = {}
        self._errors: list[str] = []

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """See what is there, before ``--lf`` and others take out what is not to run."""
        self._reads_for(collector.nodeid)
        report = yield
        self._reads_for("")
        # Where another plugin answers, nothing was collected; pytest leaves the call on its own.
        if not hasattr(report, "call"):
            return report
        self._collectors.append(collector)
        self._found += report.result or ()
        if report.skipped:
            self._skipped[collector.nodeid] = self._folder(collector.path)
        elif report.failed:
            self._errors.append(collector.nodeid)
        return report

    @pytest.hookimpl(tryfirst=True)
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Let ``-m layersnap`` select the tests that use the fixture."""
        if FIXTURE in getattr(item, "fixturenames", ()):
            item.add_marker(FIXTURE)

    @pytest.hookimpl
    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note what an option or a plugin took out."""
        self._deselected += items

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know on behalf of which test files are opened."""
        self._reads_for(test_id(item))
        try:
            return (yield)
        finally:
            self._reads_for("")

    def collected(self) -> Collected:
        """What was collected; ends the listening."""
        if self._reads:
            self._reads.stop()
        root = self._settings.rootdir
        collected = {node.nodeid for node in self._collectors}
        files: dict[str, list[str]] = {}
        for node in self._collectors:
            if isinstance(node, pytest.File):
                files.setdefault(place(node.path, root), []).append(_kind(node))
        beyond = [
            node
            for node in self._found
            if isinstance(node, pytest.Collector) and node.nodeid not in collected
        ]
        return Collected(
            items={
                node.nodeid: self._item(node, use)
                for node in self._found
                if isinstance(node, pytest.Item)
                and ((use := _use(node)) == "fixture" or self._reads)
            },
            deselected=[item.nodeid for item in self._deselected],
            files=files,
            unasked=[place(node.path, root) for node in beyond if isinstance(node, pytest.File)],
            skipped=self._skipped,
            errors=self._errors,
            hidden=[
                node.nodeid
                for node in beyond
                if not isinstance(node, (pytest.File, pytest.Directory))
            ],
            read=self._reads.by_user() if self._reads else {},
            started_processes=bool(self._reads and self._reads.started_processes),
            imported=sorted(_imported(root)) if self._reads else [],
        )

    def _item(self, item: pytest.Item, use: Literal["fixture", "nothing", "unknown"]) -> Found:
        return Found(
            test=test_id(item),
            name=test_name(item),
            file=place(item.path, self._settings.rootdir),
            kind=next(
                (_kind(node) for node in item.listchain() if isinstance(node, pytest.File)), ""
            ),
            use=use,
        )

    def _reads_for(self, user: str) -> None:
        if self._reads:
            self._reads.user = user

    def _folder(self, path: Path) -> str:
        file = relative(path, self._settings.rootdir)
        if file is None:
            return ""
        from pytest_layersnap.snapshots import naming

        return naming.folder(file)


def _reads(settings: Settings, began: float) -> Reads | None:
    """What listens for the snapshots that are opened, if there are any."""
    if not settings.directory.is_dir():
        return None
    from pytest_layersnap.snapshots.reads import Reads, prepare

    if settings.update:
        prepare(settings.directory, began)
    return Reads(settings.directory, began)


def test_id(item: pytest.Item) -> str:
    """A test's id: xdist appends its group to the one on the reports, repeaters a number."""
    parent = item.parent
    return item.nodeid if parent is None else f"{parent.nodeid}::{_own_name(item)}"


def test_name(item: pytest.Item) -> str:
    """The name of a test with its classes and parameters."""
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return ".".join([*classes, _own_name(item)])


def _own_name(item: pytest.Item) -> str:
    """The name of an item without the parameter of a plugin that runs it several times.

    That is a parameter which nothing in the test asks for, and which only counts.
    """
    callspec = getattr(item, "callspec", None)
    ids: list[str] = list(getattr(callspec, "_idlist", ()))
    if callspec is None or not ids:
        return item.name
    arguments = list(callspec.params)
    asked = _asked(item)

    def repeats(argument: str) -> bool:
        value = callspec.params[argument]
        # A counter that is a fixture of its own says no more than its value.
        counts = isinstance(value, int) and value == callspec.indices[argument]
        return counts and argument not in asked

    # Several arguments may share one id, so those of repeaters are known at the ends alone.
    before = len(ids)
    while arguments and ids and repeats(arguments[-1]):
        del arguments[-1], ids[-1]
    while arguments and ids and repeats(arguments[0]):
        del arguments[0], ids[0]
    if len(ids) == before:
        return item.name
    base = item.name.partition("[")[0]
    return f"{base}[{'-'.join(ids)}]" if ids else base


def _asked(item: pytest.Item) -> set[str]:
    """The names of all fixtures and arguments that a test asks for, itself or over others."""
    info: Any = getattr(item, "_fixtureinfo", None)
    if info is None:
        return set()
    asked: set[str] = set()
    waiting = [*info.argnames, *info.initialnames]
    while waiting:
        name = waiting.pop()
        if name not in asked:
            asked.add(name)
            for definition in info.name2fixturedefs.get(name, ()):
                waiting += definition.argnames
    return asked


def _kind(node: pytest.Collector) -> str:
    return f"{type(node).__module__}.{type(node).__qualname__}"


def _use(item: pytest.Item) -> Literal["fixture", "nothing", "unknown"]:
    """Whether a test uses the fixture, as far as can be told before it runs."""
    names = getattr(item, "fixturenames", ())
    if FIXTURE in names or item.get_closest_marker(FIXTURE) is not None:
        return "fixture"
    codes = list(_codes(item))
    if any(_asks(code) for code in codes):
        return "fixture"
    harmless = isinstance(item, pytest.Function) and not names
    return "nothing" if harmless and codes and not any(map(_calls, codes)) else "unknown"


def _codes(item: pytest.Item) -> Iterator[CodeType]:
    """The code of a test and of its fixtures."""
    info: Any = getattr(item, "_fixtureinfo", None)
    definitions = info.name2fixturedefs.values() if info is not None else ()
    functions = [getattr(item, "obj", None)]
    functions += [one.func for several in definitions for one in several]
    for function in functions:
        while function is not None:
            code = getattr(function, "__code__", None)
            if isinstance(code, CodeType):
                yield code
            function = getattr(function, "__wrapped__", None)


@cache
def _asks(code: CodeType) -> bool:
    """Whether code asks for the fixture while it runs."""
    return ("getfixturevalue" in code.co_names and FIXTURE in code.co_consts) or any(
        _asks(inner) for inner in code.co_consts if isinstance(inner, CodeType)
    )


def _calls(code: CodeType) -> bool:
    """Whether code refers to anything outside of itself, so that it could open a file."""
    inner = any(isinstance(constant, CodeType) for constant in code.co_consts)
    return bool(code.co_names or code.co_freevars or inner)


def _imported(root: Path) -> Iterator[str]:
    """The modules that were imported from below the root directory."""
    start = os.path.join(os.fspath(root), "")
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(start):
            yield file[len(start) :].replace(os.sep, "/")


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
