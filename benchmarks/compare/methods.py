"""The ways of comparing two tables: ours, and what people use without it.

Each takes what it would find on disk or in memory when a test begins to compare, and gives the number
of items that it reports.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pytest_layersnap import csvfile
from pytest_layersnap.drift import compare
from pytest_layersnap.report.findings import findings
from pytest_layersnap.table import COLUMNS, LayerTable

Method = Callable[[LayerTable, LayerTable], int]


def layersnap(recorded: LayerTable, current: LayerTable) -> int:
    """Aligned and explained; the items are the findings of the report about layers."""
    found = findings(compare(recorded, current))
    return sum(finding.layers != "the model itself" for finding in found)


def _records(table: LayerTable) -> list[dict[str, Any]]:
    columns = COLUMNS[:-1]
    return [dict(zip(columns, row[:-1], strict=True)) for row in table.rows()]


def _by_name(table: LayerTable) -> dict[str, dict[str, Any]]:
    return {record["layer_name"]: record for record in _records(table)}


def deepdiff(recorded: LayerTable, current: LayerTable, **options: Any) -> int:
    """DeepDiff of two lists of rows."""
    from deepdiff import DeepDiff

    return _items(DeepDiff(_records(recorded), _records(current), **options))


def deepdiff_by_name(recorded: LayerTable, current: LayerTable) -> int:
    """DeepDiff of two dictionaries of rows."""
    from deepdiff import DeepDiff

    return _items(DeepDiff(_by_name(recorded), _by_name(current)))


def deepdiff_ignore_order(recorded: LayerTable, current: LayerTable) -> int:
    """DeepDiff of two lists of rows in whatever order."""
    return deepdiff(recorded, current, ignore_order=True)


def _items(found: dict[str, Any]) -> int:
    return sum(len(items) for items in found.values())


def dataframe_regression(recorded: LayerTable, current: LayerTable) -> int:
    """The check of pytest-regressions on two CSV files; the items are the lines of its message."""
    from pytest_regressions.dataframe_regression import DataFrameRegressionFixture

    fixture = DataFrameRegressionFixture(None, Path(), None)
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in ("obtained.csv", "expected.csv")]
        for path, table in zip(paths, (current, recorded), strict=True):
            path.write_bytes(csvfile.dump(table))
        try:
            fixture._check_fn(*paths)
        except AssertionError as error:
            return len(re.findall(r"(?m)^\d+\s", str(error))) or 1
    return 0


def syrupy_json(recorded: LayerTable, current: LayerTable) -> int:
    """The comparison of syrupy's JSON extension; the items are the lines that it marks."""
    from syrupy.extensions.json import JSONSnapshotExtension

    extension = JSONSnapshotExtension()
    old, new = (extension.serialize(_records(table)) for table in (recorded, current))
    if extension.matches(serialized_data=new, snapshot_data=old):
        return 0
    lines = extension.diff_snapshots(serialized_data=new, snapshot_data=old).splitlines()
    return sum(line[:1] in "+-" for line in lines if line)


def difflib_csv(recorded: LayerTable, current: LayerTable) -> int:
    """A unified diff of two CSV files; the items are the lines that it marks."""
    old, new = (csvfile.dump(table).decode().splitlines() for table in (recorded, current))
    lines = difflib.unified_diff(old, new, lineterm="", n=0)
    return sum(line[:1] in "+-" for line in lines if not line.startswith(("+++", "---")))


def read_and_render(recorded: LayerTable, current: LayerTable) -> int:
    """No comparison: reading the snapshot and rendering the current table, which is always done."""
    assert json.dumps(len(csvfile.load(csvfile.dump(recorded))))
    return 0 * len(csvfile.dump(current))


METHODS: dict[str, Method] = {
    "layersnap": layersnap,
    "DeepDiff": deepdiff,
    "DeepDiff by name": deepdiff_by_name,
    "DeepDiff ignore_order": deepdiff_ignore_order,
    "pytest-regressions": dataframe_regression,
    "syrupy JSON": syrupy_json,
    "difflib CSV": difflib_csv,
    "(read and render)": read_and_render,
}
