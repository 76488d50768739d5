"""Layer tables as Excel workbooks."""

from __future__ import annotations

import os
from collections.abc import Sequence

from pytest_layersnap.table import COLUMNS, LayerTable

#: What a sheet's name must not hold, and how long it may be (Excel's limits).
_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", "_"))
_LONGEST_TITLE = 31
#: The longest text that a cell takes.
_LONGEST_CELL = 32_767


def write_workbook(tables: Sequence[LayerTable], path: str | os.PathLike[str]) -> None:
    """Write an ``.xlsx`` file with a sheet for each table, counts as numbers and all else as text.

    Raises:
        ModuleNotFoundError: openpyxl is not installed; the message names the extra that brings it.
    """
    try:
        from openpyxl import Workbook
        from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Excel files need openpyxl: pip install 'pytest-layersnap[excel]'", name=error.name
        ) from None
    workbook = Workbook()
    workbook.remove(workbook.active)
    for table in tables:
        sheet = workbook.create_sheet(_title(table.model))
        sheet.append(COLUMNS)
        sheet.freeze_panes = "A2"
        for number, row in enumerate(table.rows(), start=2):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(number, column)
                if isinstance(value, str):
                    cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)[:_LONGEST_CELL] or None
                    if value:
                        cell.data_type = "s"  # never a formula, whatever it begins with
                else:
                    cell.value = value
    workbook.save(path)


def _title(model: str) -> str:
    return model.translate(_FORBIDDEN).strip("'")[-_LONGEST_TITLE:] or "model"
