"""Pairs of small models that people make of each other: what was saved, and what loads it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

Build = Callable[[ModuleType], Any]
NAME = ".h5 by name"


class Pair(NamedTuple):
    """Two builders, and in which ways of loading the tables alone do not tell the outcome."""

    before: Build
    after: Build
    unknown: frozenset[str] = frozenset()


def chain(*layers: Callable[[Any], Any], shape: tuple[int | None, ...] = (8,)) -> Build:
    """A functional model: an input, and the layers one after the other."""

    def build(keras: ModuleType) -> Any:
        x = inputs = keras.Input(shape, name="features")
        for layer in layers:
            x = layer(keras.layers)(x)
        return keras.Model(inputs, x)

    return build


def sequential(*layers: Callable[[Any], Any], shape: tuple[int | None, ...] = (8,)) -> Build:
    """The same as a Sequential."""

    def build(keras: ModuleType) -> Any:
        model = keras.Sequential([layer(keras.layers) for layer in layers])
        model.build((None, *shape))
        return model

    return build


def layer(kind: str, *arguments: Any, **settings: Any) -> Callable[[Any], Any]:
    """A layer to be made of ``keras.layers``."""
    return lambda layers: getattr(layers, kind)(*arguments, **settings)


def dense(units: int, name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
    """A Dense layer."""
    return layer("Dense", units, name=name, **settings)


def norm(name: str | None = None, **settings: Any) -> Callable[[Any], Any]:
    """A BatchNormalization layer."""
    return layer("BatchNormalization", name=name, **settings)


def conv(filters: int, name: str | None = None, size: int = 3, **settings: Any) -> Any:
    """A Conv2D layer."""
    return layer("Conv2D", filters, size, name=name, **settings)


def wrapped(kind: str, inner: Callable[[Any], Any], **settings: Any) -> Callable[[Any], Any]:
    """A wrapper around a layer."""
    return lambda layers: getattr(layers, kind)(inner(layers), **settings)


IMAGE = (8, 8, 3)
SEQUENCE = (5, 4)


def nested(
    *inside: Callable[[Any], Any], after: tuple[Any, ...] = (), frozen: bool = False
) -> Build:
    """A model in a model, with layers behind it."""

    def build(keras: ModuleType) -> Any:
        x = inner = keras.Input((8,))
        for make in inside:
            x = make(keras.layers)(x)
        backbone = keras.Model(inner, x, name="backbone")
        backbone.trainable = not frozen
        inputs = keras.Input((8,), name="features")
        x = backbone(inputs)
        for make in after:
            x = make(keras.layers)(x)
        return keras.Model(inputs, x)

    return build


def branches(*made: Callable[[Any], Any], order: tuple[int, ...] | None = None) -> Build:
    """Layers side by side, merged in an order."""

    def build(keras: ModuleType) -> Any:
        inputs = keras.Input((8,), name="features")
        ends = [make(keras.layers)(inputs) for make in made]
        merged = keras.layers.Concatenate(name="merged")(
            [ends[i] for i in order or range(len(ends))]
        )
        return keras.Model(inputs, keras.layers.Dense(2, name="head")(merged))

    return build


def freezing(build: Build, *names: str) -> Build:
    """A model with some layers frozen; without names all of it."""

    def frozen(keras: ModuleType) -> Any:
        model = build(keras)
        for one in [model.get_layer(name) for name in names] or [model]:
            one.trainable = False
        return model

    return frozen


def shared(calls: int) -> Build:
    """One layer on one or two inputs."""

    def build(keras: ModuleType) -> Any:
        inputs = [keras.Input((8,), name=f"input{number}") for number in range(calls)]
        tower = keras.layers.Dense(4, name="tower")
        ends = [tower(one) for one in inputs]
        merged = keras.layers.Add(name="sum")(ends) if calls > 1 else ends[0]
        return keras.Model(inputs, keras.layers.Dense(2, name="head")(merged))

    return build


def two_towers(keras: ModuleType) -> Any:
    """Two inputs, and a layer for each."""
    inputs = [keras.Input((8,), name=f"input{number}") for number in range(2)]
    names = ("tower", "other")
    ends = [keras.layers.Dense(4, name=n)(i) for n, i in zip(names, inputs, strict=True)]
    merged = keras.layers.Add(name="sum")(ends)
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(merged))


def arithmetic(keras: ModuleType) -> Any:
    """A sum that is an operation."""
    inputs = keras.Input((8,), name="features")
    x = keras.layers.Dense(8, name="a")(inputs) + inputs
    return keras.Model(inputs, keras.layers.Dense(2, name="b")(x))


def attention(heads: int, **settings: Any) -> Build:
    """Self-attention."""

    def build(keras: ModuleType) -> Any:
        inputs = keras.Input(SEQUENCE, name="features")
        x = keras.layers.MultiHeadAttention(heads, 2, name="attention", **settings)(inputs, inputs)
        return keras.Model(inputs, keras.layers.Dense(2, name="head")(x))

    return build


def subclassed(*units: int, rate: float = 0.1) -> Build:
    """A model whose wiring no table knows."""

    def build(keras: ModuleType) -> Any:
        class Classifier(keras.Model):  # type: ignore[misc, name-defined]
            def __init__(self) -> None:
                super().__init__()
                self.steps = [keras.layers.Dense(each) for each in units]
                self.drop = keras.layers.Dropout(rate)
                self.head = keras.layers.Dense(2)

            def call(self, x: Any) -> Any:
                for step in self.steps:
                    x = step(x)
                return self.head(self.drop(x))

        model = Classifier()
        model(keras.ops.zeros((1, 8)) if hasattr(keras, "ops") else keras.backend.zeros((1, 8)))
        return model

    return build


def custom(units: int, after: int = 2) -> Build:
    """A layer that somebody wrote, which holds another, in a functional model."""

    def build(keras: ModuleType) -> Any:
        class Block(keras.layers.Layer):  # type: ignore[misc, name-defined]
            def __init__(self, **settings: Any) -> None:
                super().__init__(**settings)
                self.inner = keras.layers.Dense(units)
                self.norm = keras.layers.LayerNormalization()

            def build(self, shape: Any) -> None:
                self.inner.build(shape)
                self.norm.build((None, units))
                super().build(shape)

            def call(self, x: Any) -> Any:
                return self.norm(self.inner(x))

        inputs = keras.Input((8,), name="features")
        x = Block(name="block")(inputs)
        return keras.Model(inputs, keras.layers.Dense(after, name="head")(x))

    return build


def around(
    inside: str, outside: str, *, one: bool = True, frozen: str = "", first: bool = False
) -> Build:
    """A model in a model, and layers that both have, or that only look alike."""

    def build(keras: ModuleType) -> Any:
        made: dict[str, Any] = {}

        def use(name: str) -> Any:
            if not one or name not in made:
                made[name] = keras.layers.Dense(8, name=name, trainable=name not in frozen)
            return made[name]

        x = inner = keras.Input((8,), name="inner")
        for name in inside:
            x = use(name)(x)
        sub = keras.Model(inner, x, name="sub")
        x = inputs = keras.Input((8,), name="features")
        for name in outside[:1] if first else "":
            x = use(name)(x)
        x = sub(x)
        for name in outside[1:] if first else outside:
            x = use(name)(x)
        return keras.Model(inputs, keras.layers.Dense(1, name="head")(x), name="whole")

    return build


def side_by_side(one: str, other: str, *, shared: str = "", twice: bool = False) -> Build:
    """Two models in a model, with layers that both have; or the first of them twice, and again inside."""

    def build(keras: ModuleType) -> Any:
        made = {name: keras.layers.Dense(8, name=name) for name in shared}

        def model(names: str, name: str) -> Any:
            x = inputs = keras.Input((8,))
            for each in names:
                x = (made[each] if each in made else keras.layers.Dense(8, name=each))(x)
            return keras.Model(inputs, x, name=name)

        first, second = model(one, "left"), model(other, "right")
        if twice:
            x = inputs = keras.Input((8,))
            second = keras.Model(inputs, second(first(x)), name="right")
        inputs = keras.Input((8,), name="features")
        x = keras.layers.Add(name="sum")([first(inputs), second(inputs)])
        return keras.Model(inputs, keras.layers.Dense(1, name="head")(x), name="whole")

    return build


def holding(*, backwards: bool = False, **attributes: Any) -> Build:
    """A layer of somebody's that holds others: by attribute a name, or a list of names.

    It calls them in the order in which they were made, or backwards.
    """
    return _held(attributes, backwards, model=False)


def holding_model(*, backwards: bool = False, **attributes: Any) -> Build:
    """A model of somebody's that does so, and is not in another."""
    return _held(attributes, backwards, model=True)


def _held(attributes: dict[str, Any], backwards: bool, *, model: bool) -> Build:
    def build(keras: ModuleType) -> Any:
        base: Any = keras.Model if model else keras.layers.Layer

        class Own(base):  # type: ignore[misc]
            def __init__(self, **settings: Any) -> None:
                super().__init__(**settings)
                made: dict[str, Any] = {}
                for attribute, names in attributes.items():
                    for name in names:
                        if name not in made:
                            made[name] = keras.layers.Dense(8, name=name)
                    parts = [made[name] for name in names]
                    setattr(self, attribute, parts if isinstance(names, list) else parts[0])
                self._names = tuple(reversed(made) if backwards else made)
                self._made: Any = lambda name: made[name]

            def build(self, shape: Any) -> None:
                for name in self._names:
                    self._made(name).build((None, 8))
                self.built = True

            def call(self, x: Any) -> Any:
                for name in self._names:
                    x = self._made(name)(x)
                return x

        if model:
            whole = Own(name="whole")
            whole(keras.ops.zeros((1, 8)) if hasattr(keras, "ops") else keras.backend.zeros((1, 8)))
            return whole
        inputs = keras.Input((8,), name="features")
        x = Own(name="holder")(inputs)
        return keras.Model(inputs, keras.layers.Dense(1, name="head")(x))

    return build


def tied(how: str, *, between: int = 0) -> Build:
    """Words in and words out: by the same weights, the same layer, or each by its own."""

    def build(keras: ModuleType) -> Any:
        class Words(keras.layers.Layer):  # type: ignore[misc, name-defined]
            def __init__(self, words: Any = None, **settings: Any) -> None:
                super().__init__(**settings)
                if how == "layer":
                    self.words = words
                elif how == "weight":
                    self.kernel = words.embeddings
                else:
                    self.kernel = self.add_weight(name="kernel", shape=(8, 8))

            def call(self, x: Any) -> Any:
                kernel = self.words.embeddings if how == "layer" else self.kernel
                return x @ kernel

        words = keras.layers.Embedding(8, 8, name="words")
        inputs = keras.Input((5,), name="features", dtype="int32")
        x = words(inputs)
        for number in range(between):
            x = keras.layers.Dense(8, name=f"between{number}")(x)
        return keras.Model(inputs, Words(words, name="out")(x))

    return build


def frozen_inside(*frozen: str, norms: bool = False, outer: bool = False) -> Build:
    """A model in a model, some of it frozen."""

    def build(keras: ModuleType) -> Any:
        layers = keras.layers
        x = inner = keras.Input((8,), name="inner")
        for name in "ab":
            x = layers.Dense(8, name=name)(x)
            x = layers.BatchNormalization(name=f"norm_{name}")(x) if norms else x
        sub = keras.Model(inner, x, name="sub")
        for name in frozen:
            (sub if name == "sub" else sub.get_layer(name)).trainable = False
        inputs = keras.Input((8,), name="features")
        model = keras.Model(inputs, layers.Dense(1, name="head")(sub(inputs)), name="whole")
        if outer:
            model.trainable = False
        return model

    return build


def over_time(inner: str, name: str = "each", units: int = 4) -> Build:
    """A wrapper around a layer or a model."""

    def build(keras: ModuleType) -> Any:
        layers = keras.layers
        inputs = keras.Input(SEQUENCE, name="features")
        if inner == "model":
            each = keras.Input((4,))
            part = keras.Model(each, layers.Dense(units, name="b")(layers.Dense(4, name="a")(each)))
        elif inner == "norm":
            part = layers.BatchNormalization(name="norm")
        else:
            part = layers.Dense(units, name=inner)
        x = layers.TimeDistributed(part, name=name)(inputs)
        return keras.Model(inputs, layers.Dense(1, name="head")(x))

    return build


ABC = (dense(8, "a"), dense(8, "b"), dense(2, "c"))
AUTO = (dense(8), dense(8), dense(2))
SMALL = (conv(4, "conv"), norm("bn"), layer("Flatten", name="flat"), dense(2, "head"))
LSTM = layer("LSTM", 4, name="rnn")

PAIRS: dict[str, Pair] = {
    # names
    "nothing": Pair(chain(*ABC), chain(*ABC)),
    "one renamed": Pair(chain(*ABC), chain(dense(8, "a"), dense(8, "x"), dense(2, "c"))),
    "all renamed": Pair(chain(*ABC), chain(dense(8, "x"), dense(8, "y"), dense(2, "z"))),
    "two names swapped": Pair(chain(*ABC), chain(dense(8, "b"), dense(8, "a"), dense(2, "c"))),
    "names swapped, other shapes": Pair(
        chain(dense(8, "a"), dense(4, "b")), chain(dense(8, "b"), dense(4, "a"))
    ),
    "auto names": Pair(chain(*AUTO), chain(*AUTO), frozenset({NAME})),
    "auto names, one given": Pair(chain(*AUTO), chain(dense(8, "a"), *AUTO[1:]), frozenset({NAME})),
    "auto names, all given": Pair(chain(*AUTO), chain(*ABC)),
    "auto name of another class": Pair(
        chain(dense(8, "a"), norm()), chain(dense(8, "a"), layer("LayerNormalization"))
    ),
    # layers without weights
    "dropout inserted": Pair(chain(*ABC), chain(ABC[0], layer("Dropout", 0.5), *ABC[1:])),
    "activation inserted": Pair(chain(*ABC), chain(ABC[0], layer("ReLU"), *ABC[1:])),
    "dropout removed": Pair(chain(ABC[0], layer("Dropout", 0.5), *ABC[1:]), chain(*ABC)),
    "operation inserted": Pair(chain(dense(8, "a"), dense(2, "b")), arithmetic),
    "another pooling": Pair(
        chain(conv(4, "c"), layer("GlobalMaxPooling2D"), dense(2, "d"), shape=IMAGE),
        chain(conv(4, "c"), layer("GlobalAveragePooling2D"), dense(2, "d"), shape=IMAGE),
    ),
    # layers with weights
    "dense inserted in front": Pair(chain(*ABC), chain(dense(8, "new"), *ABC)),
    "dense inserted inside": Pair(chain(*ABC), chain(ABC[0], dense(8, "new"), *ABC[1:])),
    "dense appended": Pair(chain(*ABC), chain(*ABC, dense(2, "new"))),
    "dense removed in front": Pair(chain(*ABC), chain(*ABC[1:])),
    "dense removed inside": Pair(chain(*ABC), chain(ABC[0], ABC[2])),
    "dense removed at the end": Pair(chain(*ABC), chain(*ABC[:2])),
    "norm inserted": Pair(chain(*ABC), chain(ABC[0], norm("bn"), *ABC[1:])),
    "norm removed": Pair(chain(ABC[0], norm("bn"), *ABC[1:]), chain(*ABC)),
    "prelu for relu": Pair(
        chain(ABC[0], layer("ReLU", name="act"), ABC[2]),
        chain(ABC[0], layer("PReLU", name="act"), ABC[2]),
    ),
    "auto named inserted": Pair(chain(*AUTO), chain(dense(8), *AUTO), frozenset({NAME})),
    "auto named removed": Pair(chain(*AUTO), chain(*AUTO[1:]), frozenset({NAME})),
    # shapes
    "narrower": Pair(chain(*ABC), chain(dense(8, "a"), dense(4, "b"), dense(2, "c"))),
    "more classes": Pair(chain(*ABC), chain(*ABC[:2], dense(10, "c"))),
    "another input": Pair(chain(*ABC), chain(*ABC, shape=(9,))),
    "larger image": Pair(chain(*SMALL, shape=IMAGE), chain(*SMALL, shape=(9, 9, 3))),
    "larger image, pooled": Pair(
        chain(conv(4, "c"), layer("GlobalMaxPooling2D"), dense(2, "d"), shape=IMAGE),
        chain(conv(4, "c"), layer("GlobalMaxPooling2D"), dense(2, "d"), shape=(9, 9, 3)),
    ),
    "another kernel": Pair(
        chain(*SMALL, shape=IMAGE), chain(conv(4, "conv", 1), *SMALL[1:], shape=IMAGE)
    ),
    "more filters": Pair(
        chain(*SMALL, shape=IMAGE), chain(conv(5, "conv"), *SMALL[1:], shape=IMAGE)
    ),
    # flags
    "bias off": Pair(chain(*ABC), chain(dense(8, "a", use_bias=False), *ABC[1:])),
    "bias on": Pair(chain(dense(8, "a", use_bias=False), *ABC[1:]), chain(*ABC)),
    "strides": Pair(
        chain(conv(4, "c"), layer("GlobalMaxPooling2D"), shape=IMAGE),
        chain(conv(4, "c", strides=2), layer("GlobalMaxPooling2D"), shape=IMAGE),
    ),
    "norm without scale": Pair(
        chain(ABC[0], norm("bn"), ABC[2]), chain(ABC[0], norm("bn", scale=False), ABC[2])
    ),
    "norm without center": Pair(
        chain(ABC[0], norm("bn", center=False), ABC[2]), chain(ABC[0], norm("bn"), ABC[2])
    ),
    "norm, scale for center": Pair(
        chain(ABC[0], norm("bn", scale=False), ABC[2]),
        chain(ABC[0], norm("bn", center=False), ABC[2]),
    ),
    "another epsilon": Pair(
        chain(ABC[0], norm("bn"), ABC[2]), chain(ABC[0], norm("bn", epsilon=1e-5), ABC[2])
    ),
    "layer norm without weights": Pair(
        chain(ABC[0], layer("LayerNormalization", name="ln"), ABC[2]),
        chain(ABC[0], layer("LayerNormalization", name="ln", center=False, scale=False), ABC[2]),
    ),
    "layer norm for batch norm": Pair(
        chain(ABC[0], norm("norm"), ABC[2]),
        chain(ABC[0], layer("LayerNormalization", name="norm"), ABC[2]),
    ),
    "group norm for layer norm": Pair(
        chain(layer("LayerNormalization", name="norm"), ABC[2], shape=(4, 4, 8)),
        chain(layer("GroupNormalization", 2, name="norm"), ABC[2], shape=(4, 4, 8)),
    ),
    # freezing
    "one frozen": Pair(chain(*ABC), freezing(chain(*ABC), "b")),
    "all frozen": Pair(chain(*ABC), freezing(chain(*ABC))),
    "frozen norm": Pair(chain(*SMALL, shape=IMAGE), freezing(chain(*SMALL, shape=IMAGE), "bn")),
    "nested frozen": Pair(
        nested(dense(8, "a"), norm("bn"), dense(4, "b"), after=(dense(2, "head"),)),
        nested(dense(8, "a"), norm("bn"), dense(4, "b"), after=(dense(2, "head"),), frozen=True),
    ),
    "nested unfrozen": Pair(
        nested(dense(8, "a"), norm("bn"), after=(dense(2, "head"),), frozen=True),
        nested(dense(8, "a"), norm("bn"), after=(dense(2, "head"),)),
    ),
    "nested frozen, nothing but norms": Pair(
        nested(norm("x"), norm("y"), after=(dense(2, "head"),)),
        nested(norm("x"), norm("y"), after=(dense(2, "head"),), frozen=True),
    ),
    # order
    "two exchanged": Pair(chain(*ABC), chain(ABC[1], ABC[0], ABC[2])),
    "norm before dense": Pair(chain(ABC[0], norm("bn"), ABC[2]), chain(norm("bn"), ABC[0], ABC[2])),
    "branches": Pair(
        branches(dense(4, "a"), dense(4, "b")), branches(dense(4, "a"), dense(4, "b"), order=(1, 0))
    ),
    "branches of other shapes": Pair(
        branches(dense(4, "a"), dense(5, "b")), branches(dense(4, "a"), dense(5, "b"), order=(1, 0))
    ),
    "branch added": Pair(branches(dense(4, "a")), branches(dense(4, "a"), dense(4, "b"))),
    "branch activation": Pair(
        branches(dense(4, "a"), dense(5, "b")),
        branches(dense(4, "a", activation="tanh"), dense(5, "b")),
    ),
    # nested, shared, Sequential
    "nested, head changed": Pair(
        nested(dense(8, "a"), after=(dense(2, "head"),)),
        nested(dense(8, "a"), after=(dense(3, "head"),)),
    ),
    "nested, inside changed": Pair(
        nested(dense(8, "a"), after=(dense(2, "head"),)),
        nested(dense(6, "a"), after=(dense(2, "head"),)),
    ),
    "nested, one inside removed": Pair(
        nested(dense(8, "a"), dense(8, "b"), after=(dense(2, "head"),)),
        nested(dense(8, "a"), after=(dense(2, "head"),)),
    ),
    "nested, one inside added": Pair(
        nested(dense(8, "a"), after=(dense(2, "head"),)),
        nested(dense(8, "a"), dense(8, "b"), after=(dense(2, "head"),)),
    ),
    "nested, flat now": Pair(
        nested(dense(8, "a"), after=(dense(2, "head"),)), chain(dense(8, "a"), dense(2, "head"))
    ),
    "flat, nested now": Pair(
        chain(dense(8, "a"), dense(2, "head")), nested(dense(8, "a"), after=(dense(2, "head"),))
    ),
    "shared once more": Pair(shared(1), shared(2)),
    "shared no longer": Pair(shared(2), two_towers),
    "sequential as functional": Pair(sequential(*ABC), chain(*ABC)),
    "functional as sequential": Pair(chain(*ABC), sequential(*ABC)),
    "sequential, one more": Pair(sequential(*ABC), sequential(*ABC, dense(2, "d"))),
    # recurrent layers and wrappers
    "lstm units": Pair(
        chain(LSTM, dense(2, "d"), shape=SEQUENCE),
        chain(layer("LSTM", 5, name="rnn"), dense(2, "d"), shape=SEQUENCE),
    ),
    "gru for lstm": Pair(
        chain(LSTM, dense(2, "d"), shape=SEQUENCE),
        chain(layer("GRU", 4, name="rnn"), dense(2, "d"), shape=SEQUENCE),
    ),
    "gru reset": Pair(
        chain(layer("GRU", 4, name="rnn"), shape=SEQUENCE),
        chain(layer("GRU", 4, name="rnn", reset_after=False), shape=SEQUENCE),
    ),
    "lstm activation": Pair(
        chain(LSTM, dense(2, "d"), shape=SEQUENCE),
        chain(layer("LSTM", 4, name="rnn", activation="relu"), dense(2, "d"), shape=SEQUENCE),
    ),
    "bidirectional": Pair(
        chain(wrapped("Bidirectional", LSTM, name="both"), dense(2, "d"), shape=SEQUENCE),
        chain(wrapped("Bidirectional", LSTM, name="both"), dense(3, "d"), shape=SEQUENCE),
    ),
    "bidirectional units": Pair(
        chain(wrapped("Bidirectional", LSTM, name="both"), shape=SEQUENCE),
        chain(wrapped("Bidirectional", layer("LSTM", 5), name="both"), shape=SEQUENCE),
    ),
    "bidirectional for one way": Pair(
        chain(LSTM, shape=SEQUENCE),
        chain(wrapped("Bidirectional", layer("LSTM", 4), name="rnn"), shape=SEQUENCE),
    ),
    "time distributed": Pair(
        chain(wrapped("TimeDistributed", layer("Dense", 3), name="each"), shape=SEQUENCE),
        chain(layer("Dense", 3, name="each"), shape=SEQUENCE),
    ),
    "attention heads": Pair(attention(2), attention(3)),
    "attention without bias": Pair(attention(2), attention(2, use_bias=False)),
    "attention dropout": Pair(attention(2), attention(2, dropout=0.1)),
    "embedding": Pair(
        chain(layer("Embedding", 10, 4, name="words"), LSTM, shape=(5,)),
        chain(layer("Embedding", 12, 4, name="words"), LSTM, shape=(5,)),
    ),
    "separable": Pair(
        chain(layer("SeparableConv2D", 4, 3, name="conv"), shape=IMAGE),
        chain(conv(4, "conv"), shape=IMAGE),
    ),
    # people's own classes
    "subclassed, another rate": Pair(subclassed(8), subclassed(8, rate=0.5), frozenset({NAME})),
    "subclassed, other units": Pair(subclassed(8), subclassed(6), frozenset({NAME})),
    "subclassed, one more": Pair(subclassed(8), subclassed(8, 8), frozenset({NAME})),
    "custom layer": Pair(custom(8), custom(8, after=3)),
    "custom layer, inside": Pair(custom(8), custom(6)),
    "custom layer, for a dense": Pair(custom(8), chain(dense(8, "block"), dense(2, "head"))),
}

#: Models of which each is made of each other: what one has saved, another loads.
GROUPS: dict[str, dict[str, Build]] = {
    "a layer inside and outside": {
        "one": around("d", "d"),
        "two": around("d", "d", one=False),
        "renamed outside": around("d", "e"),
        "renamed inside": around("e", "d"),
        "used first": around("d", "dd", first=True),
        "twice outside": around("d", "ded"),
        "with others": around("de", "ed"),
    },
    "a layer in two models": {
        "one": side_by_side("ab", "ca", shared="a"),
        "two": side_by_side("ab", "ca"),
        "both": side_by_side("ab", "ba", shared="ab"),
        "none": side_by_side("ab", "cd"),
        "a model inside": side_by_side("ab", "c", twice=True),
    },
    "tied": {
        "layer": tied("layer"),
        "weight": tied("weight"),
        "own": tied("own"),
        "weight, with more": tied("weight", between=1),
        "own, with more": tied("own", between=1),
    },
    "held by a layer": {
        "by attributes": holding(a="p", b="q"),
        "exchanged": holding(a="q", b="p"),
        "renamed": holding(a="p", c="q"),
        "private": holding(a="p", _b="q"),
        "in a list": holding(a=["p", "q"]),
        "one": holding(a="p", b="p"),
        "in a list and by attribute": holding(first="p", parts=["p", "q"]),
    },
    "held by a model": {
        "by attributes": holding_model(a="p", b="q"),
        "exchanged": holding_model(a="q", b="p"),
        "renamed": holding_model(a="p", z="q"),
        "private": holding_model(a="p", _b="q"),
        "in a list": holding_model(parts=["p", "q"]),
        "one less": holding_model(a="p"),
    },
    "held by a layer, called": {
        "forwards": holding(a="p", b="q"),
        "backwards": holding(a="p", b="q", backwards=True),
        "backwards, renamed": holding(a="p", c="q", backwards=True),
        "backwards, both renamed": holding(x="p", y="q", backwards=True),
        "in a list": holding(a=["p", "q"]),
        "in a list, backwards": holding(a=["p", "q"], backwards=True),
        "in a list, turned round": holding(a=["q", "p"], backwards=True),
        "three in a list": holding(a=["p", "q", "r"]),
        "three in a list, backwards": holding(a=["p", "q", "r"], backwards=True),
    },
    "held by a layer, by their names": {
        "one": holding(p="p", q="q"),
        "renamed": holding(p="x", q="y"),
        "one renamed": holding(p="p", q="y"),
    },
    "held by a layer, exchanged": {
        "forwards": holding(a="p", b="q"),
        "made backwards": holding(b="q", a="p", backwards=True),
        "made and called backwards": holding(b="q", a="p"),
        "renamed, made and called backwards": holding(d="q", c="p"),
    },
    "held by a model, called": {
        "forwards": holding_model(a="p", b="q"),
        "backwards": holding_model(a="p", b="q", backwards=True),
        "backwards, renamed": holding_model(a="p", z="q", backwards=True),
        "backwards, both renamed": holding_model(y="p", z="q", backwards=True),
        "in a list": holding_model(parts=["p", "q"]),
        "in a list, backwards": holding_model(parts=["p", "q"], backwards=True),
    },
    "held by a model, exchanged": {
        "forwards": holding_model(a="p", b="q"),
        "made backwards": holding_model(b="q", a="p", backwards=True),
        "made and called backwards": holding_model(b="q", a="p"),
        "renamed, made and called backwards": holding_model(d="q", c="p"),
    },
    "held beside a list": {
        "list first": holding(parts=["p", "q"], c="r"),
        "list last": holding(c="r", parts=["p", "q"]),
        "list last, called first": holding(c="r", parts=["q", "p"], backwards=True),
    },
    "held by a model, by their names": {
        "one": holding_model(p="p", q="q"),
        "renamed": holding_model(p="x", q="y"),
        "one renamed": holding_model(p="p", q="y"),
    },
    "partly frozen": {
        "nothing": frozen_inside(),
        "the first": frozen_inside("a"),
        "the second": frozen_inside("b"),
        "all": frozen_inside("sub"),
        "from outside": frozen_inside(outer=True),
    },
    "partly frozen, with norms": {
        "nothing": frozen_inside(norms=True),
        "the first": frozen_inside("a", norms=True),
        "a norm": frozen_inside("norm_a", norms=True),
        "all": frozen_inside("sub", norms=True),
    },
    "over time": {
        "a layer": over_time("a"),
        "another name": over_time("b"),
        "another width": over_time("a", units=3),
        "a model": over_time("model"),
        "a norm": over_time("norm"),
    },
}
