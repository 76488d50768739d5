"""Sessions of pytest in forks of a process that has imported what earlier ones imported."""

from __future__ import annotations

import atexit
import contextlib
import functools
import importlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

#: A session that takes as long (in seconds) waits for something that never comes.
HANGS = 600


def session(
    folder: Path, *arguments: str, output: str = os.devnull, errors: str | None = None
) -> int:
    """Run pytest as in a process of its own, but for the time that imports take.

    Args:
        folder: where it runs; what is imported from there is new to each session.
        arguments: those of pytest.
        output: the file that takes what it prints.
        errors: the file that takes what it prints as errors, where that is another one.

    Returns:
        The exit code; that of a signal is negative.
    """
    server = _server()
    assert server.stdin is not None
    assert server.stdout is not None
    request = [str(folder), arguments, output, errors or output, dict(os.environ)]
    print(json.dumps(request), file=server.stdin, flush=True)
    return int(server.stdout.readline())


@functools.cache
def _server() -> subprocess.Popen[str]:
    """The process that forks; it ends with this one, as its input does."""
    server = subprocess.Popen(
        [sys.executable, __file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    atexit.register(server.communicate)
    return server


def _serve() -> None:
    """Read what is to be run from the standard input, and answer with exit codes."""
    sys.dont_write_bytecode = True
    del sys.path[0]  # where this file is
    libraries = tuple(sys.path)
    for line in sys.stdin:
        reading, writing = os.pipe()
        if (child := os.fork()) == 0:
            os.close(reading)
            before = set(sys.modules)
            status = _run(*json.loads(line))
            with open(writing, "w") as told:
                json.dump(
                    [name for name in set(sys.modules) - before if _in(libraries, name)], told
                )
            os._exit(status)
        os.close(writing)
        with open(reading) as told:
            imported = told.read() or "[]"  # one that crashed tells nothing
        _, status = os.waitpid(child, 0)
        for name in json.loads(imported):
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(
    folder: str, arguments: list[str], output: str, errors: str, environment: dict[str, str]
) -> int:
    """Run pytest in this process."""
    signal.alarm(HANGS)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path.insert(0, folder)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(printed := os.open(output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 1)
    if errors != output:
        printed = os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(printed, 2)
    status = int(pytest.main(arguments))
    sys.stdout.flush()
    sys.stderr.flush()
    return status


def _in(folders: tuple[str, ...], name: str) -> bool:
    """Whether a module lies in one of these folders."""
    return str(getattr(sys.modules[name], "__file__", None) or "").startswith(folders)


if __name__ == "__main__":
    _serve()
