"""The folder of a report: what an earlier report wrote there is replaced, and nothing else touched.

``report.json`` lists the files that were written with it. Only those are ever deleted, and a file is
only overwritten if it is of our making.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots import naming
from pytest_layersnap.writing import replace_files

JSON = "report.json"
MARKDOWN = "report.md"
INDEX = "index.html"
#: The folders in it: both tables of what drifted, and the pages about it.
RECEIVED, RECORDED, DRIFTS = "received", "recorded", "drifts"
#: The key under which ``report.json`` lists the files.
FILES = "files"
#: How a Markdown report begins that says anything.
TITLE = "## layersnap"

_OURS = (JSON, MARKDOWN, INDEX, RECEIVED, RECORDED, DRIFTS)


class FolderError(LayersnapError):
    """A folder that holds what is not a report's; the message says what, and what to do."""


def require_free(folder: Path, *, snapshots: Path | None = None) -> None:
    """Make sure that a folder may be that of a report.

    Args:
        folder: the folder; it need not exist.
        snapshots: the folder of all snapshots, which must be apart from it.

    Raises:
        FolderError: it holds what no report wrote, under a name that a report would use.
    """
    if snapshots is not None:
        report, kept = (Path(os.path.realpath(path)) for path in (folder, snapshots))
        if report.is_relative_to(kept) or kept.is_relative_to(report):
            raise FolderError(
                f"{folder}: the report would lie among the snapshots in {snapshots}; "
                "choose a folder apart from it"
            )
    if _written(folder) is not None:
        return
    for name in _OURS:
        path = folder / name
        if os.path.lexists(path) and not _is_empty(path):
            raise _foreign(path)


def replace(folder: Path, files: Mapping[str, bytes]) -> None:
    """Put the files of a report in the place of those of an earlier one.

    Args:
        folder: the folder; it need not exist.
        files: by their paths in it, the files; ``report.json`` lists them.

    Raises:
        FolderError: something else is in the place of a file; nothing was written.
        OSError: a file can't be written.
    """
    require_free(folder)
    for name in files:
        if os.path.lexists(folder / name) and not _is_ours(folder / name):
            raise _foreign(folder / name)
    for name in _written(folder) or ():
        if name not in files:
            _delete(folder, name)
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
    for _, failed in replace_files((folder / name, data) for name, data in files.items()):
        if failed is not None:
            raise failed


def _written(folder: Path) -> list[str] | None:
    """What the report in a folder wrote; ``None`` where there is none that is ours."""
    try:
        data = json.loads(_bytes(folder / JSON))
        files = data[FILES]
        if isinstance(data["schema"], int) and isinstance(files, list):
            return [name for name in files if isinstance(name, str) and naming.stays_inside(name)]
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        pass
    return None


def _delete(folder: Path, name: str) -> None:
    """Delete a file of an earlier report, and the folders that are empty without it."""
    path = folder / name
    inside = Path(os.path.realpath(path.parent)).is_relative_to(os.path.realpath(folder))
    if inside and _is_ours(path):
        with contextlib.suppress(OSError):
            path.unlink()
            while (path := path.parent) != folder:
                path.rmdir()


def _is_ours(path: Path) -> bool:
    """Whether a file is one that a report may have written there; no link is."""
    from pytest_layersnap.markup import page

    kinds: dict[str, Callable[[bytes], bool]] = {
        ".html": page.is_ours,
        ".csv": csvfile.is_ours,
        ".md": lambda data: data.startswith(TITLE.encode()),
        ".json": lambda data: _written(path.parent) is not None,
    }
    try:
        data = _bytes(path)
    except OSError:
        return False
    return not data or (path.suffix in kinds and kinds[path.suffix](data))


def _bytes(path: Path) -> bytes:
    if path.is_symlink() or not path.is_file():
        raise FileNotFoundError(path)
    return path.read_bytes()


def _is_empty(path: Path) -> bool:
    if path.is_symlink():
        return False
    return not any(path.iterdir()) if path.is_dir() else not path.stat().st_size


def _foreign(path: Path) -> FolderError:
    return FolderError(
        f"{path} is there, and no report of layersnap wrote it, so it is left alone; "
        "choose another folder for the report"
    )
