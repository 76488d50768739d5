"""What pytest collected: the facts from which unused snapshots are judged.

They are gathered in the process that collects, which under pytest-xdist is a worker, and go to the
process that controls the run as plain JSON.

``naming`` and ``reads`` are imported where they are used: a suite without snapshots starts without them.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Generator, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, TypedDict

import pytest

from pytest_layersnap.settings import Settings

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.reads import Reads

FIXTURE = "layersnap"


class Collected(TypedDict):
    """What one process collected: plain values, so that it can travel."""

    #: By the id on their reports, the tests that use the fixture: their id, and the path of their
    #: first unnamed snapshot (empty if their file lies outside the root directory).
    tests: dict[str, tuple[str, str]]
    #: The tests that were deselected.
    deselected: list[str]
    #: The test files that were collected.
    files: list[str]
    #: Those that skipped themselves, each with the folder of its snapshots.
    skipped: dict[str, str]
    #: What could not be collected.
    errors: list[str]
    #: Classes whose tests nobody asked for.
    hidden: list[str]
    #: The snapshots that were opened.
    read: list[str]


class Collection:
    """The plugin of every process that collects."""

    def __init__(self, settings: Settings) -> None:
        """Begin before anything is collected."""
        self._settings = settings
        self._reads = _reads(settings.directory)
        self._collectors: dict[str, pytest.Collector] = {}
        self._found: dict[str, pytest.Item | pytest.Collector] = {}
        self._deselected: list[pytest.Item] = []
        self._skipped: dict[str, str] = {}
        self._errors: list[str] = []

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """See what is there, before ``--lf`` and others take out what is not to run."""
        report = yield
        # Where another plugin answers, nothing was collected; pytest leaves the call on its own.
        if not hasattr(report, "call"):
            return report
        self._collectors[collector.nodeid] = collector
        self._found.update((node.nodeid, node) for node in report.result or ())
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

    def collected(self) -> Collected:
        """What was collected; ends the listening."""
        if self._reads:
            self._reads.stop()
        items = [node for node in self._found.values() if isinstance(node, pytest.Item)]
        return Collected(
            tests={
                item.nodeid: (test_id(item), first_snapshot(item, self._settings.rootdir))
                for item in items
                if _uses_fixture(item)
            },
            deselected=[item.nodeid for item in self._deselected],
            files=sorted(
                nodeid for nodeid, node in self._collectors.items() if isinstance(node, pytest.File)
            ),
            skipped=self._skipped,
            errors=self._errors,
            hidden=sorted(
                nodeid
                for nodeid, node in self._found.items()
                if isinstance(node, pytest.Class) and nodeid not in self._collectors
            ),
            read=sorted(self._reads.snapshots) if self._reads else [],
        )

    def _folder(self, path: Path) -> str:
        file = relative(path, self._settings.rootdir)
        if file is None:
            return ""
        from pytest_layersnap.snapshots import naming

        return naming.folder(file)


def _reads(directory: Path) -> Reads | None:
    """What listens for the snapshots that are opened, if there are any."""
    if not directory.is_dir():
        return None
    from pytest_layersnap.snapshots.reads import Reads

    return Reads(directory)


def test_id(item: pytest.Item) -> str:
    """A test's id; xdist appends its group to the one that is on the reports."""
    parent = item.parent
    return item.nodeid if parent is None else f"{parent.nodeid}::{item.name}"


def first_snapshot(item: pytest.Item, rootdir: Path) -> str:
    """The path of a test's first unnamed snapshot; empty where its file lies outside the root."""
    from pytest_layersnap.snapshots import naming

    file = relative(item.path, rootdir)
    return "" if file is None else naming.derived(file, test_name(item))


def test_name(item: pytest.Item) -> str:
    """The name of a test with its classes and parameters."""
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return ".".join([*classes, item.name])


def uncollected(config: pytest.Config, files: set[str]) -> list[str]:
    """The project's test files that are not among ``files``, as paths relative to the root.

    The project's test files are those below ``testpaths`` (without it, below the root directory)
    that match ``python_files``, outside of ``norecursedirs`` and virtual environments.
    """
    root = config.rootpath
    starts = [
        path
        for entry in config.getini("testpaths")
        for path in glob.glob(os.path.join(root, entry), recursive=True)
    ]
    return sorted(
        path.as_posix()
        for start in starts or [os.fspath(root)]
        for path in _modules(config, start)
        if path.as_posix() not in files
        and any(_matches(path, pattern) for pattern in config.getini("python_files"))
    )


def folders_beside(config: pytest.Config, files: set[str]) -> set[str]:
    """The folders of unnamed snapshots of all modules that are not among ``files``.

    A module that ``testpaths`` leaves out may have been run by its path.
    """
    from pytest_layersnap.snapshots import naming

    modules = _modules(config, os.fspath(config.rootpath))
    return {naming.folder(path) for path in modules if path.as_posix() not in files}


def _modules(config: pytest.Config, start: str) -> Iterator[PurePosixPath]:
    """The Python files below a folder where pytest would look, relative to the root."""
    without = config.getini("norecursedirs")
    for file in _walk(start, without):
        yield PurePosixPath(os.path.relpath(file, config.rootpath).replace(os.sep, "/"))


def _walk(start: str, without: list[str]) -> Iterator[str]:
    if os.path.isfile(start):
        yield start
    for folder, subfolders, names in os.walk(start):
        subfolders[:] = [
            name
            for name in subfolders
            if name != "__pycache__"
            and not os.path.isfile(os.path.join(folder, name, "pyvenv.cfg"))
            and not any(fnmatch(name, pattern) for pattern in without)
        ]
        yield from (os.path.join(folder, name) for name in names if name.endswith(".py"))


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """Whether a pattern of ``python_files`` takes a path: one with a slash means the end of it."""
    if "/" in pattern:
        return fnmatch(f"/{path}", f"*/{pattern}")
    return fnmatch(path.name, pattern)


def _uses_fixture(item: pytest.Item) -> bool:
    """Whether a test uses the fixture; one that asks for it at run time has the marker."""
    named = FIXTURE in getattr(item, "fixturenames", ())
    return named or item.get_closest_marker(FIXTURE) is not None


def relative(path: Path, rootdir: Path) -> PurePosixPath | None:
    """A path as it lies below the root directory; ``None`` if it does not."""
    if not path.is_relative_to(rootdir):
        return None
    return PurePosixPath(path.relative_to(rootdir).as_posix())
