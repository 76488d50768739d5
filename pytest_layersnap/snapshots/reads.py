"""Which snapshots a process opens by other means than a check.

A test may read a snapshot with pandas or ``LayerTable.read_csv`` and never check it. It uses the
file all the same, and Python's audit events are the one place that sees every way of opening it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pytest_layersnap.snapshots.naming import SUFFIX


class Reads:
    """The snapshots that this process opened since this was made, until ``stop``."""

    def __init__(self, folder: Path) -> None:
        """Begin to listen."""
        self.snapshots: set[str] = set()
        self._folder = os.path.join(folder, "")
        self._listens = True
        sys.addaudithook(self._heard)

    def stop(self) -> None:
        """Note no more; an audit hook can't be taken away."""
        self._listens = False

    def _heard(self, event: str, args: tuple[object, ...]) -> None:
        if event != "open" or not self._listens:
            return
        path = args[0]
        if isinstance(path, str) and path.endswith(SUFFIX):
            path = os.path.abspath(path)
            if path.startswith(self._folder):
                self.snapshots.add(path[len(self._folder) :].replace(os.sep, "/"))
