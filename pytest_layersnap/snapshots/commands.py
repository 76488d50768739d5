"""Commands and paths as people type them."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence


def shell_line(arguments: Sequence[str]) -> str:
    """A command as it is typed into a shell of this system."""
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def near(path: str | os.PathLike[str], start: str | os.PathLike[str]) -> str:
    """A path as it is typed in the folder ``start``."""
    try:
        return os.path.relpath(path, start)
    except ValueError:  # another drive
        return os.fspath(path)
