"""What a command prints, also where nobody reads any more, and its exit codes."""

from __future__ import annotations

import contextlib
import io
import json
import os
import sys
from typing import Any

from pytest_layersnap.errors import LayersnapError

#: Exit codes.
SAME, DRIFT, WRONG = 0, 1, 2


class CommandError(LayersnapError):
    """A command that can't be carried out; the message says why."""


def prepare_streams() -> None:
    """Have streams that are there, where the shell closed them, and that take every character."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, io.StringIO())
        stream = getattr(sys, name)
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a console that knows no arrows


def say(text: str) -> None:
    """Print; where nobody reads any more, what is left to do is done in silence."""
    try:
        print(text)
    except BrokenPipeError:
        go_silent()


def is_colored() -> bool:
    """Whether what is printed may be colored, as pytest decides it."""
    unwanted = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stdout.isatty() and not unwanted


def flush() -> None:
    """Have what was printed arrive."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        go_silent()


def go_silent() -> None:
    """Write no more to the output, also not when Python ends."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def wrong(message: str) -> int:
    """Say what is wrong; gives the exit code."""
    with contextlib.suppress(OSError):
        print(f"layersnap: {message}", file=sys.stderr)
    return WRONG


def as_json(data: Any) -> str:
    """Data as JSON, which also the log of a CI job shows as it stands."""
    # Such a log would take "##[" for a command.
    return json.dumps(data, indent=2).replace("##", "#\\u0023")
