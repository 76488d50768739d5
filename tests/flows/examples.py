"""Small networks like those of public examples, most of them without names.

python -m tests.flows.examples    # writes their tables; needs Keras 3
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

TABLES = Path(__file__).parent / "tables" / "examples"

EXAMPLES: dict[str, Callable[[Any], Any]] = {}


def example(build: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Register a builder under its name."""
    EXAMPLES[build.__name__] = build
    return build


@example
def gan(keras: Any) -> Any:
    """A generator and a discriminator in a model that has no call."""
    layers = keras.layers
    generator = keras.Sequential([keras.Input((16,)), layers.Dense(4 * 4 * 8)], name="generator")
    generator.add(layers.Reshape((4, 4, 8)))
    for filters in (8, 16, 32):
        generator.add(layers.Conv2DTranspose(filters, 4, strides=2, padding="same"))
        generator.add(layers.LeakyReLU())
    generator.add(layers.Conv2D(3, 5, padding="same", activation="sigmoid"))
    discriminator = keras.Sequential([keras.Input((32, 32, 3))], name="discriminator")
    for filters in (8, 16, 16):
        discriminator.add(layers.Conv2D(filters, 4, strides=2, padding="same"))
        discriminator.add(layers.LeakyReLU())
    for layer in (layers.Flatten(), layers.Dropout(0.2), layers.Dense(1, activation="sigmoid")):
        discriminator.add(layer)

    class Gan(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.discriminator = discriminator
            self.generator = generator

    return Gan()


@example
def variational_autoencoder(keras: Any) -> Any:
    """An encoder with three outputs and a decoder in a model that has no call."""
    layers = keras.layers

    class Sampling(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, inputs: Any) -> Any:
            mean, variance = inputs
            return mean + keras.ops.exp(0.5 * variance)

    inputs = x = keras.Input((28, 28, 1))
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    mean, variance = layers.Dense(2, name="z_mean")(x), layers.Dense(2, name="z_log_var")(x)
    encoder = keras.Model(inputs, [mean, variance, Sampling()([mean, variance])], name="encoder")
    latent = keras.Input((2,))
    x = layers.Reshape((7, 7, 8))(layers.Dense(7 * 7 * 8, activation="relu")(latent))
    for filters in (16, 8):
        x = layers.Conv2DTranspose(filters, 3, strides=2, padding="same", activation="relu")(x)
    x = layers.Conv2DTranspose(1, 3, padding="same", activation="sigmoid")(x)
    decoder = keras.Model(latent, x, name="decoder")

    class Vae(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder
            self.decoder = decoder

    return Vae()


@example
def siamese_triplets(keras: Any) -> Any:
    """Three images, one network, and two distances."""
    layers = keras.layers

    class Distance(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, anchor: Any, positive: Any, negative: Any) -> Any:
            near = keras.ops.sum(keras.ops.square(anchor - positive), -1)
            return near, keras.ops.sum(keras.ops.square(anchor - negative), -1)

    inputs = x = keras.Input((32, 32, 3))
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D()(x)
    x = layers.Dense(16, activation="relu")(layers.Flatten()(x))
    x = layers.Dense(8)(layers.BatchNormalization()(x))
    embedding = keras.Model(inputs, x, name="embedding_net")
    three = [keras.Input((32, 32, 3), name=name) for name in ("anchor", "positive", "negative")]
    return keras.Model(three, Distance()(*map(embedding, three)))


@example
def segmentation(keras: Any) -> Any:
    """Residual levels of separable convolutions down, of transposed ones up."""
    layers = keras.layers
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(8, 3, strides=2, padding="same")(inputs)
    x = start = layers.Activation("relu")(layers.BatchNormalization()(x))
    for filters in (16, 32, 64):
        for _ in range(2):
            x = layers.SeparableConv2D(filters, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
        x = start = layers.add([x, layers.Conv2D(filters, 1, strides=2, padding="same")(start)])
    for filters in (64, 32, 16, 8):
        for _ in range(2):
            x = layers.Conv2DTranspose(filters, 3, padding="same")(layers.Activation("relu")(x))
            x = layers.BatchNormalization()(x)
        x = layers.UpSampling2D(2)(x)
        y = layers.Conv2D(filters, 1, padding="same")(layers.UpSampling2D(2)(start))
        x = start = layers.add([x, y])
    return keras.Model(inputs, layers.Conv2D(3, 3, padding="same", activation="softmax")(x))


@example
def diffusion(keras: Any) -> Any:
    """A U-Net of residual blocks, each of which hands its output over; the noise comes in, too."""
    layers = keras.layers

    def residual(x: Any, width: int) -> Any:
        start = x if x.shape[-1] == width else layers.Conv2D(width, 1)(x)
        x = layers.BatchNormalization(center=False, scale=False)(x)
        x = layers.Conv2D(width, 3, padding="same", activation="swish")(x)
        x = layers.Conv2D(width, 3, padding="same")(x)
        return layers.Add()([x, start])

    images, noise = keras.Input((32, 32, 3)), keras.Input((1, 1, 1))
    x = layers.Conv2D(8, 1)(images)
    x = layers.Concatenate()([x, layers.UpSampling2D(32)(layers.Rescaling(2.0)(noise))])
    kept = []
    for width in (8, 16):
        for _ in range(2):
            x = residual(x, width)
            kept.append(x)
        x = layers.AveragePooling2D(2)(x)
    for _ in range(2):
        x = residual(x, 32)
    for width in (16, 8):
        x = layers.UpSampling2D(interpolation="bilinear")(x)
        for _ in range(2):
            x = residual(layers.Concatenate()([x, kept.pop()]), width)
    return keras.Model([images, noise], layers.Conv2D(3, 1, kernel_initializer="zeros")(x))


@example
def captcha(keras: Any) -> Any:
    """Convolutions, recurrent layers, and a loss that takes the labels."""
    layers = keras.layers

    class CTCLayer(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, labels: Any, predicted: Any) -> Any:
            self.add_loss(keras.ops.mean(predicted) + keras.ops.mean(labels))
            return predicted

    image, label = keras.Input((64, 16, 1), name="image"), keras.Input((None,), name="label")
    x = image
    for filters in (8, 16):
        x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D((2, 2))(x)
    x = layers.Dense(16, activation="relu")(layers.Reshape((16, 4 * 16))(x))
    x = layers.Dropout(0.2)(x)
    for units in (16, 8):
        x = layers.Bidirectional(layers.LSTM(units, return_sequences=True, dropout=0.25))(x)
    x = layers.Dense(12, activation="softmax")(x)
    return keras.Model([image, label], CTCLayer()(label, x))


@example
def speaker(keras: Any) -> Any:
    """Residual blocks over a wave, pooled after each."""
    layers = keras.layers
    inputs = x = keras.Input((128, 1))
    for filters, count in ((8, 2), (16, 2), (32, 3)):
        start = layers.Conv1D(filters, 1, padding="same")(x)
        for _ in range(count - 1):
            x = layers.Activation("relu")(layers.Conv1D(filters, 3, padding="same")(x))
        x = layers.Add()([layers.Conv1D(filters, 3, padding="same")(x), start])
        x = layers.MaxPool1D(2, strides=2)(layers.Activation("relu")(x))
    x = layers.Flatten()(layers.AveragePooling1D(3, strides=3)(x))
    for units in (16, 8):
        x = layers.Dense(units, activation="relu")(x)
    return keras.Model(inputs, layers.Dense(4, activation="softmax")(x))


@example
def deep_and_cross(keras: Any) -> Any:
    """Features that are crossed beside a perceptron."""
    layers = keras.layers
    inputs = [keras.Input((), dtype="int64") for _ in range(3)]
    start = layers.Concatenate()([layers.Embedding(10, 4)(one) for one in inputs])
    cross = start = layers.BatchNormalization()(start)
    for _ in range(2):
        cross = start * layers.Dense(12)(cross) + cross
    deep = start
    for _ in range(2):
        deep = layers.ReLU()(layers.BatchNormalization()(layers.Dense(8)(deep)))
        deep = layers.Dropout(0.1)(deep)
    joined = layers.Concatenate()([layers.BatchNormalization()(cross), deep])
    return keras.Model(inputs, layers.Dense(7, activation="softmax")(joined))


@example
def translation_gru(keras: Any) -> Any:
    """A recurrent encoder hands its state to a decoder."""
    layers = keras.layers
    source, target = keras.Input((None,)), keras.Input((None,))
    _, state = layers.GRU(16, return_state=True)(layers.Embedding(50, 8)(source))
    x = layers.GRU(16, return_sequences=True)(layers.Embedding(60, 8)(target), initial_state=state)
    return keras.Model([source, target], layers.Dense(60, activation="softmax")(x))


@example
def graph_network(keras: Any) -> Any:
    """Perceptrons before, in and after two graph convolutions, in a subclassed model."""
    layers = keras.layers

    def perceptron(units: Iterable[int], name: str = "") -> Any:
        parts = []
        for each in units:
            parts += [layers.BatchNormalization(), layers.Dropout(0.2)]
            parts += [layers.Dense(each, activation="gelu")]
        return keras.Sequential(parts, **({"name": name} if name else {}))

    class GraphConvolution(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.prepare = perceptron((8, 8))
            self.update = perceptron((8, 8))

        def call(self, nodes: Any, edges: Any) -> Any:
            messages = keras.ops.matmul(edges, self.prepare(nodes))
            return self.update(keras.ops.concatenate([nodes, messages], -1))

    class Classifier(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.preprocess = perceptron((8, 8), "preprocess")
            self.conv1 = GraphConvolution()
            self.conv2 = GraphConvolution()
            self.postprocess = perceptron((8, 8), "postprocess")
            self.logits = layers.Dense(5)

        def call(self, inputs: Any) -> Any:
            nodes, edges = inputs
            x = self.preprocess(nodes)
            x = self.conv1(x, edges) + x
            x = self.conv2(x, edges) + x
            return self.logits(self.postprocess(x))

    model = Classifier()
    model([keras.ops.zeros((1, 6, 8)), keras.ops.zeros((1, 6, 6))])
    return model


def _encoder(keras: Any) -> Any:
    """A class of layers, each an encoder's block with its perceptron in a Sequential."""
    layers = keras.layers

    class TransformerEncoder(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, width: int = 16) -> None:
            super().__init__()
            self.attention = layers.MultiHeadAttention(2, 8)
            self.feed_forward = keras.Sequential(
                [layers.Dense(32, activation="relu"), layers.Dense(width)]
            )
            self.norms = [layers.LayerNormalization() for _ in range(2)]
            self.dropout = layers.Dropout(0.1)

        def call(self, x: Any) -> Any:
            x = self.norms[0](x + self.dropout(self.attention(x, x)))
            return self.norms[1](x + self.feed_forward(x))

    return TransformerEncoder


def _decoder(keras: Any) -> Any:
    layers = keras.layers

    class TransformerDecoder(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, width: int = 16) -> None:
            super().__init__()
            self.attention = layers.MultiHeadAttention(2, 8)
            self.reading = layers.MultiHeadAttention(2, 8)
            self.feed_forward = keras.Sequential(
                [layers.Dense(32, activation="relu"), layers.Dense(width)]
            )
            self.norms = [layers.LayerNormalization() for _ in range(3)]

        def call(self, target: Any, source: Any) -> Any:
            x = self.norms[0](target + self.attention(target, target))
            x = self.norms[1](x + self.reading(x, source))
            return self.norms[2](x + self.feed_forward(x))

    return TransformerDecoder


def _tokens(keras: Any) -> Any:
    layers = keras.layers

    class TokenEmbedding(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, words: int, length: int, width: int = 16) -> None:
            super().__init__()
            self.words = layers.Embedding(words, width)
            self.places = layers.Embedding(length, width)
            self.length = length

        def call(self, x: Any) -> Any:
            return self.words(x) + self.places(keras.ops.arange(self.length))

    return TokenEmbedding


@example
def speech(keras: Any) -> Any:
    """Strided convolutions over frames, four encoders, one decoder."""
    layers = keras.layers

    class SpeechFeatures(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second, self.third = (
                layers.Conv1D(16, 11, strides=2, padding="same", activation="relu")
                for _ in range(3)
            )

        def call(self, x: Any) -> Any:
            return self.third(self.second(self.first(x)))

    frames, text = keras.Input((64, 12)), keras.Input((10,))
    x = SpeechFeatures()(frames)
    for _ in range(4):
        x = _encoder(keras)()(x)
    y = _decoder(keras)()(_tokens(keras)(30, 10)(text), x)
    return keras.Model([frames, text], layers.Dense(30)(y))


def _patches(keras: Any) -> Any:
    class Patches(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, size: int) -> None:
            super().__init__()
            self.size = size

        def call(self, images: Any) -> Any:
            height, width, channels = images.shape[1:]
            rows, columns = height // self.size, width // self.size
            shape = (-1, rows, self.size, columns, self.size, channels)
            x = keras.ops.transpose(keras.ops.reshape(images, shape), (0, 1, 3, 2, 4, 5))
            return keras.ops.reshape(x, (-1, rows * columns, self.size**2 * channels))

    return Patches


def _places(keras: Any) -> Any:
    class PatchEncoder(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self, count: int, width: int) -> None:
            super().__init__()
            self.projection = keras.layers.Dense(width)
            self.places = keras.layers.Embedding(count, width)
            self.count = count

        def call(self, patches: Any) -> Any:
            return self.projection(patches) + self.places(keras.ops.arange(self.count))

    return PatchEncoder


@example
def mlp_mixer(keras: Any) -> Any:
    """Layers that hold two Sequentials, in a Sequential."""
    layers = keras.layers

    class MLPMixerLayer(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.mix_places = keras.Sequential(
                [layers.Dense(16, activation="gelu"), layers.Dense(16), layers.Dropout(0.1)]
            )
            self.mix_channels = keras.Sequential(
                [layers.Dense(8, activation="gelu"), layers.Dense(8), layers.Dropout(0.1)]
            )
            self.norm = layers.LayerNormalization()

        def call(self, inputs: Any) -> Any:
            x = keras.ops.transpose(self.norm(inputs), (0, 2, 1))
            x = keras.ops.transpose(self.mix_places(x), (0, 2, 1)) + inputs
            return x + self.mix_channels(self.norm(x))

    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(8)(_patches(keras)(8)(inputs))
    x = keras.Sequential([MLPMixerLayer() for _ in range(4)])(x)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(10)(x))


@example
def conv_mixer(keras: Any) -> Any:
    """A depthwise convolution with a shortcut, then a pointwise one, four times."""
    layers = keras.layers

    def finished(x: Any) -> Any:
        return layers.BatchNormalization()(layers.Activation("gelu")(x))

    inputs = keras.Input((32, 32, 3))
    x = finished(layers.Conv2D(16, 2, strides=2)(layers.Rescaling(1 / 255)(inputs)))
    for _ in range(4):
        y = finished(layers.DepthwiseConv2D(5, padding="same")(x))
        x = finished(layers.Conv2D(16, 1)(layers.Add()([y, x])))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


@example
def vision_transformer_flat(keras: Any) -> Any:
    """Patches, three blocks, all places flattened into a perceptron."""
    layers = keras.layers

    def perceptron(x: Any, units: Iterable[int], rate: float) -> Any:
        for each in units:
            x = layers.Dropout(rate)(layers.Dense(each, activation="gelu")(x))
        return x

    inputs = keras.Input((32, 32, 3))
    x = _places(keras)(16, 16)(_patches(keras)(8)(inputs))
    for _ in range(3):
        y = layers.LayerNormalization(epsilon=1e-6)(x)
        x = layers.Add()([layers.MultiHeadAttention(2, 16, dropout=0.1)(y, y), x])
        y = perceptron(layers.LayerNormalization(epsilon=1e-6)(x), (32, 16), 0.1)
        x = layers.Add()([y, x])
    x = layers.Dropout(0.5)(layers.Flatten()(layers.LayerNormalization(epsilon=1e-6)(x)))
    return keras.Model(inputs, layers.Dense(10)(perceptron(x, (32, 16), 0.5)))


@example
def point_net(keras: Any) -> Any:
    """Networks that turn the points come before convolutions over them."""
    layers = keras.layers

    def convolved(x: Any, filters: int) -> Any:
        x = layers.Conv1D(filters, 1, padding="valid")(x)
        return layers.Activation("relu")(layers.BatchNormalization(momentum=0.0)(x))

    def connected(x: Any, units: int) -> Any:
        x = layers.BatchNormalization(momentum=0.0)(layers.Dense(units)(x))
        return layers.Activation("relu")(x)

    def turned(x: Any, size: int) -> Any:
        y = x
        for filters in (8, 16, 32):
            y = convolved(y, filters)
        y = layers.GlobalMaxPooling1D()(y)
        for units in (16, 8):
            y = connected(y, units)
        y = layers.Reshape((size, size))(layers.Dense(size * size)(y))
        return layers.Dot(axes=(2, 1))([x, y])

    inputs = keras.Input((64, 3))
    x = turned(inputs, 3)
    for _ in range(2):
        x = convolved(x, 8)
    x = turned(x, 8)
    for filters in (8, 16, 32):
        x = convolved(x, filters)
    x = layers.GlobalMaxPooling1D()(x)
    for units in (16, 8):
        x = layers.Dropout(0.3)(connected(x, units))
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


@example
def wave_unet(keras: Any) -> Any:
    """Down and up again along a wave; what came in is joined at the end, too."""
    layers = keras.layers
    inputs = x = keras.Input((128, 1))
    kept = []
    for filters in (8, 16, 24):
        x = layers.LeakyReLU()(layers.Conv1D(filters, 15, padding="same")(x))
        kept.append(x)
        x = layers.AveragePooling1D(2)(x)
    x = layers.LeakyReLU()(layers.Conv1D(32, 15, padding="same")(x))
    for filters in (24, 16, 8):
        x = layers.Concatenate()([layers.UpSampling1D(2)(x), kept.pop()])
        x = layers.LeakyReLU()(layers.Conv1D(filters, 5, padding="same")(x))
    x = layers.Concatenate()([x, inputs])
    return keras.Model(inputs, layers.Conv1D(1, 1, activation="tanh")(x))


@example
def fourier_network(keras: Any) -> Any:
    """Encoders that mix by a Fourier transform."""
    layers = keras.layers

    class FNetEncoder(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.dense = keras.Sequential([layers.Dense(32, activation="relu"), layers.Dense(16)])
            self.norm1 = layers.LayerNormalization()
            self.norm2 = layers.LayerNormalization()

        def call(self, inputs: Any) -> Any:
            real, _ = keras.ops.fft2((inputs, keras.ops.zeros_like(inputs)))
            x = self.norm1(inputs + real)
            return self.norm2(x + self.dense(x))

    inputs = keras.Input((12,))
    x = _tokens(keras)(50, 12)(inputs)
    for _ in range(2):
        x = FNetEncoder()(x)
    x = layers.Dropout(0.5)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(2)(x))


@example
def gated_mlp(keras: Any) -> Any:
    """Layers that split what they project, and gate one half by the other."""
    layers = keras.layers

    class GatedLayer(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.project = keras.Sequential(
                [layers.Dense(32, activation="gelu"), layers.Dropout(0.1)]
            )
            self.back = layers.Dense(16)
            self.spatial = layers.Dense(16, bias_initializer="ones")
            self.norm1 = layers.LayerNormalization()
            self.norm2 = layers.LayerNormalization()

        def call(self, inputs: Any) -> Any:
            u, v = keras.ops.split(self.project(self.norm1(inputs)), 2, axis=-1)
            v = keras.ops.transpose(self.spatial(keras.ops.transpose(self.norm2(v), (0, 2, 1))))
            return inputs + self.back(u * keras.ops.transpose(v, (2, 1, 0)))

    inputs = keras.Input((32, 32, 3))
    x = layers.Dense(16)(_patches(keras)(8)(inputs))
    x = keras.Sequential([GatedLayer() for _ in range(4)])(x)
    x = layers.Dropout(0.2)(layers.GlobalAveragePooling1D()(x))
    return keras.Model(inputs, layers.Dense(10)(x))


@example
def perceiver(keras: Any) -> Any:
    """Latents read the patches and are transformed, twice, by the same layers."""
    layers = keras.layers

    def forward(x: Any) -> Any:
        y = layers.Dense(32, activation="gelu")(layers.LayerNormalization()(x))
        return layers.Add()([layers.Dense(16)(y), x])

    latent, data = keras.Input((8, 16)), keras.Input((16, 16))
    x = layers.LayerNormalization()(latent)
    x = layers.MultiHeadAttention(1, 16)(x, layers.LayerNormalization()(data))
    reading = keras.Model([latent, data], forward(layers.Add()([x, latent])), name="reading")
    start = x = keras.Input((8, 16))
    for _ in range(2):
        y = layers.LayerNormalization()(x)
        x = forward(layers.Add()([layers.MultiHeadAttention(2, 8)(y, y), x]))
    thinking = keras.Model(start, x, name="thinking")

    class Perceiver(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.latent = self.add_weight(shape=(8, 16), name="latent")
            self.patches = _patches(keras)(8)
            self.encoder = _places(keras)(16, 16)
            self.reading = reading
            self.thinking = thinking
            self.pool = layers.GlobalAveragePooling1D()
            self.logits = layers.Dense(10)

        def call(self, images: Any) -> Any:
            x = keras.ops.expand_dims(self.latent, 0)
            data = self.encoder(self.patches(images))
            for _ in range(2):
                x = self.thinking(self.reading([x, data]))
            return self.logits(self.pool(x))

    model = Perceiver()
    model(keras.ops.zeros((1, 32, 32, 3)))
    return model


@example
def compact_transformer(keras: Any) -> Any:
    """Convolutions make the tokens, and their places are weighed at the end."""
    layers = keras.layers

    class Tokenizer(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.convolutions = keras.Sequential()
            for filters in (8, 16):
                for layer in (
                    layers.Conv2D(filters, 3, padding="valid", use_bias=False, activation="relu"),
                    layers.ZeroPadding2D(1),
                    layers.MaxPooling2D(3, strides=2, padding="same"),
                ):
                    self.convolutions.add(layer)

        def call(self, images: Any) -> Any:
            x = self.convolutions(images)
            return keras.ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))

    class StochasticDepth(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            return x * 0.9

    inputs = keras.Input((32, 32, 3))
    x = layers.Dropout(0.1)(Tokenizer()(inputs))
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        y = StochasticDepth()(layers.MultiHeadAttention(2, 16, dropout=0.1)(y, y))
        x = layers.Add()([y, x])
        y = layers.LayerNormalization(epsilon=1e-5)(x)
        for _ in range(2):
            y = layers.Dropout(0.1)(layers.Dense(16, activation="gelu")(y))
        x = layers.Add()([x, StochasticDepth()(y)])
    x = layers.LayerNormalization(epsilon=1e-5)(x)
    weights = layers.Permute((2, 1))(layers.Softmax(axis=1)(layers.Dense(1)(x)))
    x = layers.Flatten()(keras.ops.matmul(weights, x))
    return keras.Model(inputs, layers.Dense(10)(x))


@example
def external_attention(keras: Any) -> Any:
    """Attention of somebody's own, to memories instead of places."""
    layers = keras.layers

    class ExternalAttention(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.query = layers.Dense(32)
            self.keys = layers.Dense(4)
            self.values = layers.Dense(8)
            self.out = layers.Dense(16)
            self.drop = layers.Dropout(0.2)

        def call(self, x: Any) -> Any:
            x = keras.ops.reshape(self.query(x), (-1, 16, 4, 8))
            x = keras.ops.softmax(self.keys(keras.ops.transpose(x, (0, 2, 1, 3))), axis=2)
            x = keras.ops.transpose(self.values(self.drop(x)), (0, 2, 1, 3))
            return self.out(keras.ops.reshape(x, (-1, 16, 32)))

    inputs = keras.Input((32, 32, 3))
    x = _places(keras)(16, 16)(_patches(keras)(8)(inputs))
    for _ in range(3):
        x = layers.add([ExternalAttention()(layers.LayerNormalization()(x)), x])
        y = layers.Dense(16, activation="gelu")(layers.LayerNormalization()(x))
        x = layers.add([layers.Dropout(0.2)(layers.Dense(16)(y)), x])
    x = layers.GlobalAveragePooling1D()(x)
    return keras.Model(inputs, layers.Dense(10, activation="softmax")(x))


@example
def shift_transformer(keras: Any) -> Any:
    """Stages of blocks that hold their perceptron, with mergings between them, subclassed."""
    layers = keras.layers

    class Perceptron(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.wide = layers.Conv2D(2 * width, 1, activation="gelu")
            self.narrow = layers.Conv2D(width, 1)
            self.drop = layers.Dropout(0.1)

        def call(self, x: Any) -> Any:
            return self.drop(self.narrow(self.drop(self.wide(x))))

    class ShiftBlock(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, width: int) -> None:
            super().__init__()
            self.norm = layers.LayerNormalization()
            self.perceptron = Perceptron(width)

        def call(self, x: Any) -> Any:
            shifted = keras.ops.roll(x, 1, axis=2)
            return shifted + self.perceptron(self.norm(shifted))

    class Stage(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, width: int, merges: bool) -> None:
            super().__init__()
            self.blocks = [ShiftBlock(width) for _ in range(2)]
            self.merge = layers.Conv2D(2 * width, 2, strides=2) if merges else None

        def call(self, x: Any) -> Any:
            for block in self.blocks:
                x = block(x)
            return self.merge(x) if self.merge else x

    class ShiftTransformer(keras.Model):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embed = layers.Conv2D(8, 4, strides=4)
            self.first = Stage(8, merges=True)
            self.second = Stage(16, merges=False)
            self.pool = layers.GlobalAveragePooling2D()
            self.logits = layers.Dense(10)

        def call(self, images: Any) -> Any:
            return self.logits(self.pool(self.second(self.first(self.embed(images)))))

    model = ShiftTransformer()
    model(keras.ops.zeros((1, 32, 32, 3)))
    return model


@example
def deeplab(keras: Any) -> Any:
    """A residual backbone, a pyramid of dilated convolutions, and a decoder with a skip."""
    layers = keras.layers

    def convolved(x: Any, filters: int, size: int = 3, rate: int = 1, strides: int = 1) -> Any:
        x = layers.Conv2D(
            filters, size, strides=strides, dilation_rate=rate, padding="same", use_bias=False
        )(x)
        return layers.ReLU()(layers.BatchNormalization()(x))

    def residual(x: Any, filters: int, strides: int, project: bool) -> Any:
        start = x
        if project:
            start = layers.Conv2D(filters, 1, strides=strides)(x)
            start = layers.BatchNormalization()(start)
        y = convolved(x, filters, strides=strides)
        y = layers.BatchNormalization()(layers.Conv2D(filters, 3, padding="same")(y))
        return layers.ReLU()(layers.Add()([y, start]))

    inputs = keras.Input((64, 64, 3))
    x = convolved(inputs, 8, strides=2)
    x = low = residual(residual(x, 16, 2, True), 16, 1, False)
    x = residual(residual(x, 32, 2, True), 32, 1, False)
    pooled = convolved(layers.AveragePooling2D((8, 8))(x), 16, 1)
    pooled = layers.UpSampling2D((8, 8), interpolation="bilinear")(pooled)
    paths = [pooled, convolved(x, 16, 1), *(convolved(x, 16, rate=rate) for rate in (2, 4, 6))]
    x = convolved(layers.Concatenate()(paths), 16, 1)
    x = layers.UpSampling2D((2, 2), interpolation="bilinear")(x)
    x = layers.Concatenate()([x, convolved(low, 8, 1)])
    x = convolved(convolved(x, 16), 16)
    x = layers.UpSampling2D((4, 4), interpolation="bilinear")(x)
    return keras.Model(inputs, layers.Conv2D(5, 1, padding="same")(x))


@example
def super_resolution(keras: Any) -> Any:
    """Residual blocks under one long shortcut, then pixels are shuffled."""
    layers = keras.layers

    class PixelShuffle(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            _, height, width, channels = x.shape
            x = keras.ops.reshape(x, (-1, height, width, 2, 2, channels // 4))
            x = keras.ops.transpose(x, (0, 1, 3, 2, 4, 5))
            return keras.ops.reshape(x, (-1, 2 * height, 2 * width, channels // 4))

    inputs = keras.Input((24, 24, 3))
    x = start = layers.Conv2D(16, 3, padding="same")(layers.Rescaling(1 / 255)(inputs))
    for _ in range(4):
        y = layers.Conv2D(16, 3, padding="same", activation="relu")(x)
        x = layers.Add()([x, layers.Conv2D(16, 3, padding="same")(y)])
    x = layers.Add()([start, layers.Conv2D(16, 3, padding="same")(x)])
    x = PixelShuffle()(layers.Conv2D(64, 3, padding="same")(x))
    x = layers.Conv2D(3, 3, padding="same")(x)
    return keras.Model(inputs, layers.Rescaling(255)(x))


@example
def low_light(keras: Any) -> Any:
    """Seven convolutions, the last three joined with the first three."""
    layers = keras.layers

    def convolved(x: Any, filters: int = 8, activation: str = "relu") -> Any:
        return layers.Conv2D(filters, 3, padding="same", activation=activation)(x)

    inputs = keras.Input((None, None, 3))
    first = convolved(inputs)
    second = convolved(first)
    third = convolved(second)
    x = layers.Concatenate()([convolved(third), third])
    x = layers.Concatenate()([convolved(x), second])
    x = layers.Concatenate()([convolved(x), first])
    return keras.Model(inputs, convolved(x, 24, "tanh"))


@example
def tab_transformer(keras: Any) -> Any:
    """Categories are transformed and flattened beside numbers."""
    layers = keras.layers
    categories = [keras.Input((1,), dtype="int64") for _ in range(3)]
    numbers = keras.Input((5,))
    x = layers.Concatenate(axis=1)([layers.Embedding(10, 16)(one) for one in categories])
    for _ in range(2):
        y = layers.MultiHeadAttention(2, 16, dropout=0.2)(x, x)
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([y, x]))
        y = layers.Dense(32, activation="gelu")(x)
        y = layers.Dropout(0.2)(layers.Dense(16)(y))
        x = layers.LayerNormalization(epsilon=1e-6)(layers.Add()([y, x]))
    x = layers.Concatenate()([layers.Flatten()(x), layers.LayerNormalization()(numbers)])
    for units in (32, 16):
        x = layers.Dense(units, activation="selu")(layers.BatchNormalization()(x))
        x = layers.Dropout(0.2)(x)
    return keras.Model([*categories, numbers], layers.Dense(1, activation="sigmoid")(x))


@example
def temporal(keras: Any) -> Any:
    """Residual blocks of causal convolutions, further and further apart."""
    layers = keras.layers
    inputs = x = keras.Input((64, 3))
    for number, rate in enumerate((1, 2, 4)):
        start = x if number else layers.Conv1D(16, 1)(x)
        for _ in range(2):
            x = layers.Conv1D(16, 3, padding="causal", dilation_rate=rate, activation="relu")(x)
            x = layers.SpatialDropout1D(0.1)(x)
        x = layers.Activation("relu")(layers.Add()([x, start]))
    return keras.Model(inputs, layers.Dense(1)(x[:, -1]))


@example
def capsules(keras: Any) -> Any:
    """Convolutions, capsules, and a decoder of what is left when all but one are masked."""
    layers = keras.layers

    class Capsules(layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            self.kernel = self.add_weight(shape=(4, shape[1], shape[2], 6), name="kernel")

        def call(self, x: Any) -> Any:
            return keras.ops.einsum("bic,nicd->bnd", x, self.kernel)

    class Length(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            return keras.ops.sqrt(keras.ops.sum(keras.ops.square(x), -1))

    class Mask(layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any, label: Any) -> Any:
            return keras.ops.reshape(x * keras.ops.expand_dims(label, -1), (-1, 24))

    image, label = keras.Input((28, 28, 1)), keras.Input((4,))
    x = layers.Conv2D(8, 9, activation="relu")(image)
    x = layers.Reshape((6 * 6 * 2, 4))(layers.Conv2D(8, 9, strides=2)(x))
    x = Capsules()(x)
    y = Mask()(x, label)
    for units in (16, 32):
        y = layers.Dense(units, activation="relu")(y)
    y = layers.Reshape((28, 28, 1))(layers.Dense(784, activation="sigmoid")(y))
    return keras.Model([image, label], [Length()(x), y])


@example
def single_shot(keras: Any) -> Any:
    """Classes and boxes from three resolutions of a backbone."""
    layers = keras.layers
    inputs = x = keras.Input((64, 64, 3))
    features = []
    for filters in (8, 16, 32):
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        features.append(x)
        if filters != 32:
            x = layers.MaxPooling2D()(x)
    heads = []
    for name, size in (("classes", 5), ("boxes", 4)):
        found = [
            layers.Reshape((-1, size))(layers.Conv2D(2 * size, 3, padding="same")(each))
            for each in features
        ]
        heads.append(layers.Concatenate(axis=1, name=name)(found))
    return keras.Model(inputs, heads)


@example
def captions(keras: Any) -> Any:
    """An image is encoded, and a text that attends to it is decoded."""
    layers = keras.layers

    class EncoderBlock(layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.norm1, self.norm2 = layers.LayerNormalization(), layers.LayerNormalization()
            self.dense = layers.Dense(16, activation="relu")
            self.attention = layers.MultiHeadAttention(1, 16)

        def call(self, x: Any) -> Any:
            x = self.dense(self.norm1(x))
            return self.norm2(x + self.attention(x, x))

    image, text = keras.Input((32, 32, 3)), keras.Input((10,))
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(16, 3, padding="same", activation="relu")(layers.MaxPooling2D()(x))
    x = EncoderBlock()(layers.Reshape((256, 16))(x))
    y = _decoder(keras)()(_tokens(keras)(40, 10)(text), x)
    return keras.Model([image, text], layers.Dense(40, activation="softmax")(y))


def main() -> None:
    """Write the tables."""
    import keras

    from pytest_layersnap import layer_table

    for name, build in EXAMPLES.items():
        keras.backend.clear_session()
        layer_table(build(keras), name=name).to_csv(TABLES / f"{name}.csv")


if __name__ == "__main__":
    main()
