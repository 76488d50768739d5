"""Stages and blocks of networks, from their recorded tables."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from pytest_layersnap import LayerTable, flow
from pytest_layersnap.references import Reference, snake_case
from pytest_layersnap.table import Layer

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"
GOLDENS = Path(__file__).parent / "goldens"
ALL = sorted(path.relative_to(SNAPSHOTS).as_posix() for path in SNAPSHOTS.rglob("*.csv"))

#: How many blocks of a kind the stages of a network have, and which source says so.
DEPTHS = {
    "resnet50": ("residual", [3, 4, 6, 3], "arXiv:1512.03385, table 1"),
    "resnet101": ("residual", [3, 4, 23, 3], "arXiv:1512.03385, table 1"),
    "resnet152": ("residual", [3, 8, 36, 3], "arXiv:1512.03385, table 1"),
    "resnet50v2": ("residual", [3, 4, 6, 3], "arXiv:1603.05027: as deep as arXiv:1512.03385"),
    "vgg16": ("conv", [2, 2, 3, 3, 3], "arXiv:1409.1556, table 1, D"),
    "vgg19": ("conv", [2, 2, 4, 4, 4], "arXiv:1409.1556, table 1, E"),
    "densenet121": ("densely connected", [6, 12, 24, 16], "arXiv:1608.06993, table 1"),
    "densenet169": ("densely connected", [6, 12, 32, 32], "arXiv:1608.06993, table 1"),
    "densenet201": ("densely connected", [6, 12, 48, 32], "arXiv:1608.06993, table 1"),
    "inceptionv3": (
        "inception",
        [3, 5, 3],
        "keras.applications: mixed0–2, mixed3–7 and mixed8–10; arXiv:1512.00567, table 1, "
        "has the same three resolutions",
    ),
    "inceptionresnetv2": (
        "residual",
        [10, 20, 10],
        "keras.applications: block35, block17 and block8; half as many in arXiv:1602.07261, fig. 15",
    ),
    "xception": ("residual", [1, 1, 9, 1], "arXiv:1610.02357, figure 5: 8 in the middle flow"),
    "mobilenet": ("separable", [1, 2, 2, 6, 2], "arXiv:1704.04861, table 1"),
    "mobilenetv2": ("inverted bottleneck", [1, 2, 3, 4, 3, 3, 1], "arXiv:1801.04381, table 2"),
    "mobilenetv3small": ("inverted bottleneck", [1, 2, 3, 2, 3], "arXiv:1905.02244, table 2"),
    "efficientnetb0": ("inverted bottleneck", [1, 2, 2, 3, 3, 4, 1], "arXiv:1905.11946, table 1"),
    "efficientnetb4": (
        "inverted bottleneck",
        [2, 4, 4, 6, 6, 8, 2],
        "arXiv:1905.11946, table 1, times 1.8 and rounded up",
    ),
    "efficientnetv2s": (
        "inverted bottleneck",
        [4, 4, 6, 9, 15],
        "arXiv:2104.00298, table 4; its first stage does not expand",
    ),
    "nasnetmobile": (
        "cell",
        [1, 5, 5, 5],
        "arXiv:1707.07012, figure 2 and N = 4: two reduction cells in the stem, then 4 cells each",
    ),
    "nasnetlarge": ("cell", [1, 7, 7, 7], "arXiv:1707.07012, figure 2, N = 6"),
    "convnexttiny": ("residual", [3, 3, 9, 3], "arXiv:2201.03545, section 3, the variants"),
    "convnextbase": ("residual", [3, 3, 27, 3], "arXiv:2201.03545, section 3, the variants"),
}


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
        found = Reference.parse(reference)
        return str(found._replace(path=names[found.path]))

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


@pytest.mark.parametrize("seed", range(100))
def test_any_graph(seed: int) -> None:
    """However layers are connected, each of them is told once."""
    random = Random(seed)
    kinds = (
        "Conv2D",
        "Add",
        "Concatenate",
        "Multiply",
        "ReLU",
        "BatchNormalization",
        "UpSampling2D",
    )
    layers: list[Layer] = []
    for number in range(random.randrange(1, 40)):
        size, channels = random.choice((4, 8, 16)), random.choice((3, 8))
        feeds = [
            layers[random.randrange(max(number - 6, 0), number)] for _ in range(min(number, 2))
        ]
        layer = Layer(
            model="any",
            layer_name=f"layer_{number}",
            layer_type=random.choice(kinds) if feeds and random.random() < 0.9 else "InputLayer",
            output_shape=f"(None, {size}, {size}, {channels})",
            input_shape=feeds[0].output_shape if feeds else "",
            parameters=number,
            weight_shapes=random.choice(("[]", "[[3, 3, 3, 8]]")),
        )
        edges = [] if layer.layer_type == "InputLayer" else [feed.layer_name for feed in feeds]
        layers.append(replace(layer, inbound_layers=json.dumps(edges)))
    table = LayerTable(tuple(layers))
    found = flow(table)
    assert sorted(row.layer_name for stage in found.stages for row in stage.rows) == sorted(
        layer.layer_name for layer in layers
    )
    assert found.parameters == table.parameters
    assert found.to_svg()


def test_resnet50() -> None:
    """The table of He et al. 2015, "Deep Residual Learning for Image Recognition", table 1."""
    golden = (GOLDENS / "resnet50.txt").read_text(encoding="utf-8")
    assert flow(recorded("applications/resnet50")).to_text() + "\n" == golden


def test_resnet50_auto_named() -> None:
    """Nothing of it comes from names."""
    golden = (GOLDENS / "resnet50.txt").read_text(encoding="utf-8")
    assert flow(auto_named(recorded("applications/resnet50"))).to_text() + "\n" == golden


@pytest.mark.parametrize("name", DEPTHS)
def test_depths(name: str) -> None:
    """As many blocks in each stage as the paper has, with names and without."""
    kind, depths, source = DEPTHS[name]
    table = recorded(f"applications/{name}")
    for found in (flow(table), flow(auto_named(table))):
        counts = [sum(block.kind == kind for block in stage.blocks) for stage in found.stages]
        assert [count for count in counts if count] == depths, source


def test_projections_and_strides_of_resnet50() -> None:
    """The first block of a stage projects, and halves the image from the second stage on."""
    stages = [stage for stage in flow(recorded("applications/resnet50")).stages if stage.blocks[1:]]
    blocks = [stage.blocks for stage in stages if stage.blocks[0].kind == "residual"]
    assert [[block.projection for block in each] for each in blocks] == [
        [True] + [False] * (len(each) - 1) for each in blocks
    ]
    assert [[block.stride for block in each] for each in blocks] == [
        [stride] + [1] * (len(each) - 1) for stride, each in zip((1, 2, 2, 2), blocks, strict=True)
    ]


def test_xception_repeats_its_middle_flow() -> None:
    """Equal blocks are one line."""
    repeats = [r for stage in flow(recorded("applications/xception")).stages for r in stage.repeats]
    assert [len(r.blocks) for r in repeats if r.block.units == ("3×3 separable",) * 3] == [8]


def test_frozen_blocks_are_told_apart() -> None:
    """A block that is frozen is not rolled up with one that is not."""
    table = recorded("applications/resnet50")
    frozen = LayerTable(
        tuple(
            replace(layer, trainable_parameters=0)
            if layer.layer_name.startswith("conv5_block2")
            else layer
            for layer in table
        )
    )
    (stage,) = [stage for stage in flow(frozen).stages if stage.name == "conv5_x"]
    assert [len(repeat.blocks) for repeat in stage.repeats] == [1, 1, 1]


@pytest.mark.parametrize(
    ("name", "stages"),
    [
        ("applications/mobilenetv2", "conv1 expanded_conv block_1–2 block_3–5 block_6–9"),
        ("applications/efficientnetb4", "stem block1_x block2_x block3_x"),
        ("applications/convnexttiny", "conv1 stage_0_x conv3 stage_1_x"),
        ("keras_hub/gpt2", "gpt2_backbone/embedding gpt2_backbone/transformer_layer_0–1"),
    ],
)
def test_stages_are_called_what_people_call_their_layers(name: str, stages: str) -> None:
    """A stage has the beginning of its layers' names, or is counted."""
    names = [stage.name for stage in flow(recorded(name)).stages]
    assert names[: len(stages.split())] == stages.split()


def test_a_subclassed_model() -> None:
    """It is told by the calls inside: the stages of a network are those of its functional twin."""
    stages = flow(recorded("inside/residual_network_of_one_size")).stages
    found = [
        (stage.name, [(len(repeat.blocks), repeat.block.width) for repeat in stage.repeats])
        for stage in stages
    ]
    assert found[:3] == [("conv1", [(1, 4)]), ("unit_1", [(2, 4)]), ("unit_2", [(1, 8), (1, 8)])]
