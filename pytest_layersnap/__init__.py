"""Snapshot tests for the architecture of neural networks."""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pytest_layersnap.compare.drift import Change, Drift, LayerDrift, compare
    from pytest_layersnap.export import export
    from pytest_layersnap.extract import ModelError, layer_table
    from pytest_layersnap.extract.weightless import WeightlessWarning, weightless
    from pytest_layersnap.flow.stages import flow
    from pytest_layersnap.table import LayerTable, TableError

__all__ = [
    "Change",
    "Drift",
    "LayerDrift",
    "LayerTable",
    "ModelError",
    "TableError",
    "WeightlessWarning",
    "compare",
    "export",
    "flow",
    "layer_table",
    "weightless",
]

_HOMES = {
    "compare.drift": ("Change", "Drift", "LayerDrift", "compare"),
    "export": ("export",),
    "extract": ("ModelError", "layer_table"),
    "flow.stages": ("flow",),
    "extract.weightless": ("WeightlessWarning", "weightless"),
    "table": ("LayerTable", "TableError"),
}


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, also of suites that never check a model.
    for module, names in _HOMES.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Package(ModuleType):
    """This package, in which ``compare``, ``export`` and ``flow`` are functions.

    The packages that hold them have the same names, and Python binds a package to its name here when it is
    first imported.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in __all__ and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
