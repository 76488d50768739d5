"""What a call computes with besides tensors: arguments of layers, constants and settings of operations."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import LayerTable, compare, layer_table
from pytest_layersnap.extract import canonical


def attributes(keras: ModuleType, function: Callable[[Any], Any], shape: Any = (4, 3)) -> Any:
    """The attributes of the last row of a model that computes a function of one input."""
    given = keras.Input(shape)
    return layer_table(keras.Model(given, function(given))).layers[-1].attributes


def arguments(keras: ModuleType, function: Callable[[Any], Any], shape: Any = (4, 3)) -> Any:
    """The call arguments of that row, None without any."""
    return attributes(keras, function, shape).get("call_arguments")


@pytest.fixture
def ops(keras: ModuleType) -> Any:
    """The operations of Keras 3, and TensorFlow's of the same names and arguments for Keras 2."""
    if hasattr(keras, "ops"):
        return keras.ops
    import tensorflow as tf

    return SimpleNamespace(
        concatenate=tf.concat,
        einsum=tf.einsum,
        where=tf.where,
        abs=tf.abs,
        cast=tf.cast,
        add=tf.add,
    )


EYE = np.eye(3, dtype="float32")


def test_constants_keep_their_place_among_tensors(keras: ModuleType, ops: Any) -> None:
    """A constant in a list with tensors decides the numbers, and so does its place."""
    one = np.ones((1, 2), "float32")

    def joined(values: Callable[[Any], list[Any]]) -> Any:
        given = keras.Input((2,), batch_size=1)
        return layer_table(keras.Model(given, ops.concatenate(values(given), axis=0))).layers[-1]

    last, first = joined(lambda x: [x, one]), joined(lambda x: [one, x])
    assert last.attributes == {"axis": 0, "xs": ["<tensor>", [[1, 1]]]}
    assert first.attributes == {"axis": 0, "xs": [[[1, 1]], "<tensor>"]}
    assert joined(lambda x: [x, x]).attributes == {"axis": 0}
    product = attributes(keras, lambda x: ops.einsum("bi,ij->bj", x, EYE), (3,))
    assert product == {
        "operands": ["<tensor>", [[1, 0, 0], [0, 1, 0], [0, 0, 1]]],
        "subscripts": "bi,ij->bj",
    }


def test_constants_by_what_they_do(keras: ModuleType, ops: Any) -> None:
    """Complex ones have numbers; where an integral float makes integers floats, the dtype says so."""

    def chosen(constant: float) -> Any:
        return attributes(keras, lambda x: ops.where(x > 0, constant, constant))

    assert (canonical.value(1j), canonical.value(np.complex64(2j))) == ("1j", "2j")
    assert attributes(keras, lambda x: ops.add(x, 1)) == {"x2": 1}
    assert attributes(keras, lambda x: ops.add(ops.cast(x, "int32"), 1)) == {"x2": 1}
    assert chosen(1) == {"x1": 1, "x2": 1, "output_dtype": "int32"}
    assert chosen(1.0) == {"x1": 1, "x2": 1, "output_dtype": "float32"}


def test_arguments_of_operations_as_they_were_called(keras: ModuleType, ops: Any) -> None:
    """None counts where it is not the default."""
    if not hasattr(keras, "ops"):
        import tensorflow as tf

        assert attributes(keras, lambda x: tf.nn.softmax(x, axis=None)) == {}
        assert attributes(keras, lambda x: tf.nn.avg_pool(x, 2, 1, "SAME", "NWC")) == attributes(
            keras, lambda x: tf.nn.avg_pool(x, 2, 1, "SAME")
        )
        return
    assert attributes(keras, lambda x: ops.softmax(x, axis=None)) == {"axis": None}
    assert attributes(keras, lambda x: ops.softmax(x)) == {}

    def pooled(order: str) -> Any:
        return attributes(keras, lambda x: ops.average_pool(x, 2, 1, "same", data_format=order))

    assert pooled("channels_last").items() < pooled("channels_first").items()
    assert pooled("channels_first")["data_format"] == "channels_first"


def test_operations_without_config(keras: ModuleType, ops: Any) -> None:
    """What ``get_config`` can't give is read from the operation itself."""
    if not hasattr(keras, "Operation"):
        pytest.skip("Keras 2 has no operations of people's own")

    class Scale(keras.Operation):  # type: ignore[misc, name-defined]
        def __init__(self, table: Any, name: str | None = None) -> None:
            super().__init__(name=name)
            self.table = table

        def call(self, x: Any, shift: float = 0.0) -> Any:
            return x * self.table + shift

        def compute_output_spec(self, x: Any, shift: float = 0.0) -> Any:
            return keras.KerasTensor(x.shape, x.dtype)

    assert attributes(keras, Scale(np.ones(3))) == {"table": [1, 1, 1]}
    shared = Scale(np.ones(3))
    assert arguments(keras, lambda x: shared(shared(x), 2.0)) == [
        {"table": [1, 1, 1]},
        {"table": [1, 1, 1], "shift": 2},
    ]
    loop = attributes(keras, lambda x: ops.fori_loop(0, 3, lambda k, v: v * 2, x))
    assert (loop["lower"], loop["upper"]) == (0, 3)
    assert "* 2" in loop["body_fun"]


def test_arrays_that_operations_keep(keras: ModuleType, ops: Any) -> None:
    """They may be called ``weights``; their dtype is said where it decides that of the result."""
    if not hasattr(keras, "ops"):
        pytest.skip("Keras 2 keeps nothing in its operations")
    given = keras.Input(batch_shape=(3,), dtype="int32")
    found = ops.bincount(given, weights=np.ones(3, "int32"), minlength=3)
    (row,) = layer_table(keras.Model(given, found)).layers[1:]
    assert row.attributes["weights"] == [1, 1, 1]

    def attended(dtype: str) -> Any:
        half = keras.Input((3, 3, 2), dtype="float16")
        constant = np.ones((2, 3, 3, 2), dtype)
        made = ops.dot_product_attention(half, constant, constant)
        return layer_table(keras.Model(half, made)).layers[-1].attributes.get("output_dtype")

    if hasattr(ops, "dot_product_attention"):  # from Keras 3.4 on
        assert (attended("float16"), attended("float32")) == (None, "float32")


def test_casts_that_layers_make_themselves(keras: ModuleType, ops: Any) -> None:
    """Keras 3.5 to 3.9 record them; one that somebody makes does the same, unless it loses a mask."""

    def built(middle: Callable[[Any], Any], masked: bool = False) -> LayerTable:
        half = keras.Input((4, 3), dtype="float16", name="half")
        x = keras.layers.Masking(dtype="float16")(half) if masked else half
        return layer_table(keras.Model(half, keras.layers.LSTM(2)(middle(x))))

    def kinds(table: LayerTable) -> list[str]:
        return [row.layer_type for row in table]

    plain = built(lambda x: x)
    assert kinds(plain) == ["InputLayer", "LSTM"]
    assert not compare(plain, built(lambda x: ops.cast(x, "float32")))
    whole = built(lambda x: ops.cast(ops.cast(x, "int32"), "float32"))
    assert kinds(whole) == ["InputLayer", "op:cast", "op:cast", "LSTM"]
    assert kinds(built(lambda x: x, masked=True)) == ["InputLayer", "Masking", "LSTM"]
    if hasattr(keras, "ops"):  # whose operations carry no masks
        lost = built(lambda x: ops.cast(x, "float32"), masked=True)
        assert kinds(lost) == ["InputLayer", "Masking", "op:cast", "LSTM"]


def test_op_layers_without_function(keras: ModuleType) -> None:
    """Keras 2's layers for methods of ragged tensors are named by the method alone."""
    if hasattr(keras, "ops"):
        pytest.skip("Keras 3 has no such layers")
    import tensorflow as tf

    def rows(padding: int) -> list[tuple[str, Any]]:
        given = keras.Input((3,))
        ragged = tf.RaggedTensor.from_tensor(given, padding=padding)
        model = keras.Model(given, ragged.to_tensor(default_value=padding))
        return [(row.layer_type, row.attributes) for row in layer_table(model)][1:]

    assert rows(1) == rows(1) != rows(2)
    assert [kind for kind, _ in rows(1)] == ["op:from_tensor", "op:to_tensor"]


def test_training_is_shown_where_somebody_gave_it(keras: ModuleType) -> None:
    """Under Keras 2 an explicit False holds against the model's own flag, whatever the default of call."""
    layers = keras.layers

    class Noise(layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any, training: bool = False) -> Any:
            return inputs * 2 if training else inputs

    def shown(make: Callable[[], Any], **given: Any) -> Any:
        return arguments(keras, lambda x: make()(x, **given))

    makes = [lambda: layers.Dropout(0.5), lambda: layers.LSTM(2), layers.BatchNormalization, Noise]
    assert [shown(make) for make in makes] == [None] * 4
    assert [shown(make, training=True) for make in makes] == [{"training": True}] * 4
    false = [shown(make, training=False) for make in makes]
    assert false[2] == {"training": False}
    if not hasattr(keras, "ops"):
        assert false == [{"training": False}] * 4
    else:  # what Keras 3 records for these tells nothing
        assert (false[0], false[3]) == (None, None)


def test_flags_that_a_sequential_passes_on_are_nobodys(keras: ModuleType) -> None:
    """Built inside a call, Keras 3 records the flag of what stands before, loaded it does not."""
    layers = keras.layers

    class Block(layers.Layer):  # type: ignore[misc, name-defined]
        def build(self, input_shape: Any) -> None:
            self.inner = keras.Sequential(
                [layers.Dense(3), layers.Dropout(0.1), layers.BatchNormalization()]
            )
            self.inner.build(input_shape)
            super().build(input_shape)

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    given = keras.Input((4, 3))
    called = keras.Model(given, Block()(given))
    built = Block()
    built.build((None, 4, 3))
    apart = keras.Model(given, built(given))
    assert compare(layer_table(called), layer_table(apart)).changes == ()
    assert not [row for row in layer_table(called) if "call_arguments" in row.attributes]


@pytest.mark.filterwarnings("ignore:__array__ implementation")  # of PyTorch
@pytest.mark.filterwarnings("ignore:.build\\(\\). was called")
@pytest.mark.parametrize("what", ["own", "sequential", "functional"])
def test_training_false_is_a_persons_also_after_loading(
    keras: ModuleType, tmp_path: Path, what: str
) -> None:
    """Keras writes it into what it loads, around a Dropout inside: that is nobody's."""
    layers = keras.layers

    def parts() -> Any:
        return [layers.Dense(8), layers.Dropout(0.1), layers.BatchNormalization(), layers.Dense(4)]

    class Block(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, **settings: Any) -> None:
            super().__init__(**settings)
            self.feed = keras.Sequential(parts())

        def call(self, inputs: Any, training: Any = None) -> Any:
            return inputs + self.feed(inputs, training=training)

    def functional() -> Any:
        x = given = keras.Input((5, 4))
        for part in parts():
            x = part(x)
        return keras.Model(given, x)

    makes = {
        "own": Block,
        "sequential": lambda: keras.Sequential(parts()),
        "functional": functional,
    }

    def table(**given: Any) -> LayerTable:
        inputs = keras.Input((5, 4))
        model = keras.Model(inputs, makes[what]()(inputs, **given))
        path = tmp_path / "model.keras"
        model.save(path)
        loaded = keras.models.load_model(path, custom_objects={"Block": Block})
        made = layer_table(model)
        assert not compare(made, layer_table(loaded))
        return made

    drift = compare(table(), table(training=False))
    (change,) = drift.changes
    assert (change.kind, change.categories) == ("changed", frozenset({"config"}))


def test_masks_are_each_arguments_own(keras: ModuleType) -> None:
    """Masks that are carried anyway say nothing; crossed or given to another argument they do."""
    layers = keras.layers

    def attended(masks: Callable[[Any, Any], Any]) -> LayerTable:
        ends = [keras.Input((5, 4), name=name) for name in "qv"]
        query, value = (layers.Masking()(end) for end in ends)
        given = masks(query._keras_mask, value._keras_mask)
        return layer_table(keras.Model(ends, layers.Attention()([query, value], mask=given)))

    carried, same = attended(lambda q, v: None), attended(lambda q, v: [q, v])
    crossed = attended(lambda q, v: [v, q])
    assert not compare(carried, same)
    assert compare(carried, crossed)
    assert crossed.layers[-1].attributes["call_arguments"] == {"mask": ["<tensor>", "<tensor>"]}


def test_tensors_of_optional_arguments(keras: ModuleType) -> None:
    """Which of several optional arguments a tensor is decides what is computed."""

    class Gate(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, inputs: Any, scale: Any = None, shift: Any = None) -> Any:
            return inputs * scale if shift is None else inputs + shift

    assert arguments(keras, lambda x: Gate()(x, scale=x)) is None
    assert arguments(keras, lambda x: Gate()(x, shift=x)) == {"shift": "<tensor>"}


def test_supports_masking_of_peoples_layers(keras: ModuleType) -> None:
    """It is shown where it is not what the bases of the class make of it."""
    layers = keras.layers

    class Plain(layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, masking: bool | None = None) -> None:
            super().__init__()
            if masking is not None:
                self.supports_masking = masking

        def call(self, inputs: Any) -> Any:
            return inputs * 1.0

    class Derived(layers.Activation):  # type: ignore[misc, name-defined]
        def __init__(self, masking: bool | None = None) -> None:
            super().__init__("relu")
            if masking is not None:
                self.supports_masking = masking

    class Masks(Plain):
        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            return mask

    def shown(kind: Any, masking: bool | None) -> Any:
        return attributes(keras, kind(masking)).get("supports_masking")

    assert [shown(Plain, flag) for flag in (None, False, True)] == [None, None, True]
    assert [shown(Derived, flag) for flag in (None, True, False)] == [None, None, False]
    assert [shown(Masks, flag) for flag in (None, True)] == [None, None]
