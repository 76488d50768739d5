"""Reports speak in stages and blocks, where rows are exactly that."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace

import pytest

from benchmarks.compare.tables import network
from benchmarks.compare.work import calls
from pytest_layersnap import LayerTable, compare, flow
from pytest_layersnap.references import Reference

from ..comparison.tables import chain, dense, entry, plain
from ..flows.test_stages import SNAPSHOTS, auto_named, recorded

pytestmark = pytest.mark.lifecycle  # no Keras: one environment runs them for all


def report(recorded: LayerTable, current: LayerTable) -> list[str]:
    """The lines of the report."""
    return compare(recorded, current).to_text(accept=None).splitlines()


def without(table: LayerTable, stage: str, first: int, last: int) -> LayerTable:
    """The network without some blocks of a stage; what they fed is fed by the block before them."""
    (blocks,) = (found.blocks for found in flow(table).stages if found.name == stage)
    gone = {row.layer_name for block in blocks[first : last + 1] for row in block.rows}
    before = blocks[first - 1].rows[-1].layer_name

    def fed(call: Sequence[str]) -> list[str]:
        return [before if Reference.parse(each).path in gone else each for each in call]

    return LayerTable(
        tuple(
            replace(row, inbound_layers=json.dumps([fed(call) for call in row.calls if call]))
            for row in table
            if row.layer_name not in gone
        )
    )


def unfrozen(table: LayerTable, layers: Collection[str]) -> tuple[LayerTable, LayerTable]:
    """A frozen network, and the same with these layers trained: what has no flag keeps its own."""
    frozen = [replace(row, is_trainable=not row.has_flag, trainable_parameters=0) for row in table]
    thawed = [
        replace(row, is_trainable=True, trainable_parameters=row.parameters)
        if row.layer_name in layers
        else row
        for row in frozen
    ]
    return LayerTable(tuple(frozen)), LayerTable(tuple(thawed))


def names(table: LayerTable, *stages: str) -> list[str]:
    """The layers of these stages."""
    found = (stage for stage in flow(table).stages if stage.name in stages)
    return [row.layer_name for stage in found for row in stage.rows]


@pytest.mark.parametrize(
    ("recorded_name", "current_name", "told"),
    [
        (
            "resnet50",
            "resnet101",
            [
                "conv4_x: 17 blocks added, 23 in all, each the same as conv4_block6_1_conv … "
                "conv4_block6_out"
            ],
        ),
        (
            "resnet152",
            "resnet50",
            [
                "conv3_x: 4 of 8 blocks removed, each the same as conv3_block4_1_conv … "
                "conv3_block4_out",
                "conv4_x: 30 of 36 blocks removed, each the same as conv4_block6_1_conv … "
                "conv4_block6_out",
            ],
        ),
        (
            "densenet121",
            "densenet169",
            ["conv4_x: 8 blocks added, 32 in all", "conv5_x: 16 blocks added, 32 in all"],
        ),
        (
            "efficientnetb0",
            "efficientnetb4",
            [
                "blocks added: 1 in block1_x, 2 in block2_x, 2 in block3_x, 3 in block4_x, "
                "3 in block5_x, 4 in block6_x, 1 in block7_x"
            ],
        ),
        ("resnet50", "without_top/resnet50", ["head removed"]),
    ],
)
def test_deeper_and_shallower_networks(
    recorded_name: str, current_name: str, told: list[str]
) -> None:
    """The difference that the papers state."""
    lines = report(*(recorded(f"applications/{n}") for n in (recorded_name, current_name)))
    assert [line[6:] for line in lines if line[6:] in told] == told


@pytest.mark.parametrize(
    ("name", "stage", "stage_without_names"),
    [
        ("resnet50", "conv4_x", "conv4_x"),
        ("resnet50v2", "conv4_x", "conv4_x"),
        ("mobilenetv2", "block_6–9", "conv5_x"),
        ("efficientnetb4", "block6_x", "conv7_x"),
        ("densenet169", "conv4_x", "conv6_x"),
        ("inceptionv3", "conv4_x", "conv4_x"),
        ("xception", "block4–12", "conv4_x"),
        ("nasnetmobile", "conv3_x", "conv3_x"),
        ("mobilenetv3small", "expanded_conv_3–5", "conv4_x"),
    ],
)
def test_a_block_more_or_less(name: str, stage: str, stage_without_names: str) -> None:
    """In whatever network, named or not: also where equal rows may be taken for those of the next."""
    named = recorded(f"applications/{name}")
    for table, where in ((named, stage), (auto_named(named), stage_without_names)):
        (blocks,) = (found.blocks for found in flow(table).stages if found.name == where)
        middle = len(blocks) // 2
        smaller = without(table, where, middle, middle)
        if table is not named:
            smaller = auto_named(smaller)
        count = len(blocks)
        removed, added = "\n".join(report(table, smaller)), "\n".join(report(smaller, table))
        assert f"      {where}: 1 of {count} blocks removed" in removed
        assert f"      {where}: 1 block added, {count} in all" in added


def test_all_of_a_stage() -> None:
    """Also where it is as short as to be told layer by layer."""
    body = [entry(64), dense("a", "", 64, 64), dense("b", "", 64, 64)]
    head = [dense("c", "", 64, 8), plain("d", "Dropout", [], size=8)]
    assert "  + 2 layers: c, d, after b" in report(chain(*body), chain(*body, *head))
    vgg = recorded("applications/vgg16")
    gone = names(vgg, "block5")
    lines = report(vgg, LayerTable(tuple(row for row in vgg if row.layer_name not in gone)))
    assert "      block5 removed" in lines
    assert "      block5_pool (MaxPooling2D)  (None, 14, 14, 512) → (None, 7, 7, 512)" in lines


def test_half_a_block_is_none() -> None:
    """Nor is one and a half."""
    table = recorded("applications/resnet50")
    rows = {f"conv4_block3_{part}" for part in ("3_conv", "3_bn", "add", "out")}
    rows |= set(names(table, "conv4_x")) & {
        row.layer_name for row in table if "conv4_block4" in row.layer_name
    }
    lines = report(LayerTable(tuple(row for row in table if row.layer_name not in rows)), table)
    assert not [line for line in lines if "block added" in line or "blocks added" in line]


@pytest.mark.parametrize(
    ("stages", "told"),
    [
        (("conv5_x",), "all of conv5_x"),
        (("conv5_x", "head"), "all of conv5_x and head"),
        (("conv4_x", "conv5_x", "head"), "all of conv4_x to head"),
        (("conv2_x", "conv5_x", "head"), "all of conv2_x, all of conv5_x and head"),
        (("conv1", "conv2_x", "conv3_x", "conv4_x", "conv5_x", "head"), "the whole network"),
    ],
)
def test_stages_that_are_trained(stages: tuple[str, ...], told: str) -> None:
    """Inputs, which nobody can freeze, do not count."""
    table = recorded("applications/resnet50")
    lines = report(*unfrozen(table, set(names(table, *stages))))
    (first,) = (line for line in lines if line.startswith("  ~"))
    assert first.endswith(f", {told}")


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (10, ", the last of 3 blocks of conv5_x"),
        (20, ", the last 2 of 3 blocks of conv5_x"),
        (32, ", all of conv5_x"),
        (42, ", the last of 6 blocks of conv4_x, all of conv5_x"),
        (41, ""),
        (21, ""),
    ],
)
def test_last_layers_that_are_trained(count: int, told: str) -> None:
    """As people count them, in a backbone: only where that is where a block begins."""
    table = recorded("applications/without_top/resnet50")
    lines = report(*unfrozen(table, {row.layer_name for row in table.layers[-count:]}))
    (first,) = (line for line in lines if line.startswith("  ~"))
    assert first.endswith(f"conv5_block3_out{told}")


@pytest.mark.parametrize(
    ("blocks", "told"),
    [
        ([0], "the first of 6 blocks of conv4_x"),
        ([0, 1], "the first 2 of 6 blocks of conv4_x"),
        ([2, 3], "2 of 6 blocks of conv4_x"),
    ],
)
def test_some_blocks_that_are_trained(blocks: list[int], told: str) -> None:
    """They are counted from the end where they reach it, from the start where they begin there."""
    table = recorded("applications/resnet50")
    (found,) = (stage.blocks for stage in flow(table).stages if stage.name == "conv4_x")
    trained = {row.layer_name for block in blocks for row in found[block].rows}
    lines = report(*unfrozen(table, trained))
    (first,) = (line for line in lines if line.startswith("  ~"))
    assert first.endswith(f", {told}")


def test_operations_do_not_count_as_frozen() -> None:
    """They have no flag that could change with their stage's."""
    table = recorded("applications/resnet50")
    table = LayerTable(
        tuple(
            replace(row, layer_type="op:add") if row.layer_type == "Add" else row for row in table
        )
    )
    lines = report(*unfrozen(table, {n for n in names(table, "conv5_x") if "add" not in n}))
    assert any(line.endswith(", all of conv5_x") for line in lines)


def test_single_layers_are_no_blocks() -> None:
    """Two convolutions of three are two convolutions."""
    table = recorded("applications/vgg19")
    some = {row for row in names(table, "block5") if row != "block5_conv1"}
    (first,) = (line for line in report(*unfrozen(table, some)) if line.startswith("  ~"))
    assert first == "  ~ 4 layers: block5_conv2 … block5_pool"


def test_scattered_rows_are_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """To find the stages of a long table is more work than to compare it."""
    table = recorded("applications/resnet50")
    convolutions = {row.layer_name for row in table if row.layer_type == "Conv2D"}
    monkeypatch.setitem(sys.modules, "pytest_layersnap.flows.stages", None)  # can't be imported
    assert any(" 53 Conv2D layers" in line for line in report(*unfrozen(table, convolutions)))


def test_reports_are_the_same_in_every_process() -> None:
    """Whatever the order of sets."""
    code = (
        "from pytest_layersnap import LayerTable, compare\n"
        "one, other = (LayerTable.read_csv(f'snapshots/applications/{name}.csv')"
        " for name in ('resnet50v2', 'resnet101v2'))\n"
        "print(compare(one, other).to_text())"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=SNAPSHOTS.parent,
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            capture_output=True,
            check=True,
        ).stdout
        for seed in "15"  # in which a set of the added rows has two orders
    }
    assert len(printed) == 1
    assert b", conv4_block5_out and max_pooling2d_2, conv4_block23_2_conv" in printed.pop()


def test_telling_blocks_is_less_work_than_deepdiff() -> None:
    """And it grows with the rows, no faster; counted, not timed."""
    work = {}
    few, many = 500, 2_500
    for rows in (few, many):
        table = network(rows)
        frozen = (
            replace(row, is_trainable=False, trainable_parameters=0) for row in table.layers[250:]
        )
        current = LayerTable((*table.layers[:250], *frozen))
        work[rows] = calls("layersnap", table, current)
        assert work[rows] < calls("DeepDiff", table, current)
    assert work[many] / work[few] <= many * math.log(many) / (few * math.log(few))
