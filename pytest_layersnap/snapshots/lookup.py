"""Snapshots by the names that people give them, from the folder that a command runs in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from pytest_layersnap import csvfile
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.inifile import setting
from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.table import LayerTable

_LISTED = 5


class UnknownSnapshot(LayersnapError):
    """A name that no snapshot has; the message says which there are."""


def find(start: Path, names: Iterable[str] = ()) -> dict[str, LayerTable]:
    """Snapshots by name, in the order in which they are asked for.

    Args:
        start: the folder that names are given from; the snapshots are those of its project.
        names: names as checks give them (or their last parts, where these tell them apart), files,
            or folders; without any, all snapshots are meant.

    Returns:
        By name, as a check would give it, the tables.

    Raises:
        UnknownSnapshot: a name fits no snapshot, or there is none at all.
        TableError: a snapshot can't be read.
        OSError: a file can't be read.
    """
    root, folder = project(start)
    paths = [path for name in names for path in _named(name, (start, root, folder))]
    if not paths:
        paths = list(_inside(folder))
        if not paths:
            raise UnknownSnapshot(
                f"there are no snapshots in {folder}; record them with pytest --snapshot-update"
            )
    return {_name(path, folder): _read(path, start) for path in paths}


def locate(start: Path, name: str) -> Path:
    """Where the snapshot of a name is, or would be if it were there.

    Args:
        start: the folder that names are given from; the snapshots are those of its project.
        name: a name as checks give it, or a file.

    Raises:
        UnknownSnapshot: it is a folder of several.
    """
    root, folder = project(start)
    try:
        found = _named(name, (start, root, folder))
    except UnknownSnapshot:
        return start / name if name.endswith(SUFFIX) else folder / f"{name}{SUFFIX}"
    if len(found) > 1:
        raise UnknownSnapshot(f"{name} holds {len(found)} snapshots; name one of them")
    return found[0]


def _read(path: Path, start: Path) -> LayerTable:
    shown = path.relative_to(start) if path.is_relative_to(start) else path
    return csvfile.load(path.read_bytes(), source=str(shown))


def project(start: Path) -> tuple[Path, Path]:
    """The root of the project that a folder is in, and the folder of its snapshots."""
    for root in (start, *start.parents):
        configured = str(setting(root, "layersnap_dir")).strip()
        if configured or any(_inside(root / "snapshots")):
            return root, root / (configured or "snapshots")
    return start, start / "snapshots"


def _named(name: str, places: tuple[Path, ...]) -> list[Path]:
    """The files that a name stands for: one, or those of a folder."""
    for place in places:
        for path in (place / name, place / f"{name}{SUFFIX}"):
            if path.is_file():
                return [path]
        if (place / name).is_dir() and (paths := list(_inside(place / name))):
            return paths
    folder = places[-1]
    paths = list(_inside(folder))
    known = [_name(path, folder) for path in paths]
    ends = f"/{name.removesuffix(SUFFIX)}"
    ending = [path for path, one in zip(paths, known, strict=True) if one.endswith(ends)]
    if len(ending) == 1:
        return ending
    like = [one for one in known if name in one] or get_close_matches(name, known, _LISTED)
    near = (like or known)[:_LISTED]
    hint = f"there are {', '.join(near)}" if near else f"there are none in {folder}"
    more = f" and {len(known) - len(near)} more" if len(known) > len(near) else ""
    raise UnknownSnapshot(f"no snapshot is called {name!r}; {hint}{more}")


def _inside(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob(f"*{SUFFIX}")) if csvfile.is_snapshot(path))


def _name(path: Path, folder: Path) -> str:
    inside = path.resolve().is_relative_to(folder.resolve())
    shown = path.resolve().relative_to(folder.resolve()) if inside else path
    return shown.as_posix().removesuffix(SUFFIX)
