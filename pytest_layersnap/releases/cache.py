"""The folder that environments are kept in: everything in it is whole, or goes."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.writing import TEMPORARY, replace_file

#: The mark of a folder that holds nothing but a cache, so that backups leave it out (bford.info/cachedir).
_TAG: Final = "CACHEDIR.TAG"
#: Is in each folder that is whole.
_WHOLE: Final = ".whole"
_SIGNATURE: Final = "Signature: 8a477f597d28d172789f06886806bc55\n# Made by layersnap matrix.\n"


class CacheError(LayersnapError):
    """A folder that is not ours, and is left alone."""


def users_folder() -> Path:
    """Where this system keeps the caches of this user's programs, and ours in it."""
    home = Path.home()
    if given := os.environ.get("XDG_CACHE_HOME"):
        caches = Path(given)
    elif sys.platform == "win32":
        caches = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        caches = home / "Library" / "Caches"
    else:
        caches = home / ".cache"
    return caches.absolute() / "pytest-layersnap"


class Cache:
    """Folders by name, each made once, and there only when it is whole."""

    def __init__(self, folder: Path) -> None:
        """A cache in a folder, which is made when something is kept there."""
        self.folder = folder
        self._making: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    def get(self, name: str, make: Callable[[Path, Path], None]) -> Path:
        """A folder of that name.

        Args:
            name: what tells it from the others.
            make: fills a folder, and may leave in a second one what nobody needs afterwards; called if
                there is none yet. What it raises leaves nothing behind.
        """
        with self._making[name]:
            for mark in self.folder.glob(f"{name}@*/{_WHOLE}"):
                return mark.parent
            self._begin()
            # Where it is made, there it stays, as scripts in it begin with its path; another run that
            # makes the same at the same time has one of its own.
            made = Path(tempfile.mkdtemp(prefix=f"{name}@", dir=self.folder))
            try:
                with tempfile.TemporaryDirectory(prefix="@", dir=self.folder) as scratch:
                    make(made, Path(scratch))
                (made / _WHOLE).touch()
            except BaseException:
                shutil.rmtree(made, ignore_errors=True)
                raise
            return made

    def _begin(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        # First, as another run that begins puts down the tag before anything else.
        holds = [path for path in self.folder.iterdir() if not path.name.endswith(TEMPORARY)]
        tag = self.folder / _TAG
        if not tag.exists():
            if holds:
                raise CacheError(
                    f"{self.folder} holds other files; set XDG_CACHE_HOME to use another folder"
                )
            replace_file(tag, _SIGNATURE.encode())  # whole, also where the disk is full

    def clean(self) -> int:
        """Remove everything.

        Returns:
            How many bytes that were.

        Raises:
            CacheError: the folder holds something else.
        """
        if not self.folder.exists():
            return 0
        tag = self.folder / _TAG
        is_ours = tag.is_file() and tag.read_bytes() == _SIGNATURE.encode()
        if not is_ours and any(self.folder.iterdir()):
            raise CacheError(
                f"{self.folder} is no cache of layersnap, so it is left alone; delete it by hand"
            )
        size = self.size()
        shutil.rmtree(self.folder)
        return size

    def size(self) -> int:
        """How many bytes it holds."""
        return sum(path.lstat().st_size for path in self.folder.rglob("*") if not path.is_dir())
