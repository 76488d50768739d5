"""Families of keras-hub that the rules were not made for, small, as deep as their base models.

python -m tests.flows.hub    # writes their tables; needs keras-hub
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parent / "tables"

_TEXT = {
    "vocabulary_size": 100,
    "num_layers": 12,
    "hidden_dim": 16,
    "intermediate_dim": 32,
}
_SHORT = {"max_sequence_length": 12}


def _resnet(models: Any) -> Any:
    return models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 64, 64, 64],
        stackwise_num_blocks=[3, 4, 6, 3],
        stackwise_num_strides=[1, 2, 2, 2],
        block_type="bottleneck_block",
        image_shape=(64, 64, 3),
    )


def _clip(models: Any) -> Any:
    depth = {"hidden_dim": 16, "num_layers": 12, "num_heads": 2, "intermediate_dim": 32}
    vision = models.CLIPVisionEncoder(patch_size=8, image_shape=(32, 32, 3), **depth)
    text = models.CLIPTextEncoder(vocabulary_size=100, embedding_dim=16, **_SHORT, **depth)
    return models.CLIPBackbone(vision, text, projection_dim=8)


def _deeplab(models: Any) -> Any:
    backbone = models.DeepLabV3Backbone(
        image_encoder=_resnet(models),
        projection_filters=8,
        low_level_feature_key="P2",
        spatial_pyramid_pooling_key="P5",
        upsampling_size=8,
        dilation_rates=[6, 12, 18],
        image_shape=(64, 64, 3),
    )
    return models.DeepLabV3ImageSegmenter(backbone=backbone, num_classes=3)


#: By the name of the table.
FAMILIES: dict[str, Callable[[Any], Any]] = {
    "clip": _clip,
    "deberta_v3": lambda models: models.DebertaV3Backbone(
        num_heads=2, bucket_size=4, **_SHORT, **_TEXT
    ),
    "deeplab_v3": _deeplab,
    "dinov2": lambda models: models.DINOV2Backbone(
        patch_size=8,
        num_layers=12,
        hidden_dim=16,
        num_heads=2,
        intermediate_dim=32,
        image_shape=(32, 32, 3),
        position_embedding_shape=(32, 32, 3),
    ),
    "fnet": lambda models: models.FNetBackbone(**_SHORT, **_TEXT),
    "retinanet": lambda models: models.RetinaNetBackbone(
        image_encoder=_resnet(models),
        min_level=3,
        max_level=7,
        use_p5=False,
        image_shape=(64, 64, 3),
    ),
    "swin": lambda models: models.SwinTransformerBackbone(
        image_shape=(64, 64, 3),
        embed_dim=8,
        depths=(2, 2, 6, 2),
        num_heads=(1, 2, 2, 2),
        window_size=4,
    ),
    "xlnet": lambda models: models.XLNetBackbone(num_heads=2, **_TEXT),
}


def main() -> None:
    """Write the tables."""
    import keras_hub

    from pytest_layersnap import layer_table

    for name, build in FAMILIES.items():
        layer_table(build(keras_hub.models), name=name).to_csv(TABLES / f"{name}.csv")


if __name__ == "__main__":
    main()
