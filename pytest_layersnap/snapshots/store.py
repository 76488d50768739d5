"""Snapshot files: read, and written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.naming import SUFFIX, fold, is_explicit
from pytest_layersnap.table import COLUMNS, LayerTable, TableError

_BOM = b"\xef\xbb\xbf"
_HEADER = ",".join(COLUMNS).encode()
_TEMPORARY = ".layersnap-tmp"
#: No write takes as long (in seconds): a temporary file that is older was left by a killed run.
_LONG_DEAD = 3600
#: A folder with one of these is the root of tests of its own.
_ROOTS = frozenset({"pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg"})


class StoreError(LayersnapError):
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
        replace_file(path, csvfile.dump(table))
        return True

    def unclaimed(self, used: set[str]) -> Iterator[tuple[str, bool]]:
        """The snapshots of ours but for those in ``used``, and whether a check named each.

        Links and what they lead to, hidden folders, and folders that are the root of other tests
        are left out.
        """
        targets = {fold(self._relative(self._path(path).resolve())) for path in used}
        claimed = targets | set(map(fold, used))
        for path in self._files(SUFFIX):
            snapshot = self._relative(path)
            if fold(snapshot) in claimed or path.is_symlink():
                continue
            model = _first_model(path)
            if model is not None:
                yield snapshot, is_explicit(snapshot, model)

    def delete(self, snapshot: str) -> None:
        """Delete a snapshot, and the folders that are empty without it.

        Raises:
            BrokenSnapshot: the file is damaged, so that it can't be told what it was.
            StoreError: the file is not ours, or the path leaves the folder.
            OSError: the file can't be deleted.
        """
        if self.read(snapshot) is None:
            return
        path = self._path(snapshot)
        path.unlink()
        self._prune(path.parent)

    def modified(self, snapshot: str) -> float:
        """When a snapshot was last written, in seconds since the epoch.

        Raises:
            OSError: there is none.
        """
        return self._path(snapshot).stat().st_mtime

    def sweep(self) -> None:
        """Delete the temporary files that killed runs have left."""
        for path in self._files(_TEMPORARY):
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _LONG_DEAD:
                    path.unlink()

    def digest(self, snapshot: str) -> str:
        """Stands for the bytes of a snapshot; empty where there is none.

        Raises:
            OSError: the file can't be read.
        """
        try:
            return hashlib.sha256(self._path(snapshot).read_bytes()).hexdigest()
        except FileNotFoundError:
            return ""

    def _files(self, suffix: str) -> Iterator[Path]:
        for folder, subfolders, names in os.walk(self.root):
            subfolders[:] = [
                name
                for name in sorted(subfolders)
                if not name.startswith(".") and _ROOTS.isdisjoint(_listed(Path(folder, name)))
            ]
            yield from (Path(folder, name) for name in sorted(names) if name.endswith(suffix))

    def _relative(self, path: Path) -> str:
        for root in (self.root, self.root.resolve()):
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.as_posix()

    def _prune(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # not empty, or another run is faster
            while folder.is_relative_to(self.root):
                folder.rmdir()
                folder = folder.parent

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


def is_snapshot(path: Path) -> bool:
    """Whether a snapshot, whole or damaged, is at a path."""
    try:
        data = path.read_bytes()
    except OSError:
        return False
    return bool(data) and _is_ours(data)


def _is_ours(data: bytes) -> bool:
    """Whether a line of ours is in the file: its header, or the beginning of one that was cut off.

    Tables which people kept before may begin with the same columns; the last one is ours alone.
    """
    head = data.removeprefix(_BOM)
    return _HEADER.startswith(head.strip()) or any(
        line.startswith(csvfile.HEADER.encode()) and b"recorded_with" in line
        for line in head.splitlines()
    )


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def _first_model(path: Path) -> str | None:
    """The first cell of the first row, if the file begins as ours do."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.reader(file, strict=True)
            if not ",".join(next(rows)).startswith(",".join(COLUMNS)):
                return None
            return next(rows)[0]
    except (OSError, StopIteration, IndexError, UnicodeDecodeError, csv.Error):
        return None


def replace_file(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step: the file is always the old or the new one.

    Raises:
        OSError: it can't be written; what was there before is still there.
    """
    # Not tempfile: its files are the owner's alone, whatever the umask says.
    temporary = path.with_name(f".{secrets.token_hex(8)}{_TEMPORARY}")
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
