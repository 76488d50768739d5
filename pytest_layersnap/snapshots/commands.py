"""Commands and paths as people type them."""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
from collections.abc import Sequence
from typing import Final

from pytest_layersnap.update_flag import FLAG

#: Options of pytest, its usual plugins and ours that say how a run is made and told, and not what of.
_FLAGS: Final = """
    -q --quiet -s -v --verbose -x --exitfirst -l --showlocals --no-showlocals --ff --failed-first --nf
    --new-first --cache-clear --disable-warnings --disable-pytest-warnings --full-trace --no-header
    --no-summary
"""
_VALUES: Final = """
    -n --numprocesses --dist --maxprocesses --maxfail --verbosity -r --color --code-highlight --tb
    --show-capture --capture --durations --durations-min --html --junitxml --junit-xml -W --pythonwarnings
    --basetemp --layersnap-report --layersnap-export
"""


def shell_line(arguments: Sequence[str]) -> str:
    """A command as it is typed into a shell of this system."""
    return subprocess.list2cmdline(arguments) if os.name == "nt" else shlex.join(arguments)


def near(path: str | os.PathLike[str], start: str | os.PathLike[str]) -> str:
    """A path as it is typed in the folder ``start``."""
    try:
        return os.path.relpath(path, start)
    except ValueError:  # another drive
        return os.fspath(path)


def selecting(arguments: Sequence[str]) -> list[str]:
    """Of what pytest was called with, what decides which tests run, and under which settings.

    Options that are not known here are kept, as tests may depend on them; so are plugins.
    """
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    for flag in _FLAGS.split():
        parser.add_argument(flag, action="store_true")
    for option in _VALUES.split():
        parser.add_argument(option)
    parser.add_argument("-p", dest="plugins", action="append", default=[])
    try:
        known, kept = parser.parse_known_args(arguments)
    except argparse.ArgumentError:  # short options in one, some of which are not known here
        return list(arguments)
    plugins = [plugin for plugin in known.plugins if not plugin.startswith("no:")]
    return [*(part for plugin in plugins for part in ("-p", plugin)), *kept]


def options(arguments: Sequence[str]) -> list[str]:
    """Of what pytest was called with, the long options on which tests may depend."""
    return [each for each in selecting(arguments) if each.startswith("--") and each != FLAG]
