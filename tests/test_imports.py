"""Who imports what, drawn from the code: docs/design.md says which way imports go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest_layersnap

HOUSE = Path(pytest_layersnap.__file__).parent
#: The modules that know pytest; those in a package are named by it.
RIM = {"plugin", "settings", "update_flag", "snapshots.session"}


def imports(path: Path) -> Iterator[str]:
    """What a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def importing(*wanted: str) -> set[str]:
    """The modules of ours that import one of these, or something in it, also for types alone."""
    return {
        ".".join(path.relative_to(HOUSE).with_suffix("").parts)
        for path in HOUSE.rglob("*.py")
        if any(f"{name}.".startswith(f"{one}.") for name in imports(path) for one in wanted)
    }


def rooms(modules: set[str], known: set[str]) -> set[str]:
    """The rooms that the modules lie in: a known one, or else the module itself."""
    return {
        next((room for room in known if f"{name}.".startswith(f"{room}.")), name)
        for name in modules
    }


def test_only_the_rim_knows_pytest() -> None:
    """What is decided about snapshots is decided from plain facts."""
    assert rooms(importing("pytest", "_pytest", "pluggy", "xdist"), RIM) == RIM


def test_only_one_room_touches_keras() -> None:
    """All others work from tables alone; what is imported by a name at run time is no way around."""
    frameworks = importing("keras", "tf_keras", "tensorflow", "jax", "torch")
    assert rooms(frameworks, {"extract"}) <= {"extract"}
    by_name = importing("importlib.import_module")
    # Our own public names, and the module that the command line names.
    assert rooms(by_name, {"extract"}) == {"extract", "__init__", "builders"}
