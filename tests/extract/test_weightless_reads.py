"""Whatever reads a variable that waits gets what it would have got of one that never did."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import WeightlessWarning, layer_table, weightless

from .reads import NATIVE, OPS, READS, USES, backend_of
from .test_weightless import waiting

pytestmark = pytest.mark.filterwarnings("ignore")

_DTYPES = ("float32", "mixed_float16")
X = np.linspace(-1, 1, 12, dtype="float32").reshape(2, 6)


def kernel(keras: ModuleType, dtype: str = "float32") -> Any:
    """A variable of a layer."""
    init = keras.initializers.RandomNormal(seed=1)
    layer = keras.layers.Dense(4, kernel_initializer=init, dtype=dtype, name="dense")
    layer.build((None, 6))
    return layer.kernel


def network(keras: ModuleType) -> Any:
    """A model of layers that keep and use their weights in different ways."""

    def init(seed: int) -> Any:
        return keras.initializers.RandomNormal(seed=seed)

    layers = keras.layers
    x = inputs = keras.Input((6,), name="x")
    x = layers.Dense(20, kernel_initializer=init(1), bias_initializer=init(2), name="dense")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Reshape((4, 5), name="steps")(x)
    x = layers.Conv1D(5, 2, kernel_initializer=init(3), name="conv")(x)
    x = layers.Flatten(name="flat")(x)
    outputs = layers.Dense(3, kernel_initializer=init(7), name="head")(x)
    return keras.Model(inputs, outputs, name="network")


def plain(value: Any) -> Any:
    """Arrays, in the structure in which they were."""
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    if hasattr(value, "detach"):
        value = value.detach()
    return np.asarray(value)


def outcome(read: Callable[[Any, Any], Any], variable: Any) -> Any:
    """What it gives, or the kind of error."""
    try:
        return plain(read(variable, X))
    except Exception as error:
        return type(error).__name__


def same(one: Any, other: Any) -> bool:
    """Whether two outcomes are the same numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and one == other
    return one.shape == other.shape and np.allclose(one, other, atol=1e-5)


def test_reads_of_a_variable(keras: ModuleType) -> None:
    """In forty ways, on each backend; what fails does so with weights too."""
    backend = backend_of(keras)
    shared = READS | (OPS if hasattr(keras, "ops") else {})
    reads = [(partial(read, keras), dtype) for read in shared.values() for dtype in _DTYPES]
    reads += [(partial(read, backend), "float32") for read in NATIVE[backend.__name__].values()]
    wrong, right = [], 0
    for read, dtype in reads:
        with weightless():
            waits = kernel(keras, dtype)
        without, usual = outcome(read, waits), outcome(read, kernel(keras, dtype))
        if not same(without, usual):
            wrong.append((read, dtype, without, usual))
        right += not isinstance(usual, str)
    assert wrong == []
    assert right > 40


@pytest.mark.parametrize("name", USES)
def test_uses_of_a_model(keras: ModuleType, tmp_path: Path, name: str) -> None:
    """Also where the first thing that happens to a model is that it is saved, trained or copied."""
    with weightless():
        model = network(keras)
    assert len(waiting(model)) > 6
    found = [plain(USES[name](keras, each, X, tmp_path)) for each in (model, network(keras))]
    assert same(*found)


def test_a_builder_that_ends_in_a_call_on_an_array(keras: ModuleType) -> None:
    """As the README has it for subclassed models: it is called once."""

    class Classifier(keras.Model):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.body, self.head = keras.layers.Dense(20), keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.head(self.body(x))

    def build() -> Any:
        built.append(Classifier())
        built[-1](X)
        return built[-1]

    built: list[Any] = []
    with warnings.catch_warnings():
        warnings.simplefilter("error", WeightlessWarning)
        table = layer_table(build)
    assert len(built) == 1
    assert table.parameters == 6 * 20 + 20 + 20 * 3 + 3
