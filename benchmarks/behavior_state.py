"""Whether models of all kinds are, bit for bit, what they were before their behavior was read.

    KERAS_BACKEND=torch python benchmarks/behavior_state.py
    python benchmarks/behavior_state.py recurrent augmentation

Every model of the tests' zoo is compiled and read twice, the second time with evaluations that fail at
their end. Compared are weights, states of seeds, slots of the optimizer, metrics, tables of what layers
adapted to, and the random generators. At the end it is trained, read in between and not: the losses have
to be the same.
"""

from __future__ import annotations

import os
import random
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import layer_table
from pytest_layersnap.extract.behavior import keras2, keras3
from tests.zoo import NOT_BUILT, ONLY_KERAS3, ZOO


def is_built(keras: ModuleType, name: str) -> bool:
    """Whether this Keras builds a model of the zoo."""
    third = hasattr(keras, "ops")
    release = "tf_keras" if keras.__name__ == "tf_keras" else keras.__version__.rpartition(".")[0]
    places = {release, keras.backend.backend() if third else "tensorflow"}
    return (third or name not in ONLY_KERAS3) and not any(
        (place, name) in NOT_BUILT for place in places
    )


def changed(keras: ModuleType, name: str, *, fails: bool) -> list[str]:
    """What reading the behavior of a model of the zoo changes in it: nothing, it is to be hoped.

    Args:
        keras: the Keras to build it with.
        name: the model.
        fails: whether each evaluation raises an exception when all of it is done.
    """
    model = ZOO[name](keras)
    # A model of tables alone has nothing to train.
    with suppress(Exception):
        model.compile("adam", "mse", metrics=["mae"])
        model.optimizer.build(model.trainable_variables)
    before = dict(_held(keras, model))
    if fails:
        backend = keras3 if hasattr(keras, "ops") else keras2
        with patch.object(backend, "Outcome", _failing):
            table = layer_table(model, behavior=True)
        assert not any("inference" in row.behaves for row in table)
    else:
        layer_table(model, behavior=True)
    after = dict(_held(keras, model))
    return [what for what in before | after if before.get(what) != after.get(what)]


def losses(keras: ModuleType, between: Callable[[Any], Any]) -> list[float]:
    """The losses of a model that draws random numbers and normalizes.

    Args:
        keras: the Keras to build it with.
        between: what is done with the model before each epoch.
    """
    with _seeded(keras):
        return _losses(keras, between)


@contextmanager
def _seeded(keras: ModuleType) -> Iterator[None]:
    """Seed all random generators; what is built later draws seeds in Keras 2 as it did before."""
    keras.utils.set_random_seed(5)
    try:
        yield
    finally:
        backend: Any = sys.modules.get(f"{keras.__name__}.src.backend")
        if hasattr(backend, "_SEED_GENERATOR"):
            backend._SEED_GENERATOR.generator = None


def _losses(keras: ModuleType, between: Callable[[Any], Any]) -> list[float]:
    layers = keras.layers
    given = keras.Input((6, 3))
    x = layers.GaussianNoise(0.1)(given)
    x = layers.GRU(4, return_sequences=True, dropout=0.2)(x)
    x = layers.Dropout(0.3)(layers.BatchNormalization()(x))
    model = keras.Model(given, layers.Dense(1, kernel_regularizer="l2")(x))
    model.compile("adam", "mse", metrics=["mae"])
    data = np.random.RandomState(1).normal(size=(8, 6, 3)).astype("float32")
    found = []
    for _ in range(3):
        between(model)
        history = model.fit(data, data.sum(axis=-1, keepdims=True), batch_size=4, verbose=0).history
        found += [*history["loss"], *history["mae"]]
    return found


def _failing(**given: Any) -> Any:
    raise RuntimeError("no")


def _held(keras: ModuleType, model: Any) -> Iterator[tuple[str, bytes]]:
    """All that a model holds, and the random generators."""
    of_optimizer = getattr(getattr(model, "optimizer", None), "variables", ())
    variables = [
        *model.variables,
        *(of_optimizer() if callable(of_optimizer) else of_optimizer),
        *getattr(model, "metrics_variables", ()),
        *(one for metric in getattr(model, "metrics", ()) for one in metric.variables),
    ]
    for number, variable in enumerate(variables):
        if hasattr(variable, "shape"):  # Keras 2 counts the handlers of tables, too
            yield f"{number} {variable.name}", _bytes(keras, variable)
    for number, layer in enumerate(model._flatten_layers()):
        if hasattr(layer, "get_vocabulary"):
            yield f"the vocabulary of {layer.name}", repr(layer.get_vocabulary()).encode()
        for seed in getattr(layer, "_seed_generators", ()):
            yield f"a seed of {layer.name}", _bytes(keras, seed.state)
        for state in getattr(layer, "states", None) or ():
            if hasattr(state, "shape"):
                yield f"{number} a state of {layer.name}", _bytes(keras, state)
    yield "the generator of Python", repr(random.getstate()).encode()
    yield "the generator of numpy", repr(np.random.get_state(legacy=False)).encode()


def _bytes(keras: ModuleType, variable: Any) -> bytes:
    array = keras.ops.convert_to_numpy(variable) if hasattr(keras, "ops") else variable.numpy()
    return np.asarray(array).tobytes()


def main(names: Sequence[str]) -> int:
    """Look at all models, and say what is not as before."""
    warnings.simplefilter("ignore")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    built = [name for name in names or ZOO if is_built(keras, name)]
    wrong = 0
    for name in built:
        for fails in (False, True):
            if found := changed(keras, name, fails=fails):
                wrong += 1
                print(f"{name}{', failing' if fails else ''}: {', '.join(found)}")
    without = losses(keras, lambda model: None)
    same = losses(keras, lambda model: layer_table(model, behavior=True)) == without
    print(f"{len(built)} models, {wrong} of {2 * len(built)} readings change something")
    print(f"losses of training: {'the same' if same else 'others'}")
    return 0 if same and not wrong else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
