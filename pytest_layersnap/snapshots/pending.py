"""Received tables: kept in pytest's cache, so that a drift is reviewed without a second run.

Each received table is one JSON file. That is what makes two runs at once harmless: there is no
index that they could overwrite.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.store import Store
from pytest_layersnap.table import LayerTable
from pytest_layersnap.writing import replace_file

if TYPE_CHECKING:
    from pytest_layersnap.drift import Drift

#: Where pytest keeps its cache, and where ours is in it.
CACHE = ".pytest_cache"
_INSIDE = Path("d", "layersnap")
_SCHEMA = 1


class PendingError(LayersnapError):
    """A received table that can't be accepted; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """What a check received in place of its snapshot.

    Args:
        result: what the check found, with the table.
        folder: the folder of all snapshots.
        shown: how messages name that folder.
        recorded: the digest of the snapshot's file when the run ended.
    """

    result: Result
    folder: Path
    shown: str
    recorded: str

    @property
    def path(self) -> str:
        """The snapshot as messages name it."""
        return f"{self.shown}/{self.result.snapshot}"

    @property
    def store(self) -> Store:
        """The folder of all snapshots."""
        return Store(self.folder, shown=self.shown)

    @property
    def table(self) -> LayerTable:
        """The table that was received."""
        return csvfile.load(self.result.table.encode(), source=f"received {self.path}")

    @property
    def is_stale(self) -> bool:
        """Whether the snapshot has changed since, so that the run says nothing about it."""
        return self.store.digest(self.result.snapshot) != self.recorded

    def drift(self) -> Drift | None:
        """How the received table differs from the snapshot; ``None`` where there is none.

        Raises:
            BrokenSnapshot: the snapshot can't be read.
            StoreError: what is in its place is not ours.
        """
        return drift_of(self.result, self.store)

    def accept(self) -> None:
        """Record the received table.

        Raises:
            PendingError: the snapshot has changed since the run.
            StoreError: what is in its place is not ours.
            OSError: it can't be written.
        """
        if self.is_stale:
            raise PendingError(
                f"{self.path} has changed since the run that received this table; "
                "run pytest again, or reject the table"
            )
        self.store.write(self.result.snapshot, self.table)


def drift_of(result: Result, store: Store) -> Drift | None:
    """How the table of a result differs from the snapshot, as far as its check compares.

    Raises:
        BrokenSnapshot, StoreError: the snapshot can't be read.
    """
    # Not at the top: commands that compare nothing start faster without it.
    from pytest_layersnap.drift import compare

    recorded = store.read(result.snapshot)
    if recorded is None:
        return None
    received = csvfile.load(result.table.encode())
    return compare(recorded, received, only=result.only, ignore=result.ignore)


@dataclass(frozen=True, slots=True)
class Pending:
    """The received tables of a project; ``folder`` need not exist."""

    folder: Path

    @classmethod
    def in_cache(cls, cache: Path) -> Pending:
        """Those in a cache of pytest."""
        return cls(cache / _INSIDE)

    @classmethod
    def near(cls, start: Path) -> Pending:
        """Those of the project that a folder belongs to: the nearest one upwards."""
        for folder in (start, *start.parents):
            if (folder / CACHE / _INSIDE).is_dir():
                return cls.in_cache(folder / CACHE)
        return cls.in_cache(start / CACHE)

    def __iter__(self) -> Iterator[Received]:
        """The received tables in the order of their snapshots; what can't be read is left out."""
        files = sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
        found = [entry for file in files if (entry := self._read(file)) is not None]
        yield from sorted(found, key=lambda entry: entry.path)

    def put(self, received: Received) -> None:
        """Keep a received table, in place of an older one for the same snapshot."""
        self.folder.mkdir(parents=True, exist_ok=True)
        data = {
            "schema": _SCHEMA,
            "folder": os.path.relpath(received.folder, self.folder),
            "shown": received.shown,
            "recorded": received.recorded,
            "result": asdict(received.result),
        }
        replace_file(self._file(received.path), json.dumps(data).encode())

    def drop(self, received: Received) -> None:
        """Forget a received table."""
        self._file(received.path).unlink(missing_ok=True)

    def _file(self, path: str) -> Path:
        return self.folder / f"{hashlib.sha256(path.encode()).hexdigest()[:16]}.json"

    def _read(self, file: Path) -> Received | None:
        try:
            data: Mapping[str, Any] = json.loads(file.read_bytes())
            if data["schema"] != _SCHEMA:
                return None
            return Received(
                result=Result(**data["result"]),
                folder=Path(os.path.normpath(self.folder / data["folder"])),
                shown=data["shown"],
                recorded=data["recorded"],
            )
        except (OSError, ValueError, LookupError, TypeError):
            return None


def overtaken(
    pending: Iterable[Received], *, snapshots: set[str], tests: set[str]
) -> list[Received]:
    """What a run makes obsolete that checked these snapshots and ran these tests."""
    return [
        received
        for received in pending
        if received.result.snapshot in snapshots or received.result.test in tests
    ]
