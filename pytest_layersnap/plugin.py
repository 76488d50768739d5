"""The pytest plugin: hooks and the fixture. What they do lives in the modules they call."""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

# Not from the package: it would be asked for their names, and read its stub at every start.
import pytest_layersnap.settings as settings
import pytest_layersnap.update_flag as update_flag
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.session import control
from pytest_layersnap.snapshots.session.collection import Collection
from pytest_layersnap.snapshots.session.items import MARKER
from pytest_layersnap.snapshots.session.record import RECORD
from pytest_layersnap.snapshots.settings import Settings, unusual

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.fixture import LayerSnap

_SETTINGS = pytest.StashKey[Settings]()


@pytest.hookimpl
def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Declare the ini options, and the flag if a later hook won't reach us."""
    settings.add_options(parser)
    if update_flag.loaded_by_conftest(pluginmanager):
        update_flag.declare_if_free(parser)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(parser: pytest.Parser) -> Generator[None, object, object]:
    """Declare the flag once every plugin and initial conftest could."""
    try:
        return (yield)
    finally:
        update_flag.declare_if_free(parser)


@pytest.hookimpl
def pytest_configure(config: pytest.Config) -> None:
    """Read the settings; gather and write in the process that controls the run."""
    config.addinivalue_line("markers", MARKER)
    config.stash[_SETTINGS] = settings.read(config)
    ours = config.stash[_SETTINGS]
    worker: dict[str, Any] | None = getattr(config, "workerinput", None)
    began = time.time() if worker is None else worker["layersnap_began"]
    collection = Collection(ours, began)
    config.pluginmanager.register(collection)
    config.pluginmanager.register(
        control.SnapshotSession(config, ours, collection, began)
        if worker is None
        else control.WorkerSession(collection)
    )


@pytest.hookimpl
def pytest_report_header(config: pytest.Config) -> str | None:
    """Say in the header what is unusual about this run."""
    return unusual(config.stash[_SETTINGS]) or None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let the results of a test travel on its report; outermost, so that outcomes are final."""
    error = None if call.excinfo is None else call.excinfo.value
    if isinstance(error, LayersnapError):
        from pytest_layersnap.snapshots.session import checks

        with checks.shown_briefly(item.config):
            report = yield
        checks.headline(report, error)
    else:
        report = yield
    if record := item.stash.get(RECORD, None):
        record.report(report)
    return report


@pytest.fixture
def layersnap(request: pytest.FixtureRequest) -> LayerSnap:
    """Compare the architecture of Keras models with snapshots.

    ``layersnap.check(model)`` fails with a report when the model is not the recorded one;
    ``pytest --snapshot-update`` records it. ``layersnap.check_all({name: model})`` checks several,
    ``layersnap.table(model)`` gives the layer table.
    """
    # Not at the top: a suite without checks starts without it.
    from pytest_layersnap.snapshots.session import checks

    try:
        return checks.open_fixture(request.node, request.config.stash[_SETTINGS])
    except pytest.UsageError as error:
        reason = str(error)
    pytest.fail(reason, pytrace=False)  # here, or the error before it would be shown too
