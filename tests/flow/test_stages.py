"""Stages and blocks of networks, from their recorded tables."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_layersnap import LayerTable, flow
from pytest_layersnap.compare.edges import split_reference
from pytest_layersnap.compare.names import snake_case

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
GOLDENS = Path(__file__).parent / "goldens"
ALL = sorted(path.relative_to(SNAPSHOTS).as_posix() for path in SNAPSHOTS.rglob("*.csv"))


def recorded(name: str) -> LayerTable:
    """A recorded table."""
    return LayerTable.read_csv(SNAPSHOTS / f"{name}.csv")


def auto_named(table: LayerTable) -> LayerTable:
    """The same network without one name that a person gave."""
    counts: dict[str, int] = defaultdict(int)
    names: dict[str, str] = {}
    for layer in table:
        base = snake_case(layer.layer_type)
        names[layer.layer_name] = f"{base}_{counts[base]}" if counts[base] else base
        counts[base] += 1

    def renamed(reference: str) -> str:
        path, _, _ = split_reference(reference, names)
        return names[path] + reference[len(path) :]

    return LayerTable(
        tuple(
            replace(
                layer,
                layer_name=names[layer.layer_name],
                inbound_layers=json.dumps([list(map(renamed, call)) for call in layer.calls]),
            )
            for layer in table
        )
    )


@pytest.mark.parametrize("name", ALL)
def test_every_row_is_in_one_block(name: str) -> None:
    """Rows and parameters are told once each."""
    table = LayerTable.read_csv(SNAPSHOTS / name)
    found = flow(table)
    assert sorted(row.layer_name for stage in found.stages for row in stage.rows) == sorted(
        row.layer_name for row in table
    )
    assert found.parameters == table.parameters
    assert found.trainable_parameters == table.trainable_parameters


def test_resnet50() -> None:
    """The table of He et al. 2015, "Deep Residual Learning for Image Recognition", table 1."""
    golden = (GOLDENS / "resnet50.txt").read_text(encoding="utf-8")
    assert flow(recorded("applications/resnet50")).to_text() + "\n" == golden


def test_resnet50_auto_named() -> None:
    """Nothing of it comes from names."""
    golden = (GOLDENS / "resnet50.txt").read_text(encoding="utf-8")
    assert flow(auto_named(recorded("applications/resnet50"))).to_text() + "\n" == golden
