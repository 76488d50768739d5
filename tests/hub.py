"""Models of keras-hub from their constructors, without presets, at small sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

#: By the name of the snapshot; each takes constructor arguments in place of its own.
HUB: dict[str, Callable[..., Any]] = {}


def small(**defaults: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a builder under its name, with the arguments that make it small."""

    def register(build: Callable[..., Any]) -> Callable[..., Any]:
        HUB[build.__name__] = lambda hub, **changed: build(hub, **{**defaults, **changed})
        return HUB[build.__name__]

    return register


_TRANSFORMER = {
    "vocabulary_size": 100,
    "num_layers": 2,
    "num_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
}
_DECODER = {
    "vocabulary_size": 100,
    "num_layers": 2,
    "num_query_heads": 4,
    "num_key_value_heads": 2,
    "hidden_dim": 16,
    "intermediate_dim": 32,
}


@small(**_TRANSFORMER, max_sequence_length=12)
def bert(hub: Any, **arguments: Any) -> Any:
    return hub.models.BertBackbone(**arguments)


@small(**_TRANSFORMER, max_sequence_length=12)
def gpt2(hub: Any, **arguments: Any) -> Any:
    """With its head, which is the token embedding in reverse."""
    return hub.models.GPT2CausalLM(backbone=hub.models.GPT2Backbone(**arguments))


@small(**_DECODER)
def llama(hub: Any, **arguments: Any) -> Any:
    return hub.models.LlamaBackbone(**arguments)


@small(**_DECODER, head_dim=4)
def gemma(hub: Any, **arguments: Any) -> Any:
    return hub.models.GemmaBackbone(**arguments)


@small(**_TRANSFORMER)
def t5(hub: Any, **arguments: Any) -> Any:
    return hub.models.T5Backbone(**arguments)


@small(**_TRANSFORMER, num_mels=8, max_encoder_sequence_length=20, max_decoder_sequence_length=10)
def whisper(hub: Any, **arguments: Any) -> Any:
    return hub.models.WhisperBackbone(**arguments)


@small(
    input_conv_filters=[64],
    input_conv_kernel_sizes=[7],
    stackwise_num_filters=[64, 64],
    stackwise_num_blocks=[2, 2],
    stackwise_num_strides=[1, 2],
    block_type="basic_block",
    image_shape=(32, 32, 3),
)
def resnet(hub: Any, **arguments: Any) -> Any:
    return hub.models.ResNetBackbone(**arguments)


@small(image_shape=(32, 32, 3), patch_size=8, num_layers=2, num_heads=2, hidden_dim=16, mlp_dim=32)
def vit(hub: Any, **arguments: Any) -> Any:
    return hub.models.ViTBackbone(**arguments)


@small(
    layerwise_depths=[1, 1],
    num_layers=2,
    layerwise_num_heads=[1, 2],
    layerwise_sr_ratios=[2, 1],
    max_drop_path_rate=0.1,
    layerwise_patch_sizes=[7, 3],
    layerwise_strides=[4, 2],
    image_shape=(32, 32, 3),
    hidden_dims=[8, 16],
    projection_filters=8,
    num_classes=3,
)
def segformer(hub: Any, projection_filters: int, num_classes: int, **arguments: Any) -> Any:
    """A segmentation model: a transformer of images, a pyramid over it, and a head."""
    encoder = hub.models.MiTBackbone(**arguments)
    backbone = hub.models.SegFormerBackbone(
        image_encoder=encoder, projection_filters=projection_filters
    )
    return hub.models.SegFormerImageSegmenter(backbone=backbone, num_classes=num_classes)


@small(
    normalize_first=False, activation="relu", tie_weights=True, max_wavelength=10000, reverse=True
)
def layers(
    hub: Any,
    normalize_first: bool,
    activation: str,
    tie_weights: bool,
    max_wavelength: int,
    reverse: bool,
) -> Any:
    """Layers of keras-hub in somebody's own model, with the mask of an embedding."""
    from keras import Input, Model

    tokens = Input((8,), dtype="int32", name="tokens")
    embed = hub.layers.ReversibleEmbedding(
        50, 16, tie_weights=tie_weights, mask_zero=True, name="embed"
    )
    x = embed(tokens)
    x = x + hub.layers.PositionEmbedding(8, name="position")(x)
    x = x + hub.layers.RotaryEmbedding(max_wavelength=max_wavelength, name="rotary")(x)
    x = hub.layers.TransformerEncoder(
        32, 2, activation=activation, normalize_first=normalize_first, name="encoder"
    )(x)
    x = hub.layers.TransformerDecoder(
        32, 2, activation=activation, normalize_first=normalize_first, name="decoder"
    )(x)
    x = hub.layers.FNetEncoder(32, name="mixer")(x)
    return Model(tokens, embed(x, reverse=True) if reverse else x)
