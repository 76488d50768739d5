"""Layer tables as CSV bytes and back: UTF-8, ``\\n``, RFC 4180."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pytest_layersnap.table import (
    COLUMNS,
    COUNTS,
    FLAGS,
    JSON_CELLS,
    UNKNOWN_EDGES,
    Layer,
    LayerTable,
    TableError,
)

#: The first bytes of every file we write; nothing else of ours or of others begins like this.
HEADER = ",".join(COLUMNS[:5])

_CONFLICT = ("<<<<<<< ", ">>>>>>> ")
_FLAG = {"True": True, "False": False, "TRUE": True, "FALSE": False, "true": True, "false": False}


def dump(table: LayerTable) -> bytes:
    """The bytes of a snapshot file."""
    lines: list[str] = []
    # csv quotes a lone "\r" only when "\r" is in its line terminator.
    writer = csv.writer(_Lines(lines), lineterminator="\r\n")
    writer.writerow(COLUMNS)
    writer.writerows(table.cells())
    return "".join(f"{line[:-2]}\n" for line in lines).encode("utf-8")


def read(path: str | os.PathLike[str]) -> LayerTable:
    """The table in a snapshot file.

    Raises:
        TableError: with file, line and column.
        OSError: the file can't be read.
    """
    path = Path(path)
    return load(path.read_bytes(), source=str(path))


def load(data: bytes, *, source: str = "snapshot") -> LayerTable:
    """The table in the bytes of a snapshot file; ``source`` is what errors call it.

    A byte order mark and ``\\r\\n`` are accepted.

    Raises:
        TableError: with line and column.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise TableError(
            f"{source}:{line}: not UTF-8 (byte {data[error.start]:#04x}); a snapshot is UTF-8 text"
        ) from None
    for number, line_text in enumerate(text.splitlines(), start=1):
        if line_text.startswith(_CONFLICT):
            raise TableError(
                f"{source}:{number}: a merge conflict is left in this snapshot ({line_text.strip()!r}). "
                "Keep one side, or record it anew"
            )
    if not text.strip():
        raise TableError(
            f"{source}: the file is empty; a snapshot has a header and one row a layer"
        )

    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    rows: list[list[str]] = []
    starts: list[int] = []
    line = 1
    try:
        for row in reader:
            if header is None:
                header = row
            elif row:
                rows.append(row)
                starts.append(line)
            line = reader.line_num + 1
    except csv.Error as error:
        raise TableError(
            f"{source}:{line}: {error}; the file is truncated or was edited by hand"
        ) from None
    assert header is not None
    return table_from_cells(
        header, rows, where=lambda index: f"{source}:{starts[index]}", source=source
    )


def table_from_cells(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    where: Callable[[int], str],
    source: str = "table",
) -> LayerTable:
    """The table that a header and rows of text hold.

    Args:
        header: the names of the columns.
        rows: the cells, one sequence a row.
        where: how errors name the row of an index.
        source: how errors name the whole.

    Raises:
        TableError: a column is missing or doubled, or a cell does not hold what its column needs.
    """
    doubled = sorted({column for column in header if list(header).count(column) > 1})
    if doubled:
        raise TableError(f"{source}: column {', '.join(doubled)} stands twice")
    missing = [column for column in COLUMNS if column not in header]
    if len(missing) > len(COLUMNS) // 2:
        raise TableError(f"{source}: not a layer table; its header is {','.join(header)[:120]!r}")
    if missing:
        raise TableError(f"{source}: column {', '.join(missing)} is missing")
    if not rows:
        raise TableError(f"{source}: there is no row; every model has a layer")
    layers = []
    for index, row in enumerate(rows):
        if len(row) != len(header):
            raise TableError(
                f"{where(index)}: {len(row)} cells where the header has {len(header)}; "
                "the file is truncated or was edited by hand"
            )
        cells = dict(zip(header, row, strict=True))
        layers.append(
            Layer(
                **{
                    column: _value(column, cells[column], where=where(index))
                    for column in COLUMNS[:-1]
                }
            )
        )
    return LayerTable(
        layers=tuple(layers),
        recorded_with=dict(zip(header, rows[0], strict=True))["recorded_with"],
        unknown_columns=tuple(column for column in header if column not in COLUMNS),
    )


def _value(column: str, text: str, *, where: str) -> Any:
    if column in COUNTS:
        if not (text.isascii() and text.isdigit()):
            raise TableError(f"{where}: {column} is {text!r}, and should be a whole number")
        return int(text)
    if column in FLAGS:
        if text not in _FLAG:
            raise TableError(f"{where}: {column} is {text!r}, and should be True or False")
        return _FLAG[text]
    if column == "inbound_layers" and text == UNKNOWN_EDGES:
        return text
    if column in JSON_CELLS:
        try:
            value = json.loads(text)
        except ValueError as error:
            raise TableError(f"{where}: {column} holds no JSON ({error}): {text[:80]!r}") from None
        expected = dict if column == "layer_attributes" else list
        if not isinstance(value, expected):
            raise TableError(
                f"{where}: {column} should hold a JSON {'object' if expected is dict else 'list'}"
            )
    return text


class _Lines:
    """The file that ``csv.writer`` writes its lines to."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append
