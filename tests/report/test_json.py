"""The data of a report, and its description in the docs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError

from pytest_layersnap.drift import compare
from pytest_layersnap.report.json import SCHEMA
from pytest_layersnap.snapshots import reports
from pytest_layersnap.table import LayerTable

from ..comparison.tables import changed, mlp
from .schemas import validate

DOCS = Path(__file__).parents[2] / "docs"
SNAPSHOTS = DOCS.parent / "snapshots"
PAGE = (DOCS / "report.md").read_text(encoding="utf-8")


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


NETWORKS = [
    *("applications/resnet50", "applications/resnet101", "applications/mobilenetv2"),
    *("zoo/nested", "zoo/siamese", "zoo/subclassed", "zoo/quantized", "keras_hub/t5", "vgg16"),
]
KERAS_2 = Path(__file__).parent / "mobilenetv3small-keras2.csv"


@pytest.mark.parametrize(
    ("recorded", "current"), [*pairwise([*NETWORKS, NETWORKS[0], NETWORKS[0]])]
)
def test_reports_are_what_the_schema_says(recorded: str, current: str) -> None:
    """From each network to the next, and from one to itself."""
    tables = (LayerTable.read_csv(SNAPSHOTS / f"{name}.csv") for name in (recorded, current))
    validate(compare(*tables).to_dict(), "drift")


def test_reports_with_all_there_is_are_what_the_schema_says() -> None:
    """Known changes of Keras, a selection, moved and renamed rows."""
    current = LayerTable.read_csv(SNAPSHOTS / "applications" / "mobilenetv3small.csv")
    known = compare(LayerTable.read_csv(KERAS_2), current).to_dict()
    assert known["explanations"]
    selected = compare(mlp(8, 4, 2), mlp(8, 5, 2, 1), only="shape", ignore="name").to_dict()
    assert selected["hidden"]
    renamed = compare(mlp(8, 4, names=["a"]), mlp(8, 4, names=["b"])).to_dict()
    assert {change["kind"] for change in renamed["changes"]} == {"renamed"}
    for data in (known, selected, renamed):
        validate(data, "drift")


@pytest.mark.parametrize("change", [{"schema": 2}, {"drift": 1}, {"changes": [{}]}, {"more": 1}])
def test_the_schema_holds_reports_to_something(change: dict[str, Any]) -> None:
    """A report with another value, or with one that is not described, does not pass."""
    with pytest.raises(ValidationError):
        validate(compare(mlp(8, 4), mlp(8, 5)).to_dict() | change, "drift")


def test_schemas_are_named_by_their_version() -> None:
    """The one that reports say."""
    for name, version in (("drift", SCHEMA), ("report", reports.SCHEMA)):
        data = json.loads((DOCS / f"{name}-{version}.schema.json").read_bytes())
        assert data["$id"] == f"urn:pytest-layersnap:{name}:{version}"
        assert data["properties"]["schema"] == {"const": version}


def test_saved_weights_are_data_too() -> None:
    """Way by way."""
    data = json.loads(json.dumps(compare(mlp(8, 4), mlp(8, 5)).to_dict()))
    first = data["consequences"]["weights"][0]
    assert first == {
        "way": ".weights.h5",
        "loads": False,
        "layer": "dense",
        "why": "expects (8, 5), the file has (8, 4)",
        "misplaced": [],
        "fresh": [],
    }
    assert data["consequences"]["inputs"][0] == [
        {"name": "", "shape": "(None, 8)", "dtype": "float32"}
    ]
