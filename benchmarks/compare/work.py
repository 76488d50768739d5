"""The work of one comparison, counted: no clock, so the same on every machine."""

from __future__ import annotations

import sys
from types import FrameType

from benchmarks.compare.methods import METHODS
from pytest_layersnap.table import LayerTable


def calls(method: str, recorded: LayerTable, current: LayerTable) -> int:
    """How many functions are called: what a comparison costs, whatever the machine is at."""
    compared = METHODS[method]
    compared(*(LayerTable(table.layers[:9]) for table in (recorded, current)))  # imports
    count = 0

    def called(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        compared(recorded, current)
    finally:
        sys.setprofile(before)
    return count
