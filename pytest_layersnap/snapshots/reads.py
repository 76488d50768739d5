"""Which snapshots are read by other means than a check, and by whom.

A test may read a snapshot with pandas or ``LayerTable.read_csv`` and never check it. It uses the
file all the same. Python's audit events see every way in which this process opens a file, and files
are told by what they are, not by their paths: a path may be bytes, or lead over links. What other
processes and C libraries read, no event tells; there the access times of the files do, where the
file system keeps them.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG

from pytest_layersnap.snapshots.naming import SUFFIX

_STARTS = frozenset(
    {
        "os.exec",
        "os.fork",
        "os.forkpty",
        "os.posix_spawn",
        "os.spawn",
        "os.startfile",
        "os.system",
        "subprocess.Popen",
        "_winapi.CreateProcess",
    }
)
#: They start processes in C, without an event, and are first imported when they do.
_STARTERS = frozenset({"multiprocessing.popen_spawn_posix", "multiprocessing.popen_forkserver"})

#: The clock of a file system ticks every few milliseconds (in nanoseconds).
_TICK = 20_000_000
_SECOND = 1_000_000_000


class Reads:
    """The files that this process opened since this was made, until ``stop``."""

    def __init__(self, folder: Path, began: float) -> None:
        """Begin to listen.

        Args:
            folder: the folder of all snapshots.
            began: when the run began, the same in all its processes.
        """
        #: On whose behalf files are opened: a test, or what is being collected.
        self.user = ""
        #: On whose behalf other processes were started.
        self.starters: set[str] = set()
        self._folder = folder
        self._began = began
        self._files: dict[tuple[int, int], set[str]] = {}
        self._names: dict[str, set[str]] = {}
        self._listens = True
        sys.addaudithook(self._heard)

    def stop(self) -> None:
        """Note no more; an audit hook can't be taken away."""
        self._listens = False

    def by_user(self) -> dict[str, list[str]]:
        """By user, the snapshots that were read on its behalf."""
        found: dict[str, list[str]] = {}
        for snapshot, stat in _snapshots(self._folder) if self._files or self._names else ():
            users = self._files.get((stat.st_dev, stat.st_ino), set())
            for user in users | self._names.get(snapshot.rpartition("/")[2], set()):
                found.setdefault(user, []).append(snapshot)
        return found

    def _heard(self, event: str, args: tuple[object, ...]) -> None:
        if not self._listens:
            return
        if event == "open":
            self._opened(*args[:2])
        elif event in _STARTS or (event == "import" and args[0] in _STARTERS):
            if not self.starters:
                prepare(self._folder, self._began)
            self.starters.add(self.user)

    def _opened(self, path: object, mode: object) -> None:
        if not isinstance(path, (str, bytes, int)):
            return
        if mode is None and not isinstance(path, int) and not os.path.isabs(path):
            # By os.open, and perhaps below a folder that the event does not tell.
            self._names.setdefault(os.path.basename(os.fsdecode(path)), set()).add(self.user)
        try:
            stat = os.stat(path)
        except (OSError, ValueError):
            return
        self._files.setdefault((stat.st_dev, stat.st_ino), set()).add(self.user)


def prepare(folder: Path, began: float) -> None:
    """Have the access times of snapshots tell whether they are read from now on.

    Many systems renew the time of an access only if it is older than that of the last change, so
    that is what it becomes, unless the file was read since the run began.
    """
    for _, path, stat in _entries(folder):
        if stat.st_mtime_ns <= stat.st_atime_ns < _nanoseconds(began):
            try:
                os.utime(path, ns=(stat.st_mtime_ns - _SECOND, stat.st_mtime_ns))
            except OSError:  # another's file: it stays in doubt
                return


def accessed(folder: Path, began: float) -> tuple[set[str], set[str]]:
    """The snapshots that any process has read since ``began``, and those of which it is not known."""
    read: set[str] = set()
    unread: set[str] = set()
    unknown: set[str] = set()
    probe = None
    for snapshot, path, stat in _entries(folder):
        if stat.st_atime_ns >= _nanoseconds(began):
            read.add(snapshot)
        elif stat.st_atime_ns >= stat.st_mtime_ns:
            unknown.add(snapshot)
        else:
            unread.add(snapshot)
            probe = path
    if probe is not None and not _tells(probe):
        return set(), read | unread | unknown
    return read, unknown


def _tells(path: str) -> bool:
    """Whether reading a file, whose last access is older than its last change, is to be seen."""
    before = os.stat(path)
    try:
        with open(path, "rb") as file:
            file.read(1)
        told = os.stat(path).st_atime_ns != before.st_atime_ns
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    except OSError:
        return False
    return told


def _nanoseconds(began: float) -> int:
    return int(began * _SECOND) - _TICK


def _snapshots(folder: Path) -> Iterator[tuple[str, os.stat_result]]:
    for snapshot, _, stat in _entries(folder):
        yield snapshot, stat


def _entries(folder: Path) -> Iterator[tuple[str, str, os.stat_result]]:
    """The files that may be snapshots: path in the folder, path, and what the system says."""
    for inside, _, names in os.walk(folder):
        beneath = os.path.relpath(inside, folder).replace(os.sep, "/")
        prefix = "" if beneath == "." else f"{beneath}/"
        for name in names:
            if name.endswith(SUFFIX):
                path = os.path.join(inside, name)
                try:
                    stat = os.stat(path)
                except OSError:
                    continue
                if not S_ISREG(stat.st_mode):  # to open a pipe is to wait for its other end
                    continue
                yield f"{prefix}{name}", path, stat
