"""Networks that keras.applications has not, small, with the depths of their papers."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

NETWORKS: dict[str, Callable[[ModuleType], Any]] = {}


def network(build: Callable[[ModuleType], Any]) -> Callable[[ModuleType], Any]:
    """Register a builder under its name."""
    NETWORKS[build.__name__] = build
    return build


@network
def unet(keras: ModuleType) -> Any:
    """Four steps down, four up, two convolutions each."""
    layers = keras.layers

    def twice(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    inputs = x = keras.Input((64, 64, 1))
    skips = []
    for filters in (4, 8, 16, 32):
        x = twice(x, filters)
        skips.append(x)
        x = layers.MaxPooling2D()(x)
    x = twice(x, 64)
    for filters, skip in zip((32, 16, 8, 4), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(filters, 2, strides=2)(x)
        x = twice(layers.Concatenate()([skip, x]), filters)
    return keras.Model(inputs, layers.Conv2D(2, 1)(x))


def _attention(keras: ModuleType, x: Any, context: Any = None, *, first: bool = True) -> Any:
    y = keras.layers.LayerNormalization()(x) if first else x
    y = keras.layers.MultiHeadAttention(2, 8)(y, y if context is None else context)
    return _added(keras, x, y, first=first)


def _perceptron(keras: ModuleType, x: Any, *, first: bool = True) -> Any:
    y = keras.layers.LayerNormalization()(x) if first else x
    y = keras.layers.Dense(32, activation="gelu")(y)
    return _added(keras, x, keras.layers.Dense(16)(y), first=first)


def _added(keras: ModuleType, x: Any, y: Any, *, first: bool) -> Any:
    x = keras.layers.Add()([x, keras.layers.Dropout(0.1)(y)])
    return x if first else keras.layers.LayerNormalization()(x)


@network
def vision_transformer(keras: ModuleType) -> Any:
    """ViT-B's depth: twelve blocks, normalized first; one norm and a head at the end."""
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Conv2D(16, 8, strides=8)(inputs)
    x = layers.Reshape((16, 16))(x)
    for _ in range(12):
        x = _perceptron(keras, _attention(keras, x))
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(10)(x))


@network
def text_encoder(keras: ModuleType) -> Any:
    """BERT-Base's depth: twelve blocks, normalized last, over the sum of two embeddings."""
    layers = keras.layers
    tokens, segments = keras.Input((8,), name="tokens"), keras.Input((8,), name="segments")
    x = layers.Add()([layers.Embedding(50, 16)(tokens), layers.Embedding(2, 16)(segments)])
    x = layers.LayerNormalization()(x)
    for _ in range(12):
        x = _perceptron(keras, _attention(keras, x, first=False), first=False)
    return keras.Model([tokens, segments], layers.Dense(16, activation="tanh")(x[:, 0]))


@network
def translator(keras: ModuleType) -> Any:
    """The base model's depth: six blocks that read, six that write and attend to what was read."""
    layers = keras.layers
    source, target = keras.Input((8,), name="source"), keras.Input((6,), name="target")
    read = layers.Embedding(50, 16)(source)
    for _ in range(6):
        read = _perceptron(keras, _attention(keras, read, first=False), first=False)
    written = layers.Embedding(50, 16)(target)
    for _ in range(6):
        written = _attention(keras, written, first=False)
        written = _attention(keras, written, read, first=False)
        written = _perceptron(keras, written, first=False)
    return keras.Model([source, target], layers.Dense(50, activation="softmax")(written))


@network
def siamese(keras: ModuleType) -> Any:
    """Two images, one ResNet50, and the distance of what it makes of them."""
    layers = keras.layers
    backbone = keras.applications.ResNet50(
        include_top=False, weights=None, input_shape=(64, 64, 3), pooling="avg"
    )
    left, right = keras.Input((64, 64, 3), name="left"), keras.Input((64, 64, 3), name="right")
    distance = layers.Subtract()([backbone(left), backbone(right)])
    return keras.Model([left, right], layers.Dense(1, activation="sigmoid")(distance))


@network
def image_and_text(keras: ModuleType) -> Any:
    """An image, a text and two numbers, and one head."""
    layers = keras.layers
    image, text, numbers = (
        keras.Input((32, 32, 3), name="image"),
        keras.Input((12,), name="text"),
        keras.Input((2,), name="numbers"),
    )
    x = image
    for filters in (8, 16):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.GlobalAveragePooling2D()(x)
    y = layers.LSTM(8)(layers.Embedding(50, 8)(text))
    joined = layers.Concatenate()([x, y, numbers])
    return keras.Model([image, text, numbers], layers.Dense(1)(layers.Dense(8)(joined)))


@network
def recurrent(keras: ModuleType) -> Any:
    """Four LSTM layers upon each other."""
    layers = keras.layers
    inputs = x = keras.Input((20,))
    x = layers.Embedding(100, 16)(x)
    for _ in range(3):
        x = layers.LSTM(16, return_sequences=True)(x)
    return keras.Model(inputs, layers.Dense(5)(layers.LSTM(16)(x)))


@network
def two_heads(keras: ModuleType) -> Any:
    """A backbone, and two answers."""
    layers = keras.layers
    inputs = x = keras.Input((16, 16, 3))
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Flatten()(x)
    label = layers.Dense(5, name="label")(
        layers.Dense(8, activation="relu", name="label_hidden")(x)
    )
    box = layers.Dense(4, name="box")(layers.Dense(8, activation="relu", name="box_hidden")(x))
    return keras.Model(inputs, [label, box])


@network
def series_transformer(keras: ModuleType) -> Any:
    """A series of one channel: perceptrons of pointwise convolutions, wider inside than out."""
    layers = keras.layers
    inputs = x = keras.Input((50, 1))
    for _ in range(3):
        y = layers.Dropout(0.1)(layers.MultiHeadAttention(2, 8)(x, x))
        x = layers.Add()([layers.LayerNormalization()(y), x])
        y = layers.Dropout(0.1)(layers.Conv1D(4, 1, activation="relu")(x))
        x = layers.Add()([layers.LayerNormalization()(layers.Conv1D(1, 1)(y)), x])
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@network
def resized_patches(keras: ModuleType) -> Any:
    """Patches of an image that was made larger."""
    layers = keras.layers
    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(16)(layers.Reshape((64, 192))(layers.Resizing(64, 64)(inputs)))
    return keras.Model(inputs, layers.Dense(2)(layers.GlobalAveragePooling1D()(x)))


@network
def two_readers(keras: ModuleType) -> Any:
    """Two sequences without names, read by recurrent layers."""
    layers = keras.layers
    inputs = one, other = keras.Input((20, 4)), keras.Input((12, 3))
    for is_last in (False, False, True):
        one = layers.LSTM(8, return_sequences=not is_last)(one)
    joined = layers.Concatenate()([one, layers.GRU(8)(other)])
    return keras.Model(inputs, layers.Dense(1)(joined))


def flattened_transformer(keras: ModuleType, count: int) -> Any:
    """So many blocks, flattened and joined with numbers."""
    layers = keras.layers
    inputs, numbers = x, _ = keras.Input((8, 16)), keras.Input((5,))
    for _ in range(count):
        x = _perceptron(keras, _attention(keras, x, first=False), first=False)
    joined = layers.Concatenate()([layers.Flatten()(x), numbers])
    return keras.Model([inputs, numbers], layers.Dense(2)(joined))
