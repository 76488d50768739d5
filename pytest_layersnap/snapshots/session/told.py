"""Who is told what a run finds, and how."""

from __future__ import annotations

import os

import pytest

from pytest_layersnap.snapshots.settings import Settings


def in_ci() -> bool:
    """Whether this is a run of a CI, as pytest tells it."""
    return any(os.environ.get(name) for name in ("CI", "BUILD_NUMBER"))


def tells(config: pytest.Config, settings: Settings) -> bool:
    """Whether anybody is told what a run finds about each snapshot: a quiet update counts them alone."""
    return bool(
        not settings.update
        or config.getoption("verbose", default=0) >= 0
        or settings.report
        or os.environ.get("GITHUB_STEP_SUMMARY")
        or config.getoption("xmlpath", default=None)
    )


def color(config: pytest.Config) -> bool:
    """Whether the terminal that shows failures is colored; a worker of pytest-xdist is told so."""
    if (worker := getattr(config, "workerinput", None)) is not None:
        return bool(worker["layersnap_color"])
    if config.getoption("xmlpath", default=None):  # a JUnit report repeats the message as it is
        return False
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter is not None and bool(reporter.hasmarkup)
