"""Fixtures of the acceptance tests."""

from __future__ import annotations

import pytest

from .project import Project


@pytest.fixture
def project(
    request: pytest.FixtureRequest, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> Project:
    """An empty project; sessions that import Keras are no forks, as its threads would be missing."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "3")
    # A file that is edited within the same second at the same size is taken from the cache.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    for variable in ("PYTEST_ADDOPTS", "GITHUB_STEP_SUMMARY", "CI", "BUILD_NUMBER"):
        monkeypatch.delenv(variable, raising=False)
    project = Project(pytester, forks="keras" not in request.fixturenames)
    project.ini("pythonpath = .")
    return project


@pytest.fixture(params=["", "-n0", "-n2"], ids=["plain", "n0", "n2"])
def workers(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The arguments of a run in one process, and over two workers."""
    if not request.param:
        return ()
    pytest.importorskip("xdist")
    return ("-p", "xdist", request.param)
