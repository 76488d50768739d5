"""Where exports go: files and folders, names for them, and the bytes put there in one step."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pytest_layersnap import csvfile, workbook
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.exports import latex, markdown
from pytest_layersnap.filenames import stem, unique
from pytest_layersnap.formats import Format
from pytest_layersnap.table import NOTEBOOK_COLUMNS, LayerTable
from pytest_layersnap.writing import ForeignFile, replace_file, require_ours

#: The file in a folder that has all tables.
ALL: Final = "model_structure"


class ExportError(LayersnapError, ValueError):
    """An export that can't be made; the message says why, and what to do."""

    __module__ = "pytest_layersnap"


def csv(tables: Sequence[LayerTable]) -> bytes:
    """The tables below each other, in the columns of the notebooks."""
    width = len(NOTEBOOK_COLUMNS)
    return csvfile.encode(
        NOTEBOOK_COLUMNS,
        (row[:width] for table in tables for row in table.cells()),
        errors="backslashreplace",
    )


def _is_csv(data: bytes) -> bool:
    """Whether a file has the columns of the notebooks, from which exports can't be told."""
    return data.splitlines()[0] == ",".join(NOTEBOOK_COLUMNS).encode()


#: By name; the first one is that of a folder for which none is said.
FORMATS: Final[Mapping[str, Format]] = {
    "csv": Format(".csv", csv, _is_csv),
    "excel": Format(".xlsx", workbook.render, workbook.is_ours, each=False),
    "markdown": Format(".md", markdown.render, markdown.is_ours),
    "latex": Format(".tex", latex.render, latex.is_ours),
}


@dataclass(frozen=True, slots=True)
class Destination:
    """Where an export goes, and in which format; a folder need not exist."""

    path: Path
    format: Format
    is_folder: bool


def destination(path: str | os.PathLike[str], format: str | None = None) -> Destination:
    """What a path stands for; see ``export``.

    Raises:
        ExportError: the path fits no format, or not the one that is asked for.
        ModuleNotFoundError: the format needs openpyxl, which is not installed.
    """
    if format is not None and format not in FORMATS:
        raise ExportError(f"format={format!r}: choose from {', '.join(FORMATS)}")
    text, place = os.fspath(path), Path(path)
    if not text:
        raise ExportError("the path is empty; name a file or a folder")
    separators = (os.sep, os.altsep or os.sep)
    is_folder = place.is_dir() or text.endswith(separators) or not place.suffix
    chosen = FORMATS[format or next(iter(FORMATS))] if is_folder else _by_suffix(place, format)
    if chosen.render is workbook.render:
        workbook.require()
    return Destination(place, chosen, is_folder)


def _by_suffix(path: Path, format: str | None) -> Format:
    fitting = {known.suffix: known for name, known in FORMATS.items() if format in (None, name)}
    try:
        return fitting[path.suffix.lower()]
    except KeyError:
        raise ExportError(
            f"{path}: a file ends in {' or '.join(fitting)}, not in {path.suffix}; "
            f"to write into a folder of this name, say {path}{os.sep}"
        ) from None


def write(tables: Iterable[LayerTable], to: Destination) -> tuple[Path, ...]:
    """Write tables; see ``export``. Everything is made before anything is written.

    Raises:
        ExportError: there is no table, or something else is in the place of a file.
        OSError: a file can't be written.
    """
    named = _named(tables)
    if not named:
        raise ExportError(f"{to.path}: no check gave a table to export")
    files = {path: to.format.render(shown) for path, shown in _files(named, to)}
    for path in files:
        _require_free(path, to.format)
    for path, data in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data)
    return tuple(files)


def require_free(to: Destination) -> None:
    """Make sure that an export may be written somewhere, as far as its files are known.

    Raises:
        ExportError: something else is in the place of a file.
        OSError: a file can't be read.
    """
    if not to.is_folder:
        _require_free(to.path, to.format)


def _require_free(path: Path, format: Format) -> None:
    if csvfile.is_snapshot(path):
        raise ExportError(f"{path} is a snapshot, so it is left alone; export elsewhere")
    try:
        require_ours(path, format.is_ours)
    except ForeignFile as error:
        raise ExportError(str(error)) from None


def told_apart(tables: Mapping[str, LayerTable]) -> list[LayerTable]:
    """Tables by the names of their models; where several have the same, by that of the snapshot.

    Args:
        tables: by the names of their snapshots.
    """
    models = Counter(table.model for table in tables.values())
    return [
        table if models[table.model] == 1 else table.renamed(snapshot)
        for snapshot, table in tables.items()
    ]


def _files(
    tables: Sequence[LayerTable], to: Destination
) -> Iterator[tuple[Path, list[LayerTable]]]:
    if to.is_folder and to.format.each:
        stems = unique([stem(table.model) for table in tables], taken=[ALL])
        for name, table in zip(stems, tables, strict=True):
            yield to.path / f"{name}{to.format.suffix}", [table]
    yield to.path / f"{ALL}{to.format.suffix}" if to.is_folder else to.path, list(tables)


def _named(tables: Iterable[LayerTable]) -> list[LayerTable]:
    """The tables, none with the name of another."""
    tables = list(tables)
    names = unique([table.model for table in tables])
    return [table.renamed(name) for table, name in zip(tables, names, strict=True)]
