"""Mutations as people write them: a builder called with another argument.

They hold what no config shows: constants of tensor arithmetic, closures, slices, masks, the wiring of
calls. Each changes one argument of one small network.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

from tests.zoo import custom


@dataclass(frozen=True)
class Variant:
    """One argument of a builder that changes, and what the drift must say of it."""

    build: Callable[..., Any]
    changed: dict[str, Any]
    expected: dict[str, set[str]]
    alone: bool = True
    only_keras3: bool = False


def arithmetic(
    keras: ModuleType,
    factor: float = 2.0,
    stop: int = 5,
    step: int = 2,
    power: int = 2,
    swapped: bool = False,
    skip: bool = True,
    minus: bool = False,
) -> Any:
    """Operations on tensors with constants."""
    inputs = keras.Input((8, 4))
    x = inputs * factor
    x = x[:, 1:stop, ::step]
    x = x**power
    y = keras.layers.Dense(2)(x)
    if skip:
        y = (y - x if minus else y + x) if not swapped else (x + y)
    return keras.Model(inputs, keras.layers.Flatten()(y))


def closures(
    keras: ModuleType, factor: float = 3.0, table: tuple[float, ...] = (1.0, 2.0), plus: bool = True
) -> Any:
    """Lambda layers that captured something."""
    weights = np.array(table, dtype="float32")

    def scaled(x: Any) -> Any:
        return x * factor

    def weighted(x: Any) -> Any:
        return x * weights[0]

    lambdas = (lambda x: x + 1.5) if plus else (lambda x: x + 2.5)
    shape = {"output_shape": (8,)}
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Lambda(scaled, **shape),
            layers.Lambda(lambdas, **shape),
            layers.Lambda(weighted, **shape),
            layers.Dense(2),
        ]
    )


def attention_calls(
    keras: ModuleType, masked: bool = False, causal: bool = False, crossed: bool = False
) -> Any:
    """Attention, with what its call may be told."""
    query = keras.Input((6, 8), name="query")
    value = keras.Input((6, 8), name="value")
    mask = keras.Input((6, 6), name="mask")
    arguments: dict[str, Any] = {"use_causal_mask": True} if causal else {}
    if masked:
        arguments["attention_mask"] = mask
    other = query if crossed else value
    x = keras.layers.MultiHeadAttention(2, 4)(query, other, **arguments)
    return keras.Model([query, value, mask], keras.layers.Add()([x, value]))


def masked_recurrence(keras: ModuleType, explicit: bool = False, masking: bool = True) -> Any:
    """A mask that travels, or one that is given."""
    inputs, mask = keras.Input((6, 3), name="x"), keras.Input((6,), dtype="bool", name="mask")
    x = keras.layers.Masking(name="masking")(inputs) if masking else inputs
    x = keras.layers.Dense(3)(x)
    return keras.Model(
        [inputs, mask], keras.layers.LSTM(4)(x, **({"mask": mask} if explicit else {}))
    )


def wrapped_model(keras: ModuleType, training: bool | None = None, flag: bool = True) -> Any:
    """A backbone as a layer, as the guides to transfer learning call it."""
    layers = keras.layers
    inner_in = keras.Input((8, 8, 3))
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(inner_in))
    backbone = keras.Model(inner_in, layers.GlobalAveragePooling2D()(x), name="backbone")
    backbone.trainable = flag
    inputs = keras.Input((8, 8, 3))
    arguments = {} if training is None else {"training": training}
    return keras.Model(inputs, layers.Dense(1)(backbone(inputs, **arguments)))


def stateful(keras: ModuleType, flag: bool = False, units: int = 4, cells: int = 2) -> Any:
    """Recurrent layers whose state survives a batch, and stacked cells."""
    inputs = keras.Input(batch_shape=(2, 5, 3))
    x = keras.layers.GRU(units, stateful=flag, return_sequences=True)(inputs)
    x = keras.layers.RNN([keras.layers.LSTMCell(3) for _ in range(cells)])(x)
    return keras.Model(inputs, x)


def given_states(keras: ModuleType, turned: bool = False, given: bool = True) -> Any:
    """A decoder that starts from the encoder's states."""
    source, target = keras.Input((5, 3), name="source"), keras.Input((6, 3), name="target")
    _, h, c = keras.layers.LSTM(4, return_state=True, name="encoder")(source)
    states = [c, h] if turned else [h, c]
    decoder = keras.layers.LSTM(4, return_sequences=True, name="decoder")
    x = decoder(target, initial_state=states) if given else decoder(target)
    return keras.Model([source, target], [x, h])


def wrappers(keras: ModuleType, units: int = 3, backward: int = 3, wide: int = 4) -> Any:
    """Layers that hold others."""
    layers = keras.layers
    inputs = keras.Input((5, 3))
    x = layers.Bidirectional(
        layers.GRU(units, return_sequences=True),
        backward_layer=layers.GRU(backward, return_sequences=True, go_backwards=True),
    )(inputs)
    return keras.Model(inputs, layers.TimeDistributed(layers.Dense(wide))(x))


def people_s_layers(
    keras: ModuleType, units: int = 3, factor: float = 3.0, strength: float = 0.5, rate: float = 0.1
) -> Any:
    """Layers that somebody wrote, without configs worth the name."""
    classes = custom(keras)
    inputs, gate = keras.Input((4,), name="x"), keras.Input((4,), name="gate")
    x = classes["Gate"](name="gated")(inputs, gate=gate, strength=strength)
    x = classes["RaisingConfig"](factor=factor, name="raising")(x)
    x = classes["Block"](rate=rate, name="block")(x)
    return keras.Model([inputs, gate], classes["NoConfig"](units, name="own")(x))


def subclassed(keras: ModuleType, units: int = 4, activation: str = "relu", extra: int = 0) -> Any:
    """A model without a graph."""
    layers = keras.layers

    class Net(keras.Model):  # type: ignore[name-defined,misc]
        """Two layers and some more."""

        def __init__(self) -> None:
            super().__init__()
            self.stem = layers.Dense(units, activation=activation, name="stem")
            self.rest = [layers.Dense(4, name=f"rest{index}") for index in range(2 + extra)]

        def call(self, inputs: Any) -> Any:
            x = self.stem(inputs)
            for layer in self.rest:
                x = layer(x)
            return x

    model = Net()
    model(np.zeros((2, 5), dtype="float32"))
    return model


def normalized(keras: ModuleType, mean: float = 1.0, variance: float = 0.5, axis: int = -1) -> Any:
    """Preprocessing with constants."""
    layer = keras.layers.Normalization(axis=axis, mean=mean, variance=variance)
    inputs = keras.Input((4, 4, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1.0)(layer(inputs))
    return keras.Model(inputs, keras.layers.Flatten()(x))


def activated(keras: ModuleType, slope: float = 0.2, bound: float = 2.0) -> Any:
    """Activations that are no names."""
    import functools

    layers = keras.layers
    relu = functools.partial(keras.activations.relu, max_value=bound)
    return keras.Sequential(
        [
            keras.Input((8,)),
            layers.Dense(4, activation=layers.LeakyReLU(slope), name="leaky"),
            layers.Dense(4, activation=relu, name="bounded"),
            layers.Dense(4, activation=lambda x: x * slope, name="scaled"),
        ]
    )


def backend_functions(keras: ModuleType, axis: int = 1, keep: bool = True, low: float = 0.0) -> Any:
    """Functions of the backend in a graph."""
    inputs = keras.Input((6, 6))
    if hasattr(keras, "ops"):
        x = keras.ops.mean(inputs, axis=axis, keepdims=keep)
        x = keras.ops.maximum(x, low)
    else:
        import tensorflow as tf

        x = tf.maximum(tf.reduce_mean(inputs, axis=axis, keepdims=keep), low)
    return keras.Model(inputs, keras.layers.Flatten()(x))


def adapters(keras: ModuleType, rank: int = 0, quantized: bool = False) -> Any:
    """Layers that are changed after they were built."""
    inputs = keras.Input((16,))
    model = keras.Model(inputs, keras.layers.Dense(4)(keras.layers.Dense(8)(inputs)))
    if rank:
        model.layers[1].enable_lora(rank)
    if quantized:
        model.layers[2].quantize("int8")
    return model


_CONFIG = {"config"}
_TOPOLOGY = {"topology"}

#: Every variant by its name.
VARIANTS: dict[str, Variant] = {
    "constant in arithmetic": Variant(arithmetic, {"factor": 2.001}, {"multiply": _CONFIG}),
    "integer constant in arithmetic": Variant(arithmetic, {"factor": 3}, {"multiply": _CONFIG}),
    "end of a slice": Variant(arithmetic, {"stop": 6}, {"get_item": {"shape"}}, False),
    "step of a slice": Variant(arithmetic, {"step": 3}, {"get_item": _CONFIG}, True),
    "exponent": Variant(arithmetic, {"power": 3}, {"power": _CONFIG}),
    "operands of a sum": Variant(arithmetic, {"swapped": True}, {"add": _TOPOLOGY}),
    "sum to difference": Variant(arithmetic, {"minus": True}, {"add": set()}),
    "no skip": Variant(arithmetic, {"skip": False}, {"add": {"layers"}}),
    "captured number": Variant(closures, {"factor": 3.5}, {"lambda": _CONFIG}),
    "captured array": Variant(closures, {"table": (1.5, 2.0)}, {"lambda_2": _CONFIG}),
    "other lambda": Variant(closures, {"plus": False}, {"lambda_1": _CONFIG}),
    "attention mask": Variant(
        attention_calls, {"masked": True}, {"multi_head_attention": _TOPOLOGY}, False
    ),
    "causal attention": Variant(
        attention_calls, {"causal": True}, {"multi_head_attention": _CONFIG}
    ),
    "self attention": Variant(
        attention_calls, {"crossed": True}, {"multi_head_attention": _TOPOLOGY}
    ),
    "explicit mask": Variant(masked_recurrence, {"explicit": True}, {"lstm": _TOPOLOGY}, False),
    "no masking": Variant(masked_recurrence, {"masking": False}, {"masking": {"layers"}}),
    "training=False for a backbone": Variant(
        wrapped_model, {"training": False}, {"backbone": _CONFIG}
    ),
    "frozen backbone": Variant(
        wrapped_model, {"flag": False}, {"backbone/conv2d": {"trainability"}}, False
    ),
    "stateful": Variant(stateful, {"flag": True}, {"gru": _CONFIG}),
    "units of a recurrent layer": Variant(
        stateful, {"units": 5}, {"gru": {"config", "shape"}}, False
    ),
    "stacked cells": Variant(stateful, {"cells": 3}, {"rnn": {"config", "parameters"}}),
    "states change places": Variant(given_states, {"turned": True}, {"decoder": _TOPOLOGY}),
    "no initial states": Variant(given_states, {"given": False}, {"decoder": _TOPOLOGY}, False),
    "units of a Bidirectional": Variant(
        wrappers, {"units": 4}, {"bidirectional": {"config", "shape"}}, False
    ),
    "units of a backward layer": Variant(
        wrappers, {"backward": 4}, {"bidirectional": {"config", "parameters"}}, False
    ),
    "units of a TimeDistributed": Variant(
        wrappers, {"wide": 5}, {"time_distributed": {"config", "shape"}}
    ),
    "units of somebody's layer": Variant(
        people_s_layers, {"units": 4}, {"own": {"parameters", "shape"}}
    ),
    "factor of somebody's layer": Variant(people_s_layers, {"factor": 3.5}, {"raising": _CONFIG}),
    "call argument of somebody's layer": Variant(
        people_s_layers, {"strength": 0.6}, {"gated": _CONFIG}
    ),
    "layer in somebody's layer": Variant(people_s_layers, {"rate": 0.2}, {"block/drop": _CONFIG}),
    "width in a subclassed model": Variant(
        subclassed, {"units": 5}, {"stem": {"config", "parameters"}}, False
    ),
    "activation in a subclassed model": Variant(
        subclassed, {"activation": "elu"}, {"stem": _CONFIG}
    ),
    "layer more in a subclassed model": Variant(subclassed, {"extra": 1}, {"rest2": {"layers"}}),
    "constant mean": Variant(normalized, {"mean": 1.5}, {"normalization": _CONFIG}),
    "constant variance": Variant(normalized, {"variance": 0.6}, {"normalization": _CONFIG}),
    "axis of Normalization": Variant(normalized, {"axis": 1}, {"normalization": _CONFIG}, False),
    "slope in an activation": Variant(
        activated, {"slope": 0.3}, {"leaky": _CONFIG, "scaled": _CONFIG}
    ),
    "argument of a partial": Variant(activated, {"bound": 3.0}, {"bounded": _CONFIG}),
    "axis of a mean": Variant(backend_functions, {"axis": 2}, {"mean": _CONFIG}, False),
    "mean without its axis": Variant(
        backend_functions, {"keep": False}, {"mean": {"shape"}}, False
    ),
    "floor of a maximum": Variant(backend_functions, {"low": 0.5}, {"maximum": _CONFIG}),
    "low-rank adapter": Variant(adapters, {"rank": 2}, {"dense": {"parameters"}}, only_keras3=True),
    "rank of an adapter": Variant(
        adapters, {"rank": 3}, {"dense": {"parameters"}}, only_keras3=True
    ),
    "quantized layer": Variant(
        adapters, {"quantized": True}, {"dense_1": {"dtype"}}, only_keras3=True
    ),
}
