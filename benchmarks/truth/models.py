"""The models that the truth bench changes: applications at small inputs, the tests' zoo, and some more."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from tests import models as own
from tests import zoo

Builder = Callable[[ModuleType], Any]

#: Applications: the constructor, and arguments that keep it small.
_APPLICATIONS: dict[str, tuple[str, int, dict[str, Any]]] = {
    "mobilenet": ("MobileNet", 32, {"alpha": 0.25}),
    "mobilenetv2": ("MobileNetV2", 32, {"alpha": 0.35}),
    "mobilenetv3": ("MobileNetV3Small", 32, {"minimalistic": True}),
    "resnet50": ("ResNet50", 32, {}),
    "resnet50v2": ("ResNet50V2", 32, {}),
    "densenet121": ("DenseNet121", 32, {}),
    "efficientnetb0": ("EfficientNetB0", 32, {}),
    "efficientnetv2b0": ("EfficientNetV2B0", 32, {}),
    "vgg16": ("VGG16", 32, {}),
    "xception": ("Xception", 71, {}),
    "nasnetmobile": ("NASNetMobile", 32, {}),
    "inceptionv3": ("InceptionV3", 75, {}),
}


def application(name: str) -> Builder:
    """The builder of an application with a frozen backbone and a classifier, as people transfer it."""
    constructor, size, arguments = _APPLICATIONS[name]

    def build(keras: ModuleType) -> Any:
        base = getattr(keras.applications, constructor)(
            include_top=False, weights=None, input_shape=(size, size, 3), **arguments
        )
        for layer in base.layers[: len(base.layers) // 2]:
            layer.trainable = False
        return own.head(keras, base, units=32)

    return build


def u_net(keras: ModuleType) -> Any:
    """Three levels down and up, with skips by concatenation."""
    layers = keras.layers

    def block(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
            x = layers.Activation("relu")(layers.BatchNormalization()(x))
        return x

    inputs = keras.Input((32, 32, 3))
    skips, x = [], inputs
    for filters in (4, 8):
        x = block(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = block(x, 16)
    for filters, skip in zip((8, 4), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = block(layers.Concatenate()([x, skip]), filters)
    return keras.Model(inputs, layers.Conv2D(1, 1, activation="sigmoid")(x))


def transformer(keras: ModuleType) -> Any:
    """Two encoder blocks on embedded tokens."""
    layers = keras.layers
    tokens = keras.Input((12,), dtype="int32", name="tokens")
    x = layers.Embedding(50, 16)(tokens)
    for _ in range(2):
        y = layers.MultiHeadAttention(4, 4, dropout=0.1)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(y)]))
        y = layers.Dense(16)(layers.Dense(32, activation="gelu")(x))
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([x, layers.Dropout(0.1)(y)]))
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(tokens, layers.Dense(3, activation="softmax")(x))


def text_and_image(keras: ModuleType) -> Any:
    """Two inputs of different kinds that meet, two outputs."""
    layers = keras.layers
    text = keras.Input((10,), dtype="int32", name="text")
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Bidirectional(layers.LSTM(4))(layers.Embedding(30, 8, mask_zero=True)(text))
    y = layers.Conv2D(8, 3, strides=2, padding="same", activation="relu")(image)
    y = layers.GlobalMaxPooling2D()(layers.DepthwiseConv2D(3)(y))
    z = layers.Dense(8, activation="tanh")(layers.Concatenate()([x, y]))
    return keras.Model([text, image], [layers.Dense(2, name="kind")(z), layers.Dense(2)(z)])


def autoencoder(keras: ModuleType) -> Any:
    """An encoder and a decoder that are models themselves."""
    layers = keras.layers
    encoder_in = keras.Input((16, 16, 1))
    x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")(encoder_in)
    x = layers.BatchNormalization()(x)
    encoder = keras.Model(encoder_in, layers.Dense(6)(layers.Flatten()(x)), name="encoder")
    decoder = keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(256, activation="relu"),
            layers.Reshape((8, 8, 4)),
            layers.Conv2DTranspose(1, 3, strides=2, padding="same"),
        ],
        name="decoder",
    )
    inputs = keras.Input((16, 16, 1))
    return keras.Model(inputs, decoder(encoder(inputs)))


def siamese_images(keras: ModuleType) -> Any:
    """One tower for two images, and the difference of what it sees."""
    layers = keras.layers
    tower = keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(4, 3, activation="relu", kernel_regularizer="l2"),
            layers.BatchNormalization(),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.2),
            layers.Dense(8),
        ],
        name="tower",
    )
    left, right = keras.Input((16, 16, 1), name="left"), keras.Input((16, 16, 1), name="right")
    x = layers.Subtract()([tower(left), tower(right)])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(x))


def twin_paths(keras: ModuleType) -> Any:
    """Equal layers side by side and in a row: what is hardest to tell apart."""
    layers = keras.layers
    inputs = keras.Input((8,))
    paths = []
    for _ in range(3):
        x = inputs
        for _ in range(3):
            x = layers.Dense(8, activation="relu")(x)
        paths.append(x)
    x = layers.Subtract()([paths[0], paths[1]])
    return keras.Model(inputs, layers.Dense(8)(layers.Concatenate()([x, paths[2]])))


def plain_sequential(keras: ModuleType) -> Any:
    """Blocks of auto-named layers in a row."""
    layers = keras.layers
    model = keras.Sequential([keras.Input((16, 16, 3))])
    for filters in (4, 4, 8):
        model.add(layers.Conv2D(filters, 3, padding="same"))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.SpatialDropout2D(0.1))
    model.add(layers.AveragePooling2D(2))
    model.add(layers.Flatten())
    model.add(layers.Dense(4, kernel_initializer="he_normal"))
    return model


def similarity(keras: ModuleType) -> Any:
    """A picture of how two readings of a sequence agree."""
    layers = keras.layers
    inputs = keras.Input((6, 4))
    x = layers.GRU(6, return_sequences=True)(inputs)
    y = layers.SimpleRNN(6, return_sequences=True, activation="relu")(inputs)
    x = layers.Reshape((6, 6, 1))(layers.Dot(axes=2)([x, y]))
    x = layers.RandomContrast(0.2)(layers.UpSampling2D(2, interpolation="bilinear")(x))
    x = layers.GlobalMaxPooling2D()(layers.Conv2D(4, 3, padding="same")(x))
    return keras.Model(inputs, layers.Dense(1)(x))


_CUSTOM: tuple[Builder, ...] = (
    similarity,
    u_net,
    transformer,
    text_and_image,
    autoencoder,
    siamese_images,
    twin_paths,
    plain_sequential,
)

#: Every model of the bench by its name.
MODELS: dict[str, Builder] = {
    **{builder.__name__: builder for builder in _CUSTOM},
    "residual_network": own.residual_network,
    "normalized_images": own.normalized_images,
    **zoo.ZOO,
    **{name: application(name) for name in _APPLICATIONS},
}

#: Those that take seconds to build.
LARGE = tuple(name for name in _APPLICATIONS if name not in ("mobilenet", "vgg16"))
