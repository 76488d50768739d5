"""Other programs, run to their end or stopped with everything that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: So many seconds a program has to clear up after itself.
_PATIENCE: Final = 5


class Stopped(BaseException):
    """Programs are being stopped, and no other is to be started."""


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended, and what it wrote."""

    code: int
    text: str


class Processes:
    """Programs that run in several threads, which ``stop`` ends all together."""

    def __init__(self) -> None:
        """No program runs yet."""
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def run(self, command: Sequence[str], environment: Mapping[str, str]) -> Ended:
        """Run a program to its end.

        Args:
            command: the program and its arguments.
            environment: its environment variables, all of them.

        Raises:
            Stopped: ``stop`` was called.
            OSError: there is no such program.
        """
        with self._lock:
            if self._stopped:
                raise Stopped
            process = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                start_new_session=True,  # a Ctrl-C is for us, who then stop it
            )
            self._running.add(process)
        try:
            text, _ = process.communicate()
        except BaseException:  # Ctrl-C in the main thread
            _end([process])
            raise
        finally:
            with self._lock:
                self._running.discard(process)
        if self._stopped:
            raise Stopped
        return Ended(process.returncode, text)

    def stop(self) -> None:
        """End all programs, and start no other."""
        with self._lock:
            self._stopped = True
            running = list(self._running)
        _end(running)


def _end(running: Iterable[subprocess.Popen[str]]) -> None:
    """End programs, which may clear up first."""
    running = list(running)
    for process in running:
        _signal(process, signal.SIGTERM)
    for process in running:
        try:
            process.wait(_PATIENCE)
        except subprocess.TimeoutExpired:
            _signal(process, getattr(signal, "SIGKILL", signal.SIGTERM))


def _signal(process: subprocess.Popen[str], number: int) -> None:
    """Send a signal to a program and to what it started."""
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, number)
        else:
            process.terminate()
    except ProcessLookupError:
        pass
