"""The users' own models, as functions of the Keras module that builds them."""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np


class Figures(NamedTuple):
    """What is known of a model from elsewhere."""

    rows: int
    parameters: int
    trainable_parameters: int


#: The side of the input in pixels, and the reference figures, by backbone.
TRANSFER: dict[str, tuple[str, int, Figures]] = {
    "efficientnetb4": ("EfficientNetB4", 380, Figures(478, 19_510_880, 1_837_057)),
    "resnet50": ("ResNet50", 224, Figures(179, 25_686_913, 2_099_201)),
    "densenet169": ("DenseNet169", 224, Figures(599, 14_348_865, 1_705_985)),
    "vgg16": ("VGG16", 224, Figures(23, 15_241_025, 526_337)),
    "mobilenetv2": ("MobileNetV2", 224, Figures(158, 3_570_753, 1_312_769)),
}


def backbone(
    keras: ModuleType, name: str, size: int | None = None, weights: str | None = None
) -> Any:
    """A frozen backbone without its top."""
    constructor, usual_size, _ = TRANSFER[name]
    shape = (size or usual_size, size or usual_size, 3)
    model = getattr(keras.applications, constructor)(
        include_top=False, weights=weights, input_shape=shape
    )
    for layer in model.layers:
        layer.trainable = False
    return model


def head(
    keras: ModuleType,
    base: Any,
    *,
    pooling: str = "GlobalAveragePooling2D",
    rate: float | None = 0.4,
    units: int = 1024,
    activation: str = "relu",
    normalized: bool = False,
) -> Any:
    """The classifier on top of a backbone."""
    x = getattr(keras.layers, pooling)()(base.output)
    if normalized:
        x = keras.layers.BatchNormalization()(x)
    if rate is not None:
        x = keras.layers.Dropout(rate)(x)
    x = keras.layers.Dense(units, activation=activation)(x)
    return keras.Model(base.input, keras.layers.Dense(1, activation="sigmoid")(x))


def transfer(keras: ModuleType, name: str, weights: str | None = None) -> Any:
    """A frozen backbone with the users' head."""
    return head(keras, backbone(keras, name, weights=weights))


def resnet_block(
    keras: ModuleType, x: Any, filters: int, *, stride: int, project: bool, use_bias: bool = True
) -> Any:
    """A bottleneck block of auto-named layers: 1×1, 3×3, 1×1 beside a shortcut."""
    layers = keras.layers
    conv = partial(layers.Conv2D, use_bias=use_bias)
    shortcut = x
    if project:
        shortcut = conv(4 * filters, 1, strides=stride)(x)
        shortcut = layers.BatchNormalization()(shortcut)
    x = conv(filters, 1, strides=stride)(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = conv(filters, 3, padding="same")(x)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = conv(4 * filters, 1)(x)
    x = layers.BatchNormalization()(x)
    return layers.Activation("relu")(layers.Add()([x, shortcut]))


def residual_network(keras: ModuleType) -> Any:
    """A small residual network in which Keras names every layer."""
    layers = keras.layers
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(16, 7, strides=2, padding="same")(inputs)
    x = layers.Activation("relu")(layers.BatchNormalization()(x))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    for stage, (filters, blocks) in enumerate([(16, 3), (32, 4), (64, 6), (128, 3)]):
        for block in range(blocks):
            stride = 2 if block == 0 and stage > 0 else 1
            x = resnet_block(keras, x, filters, stride=stride, project=block == 0)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


def normalized_images(keras: ModuleType) -> Any:
    """A network whose first layer has learnt the mean and variance of three channels."""
    normalization = keras.layers.Normalization()
    normalization.adapt(np.arange(96, dtype="float32").reshape(2, 4, 4, 3))
    inputs = keras.Input((32, 32, 3))
    x = keras.layers.Conv2D(8, 3)(normalization(inputs))
    return keras.Model(inputs, keras.layers.Dense(2)(keras.layers.GlobalMaxPooling2D()(x)))


def build(keras: ModuleType, name: str) -> Any:
    """Any of the users' models by the name of its snapshot."""
    if name in TRANSFER:
        return transfer(keras, name)
    return {"residual_network": residual_network, "normalized_images": normalized_images}[name](
        keras
    )


#: The names of all of them.
NAMES = (*TRANSFER, "residual_network", "normalized_images")
