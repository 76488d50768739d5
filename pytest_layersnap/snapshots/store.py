"""Snapshot files: read, and written whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import errno
import hashlib
import io
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.filenames import fold
from pytest_layersnap.reading import opened, read
from pytest_layersnap.snapshots.naming import SUFFIX, is_explicit
from pytest_layersnap.table import LayerTable, TableError
from pytest_layersnap.writing import TEMPORARY, replace_files
from pytest_layersnap.writing import replace_file as replace_file  # known to others from here

#: No write takes as long (in seconds): a temporary file that is older was left by a killed run.
_LONG_DEAD = 3600
#: A folder with one of these is the root of tests of its own.
_ROOTS = frozenset({"pytest.ini", "pytest.toml", "pyproject.toml", "tox.ini", "setup.cfg"})
#: Windows lacks it: it follows links.
_NOT_FOLLOWING: int = getattr(os, "O_NOFOLLOW", 0)
#: What the systems say of a link that is not followed.
_IS_LINK = frozenset({errno.ELOOP, errno.EMLINK})


class StoreError(LayersnapError):
    """A file that is in the way of a snapshot; the message says which, and what to do."""

    __module__ = "pytest_layersnap"


class BrokenSnapshot(TableError):
    """A snapshot of ours that can't be read; recording it anew mends it."""

    __module__ = "pytest_layersnap"


@dataclass(frozen=True, slots=True)
class Store:
    """The folder of all snapshots.

    Folders are looked at once: whoever keeps a store for long does not see them replaced by links.

    Args:
        root: the folder; it need not exist.
        shown: how messages name it.
    """

    root: Path
    shown: str
    _inside: set[str] = field(default_factory=set, init=False, repr=False, compare=False)

    def data(self, snapshot: str) -> bytes | None:
        """The bytes at a snapshot's path (relative, with slashes); ``None`` where there is none.

        Raises:
            StoreError: the file is not ours, can't be read, or the path leaves the folder.
        """
        data = self._bytes(snapshot)
        if data is not None and not csvfile.is_ours(data):
            first = data[:60].splitlines()[0].decode("utf-8", "replace")
            raise self._error(
                snapshot,
                f"not a snapshot of layersnap (it begins with {first!r}), so it is left alone; "
                "move it, or give the check another name",
            )
        return data

    def read(self, snapshot: str) -> LayerTable | None:
        """The table at a snapshot's path; ``None`` where there is none.

        Raises:
            BrokenSnapshot: the file is ours, and damaged; the message names file and line.
            StoreError: the file is not ours, can't be read, or the path leaves the folder.
        """
        data = self.data(snapshot)
        return None if data is None else self.table(snapshot, data)

    def table(self, snapshot: str, data: bytes) -> LayerTable:
        """The table in the bytes of a snapshot.

        Raises:
            BrokenSnapshot: they are damaged; the message names file and line.
        """
        try:
            return csvfile.load(data, source=self._shown(snapshot))
        except TableError as error:
            raise BrokenSnapshot(str(error)) from None

    def write(self, snapshot: str, table: LayerTable) -> bool:
        """Make a snapshot hold a table; tells whether the file had to change.

        A file that holds the same architecture is not touched, whoever recorded it.

        Raises:
            TableError: the table can't be written.
            StoreError: a file that is not ours is in the way, the path leaves the folder, or the
                file can't be written; what was there before is still there.
        """
        with contextlib.suppress(BrokenSnapshot):
            recorded = self.read(snapshot)
            if recorded is not None and recorded.same_architecture(table):
                return False
        ((_, failed),) = self.write_all({snapshot: csvfile.dump(table)})
        if failed is not None:
            raise failed
        return True

    def write_all(self, tables: Mapping[str, bytes]) -> Iterator[tuple[str, StoreError | None]]:
        """Write the files of several snapshots, each whole or not at all.

        Yields:
            Each snapshot once it is written, or with why it can't be. Where the iteration ends
            early, the others are as they were.
        """
        present: dict[str, dict[str, str]] = {}
        made: set[Path] = set()
        waiting: dict[str, tuple[str, bytes]] = {}
        for snapshot, data in tables.items():
            try:
                self.data(snapshot)
                self._refuse_twin(snapshot, present)
                path = self._path(snapshot)
                folder = path.parent
                if folder not in made:
                    folder.mkdir(parents=True, exist_ok=True)
                    made.add(folder)
                waiting[os.fspath(path)] = snapshot, data
            except StoreError as error:
                yield snapshot, error
            except OSError as error:
                yield snapshot, self._not(snapshot, "written", error)
        files = ((path, data) for path, (_, data) in waiting.items())
        for written, failed in replace_files(files):
            snapshot = waiting[os.fspath(written)][0]
            yield snapshot, None if failed is None else self._not(snapshot, "written", failed)

    def unclaimed(self, used: set[str]) -> Iterator[tuple[str, bool]]:
        """The snapshots of ours but for those in ``used``, and whether a check named each.

        Links and what they lead to, hidden folders, and folders that are the root of other tests
        are left out.
        """
        plain: list[str] = []
        claimed = set(map(fold, used))
        root = os.path.realpath(self.root)
        for snapshot, is_link in self._files(SUFFIX):
            if not is_link:
                plain.append(snapshot)
            elif fold(snapshot) in claimed:
                target = os.path.relpath(os.path.realpath(self.root / snapshot), root)
                claimed.add(fold(target.replace(os.sep, "/")))
        for snapshot in plain:
            if fold(snapshot) in claimed:
                continue
            model = _first_model(self.root / snapshot)
            if model is not None:
                yield snapshot, is_explicit(snapshot, model)

    def delete(self, snapshot: str) -> None:
        """Delete a snapshot, and the folders that are empty without it.

        Raises:
            BrokenSnapshot: the file is damaged, so that it can't be told what it was.
            StoreError: the file is not ours, can't be deleted, or the path leaves the folder.
        """
        if self.read(snapshot) is None:
            return
        path = self._path(snapshot)
        try:
            path.unlink()
        except OSError as error:
            raise self._not(snapshot, "deleted", error) from None
        self._prune(path.parent)

    def modified(self, snapshot: str) -> float:
        """When a snapshot was last written, in seconds since the epoch.

        Raises:
            OSError: there is none.
        """
        return self._path(snapshot).stat().st_mtime

    def sweep(self) -> None:
        """Delete the temporary files that killed runs have left."""
        for name, _ in self._files(TEMPORARY):
            path = self.root / name
            with contextlib.suppress(OSError):
                if path.stat().st_mtime < time.time() - _LONG_DEAD:
                    path.unlink()

    def digest(self, snapshot: str) -> str:
        """Stands for the bytes of a snapshot; empty where there is none that can be read."""
        with contextlib.suppress(StoreError):
            if (data := self._bytes(snapshot)) is not None:
                return hashlib.sha256(data).hexdigest()
        return ""

    def _files(self, suffix: str) -> Iterator[tuple[str, bool]]:
        """The files below the folder, as paths relative to it, and whether each is a link."""
        folders = [""]
        while folders:
            folder = folders.pop()
            entries = sorted(_entries(self.root / folder), key=lambda entry: entry.name)
            if folder and not _ROOTS.isdisjoint(entry.name for entry in entries):
                continue
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    if not entry.name.startswith("."):
                        folders.append(f"{folder}{entry.name}/")
                elif entry.name.endswith(suffix):
                    yield f"{folder}{entry.name}", entry.is_symlink()

    def _prune(self, folder: Path) -> None:
        with contextlib.suppress(OSError):  # not empty, or another run is faster
            while folder.is_relative_to(self.root):
                folder.rmdir()
                folder = folder.parent

    def _bytes(self, snapshot: str) -> bytes | None:
        path = self._place(snapshot)
        try:
            return read(path, _NOT_FOLLOWING)
        except FileNotFoundError:
            return None
        except NotADirectoryError:
            raise self._file_for_folder(snapshot) from None
        except OSError as error:
            if path.is_dir():
                raise self._error(
                    snapshot,
                    "a folder is in the way; move it, or give the check another name",
                ) from None
            if error.errno not in _IS_LINK:
                raise self._not(snapshot, "read", error) from None
        try:
            return read(self._path(snapshot))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._not(snapshot, "read", error) from None

    def _file_for_folder(self, snapshot: str) -> StoreError:
        parts = Path(snapshot).parts[:-1]
        folder = self.root
        for part in parts:
            folder /= part
            if not folder.is_dir():
                break
        return self._error(
            snapshot,
            f"{folder.name} is a file, where this snapshot needs a folder; "
            "move it, or give the check another name",
        )

    def _path(self, snapshot: str) -> Path:
        """Where a snapshot is: inside of the folder, also if it is a link."""
        path = self._place(snapshot)
        if path.is_symlink():
            self._require_inside(snapshot, path)
        return path

    def _place(self, snapshot: str) -> Path:
        """Where a snapshot is, which may be a link, in a folder that is inside of this one."""
        path = self.root / snapshot
        folder = snapshot.rpartition("/")[0]
        # What is not there yet is no link.
        while folder and folder not in self._inside and not os.path.lexists(self.root / folder):
            folder = folder.rpartition("/")[0]
        if folder and folder not in self._inside:
            self._require_inside(snapshot, self.root / folder)
            if (self.root / folder).is_dir():
                self._inside.add(folder)
        if not _NOT_FOLLOWING:  # reading would follow
            self._require_inside(snapshot, path)
        return path

    def _require_inside(self, snapshot: str, path: Path) -> None:
        # realpath and not resolve(), which fails where links lead in a circle.
        if not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(self.root)):
            raise self._error(
                snapshot,
                f"a symbolic link leads out of {self.shown}; snapshots are stored inside it",
            )

    def _refuse_twin(self, snapshot: str, present: dict[str, dict[str, str]]) -> None:
        """Where case is ignored, a name that differs by case alone would be the same file.

        Args:
            snapshot: the snapshot to be written.
            present: by folder, what is in it and what will be, by its folded name.
        """
        folder = ""
        for part in snapshot.split("/"):
            if folder not in present:
                names = (entry.name for entry in _entries(self.root / folder))
                # Where both are there already, the system keeps them apart.
                present[folder] = {}
                for name in names:
                    present[folder].setdefault(fold(name), name)
                    present[folder][name] = name
            twin = present[folder].get(part) or present[folder].setdefault(fold(part), part)
            if twin != part:
                raise self._error(
                    snapshot,
                    f"{twin} is there, which differs by case alone "
                    "and is the same file on Windows and macOS; rename one of them",
                )
            folder = f"{folder}{part}/"

    def _not(self, snapshot: str, done: str, error: OSError) -> StoreError:
        if error.errno in _IS_LINK:
            why = "its symbolic links lead in a circle; delete them"
        else:
            why = error.strerror or str(error)
        return self._error(snapshot, f"not {done}: {why}")

    def _error(self, snapshot: str, message: str) -> StoreError:
        return StoreError(f"{self._shown(snapshot)}: {message}")

    def _shown(self, snapshot: str) -> str:
        return f"{self.shown}/{snapshot}"


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


def _first_model(path: Path) -> str | None:
    """The first cell of the first row, if the file begins as ours do."""
    try:
        with opened(path) as file:
            text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
            rows = csv.reader(text, strict=True)
            if not ",".join(next(rows)).encode().startswith(csvfile.HEADERS):
                return None
            return next(rows)[0]
    except (OSError, StopIteration, IndexError, UnicodeDecodeError, csv.Error):
        return None
