"""A sample of what Keras' own tests build, read in many ways that must all say the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from benchmarks.corpus.watch import files

_SAMPLE = ("layers/layer_test", "layers/core/wrapper_test", "layers/rnn/stacked_rnn_cells_test")


def test_a_sample_of_what_the_tests_of_keras_build(keras: ModuleType, tmp_path: Path) -> None:
    """Nothing raises, sums are Keras' own, and a model read again or rebuilt has the same table."""
    if not files(keras):
        pytest.skip("this release of Keras ships no tests")
    run = subprocess.run(
        [sys.executable, "-m", "benchmarks.keras_tests", *_SAMPLE],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stdout
    models, word, *_ = run.stdout.splitlines()[-2].split()
    assert word == "models,"
    assert int(models) > 50
