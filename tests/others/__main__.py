"""Writes the tables of all models that this environment can build, in a process of its own.

python -m tests.others FOLDER
"""

from __future__ import annotations

import sys
import warnings
from importlib import import_module
from pathlib import Path

from pytest_layersnap import layer_table

from .builders import builders


def main(folder: Path) -> None:
    """Write them, the last first: other models are built before each than in the tests."""
    warnings.simplefilter("ignore")
    keras = import_module("keras")
    for name, (_, build) in reversed(builders(keras).items()):
        try:
            model = build(keras)
        except ImportError:  # of a package, or of the one backend that it works with
            continue
        layer_table(model, name=name).to_csv(folder / f"{name}.csv")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
