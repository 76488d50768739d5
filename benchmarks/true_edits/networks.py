"""Networks of many kinds, drawn at random."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from benchmarks.true_edits.plans import Drawing, Plan, Uid


def _conv(
    draw: Drawing, x: Uid, filters: int, size: int = 3, *, strides: int = 1, act: bool = True
) -> Uid:
    x = draw.add("Conv2D", x, filters=filters, kernel_size=size, strides=strides, padding="same")
    x = draw.add("BatchNormalization", x)
    return draw.add("Activation", x, activation="relu") if act else x


def _head(draw: Drawing, x: Uid, classes: int = 5) -> Uid:
    x = draw.add("GlobalAveragePooling2D", x)
    if draw.chance.random() < 0.5:
        x = draw.add("Dropout", x, rate=0.5)
    return draw.add("Dense", x, units=classes, activation="softmax")


def plain(draw: Drawing) -> Plan:
    """Convolutions in stages, pooled after each, and a perceptron."""
    x = draw.input(32, 32, 3)
    filters = draw.chance.choice((4, 8))
    normed = draw.chance.random() < 0.5
    for stage in range(draw.chance.randint(2, 4)):
        with draw.block(f"stage{stage}"):
            for _ in range(draw.chance.randint(1, 4)):
                if normed:
                    x = _conv(draw, x, filters)
                else:
                    x = draw.add(
                        "Conv2D",
                        x,
                        filters=filters,
                        kernel_size=3,
                        activation="relu",
                        padding="same",
                    )
            x = draw.add("MaxPooling2D", x, pool_size=2)
        filters *= draw.chance.choice((1, 2))
    x = draw.add("Flatten", x)
    for _ in range(draw.chance.randint(1, 3)):
        x = draw.add("Dense", x, units=16, activation="relu")
        x = draw.add("Dropout", x, rate=0.3)
    return draw.done(draw.add("Dense", x, units=5))


def perceptron(draw: Drawing) -> Plan:
    """Dense layers, some of one width."""
    x = draw.input(16)
    for number in range(draw.chance.randint(4, 12)):
        with draw.block(f"layer{number}"):
            x = draw.add("Dense", x, units=draw.chance.choice((16, 16, 32)))
            x = draw.add("BatchNormalization", x)
            x = draw.add("Activation", x, activation="relu")
    return draw.done(draw.add("Dense", x, units=2))


def residual(draw: Drawing, blocks: tuple[int, int] = (1, 4)) -> Plan:
    """Residual blocks in stages, the first of each projected."""
    x = _conv(draw, draw.input(32, 32, 3), 8, 7, strides=2)
    bottleneck = draw.chance.random() < 0.5
    for stage in range(draw.chance.randint(2, 4)):
        filters = 8 * 2**stage
        for number in range(draw.chance.randint(*blocks)):
            with draw.block(f"stage{stage}_{number}"):
                strides = 2 if number == 0 and stage else 1
                shortcut = x
                if number == 0:
                    shortcut = _conv(draw, x, filters, 1, strides=strides, act=False)
                y = _conv(draw, x, filters, 1 if bottleneck else 3, strides=strides)
                if bottleneck:
                    y = _conv(draw, y, filters)
                y = _conv(draw, y, filters, 1 if bottleneck else 3, act=False)
                x = draw.add("Add", y, shortcut)
                x = draw.add("Activation", x, activation="relu")
    return draw.done(_head(draw, x))


def long_residual(draw: Drawing) -> Plan:
    """Some dozens of equal blocks."""
    return residual(draw, (6, 14))


def dense(draw: Drawing) -> Plan:
    """Blocks whose layers see all before them."""
    x = _conv(draw, draw.input(32, 32, 3), 8)
    for stage in range(draw.chance.randint(2, 3)):
        for number in range(draw.chance.randint(2, 5)):
            with draw.block(f"stage{stage}_{number}"):
                y = draw.add("BatchNormalization", x)
                y = draw.add("Activation", y, activation="relu")
                y = draw.add("Conv2D", y, filters=4, kernel_size=3, padding="same")
                x = draw.add("Concatenate", x, y)
        x = draw.add("Conv2D", x, filters=8, kernel_size=1)
        x = draw.add("AveragePooling2D", x, pool_size=2)
    return draw.done(_head(draw, x))


def unet(draw: Drawing) -> Plan:
    """An encoder and a decoder, joined at each level."""
    x = draw.input(64, 64, 3)
    levels = draw.chance.randint(2, 5)
    growing = draw.chance.random() < 0.7
    widths = [4 * 2**level if growing else 8 for level in range(levels)]
    skips = []
    for level, filters in enumerate(widths):
        with draw.block(f"enc{level}", f"level{level}"):
            x = _conv(draw, _conv(draw, x, filters), filters)
            skips.append(x)
            x = draw.add("MaxPooling2D", x, pool_size=2)
    x = _conv(draw, _conv(draw, x, widths[-1]), widths[-1])
    for level, filters in reversed([*enumerate(widths)]):
        with draw.block(f"dec{level}", f"level{level}"):
            x = draw.add("Conv2DTranspose", x, filters=filters, kernel_size=2, strides=2)
            x = draw.add("Concatenate", x, skips[level])
            x = _conv(draw, _conv(draw, x, filters), filters)
    return draw.done(draw.add("Conv2D", x, filters=3, kernel_size=1, activation="softmax"))


def segmenter(draw: Drawing) -> Plan:
    """Residual levels down, and more of them up, without a joint."""
    x = _conv(draw, draw.input(64, 64, 3), 8, strides=2)
    levels = draw.chance.randint(2, 4)
    for level in range(levels):
        with draw.block(f"enc{level}"):
            filters, start = 8 * 2**level, x
            for _ in range(2):
                x = draw.add("Activation", x, activation="relu")
                x = draw.add("SeparableConv2D", x, filters=filters, kernel_size=3, padding="same")
                x = draw.add("BatchNormalization", x)
            x = draw.add("MaxPooling2D", x, pool_size=3, strides=2, padding="same")
            y = draw.add("Conv2D", start, filters=filters, kernel_size=1, strides=2, padding="same")
            x = draw.add("Add", x, y)
    for level in reversed(range(levels + draw.chance.randint(0, 1))):
        with draw.block(f"dec{level}"):
            filters, start = 8 * 2**level, x
            for _ in range(2):
                x = draw.add("Activation", x, activation="relu")
                x = draw.add("Conv2DTranspose", x, filters=filters, kernel_size=3, padding="same")
                x = draw.add("BatchNormalization", x)
            x = draw.add("UpSampling2D", x, size=2)
            y = draw.add("UpSampling2D", start, size=2)
            y = draw.add("Conv2D", y, filters=filters, kernel_size=1, padding="same")
            x = draw.add("Add", x, y)
    return draw.done(draw.add("Conv2D", x, filters=3, kernel_size=3, padding="same"))


def autoencoder(draw: Drawing) -> Plan:
    """Convolutions down, and transposed ones up."""
    x = draw.input(32, 32, 3)
    widths = [8, 8, 16, 16][: draw.chance.randint(2, 4)]
    for level, filters in enumerate(widths):
        with draw.block(f"down{level}"):
            x = _conv(draw, x, filters, strides=2)
    for level, filters in reversed([*enumerate(widths)]):
        with draw.block(f"up{level}"):
            x = draw.add(
                "Conv2DTranspose", x, filters=filters, kernel_size=3, strides=2, padding="same"
            )
            x = draw.add("BatchNormalization", x)
            x = draw.add("LeakyReLU", x)
    return draw.done(draw.add("Conv2D", x, filters=3, kernel_size=3, padding="same"))


def branches(draw: Drawing) -> Plan:
    """Blocks of parallel paths that are concatenated."""
    x = _conv(draw, draw.input(32, 32, 3), 8)
    for number in range(draw.chance.randint(2, 5)):
        with draw.block(f"mixed{number}"):
            paths = [_conv(draw, x, 4, 1), _conv(draw, _conv(draw, x, 4, 1), 4)]
            if draw.chance.random() < 0.7:
                paths.append(_conv(draw, _conv(draw, _conv(draw, x, 4, 1), 4), 4))
            y = draw.add("AveragePooling2D", x, pool_size=3, strides=1, padding="same")
            x = draw.add("Concatenate", *paths, _conv(draw, y, 4, 1))
    return draw.done(_head(draw, x))


def towers(draw: Drawing) -> Plan:
    """Several inputs, each with layers of its own, and what joins them."""
    joined = []
    equal = draw.chance.random() < 0.5
    for tower in range(draw.chance.randint(2, 4)):
        x = draw.input(8)
        for number in range(3 if equal else draw.chance.randint(1, 5)):
            with draw.block(f"tower{tower}_{number}"):
                x = draw.add("Dense", x, units=8, activation="relu")
                x = draw.add("Dropout", x, rate=0.1)
        joined.append(x)
    x = draw.add(draw.chance.choice(("Concatenate", "Add")), *joined)
    for number in range(draw.chance.randint(1, 3)):
        with draw.block(f"head{number}"):
            x = draw.add("Dense", x, units=8, activation="relu")
            x = draw.add("Dropout", x, rate=0.1)
    return draw.done(*(draw.add("Dense", x, units=2) for _ in range(draw.chance.randint(1, 2))))


def _attention(draw: Drawing, x: Uid, context: Uid, width: int) -> Uid:
    y = draw.add("MultiHeadAttention", x, context, num_heads=2, key_dim=4)
    y = draw.add("Dropout", y, rate=0.1)
    return draw.add("LayerNormalization", draw.add("Add", x, y))


def _forward(draw: Drawing, x: Uid, width: int) -> Uid:
    y = draw.add("Dense", x, units=2 * width, activation="gelu")
    y = draw.add("Dense", y, units=width)
    y = draw.add("Dropout", y, rate=0.1)
    return draw.add("LayerNormalization", draw.add("Add", x, y))


def transformer(draw: Drawing) -> Plan:
    """An encoder, or an encoder and a decoder that looks at it."""
    width = 8
    x = draw.add("Embedding", draw.input(12), input_dim=50, output_dim=width)
    for number in range(draw.chance.randint(1, 5)):
        with draw.block(f"encoder{number}"):
            x = _forward(draw, _attention(draw, x, x, width), width)
    if draw.chance.random() < 0.5:
        y = draw.add("Embedding", draw.input(12), input_dim=50, output_dim=width)
        for number in range(draw.chance.randint(1, 4)):
            with draw.block(f"decoder{number}"):
                y = _attention(draw, _attention(draw, y, y, width), x, width)
                y = _forward(draw, y, width)
        return draw.done(draw.add("Dense", y, units=50))
    x = draw.add("GlobalAveragePooling1D", x)
    return draw.done(draw.add("Dense", x, units=2))


def with_operations(draw: Drawing) -> Plan:
    """A transformer whose sums and gates are operations."""
    x = draw.input(12, 8)
    for number in range(draw.chance.randint(2, 6)):
        with draw.block(f"mixer{number}"):
            y = draw.add("LayerNormalization", x)
            y = draw.add("Conv1D", y, filters=8, kernel_size=3, padding="same")
            gate = draw.add("Dense", y, units=8, activation="sigmoid")
            x = draw.add("op:add", x, draw.add("op:multiply", y, gate))
    return draw.done(draw.add("Dense", draw.add("Flatten", x), units=2))


def recurrent(draw: Drawing) -> Plan:
    """Sequences read by stacked layers."""
    x = draw.add("Embedding", draw.input(20), input_dim=40, output_dim=8)
    for number in range(draw.chance.randint(1, 4)):
        with draw.block(f"read{number}"):
            kind = draw.chance.choice(("LSTM", "GRU"))
            x = draw.add(kind, x, units=8, return_sequences=True)
            x = draw.add("Dropout", x, rate=0.2)
    x = draw.add("GlobalMaxPooling1D", x)
    x = draw.add("Dense", x, units=8, activation="relu")
    return draw.done(draw.add("Dense", x, units=1, activation="sigmoid"))


def inverted(draw: Drawing) -> Plan:
    """Inverted bottlenecks, some with squeeze and excite."""
    x = _conv(draw, draw.input(32, 32, 3), 8, strides=2)
    for stage in range(draw.chance.randint(2, 3)):
        for number in range(draw.chance.randint(1, 4)):
            with draw.block(f"stage{stage}_{number}"):
                filters = 8 * (stage + 1)
                strides = 2 if number == 0 else 1
                y = _conv(draw, x, 2 * filters, 1)
                y = draw.add("DepthwiseConv2D", y, kernel_size=3, strides=strides, padding="same")
                y = draw.add("BatchNormalization", y)
                y = draw.add("Activation", y, activation="swish")
                if stage:
                    gate = draw.add("GlobalAveragePooling2D", y, keepdims=True)
                    gate = draw.add("Conv2D", gate, filters=4, kernel_size=1, activation="swish")
                    gate = draw.add(
                        "Conv2D", gate, filters=2 * filters, kernel_size=1, activation="sigmoid"
                    )
                    y = draw.add("Multiply", y, gate)
                y = _conv(draw, y, filters, 1, act=False)
                x = y if number == 0 else draw.add("Add", y, x)
    return draw.done(_head(draw, x))


def nested(draw: Drawing) -> Plan:
    """A model in a model, or Sequentials in a row."""
    x = draw.input(16, 16, 3)
    if draw.chance.random() < 0.5:
        x = draw.add("Functional", x)
        with draw.inside(x):
            y = _conv(draw, draw.input(16, 16, 3), 8)
            for number in range(draw.chance.randint(1, 4)):
                with draw.block(f"inner{number}"):
                    y = draw.add("Add", y, _conv(draw, _conv(draw, y, 8), 8))
    else:
        for _ in range(draw.chance.randint(2, 5)):
            x = draw.add("Sequential", x)
            with draw.inside(x):
                draw.add("Dropout", _conv(draw, x, 8), rate=0.1)
    return draw.done(_head(draw, x))


def traced(draw: Drawing) -> Plan:
    """Layers that somebody wrote, which call others."""
    x = draw.add("Dense", draw.input(8), units=8)
    kind = draw.chance.choice(("Block", "ResidualBlock"))
    for _ in range(draw.chance.randint(2, 5)):
        x = draw.add(kind, x)
        with draw.inside(x):
            y = draw.add("Dense", x, units=8, activation="relu")
            y = draw.add("Dropout", y, rate=0.1)
            y = draw.add("Dense", y, units=8)
            if kind == "ResidualBlock":
                draw.add("Add", y, x)
    return draw.done(draw.add("Dense", x, units=2))


NETWORKS: dict[str, Callable[[Drawing], Plan]] = {
    network.__name__: network
    for network in (
        plain,
        perceptron,
        residual,
        long_residual,
        dense,
        unet,
        segmenter,
        autoencoder,
        branches,
        towers,
        transformer,
        with_operations,
        recurrent,
        inverted,
        nested,
        traced,
    )
}
#: Who names the layers, Keras more often than people.
NAMINGS = ("auto", "auto", "mixed", "named")


def drawn(chance: Random) -> tuple[str, Plan]:
    """Any network, and what it is."""
    kind, naming = chance.choice([*NETWORKS]), chance.choice(NAMINGS)
    return f"{kind}, {naming}", NETWORKS[kind](Drawing(chance, naming))
