"""What tests used in earlier runs, kept in pytest's cache.

A run knows nothing about tests that it did not collect: of a plugin that was left out, of other
``python_files``, in a folder that was not asked for. Those that were run before are remembered.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

_KEY = "layersnap/users"


class Cache(Protocol):
    """What is asked of pytest's cache."""

    def get(self, key: str, default: Any) -> Any:
        """What was kept under a key."""

    def set(self, key: str, value: object) -> None:
        """Keep a value under a key."""

    def mkdir(self, name: str) -> Path:
        """A folder of the cache, which is made where it is not there."""


@dataclass(frozen=True, slots=True)
class User:
    """What used snapshots: a test, or what pytest collects tests from.

    Args:
        file: its file, as ``collection.place`` says it.
        kind: what collected that file.
        snapshots: what it used when it last used any.
    """

    file: str
    kind: str
    snapshots: tuple[str, ...]


def recall(cache: Cache | None) -> dict[str, User]:
    """By id, what used snapshots before; empty without a cache, and where it can't be read."""
    data: Any = None if cache is None else cache.get(_KEY, None)
    try:
        return {
            user: User(str(file), str(kind), tuple(map(str, snapshots)))
            for user, (file, kind, snapshots) in data.items()
        }
    except (AttributeError, TypeError, ValueError):
        return {}


def remember(
    cache: Cache | None,
    known: Mapping[str, User],
    seen: Mapping[str, User],
    *,
    gone: Iterable[str],
    deleted: Iterable[str],
) -> None:
    """Keep what was used.

    Args:
        cache: pytest's, if there is one.
        known: what ``recall`` said.
        seen: what used snapshots in this run.
        gone: the users that do not exist any more.
        deleted: the snapshots that do not.
    """
    without, left_out = set(deleted), set(gone)
    users = {user: one for user, one in {**known, **seen}.items() if user not in left_out}
    kept = {
        user: User(one.file, one.kind, left)
        for user, one in users.items()
        if (left := tuple(path for path in one.snapshots if path not in without))
    }
    if cache is not None and kept != known:
        cache.set(_KEY, {user: [one.file, one.kind, one.snapshots] for user, one in kept.items()})
