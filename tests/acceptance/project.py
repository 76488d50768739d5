"""A project whose tests use the plugin, and which pytest runs in a process of its own."""

from __future__ import annotations

import os
import re
import tempfile
import time
from pathlib import Path

import pytest

from . import forked

#: In the projects: layer tables without a model, where the table is not what is tested.
TABLES = """
from pytest_layersnap.table import Layer, LayerTable

def table(units=3, version="Keras 3"):
    layer = Layer(model="m", layer_name="head", layer_type="Dense", output_shape=f"(None, {units})",
                  parameters=5 * units, trainable_parameters=5 * units)
    return LayerTable((layer,), recorded_with=version)
"""

#: In the projects: real models of whatever Keras this environment is for.
MODELS = """
try:
    if __import__("os").environ.get("TF_USE_LEGACY_KERAS"):
        import tf_keras as keras
    else:
        import keras
except ImportError:
    import tf_keras as keras

def build(units=3, activation="relu"):
    return keras.Sequential([
        keras.layers.Input((4,)),
        keras.layers.Dense(8, activation=activation, name="body"),
        keras.layers.Dense(units, name="head"),
    ])
"""


class Project:
    """A folder with tests; ``run`` starts pytest on it, with no plugin but those named."""

    def __init__(self, pytester: pytest.Pytester, *, forks: bool) -> None:
        """Lay out a folder that has no tests yet; its sessions may be forks of another process."""
        self.pytester = pytester
        self.forks = forks and hasattr(os, "fork")
        self.path = pytester.path
        pytester.makepyfile(tables=TABLES, models=MODELS)

    def write(self, **files: str) -> None:
        """Write Python files; ``a__b`` is ``a/b.py``."""
        for name, text in files.items():
            path = self.path / f"{name.replace('__', '/')}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def ini(self, text: str) -> None:
        """Write ``pytest.ini``."""
        (self.path / "pytest.ini").write_text(f"[pytest]\n{text}\n")

    def run(self, *arguments: str, plugins: tuple[str, ...] = ("layersnap",)) -> pytest.RunResult:
        """Run pytest in a process of its own."""
        loaded = [argument for plugin in plugins for argument in ("-p", plugin)]
        if self.forks and not any(re.match("-n[1-9]", argument) for argument in arguments):
            return self._run_forked(*loaded, *arguments)
        return self.pytester.runpytest_subprocess(*loaded, *arguments, timeout=forked.HANGS)

    def _run_forked(self, *arguments: str) -> pytest.RunResult:
        """Run pytest in a fork."""
        began = time.perf_counter()
        # As pytester does where it starts a process.
        base = tempfile.mkdtemp(prefix="runpytest-", dir=self.path)
        files = [self.path / "stdout", self.path / "stderr"]
        arguments = (f"--basetemp={base}", *arguments)
        status = forked.session(Path.cwd(), *arguments, output=str(files[0]), errors=str(files[1]))
        out, err = (path.read_text("utf8").splitlines() for path in files)
        print("ran pytest", *arguments, *out, *err, sep="\n")
        return pytest.RunResult(status, out, err, time.perf_counter() - began)

    def snapshots(self, root: str = "snapshots") -> dict[str, bytes]:
        """All files below the folder of snapshots."""
        folder = Path(self.path / root)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
