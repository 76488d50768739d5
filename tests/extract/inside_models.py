"""Models whose layers call layers: in layers of layers, lists, dicts, loops, wrappers and cells."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType, SimpleNamespace
from typing import Any

#: By the name of the snapshot.
INSIDE: dict[str, Callable[[ModuleType], Any]] = {}
#: What Keras can't build, by backend.
NOT_BUILT = {("jax", "residual_network_of_any_size"): "JAX can't add images of unknown sizes"}


def model(builder: Callable[[ModuleType], Any]) -> Callable[[ModuleType], Any]:
    """Register a model under the name of its builder."""
    INSIDE[builder.__name__] = builder
    return builder


def operations(keras: ModuleType) -> Any:
    """Operations on tensors under the names of Keras 3."""
    if hasattr(keras, "ops"):
        return keras.ops
    import tensorflow as tf

    return SimpleNamespace(
        concatenate=tf.concat, mean=tf.reduce_mean, sum=tf.reduce_sum, matmul=tf.matmul,
        softmax=tf.nn.softmax, reshape=tf.reshape, transpose=tf.transpose, shape=tf.shape,
        ones_like=tf.ones_like, zeros_like=tf.zeros_like, expand_dims=tf.expand_dims,
        take=tf.gather, stack=tf.stack, split=tf.split, where=tf.where, cast=tf.cast,
        sigmoid=tf.sigmoid, relu=tf.nn.relu, maximum=tf.maximum, arange=tf.range,
        broadcast_to=tf.broadcast_to, squeeze=tf.squeeze,
        cond=tf.cond, convert_to_tensor=tf.convert_to_tensor, convert_to_numpy=lambda x: x.numpy(),
        ones=tf.ones, vectorized_map=tf.vectorized_map,
        nonzero=lambda x: tf.unstack(tf.where(x), 2, axis=1),
    )  # fmt: skip


def layer(
    keras: ModuleType, made: Callable[[Any], None], call: Callable[..., Any], base: str = "Layer"
) -> Callable[..., Any]:
    """A class of somebody's, of what it holds and what it does with that."""

    class Somebodys(getattr(keras, base) if base == "Model" else getattr(keras.layers, base)):  # type: ignore[misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            made(self)

    Somebodys.call = call
    Somebodys.__name__ = Somebodys.__qualname__ = "Net" if base == "Model" else "Block"
    return Somebodys


def around(keras: ModuleType, block: Any, *shapes: Any, **given: Any) -> Any:
    """A functional model with one layer in it."""
    inputs = [keras.Input(shape, name=f"in_{at}") for at, shape in enumerate(shapes or [(6,)])]
    return keras.Model(inputs, block(inputs[0] if len(inputs) == 1 else inputs, **given))


def called(net: Any, keras: ModuleType, *shapes: Any, **given: Any) -> Any:
    """A subclassed model that was called on inputs."""
    inputs = [keras.Input(shape) for shape in shapes or [(6,)]]
    net(inputs[0] if len(inputs) == 1 else inputs, **given)
    return net


# --- one layer inside another ------------------------------------------------------------------

_PATTERNS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "chain": lambda s, x, o: s.b(s.a(x)),
    "reversed": lambda s, x, o: s.a(s.b(x)),
    "residual": lambda s, x, o: x + s.b(s.a(x)),
    "two_residuals": lambda s, x, o: (lambda h: h + s.b(h))(x + s.a(x)),
    "branches": lambda s, x, o: s.a(x) + s.b(x),
    "concatenated": lambda s, x, o: s.c(o.concatenate([s.a(x), s.b(x)], axis=-1)),
    "gated": lambda s, x, o: s.a(x) * o.sigmoid(s.b(x)),
    "called_twice": lambda s, x, o: s.a(s.b(s.a(x))),
    "called_four_times": lambda s, x, o: s.a(s.a(s.a(s.a(x)))),
    "one_never_called": lambda s, x, o: s.b(x),
    "activated_between": lambda s, x, o: s.b(o.relu(s.a(x))),
    "sliced": lambda s, x, o: s.b(s.a(x)[:, :6]),
    "split": lambda s, x, o: (lambda one, two: s.d(one) + s.e(two))(*o.split(s.a(x), 2, axis=-1)),
    "mean_taken": lambda s, x, o: s.a(x) - o.mean(s.b(x), axis=-1, keepdims=True),
    "constant_fed": lambda s, x, o: x + s.a(o.ones_like(x)),
    "shape_only": lambda s, x, o: s.a(o.zeros_like(s.b(x))) + x,
    "input_returned": lambda s, x, o: (s.a(x), x)[1],
    "two_outputs": lambda s, x, o: (lambda h: [h, s.b(h)])(s.a(x)),
    "weights_of_its_own": lambda s, x, o: s.b(s.a(x) * s.scale) + s.scale,
    "dropout_in_a_residual": lambda s, x, o: (lambda y: y + s.b(s.drop(y)))(s.a(x)),
    "identity_of_a_layer": lambda s, x, o: (lambda y: s.b(s.drop(y)) + y + s.drop(x))(s.a(x)),
    "reshaped": lambda s, x, o: s.a(o.reshape(o.reshape(s.b(x), (-1, 3, 2)), (-1, 6))),
    "python_branch": lambda s, x, o: s.b(s.a(x)) if x.shape[-1] == 6 else s.a(x),
    "loop": lambda s, x, o: __import__("functools").reduce(lambda y, f: y + f(y), [s.a, s.b, s.a], x),
    "either": lambda s, x, o: s.b(o.cond(o.sum(s.a(x)) > 0, lambda: s.a(x) + 1, lambda: s.c(x) * 2)),
    "either_of_two": lambda s, x, o: sum(o.cond(o.sum(x) > 0, lambda: [x, s.a(x)], lambda: [s.b(x), x])),
    "mapped": lambda s, x, o: s.b(o.vectorized_map(lambda row: row * 2 + 1, s.a(x))),
    "made_on_the_fly": lambda s, x, keras: keras.layers.Add()([s.a(x), s.b(x)]),
}  # fmt: skip


def _pattern(name: str, does: Callable[[Any, Any, Any], Any]) -> None:
    def block(keras: ModuleType, base: str) -> Any:
        dense, o = keras.layers.Dense, operations(keras)

        def made(self: Any) -> None:
            self.a, self.b = dense(6, name="a"), dense(6, activation="relu", name="b")
            if name in ("concatenated", "either"):
                self.c = dense(6, name="c")
            if name == "split":
                self.d, self.e = dense(2, name="d"), dense(2, name="e")
            if "dropout" in name or "identity" in name:
                self.drop = keras.layers.Dropout(0.5, name="drop")
            if "either" in name:
                # On PyTorch a branch that is not taken builds nothing.
                for inner in (self.a, self.b, *([self.c] if name == "either" else [])):
                    inner.build((None, 6))
            if name == "weights_of_its_own":
                self.scale = self.add_weight(shape=(6,), name="scale")

        def call(self: Any, x: Any) -> Any:
            return does(self, x, keras if name == "made_on_the_fly" else o)

        return layer(keras, made, call, base)

    INSIDE[name] = lambda keras: around(keras, block(keras, "Layer")(name="block"))
    INSIDE[f"{name}_as_model"] = lambda keras: called(block(keras, "Model")(name="net"), keras)


for _name, _does in _PATTERNS.items():
    _pattern(_name, _does)


# --- transformers, and layers in layers in layers ----------------------------------------------


def feed_forward(keras: ModuleType, **kwargs: Any) -> Any:
    def made(self: Any) -> None:
        self.up = keras.layers.Dense(8, activation="relu", name="up")
        self.drop = keras.layers.Dropout(0.1, name="drop")
        self.down = keras.layers.Dense(6, name="down")

    def call(self: Any, x: Any, training: Any = None) -> Any:
        return self.down(self.drop(self.up(x), training=training))

    def build(self: Any, shape: Any) -> None:
        self.up.build(shape)
        self.down.build((*shape[:-1], 8))
        self.built = True

    kind: Any = layer(keras, made, call)
    kind.build, kind.compute_output_shape = build, lambda self, shape: shape
    return kind(**kwargs)


def encoder(keras: ModuleType, pre: bool = True, causal: bool = False, **kwargs: Any) -> Any:
    def made(self: Any) -> None:
        self.attend = keras.layers.MultiHeadAttention(2, 3, name="attend")
        self.one = keras.layers.LayerNormalization(name="one")
        self.two = keras.layers.LayerNormalization(name="two")
        self.feed = feed_forward(keras, name="feed")

    def call(self: Any, x: Any, training: Any = None) -> Any:
        if pre:
            y = self.one(x)
            x = x + self.attend(y, y, use_causal_mask=causal)
            return x + self.feed(self.two(x), training=training)
        x = self.one(x + self.attend(x, x, use_causal_mask=causal))
        return self.two(x + self.feed(x, training=training))

    return layer(keras, made, call)(**kwargs)


@model
def encoder_before(keras: ModuleType) -> Any:
    return around(keras, encoder(keras, name="encoder"), (None, 6))


@model
def encoder_after(keras: ModuleType) -> Any:
    return around(keras, encoder(keras, pre=False, name="encoder"), (4, 6))


@model
def encoder_causal(keras: ModuleType) -> Any:
    return around(keras, encoder(keras, causal=True, name="encoder"), (4, 6))


@model
def stack_of_encoders(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.embed = keras.layers.Embedding(20, 6, name="embed")
        self.blocks = [encoder(keras, name=f"block_{at}") for at in range(3)]
        self.head = keras.layers.Dense(20, name="head")

    def call(self: Any, tokens: Any, training: Any = None) -> Any:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x, training=training)
        return self.head(x)

    net = layer(keras, made, call, "Model")(name="net")
    net(keras.Input((None,), dtype="int32"))
    return net


@model
def shared_block(keras: ModuleType) -> Any:
    """One block called again and again."""

    def made(self: Any) -> None:
        self.block = encoder(keras, name="block")

    def call(self: Any, x: Any) -> Any:
        return self.block(self.block(self.block(x)))

    return around(keras, layer(keras, made, call)(name="albert"), (4, 6))


@model
def blocks_in_a_functional_model(keras: ModuleType) -> Any:
    x = inputs = keras.Input((4, 6), name="inputs")
    block = encoder(keras, name="block")
    x = block(encoder(keras, name="first")(x))
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(block(x)))


@model
def block_called_with_two_shapes(keras: ModuleType) -> Any:
    block = feed_forward(keras, name="block")
    one, two = keras.Input((4, 6), name="one"), keras.Input((9, 6), name="two")
    return keras.Model([one, two], [block(one), block(two)])


@model
def called_differently(keras: ModuleType) -> Any:
    """A layer that does something else each time it is called."""

    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def call(self: Any, x: Any, flip: bool = False) -> Any:
        return self.a(self.b(x)) if flip else self.b(self.a(x))

    def outer(self: Any) -> None:
        self.inner = layer(keras, made, call)(name="inner")

    return around(
        keras,
        layer(keras, outer, lambda self, x: self.inner(self.inner(x), flip=True))(name="outer"),
    )


@model
def four_deep(keras: ModuleType) -> Any:
    def nest(depth: int) -> Any:
        def made(self: Any) -> None:
            self.inner = nest(depth - 1) if depth else keras.layers.Dense(6, name="leaf")
            self.beside = keras.layers.Dense(6, name="beside")

        return layer(keras, made, lambda self, x: x + self.inner(self.beside(x)))(
            name=f"at_{depth}"
        )

    return around(keras, nest(3))


# --- how layers are held -------------------------------------------------------------------------


@model
def layers_in_a_dict(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.heads = {name: keras.layers.Dense(2, name=name) for name in ("left", "right")}

    def call(self: Any, x: Any) -> Any:
        return {name: self.heads[name](x) for name in ("right", "left")}

    return around(keras, layer(keras, made, call)(name="heads"))


@model
def layers_in_nested_lists(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.stages = [[keras.layers.Dense(6) for _ in range(2)] for _ in range(2)]

    def call(self: Any, x: Any) -> Any:
        for stage in self.stages:
            for each in stage:
                x = each(x)
        return x

    return around(keras, layer(keras, made, call)(name="stages"))


@model
def called_in_another_order(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.parts = [keras.layers.Dense(6, name=f"part_{at}") for at in range(4)]

    def call(self: Any, x: Any) -> Any:
        for at in (2, 0, 3, 1):
            x = self.parts[at](x)
        return x

    return called(layer(keras, made, call, "Model")(name="net"), keras)


@model
def built_by_hand(keras: ModuleType) -> Any:
    class Head(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.a, self.c = keras.layers.Dense(3, name="a"), keras.layers.Conv1D(2, 3, name="c")
            self.n = keras.layers.LayerNormalization(name="n")

        def build(self, shape: Any) -> None:
            self.a.build(shape)
            self.c.build((*shape[:-1], 3))
            self.n.build((shape[0], None, 2))
            self.built = True

        def call(self, x: Any) -> Any:
            return self.n(self.c(self.a(x)))

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], shape[1] - 2, 2)

    return around(keras, Head(name="head"), (8, 4))


@model
def made_in_build(keras: ModuleType) -> Any:
    class Late(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def build(self, shape: Any) -> None:
            self.inner = keras.layers.Dense(int(shape[-1]), name="inner")
            self.inner.build(shape)
            self.built = True

        def call(self, x: Any) -> Any:
            return x + self.inner(x)

    return around(keras, Late(name="late"))


@model
def unbuilt_sequential(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.net = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(6)], name="net")

    return around(keras, layer(keras, made, lambda self, x: x + self.net(x))(name="block"), (5, 6))


@model
def unbuilt_sequential_of_blocks(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.net = keras.Sequential(
            [feed_forward(keras, name=f"feed_{at}") for at in range(2)], name="net"
        )

    return around(keras, layer(keras, made, lambda self, x: self.net(x))(name="block"), (None, 6))


@model
def sequential_called_twice(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.net = keras.Sequential([keras.layers.Dense(8), keras.layers.Dense(6)], name="net")

    return around(keras, layer(keras, made, lambda self, x: self.net(self.net(x)))(name="block"))


@model
def built_sequential(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.net = keras.Sequential([keras.Input((6,)), keras.layers.Dense(6)], name="net")

    return around(keras, layer(keras, made, lambda self, x: x * self.net(x))(name="block"))


@model
def functional_inside(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        inputs = keras.Input((None, 6), name="inputs")
        x = keras.layers.Dense(6, name="inner")(inputs)
        self.net = keras.Model(inputs, keras.layers.Add(name="sum")([x, inputs]), name="net")
        self.after = keras.layers.Dense(2, name="after")

    return around(
        keras, layer(keras, made, lambda self, x: self.after(self.net(x)))(name="block"), (5, 6)
    )


@model
def custom_in_functional_inside(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        inputs = keras.Input((None, 6), name="inputs")
        self.net = keras.Model(inputs, feed_forward(keras, name="feed")(inputs), name="net")

    return called(
        layer(keras, made, lambda self, x: x + self.net(x), "Model")(name="outer"), keras, (5, 6)
    )


@model
def subclassed_in_subclassed(keras: ModuleType) -> Any:
    def inner(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def outer(self: Any) -> None:
        self.one = layer(keras, inner, lambda self, x: self.b(self.a(x)), "Model")(name="one")
        self.two = layer(keras, inner, lambda self, x: self.a(self.b(x)), "Model")(name="two")

    net = layer(keras, outer, lambda self, x: self.two(self.one(x)) + x, "Model")(name="net")
    return called(net, keras)


@model
def part_called_from_outside(keras: ModuleType) -> Any:
    """What a layer holds is called by what holds that, and the layer itself is not."""

    def inner(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def outer(self: Any) -> None:
        self.parts = layer(keras, inner, lambda self, x: self.b(self.a(x)))(name="parts")
        self.last = keras.layers.Dense(2, name="last")

    call = lambda self, x: self.last(self.parts.b(self.parts.a(x)))  # noqa: E731
    return called(layer(keras, outer, call, "Model")(name="net"), keras)


@model
def tied_to_its_embedding(keras: ModuleType) -> Any:
    o = operations(keras)

    def made(self: Any) -> None:
        self.embed = keras.layers.Embedding(20, 6, name="embed")
        self.feed = feed_forward(keras, name="feed")

    def call(self: Any, tokens: Any) -> Any:
        x = self.feed(self.embed(tokens))
        return o.matmul(x, o.transpose(self.embed.embeddings))

    net = layer(keras, made, call, "Model")(name="net")
    net(keras.Input((5,), dtype="int32"))
    return net


@model
def held_twice(keras: ModuleType) -> Any:
    """A layer that two layers hold."""
    shared = keras.layers.Dense(6, name="shared")

    def made(self: Any) -> None:
        self.mine = shared
        self.own = keras.layers.Dense(6, name="own")

    block = layer(keras, made, lambda self, x: self.own(self.mine(x)))
    inputs = keras.Input((6,), name="inputs")
    return keras.Model(inputs, block(name="two")(block(name="one")(inputs)))


@model
def same_layer_under_two_names(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a = self.b = keras.layers.Dense(6, name="a")

    return around(keras, layer(keras, made, lambda self, x: self.b(self.a(x)))(name="block"))


# --- several inputs and outputs ------------------------------------------------------------------


@model
def two_inputs(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def call(self: Any, inputs: Any) -> Any:
        left, right = inputs
        return self.a(right) - self.b(left)

    return around(keras, layer(keras, made, call)(name="block"), (6,), (6,))


@model
def two_inputs_as_model(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def call(self: Any, inputs: Any) -> Any:
        left, right = inputs
        return [self.a(right), self.b(left)]

    return called(layer(keras, made, call, "Model")(name="net"), keras, (6,), (3,))


@model
def inputs_by_key(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def call(self: Any, inputs: Any) -> Any:
        return {"sum": self.a(inputs["x"]) + self.b(inputs["y"]), "x": inputs["x"]}

    net = layer(keras, made, call, "Model")(name="net")
    net({"x": keras.Input((6,)), "y": keras.Input((3,))})
    return net


@model
def second_argument(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")

    def call(self: Any, x: Any, context: Any = None) -> Any:
        return self.a(x) if context is None else self.a(x) + self.b(context)

    block = layer(keras, made, call)(name="block")
    x, y = keras.Input((6,), name="x"), keras.Input((3,), name="y")
    return keras.Model([x, y], block(x, context=y))


@model
def encoder_and_decoder(keras: ModuleType) -> Any:
    def decoder_made(self: Any) -> None:
        self.own = keras.layers.MultiHeadAttention(2, 3, name="own")
        self.cross = keras.layers.MultiHeadAttention(2, 3, name="cross")
        self.feed = feed_forward(keras, name="feed")

    def decode(self: Any, x: Any, memory: Any) -> Any:
        x = x + self.own(x, x, use_causal_mask=True)
        x = x + self.cross(x, memory)
        return x + self.feed(x)

    def made(self: Any) -> None:
        self.source = keras.layers.Embedding(20, 6, name="source")
        self.target = keras.layers.Embedding(30, 6, name="target")
        self.encode = encoder(keras, name="encode")
        self.decode = layer(keras, decoder_made, decode)(name="decode")
        self.head = keras.layers.Dense(30, name="head")

    def call(self: Any, inputs: Any) -> Any:
        source, target = inputs
        memory = self.encode(self.source(source))
        return self.head(self.decode(self.target(target), memory))

    net = layer(keras, made, call, "Model")(name="translate")
    net([keras.Input((None,), dtype="int32"), keras.Input((None,), dtype="int32")])
    return net


@model
def three_outputs_used(keras: ModuleType) -> Any:
    def inner(self: Any) -> None:
        self.parts = [keras.layers.Dense(6, name=f"part_{at}") for at in range(3)]

    def outer(self: Any) -> None:
        self.heads = layer(keras, inner, lambda self, x: [part(x) for part in self.parts])(
            name="heads"
        )
        self.last = keras.layers.Dense(2, name="last")

    def call(self: Any, x: Any) -> Any:
        query, key, value = self.heads(x)
        return self.last(key - value) + self.last(query)

    return around(keras, layer(keras, outer, call)(name="block"))


# --- wrappers, cells and recurrent layers ---------------------------------------------------------


def cell(keras: ModuleType, units: int = 6) -> Any:
    @keras.saving.register_keras_serializable()
    class Cell(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.state_size = self.output_size = units
            self.of_input = keras.layers.Dense(units, name="of_input")
            self.of_state = keras.layers.Dense(units, name="of_state")

        def build(self, shape: Any) -> None:
            self.of_input.build(shape)
            self.of_state.build((shape[0], units))
            self.built = True

        def call(self, x: Any, states: Any, training: Any = None) -> Any:
            state = states[0] if isinstance(states, (list, tuple)) else states
            made = self.of_input(x) + self.of_state(state)
            return made, [made]

        def get_config(self) -> dict[str, Any]:
            return dict(super().get_config())

    return Cell(name="cell")


@model
def recurrent_cell(keras: ModuleType) -> Any:
    return around(keras, keras.layers.RNN(cell(keras), name="rnn"), (5, 3))


@model
def recurrent_cell_any_length(keras: ModuleType) -> Any:
    rnn = keras.layers.RNN(cell(keras), return_sequences=True, name="rnn")
    return around(keras, rnn, (None, 3))


@model
def recurrent_cell_in_a_model(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.rnn = keras.layers.RNN(cell(keras), name="rnn")
        self.head = keras.layers.Dense(2, name="head")

    net = layer(keras, made, lambda self, x: self.head(self.rnn(x)), "Model")(name="net")
    return called(net, keras, (5, 3))


@model
def bidirectional_cell(keras: ModuleType) -> Any:
    rnn = keras.layers.RNN(cell(keras), name="rnn")
    return around(keras, keras.layers.Bidirectional(rnn, name="both"), (5, 3))


@model
def recurrent_of_somebodys(keras: ModuleType) -> Any:
    class Recurrent(keras.layers.RNN):  # type: ignore[name-defined,misc]
        """Its loop is Keras'."""

    return around(keras, Recurrent(cell(keras), return_sequences=True, name="rnn"), (5, 3))


@model
def lstm_of_somebodys(keras: ModuleType) -> Any:
    class Mine(keras.layers.LSTM):  # type: ignore[name-defined,misc]
        """Some backends compute it at once, and call no cell."""

    return around(keras, Mine(4, name="lstm"), (5, 3))


@model
def loops_with_a_call_of_somebodys(keras: ModuleType) -> Any:
    class Doubled(keras.layers.LSTM):  # type: ignore[name-defined,misc]
        """Not its call but Keras' calls the cell."""

        def call(
            self, sequences: Any, initial_state: Any = None, mask: Any = None, training: Any = False
        ) -> Any:
            return super().call(sequences * 2.0, mask=mask, training=training)

    class Each(keras.layers.TimeDistributed):  # type: ignore[name-defined,misc]
        """Its loop is Keras'."""

        def call(self, inputs: Any, training: Any = None, mask: Any = None) -> Any:
            return super().call(inputs * 2.0, training=training, mask=mask)

    def made(self: Any) -> None:
        self.each = Each(feed_forward(keras, name="feed"), name="each")
        self.lstm = Doubled(6, return_sequences=True, name="lstm")

    outer = layer(keras, made, lambda self, x: self.lstm(self.each(x)))(name="outer")
    inputs = keras.Input((5, 6), name="in_0")
    x = Each(keras.layers.Dense(6, name="dense"), name="alone")(inputs)
    return keras.Model(inputs, outer(x))


@model
def both_ways_of_somebodys(keras: ModuleType) -> Any:
    class Both(keras.layers.Bidirectional):  # type: ignore[name-defined,misc]
        """Its calls are Keras'."""

    return around(keras, Both(keras.layers.RNN(cell(keras), name="rnn"), name="both"), (5, 3))


@model
def every_time_step_of_somebodys(keras: ModuleType) -> Any:
    class Each(keras.layers.TimeDistributed):  # type: ignore[name-defined,misc]
        """Its loop is Keras'."""

    return around(keras, Each(feed_forward(keras, name="feed"), name="each"), (5, 6))


@model
def every_time_step(keras: ModuleType) -> Any:
    inner = feed_forward(keras, name="feed")
    return around(keras, keras.layers.TimeDistributed(inner, name="each"), (5, 6))


@model
def every_time_step_of_a_block(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.each = keras.layers.TimeDistributed(feed_forward(keras, name="feed"), name="each")

    return around(keras, layer(keras, made, lambda self, x: x + self.each(x))(name="block"), (5, 6))


@model
def lstm_inside(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.encode = keras.layers.LSTM(4, return_state=True, name="encode")
        self.decode = keras.layers.GRU(4, return_sequences=True, name="decode")

    def call(self: Any, x: Any) -> Any:
        _, state, _ = self.encode(x)
        return self.decode(x, initial_state=state)

    return around(keras, layer(keras, made, call)(name="block"), (5, 3))


# --- images, masks, precision -----------------------------------------------------------------------


def residual_unit(keras: ModuleType, filters: int, strides: int, **kwargs: Any) -> Any:
    def made(self: Any) -> None:
        conv = keras.layers.Conv2D
        self.one = conv(filters, 3, strides, padding="same", use_bias=False, name="one")
        self.norm_one = keras.layers.BatchNormalization(name="norm_one")
        self.two = conv(filters, 3, padding="same", use_bias=False, name="two")
        self.norm_two = keras.layers.BatchNormalization(name="norm_two")
        self.short = conv(filters, 1, strides, name="short") if strides > 1 else None
        self.relu = keras.layers.ReLU(name="relu")

    def call(self: Any, x: Any, training: Any = None) -> Any:
        y = self.relu(self.norm_one(self.one(x), training=training))
        y = self.norm_two(self.two(y), training=training)
        return self.relu(y + (x if self.short is None else self.short(x)))

    return layer(keras, made, call)(**kwargs)


def residual_network(keras: ModuleType, size: Any) -> Any:
    def made(self: Any) -> None:
        self.stem = keras.layers.Conv2D(4, 3, 2, padding="same", name="stem")
        self.units = [
            residual_unit(keras, 4 * stage, 1 + (at == 0 and stage > 1), name=f"unit_{stage}_{at}")
            for stage in (1, 2)
            for at in range(2)
        ]
        self.pool = keras.layers.GlobalAveragePooling2D(name="pool")
        self.head = keras.layers.Dense(3, name="head")

    def call(self: Any, x: Any, training: Any = None) -> Any:
        x = self.stem(x)
        for unit in self.units:
            x = unit(x, training=training)
        return self.head(self.pool(x))

    return called(layer(keras, made, call, "Model")(name="resnet"), keras, size)


@model
def residual_network_of_any_size(keras: ModuleType) -> Any:
    return residual_network(keras, (None, None, 3))


@model
def residual_network_of_one_size(keras: ModuleType) -> Any:
    return residual_network(keras, (32, 32, 3))


@model
def u_shaped(keras: ModuleType) -> Any:
    o = operations(keras)

    def made(self: Any) -> None:
        conv, up = keras.layers.Conv2D, keras.layers.Conv2DTranspose
        self.downs = [conv(4, 3, 2, padding="same", name=f"down_{at}") for at in range(3)]
        self.ups = [up(4, 3, 2, padding="same", name=f"up_{at}") for at in range(3)]

    def call(self: Any, x: Any) -> Any:
        kept = []
        for down in self.downs:
            kept.append(x)
            x = down(x)
        for up in self.ups:
            x = o.concatenate([up(x), kept.pop()], axis=-1)
        return x

    return called(layer(keras, made, call, "Model")(name="net"), keras, (32, 32, 3))


@model
def masked(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.embed = keras.layers.Embedding(20, 6, mask_zero=True, name="embed")
        self.lstm = keras.layers.LSTM(4, name="lstm")

    net = layer(keras, made, lambda self, x: self.lstm(self.embed(x)), "Model")(name="net")
    net(keras.Input((5,), dtype="int32"))
    return net


@model
def patches(keras: ModuleType) -> Any:
    """A class token in front of patches, and their positions."""
    o = operations(keras)

    def made(self: Any) -> None:
        self.project = keras.layers.Conv2D(6, 8, 8, name="project")
        self.token = self.add_weight(shape=(1, 1, 6), name="token")
        self.place = keras.layers.Embedding(17, 6, name="place")
        self.encode = encoder(keras, name="encode")
        self.head = keras.layers.Dense(3, name="head")

    def call(self: Any, x: Any) -> Any:
        x = o.reshape(self.project(x), (-1, 16, 6))
        token = o.zeros_like(x[:, :1]) + o.cast(self.token, "float32")
        x = o.concatenate([token, x], axis=1) + self.place(o.arange(17))
        return self.head(self.encode(x)[:, 0])

    return called(layer(keras, made, call, "Model")(name="vit"), keras, (32, 32, 3))


@model
def half_precision(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a = keras.layers.Dense(6, dtype="mixed_float16", name="a")
        self.b = keras.layers.Dense(6, dtype="mixed_float16", name="b")

    block = layer(keras, made, lambda self, x: x + self.b(self.a(x)))
    return around(keras, block(name="block", dtype="mixed_float16"))


@model
def with_losses(keras: ModuleType) -> Any:
    def made(self: Any) -> None:
        self.a, self.b = keras.layers.Dense(6, name="a"), keras.layers.Dense(6, name="b")
        self.norm = keras.layers.BatchNormalization(name="norm")

    def call(self: Any, x: Any, training: Any = None) -> Any:
        y = self.norm(self.a(x), training=training)
        self.add_loss(operations(keras).sum(y))
        return self.b(y)

    return around(keras, layer(keras, made, call)(name="block"))
