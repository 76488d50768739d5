"""Real changes to real models: what was recorded, and what is there now."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_layersnap import LayerTable, layer_table

from .. import models

_ROOT = Path(__file__).parents[2]
_HERE = Path(__file__).parent

Case = Callable[[ModuleType], tuple[LayerTable, LayerTable]]


def recorded(name: str) -> LayerTable:
    """A table that the tests of this repository hold against every Keras."""
    return LayerTable.read_csv(_ROOT / "snapshots" / f"{name}.csv")


def residual_network(
    keras: ModuleType,
    *,
    stem: bool = False,
    blocks: tuple[int, ...] = (3, 4, 6, 3),
    use_bias: bool = True,
) -> LayerTable:
    """A ResNet50 in which Keras names every layer."""
    layers = keras.layers
    inputs = keras.Input((224, 224, 3))
    x = layers.Conv2D(64, 7, strides=2, padding="same", use_bias=use_bias)(inputs)
    if stem:
        x = layers.Conv2D(64, 3, padding="same", use_bias=use_bias)(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, count in enumerate(blocks):
        for block in range(count):
            x = models.resnet_block(
                keras,
                x,
                64 * 2**stage,
                stride=2 if block == 0 and stage > 0 else 1,
                project=block == 0,
                use_bias=use_bias,
            )
    x = layers.GlobalAveragePooling2D()(x)
    outputs = layers.Dense(1000, activation="softmax")(x)
    return layer_table(keras.Model(inputs, outputs, name="resnet"))


def segmenter(keras: ModuleType, levels: tuple[int, ...]) -> LayerTable:
    """An encoder of residual levels and a decoder of four, whose layers are named by Keras."""
    layers = keras.layers
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(32, 3, strides=2, padding="same")(inputs)
    x = start = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters in levels:
        for _ in range(2):
            x = layers.SeparableConv2D(filters, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = start = layers.add([x, layers.Conv2D(filters, 1, strides=2, padding="same")(start)])
    for filters in (256, 128, 64, 32):
        for _ in range(2):
            x = layers.Conv2DTranspose(filters, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        y = layers.Conv2D(filters, 1, padding="same")(layers.UpSampling2D(2)(start))
        x = start = layers.add([layers.UpSampling2D(2)(x), y])
    outputs = layers.Conv2D(3, 3, padding="same", activation="softmax")(x)
    return layer_table(keras.Model(inputs, outputs, name="segmenter"))


def built_twice(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """Nothing happened but that Keras counted on."""
    return residual_network(keras), residual_network(keras)


def head_swapped(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """A classifier of ten classes in place of one of two."""
    base = models.backbone(keras, "resnet50")
    x = keras.layers.GlobalMaxPooling2D()(base.output)
    x = keras.layers.Dense(256, activation="relu")(x)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.4)(x)
    model = keras.Model(base.input, keras.layers.Dense(10, activation="softmax")(x))
    return recorded("resnet50"), layer_table(model, name="resnet50")


def last_20_unfrozen(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """The end of the backbone is trained."""
    base = models.backbone(keras, "resnet50")
    for layer in base.layers[-20:]:
        layer.trainable = True
    return recorded("resnet50"), layer_table(models.head(keras, base), name="resnet50")


def stem_layer_inserted(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """One more convolution at the start, which renumbers all others."""
    return residual_network(keras), residual_network(keras, stem=True)


def block_removed(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """Five blocks in the third stage."""
    return residual_network(keras), residual_network(keras, blocks=(3, 4, 5, 3))


def bias_on(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """Convolutions without a bias get one."""
    return residual_network(keras, use_bias=False), residual_network(keras)


def resnet101(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """Seventeen blocks more in the fourth stage."""
    del keras
    return recorded("applications/resnet50"), recorded("applications/resnet101")


def relu_layers(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """The same function, as a layer of another class."""
    model = keras.applications.ResNet50(weights=None)

    def again(layer: Any) -> Any:
        config = layer.get_config()
        if type(layer).__name__ == "Activation":
            return keras.layers.ReLU(name=config["name"])
        return type(layer).from_config(config)

    replaced = keras.models.clone_model(model, clone_function=again)
    return recorded("applications/resnet50"), layer_table(replaced, name="applications/resnet50")


def narrower(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """MobileNetV2 with three quarters of its channels."""
    model = keras.applications.MobileNetV2(weights=None, alpha=0.75)
    return recorded("applications/mobilenetv2"), layer_table(model, name="applications/mobilenetv2")


def another_generation(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """MobileNetV3, recorded under Keras 2.15 and built by Keras 3."""
    del keras
    old = LayerTable.read_csv(_HERE / "mobilenetv3small-keras2.csv")
    return old, recorded("applications/mobilenetv3small")


def encoder_level_removed(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """The last level of an encoder is gone; the decoder, of like blocks, stays as it is."""
    return segmenter(keras, (64, 128, 256)), segmenter(keras, (64, 128))


def fewer_heads(keras: ModuleType) -> tuple[LayerTable, LayerTable]:
    """Attention with two heads in place of four: as many weights, of other shapes."""

    def network(heads: int) -> LayerTable:
        layers = keras.layers
        inputs = keras.Input((5, 16))
        x = layers.MultiHeadAttention(num_heads=heads, key_dim=16, name="mha")(inputs, inputs)
        return layer_table(keras.Model(inputs, layers.Dense(2)(x), name="attending"))

    return network(4), network(2)


CASES: dict[str, Case] = {
    "built_twice": built_twice,
    "head_swapped": head_swapped,
    "last_20_unfrozen": last_20_unfrozen,
    "stem_layer_inserted": stem_layer_inserted,
    "block_removed": block_removed,
    "resnet101": resnet101,
    "relu_layers": relu_layers,
    "bias_on": bias_on,
    "narrower": narrower,
    "another_generation": another_generation,
    "encoder_level_removed": encoder_level_removed,
    "fewer_heads": fewer_heads,
}
