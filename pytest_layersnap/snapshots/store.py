"""Snapshot files: read, and written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from pytest_layersnap import csvfile
from pytest_layersnap.snapshots.naming import fold
from pytest_layersnap.table import COLUMNS, LayerTable, TableError

_BOM = b"\xef\xbb\xbf"
_HEADER = ",".join(COLUMNS).encode()


class StoreError(Exception):
    """A file that is in the way of a snapshot; the message says which, and what to do."""


class BrokenSnapshot(TableError):
    """A snapshot of ours that can't be read; recording it anew mends it."""


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of all snapshots.

    Args:
        root: the folder; it need not exist.
        shown: how messages name it.
    """

    root: Path
    shown: str

    def read(self, snapshot: str) -> LayerTable | None:
        """The table at a snapshot's path (relative, with slashes); ``None`` where there is none.

        Raises:
            BrokenSnapshot: the file is ours, and damaged; the message names file and line.
            StoreError: the file is not ours, or the path leaves the folder.
            OSError: the file can't be read.
        """
        data = self._bytes(snapshot)
        if data is None:
            return None
        try:
            return csvfile.load(data, source=self._shown(snapshot))
        except TableError as error:
            raise BrokenSnapshot(str(error)) from None

    def write(self, snapshot: str, table: LayerTable) -> bool:
        """Make a snapshot hold a table; tells whether the file had to change.

        A file that holds the same architecture is not touched, whoever recorded it.

        Raises:
            StoreError: a file that is not ours is in the way, or the path leaves the folder.
            OSError: the file can't be written; what was there before is still there.
        """
        with contextlib.suppress(BrokenSnapshot):
            recorded = self.read(snapshot)
            if recorded is not None and recorded.same_architecture(table):
                return False
        self._refuse_twin(snapshot)
        # The target of a link inside the folder is what holds the table.
        path = self._path(snapshot).resolve()
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, csvfile.dump(table))
        return True

    def _bytes(self, snapshot: str) -> bytes | None:
        path = self._path(snapshot)
        for folder in path.parents[: len(Path(snapshot).parts)]:
            if folder.exists() and not folder.is_dir():
                raise StoreError(
                    f"{self._shown(snapshot)}: {folder.name} is a file, where this snapshot needs "
                    "a folder; move it, or give the check another name"
                )
        if path.is_dir():
            raise StoreError(
                f"{self._shown(snapshot)}: a folder is in the way; "
                "move it, or give the check another name"
            )
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            return None
        if not _is_ours(data):
            first = data[:60].splitlines()[0].decode("utf-8", "replace")
            raise StoreError(
                f"{self._shown(snapshot)}: not a snapshot of layersnap (it begins with {first!r}), "
                "so it is left alone; move it, or give the check another name"
            )
        return data

    def _path(self, snapshot: str) -> Path:
        path = self.root / snapshot
        if not path.resolve().is_relative_to(self.root.resolve()):
            raise StoreError(
                f"{self._shown(snapshot)}: a symbolic link leads out of {self.shown}; "
                "snapshots are stored inside it"
            )
        return path

    def _refuse_twin(self, snapshot: str) -> None:
        """Where case is ignored, a name that differs by case alone would be the same file."""
        folder = self.root
        for part in Path(snapshot).parts:
            present = [entry.name for entry in folder.iterdir()] if folder.is_dir() else []
            twins = [name for name in present if name != part and fold(name) == fold(part)]
            if twins and part not in present:
                raise StoreError(
                    f"{self._shown(snapshot)}: {twins[0]} is there, which differs by case alone "
                    "and is the same file on Windows and macOS; rename one of them"
                )
            folder /= part

    def _shown(self, snapshot: str) -> str:
        return f"{self.shown}/{snapshot}"


def _is_ours(data: bytes) -> bool:
    """Whether a line of ours is in the file: its header, or the beginning of one that was cut off.

    Tables which people kept before may begin with the same columns; the last one is ours alone.
    """
    head = data.removeprefix(_BOM)
    return _HEADER.startswith(head.strip()) or any(
        line.startswith(csvfile.HEADER.encode()) and b"recorded_with" in line
        for line in head.splitlines()
    )


def _replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step: the file is always the old or the new one."""
    # Not tempfile: its files are the owner's alone, whatever the umask says.
    temporary = path.with_name(f".{secrets.token_hex(8)}.layersnap-tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
