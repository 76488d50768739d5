"""Small models that Keras releases build differently.

``python -m tests.known_changes FOLDER NAME…`` writes the tables of those with these names that this Keras
can build; without names, of all. Their folder is ``tests/comparison/recorded/without`` under a release
without the change, and ``…/with`` under one that has it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from pytest_layersnap import layer_table, weightless

Builder = Callable[..., Any]


def attention_scores(keras: ModuleType, heads: int = 2, units: int = 3) -> Any:
    query, values = keras.Input((5, 8), name="query"), keras.Input((6, 8), name="values")
    attention = keras.layers.MultiHeadAttention(heads, 4, name="attention")
    attended, scores = attention(query, values, return_attention_scores=True)
    beside = keras.layers.Dense(units, name="beside")(attended)
    return keras.Model([query, values], [beside, scores])


def convolutional_lstm(keras: ModuleType, filters: int = 2, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((3, 8, 8, 2)),
            keras.layers.ConvLSTM2D(filters, 3, name="convolutional"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def layers_in_a_cell(keras: ModuleType, size: int = 2, units: int = 3) -> Any:
    class Cell(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="cell")
            self.state_size = self.output_size = size
            self.inner = keras.layers.Dense(size, name="inner")

        def call(self, inputs: Any, states: Any) -> Any:
            output = self.inner(inputs) + states[0]
            return output, [output]

    return keras.Sequential(
        [
            keras.Input((3, 4)),
            keras.layers.RNN(Cell(), name="recurrent"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def rescaling(keras: ModuleType, filters: int = 4, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            keras.layers.Rescaling([0.5, 0.6, 0.7], name="rescaling"),
            keras.layers.ZeroPadding2D(1, name="pad"),
            keras.layers.Conv2D(filters, 3, name="stem"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def scaled_images(keras: ModuleType, size: int = 32, units: int = 3) -> Any:
    with weightless():
        backbone = keras.applications.EfficientNetB0(
            weights="imagenet", include_top=False, input_shape=(size, size, 3)
        )
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(backbone.output)
    return keras.Model(backbone.input, keras.layers.Dense(units, name="beside")(pooled))


def inferred_sizes(keras: ModuleType, width: int = 3, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((6, 4)),
            keras.layers.EinsumDense("abc,cd->abd", output_shape=(None, width), name="einsum"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def length_of_sequences(keras: ModuleType, width: int = 4, units: int = 3) -> Any:
    model = keras.Sequential(
        [
            keras.layers.Embedding(10, width, name="tokens"),
            keras.layers.LSTM(3, return_sequences=True, name="encoder"),
            keras.layers.GlobalAveragePooling1D(name="pool"),
            keras.layers.Dense(units, name="beside"),
        ]
    )
    model.build((None, 5))
    return model


def activation_with_weights(keras: ModuleType, width: int = 4, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(width, activation=keras.layers.PReLU(), name="activated"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def encoded_bins(keras: ModuleType, bins: int = 2, units: int = 3) -> Any:
    boundaries = [float(number) for number in range(bins)]
    return keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Discretization(boundaries, output_mode="one_hot", name="bins"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def int4_weights(keras: ModuleType, width: int = 8, units: int = 3) -> Any:
    model = keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(width, name="quantized"),
            keras.layers.Activation("relu", name="relu"),
            keras.layers.Dense(units, name="beside"),
        ]
    )
    model.get_layer("quantized").quantize("int4")
    return model


def held_at_inference(keras: ModuleType, parts: int = 2, units: int = 3) -> Any:
    inputs = keras.Input((4,))
    dropped = keras.layers.Dropout(1 / parts, name="dropout")(inputs, training=False)
    return keras.Model(inputs, keras.layers.Dense(units, name="beside")(dropped))


def recurrent_at_inference(keras: ModuleType, width: int = 2, units: int = 3) -> Any:
    inputs = keras.Input((4, 3))
    layer = keras.layers.LSTM(width, return_sequences=True, name="recurrent")
    again = layer(layer(inputs, training=False)[..., :1] * inputs, training=False)
    return keras.Model(inputs, keras.layers.Dense(units, name="beside")(again))


def hard_sigmoid(keras: ModuleType, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((4, 5)),
            keras.layers.LSTM(3, recurrent_activation="hard_sigmoid", name="recurrent"),
            keras.layers.Dense(4, activation="hard_sigmoid", name="activated"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def transposed(keras: ModuleType, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.Conv2DTranspose(2, 3, strides=2, padding="same", name="transposed"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def bicubic(keras: ModuleType, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((6, 6, 3)),
            keras.layers.UpSampling2D(2, interpolation="bicubic", name="larger"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def activity(keras: ModuleType, units: int = 3) -> Any:
    return keras.Sequential(
        [
            keras.Input((4,)),
            keras.layers.Dense(3, activity_regularizer="l2", name="regularized"),
            keras.layers.ActivityRegularization(l1=0.1, name="regularization"),
            keras.layers.Dense(units, name="beside"),
        ]
    )


def median(keras: ModuleType, units: int = 3) -> Any:
    given = keras.Input((4, 6))
    return keras.Model(
        given, keras.layers.Dense(units, name="beside")(keras.ops.median(given, axis=1))
    )


#: Those that are the same in all but the numbers, by name.
NUMBERS: dict[str, Builder] = {
    "hard_sigmoid": hard_sigmoid,
    "transposed": transposed,
    "bicubic": bicubic,
    "activity": activity,
    "median": median,
}

#: By name: what builds it, a change of one's own to a layer that Keras changed, and the rows which then
#: differ for no reason of Keras' own.
MODELS: dict[str, tuple[Builder, dict[str, int], set[str]]] = {
    "attention_scores": (attention_scores, {"heads": 4}, {"attention"}),
    "convolutional_lstm": (convolutional_lstm, {"filters": 4}, {"convolutional", "beside"}),
    "layers_in_a_cell": (layers_in_a_cell, {"size": 4}, {"recurrent", "beside"}),
    "rescaling": (rescaling, {"filters": 5}, {"stem", "beside"}),
    "scaled_images": (scaled_images, {"size": 64}, {"stem_conv"}),
    "inferred_sizes": (inferred_sizes, {"width": 5}, {"einsum", "beside"}),
    "length_of_sequences": (length_of_sequences, {"width": 5}, {"tokens", "encoder"}),
    "activation_with_weights": (activation_with_weights, {"width": 5}, {"activated", "beside"}),
    "encoded_bins": (encoded_bins, {"bins": 4}, {"bins"}),
    "held_at_inference": (held_at_inference, {"parts": 4}, {"dropout"}),
    "recurrent_at_inference": (recurrent_at_inference, {"width": 3}, {"recurrent", "beside"}),
    "int4_weights": (int4_weights, {"width": 16}, {"quantized", "relu", "beside"}),
}


def write(folder: Path, names: Collection[str]) -> None:
    """Write the tables of models that this Keras can build: of all, if no names are given."""
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    folder.mkdir(parents=True, exist_ok=True)
    builders = {name: build for name, (build, *_) in MODELS.items()} | NUMBERS
    for name in names or builders:
        try:
            table = layer_table(builders[name](keras), name=name, behavior=name in NUMBERS)
        except (AttributeError, ValueError) as error:
            print(f"{name}: {error}")
        else:
            table.to_csv(folder / f"{name}.csv")


if __name__ == "__main__":
    write(Path(sys.argv[1]), sys.argv[2:])
