"""Layer tables as an Excel workbook.

pandas could write one too, but with text that begins with ``=`` as formulas, and plain: what is set
here (filters, widths, shading) would come on top.
"""

from __future__ import annotations

import io
import math
import re
import zlib
from collections.abc import Iterable, Sequence
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from pytest_layersnap.filenames import unique
from pytest_layersnap.table import LayerTable

if TYPE_CHECKING:
    from openpyxl.worksheet.worksheet import Worksheet

#: Excel's limits: https://support.microsoft.com/office/1672b34d-7043-467e-8e27-269d656771c3
_LONGEST_CELL: Final = 32_767
_LONGEST_TITLE: Final = 31
_EXACT: Final = 10**15
_FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
#: What XML has no way to say: https://www.w3.org/TR/xml/#charsets
_ILLEGAL: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
#: The name that Excel keeps for itself.
_RESERVED: Final = "History"

_TOTALS: Final = (
    "model",
    "layers",
    "parameters",
    "trainable_parameters",
    "memory (bytes)",
    "recorded_with",
)
_SETTINGS: Final = frozenset(
    {"use_bias", "dropout_rate", "normalization_momentum", "normalization_axis"}
)
_CREATOR: Final = "pytest-layersnap"
_NARROWEST, _WIDEST = 8, 50
_FROZEN: Final = "FFE4E4E4"


def require() -> None:
    """Make sure that workbooks can be written.

    Raises:
        ModuleNotFoundError: openpyxl is not installed; the message names the extra that brings it.
    """
    if find_spec("openpyxl") is None:
        raise ModuleNotFoundError(
            "Excel files need openpyxl: pip install 'pytest-layersnap[excel]'", name="openpyxl"
        )


def render(tables: Sequence[LayerTable], *, totals: bool = True) -> bytes:
    """A workbook with a sheet a table; rows of frozen layers are shaded.

    Args:
        tables: the tables.
        totals: whether the first sheet is about all of them: layers, parameters, bytes.

    Raises:
        ModuleNotFoundError: as ``require`` does.
    """
    require()
    from openpyxl import Workbook
    from openpyxl.styles import PatternFill

    book = Workbook()
    book.properties.creator = _CREATOR
    book.remove(book.active)
    titles = unique(
        ["Totals"] * totals + [t.model for t in tables], taken=[_RESERVED], joined=_title
    )
    if totals:
        _fill(book.create_sheet(titles.pop(0)), _TOTALS, map(_total, tables))
    shade = PatternFill("solid", fgColor=_FROZEN)
    for title, table in zip(titles, tables, strict=True):
        sheet = book.create_sheet(title)
        _fill(sheet, table.columns, map(partial(_typed, table.columns), table.rows()))
        for cells, layer in zip(sheet.iter_rows(min_row=2), table, strict=True):
            if layer.has_flag and not layer.is_trainable:
                for cell in cells:
                    cell.fill = shade
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def is_ours(data: bytes) -> bool:
    """Whether a file is such a workbook."""
    import zipfile

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            return _CREATOR.encode() in file.read("docProps/core.xml")
    except (zipfile.BadZipFile, KeyError, EOFError, zlib.error, NotImplementedError):
        return False


def _total(table: LayerTable) -> tuple[Any, ...]:
    return (
        table.model,
        len(table),
        table.parameters,
        table.trainable_parameters,
        table.memory,
        table.recorded_with,
    )


def _typed(columns: Sequence[str], row: Sequence[Any]) -> list[Any]:
    """A row whose settings are numbers and booleans where they can be."""
    return [
        _setting(value) if column in _SETTINGS else value
        for column, value in zip(columns, row, strict=True)
    ]


def _setting(text: str) -> Any:
    if text in ("True", "False"):
        return text == "True"
    for number in (int, float):
        try:
            value = number(text)
        except ValueError:
            continue
        return value if math.isfinite(value) else text
    return text


def _fill(sheet: Worksheet, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Put rows into a sheet: header and names stay in view, columns are as wide as they need.

    Printed, the columns fit the width of a page.
    """
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties

    widths = [len(name) + 3 for name in header]  # the button of the filter
    for number, row in enumerate([header, *rows], start=1):
        for column, value in enumerate(row, start=1):
            if value is None or value == "":
                continue
            _put(sheet, number, column, value)
            widths[column - 1] = max(widths[column - 1], len(str(value)))
    for column, width in enumerate(widths, start=1):
        letter = get_column_letter(column)
        sheet.column_dimensions[letter].width = min(max(width + 1, _NARROWEST), _WIDEST)
        sheet.cell(1, column).font = Font(bold=True)
    sheet.freeze_panes = "C2" if "layer_name" in header else "B2"
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0  # as many pages as it takes
    sheet.print_title_rows = "1:1"
    sheet.auto_filter.ref = sheet.dimensions


def _put(sheet: Worksheet, row: int, column: int, value: Any) -> None:
    """Set one cell; text stays text, whatever it looks like."""
    cell = sheet.cell(row, column)
    if isinstance(value, int) and abs(value) >= _EXACT:  # Excel would round it
        value = str(value)
    if not isinstance(value, str):
        cell.value = value
        if not isinstance(value, bool):
            cell.number_format = "#,##0" if isinstance(value, int) else "General"
        return
    cell.value = _cut(_legal(value), _LONGEST_CELL)
    cell.data_type = "s"
    # Or it would become a formula when someone edits it.
    cell.quotePrefix = value.lstrip().startswith(("=", "+", "-", "@"))


def _legal(text: str) -> str:
    """A text with the characters spelled out that the format can't hold."""
    return _ILLEGAL.sub(lambda found: found[0].encode("unicode_escape").decode(), text)


def _cut(text: str, length: int) -> str:
    """The beginning of a text that is too long; Excel counts as UTF-16 does."""
    data = text.encode("utf-16-le")
    if len(data) <= 2 * length:
        return text
    return data[: 2 * length - 2].decode("utf-16-le", "ignore") + "…"


def _title(name: str, number: str) -> str:
    """A legal name for a sheet; of a long one the end, which tells paths apart."""
    data = _FORBIDDEN.sub("_", _ILLEGAL.sub("_", name)).encode("utf-16-le")
    end = data[-2 * (_LONGEST_TITLE - len(number)) :].decode("utf-16-le", "ignore")
    return f"{end.strip(chr(39)) or 'model'}{number}"
