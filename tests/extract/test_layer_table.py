"""What a layer table says of models, cell by cell, in either generation."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import LayerTable, ModelError, compare, layer_table

from ..zoo import ZOO, custom


def row(table: LayerTable, name: str) -> Any:
    """The row of a path."""
    (found,) = (layer for layer in table if layer.layer_name == name)
    return found


def names(table: LayerTable) -> list[str]:
    """The paths of all rows."""
    return [layer.layer_name for layer in table]


def test_readable_cells(keras: ModuleType) -> None:
    """The notebook's columns are filled as people write them."""
    layers = keras.layers
    table = layer_table(
        keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Conv2D(
                    4, (3, 3), strides=2, padding="same", activation="relu", use_bias=False
                ),
                layers.BatchNormalization(momentum=0.9),
                layers.MaxPooling2D((2, 2)),
                layers.Dropout(0.4),
                layers.Reshape((-1, 4)),
                layers.Flatten(),
            ],
            name="small",
        )
    )
    conv, norm, pool, drop, reshape, flat = table
    assert conv.model == table.model == "small"
    assert (conv.layer_type, conv.input_shape, conv.output_shape) == (
        "Conv2D",
        "(None, 16, 16, 3)",
        "(None, 8, 8, 4)",
    )
    assert (conv.kernel_size, conv.strides, conv.padding) == ("(3, 3)", "(2, 2)", "same")
    assert (conv.activation_function, conv.use_bias, conv.dtype) == ("relu", "False", "float32")
    assert (conv.parameters, conv.weight_shapes) == (108, "[[3, 3, 3, 4]]")
    assert (norm.normalization_momentum, norm.normalization_axis) == ("0.9", "3")
    assert (norm.parameters, norm.trainable_parameters) == (16, 8)
    assert (pool.pooling_size, pool.kernel_size) == ("(2, 2)", "")
    assert drop.dropout_rate == "0.4"
    assert reshape.reshape_target_shape == "(-1, 4)"
    assert flat.inbound_layers == json.dumps([reshape.layer_name])


def test_recorded_with_names_the_versions(keras: ModuleType) -> None:
    """Keras, backend and plugin, in the first row only."""
    table = layer_table(ZOO["sequential"](keras))
    package, backend, plugin = table.recorded_with.split(", ")
    assert package == f"{keras.__name__} {keras.__version__}"
    assert backend.partition(" ")[0] in {"tensorflow", "jax", "torch"}
    assert plugin.startswith("pytest-layersnap ")
    assert list(table.to_frame()["recorded_with"]) == [table.recorded_with, ""]


def test_names_of_layers_that_keras_named(keras: ModuleType) -> None:
    """They are numbered per model, in graph order; people's names stay."""
    inputs = keras.Input((8,))
    second = keras.layers.Dense(4)
    first = keras.layers.Dense(4)
    x = keras.layers.Dense(2, name="mine")(second(first(inputs)))
    assert names(layer_table(keras.Model(inputs, x))) == ["input_layer", "dense", "dense_1", "mine"]


def test_nested_models_are_expanded(keras: ModuleType) -> None:
    """Each nested model has a row, and below it those of its layers."""
    table = layer_table(ZOO["nested"](keras))
    assert names(table) == [
        "input_layer",
        "middle",
        "middle/inner",
        "middle/inner/input_layer",
        "middle/inner/dense",
        "middle/inner/dense_1",
        "middle/dense",
        "dense",
    ]
    assert row(table, "middle").parameters == 0
    assert row(table, "dense").inbound_layers == '["middle"]'


def test_calls_of_a_shared_layer_are_told_apart(keras: ModuleType) -> None:
    """One row, an edge list for each call, and consumers say which call feeds them."""
    table = layer_table(ZOO["shared_twice"](keras))
    assert row(table, "shared").inbound_layers == '[["left"], ["right"]]'
    assert row(table, "subtract").inbound_layers == '["shared", "shared@1"]'


def test_calls_are_numbered_from_the_inputs(keras: ModuleType) -> None:
    """Swapping what two calls of a shared layer feed is seen there, and a longer way in at that way."""

    def table(swapped: bool, longer: bool = False) -> LayerTable:
        left, right = keras.Input((8,), name="left"), keras.Input((8,), name="right")
        shared = keras.layers.Dense(4, name="shared")
        way_in = keras.layers.Dropout(0.1, name="drop")(left) if longer else left
        ends = [shared(way_in), shared(right)]
        out = keras.layers.Subtract(name="difference")(ends[::-1] if swapped else ends)
        return layer_table(keras.Model([left, right], out))

    one, other = table(False), table(True)
    assert row(one, "shared") == row(other, "shared")
    assert row(one, "difference").inbound_layers == '["shared", "shared@1"]'
    assert row(other, "difference").inbound_layers == '["shared@1", "shared"]'
    assert row(table(False, longer=True), "shared").inbound_layers == '[["drop"], ["right"]]'


def test_outputs_of_a_call_are_told_apart(keras: ModuleType) -> None:
    """``path:1`` is the second output."""
    table = layer_table(ZOO["multi_output_nested"](keras))
    assert row(table, "concatenate").inbound_layers == '["inner:1", "inner"]'


def test_inputs_and_outputs_of_a_model_are_marked_where_it_has_several(keras: ModuleType) -> None:
    """Swapping two outputs is a change of the model that no edge shows."""
    inputs = keras.Input((4,))
    a, b = keras.layers.Dense(2, name="a")(inputs), keras.layers.Dense(2, name="b")(inputs)
    one, other = (layer_table(keras.Model(inputs, outputs)) for outputs in ([a, b], [b, a]))
    assert row(one, "a").attributes["model_output"] == ["0"]
    assert row(other, "a").attributes["model_output"] == ["1"]
    table = layer_table(ZOO["dict_inputs_and_outputs"](keras))
    assert row(table, "a").attributes["model_input"] == ["a"]
    assert row(table, "p").attributes["model_output"] == ["p"]


def test_keys_and_names_that_look_like_references(keras: ModuleType) -> None:
    """They name what they name: an output called ``a:1`` is the first of its row."""

    class Two(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return x, keras.layers.concatenate([x, x])

        def compute_output_shape(self, shape: Any) -> Any:
            return shape, (*shape[:-1], 2 * shape[-1])

    def network(units: int, keys: tuple[str, str]) -> LayerTable:
        inputs = keras.Input((8,))
        outputs = Two(name="two")(keras.layers.Dense(units, name="d")(inputs))
        return layer_table(keras.Model(inputs, dict(zip(keys, outputs, strict=True))))

    for keys in (("a", "b"), ("a:1", "b"), ("a@1", "b:2")):
        outputs = compare(network(8, keys), network(4, keys)).consequences.outputs[0]
        assert outputs is not None
        assert [tensor.shape for tensor in outputs] == ["(None, 8)", "(None, 16)"]

    if not hasattr(keras, "ops"):
        return  # Keras 2 takes no such names
    inputs = keras.Input((8,))
    ends = [keras.layers.Dense(8, name=name)(inputs) for name in ("stage", "stage:1", "x@1", "")]
    table = layer_table(keras.Model(inputs, keras.layers.Add(name="sum")(ends)))
    assert row(table, "sum").calls == (("stage", "stage:1@0:0", "x@1@0:0", ""),)
    assert not compare(table, LayerTable.from_frame(table.to_frame()))


def test_the_key_of_one_input_is_marked(keras: ModuleType) -> None:
    """Whoever calls the model by key has to know it."""

    def network(name: str, *, keyed: bool) -> LayerTable:
        inputs = keras.Input((4,), name=name)
        given = {name: inputs} if keyed else inputs
        return layer_table(keras.Model(given, keras.layers.Dense(2)(inputs)))

    assert row(network("a", keyed=True), "a").attributes["model_input"] == ["a"]
    assert compare(network("a", keyed=True), network("a", keyed=False)).categories == {"topology"}
    assert "model_input" not in row(network("a", keyed=False), "a").attributes


def _by_what_holds_it(keras: ModuleType) -> Any:
    class MLP(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.inner = keras.layers.Dense(3, name=f"{self.name}_dense")
            self.norm = keras.layers.BatchNormalization(name=f"{self.inner.name}_norm")

        def build(self, shape: Any) -> None:
            self.inner.build(shape)
            self.norm.build((*shape[:-1], 3))
            self.built = True

        def call(self, x: Any) -> Any:
            return self.norm(self.inner(x))

    return keras.Sequential([keras.Input((3,)), MLP(), MLP()])


def _by_what_it_holds(keras: ModuleType) -> Any:
    class Wrapper(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def __init__(self, layer: Any) -> None:
            super().__init__(name=f"pruned_{layer.name}")
            self.layer = layer

        def call(self, x: Any) -> Any:
            return self.layer(x)

        def build(self, shape: Any) -> None:
            self.layer.build(shape)
            self.built = True

    wrapped = [Wrapper(keras.layers.Dense(3)) for _ in range(2)]
    return keras.Sequential([keras.Input((3,)), *wrapped])


def _by_its_neighbours(keras: ModuleType) -> Any:
    def block(x: Any) -> Any:
        dense = keras.layers.Dense(3)
        x = keras.layers.BatchNormalization(name=f"{dense.name}_norm")(dense(x))
        return keras.layers.Activation("relu", name=f"relu-{dense.name}")(x)

    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.Add()([block(inputs), block(inputs)][::-1]))


def _of_private_classes(keras: ModuleType) -> Any:
    class _Half(keras.layers.Layer):  # type: ignore[misc, name-defined]
        def call(self, x: Any) -> Any:
            return x / 2

    half = _Half()
    inputs = keras.Input((3,))
    return keras.Model(inputs, keras.layers.ReLU(name=f"{half.name}_relu")(half(inputs)))


def _of_the_model(keras: ModuleType) -> Any:
    inner = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    inputs = keras.Input((3,), name="a_input")
    return keras.Model(inputs, inner(inputs), name=f"{inner.name}_model")


@pytest.mark.parametrize(
    ("build", "rows"),
    [
        (
            _by_what_holds_it,
            "mlp mlp/mlp_dense mlp/mlp_dense_norm mlp_1 mlp_1/mlp_1_dense mlp_1/mlp_1_dense_norm",
        ),
        (_by_what_it_holds, "pruned_dense pruned_dense/dense pruned_dense_1 pruned_dense_1/dense"),
        (
            _by_its_neighbours,
            "input_layer dense dense_1 dense_norm dense_1_norm relu-dense relu-dense_1 add",
        ),
        (_of_private_classes, "input_layer __half __half_relu"),
        (_of_the_model, "a_input sequential sequential/dense"),
    ],
)
def test_auto_names_inside_of_names(
    keras: ModuleType, build: Callable[[ModuleType], Any], rows: str
) -> None:
    """They are numbered with the others: whatever was built before, the table is the same."""
    keras.layers.Dense(1), keras.Sequential()
    first, second = (layer_table(build(keras)) for _ in range(2))
    assert [layer.layer_name for layer in second] == rows.split()
    assert first.cells() == second.cells()


def _with_attributes(keras: ModuleType, attribute: str, several: str = "more") -> LayerTable:
    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            setattr(self, attribute, keras.layers.Dense(2, name="d"))
            setattr(self, several, [keras.layers.Dense(2), {"a": keras.layers.Dense(2)}])
            self.last = self.same = keras.layers.Dense(2, name="last")

        def call(self, x: Any) -> Any:
            first, rest = getattr(self, several)
            return self.last(rest["a"](first(getattr(self, attribute)(x))))

    net = Net()
    net(np.zeros((1, 4), "float32"))
    return layer_table(net)


def test_attributes_that_saved_weights_go_by(keras: ModuleType) -> None:
    """Said where they are not the name; another one is a change, and weights do not load."""
    table = _with_attributes(keras, "first")
    assert [layer.attributes.get("attribute") for layer in table] == [
        *(None, "first", "more[]", "more[]", ["last", "same"]),
    ]
    assert table.cells() == _with_attributes(keras, "first").cells()
    drift = compare(table, _with_attributes(keras, "second"))
    assert drift.categories == {"name"}
    loading = drift.consequences.weights[0]
    assert (loading.way, loading.loads, loading.layer) == (".weights.h5", False, "d")
    assert compare(table, _with_attributes(keras, "first", several="others")).categories == {"name"}


def test_layers_held_in_another_order_than_called(keras: ModuleType) -> None:
    """What Keras lists in the order of holding, a row says where calls do not tell."""

    class Net(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__(name="net")
            self.drop = keras.layers.Dropout(0.5, name="drop")
            self.late = keras.layers.Dense(2, name="late")
            self.parts: list[Any] = []
            self.early = keras.layers.Dense(2, name="early")
            self.parts.extend(keras.layers.Dense(2, name=name) for name in ("p", "q"))

        def call(self, x: Any) -> Any:
            for part in (self.early, self.drop, *reversed(self.parts), self.late):
                x = part(x)
            return x

    net = Net()
    net(np.zeros((1, 4), "float32"))
    (itself, *rows) = layer_table(net)
    assert [row.layer_name for row in rows] == ["early", "drop", "q", "p", "late"]
    order = itself.attributes["saved_order"]
    assert order == [layer.name for layer in net.layers if layer.weights]
    assert order != ["early", "q", "p", "late"]


def test_names_that_only_look_like_keras_own_stay(keras: ModuleType) -> None:
    """A person may number layers too, and call an input so."""

    def network() -> Any:
        x = inputs = keras.Input((3,), name="image_input")
        for name in (None, "head_dense_1", None, "my_dense_2_x", "dense_head", "conv2d_1_relu"):
            x = keras.layers.Dense(3, name=name)(x)
        return keras.Model(inputs, x)

    for _ in range(4):
        assert [layer.layer_name for layer in layer_table(network())] == [
            *("image_input", "dense", "head_dense_1", "dense_1"),
            *("my_dense_2_x", "dense_head", "conv2d_1_relu"),
        ]


def test_operations_have_rows(keras: ModuleType) -> None:
    """Arithmetic on tensors is architecture, constants and slices included."""
    table = layer_table(ZOO["tensor_arithmetic"](keras))
    found = [(layer.layer_type, layer.attributes) for layer in table][1:-1]
    assert found == [
        ("op:multiply", {"x2": 2}),
        ("op:add", {"x2": 1}),
        ("op:true_divide", {"x2": 3}),
        ("op:subtract", {"x1": 1}),
        ("op:get_item", {"key": ["slice(None, None, None)", "slice(1, 5, None)"]}),
        ("op:power", {"x2": 2}),
        ("op:get_item", {"key": ["slice(None, None, None)", "slice(None, None, 2)", None]}),
        ("op:subtract", {"x2": 0.1}),
        ("op:negative", {}),
    ]


def test_call_arguments_are_in_the_row(keras: ModuleType) -> None:
    """``training=False`` on a frozen backbone decides how its BatchNormalization behaves."""
    table = layer_table(ZOO["nested_auto_named"](keras))
    assert row(table, "functional").attributes == {"call_arguments": {"training": False}}
    table = layer_table(ZOO["tensor_keyword_arguments"](keras))
    assert row(table, "gated").attributes["call_arguments"] == {"strength": 0.5}
    assert row(table, "gated").inbound_layers == '["x", "gate"]'


@pytest.mark.parametrize(
    ("frozen", "unfrozen"),
    [
        (lambda model: [model], None),
        (lambda model: [model.get_layer("middle")], None),
        (lambda model: [model.get_layer("middle").layers[0].layers[1]], None),
        (lambda model: model.layers, None),
        (
            lambda model: [model.get_layer("middle")],
            lambda model: model.get_layer("middle").layers[1],
        ),
    ],
    ids=["model", "nested", "layer", "layers", "parent then child"],
)
def test_trainability_is_what_an_optimizer_would_do(
    keras: ModuleType, frozen: Callable[[Any], Any], unfrozen: Callable[[Any], Any] | None
) -> None:
    """The trainable parameters are those of the model's ``trainable_weights``."""
    model = ZOO["nested"](keras)
    for layer in frozen(model):
        layer.trainable = False
    if unfrozen is not None:
        unfrozen(model).trainable = True
    table = layer_table(model)
    trained = sum(int(np.prod(tuple(weight.shape))) for weight in model.trainable_weights)
    assert table.trainable_parameters == trained
    for layer in table:
        if layer.parameters:
            assert layer.is_trainable == (layer.trainable_parameters > 0)


def test_freezing_keeps_the_order_of_weights(keras: ModuleType) -> None:
    """Keras 2 lists trainable weights first; the order of saving does not change."""

    def table(frozen: bool) -> LayerTable:
        layer = keras.layers.Bidirectional(keras.layers.LSTM(2))
        layer.trainable = not frozen
        return layer_table(keras.Sequential([keras.Input((4, 3)), layer]))

    assert table(False).layers[0].weight_shapes == table(True).layers[0].weight_shapes


def test_weights_that_two_rows_share_count_once(keras: ModuleType) -> None:
    """The second row says whose they are."""
    shared = keras.layers.Dense(4, name="shared")
    first_in, second_in = keras.Input((4,)), keras.Input((4,))
    first = keras.Model(first_in, shared(first_in), name="first")
    second = keras.Model(second_in, shared(second_in), name="second")
    inputs = keras.Input((4,))
    model = keras.Model(inputs, second(first(inputs)))
    table = layer_table(model)
    assert table.parameters == model.count_params() == 20
    assert row(table, "second/shared").attributes["shares_weights_with"] == ["first/shared"]


def test_layers_of_a_subclassed_model(keras: ModuleType) -> None:
    """Its own row, and those of its layers in the order of their calls, each with what feeds it."""
    table = layer_table(ZOO["subclassed"](keras))
    assert names(table) == ["net", "dense", "dense_1", "dense_2", "left", "right"]
    assert table.has_topology
    assert [layer.calls for layer in table][:3] == [((),), (("net",),), (("dense",),)]
    assert table.layers[1].input_shape == "(None, 5)"


def test_layers_inside_a_custom_layer(keras: ModuleType) -> None:
    """What a person's layer holds is listed: its config may not tell."""
    table = layer_table(ZOO["custom_block"](keras))
    assert names(table)[1:] == [
        "block",
        "block/first",
        "block/rest_0",
        "block/rest_1",
        "block/drop",
    ]
    assert row(table, "block/drop").dropout_rate == "0.1"


def test_a_model_in_a_wrapper_is_expanded(keras: ModuleType) -> None:
    """TimeDistributed shows the model that it wraps."""
    try:
        model = ZOO["time_distributed_model"](keras)
    except NotImplementedError:
        pytest.skip("TimeDistributed takes no functional model in Keras 3.3")
    assert "time_distributed/frame_encoder/conv2d" in names(layer_table(model))


def test_a_layer_that_another_model_uses_too(keras: ModuleType) -> None:
    """Calls made for other models are not this model's."""
    table = layer_table(ZOO["part_of_another_model"](keras))
    assert names(table) == ["input_layer", "trunk", "head"]
    assert row(table, "trunk").inbound_layers == '["input_layer"]'


def test_order_of_building_does_not_matter(keras: ModuleType) -> None:
    """Branches built in another order give the same table."""
    layers = keras.layers

    def network(left_first: bool) -> Any:
        inputs = keras.Input((8,))
        if left_first:
            left = layers.Dense(4)(inputs)
            right = layers.Dense(4, activation="relu")(layers.Dense(2)(inputs))
        else:
            right = layers.Dense(4, activation="relu")(layers.Dense(2)(inputs))
            left = layers.Dense(4)(inputs)
        return keras.Model(inputs, layers.Subtract()([left, right]))

    assert layer_table(network(True)) == layer_table(network(False))


def test_deep_networks(keras: ModuleType) -> None:
    """A chain deeper than Python's stack; Keras itself needs a larger one to build it."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(20_000)
    try:
        x = inputs = keras.Input((2,))
        for _ in range(usual + 200):
            x = keras.layers.Activation("relu")(x)
        model = keras.Model(inputs, x)
    finally:
        sys.setrecursionlimit(usual)
    assert len(layer_table(model)) == usual + 201


def test_a_builder_is_called(keras: ModuleType) -> None:
    """A function without arguments stands for the model that it builds."""
    assert layer_table(lambda: ZOO["sequential"](keras)) == layer_table(ZOO["sequential"](keras))


def test_name(keras: ModuleType) -> None:
    """``name=`` fills the column ``model``; the model keeps its own name."""
    model = ZOO["sequential"](keras)
    before = model.name
    assert {layer.model for layer in layer_table(model, name="mine")} == {"mine"}
    assert model.name == before


@pytest.mark.parametrize("value", ["resnet50", None, 3, [1], {}])
def test_no_model(value: Any) -> None:
    """Anything else is refused in one sentence that says what it is."""
    with pytest.raises(
        ModelError, match=rf"not a Keras model but {type(value).__name__}.*keras.Model"
    ):
        layer_table(value)


def test_a_layer_is_no_model(keras: ModuleType) -> None:
    """A single layer is refused with what to do."""
    with pytest.raises(ModelError, match=r"put it into a keras\.Sequential"):
        layer_table(keras.layers.Dense(3))


def test_unbuilt_models(keras: ModuleType) -> None:
    """A model without shapes is refused with what to do."""
    with pytest.raises(ModelError, match=r"not built.*keras\.Input"):
        layer_table(keras.Sequential([keras.layers.Dense(3)]))
    with pytest.raises(ModelError, match=r"not built.*call it once"):
        layer_table(custom(keras)["Net"]())


def test_models_without_call(keras: ModuleType) -> None:
    """A GAN calls its parts in ``train_step``: it is read when all of them are built."""

    class Gan(keras.Model):  # type: ignore[name-defined, misc]
        def __init__(self, shape: Any) -> None:
            super().__init__()
            given = [] if shape is None else [keras.Input(shape)]
            self.generator = keras.Sequential([*given, keras.layers.Dense(3)])
            self.critic = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])

    assert layer_table(Gan((2,))).parameters == 9 + 4
    with pytest.raises(ModelError, match=r'"critic": model.critic, "generator": model.generator'):
        layer_table(Gan(None))


def test_a_model_without_layers(keras: ModuleType) -> None:
    """There is nothing to pin."""
    with pytest.raises(ModelError):
        layer_table(keras.Sequential())


def test_activity_regularizer_of_a_layer_without_config(keras: ModuleType) -> None:
    """Any layer takes it, also one whose constructor does not name it; it adds to the loss."""

    def network(**arguments: Any) -> Any:
        return keras.Sequential([keras.Input((4,)), custom(keras)["NoConfig"](3, **arguments)])

    plain = layer_table(network())
    (layer,) = layer_table(network(activity_regularizer=keras.regularizers.L2(0.5)))
    assert layer.attributes["activity_regularizer"] == {"class_name": "L2", "config": {"l2": 0.5}}
    assert "activity_regularizer" not in plain.layers[0].attributes


def test_activity_regularizer_of_a_wrapper(keras: ModuleType) -> None:
    """Its own is another than that of the layer inside."""

    def attributes(inside: Any = None, **arguments: Any) -> dict[str, Any]:
        dense = keras.layers.Dense(3, activity_regularizer=inside)
        wrapper = keras.layers.TimeDistributed(dense, **arguments)
        return layer_table(keras.Sequential([keras.Input((5, 4)), wrapper])).layers[0].attributes

    regularizer = {"class_name": "L2", "config": {"l2": 0.5}}
    own = attributes(activity_regularizer=keras.regularizers.L2(0.5))
    assert own["activity_regularizer"] == regularizer
    assert "activity_regularizer" not in own["layer"]["config"]
    inner = attributes(keras.regularizers.L2(0.5))
    assert inner["layer"]["config"]["activity_regularizer"] == regularizer
    assert "activity_regularizer" not in inner


def test_activation_given_as_keras_function(keras: ModuleType) -> None:
    """Keras 2 decorates its activations; they are what their names are."""

    def network(activation: Any) -> LayerTable:
        layer = keras.layers.Dense(2, activation=activation)
        return layer_table(keras.Sequential([keras.Input((4,)), layer]))

    by_name = network("relu")
    assert network(keras.activations.relu).layers == by_name.layers
    assert network(keras.activations.swish).layers == network("swish").layers
    assert network(keras.activations.elu).layers != by_name.layers


def test_a_function_in_the_guise_of_keras_own(keras: ModuleType) -> None:
    """``functools.wraps`` lends it the name of Keras' function; it is another all the same."""
    relu = keras.activations.relu

    @functools.wraps(relu)
    def twice(x: Any) -> Any:
        return relu(x) * 2

    tables = [
        layer_table(
            keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation=function)])
        )
        for function in (relu, "relu", twice)
    ]
    assert [table.layers[0].activation_function == "relu" for table in tables] == [
        True,
        True,
        False,
    ]


def test_rules_for_keras_own_layers_leave_others_alone(keras: ModuleType) -> None:
    """Settings that Keras' layers repeat or never use are real in a layer that somebody wrote."""

    class SeparableConv2D(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, **settings: Any) -> None:
            super().__init__()
            self.settings = settings

        def call(self, inputs: Any) -> Any:
            return inputs

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), **self.settings}

    settings = {
        "kernel_initializer": "ones",
        "shape": [3, 4],
        "batch_size": 8,
        "implementation": 1,
        "groups": 1,
        "fill_value": 0,
    }
    model = keras.Sequential([keras.Input((4,)), SeparableConv2D(**settings)])
    assert layer_table(model).layers[0].attributes == settings


def test_rules_hold_for_layers_that_derive_from_keras_own(keras: ModuleType) -> None:
    """What Keras 2 writes into a config and never uses is no setting of a subclass either."""

    class Depthwise(keras.layers.DepthwiseConv2D):  # type: ignore[name-defined,misc]
        pass

    model = keras.Sequential([keras.Input((8, 8, 3)), Depthwise(3)])
    assert "kernel_initializer" not in layer_table(model).layers[0].attributes


def test_weights_and_settings_of_the_model_itself(keras: ModuleType) -> None:
    """What a subclassed model holds beside its layers has a row of its own."""

    class Scaled(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self, factor: float) -> None:
            super().__init__()
            self.factor = factor
            self.inner = keras.layers.Dense(3)
            self.scale = self.add_weight(name="scale", shape=(3,), initializer="ones")

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs) * self.scale * self.factor

    model = Scaled(2.0)
    model(np.zeros((2, 4), dtype="float32"))
    table = layer_table(model)
    assert names(table) == ["scaled", "dense"]
    assert (table.parameters, table.layers[0].weight_shapes) == (model.count_params(), "[[3]]")
    assert table.layers[0].attributes == {"factor": 2}


def test_layers_beside_the_graph(keras: ModuleType) -> None:
    """A functional model that somebody extended holds layers that its graph never calls."""

    class Extended(keras.Model):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            inputs = keras.Input((4,))
            super().__init__(inputs, keras.layers.Dense(3)(inputs))
            self.temperature = self.add_weight(name="t", shape=(), initializer="ones")
            self.projection = keras.layers.Dense(2, name="projection")
            self.projection.build((None, 3))
            self.by_another_name = self.layers[1]

    model = Extended()
    table = layer_table(model)
    assert table.parameters == model.count_params()
    if table.parameters == 16:
        pytest.skip("Keras 3.3 forgets layers that are assigned to a functional model")
    assert names(table) == ["extended", "input_layer", "dense", "projection"]
    assert row(table, "projection").inbound_layers == "[]"


def test_weights_are_no_settings(keras: ModuleType) -> None:
    """A constructor argument that became a weight: its values are no architecture."""

    class Cell(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, units: int, kernel: Any = None) -> None:
            super().__init__()
            self.units = self.state_size = units
            self.kernel = kernel

        def build(self, input_shape: Any) -> None:
            shape = (input_shape[-1], self.units)
            self.kernel = self.add_weight(name="kernel", shape=shape, initializer="ones")
            self.built = True

        def call(self, inputs: Any, states: Any) -> Any:
            output = inputs @ self.kernel + states[0]
            return output, [output]

    inputs = keras.Input((5, 3))
    model = keras.Model(inputs, keras.layers.RNN(Cell(2))(inputs))
    cell = layer_table(model).layers[1].attributes["cell"]
    assert cell == {"class_name": "Cell", "config": {"state_size": 2, "units": 2}}


def test_dtypes_of_weights(keras: ModuleType) -> None:
    """Somebody's layer may keep its weights in another dtype than its policy says."""

    def network(dtype: str) -> LayerTable:
        class Own(keras.layers.Layer):  # type: ignore[name-defined,misc]
            def build(self, input_shape: Any) -> None:
                self.kernel = self.add_weight(
                    name="kernel", shape=(2,), initializer="ones", dtype=dtype
                )
                self.built = True

            def call(self, inputs: Any) -> Any:
                return inputs

        return layer_table(keras.Sequential([keras.Input((4,)), Own()]))

    assert "weight_dtypes" not in network("float32").layers[0].attributes
    assert network("float16").layers[0].attributes["weight_dtypes"] == ["float16"]


def test_the_input_of_a_sequential(keras: ModuleType) -> None:
    """It has no row; where it is not the usual float, the first row says so."""

    def network(**settings: Any) -> Any:
        layers = [keras.Input((6,), **settings), keras.layers.Flatten(), keras.layers.ReLU()]
        return layer_table(keras.Sequential(layers)).layers[0].attributes

    assert network() == {}
    assert network(dtype="int32") == {"model_input": {"dtype": "int32"}}


def test_a_layer_in_the_guise_of_keras_own(keras: ModuleType) -> None:
    """A subclass that bears the name of its base does something else."""

    class Dropout(keras.layers.Dropout):  # type: ignore[name-defined,misc]
        def call(self, inputs: Any, training: Any = None) -> Any:
            return super().call(inputs, training=True)

    kinds = (keras.layers.Dropout, Dropout)
    tables = [layer_table(keras.Sequential([keras.Input((4,)), kind(0.1)])) for kind in kinds]
    assert [table.layers[0].layer_type for table in tables] == ["Dropout", "Dropout"]
    assert tables[1].layers[0].attributes["defined_in"] == "tests"
    assert compare(*tables)


def block(keras: ModuleType, units: int = 8, size: int = 3) -> Any:
    """A layer that folds the places of an image into one axis, and one that takes them."""

    class Fold(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="fold")
            self.conv = keras.layers.Conv2D(4, size, padding="same", name="conv")
            self.fold = keras.layers.Reshape((-1, 4))
            self.dense = keras.layers.Dense(units, name="dense")
            self.norm = keras.layers.LayerNormalization(axis=[1, 2, 3], name="norm")

        def call(self, inputs: Any) -> Any:
            return self.dense(self.fold(self.norm(self.conv(inputs))))

    return Fold()


def test_shapes_inside_a_custom_layer(keras: ModuleType) -> None:
    """They are those of the calls: what no size of the input tells is not known."""

    def network(**arguments: int) -> LayerTable:
        inputs = keras.Input((6, 6, 3))
        return layer_table(keras.Model(inputs, block(keras, **arguments)(inputs)))

    table = network()
    assert row(table, "fold/conv").input_shape == "(None, 6, 6, 3)"
    assert row(table, "fold/conv").output_shape == "(None, 6, 6, 4)"
    assert row(table, "fold/norm").input_shape == "(None, 6, 6, 4)"
    assert row(table, "fold/dense").input_shape == "(None, 36, 4)"
    assert row(table, "fold/dense").output_shape == "(None, 36, 8)"
    assert row(table, "fold").input_shape == "(None, 6, 6, 3)"
    assert row(network(units=9), "fold/dense").output_shape == "(None, 36, 9)"
    assert row(network(size=5), "fold/conv") != row(table, "fold/conv")


@pytest.mark.parametrize(
    ("key", "kind", "arguments", "values"),
    [
        ("activity_regularizer", "Dense", {"units": 3}, ("l1", "l2", None)),
        ("activity_regularizer", "Conv1D", {"filters": 3, "kernel_size": 3}, ("l1", "l2", None)),
        ("activity_regularizer", "ReLU", {}, ("l1", "l2", None)),
        (
            "output_padding",
            "Conv1DTranspose",
            {"filters": 3, "kernel_size": 4, "strides": 3},
            (1, 2, None),
        ),
    ],
)
def test_settings_that_configs_leave_out(
    keras: ModuleType, key: str, kind: str, arguments: dict[str, Any], values: tuple[Any, ...]
) -> None:
    """Some releases lose a setting in their configs; the layer itself has it, and its value counts."""

    def setting(value: Any) -> Any:
        layer = getattr(keras.layers, kind)(**arguments, **{key: value})
        table = layer_table(keras.Sequential([keras.Input((8, 2)), layer]))
        return table.layers[0].attributes.get(key)

    found = [setting(value) for value in values]
    assert found[0] != found[1]
    assert [value is None for value in found] == [False, False, True]
