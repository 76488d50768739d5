"""Families of keras-hub that the rules were not made for, from tables recorded with keras-hub 0.32."""

from __future__ import annotations

import pytest

from pytest_layersnap import LayerTable, flow

from .hub import TABLES

#: The stages with more than one block, and whose depth that is.
DEPTHS = {
    "clip": ([12, 12], "arXiv:2103.00020, table 20: ViT-B"),
    "deberta_v3": ([12], "arXiv:2111.09543: the base model"),
    "deeplab_v3": ([3, 4, 6, 3], "arXiv:1512.03385, table 1: ResNet50 as backbone"),
    "dinov2": ([12], "arXiv:2304.07193: ViT-B, of arXiv:2010.11929, table 1"),
    "fnet": ([12], "arXiv:2105.03824: the base model, as deep as BERT-Base"),
    "retinanet": ([3, 4, 6, 3], "arXiv:1512.03385, table 1: ResNet50 as backbone"),
    "swin": ([2, 2, 6, 2], "arXiv:2103.14030, section 3.3: Swin-T"),
    "xlnet": ([12], "arXiv:1906.08237: the base model, as deep as BERT-Base"),
}


def recorded(name: str) -> LayerTable:
    """A recorded table."""
    return LayerTable.read_csv(TABLES / f"{name}.csv")


@pytest.mark.parametrize("name", DEPTHS)
def test_depths(name: str) -> None:
    """As many blocks in each stage as the paper has, and no row left out."""
    table, (depths, source) = recorded(name), DEPTHS[name]
    stages = flow(table).stages
    plain = ("conv", "pool", "Dense", "embedding")
    blocks = [sum(block.kind not in plain for block in stage.blocks) for stage in stages]
    assert [count for count in blocks if count > 1] == depths, source
    assert sum(len(stage.rows) for stage in stages) == len(table)


def test_atrous_pyramid_pooling() -> None:
    """The branches of DeepLabV3 are told with their dilations; arXiv:1706.05587, figure 5."""
    units = [block.text for block in flow(recorded("deeplab_v3")).blocks]
    place = units.index("3×3 dilated 6")
    assert units[place - 1 : place + 3] == [
        "1×1",
        *(f"3×3 dilated {rate}" for rate in (6, 12, 18)),
    ]
