"""TensorFlow stays out of a process that does without it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

#: A TensorFlow that is installed, and ends the process which imports it.
_TRIPWIRE = 'raise SystemExit("TensorFlow was imported")\n'

_READING = """
import keras
from pytest_layersnap import layer_table

inputs = keras.Input((4,))
hidden = keras.layers.Dense(3, activation="relu", kernel_regularizer="l2")(inputs)
layer_table(keras.Model(inputs, keras.layers.Dropout(0.5)(hidden) + 1))
layer_table(lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]))
"""


def test_reading_imports_no_tensorflow(keras: ModuleType, tmp_path: Path) -> None:
    """On JAX and PyTorch a table is read without TensorFlow, though it is installed."""
    if not hasattr(keras, "ops") or keras.backend.backend() == "tensorflow":
        pytest.skip("this Keras computes with TensorFlow")
    (tmp_path / "tensorflow.py").write_text(_TRIPWIRE)
    path = os.pathsep.join([str(tmp_path), *sys.path])
    run = subprocess.run(
        [sys.executable, "-c", _READING],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
