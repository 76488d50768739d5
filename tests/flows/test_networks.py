"""Stages and blocks of live models, in both generations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import compare, flow, layer_table
from pytest_layersnap.flows.flow import Flow

from .networks import NETWORKS, flattened_transformer
from .test_pictures import arrows

pytestmark = pytest.mark.once_a_generation

GOLDEN = Path(__file__).parent / "goldens" / "resnet50.txt"


@pytest.fixture(scope="module")
def found(keras: ModuleType) -> Callable[[str], Flow]:
    """The flow of a network by its name, built once."""
    built: dict[str, Flow] = {}

    def get(name: str) -> Flow:
        if name not in built:
            built[name] = flow(layer_table(NETWORKS[name](keras), name=name))
        return built[name]

    return get


def told(flow: Flow) -> list[tuple[str, list[str]]]:
    """The stages, each with its blocks in words."""
    return [
        (
            stage.name,
            [f"{len(repeat.blocks)} × {repeat.block.text}" for repeat in stage.repeats],
        )
        for stage in flow.stages
    ]


def test_resnet50(keras: ModuleType) -> None:
    """The table of the paper, from a live model without names; arXiv:1512.03385, table 1."""
    model = keras.applications.ResNet50(weights=None)

    def without_name(layer: Any) -> Any:
        config = layer.get_config()
        del config["name"]
        return type(layer).from_config(config)

    golden = GOLDEN.read_text(encoding="utf-8")
    named = flow(layer_table(model, name="applications/resnet50"))
    assert named.to_text() + "\n" == golden
    clone = keras.models.clone_model(model, clone_function=without_name)
    assert not any("conv" in layer.name and "block" in layer.name for layer in clone.layers)
    assert flow(layer_table(clone, name="applications/resnet50")).to_text() + "\n" == golden


def test_unet(found: Callable[[str], Flow]) -> None:
    """Down and up again, two convolutions a step; arXiv:1505.04597, figure 1."""
    down = [["2 × 3×3", "1 × 2×2 max pool"]] * 4
    up = [["1 × 2×2 transposed", "1 × 3×3", "1 × 3×3"]] * 4
    up[3] = [*up[3], "1 × 1×1"]
    assert [blocks for _, blocks in told(found("unet"))] == [*down, ["2 × 3×3"], *up]
    skips = [block.skip for stage in found("unet").stages[5:] for block in stage.blocks]
    assert skips == [False, True, False] * 4 + [False]
    assert found("unet").to_svg().count('class="lsf-way lsf-skip"') == 4


def test_vision_transformer(found: Callable[[str], Flow]) -> None:
    """Attention and perceptron are one block, the last norm none; arXiv:2010.11929, table 1."""
    assert told(found("vision_transformer")) == [
        ("conv1", ["1 × 8×8"]),
        ("transformer", ["12 × MultiHeadAttention, Dense, Dense"]),
        ("head", ["1 × global average pool", "1 × Dense"]),
    ]


def test_text_encoder(found: Callable[[str], Flow]) -> None:
    """A norm after each sum belongs to it; arXiv:1810.04805, section 3: 12 layers."""
    assert told(found("text_encoder")) == [
        ("embedding", ["1 × Embedding | Embedding"]),
        ("transformer", ["12 × MultiHeadAttention, Dense, Dense"]),
        ("head", ["1 × Dense"]),
    ]


def test_translator(found: Callable[[str], Flow]) -> None:
    """What is attended to is no flow; arXiv:1706.03762, section 3.1: 6 and 6 layers."""
    assert told(found("translator")) == [
        ("source/embedding", ["1 × Embedding"]),
        ("source/transformer", ["6 × MultiHeadAttention, Dense, Dense"]),
        ("target/embedding", ["1 × Embedding"]),
        ("target/transformer", ["6 × MultiHeadAttention, MultiHeadAttention, Dense, Dense"]),
        ("target/Dense", ["1 × Dense"]),
    ]


def test_siamese(found: Callable[[str], Flow]) -> None:
    """A backbone that is called twice is told once, with its stages, and then what compares."""
    stages = found("siamese").stages
    assert [stage.name for stage in stages] == [
        "resnet50/conv1",
        *(f"resnet50/conv{number}_x" for number in (2, 3, 4, 5)),
        "resnet50/head",
        "head",
    ]
    assert [len(stage.blocks) for stage in stages[1:5]] == [3, 4, 6, 3]
    assert told(found("siamese"))[-1] == ("head", ["1 × Subtract", "1 × Dense"])


def test_image_and_text(found: Callable[[str], Flow]) -> None:
    """Branches with inputs of their own are told one after the other."""
    assert told(found("image_and_text")) == [
        ("image/conv1", ["2 × 3×3", "1 × 2×2 max pool"]),
        ("image/conv2", ["2 × 3×3", "1 × 2×2 max pool"]),
        ("image/head", ["1 × global average pool"]),
        ("text/embedding", ["1 × Embedding"]),
        ("text/recurrent", ["1 × LSTM"]),
        ("head", ["1 × Concatenate", "1 × Dense", "1 × Dense"]),
    ]
    assert [stage.is_apart for stage in found("image_and_text").stages] == [
        stage.name == "text/embedding" for stage in found("image_and_text").stages
    ]
    mermaid = found("image_and_text").to_mermaid()
    assert arrows(mermaid) == "input>s0 s0>s1 s1>s2 input>s3 s3>s4 input>s5 s2>s5 s4>s5"


def test_recurrent(found: Callable[[str], Flow]) -> None:
    """Layers that return sequences, and the one that doesn't, are one stage."""
    assert told(found("recurrent")) == [
        ("embedding", ["1 × Embedding"]),
        ("recurrent", ["4 × LSTM"]),
        ("head", ["1 × Dense"]),
    ]


def test_two_heads(found: Callable[[str], Flow]) -> None:
    """What the heads share comes first, then each of them."""
    assert told(found("two_heads")) == [
        ("conv1", ["1 × 3×3", "1 × 2×2 max pool"]),
        ("conv2", ["1 × 3×3", "1 × 2×2 max pool"]),
        ("label", ["1 × Dense", "1 × Dense"]),
        ("box", ["1 × Dense", "1 × Dense"]),
    ]
    assert arrows(found("two_heads").to_mermaid()) == "input>s0 s0>s1 s1>s2 s1>s3"


def test_series_transformer(found: Callable[[str], Flow]) -> None:
    """Attention and its perceptron are one block, whatever the widths."""
    assert told(found("series_transformer")) == [
        ("transformer", ["3 × MultiHeadAttention, 1, 1"]),
        ("head", ["1 × global average pool", "1 × Dense"]),
    ]


def test_what_is_done_to_an_image_before_it_is_cut_into_patches(
    found: Callable[[str], Flow],
) -> None:
    """It is no upsampling by the layer that takes the patches."""
    (first, *_) = found("resized_patches").blocks
    assert (first.text, first.upsampling, first.stride) == ("Dense", 1, 1)


def test_branches_without_names(found: Callable[[str], Flow]) -> None:
    """They are called what is in them, not what Keras calls their inputs."""
    assert told(found("two_readers")) == [
        ("recurrent", ["3 × LSTM"]),
        ("recurrent (2)", ["1 × GRU"]),
        ("head", ["1 × Concatenate", "1 × Dense"]),
    ]


def test_a_block_before_a_flattening_is_one_of_its_run(keras: ModuleType) -> None:
    """One more block is told as that, though what follows is flattened and joined."""
    tables = [layer_table(flattened_transformer(keras, count)) for count in (3, 4)]
    assert "transformer: 1 block added, 4 in all" in compare(*tables).to_text()
