"""What a notebook's cell and ``print`` show."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, flow

RESNET50 = LayerTable.read_csv(Path(__file__).parents[1] / "snapshots/resnet50.csv")
THAWED = replace(RESNET50, layers=tuple(replace(row, is_trainable=True) for row in RESNET50.layers))


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (RESNET50, "<LayerTable 'resnet50': 179 layers, 25,686,913 parameters>"),
        (
            RESNET50.layers[2],
            "<Layer 'conv1_conv': Conv2D, '(None, 112, 112, 64)', 9,472 parameters>",
        ),
        (flow(RESNET50), "<Flow 'resnet50': 6 stages, 21 blocks>"),
        (
            compare(RESNET50, THAWED),
            f"<Drift of {THAWED!r}: 174 layers changed (trainability)>",
        ),
        (
            compare(RESNET50, THAWED).changes[0],
            "<Change: changed 'conv1_pad' (trainability)>",
        ),
    ],
    ids=["table", "layer", "flow", "drift", "change"],
)
def test_short(shown: object, expected: str) -> None:
    """The value of a cell is one line, whatever it holds."""
    assert repr(shown) == expected


def test_print_shows_the_report() -> None:
    """A drift is printed as its report, a flow as its table."""
    drift, network = compare(RESNET50, THAWED), flow(RESNET50)
    assert str(drift) == drift.to_text(accept=None)
    assert str(network) == network.to_text()


@pytest.mark.parametrize(
    "shown", [RESNET50, flow(RESNET50), compare(RESNET50, THAWED)], ids=["table", "flow", "drift"]
)
def test_a_cell_of_a_notebook(shown: Any) -> None:
    """Markup in less than 200 KB, without a script, whose style keeps to itself."""
    told = shown._repr_html_()
    assert len(told) < 200_000
    assert "<script" not in told
    assert told.startswith("<div class=layersnap><style>.layersnap {")
    assert ":root" not in told
    assert "conv4" in told


def test_sizes() -> None:
    """All of 500 layers may change: the cell takes less than 200 KB, its value 200 characters."""
    folder = Path(__file__).parents[1] / "snapshots"
    large = LayerTable.read_csv(folder / "applications/resnet152.csv")
    mixed = tuple(replace(row, dtype="mixed_float16") for row in large.layers)
    drift = compare(large, replace(large, layers=mixed))
    assert len(drift.changes) == len(large) > 500
    assert len(drift._repr_html_().encode()) < 200_000
    for shown in (large, drift, drift.changes[0], flow(large), large.layers[-1]):
        assert len(repr(shown)) < 200


def test_a_drift_in_a_notebook_folds_its_rows() -> None:
    """What it comes to and its findings are open; two cells have no anchor in common."""
    drift = compare(RESNET50, THAWED)
    first, second = drift._repr_html_(), drift._repr_html_()
    assert "has drifted" in first
    assert first.count("<details><summary>179 rows") == 1
    anchors = [set(re.findall(r"\bid=(r\d+)", told)) for told in (first, second)]
    assert anchors[0]
    assert anchors[0].isdisjoint(anchors[1])


def test_text_of_others_stays_text_in_a_notebook() -> None:
    """A name that is markup is shown as it is spelled."""
    layer = replace(RESNET50.layers[0], layer_name="<img src=x onerror=alert(1)>")
    table = replace(RESNET50, layers=(layer, *RESNET50.layers[1:]))
    for shown in (table, compare(RESNET50, table)):
        assert "<img" not in shown._repr_html_()
