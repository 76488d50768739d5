"""A Keras in which one private name is spelled otherwise, as a later release may do it.

``python renamed_keras.py NAME…`` prints a line for each name: what ``layer_table`` says of a model of that
Keras; with ``--weightless`` before the names, of one that is built without weights. What all share is
imported once; each copy lives in a process of its own.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any


class Renaming(MetaPathFinder):
    """Finds Keras' modules, and reads them with one name spelled otherwise."""

    def __init__(self, name: str) -> None:
        """Take the name that is to be another one."""
        self.name = re.compile(rf"\b{name}\b".encode())

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a module of Keras, with another loader."""
        spec = PathFinder.find_spec(fullname, path, target)
        if fullname.partition(".")[0] != "keras" or spec is None or not spec.origin:
            return None
        spec.loader = _Loader(fullname, spec.origin, self.name)
        return spec


class _Loader(SourceFileLoader):
    def __init__(self, fullname: str, path: str, name: re.Pattern[bytes]) -> None:
        super().__init__(fullname, path)
        self.renamed = name

    def get_code(self, fullname: str) -> CodeType | None:
        source = self.get_data(self.path)
        if not self.renamed.search(source):
            return super().get_code(fullname)
        code: CodeType = compile(self.renamed.sub(rb"\g<0>_x", source), self.path, "exec")
        return code


def told(name: str, *, weightless: bool = False) -> str:
    """What ``layer_table`` says of a model, where Keras has that name under another one."""
    for module in [module for module in sys.modules if module.partition(".")[0] == "keras"]:
        del sys.modules[module]  # TensorFlow 2.15 imports it
    sys.meta_path.insert(0, Renaming(name))
    keras: Any = import_module("keras")
    from pytest_layersnap import ModelError, WeightlessWarning, layer_table

    def build() -> Any:
        inputs = keras.Input((4,), name="image")
        nested = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)], name="nested")
        return keras.Model(inputs, nested(inputs), name="net")

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", WeightlessWarning)
        try:
            table = layer_table(build if weightless else build())
        except ModelError as error:
            return str(error)
    said = [str(one.message) for one in caught if one.category is WeightlessWarning]
    return "; ".join([*said, f"{table.parameters} parameters"])


if __name__ == "__main__":
    import_module("torch" if os.environ.get("KERAS_BACKEND") == "torch" else "tensorflow")
    weightless = "--weightless" in sys.argv
    for name in sys.argv[1 + weightless :]:
        sys.stdout.flush()
        if (child := os.fork()) == 0:
            print(f"{name}: {told(name, weightless=weightless)}", flush=True)
            os._exit(0)
        os.waitpid(child, 0)
