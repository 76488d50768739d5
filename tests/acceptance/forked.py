"""Sessions of pytest in forks of this process, which imports what earlier ones imported."""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest


def session(folder: Path, *arguments: str, output: str = os.devnull) -> int:
    """Run pytest as in a process of its own, but for the time that imports take.

    Args:
        folder: where it runs; what is imported from there is new to each session.
        arguments: those of pytest.
        output: the file that takes what it prints.

    Returns:
        The exit code.
    """
    reading, writing = os.pipe()
    if (child := os.fork()) == 0:
        os.close(reading)
        gc.freeze()  # what is looked at is copied
        before = set(sys.modules)
        os.chdir(folder)
        printed = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(printed, 1)
        os.dup2(printed, 2)
        status = int(pytest.main([*arguments]))
        with open(writing, "w") as told:
            json.dump([name for name in _outside(folder) if name not in before], told)
        os._exit(status)
    os.close(writing)
    with open(reading) as told:
        imported = told.read()
    _, status = os.waitpid(child, 0)
    for name in json.loads(imported):
        importlib.import_module(name)
    return os.waitstatus_to_exitcode(status)


def _outside(folder: Path) -> Iterator[str]:
    """The modules that were imported from elsewhere than a folder."""
    for name, module in list(sys.modules.items()):
        if not str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            yield name
