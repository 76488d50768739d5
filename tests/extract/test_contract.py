"""Private names of Keras: spelled in one place, and missed by name where a release lacks one."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
from collections import namedtuple
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from pytest_layersnap import extract

from . import renamed_keras

_ROOM = Path(extract.__file__).parent
#: What named tuples have is public, underscore or not.
_Named = namedtuple("_Named", ())


def _within(module: Path) -> str:
    return module.relative_to(_ROOM).as_posix()


def private_names(module: Path) -> Iterator[str]:
    """The private names that a module reads from objects, by attribute access or by ``getattr``."""
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        name = ""
        if isinstance(node, ast.Attribute):
            of_its_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
            name = "" if of_its_own else node.attr
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in ("getattr", "hasattr"):
            name = str(ast.literal_eval(node.args[1])) if _is_text(node.args[1]) else ""
        if re.match(r"_[a-z]", name) and not hasattr(_Named, name):
            yield name


def _is_text(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


@pytest.mark.lifecycle
@pytest.mark.parametrize("module", sorted(_ROOM.rglob("*.py")), ids=_within)
def test_private_names_stand_in_one_place(module: Path) -> None:
    """Modules named after a generation take from Keras what has no public name, two from backends."""
    if module.stem not in ("keras2", "keras3", "tapes", "randomness"):
        assert list(private_names(module)) == []


def test_a_keras_with_another_name(keras: ModuleType) -> None:
    """Each private name spelled otherwise is one error that names it and the Keras."""
    reader = "keras3" if hasattr(keras, "ops") else "keras2"
    if keras.__name__ != "keras" or os.environ.get("KERAS_BACKEND", "torch") != "torch":
        pytest.skip("the names are the same in all environments of a generation")
    names = sorted(set(private_names(_ROOM / f"{reader}.py")))
    assert len(names) > 7
    run = [sys.executable, renamed_keras.__file__, "none", *names]
    lines = subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()
    told = dict(line.split(": ", 1) for line in lines)
    assert told.pop("none") == "15 parameters"
    missed = f"keras {keras.__version__} has no "
    assert {name: text.startswith(missed + repr(name)) for name, text in told.items()} == (
        dict.fromkeys(names, True)
    )
