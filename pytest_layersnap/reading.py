"""Plain files, read; what is none is not waited for, as it may never end."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

#: Windows lacks most of them.
_READING = (
    os.O_RDONLY
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NONBLOCK", 0)
)


def read(path: Path, flags: int = 0) -> bytes:
    """The bytes of a file.

    Args:
        path: the file.
        flags: further ones that ``os.open`` takes.

    Raises:
        OSError: it can't be read, or is no plain file.
    """
    with opened(path, flags) as file:
        return file.read()


@contextlib.contextmanager
def opened(path: Path, flags: int = 0) -> Iterator[BinaryIO]:
    """A file to be read; takes and raises what ``read`` does."""
    descriptor = os.open(path, _READING | flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        with open(descriptor, "rb", closefd=False) as file:
            yield file
    finally:
        os.close(descriptor)
