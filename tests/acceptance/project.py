"""A project whose tests use the plugin, and which pytest runs in a process of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

#: A session that takes as long (in seconds) waits for something that never comes.
_HANGS = 600

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

    def __init__(self, pytester: pytest.Pytester) -> None:
        """Lay out a folder that has no tests yet."""
        self.pytester = pytester
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
        return self.pytester.runpytest_subprocess(*loaded, *arguments, timeout=_HANGS)

    def snapshots(self, root: str = "snapshots") -> dict[str, bytes]:
        """All files below the folder of snapshots."""
        folder = Path(self.path / root)
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
