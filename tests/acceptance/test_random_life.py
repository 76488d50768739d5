"""A sample of lives at random; ``benchmarks/random_life.py`` lives as many as it is asked for."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings
from hypothesis.stateful import run_state_machine_as_test

pytestmark = [
    pytest.mark.lifecycle,
    pytest.mark.skipif(not hasattr(os, "fork"), reason="its sessions are forks"),
]


def test_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    """No living snapshot is lost, and no dead one kept after a complete run."""
    from .random_life import Life

    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    run_state_machine_as_test(
        Life,
        settings=settings(max_examples=5, stateful_step_count=20, database=None),
    )
