"""Pictures of the stages that have changed."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_layersnap.drift import compare
from pytest_layersnap.report.mermaid import changed_stages
from pytest_layersnap.table import LayerTable

from ..comparison.tables import chain, entry, mlp, plain

APPLICATIONS = Path(__file__).parents[2] / "snapshots" / "applications"


def drawn(recorded: str, current: str) -> list[str]:
    """The lines of the picture, without how boxes are framed."""
    tables = (LayerTable.read_csv(APPLICATIONS / f"{name}.csv") for name in (recorded, current))
    text = changed_stages(compare(*tables))
    return [line.strip() for line in text.splitlines() if "classDef" not in line]


def test_blocks_added() -> None:
    """The stage with all its blocks; those before and behind it are one box each."""
    assert drawn("resnet50", "resnet101") == [
        "flowchart TB",
        's0["conv1 #8230; conv3_x#58; unchanged"]',
        'subgraph s1["conv4_x · (14, 14, 1024)"]',
        "direction TB",
        's1b0["1×1, 3×3, 1×1 + projection, stride=2"]',
        's1b1["5 × (1×1, 3×3, 1×1)"]',
        's1b2["17 × (1×1, 3×3, 1×1) · added"]:::added',
        "s1b0 --> s1b1 --> s1b2",
        "end",
        "s0 --> s1",
        's2["conv5_x #8230; head#58; unchanged"]',
        "s1 --> s2",
    ]


def test_blocks_removed() -> None:
    """They stand in their stage, and nothing leads there."""
    lines = drawn("resnet101", "resnet50")
    assert 's1b2["17 × (1×1, 3×3, 1×1) · removed"]:::removed' in lines
    assert "s1b0 --> s1b1" in lines


@pytest.mark.parametrize("pair", [("nasnetlarge", "nasnetmobile"), ("mobilenetv2", "densenet121")])
def test_networks_that_share_little(pair: tuple[str, str]) -> None:
    """Every arrow leads from a box to another; what was removed is in no way."""
    text = "\n".join(drawn(*pair))
    boxes = set(re.findall(r"^(?:subgraph )?(s\d+(?:b\d+)?)\[", text, re.M))
    removed = set(re.findall(r"^(s\d+b\d+)\[.*:::removed$", text, re.M))
    led = set(re.findall(r"s\d+(?:b\d+)?", "\n".join(re.findall(r"^s.* --> s.*", text, re.M))))
    assert removed
    assert led <= boxes - removed


def test_nothing_to_draw() -> None:
    """Where nothing has drifted, no stage has changed, or more than anybody would look at."""
    network = chain(entry(8), *(plain(f"d{number}", "Dense", [8]) for number in range(3)))
    assert changed_stages(compare(network, network)) == ""
    renamed = LayerTable(tuple(replace(row, model="other") for row in network))
    assert changed_stages(compare(network, renamed)) == ""
    assert changed_stages(compare(mlp(*range(8, 60)), mlp(*range(9, 61)))) == ""


def test_names_are_no_markup() -> None:
    """Free text in a label stays text."""
    tables = (chain(entry(8), plain('a`"<b>', "Lambda", [], text=text)) for text in "xy")
    text = changed_stages(compare(*tables))
    assert "#34;" in text
    assert not re.search("[`<]", text)
