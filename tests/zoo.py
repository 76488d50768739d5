"""Models of every kind that Keras builds, each by one function of the Keras module it is built with.

A builder draws nothing at random and is written so that both generations build the same network.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

Builder = Callable[[ModuleType], Any]

#: Every builder of this file by its name.
ZOO: dict[str, Builder] = {}

#: Builders that one generation can't build, with the reason.
ONLY_KERAS3: dict[str, str] = {}


#: What some release or backend can't build, with the reason.
NOT_BUILT = {
    ("jax", "text_vectorization"): "strings need TensorFlow",
    ("jax", "string_lookup"): "strings need TensorFlow",
    ("jax", "sparse_input"): "sparse tensors of JAX have another form",
    ("jax", "ragged_input"): "ragged tensors need TensorFlow",
    ("torch", "ragged_input"): "ragged tensors need TensorFlow",
    ("3.3", "ragged_input"): "Keras 3.3 has no ragged inputs",
    ("3.3", "quantized_int4"): "Keras 3.3 quantizes to eight bits only",
    ("torch", "text_vectorization"): "strings need TensorFlow",
    ("torch", "string_lookup"): "strings need TensorFlow",
    ("torch", "sparse_input"): "PyTorch has no sparse inputs in Keras",
    ("tf_keras", "spectral_normalization"): "tf_keras refuses the InputSpec of its own wrapper",
    ("3.3", "time_distributed_model"): "TimeDistributed takes no functional model in Keras 3.3",
    ("3.12", "unused_input"): "Keras 3.12 wants every input connected",
    ("3.12", "nothing_but_an_input"): "Keras 3.12 wants every input connected",
    ("3.3", "nested_inputs"): "Keras 3.3 takes no nested inputs",
}


#: What Keras loses where it copies a model, by generation or release: the copy is another model, and drift.
_LOST = {
    ("3", "sparse_input", "clone"): "whether the input is sparse",
    ("3", "ragged_input", "clone"): "whether the input is ragged",
    ("3", "custom_block", "config"): "the layers in a layer stay unbuilt until it is called",
    ("3", "text_vectorization", "h5 file"): "the vocabulary",
    ("3", "text_vectorization", "config"): "the vocabulary",
    ("3", "text_vectorization", "clone"): "the vocabulary",
    ("2", "text_vectorization", "config"): "the vocabulary",
    ("2", "text_vectorization", "clone"): "the vocabulary",
    ("3.3", "mixed_precision", "clone"): "the dtype of the input",
    ("3.3", "float64_layer", "clone"): "the dtype of the input",
}


def lost(keras: ModuleType, name: str, way: str) -> str | None:
    """What Keras loses of a model that it copies in this way; None where it keeps all."""
    generation = "3" if hasattr(keras, "ops") else "2"
    release = keras.__version__.rpartition(".")[0]
    return _LOST.get((generation, name, way)) or _LOST.get((release, name, way))


def zoo(builder: Builder) -> Builder:
    """Add a builder to the zoo."""
    ZOO[builder.__name__] = builder
    return builder


def only_keras3(reason: str) -> Callable[[Builder], Builder]:
    """Add a builder that Keras 2 has no layer for."""

    def add(builder: Builder) -> Builder:
        ONLY_KERAS3[builder.__name__] = reason
        return zoo(builder)

    return add


def custom(keras: ModuleType) -> dict[str, Any]:
    """Layers and models that people write, as classes of the given Keras."""
    layers = keras.layers

    class NoConfig(layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, units: int, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.units = units

        def build(self, input_shape: Any) -> None:
            self.kernel = self.add_weight(
                name="kernel", shape=(input_shape[-1], self.units), initializer="ones"
            )
            self.built = True

        def call(self, inputs: Any) -> Any:
            return inputs @ self.kernel

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*tuple(input_shape)[:-1], self.units)

    class OddConfig(layers.Layer):  # type: ignore[name-defined,misc]
        def call(self, inputs: Any) -> Any:
            return inputs

        def get_config(self) -> dict[str, Any]:
            return {
                **super().get_config(),
                "tags": {"b", "a"},
                "table": np.arange(3, dtype="float32"),
                "owner": object(),
                "scale": np.float32(0.3),
                "hook": len,
            }

    class RaisingConfig(layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, factor: float = 2.0, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.factor = factor

        def call(self, inputs: Any) -> Any:
            return inputs * self.factor

        def get_config(self) -> dict[str, Any]:
            raise RuntimeError("no config for you")

    class Block(layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, units: int = 4, rate: float = 0.1, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.first = layers.Dense(units, activation="relu", name="first")
            self.rest = [layers.Dense(units, name=f"rest_{index}") for index in range(2)]
            self.drop = layers.Dropout(rate, name="drop")

        def call(self, inputs: Any, training: bool | None = None) -> Any:
            x = self.first(inputs)
            for layer in self.rest:
                x = layer(x)
            return self.drop(x, training=training)

        def compute_output_shape(self, input_shape: Any) -> Any:
            return (*tuple(input_shape)[:-1], 4)

    class Net(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.stem = layers.Dense(4, activation="relu")
            self.branches = [layers.Dense(3), layers.Dense(3)]
            self.heads = {
                "left": layers.Dense(2, name="left"),
                "right": layers.Dense(2, name="right"),
            }

        def call(self, inputs: Any) -> Any:
            x = self.stem(inputs)
            x = self.branches[0](x) + self.branches[1](x)
            return self.heads["left"](x) + self.heads["right"](x)

    class Gate(layers.Layer):  # type: ignore[name-defined,misc]
        def call(self, inputs: Any, gate: Any = None, strength: float = 1.0) -> Any:
            return inputs if gate is None else inputs * gate * strength

    return {cls.__name__: cls for cls in (NoConfig, OddConfig, RaisingConfig, Block, Net, Gate)}


def double(x: Any) -> Any:
    """A named function for Lambda."""
    return x * 2


# --- graphs -----------------------------------------------------------------------------------


@zoo
def sequential(keras: ModuleType) -> Any:
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(4), keras.layers.Dense(2)])


@zoo
def sequential_built_late(keras: ModuleType) -> Any:
    model = keras.Sequential(
        [keras.layers.Dense(4), keras.layers.Dropout(0.1), keras.layers.Dense(2)]
    )
    model.build((None, 8))
    return model


@zoo
def sequential_called(keras: ModuleType) -> Any:
    model = keras.Sequential([keras.layers.Dense(4), keras.layers.Dense(2)])
    model(np.zeros((2, 8), dtype="float32"))
    return model


@zoo
def shared_twice(keras: ModuleType) -> Any:
    left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
    shared = keras.layers.Dense(4, name="shared")
    out = keras.layers.Subtract()([shared(left), shared(right)])
    return keras.Model([left, right], out)


@zoo
def shared_in_chain(keras: ModuleType) -> Any:
    x = inputs = keras.Input((4,))
    shared = keras.layers.Dense(4)
    for _ in range(3):
        x = shared(x)
    return keras.Model(inputs, x)


@zoo
def nested(keras: ModuleType) -> Any:
    layers = keras.layers
    inner_in = keras.Input((8,))
    inner = keras.Model(inner_in, layers.Dense(4)(layers.Dense(6)(inner_in)), name="inner")
    middle = keras.Sequential([keras.Input((8,)), inner, layers.Dense(3)], name="middle")
    inputs = keras.Input((8,))
    return keras.Model(inputs, layers.Dense(1)(middle(inputs)))


@zoo
def nested_auto_named(keras: ModuleType) -> Any:
    layers = keras.layers
    inner_in = keras.Input((8,))
    inner = keras.Model(inner_in, layers.Dense(4)(inner_in))
    inputs = keras.Input((8,))
    return keras.Model(inputs, layers.Dense(1)(inner(inputs, training=False)))


@zoo
def same_names_in_two_nested(keras: ModuleType) -> Any:
    def tower(name: str) -> Any:
        inputs = keras.Input((4,), name="x")
        return keras.Model(inputs, keras.layers.Dense(2, name="fc")(inputs), name=name)

    inputs = keras.Input((4,))
    return keras.Model(inputs, keras.layers.Add()([tower("a")(inputs), tower("b")(inputs)]))


@zoo
def three_kinds_nested(keras: ModuleType) -> Any:
    layers = keras.layers
    inner_in = keras.Input((4,))
    inner = keras.Model(inner_in, layers.Dense(3, name="fc")(inner_in), name="inner")

    class Middle(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.tower = keras.Sequential([keras.Input((4,)), inner, layers.Dense(2)], name="tower")

        def call(self, inputs: Any) -> Any:
            return self.tower(inputs)

    inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(1)(Middle(name="middle")(inputs)))


@zoo
def renamed_layers(keras: ModuleType) -> Any:
    inputs = keras.Input((4,))
    first, second = keras.layers.Dense(3, name="old"), keras.layers.Dense(2)
    model = keras.Model(inputs, second(first(inputs)))
    for layer, name in ((first, "mine"), (second, "dense_17")):
        if hasattr(keras, "ops"):
            layer.name = name
        else:  # where the name has no setter
            layer._name = name
    return model


@zoo
def siamese(keras: ModuleType) -> Any:
    inner_in = keras.Input((8,))
    tower = keras.Model(inner_in, keras.layers.Dense(4)(inner_in), name="tower")
    left, right = keras.Input((8,)), keras.Input((8,))
    return keras.Model([left, right], keras.layers.Dot(axes=-1)([tower(left), tower(right)]))


@zoo
def dict_inputs_and_outputs(keras: ModuleType) -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    x = keras.layers.Concatenate()([a, b])
    outputs = {"p": keras.layers.Dense(1, name="p")(x), "q": keras.layers.Dense(2, name="q")(x)}
    return keras.Model({"a": a, "b": b}, outputs)


@zoo
def two_outputs(keras: ModuleType) -> Any:
    inputs = keras.Input((4,))
    x = keras.layers.Dense(3)(inputs)
    return keras.Model(inputs, [keras.layers.Dense(2)(x), x])


@zoo
def multi_output_nested(keras: ModuleType) -> Any:
    inner_in = keras.Input((4,))
    inner = keras.Model(
        inner_in, [keras.layers.Dense(3)(inner_in), keras.layers.Dense(2)(inner_in)], name="inner"
    )
    inputs = keras.Input((4,))
    first, second = inner(inputs)
    return keras.Model(inputs, keras.layers.Concatenate()([second, first]))


@zoo
def unused_input(keras: ModuleType) -> Any:
    a, b = keras.Input((4,), name="a"), keras.Input((5,), name="b")
    return keras.Model([a, b], keras.layers.Dense(1)(a))


@zoo
def part_of_another_model(keras: ModuleType) -> Any:
    inputs = keras.Input((8,))
    x = keras.layers.Dense(4, name="trunk")(inputs)
    other = keras.Model(inputs, keras.layers.Dense(9, name="other_head")(x))
    x2 = keras.Input((8,))
    other(x2)
    return keras.Model(inputs, keras.layers.Dense(2, name="head")(other.get_layer("trunk").output))


@zoo
def skip_connection(keras: ModuleType) -> Any:
    inputs = keras.Input((8,))
    x = keras.layers.Dense(8)(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(x + inputs))


@zoo
def tensor_arithmetic(keras: ModuleType) -> Any:
    inputs = keras.Input((8, 4))
    x = (inputs * 2.0 + 1) / 3
    x = 1 - x
    x = x[:, 1:5] ** 2
    x = x[:, ::2, None] - 0.1
    return keras.Model(inputs, keras.layers.Flatten()(-x))


@zoo
def backend_operations(keras: ModuleType) -> Any:
    inputs = keras.Input((8, 4))
    if hasattr(keras, "ops"):
        ops = keras.ops
        x = ops.mean(inputs, axis=1, keepdims=True)
        x = ops.concatenate([x, inputs], axis=1)
        x = ops.transpose(x, (0, 2, 1))
        x = ops.reshape(x, (-1, 36))
        x = ops.maximum(x, 0.0)
        first, second = ops.split(x, 2, axis=1)
        x = ops.matmul(ops.expand_dims(first, -1), ops.expand_dims(second, 1))
    else:
        import tensorflow as tf

        x = tf.reduce_mean(inputs, axis=1, keepdims=True)
        x = tf.concat([x, inputs], axis=1)
        x = tf.transpose(x, (0, 2, 1))
        x = tf.reshape(x, (-1, 36))
        x = tf.maximum(x, 0.0)
        first, second = tf.split(x, 2, axis=1)
        x = tf.matmul(tf.expand_dims(first, -1), tf.expand_dims(second, 1))
    return keras.Model(inputs, keras.layers.Flatten()(x))


@zoo
def operations_with_several_outputs(keras: ModuleType) -> Any:
    inputs = keras.Input((3, 8))
    if hasattr(keras, "ops"):
        values, indices = keras.ops.top_k(inputs, 2)
        parts = keras.ops.unstack(values, axis=1)
    else:
        import tensorflow as tf

        values, indices = tf.math.top_k(inputs, 2)
        parts = tf.unstack(values, axis=1)
    return keras.Model(inputs, [keras.layers.Subtract()(parts[:2]), parts[2], indices])


@zoo
def tensor_keyword_arguments(keras: ModuleType) -> Any:
    gate = custom(keras)["Gate"]
    inputs, other = keras.Input((4,), name="x"), keras.Input((4,), name="gate")
    x = gate(name="gated")(inputs, gate=other, strength=0.5)
    return keras.Model([inputs, other], keras.layers.Dense(1)(x))


@zoo
def parallel_branches(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    a = layers.Conv2D(4, 1)(inputs)
    b = layers.Conv2D(4, 3, padding="same")(layers.Conv2D(2, 1)(inputs))
    c = layers.MaxPooling2D(3, strides=1, padding="same")(inputs)
    return keras.Model(inputs, layers.Concatenate()([a, b, c]))


@zoo
def dynamic_shapes(keras: ModuleType) -> Any:
    inputs = keras.Input((None, None, 3))
    return keras.Model(inputs, keras.layers.GlobalMaxPooling2D()(keras.layers.Conv2D(2, 3)(inputs)))


@zoo
def fixed_batch(keras: ModuleType) -> Any:
    inputs = keras.Input(batch_shape=(2, 8))
    return keras.Model(inputs, keras.layers.Dense(1)(inputs))


@zoo
def integer_input(keras: ModuleType) -> Any:
    inputs = keras.Input((6,), dtype="int32")
    return keras.Model(inputs, keras.layers.Flatten()(keras.layers.Embedding(10, 4)(inputs)))


@zoo
def scalar_input(keras: ModuleType) -> Any:
    inputs = keras.Input(())
    return keras.Model(inputs, keras.layers.Reshape((1,))(inputs))


@zoo
def nested_inputs(keras: ModuleType) -> Any:
    a, b, c = (keras.Input((3,), name=name) for name in "abc")
    return keras.Model([a, {"x": b, "y": c}], keras.layers.Concatenate()([a, b, c]))


@zoo
def one_tensor_twice_an_output(keras: ModuleType) -> Any:
    inputs = keras.Input((3,))
    x = keras.layers.Dense(2)(inputs)
    return keras.Model(inputs, [x, x])


@zoo
def nothing_but_an_input(keras: ModuleType) -> Any:
    inputs = keras.Input((3,))
    return keras.Model(inputs, inputs)


@zoo
def sparse_input(keras: ModuleType) -> Any:
    inputs = keras.Input((3,), sparse=True)
    return keras.Model(inputs, keras.layers.Dense(2)(inputs))


@zoo
def ragged_input(keras: ModuleType) -> Any:
    inputs = keras.Input((None,), dtype="int32", ragged=True)
    return keras.Model(inputs, keras.layers.Embedding(10, 4)(inputs))


# --- subclassed -------------------------------------------------------------------------------


@zoo
def subclassed(keras: ModuleType) -> Any:
    model = custom(keras)["Net"]()
    model(np.zeros((2, 5), dtype="float32"))
    return model


@zoo
def subclassed_in_functional(keras: ModuleType) -> Any:
    inputs = keras.Input((5,))
    return keras.Model(inputs, keras.layers.Dense(1)(custom(keras)["Net"](name="net")(inputs)))


@zoo
def functional_in_subclassed(keras: ModuleType) -> Any:
    inner_in = keras.Input((5,))
    inner = keras.Model(inner_in, keras.layers.Dense(3)(inner_in), name="inner")

    class Outer(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.backbone = inner
            self.head = keras.layers.Dense(1)

        def call(self, inputs: Any) -> Any:
            return self.head(self.backbone(inputs))

    model = Outer()
    model(np.zeros((2, 5), dtype="float32"))
    return model


@zoo
def functional_subclass(keras: ModuleType) -> Any:
    class Wrapped(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            inputs = keras.Input((5,))
            super().__init__(inputs, keras.layers.Dense(3)(inputs))

    return Wrapped()


@zoo
def custom_block(keras: ModuleType) -> Any:
    inputs = keras.Input((5,))
    return keras.Model(inputs, custom(keras)["Block"](name="block")(inputs))


# --- odd configs ------------------------------------------------------------------------------


@zoo
def no_config(keras: ModuleType) -> Any:
    return keras.Sequential([keras.Input((8,)), custom(keras)["NoConfig"](3)])


@zoo
def odd_config(keras: ModuleType) -> Any:
    return keras.Sequential([keras.Input((8,)), custom(keras)["OddConfig"]()])


@zoo
def raising_config(keras: ModuleType) -> Any:
    return keras.Sequential([keras.Input((8,)), custom(keras)["RaisingConfig"](factor=3.0)])


@zoo
def activation_as_layer(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [keras.Input((8,)), layers.Dense(4, activation=layers.LeakyReLU()), layers.ReLU(6.0)]
    )


@zoo
def activation_as_function(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(4, activation=double),
            layers.Dense(4, activation=functools.partial(keras.activations.relu, max_value=2.0)),
            layers.Dense(4, activation=lambda x: x * 0.5),
            layers.Dense(4, activation="swish"),
        ]
    )


@zoo
def lambdas(keras: ModuleType) -> Any:
    factor = 3

    def scaled(x: Any) -> Any:
        return x * factor

    layers = keras.layers
    shape = {"output_shape": (8,)}
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Lambda(double, **shape),
            layers.Lambda(lambda x: x + 1, **shape),
            layers.Lambda(scaled, **shape),
        ]
    )


@zoo
def regularized(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(
                4,
                3,
                kernel_initializer=keras.initializers.HeNormal(seed=7),
                kernel_regularizer=keras.regularizers.L1L2(1e-4, 1e-3),
                bias_constraint=keras.constraints.MaxNorm(2),
                activity_regularizer="l2",
            ),
            layers.Conv2D(4, 3, kernel_initializer=keras.initializers.Constant(0.3)),
            layers.Conv2D(4, 3, kernel_initializer="orthogonal"),
            layers.Conv2D(4, 1, kernel_initializer=keras.initializers.VarianceScaling(2.0)),
            layers.Conv2D(4, 1, kernel_initializer=keras.initializers.TruncatedNormal(stddev=0.02)),
        ]
    )


# --- kinds of layers --------------------------------------------------------------------------


@zoo
def convolutions(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 4)),
            layers.Conv2D(8, 3, strides=2, padding="same", groups=2, use_bias=False),
            layers.DepthwiseConv2D(3, dilation_rate=2, depth_multiplier=2),
            layers.SeparableConv2D(4, 3, activation="relu"),
            layers.Conv2DTranspose(4, 3, strides=2),
            layers.ZeroPadding2D(((1, 0), (0, 1))),
            layers.Cropping2D(1),
            layers.UpSampling2D(2, interpolation="bilinear"),
            layers.AveragePooling2D(2),
            layers.MaxPooling2D((2, 1)),
            layers.SpatialDropout2D(0.2),
            layers.GaussianNoise(0.1),
            layers.Permute((3, 1, 2)),
            layers.Reshape((4, -1)),
            layers.SeparableConv1D(3, 1),
            layers.Conv1D(3, 2, padding="causal"),
            layers.Conv1DTranspose(2, 3),
            layers.MaxPooling1D(2),
            layers.UpSampling1D(2),
            layers.ZeroPadding1D(1),
            layers.GlobalAveragePooling1D(),
            layers.RepeatVector(3),
            layers.Flatten(),
        ]
    )


@zoo
def convolutions_3d(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 8, 1)),
            layers.Conv3D(2, 3),
            layers.Conv3DTranspose(2, 3),
            layers.MaxPooling3D(),
            layers.ZeroPadding3D(),
            layers.Cropping3D(),
            layers.UpSampling3D(),
            layers.GlobalMaxPooling3D(keepdims=True),
        ]
    )


@zoo
def normalizations(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8, 8, 4)),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-5),
            layers.BatchNormalization(axis=1, center=False),
            layers.LayerNormalization(),
            layers.LayerNormalization(axis=[1, 2]),
            layers.GroupNormalization(2),
            layers.UnitNormalization(),
        ]
    )


@zoo
def activations(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.ReLU(max_value=6),
            layers.LeakyReLU(0.2),
            layers.PReLU(),
            layers.ELU(0.5),
            layers.Softmax(),
            layers.Activation("gelu"),
            layers.Activation("hard_sigmoid"),
            layers.Activation("softplus"),
            layers.Activation("swish"),
        ]
    )


@zoo
def merges(keras: ModuleType) -> Any:
    layers = keras.layers
    a, b = keras.Input((4,)), keras.Input((4,))
    return keras.Model(
        [a, b],
        [
            layers.Add()([a, b]),
            layers.Multiply()([a, b]),
            layers.Average()([a, b]),
            layers.Maximum()([a, b]),
            layers.Minimum()([a, b]),
            layers.Concatenate(axis=1)([a, b]),
            layers.Dot(axes=1, normalize=True)([a, b]),
        ],
    )


@zoo
def recurrent(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((5, 3))
    x = layers.LSTM(4, return_sequences=True, dropout=0.1, recurrent_dropout=0.2)(inputs)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True), merge_mode="sum")(x)
    x = layers.SimpleRNN(4, return_sequences=True, go_backwards=True)(x)
    x = layers.TimeDistributed(layers.Dense(4, activation="relu"))(x)
    x = layers.RNN([layers.LSTMCell(3), layers.LSTMCell(2)], return_sequences=True)(x)
    x = layers.RNN(layers.GRUCell(2))(x)
    return keras.Model(inputs, x)


@zoo
def stateful(keras: ModuleType) -> Any:
    inputs = keras.Input(batch_shape=(2, 5, 3))
    return keras.Model(inputs, keras.layers.LSTM(4, stateful=True)(inputs))


@zoo
def two_directions(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((5, 3))
    backward = layers.LSTM(2, go_backwards=True, recurrent_dropout=0.1)
    return keras.Model(
        inputs, layers.Bidirectional(layers.LSTM(2), backward_layer=backward)(inputs)
    )


@zoo
def encoder_decoder(keras: ModuleType) -> Any:
    layers = keras.layers
    source, target = keras.Input((5, 3), name="source"), keras.Input((6, 3), name="target")
    _, h, c = layers.LSTM(4, return_state=True, name="encoder")(source)
    x = layers.LSTM(4, return_sequences=True, name="decoder")(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(2)(x))


@zoo
def convolutional_recurrent(keras: ModuleType) -> Any:
    inputs = keras.Input((3, 8, 8, 1))
    layer = keras.layers.ConvLSTM2D(2, 3, recurrent_activation="sigmoid")
    return keras.Model(inputs, layer(inputs))


@zoo
def time_distributed_model(keras: ModuleType) -> Any:
    inner_in = keras.Input((8, 8, 3))
    x = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(2, 3)(inner_in))
    inner = keras.Model(inner_in, x, name="frame_encoder")
    inputs = keras.Input((4, 8, 8, 3))
    return keras.Model(inputs, keras.layers.LSTM(3)(keras.layers.TimeDistributed(inner)(inputs)))


@zoo
def attention(keras: ModuleType) -> Any:
    layers = keras.layers
    query, value = keras.Input((5, 8), name="query"), keras.Input((6, 8), name="value")
    x = layers.MultiHeadAttention(2, 4, dropout=0.1, name="cross")(query, value)
    x = layers.MultiHeadAttention(2, 4, name="self")(x, x, use_causal_mask=True)
    x = layers.Attention(use_scale=True)([x, value])
    x = layers.AdditiveAttention()([x, value])
    return keras.Model([query, value], x)


@zoo
def attention_called_twice(keras: ModuleType) -> Any:
    query, value = keras.Input((5, 8), name="query"), keras.Input((6, 8), name="value")
    layer = keras.layers.MultiHeadAttention(2, 4)
    return keras.Model([query, value], layer(layer(query, query), value, use_causal_mask=True))


@zoo
def explicit_attention_mask(keras: ModuleType) -> Any:
    query, mask = keras.Input((5, 8), name="query"), keras.Input((5, 5), name="mask")
    x = keras.layers.MultiHeadAttention(2, 4)(query, query, attention_mask=mask)
    return keras.Model([query, mask], x)


@zoo
def masked_embedding(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((6,), dtype="int32")
    x = layers.Embedding(10, 4, mask_zero=True)(inputs)
    x = layers.LSTM(4, return_sequences=True)(x)
    x = layers.Bidirectional(layers.GRU(3, return_sequences=True))(x)
    return keras.Model(inputs, layers.GlobalAveragePooling1D()(layers.Dropout(0.1)(x)))


@zoo
def masking(keras: ModuleType) -> Any:
    inputs = keras.Input((6, 3))
    return keras.Model(inputs, keras.layers.LSTM(4)(keras.layers.Masking(mask_value=-1.0)(inputs)))


@zoo
def spectral_normalization(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((8,))
    return keras.Model(inputs, layers.SpectralNormalization(layers.Dense(4))(inputs))


@zoo
def mixed_precision(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((8,))
    x = layers.Dense(4, dtype="mixed_float16")(inputs)
    x = layers.BatchNormalization(dtype="mixed_float16")(x)
    return keras.Model(inputs, layers.Dense(2, dtype="float32")(x))


@zoo
def float64_layer(keras: ModuleType) -> Any:
    inputs = keras.Input((8,))
    x = keras.layers.Dense(4, dtype="float64")(inputs)
    return keras.Model(inputs, keras.layers.Dense(2)(x))


# --- preprocessing ----------------------------------------------------------------------------


@zoo
def normalization_adapted(keras: ModuleType) -> Any:
    layer = keras.layers.Normalization()
    layer.adapt(np.arange(60, dtype="float32").reshape(5, 2, 2, 3))
    return keras.Sequential([keras.Input((2, 2, 3)), layer, keras.layers.Flatten()])


@zoo
def normalization_constant(keras: ModuleType) -> Any:
    layer = keras.layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[0.5, 0.5, 0.1])
    return keras.Sequential([keras.Input((2, 2, 3)), layer, keras.layers.Flatten()])


@zoo
def augmentation(keras: ModuleType) -> Any:
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(0.1),
            layers.RandomZoom(0.2),
            layers.RandomTranslation(0.1, 0.2),
            layers.RandomContrast(0.1),
            layers.RandomCrop(24, 24),
            layers.RandomBrightness(0.2),
            layers.Resizing(16, 16),
            layers.CenterCrop(12, 12),
            layers.Rescaling(1 / 255, offset=-0.5),
        ]
    )


@zoo
def discretization(keras: ModuleType) -> Any:
    layers = keras.layers
    inputs = keras.Input((1,))
    x = layers.Discretization(bin_boundaries=[0.0, 1.0, 2.0])(inputs)
    return keras.Model(inputs, layers.CategoryEncoding(4)(x))


@zoo
def text_vectorization(keras: ModuleType) -> Any:
    layer = keras.layers.TextVectorization(max_tokens=10, output_sequence_length=4)
    layer.adapt(np.array(["a b c", "b c d"]))
    inputs = keras.Input((1,), dtype="string")
    return keras.Model(inputs, keras.layers.Embedding(10, 2)(layer(inputs)))


@zoo
def string_lookup(keras: ModuleType) -> Any:
    inputs = keras.Input((1,), dtype="string")
    codes = keras.layers.StringLookup(vocabulary=["a", "b"])(inputs)
    return keras.Model(inputs, keras.layers.Embedding(4, 2)(codes))


@only_keras3("quantized layers came with Keras 3")
def quantized(keras: ModuleType) -> Any:
    inputs = keras.Input((16,))
    model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Dense(8)(inputs)))
    model.quantize("int8")
    return model


@only_keras3("quantized layers came with Keras 3")
def quantized_int4(keras: ModuleType) -> Any:
    inputs = keras.Input((16,))
    model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Dense(8)(inputs)))
    model.quantize("int4")
    return model


@only_keras3("LoRA came with Keras 3")
def lora(keras: ModuleType) -> Any:
    inputs = keras.Input((16,))
    x = keras.layers.Dense(8)(inputs)
    model = keras.Model(inputs, keras.layers.Dense(4)(x))
    model.layers[1].enable_lora(2)
    return model


# --- freezing ---------------------------------------------------------------------------------


@zoo
def frozen_layers(keras: ModuleType) -> Any:
    model = nested(keras)
    inner = model.get_layer("middle").layers[0]
    inner.layers[1].trainable = False
    return model


@zoo
def frozen_parent(keras: ModuleType) -> Any:
    model = nested(keras)
    model.get_layer("middle").trainable = False
    return model


@zoo
def frozen_batch_normalization(keras: ModuleType) -> Any:
    model = normalizations(keras)
    model.layers[0].trainable = False
    return model
