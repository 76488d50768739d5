"""Snapshot tests for the architecture of neural networks."""

from functools import cache
from importlib import import_module
from typing import Any


def __getattr__(name: str) -> Any:
    # pytest imports this package at every start, also of suites that never check a model.
    if name == "__all__":
        return sorted([*_homes(), "__version__"])
    if name == "__version__":
        return import_module("importlib.metadata").version(__name__)
    if (home := _homes().get(name)) is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return [*globals(), *__getattr__("__all__")]


@cache
def _homes() -> dict[str, str]:
    """By public name the module that has it, as type checkers read it in the stub beside this file."""
    import ast
    from importlib.resources import files

    stub = ast.parse(files(__name__).joinpath("__init__.pyi").read_text(encoding="utf-8"))
    return {
        alias.name: node.module
        for node in stub.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
