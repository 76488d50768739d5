"""Deleting snapshots that no test uses: which these are, ``unused`` judges."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.memory import Cache
from pytest_layersnap.snapshots.store import Store
from pytest_layersnap.writing import replace_file

_NAME = "layersnap-deleted"


class Trash:
    """Where what is deleted can be had back."""

    def __init__(self, cache: Cache | None) -> None:
        """Keep it in pytest's cache, or without one in a folder of its own."""
        self._cache = cache

    @cached_property
    def folder(self) -> Path:
        """The folder.

        Raises:
            OSError: it can't be made.
        """
        if self._cache is None:
            return Path(tempfile.mkdtemp(prefix=f"{_NAME}-"))
        return Path(self._cache.mkdir(_NAME))

    def keep(self, snapshot: str, data: bytes) -> None:
        """Keep what is at a snapshot's path.

        Raises:
            OSError: it can't be kept.
        """
        kept = self.folder / snapshot
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_file(kept, data)


def delete(
    snapshots: Iterable[str], store: Store, trash: Trash, *, began: float
) -> Iterator[tuple[str, str]]:
    """Delete snapshots, but for those that someone has written since the run ``began``.

    Yields:
        Each snapshot once it is deleted and kept in ``trash``, with an empty text, or with why it
        can't be.
    """
    for snapshot in snapshots:
        try:
            if store.modified(snapshot) >= began:
                continue
            trash.keep(snapshot, (store.root / snapshot).read_bytes())
            store.delete(snapshot)
        except LayersnapError as error:
            yield snapshot, str(error)
        except OSError as error:
            yield snapshot, f"{store.shown}/{snapshot}: not deleted: {error.strerror or error}"
        else:
            yield snapshot, ""
