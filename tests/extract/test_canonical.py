"""The rules of ``canonical``: what they make equal, and the real change beside each that stays visible."""

from __future__ import annotations

import collections
import enum
import functools
import json
import pathlib
import re
import struct
import types
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_layersnap import LayerTable, compare, layer_table
from pytest_layersnap.extract import canonical, names, operations, readable


@pytest.mark.parametrize(
    ("name", "class_name", "stem"),
    [
        ("dense", "Dense", "dense"),
        ("dense_17", "Dense", "dense"),
        ("conv2d_transpose_2", "Conv2DTranspose", "conv2d_transpose"),
        ("input_3", "InputLayer", "input_layer"),
        ("input_layer_1", "InputLayer", "input_layer"),
        ("model_2", "Functional", "functional"),
        ("functional", "Functional", "functional"),
        ("re_lu_1", "ReLU", "re_lu"),
        ("fc1", "Dense", None),
        ("dense_head", "Dense", None),
        ("dense", "Conv2D", None),
        ("image_input", "InputLayer", None),
        ("resnet50", "Functional", None),
    ],
)
def test_auto_names(name: str, class_name: str, stem: str | None) -> None:
    """A name is Keras' own if it follows from the class; people's names stay."""
    assert names.auto_name(name, class_name) == stem


def test_inputs_that_keras_names_after_what_they_feed() -> None:
    """Keras 2 does so in a Sequential; a person's ``image_input`` feeds no ``image``."""
    for fed in ("dense_4", "conv"):
        assert names.auto_name(f"{fed}_input", "InputLayer", [fed]) == "input_layer"
    assert names.auto_name("image_input", "InputLayer", ["conv"]) is None


class Way(enum.Flag):
    """Members that are put together."""

    LEFT = 1
    RIGHT = 2
    UP = 4


class Number(int, enum.Enum):
    """Members that are numbers."""

    ONE = 1


class Sealed:
    """An array that shows no numbers."""

    shape = (2,)

    def __array__(self, *_: Any) -> Any:
        raise RuntimeError("no numbers")


class Word(str, enum.Enum):  # of Python 3.11
    """Members that are texts."""

    ONE = "one"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        (6.0, 6),
        (0.5, 0.5),
        (0.30000001192092896, 0.3),
        (1.001e-5, 1.001e-5),
        (float("inf"), "inf"),
        (np.float32(0.1), 0.1),
        (np.int64(3), 3),
        (np.array(6.0, dtype="float32"), 6),
        (np.arange(3), [0, 1, 2]),
        (True, True),
        ((1, (2, None)), [1, [2, None]]),
        ({"b", "a"}, ["a", "b"]),
        (b"same", "same"),
        (slice(1, None, 2), "slice(1, None, 2)"),
        (..., "..."),
        ({"start": 1, "stop": None, "step": 2}, "slice(1, None, 2)"),
        ({"class_name": "__tuple__", "items": [1, 2]}, [1, 2]),
        (
            {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
            "float32",
        ),
        ("swish", "swish"),
        (object(), "<builtins.object>"),
        (len, "<function builtins.len>"),
        (dict, "<class builtins.dict>"),
        (pathlib.PurePosixPath("a/b.h5"), "<path a/b.h5>"),
        (pathlib.PurePosixPath("/home/me/b.h5"), "<path b.h5>"),
        (re.compile("a" * 300), f'<pattern ["{"a" * 300}", 32]>'),
        (json, "<module json>"),
        (Way.LEFT | Way.UP, "<Way.LEFT|UP 5>"),
        (Word.ONE, "one"),
        (Number.ONE, 1),
        (np.dtype("float32"), "float32"),
        (np.bool_(True), True),
        (Sealed(), "<tests.extract.test_canonical.Sealed>"),
        (types.MappingProxyType({"a": 1.0}), {"a": 1}),
        (
            {"class_name": "function", "config": "relu", "registered_name": "relu"},
            "<function relu>",
        ),
        ({"class_name": "T", "config": [1]}, None),
        (collections.deque([1, {2}]), '<deque {"items": [1, [2]]}>'),
        ({1: "a", None: "b", (1, 2): "c"}, {"1": "a", "null": "b", "[1, 2]": "c"}),
        ({1: "a", "1": "b"}, [["1", "b"], [1, "a"]]),
        ({"class_name": "T", "config": {"name": "a"}, "more": 1}, None),
        ({"class_name": "T", "config": {"name": "a"}}, None),
        ({"class_name": 1, "config": 2}, None),
        ({"class_name": "T", "items": [1], "more": 1}, None),
    ],
)
def test_values(raw: Any, plain: Any) -> None:
    """Everything that a config may hold has one plain form."""
    found = canonical.value(raw)
    plain = raw if plain is None else plain  # a dict of somebody's, which has keys that Keras uses
    assert (found, type(found)) == (plain, type(plain))


def test_what_holds_itself() -> None:
    """It is told by its class, and never fails."""
    endless: list[Any] = []
    endless.append(endless)
    assert canonical.value({"a": endless}) == "<builtins.dict>"


def test_objects_that_refuse() -> None:
    """What they hold is there, whatever fails when they are looked at."""

    class Refusing:
        def __init__(self, number: int) -> None:
            self.number = number

        @property
        def shape(self) -> Any:
            raise ValueError("no shape")

        def __getattr__(self, name: str) -> Any:
            raise KeyError(name)

        def __repr__(self) -> str:
            raise RuntimeError("no text")

    assert canonical.value([Refusing(2)]) == ['<Refusing {"number": 2}>']


def test_what_an_object_has_computed() -> None:
    """It is no setting: it is there only once somebody has asked for it."""

    class Lazy:
        def __init__(self) -> None:
            self.size = 2

        @functools.cached_property
        def double(self) -> int:
            return self.size * 2

    lazy = Lazy()
    before = canonical.value(lazy)
    assert lazy.double == 4
    assert canonical.value(lazy) == before == '<Lazy {"size": 2}>'


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_keep_their_value(number: float) -> None:
    """A spelling is shortened only where float32 can't tell the difference."""
    found = canonical.value(number)
    if found != number:
        assert struct.pack("f", found) == struct.pack("f", number)
        assert struct.unpack("f", struct.pack("f", number))[0] == number


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.text() | st.binary(), st.lists))
def test_values_are_json(raw: Any) -> None:
    """Whatever goes in, JSON comes out, and coming out again changes nothing."""
    plain = canonical.value(raw)
    assert canonical.value(json.loads(json.dumps(plain))) == plain


def test_large_arrays_are_told_apart() -> None:
    """A long constant is a digest, and another constant is another digest."""
    one = np.arange(1000, dtype="float32")
    other = one.copy()
    other[500] += 1
    assert canonical.value(one) == canonical.value(one.astype("float64"))
    assert canonical.value(one) != canonical.value(other)
    assert len(canonical.value(one)) < 60


def scaled_by(factor: float) -> Any:
    """A closure."""
    return lambda x: x * factor


def named(x: Any) -> Any:
    """A named function."""
    return x


def test_functions() -> None:
    """A function is its code, a closure also what it captured."""
    pair = (lambda x: x + 1, lambda x: x + 2)
    assert canonical.value(named) == "<def named(x): return x>"
    assert canonical.value(pair) == ["<lambda x: x + 1>", "<lambda x: x + 2>"]
    assert canonical.value(scaled_by(2)) == "<lambda x: x * 2>"
    assert canonical.value(scaled_by(2)) != canonical.value(scaled_by(3))
    partial = functools.partial(named, x=1)
    assert canonical.value(partial).startswith("<partial <def named(x): return x>")


def test_lambdas_without_source_are_read_from_their_code() -> None:
    """As if there was a source."""
    one, other = (eval(f"lambda x: x * {factor}") for factor in (2.5, 3.5))
    assert canonical.value(one) == "<lambda x: x * 2.5>"
    assert canonical.value(one) != canonical.value(other)


@pytest.mark.parametrize(
    ("class_name", "config", "plain"),
    [
        ("Dense", {"name": "x", "trainable": False, "dtype": "float32", "units": 3}, {"units": 3}),
        ("Dense", {"units": 3, "bias_regularizer": None}, {"units": 3}),
        ("Conv2D", {"groups": 1, "data_format": "channels_last"}, {}),
        (
            "Conv2D",
            {"groups": 2, "data_format": "channels_first"},
            {"groups": 2, "data_format": "channels_first"},
        ),
        ("LeakyReLU", {"alpha": 0.2}, {"negative_slope": 0.2}),
        ("ELU", {"alpha": 0.2}, {"alpha": 0.2}),
        ("BatchNormalization", {"axis": [3]}, {"axis": 3}),
        ("BatchNormalization", {"axis": -1}, {"axis": 3}),
        ("LayerNormalization", {"axis": [1, -1]}, {"axis": [1, 3]}),
        ("Softmax", {"axis": -1}, {"axis": 3}),
        ("Concatenate", {"axis": 1}, {"axis": 1}),
        ("Dot", {"axes": -1}, {"axes": 3}),
        ("Dot", {"axes": [1, 2]}, {"axes": [1, 2]}),
        ("RandomCrop", {"seed": 17, "width": 3}, {"width": 3}),
        ("RandomRotation", {"factor": 0.1}, {"factor": [-0.1, 0.1]}),
        ("Dropout", {"seed": 17, "rate": 0.5}, {"seed": 17, "rate": 0.5}),
        (
            "SeparableConv2D",
            {"kernel_initializer": "a", "depthwise_initializer": "b"},
            {"depthwise_initializer": "b"},
        ),
        ("Conv2D", {"kernel_initializer": "a"}, {"kernel_initializer": "a"}),
    ],
)
def test_configs(class_name: str, config: dict[str, Any], plain: dict[str, Any]) -> None:
    """Encoding goes, settings stay."""
    assert canonical.attributes(class_name, config, rank=4) == plain


def test_serialised_objects() -> None:
    """The forms of both generations are one, and the seed of an initializer is kept."""
    keras2 = {"class_name": "HeNormal", "config": {"seed": 7}}
    keras3 = {
        "module": "keras.initializers",
        "class_name": "HeNormal",
        "config": {"seed": 7},
        "registered_name": None,
    }
    assert canonical.value(keras2) == canonical.value(keras3) == keras2


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("__operators__.add", "op:add"),
        ("Add", "op:add"),
        ("math.reduce_mean", "op:mean"),
        ("Mean", "op:mean"),
        ("ReLU", "op:relu"),
        ("nn.relu", "op:relu"),
        ("math.erf", "op:erf"),
        ("GetItem", "op:get_item"),
    ],
)
def test_operation_names(symbol: str, name: str) -> None:
    """TensorFlow's functions and Keras 3's operations have one name."""
    assert operations.operation_name(symbol) == name


@pytest.mark.parametrize(
    ("operation", "settings", "plain"),
    [
        ("op:top_k", {"k": 3, "sorted": True}, {"k": 3}),
        ("op:top_k", {"k": 3, "sorted": False}, {"k": 3, "sorted": False}),
        ("op:mean", {"axis": [1], "keepdims": False}, {"axis": 1}),
        ("op:mean", {"axis": [1], "keepdims": True}, {"axis": 1, "keepdims": True}),
        ("op:softmax", {"axis": -1, "name": "x"}, {}),
        ("op:softmax", {"axis": 1}, {"axis": 1}),
    ],
)
def test_settings_of_operations(
    operation: str, settings: dict[str, Any], plain: dict[str, Any]
) -> None:
    """Defaults go, also those that are true; what differs from them stays."""
    assert operations.operation_settings(operation, settings) == plain


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((None, 8), "(None, 8)"),
        ((None,), "(None,)"),
        ((), "()"),
        ([(None, 8), (2,)], "[(None, 8), (2,)]"),
        ({"a": (None, 1)}, "{'a': (None, 1)}"),
    ],
)
def test_shapes(shape: Any, text: str) -> None:
    """Shapes are written as Python writes them."""
    assert readable.shape_text(shape) == text


def test_functions_that_hold_each_other() -> None:
    """Decorators capture what they wrap, and itself; a number beside them is still seen."""

    def pair(number: float) -> Any:
        def first(x: Any) -> Any:
            return second(x) * number

        def second(x: Any) -> Any:
            return first(x) + second(x)

        return first

    assert canonical.value(pair(1.5)) == canonical.value(pair(1.5))
    assert canonical.value(pair(1.5)) != canonical.value(pair(2.5))


@pytest.mark.parametrize(
    ("held", "text"),
    [
        (lambda x: x * 3, "<lambda x: x * 3>"),
        ((1, 2), [1, 2]),
        (np.arange(3.0), [0, 1, 2]),
    ],
    ids=["a lambda", "a tuple", "an array"],
)
def test_what_a_config_holds_alone(keras: Any, held: Any, text: Any) -> None:
    """Settings that Keras has serialized are read where no attribute of their name has them."""

    class Holding(keras.layers.Layer):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self._elsewhere = {"it": held}

        def call(self, inputs: Any) -> Any:
            return inputs

        def get_config(self) -> dict[str, Any]:
            given = keras.saving.serialize_keras_object(held)
            return {**super().get_config(), "given": given}

    table = layer_table(keras.Sequential([keras.Input((3,)), Holding()]))
    assert table.layers[0].attributes["given"] == text


def test_derived_layers_in_a_bidirectional(keras: Any) -> None:
    """Bidirectional puts a direction before the numbers that Keras counts, which say nothing there."""

    @keras.saving.register_keras_serializable()
    class Derived(keras.layers.LSTM):  # type: ignore[misc]
        pass

    def table() -> LayerTable:
        layers = keras.layers
        both = layers.Bidirectional(Derived(2))
        return layer_table(keras.Sequential([keras.Input((5, 4)), both]))

    first, second = table(), table()
    assert "bidirectional/forward_derived" in [layer.layer_name for layer in second]
    assert first == second
    assert not compare(first, second)
