"""The fixture of a test, and what the checks of the test found."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.commands import near, shell_line
from pytest_layersnap.snapshots.gathered import relative
from pytest_layersnap.snapshots.session.items import marked, test_id, test_name
from pytest_layersnap.snapshots.session.record import RECORD, Record
from pytest_layersnap.snapshots.session.told import color, in_ci, tells
from pytest_layersnap.snapshots.settings import Settings
from pytest_layersnap.update_flag import FLAG

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.fixture import LayerSnap
    from pytest_layersnap.snapshots.results import Result
    from pytest_layersnap.snapshots.store import Store


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
