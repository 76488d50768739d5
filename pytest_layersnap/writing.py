"""Files written whole or not at all: beside their place first, then moved there in one step."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from pytest_layersnap.errors import LayersnapError

#: What the names of files end in that are being written; a killed process leaves some.
TEMPORARY = ".layersnap-tmp"
#: So many files are made safe on disk together, which costs little more than one of them does.
_TOGETHER = 256
_THREADS = 16
#: Windows puts on the disk only what was opened to be written.
_FLUSHING = os.O_RDWR | getattr(os, "O_CLOEXEC", 0)


class ForeignFile(LayersnapError, ValueError):
    """A file in the way of one of ours; the message says which, and what to do."""


def require_ours(path: str | os.PathLike[str], is_ours: Callable[[bytes], bool]) -> None:
    """Make sure that a file may be written which might be there already.

    Args:
        path: the file. One that is empty, and what is no plain file, may be written to.
        is_ours: whether bytes are what is written there.

    Raises:
        ForeignFile: it is there, and holds something else.
        OSError: it can't be read.
    """
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            return
    except (FileNotFoundError, NotADirectoryError):
        return
    with open(path, "rb") as file:
        data = file.read()
    if data and not is_ours(data):
        raise ForeignFile(
            f"{os.fspath(path)} is there, and is not of this kind and from layersnap, "
            "so it is left alone; delete it, or write elsewhere"
        )


def replace_file(path: str | os.PathLike[str], data: bytes) -> None:
    """Put ``data`` at ``path`` in one step: the file is always the old or the new one.

    A link stays one, and what it leads to is written; what is no plain file (``/dev/stdout``) is
    written as it stands.

    Raises:
        OSError: it can't be written, and the error names ``path``; what was there is still there.
    """
    for _, error in replace_files([(path, data)]):
        if error is not None:
            raise error


def replace_files(
    files: Iterable[tuple[str | os.PathLike[str], bytes]],
) -> Iterator[tuple[str | os.PathLike[str], OSError | None]]:
    """Put several files in their places, each as ``replace_file`` does.

    Yields:
        Each path once its file is in its place, or why it can't be. Where the iteration ends early,
        the files that were not told of are not in their places.
    """
    remaining = iter(files)
    while batch := list(islice(remaining, _TOGETHER)):
        staged: list[_Staged] = []
        try:
            for path, data in batch:
                one = _Staged(path)
                staged.append(one)  # before anything is written, so that it is cleared in any case
                one.try_to(one.write, data)
            _flush(staged)
            for one in staged:
                one.try_to(one.move)
                yield one.path, one.error
        finally:
            for one in staged:
                one.clear()


class _Staged:
    """A file on its way to its place."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = path
        self.error: OSError | None = None
        self._target = os.fspath(path)
        self._temporary = ""
        self._written = False

    def try_to(self, step: Callable[..., None], *arguments: bytes) -> None:
        """Take a step, if all before went well."""
        if self.error is None:
            try:
                step(*arguments)
            except OSError as error:
                self.error = OSError(error.errno, error.strerror, os.fspath(self.path))

    def write(self, data: bytes) -> None:
        mode = _mode(self._target, follow_symlinks=False)
        if mode is not None and stat.S_ISLNK(mode):
            # What a link leads to is what holds the data.
            self._target = os.path.realpath(self._target)
            mode = _mode(self._target)
        if mode is not None and not stat.S_ISREG(mode):
            with open(self.path, "wb") as device:
                device.write(data)
            return
        # Not tempfile: its files are the owner's alone, whatever the umask says.
        name = f".{os.urandom(8).hex()}{TEMPORARY}"
        self._temporary = os.path.join(os.path.dirname(self._target), name)
        self._written = True
        with open(self._temporary, "xb") as file:
            file.write(data)

    def flush(self) -> None:
        if self._written:
            descriptor = os.open(self._temporary, _FLUSHING)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def move(self) -> None:
        if self._written:
            if (mode := _mode(self._target)) is not None:
                os.chmod(self._temporary, stat.S_IMODE(mode))
            os.replace(self._temporary, self._target)
            self._written = False

    def clear(self) -> None:
        if self._written:
            with contextlib.suppress(OSError):
                os.unlink(self._temporary)


def _mode(path: str, *, follow_symlinks: bool = True) -> int | None:
    """The mode of what is at a path; ``None`` where nothing is."""
    try:
        mode = os.stat(path, follow_symlinks=follow_symlinks).st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    return mode


def _flush(staged: list[_Staged]) -> None:
    """Have the system put files on the disk, all at once: it writes what waits in one go."""
    if len(staged) == 1:
        staged[0].try_to(staged[0].flush)
        return
    from concurrent.futures import ThreadPoolExecutor

    def flush(several: list[_Staged]) -> None:
        for one in several:
            one.try_to(one.flush)

    with ThreadPoolExecutor(_THREADS) as pool:
        for _ in pool.map(flush, (staged[first::_THREADS] for first in range(_THREADS))):
            pass
