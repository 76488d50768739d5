"""Layer tables as CSV bytes and back: UTF-8, ``\\n``, RFC 4180."""

from __future__ import annotations

import codecs
import csv
import io
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from itertools import chain
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import Any, NamedTuple

import pytest_layersnap.reading as reading
from pytest_layersnap.table import (
    BEHAVIOR,
    COLUMNS,
    COLUMNS_WITH_BEHAVIOR,
    COUNTS,
    FLAGS,
    JSON_CELLS,
    UNKNOWN_EDGES,
    Layer,
    LayerTable,
    TableError,
)

#: The first bytes of every file we write.
HEADERS = tuple(",".join(columns).encode() for columns in (COLUMNS, COLUMNS_WITH_BEHAVIOR))
#: How a line begins that is a header of ours, or what is left of one.
_BEGINNING = ",".join(COLUMNS[:5]).encode()

_CONFLICT = ("<<<<<<<", ">>>>>>>")
_FLAG = {"True": True, "False": False, "TRUE": True, "FALSE": False, "true": True, "false": False}


class Dumped(NamedTuple):
    """The bytes of a snapshot file, parted where they say who recorded it.

    Args:
        before: the header, and the first row up to ``recorded_with``.
        recorded_with: that cell.
        after: what follows it.
    """

    before: bytes
    recorded_with: bytes
    after: bytes

    @property
    def data(self) -> bytes:
        """The bytes of the file."""
        return b"".join(self)

    def is_in(self, data: bytes) -> bool:
        """Whether a file surely holds the same rows, whoever recorded it; it is not parsed."""
        end = len(data) - len(self.after)
        return (
            end >= len(self.before)
            and data.startswith(self.before)
            and data.endswith(self.after)
            and _CELL.fullmatch(data, len(self.before), end) is not None
        )


#: A cell of plain text, quoted or not.
_CELL = re.compile(rb'[ !#-+\--~]*|"(?:[ !#-~]|"")*"')


def is_snapshot(path: Path) -> bool:
    """Whether a snapshot, whole or damaged, is at a path."""
    try:
        data = reading.read(path)
    except OSError:
        return False
    return bool(data) and is_ours(data)


def is_ours(data: bytes) -> bool:
    """Whether a line of ours is in the file: its header, or the beginning of one that was cut off.

    Tables which people kept before may begin with the same columns; the last one is ours alone.
    """
    head = data.removeprefix(codecs.BOM_UTF8)
    if head.startswith(HEADERS):
        return True
    return any(header.startswith(head.strip()) for header in HEADERS) or any(
        line.startswith(_BEGINNING) and b"recorded_with" in line for line in head.splitlines()
    )


def has_behavior(data: bytes) -> bool:
    """Whether the bytes of a snapshot file have the column that tells what rows compute."""
    header = data.partition(b"\n")[0].strip()
    return BEHAVIOR.encode() in header.split(b",")


def dump(table: LayerTable) -> bytes:
    """The bytes of a snapshot file.

    Raises:
        TableError: a text can't be written as UTF-8.
    """
    return parted(table).data


def parted(table: LayerTable) -> Dumped:
    """The bytes of a snapshot file in their parts.

    Raises:
        TableError: a text can't be written as UTF-8.
    """
    try:
        header, *rows = _lines([table.columns, *table.rows()])
        if not rows:
            return Dumped(header.encode(), b"", b"")
        cell = _last_cell(table.recorded_with)
        first, rest = rows[0].removesuffix(f"{cell}\n"), "".join(rows[1:])
        return Dumped(f"{header}{first}".encode(), cell.encode(), f"\n{rest}".encode())
    except UnicodeEncodeError:
        raise TableError(_not_text(table)) from None


@lru_cache  # the same for all tables of a run
def _last_cell(text: str) -> str:
    """A cell as it stands at the end of a line."""
    # A first cell that is empty keeps csv from quoting one that stands alone.
    (line,) = _lines([("", text)])
    return line[1:-1]


def _not_text(table: LayerTable) -> str:
    """Which cell of a table UTF-8 can't hold."""
    for row in table.cells():
        for column, cell in zip(table.columns, row, strict=True):
            if not writable(cell):
                where = f"layer {row[1]!r}: " if column != "layer_name" else ""
                return f"{where}{column} is {cell[:80]!r}, which no file can hold as text"
    return "a cell holds what no file can hold as text"


def writable(text: str) -> bool:
    """Whether a text survives in a file: it has no lone surrogate, and no NUL."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def differs(data: bytes, table: LayerTable) -> bool:
    """Whether a file surely holds another architecture than a table, whichever row is which.

    Only rows and their cells of plain text are counted, so False says nothing.
    """
    if data.startswith(f"{','.join(table.columns)}\n".encode()) and _has_new_text(data, table):
        return True
    try:
        header, *rows = csv.reader(io.StringIO(data.decode(), newline=""), strict=True)
    except (ValueError, csv.Error):
        return False
    if any(len(row) != len(header) for row in rows) or header != list(table.columns):
        return False
    chosen = itemgetter(*(header.index(column) for column in _LITERAL))
    return Counter(map(chosen, rows)) != Counter(map(chosen, table.rows()))


def _has_new_text(data: bytes, table: LayerTable) -> bool:
    """Whether a cell of plain text stands nowhere in a file: that is found without parsing it."""
    texts = set(chain.from_iterable(map(_literals, table.layers)))
    return any('"' not in text and text.encode() not in data for text in texts)


def require(table: LayerTable, dumped: Dumped) -> None:
    """Make sure that a table is read back as it was written.

    Raises:
        TableError: it would not be; the message says which cell is why.
    """
    if b"\0" in dumped.before or b"\0" in dumped.after or b"\0" in dumped.recorded_with:
        raise TableError(_not_text(table))
    layers = table.layers
    if layers and _are_sound(layers):
        return
    again = table_from_cells(
        table.columns, table.cells(), where=lambda index: f"layer {str(layers[index].layer_name)!r}"
    )
    for layer, one in zip(layers, again.layers, strict=True):
        if layer != one:
            column = next(c for c in table.columns if getattr(layer, c) != getattr(one, c))
            value = getattr(layer, column)
            raise TableError(
                f"layer {str(layer.layer_name)!r}: {column} is {value!r} "
                f"({type(value).__name__}), and should be {getattr(one, column)!r}"
            )


#: What each cell of a row is before it is written.
_TYPES = tuple(int if c in COUNTS else bool if c in FLAGS else str for c in COLUMNS[:-1])
_values = attrgetter(*COLUMNS[:-1])
_counts = attrgetter(*COUNTS)
_json_cells = {column: attrgetter(column) for column in (*JSON_CELLS, BEHAVIOR)}


def _are_sound(layers: Sequence[Layer]) -> bool:
    """Whether rows are sure to be read back as they are."""
    return (
        all(tuple(map(type, _values(layer))) == _TYPES for layer in layers)
        and min(map(min, map(_counts, layers))) >= 0
        and not any(
            _no_json(column, cell)
            for column, cells in _json_cells.items()
            for cell in set(map(cells, layers))
        )
    )


def encode(
    header: Sequence[str], rows: Iterable[Sequence[str]], *, errors: str = "strict"
) -> bytes:
    """The bytes of a CSV file of any columns; ``errors`` is as ``str.encode`` takes it."""
    return "".join(_lines([header, *rows])).encode("utf-8", errors)


def _lines(rows: Iterable[Sequence[Any]]) -> list[str]:
    lines: list[str] = []
    # csv quotes a lone "\r" only when "\r" is in its line terminator.
    csv.writer(_Lines(lines), lineterminator="\r\n").writerows(rows)
    return [f"{line[:-2]}\n" for line in lines]


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
    if not text.strip():
        raise TableError(
            f"{source}: the file is empty; a snapshot has a header and one row a layer"
        )
    try:
        return _parsed(text, source)
    except TableError:
        # Asked for last, as a cell may hold such a line too.
        if conflict := _conflict(text):
            raise TableError(f"{source}:{conflict}") from None
        raise


def _parsed(text: str, source: str) -> LayerTable:
    header: list[str] | None = None
    rows: list[list[str]] = []
    starts: list[int] = []
    line = 1
    with _long_cells():
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
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
    return table_from_cells(
        header or [], rows, where=lambda index: f"{source}:{starts[index]}", source=source
    )


@contextmanager
def _long_cells() -> Iterator[None]:
    """Let a cell be as long as it is: the config of a vocabulary exceeds what csv takes."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def _conflict(text: str) -> str:
    """Where a merge conflict is left, between what, and what to do about it."""
    sides: dict[str, str] = {}
    first = 0
    for number, line in enumerate(text.split("\n"), start=1):
        mark, _, side = line.rstrip("\r").partition(" ")
        if mark in _CONFLICT and mark not in sides:
            sides[mark] = side
            first = first or number
    if not sides:
        return ""
    names = " and ".join(repr(side) for side in sides.values() if side)
    between = f" between {names}" if len(sides) > 1 and names else f" ({names})" if names else ""
    return (
        f"{first}: a merge conflict{between} is left in this snapshot. "
        "Keep one side, or record it anew"
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
    columns = (*COLUMNS[:-1], BEHAVIOR) if BEHAVIOR in header else COLUMNS[:-1]
    chosen = itemgetter(*map(header.index, columns))
    others = [column for column in columns if column not in _TEXT]
    layers = []
    for index, row in enumerate(rows):
        if len(row) != len(header):
            raise TableError(
                f"{where(index)}: {len(row)} cells where the header has {len(header)}; "
                "the file is truncated or was edited by hand"
            )
        cells: dict[str, Any] = dict(zip(columns, chosen(row), strict=True))
        for column in others:
            cells[column] = _value(column, cells[column], where, index)
        layers.append(Layer(**cells))
    return LayerTable(
        layers=tuple(layers),
        recorded_with=rows[0][header.index("recorded_with")],
        unknown_columns=tuple(c for c in header if c not in COLUMNS and c != BEHAVIOR),
    )


#: The columns that take any text.
_TEXT = frozenset(COLUMNS) - COUNTS - FLAGS - JSON_CELLS
#: Those in which no two texts mean the same; names do where Keras made them.
_LITERAL = _TEXT - {"model", "layer_name", "recorded_with"}
_literals = attrgetter(*sorted(_LITERAL))


def _value(column: str, text: str, where: Callable[[int], str], index: int) -> Any:
    if column in COUNTS:
        if not (text.isascii() and text.isdigit()):
            raise TableError(f"{where(index)}: {column} is {text!r}, and should be a whole number")
        try:
            return int(text)
        except ValueError:  # Python reads no number of more than 4,300 digits
            raise TableError(f"{where(index)}: {column} has {len(text)} digits") from None
    if column in FLAGS:
        if text not in _FLAG:
            raise TableError(f"{where(index)}: {column} is {text!r}, and should be True or False")
        return _FLAG[text]
    if reason := _no_json(column, text):
        raise TableError(f"{where(index)}: {column} {reason}")
    return text


@lru_cache(maxsize=4096)  # most cells are those of many layers, and of the tables of many tests
def _no_json(column: str, text: str) -> str:
    """Why a text is not the JSON that its column should hold; empty if it is."""
    if (column, text) in (("inbound_layers", UNKNOWN_EDGES), (BEHAVIOR, "")):
        return ""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"holds no JSON ({error}): {text[:80]!r}"
    return "" if _fits(column, value) else f"should hold {_KINDS[column]}, not {text[:80]!r}"


_KINDS = {
    "layer_attributes": "a JSON object",
    "weight_shapes": "a JSON list of shapes",
    "inbound_layers": "a JSON list of layer paths, or one such list for each call",
    BEHAVIOR: "a JSON object",
}


def _fits(column: str, value: Any) -> bool:
    if column in ("layer_attributes", BEHAVIOR):
        return isinstance(value, dict)
    if not isinstance(value, list):
        return False
    if column == "inbound_layers" and all(isinstance(item, str) for item in value):
        return True
    inner = str if column == "inbound_layers" else (int, type(None))
    return all(
        isinstance(item, list) and all(isinstance(one, inner) for one in item) for item in value
    )


class _Lines:
    """The file that ``csv.writer`` writes its lines to."""

    def __init__(self, lines: list[str]) -> None:
        self.write = lines.append
