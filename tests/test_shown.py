"""What a notebook's cell and ``print`` show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

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
