"""Layer tables for other programs and for print: CSV, Excel, Markdown, LaTeX."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable
    from pathlib import Path

    from pytest_layersnap.table import LayerTable


def export(
    tables: Iterable[LayerTable], path: str | os.PathLike[str], *, format: str | None = None
) -> tuple[Path, ...]:
    """Write layer tables to a file, or to a folder.

    Args:
        tables: the tables. Where two have the same name, the second one is exported as ``name_2``.
        path: a file, which gets all of them, or a folder, which gets a file each and
            ``model_structure``, which has all. It is a file if it ends in ``.csv``, ``.xlsx``,
            ``.md`` or ``.tex``; a folder needs no suffix, ends in a slash, or is there already.
        format: ``csv``, ``excel``, ``markdown`` or ``latex``; by default what the suffix says, and
            ``csv`` for a folder.

    Returns:
        The files that were written.

    Raises:
        ExportError: there is no table, the path fits no format, or it is that of a snapshot.
        ModuleNotFoundError: openpyxl is not installed; the message names the extra that brings it.
        OSError: a file can't be written; what was there before is still there.
    """
    # pytest imports this package at every start: what it needs is imported when it is called.
    from pytest_layersnap.exports.files import destination, write

    return write(tables, destination(path, format))
