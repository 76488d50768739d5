"""The fixture of a test, and what the checks of the test found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.commands import near, shell_line
from pytest_layersnap.snapshots.gathered import relative
from pytest_layersnap.snapshots.session import RECORD
from pytest_layersnap.snapshots.session.items import marked, test_id, test_name
from pytest_layersnap.snapshots.session.told import color, in_ci, tells
from pytest_layersnap.snapshots.settings import Settings
from pytest_layersnap.update_flag import FLAG

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.fixture import LayerSnap
    from pytest_layersnap.snapshots.results import Result
    from pytest_layersnap.snapshots.store import Store


@dataclass(slots=True)
class Record:
    """What the checks of one run of one test found, until its last report takes it along."""

    results: list[Result] = field(default_factory=list)
    _outcomes: dict[str, str] = field(default_factory=dict)

    def report(self, report: pytest.TestReport) -> None:
        """Take note of a phase's outcome; put the results on the report of the last phase."""
        # A subtest that failed is followed by the report of the test, which may have passed.
        if self._outcomes.get(report.when) != "failed":
            self._outcomes[report.when] = report.outcome
        if report.when == "teardown":
            outcome = self._outcome()
            vars(report)["layersnap"] = [
                result.to_dict() | {"outcome": outcome} for result in self.results
            ]

    def _outcome(self) -> str:
        outcomes = self._outcomes.values()
        return next((worst for worst in ("failed", "skipped") if worst in outcomes), "passed")


#: What a process knows of the folder of snapshots, which it looks at once.
_STORE: pytest.StashKey[Store] = pytest.StashKey()


def open_fixture(item: pytest.Item, settings: Settings) -> LayerSnap:
    """The fixture's value for a test; ``item.stash[RECORD]`` gathers what its checks find."""
    from pytest_layersnap.snapshots import store as stores
    from pytest_layersnap.snapshots.fixture import LayerSnap, Origin

    record = item.stash[RECORD] = Record()
    origin = Origin(
        test=test_id(item),
        file=relative(item.path, settings.rootdir),
        name=test_name(item),
        scope=marked(item, settings.scope),
        accept=shell_line(["pytest", FLAG, _argument(item)]),
        color=color(item.config),
        in_ci=in_ci(),
    )
    store = item.config.stash.get(_STORE, None)
    if store is None:
        store = stores.Store(settings.directory, shown=settings.shown)
        item.config.stash[_STORE] = store

    def found(result: Result) -> None:
        record.results.append(result)
        text = f"{store.shown}/{result.snapshot}"
        item.user_properties.append(
            (f"layersnap.{result.finding}", f"{text}: {result.summary}" if result.summary else text)
        )

    return LayerSnap(
        origin,
        store,
        update=settings.update,
        export=settings.export is not None,
        told=tells(item.config, settings),
        tolerance=settings.tolerance,
        record=found,
    )


def _argument(item: pytest.Item) -> str:
    """A test as it is given to pytest where this run was started: ids begin at the root instead."""
    file = _file(item.path, item.config.invocation_params.dir)
    _, separator, inside = test_id(item).partition("::")
    return f"{file}{separator}{inside}"


@contextmanager
def shown_briefly(config: pytest.Config) -> Iterator[None]:
    """Show the failure of a check by its line and its report alone, as ``--tb=short`` does, in a CI."""
    if not in_ci() or config.option.tbstyle != "auto":
        yield
        return
    config.option.tbstyle = "short"
    try:
        yield
    finally:
        config.option.tbstyle = "auto"


@cache  # the same for all tests of a file
def _file(path: Path, start: Path) -> str:
    return near(path, start)


def headline(report: pytest.TestReport, error: LayersnapError) -> None:
    """Have the summary of a run say in one line why a test failed: the report stands above it."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        crash.message = error.headline
