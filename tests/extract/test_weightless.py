"""Models built without their weights have the tables of models built with them."""

from __future__ import annotations

import copy
import functools
import gc
import inspect
import os
import pickle
import sys
import threading
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import LayerTable, WeightlessWarning, layer_table, weightless
from pytest_layersnap.extract.signatures import remembered

from .. import applications, models
from ..zoo import ZOO

# Keras gives its arrays by a protocol that numpy calls deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"


def dense(keras: ModuleType) -> Any:
    """A model with two large kernels and nothing that reads them."""
    return keras.Sequential(
        [
            keras.Input((64,)),
            keras.layers.Dense(128, activation="relu", name="body"),
            keras.layers.Dense(3, name="head"),
        ]
    )


def waiting(model: Any) -> list[str]:
    """The names of variables that have no storage."""
    return [weight.name for weight in model.weights if _waits(weight)]


def _waits(weight: Any) -> bool:
    return any(name.startswith("_pytest_layersnap") for name in vars(weight))


def noting(function: Any, notes: list[Any]) -> Any:
    """The function, which notes its last positional argument at each call."""

    @functools.wraps(function)
    def noted(*args: Any, **kwargs: Any) -> Any:
        notes.extend(args[-1:])
        return function(*args, **kwargs)

    return noted


def patched_places(keras: ModuleType) -> dict[str, Any]:
    """Every attribute of every module and class of this Keras, by its place."""
    found: dict[str, Any] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != keras.__name__ or module is None:
            continue
        for attribute, value in list(vars(module).items()):
            found[f"{name}.{attribute}"] = value
            if isinstance(value, type) and value.__module__ == name:
                for member, inner in list(vars(value).items()):
                    if not member.startswith("__") or member == "__init__":
                        found[f"{name}.{attribute}.{member}"] = inner
    return found


@pytest.fixture
def unchanged(keras: ModuleType) -> Iterator[None]:
    """Fails where Keras is not afterwards what it was before."""
    dense(keras)  # Keras 2 imports some of its modules when they are first used
    before, threshold = patched_places(keras), gc.get_threshold()
    yield
    after = patched_places(keras)
    assert {place for place in before if after.get(place) is not before[place]} == set()
    assert gc.get_threshold() == threshold


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", ZOO)
def test_zoo(keras: ModuleType, zoo_model: Any, name: str) -> None:
    """Every kind of model, byte for byte; what reads values in building gets them."""
    usual = layer_table(zoo_model(name))
    assert layer_table(partial(ZOO[name], keras)).to_csv() == usual.to_csv()


@pytest.mark.parametrize("name", models.NAMES)
def test_own_models(keras: ModuleType, name: str) -> None:
    """The users' models, byte for byte what was recorded of them with their weights."""
    path = SNAPSHOTS / f"{name}.csv"
    versions = LayerTable.read_csv(path).recorded_with
    table = layer_table(partial(models.build, keras, name), name=name)
    assert replace(table, recorded_with=versions).to_csv() == path.read_bytes().decode("utf-8")


def test_application(keras: ModuleType) -> None:
    """A network of Keras, byte for byte, and next to nothing is allocated.

    ``test_applications.py`` holds all of them, built without weights, to what was recorded with weights.
    """
    build = partial(applications.build, keras, "ConvNeXtTiny", top=True)
    usual = layer_table(build())
    with weightless() as memory:
        table = layer_table(build)
    assert table.to_csv() == usual.to_csv()
    assert memory.allocated < 10_000
    assert usual.parameters > 1_000_000


def test_nothing_is_allocated(keras: ModuleType) -> None:
    """Kernels and the longer bias wait; the short one is not worth it, and counted."""
    with weightless() as memory:
        model = dense(keras)
        assert waiting(model) == [model.weights[i].name for i in (0, 1, 2)]
        assert memory.allocated == 3 * 4
    (layer,) = memory.layers
    assert layer.rpartition("/")[2] == "head"
    assert str(memory) == f"12 bytes of weights allocated: {layer} (12 bytes)"


def test_a_value_that_is_read_is_there(keras: ModuleType) -> None:
    """What reads gets the initializer's values, once and for all, and is counted."""
    with weightless() as memory:
        model = dense(keras)
        body = model.get_layer("body")
        kernel = np.array(body.get_weights()[0])
    assert kernel.shape == (64, 128)
    assert np.abs(kernel).max() > 0
    assert np.array_equal(kernel, body.get_weights()[0])
    assert memory.allocated == 4 * (64 * 128 + 128) + 4 * 3
    assert waiting(model) == [model.weights[2].name]


def test_the_model_works_afterwards(keras: ModuleType, tmp_path: Any) -> None:
    """Predicting, training, setting, saving and loading, after the scope and inside."""
    for scoped in (False, True):
        with weightless():
            model = dense(keras)
            if scoped:
                _use(keras, model, tmp_path)
        _use(keras, model, tmp_path)
        assert waiting(model) == []


def _use(keras: ModuleType, model: Any, folder: Any) -> None:
    x = np.ones((4, 64), "float32")
    before = model.predict(x, verbose=0)
    model.compile(keras.optimizers.SGD(0.1, momentum=0.9), "mse")
    model.fit(x, np.ones((4, 3), "float32"), verbose=0)
    after = model.predict(x, verbose=0)
    assert not np.allclose(before, after)
    model.save(folder / "model.keras")
    again = keras.models.load_model(folder / "model.keras")
    assert np.allclose(again.predict(x, verbose=0), after, atol=1e-5)
    model.set_weights([np.zeros_like(weight) for weight in model.get_weights()])
    assert np.abs(model.predict(x, verbose=0)).max() == 0


def test_weights_that_are_set_without_being_read(keras: ModuleType) -> None:
    """Assigning to a variable that waits gives it that value."""
    with weightless():
        model = dense(keras)
    model.get_layer("head").set_weights([np.full((128, 3), 2.0), np.ones(3)])
    assert np.unique(model.get_layer("head").get_weights()[0]).tolist() == [2.0]


def test_freezing_reads_nothing(keras: ModuleType) -> None:
    """The flag of a layer that waits is kept until the value is there, and after."""
    with weightless() as memory:
        model = dense(keras)
        model.get_layer("body").trainable = False
    assert memory.allocated == 12
    body = model.get_layer("body")
    body.get_weights()
    assert [weight.shape[0] for weight in model.trainable_weights] == [128, 3]


@pytest.mark.filterwarnings("ignore")
def test_copies(keras: ModuleType) -> None:
    """A copy of what waits, or its pickle, is a whole model."""
    with weightless():
        model = dense(keras)
    for again in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert [weight.shape for weight in again.get_weights()] == [
            weight.shape for weight in model.get_weights()
        ]


def _fail(model: Any) -> None:
    raise ZeroDivisionError


@pytest.mark.usefixtures("unchanged")
def test_keras_is_restored(keras: ModuleType) -> None:
    """Also after nesting and an exception; and a model built afterwards has its weights."""
    with pytest.raises(ZeroDivisionError), weightless(), weightless():
        _fail(dense(keras))
    assert waiting(dense(keras)) == []


def test_keras_is_not_restored_while_a_scope_is_open(keras: ModuleType) -> None:
    """Leaving the inner scope leaves the outer one open, which counts for both."""
    with weightless() as outer:
        with weightless() as inner:
            dense(keras)
        model = dense(keras)
    assert waiting(model) != []
    assert (inner.allocated, outer.allocated) == (12, 24)


@pytest.mark.usefixtures("unchanged")
def test_threads(keras: ModuleType) -> None:
    """A scope is one of its own thread; overlapping scopes of others end when they do."""
    opened, built = threading.Event(), threading.Event()
    found: dict[str, list[str]] = {}

    def other() -> None:
        with weightless():
            opened.set()
            built.wait(60)
            found["other"] = waiting(dense(keras))

    thread = threading.Thread(target=other)
    thread.start()
    opened.wait(60)
    with weightless():
        found["scoped"] = waiting(dense(keras))
    found["plain"] = waiting(dense(keras))
    built.set()
    thread.join()
    assert [len(found[name]) for name in ("other", "scoped", "plain")] == [3, 3, 0]


def test_clear_session_inside(keras: ModuleType) -> None:
    """Keras forgets its own state, not the scope."""
    with weightless() as memory:
        keras.backend.clear_session()
        dense(keras)
    assert memory.allocated == 12


@pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="is of TensorFlow"
)
def test_gradients_inside(keras: ModuleType) -> None:
    """A layer may ask for the gradients of its own weights while Keras infers shapes."""
    tf = import_module("tensorflow")

    class Penalised(keras.layers.Dense):  # type: ignore[name-defined,misc]
        def call(self, inputs: Any) -> Any:
            with tf.GradientTape() as tape:
                outputs = super().call(inputs)
            kernel = self.kernel if isinstance(self.kernel, tf.Variable) else self.kernel.value
            return outputs + tf.reduce_sum(tape.gradient(outputs, kernel))

    def build() -> Any:
        inputs = keras.Input((64,))
        return keras.Model(inputs, Penalised(32, name="penalised")(inputs))

    with weightless() as memory:
        model = build()
    assert memory.allocated == 0
    assert layer_table(model) == layer_table(build())


@pytest.mark.skipif(
    os.environ.get("KERAS_BACKEND", "tensorflow") != "tensorflow", reason="is of TensorFlow"
)
def test_somebodys_device(keras: ModuleType) -> None:
    """What is put on a device is made there and then."""
    with weightless(), import_module("tensorflow").device("/CPU:0"):
        assert waiting(dense(keras)) == []


def test_a_builder_that_needs_weights_gets_them(keras: ModuleType) -> None:
    """It is called once more, which is said once; the table is the same."""
    usual = layer_table(dense(keras))

    def build() -> Any:
        model = dense(keras)
        if waiting(model):
            raise RuntimeError("no weights")
        return model

    with weightless() as memory:
        with pytest.warns(
            WeightlessWarning,
            match="build fails without weights, so it is built with them.*no weights",
        ):
            assert layer_table(build) == usual
        assert layer_table(build) == usual
    assert memory.allocated > 4 * 64 * 128


def test_a_failing_builder_fails(keras: ModuleType) -> None:
    """With its own error, whatever it built before."""
    with pytest.raises(ZeroDivisionError):
        layer_table(lambda: _fail(dense(keras)))
    with pytest.raises(ZeroDivisionError):
        layer_table(lambda: _fail(None))


@pytest.mark.usefixtures("unchanged")
def test_a_keras_that_keeps_things_elsewhere(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models are built with their weights, or downloads are made, and that is said."""
    monkeypatch.setattr(sys.modules["pytest_layersnap.extract.weightless"], "_SAID", set())
    second = not hasattr(keras, "ops")
    utils = import_module(f"{keras.__name__}.src.utils.{'data' if second else 'file'}_utils")
    with monkeypatch.context() as patch:
        patch.delattr(utils, "get_file")
        if second:
            patch.delattr(import_module("tensorflow.python.eager.record"), "could_possibly_record")
        else:
            patch.delattr("keras.src.backend.common.KerasVariable")
        with pytest.warns(WeightlessWarning, match="does not know"), weightless():
            model = dense(keras)
    assert not waiting(model)


def test_signatures_are_read_once(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many layers of a class there are."""

    class Own(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)

    read: list[Any] = []
    module = import_module(
        "inspect" if hasattr(keras, "ops") else f"{keras.__name__}.src.utils.tf_inspect"
    )
    for name in {"signature", "getfullargspec"} & set(vars(module)):
        monkeypatch.setattr(module, name, noting(getattr(module, name), read))
    with weightless():
        for _ in range(10):
            Own()
    assert 1 <= sum(function is Own.__init__ for function in read) <= 2


def test_signatures_are_told_apart(keras: ModuleType) -> None:
    """Of the same function as it is, as a method, wrapped, and where it says that it has another one."""

    def call(self: Any, inputs: Any, *, factor: Any = 1, training: Any = None) -> Any:
        return inputs * factor

    @functools.wraps(call)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(self, *args, **kwargs)

    def said(self: Any, *args: Any, **kwargs: Any) -> Any:
        return call(self, *args, **kwargs)

    said.__signature__ = inspect.signature(call)  # type: ignore[attr-defined]
    kinds = [
        type(name, (keras.layers.Layer,), {"call": function})
        for name, function in (("Plain", call), ("Wrapped", wrapped), ("Said", said))
    ]

    def build() -> Any:
        inputs = [keras.Input((64,), name=name) for name in ("a", "b")]
        x = inputs[0]
        for number, kind in enumerate(kinds * 2):
            x = kind(name=f"layer{number}")(x, factor=inputs[1])
        return keras.Model(inputs, keras.layers.Dense(32)(x))

    assert layer_table(build) == layer_table(build())


def test_signatures_of_wrappers() -> None:
    """What ``functools.wraps`` made has the signature of what it wraps, as far as nothing else is said."""

    def call(self: Any, inputs: Any, *, factor: Any = 1) -> Any:
        return inputs * factor

    class Holds:
        method = call

    def wrapper(of: Any, **attributes: Any) -> Any:
        @functools.wraps(of)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            return of(*args, **kwargs)

        vars(wrapped).update(attributes)
        return wrapped

    Holds.wrapped = wrapper(call)  # type: ignore[attr-defined]
    functions = [
        *(call, Holds().method, wrapper(call), wrapper(Holds().method), wrapper(wrapper(call))),
        *(wrapper(call, __signature__=inspect.signature(len)), wrapper(call, more=1)),
        *(Holds().wrapped, wrapper(Holds), partial(call, 1), len),  # type: ignore[attr-defined]
    ]
    for read in (inspect.signature, inspect.getfullargspec):
        known = remembered(read)
        for function in functions * 2:
            assert known(function) == read(function), function


def test_plain_values_and_symbolic_tensors_are_known(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keras does not ask whether a number is a variable, or whether what it made itself is a tensor."""
    if not hasattr(keras, "ops"):
        pytest.skip("Keras 2 keeps these elsewhere")
    tracked: list[Any] = []
    asked: list[Any] = []
    tracker = import_module("keras.src.utils.tracking").Tracker
    backend = import_module("keras.src.backend")
    monkeypatch.setattr(tracker, "track", noting(tracker.track, tracked))
    monkeypatch.setattr(backend, "is_tensor", noting(backend.is_tensor, asked))

    class Holds(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="holds")
            self.parts = (
                keras.layers.Dense(32),
                "a name",
                3,
                {"more": [keras.layers.Dense(8)]},
            )

        def call(self, inputs: Any) -> Any:
            return self.parts[3]["more"][0](self.parts[0](inputs))

    def build() -> Any:
        inputs = keras.Input((64,))
        return keras.Model(inputs, Holds()(inputs))

    with weightless():
        model = build()
    assert tracked
    assert keras.KerasTensor not in map(type, asked)
    assert len(model.weights) == 4
    assert layer_table(model) == layer_table(build())
    tracked.clear()
    with weightless():
        model = dense(keras)
    known = {
        FunctionType,
        type(model.layers[0].kernel_initializer),
        type(model.layers[0].input_spec),
    }
    if keras.backend.backend() != "tensorflow":  # which looks at containers in its own way
        known |= {int, str, type(None), tuple}
    assert not known & set(map(type, tracked))


def test_attributes_are_set_as_ever(keras: ModuleType) -> None:
    """Containers are wrapped, setters called or not called, and another's way of setting is respected."""
    seen: list[Any] = []

    class Noting:
        def __setattr__(self, name: str, value: Any) -> None:
            seen.append(name)
            super().__setattr__(name, value)

    class Holds(keras.layers.Layer):  # type: ignore[name-defined,misc]
        @property
        def width(self) -> int:
            return self._width

        @width.setter
        def width(self, value: int) -> None:
            seen.append(("width", value))
            self._width = value

        def __init__(self) -> None:
            super().__init__(name="holds")
            self.width = 3
            self.width = 3
            self.names: Any = ["a"]
            self.names = {"a": (1, 2)}
            self.layers_held = [keras.layers.Dense(32), {"more": keras.layers.Dense(8)}]
            self.chosen = {1, 2}

    class HoldsAndNotes(Holds, Noting):
        pass

    def made() -> list[Any]:
        seen.clear()
        keras.backend.clear_session()
        layers = [Holds(), HoldsAndNotes()]
        kinds = [
            {name: type(value) for name, value in sorted(vars(layer).items())} for layer in layers
        ]
        return [list(seen), kinds, [layer.names for layer in layers]]

    with weightless():
        without = made()
    assert without == made()
    assert "names" in without[0]


def test_what_is_a_part_of_a_layer_is_found_as_ever(keras: ModuleType) -> None:
    """As an attribute and in containers, also where it comes later; the rest is wrapped as ever."""

    class Holds(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="holds")
            self.settings = [
                keras.initializers.Zeros(),
                keras.regularizers.L2(0.1),
                (1, ("a", None)),
            ]
            self.shape = ((1, 2), (3, [4]))
            self.initializer, self.optimizer = keras.initializers.Ones(), keras.optimizers.SGD()
            self.spec = keras.layers.InputSpec(ndim=2)
            self.loss = keras.losses.MeanSquaredError()
            self.metric, self.layer = keras.metrics.Mean(), keras.layers.Dense(32)
            self.own, self.later, self.by_name = [keras.metrics.Sum()], [1], {"a": 1}
            self.later.append(keras.layers.Dense(8))
            self.by_name["b"] = keras.layers.Dense(4)
            self.chosen = {1, "a"}
            if hasattr(keras, "random"):
                self.seeds = {"here": keras.random.SeedGenerator(1)}
            self.scale = self.add_weight(shape=(32,), name="scale", trainable=False)

    def kinds(value: Any) -> Any:
        if isinstance(value, (list, tuple, set)):
            return type(value), hasattr(value, "tracker"), sorted(map(str, map(kinds, value)))
        if isinstance(value, dict):
            return type(value), hasattr(value, "tracker"), {key: kinds(value[key]) for key in value}
        return type(value).__name__  # a variable that waits has a class of its own

    def found() -> Any:
        layer = Holds()
        return [
            {name: kinds(value) for name, value in sorted(vars(layer).items())},
            [type(part).__name__ for part in layer._flatten_layers(include_self=False)],
            len(layer.non_trainable_weights),
        ]

    with weightless():
        without = found()
    assert without == found()
    assert without[1].count("Dense") == 3


def test_structures_are_flattened_as_ever(keras: ModuleType) -> None:
    """On PyTorch it is Keras' own way for whatever is not made of the usual."""
    if not hasattr(keras, "tree"):
        pytest.skip("Keras 2 and 3.3 have no trees of their own")
    tensor = keras.KerasTensor((None, 3))
    pair = namedtuple("pair", "left right")
    structures = [
        *(None, 1, "text", tensor, [], {}, ((tensor,), {}), [1, [2, (3, None)], {"b": 4, "a": 5}]),
        *(pair(tensor, [1]), OrderedDict(b=1, a=tensor), defaultdict(list, b=[1], a=[2])),
        *(
            [np.float32(3)],
            {"x": keras.layers.Dense(8)},
            [{1: tensor, 0: [tensor]}],
            {1: 2, "a": 3},
        ),
    ]

    def flat(structure: Any) -> Any:
        try:
            return list(map(id, keras.tree.flatten(structure)))
        except TypeError:
            return "keys without an order"

    def read() -> list[Any]:
        return [
            (
                keras.tree.is_nested(structure),
                flat(structure),
                repr(keras.tree.map_structure(lambda leaf: [type(leaf)], structure)),
            )
            for structure in structures * 2
        ]

    with weightless():
        without = read()
        sums = keras.tree.map_structure(
            lambda one, other: one + other, [1, {"a": 2}], [3, {"a": 4}]
        )
    assert without == read()
    assert sums == [4, {"a": 6}]


def test_the_collector_stays_as_the_user_wants_it(keras: ModuleType) -> None:
    """Off where it was off, and what the builder sets is kept."""
    before = gc.get_threshold()
    try:
        gc.set_threshold(0)
        with weightless():
            assert gc.get_threshold()[0] == 0
        gc.set_threshold(*before)
        with weightless():
            assert gc.get_threshold()[0] > before[0]
            gc.set_threshold(123)
        assert gc.get_threshold()[0] == 123
    finally:
        gc.set_threshold(*before)


def test_the_collector_waits_for_the_table(keras: ModuleType) -> None:
    """A network is garbage once its table was read, which is before it counts as old."""
    seen = []

    class Own(keras.layers.Dense):  # type: ignore[name-defined,misc]
        def get_config(self) -> Any:
            seen.append(gc.get_threshold()[0])
            return super().get_config()

    before = gc.get_threshold()
    layer_table(keras.Sequential([keras.Input((3,)), Own(2)]))
    assert min(seen) > before[0]
    assert gc.get_threshold() == before


@pytest.mark.skipif("torch" not in os.environ.get("KERAS_BACKEND", ""), reason="is of PyTorch")
def test_names_that_pytorch_guards(keras: ModuleType) -> None:
    """A number can't take the place of a parameter, and a buffer that is taken away is still one."""
    torch = import_module("torch")
    with weightless():
        layer = keras.layers.Dense(32)
        layer.register_parameter("scale", torch.nn.Parameter(torch.ones(2)))
        layer.register_buffer("steps", torch.zeros(2))
        with pytest.raises(TypeError, match="as parameter 'scale'"):
            layer.scale = 3
        layer.steps = None
    assert "steps" in layer._buffers
    assert "steps" not in vars(layer)


@pytest.mark.skipif("torch" not in os.environ.get("KERAS_BACKEND", ""), reason="is of PyTorch")
def test_state_of_pytorch(keras: ModuleType) -> None:
    """PyTorch's own view of a model finds its weights."""
    with weightless():
        saved, loaded, listed = dense(keras), dense(keras), dense(keras)
    assert len(saved.state_dict()) == len(dense(keras).state_dict())
    assert len(list(listed.parameters())) == 4
    state = dict(zip(loaded.state_dict(), saved.state_dict().values(), strict=True))
    loaded.load_state_dict(state)
    assert np.array_equal(loaded.get_weights()[0], saved.get_weights()[0])
