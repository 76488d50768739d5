"""What pytest collected: the facts from which unused snapshots are judged.

They are gathered in the process that collects, which under pytest-xdist is a worker, and go to the
process that controls the run as plain JSON.

``gathered``, ``naming`` and ``reads`` are imported where they are used: a suite without snapshots starts
without them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_layersnap.snapshots.session import items
from pytest_layersnap.snapshots.settings import Settings

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.gathered import Collected, Found, Use
    from pytest_layersnap.snapshots.reads import Reads


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
        if items.FIXTURE in getattr(item, "fixturenames", ()):
            item.add_marker(items.FIXTURE)

    @pytest.hookimpl
    def pytest_deselected(self, items: list[pytest.Item]) -> None:
        """Note what an option or a plugin took out."""
        self._deselected += items

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Know on behalf of which test files are opened."""
        self._reads_for(items.test_id(item))
        try:
            return (yield)
        finally:
            self._reads_for("")

    def collected(self) -> Collected:
        """What was collected; ends the listening."""
        from pytest_layersnap.snapshots.gathered import Collected, place

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
                and ((use := items.use(node)) == "fixture" or self._reads)
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
            starters=sorted(self._reads.starters) if self._reads else [],
            imported=sorted(_imported(root)) if self._reads else [],
        )

    def _item(self, item: pytest.Item, use: Use) -> Found:
        from pytest_layersnap.snapshots.gathered import Found, place

        return Found(
            test=items.test_id(item),
            name=items.test_name(item),
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
        from pytest_layersnap.snapshots import naming
        from pytest_layersnap.snapshots.gathered import relative

        file = relative(path, self._settings.rootdir)
        if file is None:
            return ""
        return naming.folder(file)


def _reads(settings: Settings, began: float) -> Reads | None:
    """What listens for the snapshots that are opened, if there are any."""
    if not settings.directory.is_dir():
        return None
    from pytest_layersnap.snapshots.reads import Reads, prepare

    if settings.update:
        prepare(settings.directory, began)
    return Reads(settings.directory, began)


def _kind(node: pytest.Collector) -> str:
    return f"{type(node).__module__}.{type(node).__qualname__}"


def _imported(root: Path) -> Iterator[str]:
    """The modules that were imported from below the root directory."""
    start = os.path.join(os.fspath(root), "")
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and file.startswith(start):
            yield file[len(start) :].replace(os.sep, "/")
