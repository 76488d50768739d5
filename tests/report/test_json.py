"""The data of a report, and its description in the docs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pytest_layersnap.compare.drift import compare
from pytest_layersnap.report.json import SCHEMA

from ..compare.tables import changed, mlp

PAGE = (Path(__file__).parents[2] / "docs" / "report.md").read_text(encoding="utf-8")


def keys(value: Any) -> Iterator[str]:
    """All keys at any depth, but for the columns that differ."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            if key != "fields":
                yield from keys(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_every_key_is_described() -> None:
    """And the version is the one that the page names."""
    data = compare(mlp(8, 4, 2), changed(mlp(8, 4, 3), 1, dtype="float16"), ignore="name").to_dict()
    described = set(re.findall(r"`(?:\w+(?:\[\])?\.)*(\w+)`", PAGE[PAGE.index("## JSON") :]))
    assert set(keys(data)) <= described
    assert f"| `schema` | {SCHEMA} |" in PAGE


def test_saved_weights_are_data_too() -> None:
    """Way by way."""
    data = json.loads(json.dumps(compare(mlp(8, 4), mlp(8, 5)).to_dict()))
    first = data["consequences"]["weights"][0]
    assert first == {
        "way": ".weights.h5",
        "loads": False,
        "layer": "dense",
        "why": "takes (8, 5), (5), the file has (8, 4), (4)",
        "misplaced": [],
        "fresh": [],
    }
    assert data["consequences"]["inputs"][0] == [
        {"name": "", "shape": "(None, 8)", "dtype": "float32"}
    ]
