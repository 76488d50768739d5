"""What changes nothing: other ways to come by the same network."""

from __future__ import annotations

import copy
import json
import os
import pickle
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.zoo import lost

from .bases import Base
from .models import MODELS, Builder


class NotPossible(Exception):
    """Keras can't do this with this model; the message says why."""


def _keeps_all(base: Base, way: str) -> None:
    """Refuse what Keras loses something of: the copy is another model."""
    if gone := lost(base.keras, base.name, way):
        raise NotPossible(f"Keras loses {gone}")


#: From the base and its builder to a model that is the same network.
NonChange = Callable[[Base, Builder], Any]

#: Every non-change by its name.
NON_CHANGES: dict[str, NonChange] = {}


def non_change(name: str) -> Callable[[NonChange], NonChange]:
    """Add a non-change to the catalogue."""

    def add(function: NonChange) -> NonChange:
        NON_CHANGES[name] = function
        return function

    return add


@non_change("built again")
def rebuilt(base: Base, build: Builder) -> Any:
    """The counters behind auto names have moved on."""
    return build(base.keras)


@non_change("built after other models")
def after_others(base: Base, build: Builder) -> Any:
    """A few layers of many classes come first."""
    for name in ("u_net", "transformer", "tensor_arithmetic", "nested_auto_named"):
        MODELS[name](base.keras)
    return build(base.keras)


@non_change("built in a cleared session")
def cleared(base: Base, build: Builder) -> Any:
    """The counters begin anew."""
    base.keras.backend.clear_session()
    return build(base.keras)


@non_change("built with another random seed")
def seeded(base: Base, build: Builder) -> Any:
    """Weights differ."""
    base.keras.utils.set_random_seed(1234)
    return build(base.keras)


@non_change("built in a thread")
def in_thread(base: Base, build: Builder) -> Any:
    """As under a parallel test runner."""
    found: list[Any] = []
    thread = threading.Thread(target=lambda: found.append(build(base.keras)))
    thread.start()
    thread.join()
    return found[0]


@non_change("from its config")
def from_config(base: Base, build: Builder) -> Any:
    """``from_config(get_config())``."""
    _keeps_all(base, "config")
    return base.rebuild(base.model.get_config())


@non_change("cloned")
def cloned(base: Base, build: Builder) -> Any:
    """``clone_model``; flags are no part of what it copies in every release."""
    _keeps_all(base, "clone")
    return base.keras.models.clone_model(base.model)


@non_change("copied deeply")
def copied(base: Base, build: Builder) -> Any:
    """``copy.deepcopy``."""
    return copy.deepcopy(base.model)


@non_change("pickled")
def pickled(base: Base, build: Builder) -> Any:
    """Through bytes and back."""
    return pickle.loads(pickle.dumps(base.model))


def _saved(base: Base, suffix: str) -> Any:
    _keeps_all(base, f"{suffix.removeprefix('.')} file")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, f"model{suffix}")
        base.model.save(path)
        return base.keras.models.load_model(
            path, custom_objects=base._custom_objects, compile=False
        )


@non_change("saved as .keras and loaded")
def saved_keras(base: Base, build: Builder) -> Any:
    """The format of Keras 3, which 2.15 knows too."""
    return _saved(base, ".keras")


@non_change("saved as .h5 and loaded")
def saved_h5(base: Base, build: Builder) -> Any:
    """The older format."""
    return _saved(base, ".h5")


@non_change("compiled")
def compiled(base: Base, build: Builder) -> Any:
    """With an optimizer, which has weights of its own."""
    model = build(base.keras)
    model.compile("adam", loss="mse")
    return model


def _arrays(model: Any, batch: int = 2) -> list[Any]:
    import numpy as np

    found = []
    for tensor in model.inputs or ():
        shape = [batch if size is None else int(size) for size in tensor.shape]
        kind = str(getattr(tensor.dtype, "name", tensor.dtype))
        found.append(np.zeros(shape, dtype=kind))
    return found


@non_change("trained for a step")
def trained(base: Base, build: Builder) -> Any:
    """Weights move; what is trained does not."""
    import numpy as np

    model = build(base.keras)
    if not isinstance(model.inputs, (list, tuple)) or not model.trainable_weights:
        raise NotPossible("nothing to train, or no inputs known")
    if len(model.outputs) != 1 or isinstance(model.output, dict):
        raise NotPossible("several outputs")
    model.compile("sgd", loss="mse", run_eagerly=False)
    arrays = _arrays(model)
    shape = [len(arrays[0]), *(size or 2 for size in model.output.shape[1:])]
    x = arrays if len(arrays) > 1 else arrays[0]
    model.fit(x, np.zeros(shape), batch_size=len(arrays[0]), epochs=1, verbose=0)
    return model


@non_change("weights set")
def weighted(base: Base, build: Builder) -> Any:
    """As after loading weights."""
    model = build(base.keras)
    model.set_weights([value + 1 for value in model.get_weights()])
    return model


@non_change("called again")
def called(base: Base, build: Builder) -> Any:
    """Its layers get further calls, which belong to another model."""
    model = build(base.keras)
    if not isinstance(model.inputs, (list, tuple)) or len(model.inputs) != 1:
        raise NotPossible("not one input")
    if not getattr(model, "_is_graph_network", hasattr(model, "operations")):
        raise NotPossible("no graph")
    again = base.keras.Input(
        batch_shape=tuple(model.inputs[0].shape),
        dtype=str(getattr(model.inputs[0].dtype, "name", model.inputs[0].dtype)),
    )
    base.keras.Model(again, model(again))
    return model


@non_change("part of another model")
def part(base: Base, build: Builder) -> Any:
    """Another head on the same trunk."""
    model = build(base.keras)
    if not isinstance(model.inputs, (list, tuple)) or len(model.outputs) != 1:
        raise NotPossible("not one output")
    if isinstance(model.output, (dict, list)) or isinstance(model.input, dict):
        raise NotPossible("not one output")
    x = base.keras.layers.Flatten()(model.output)
    base.keras.Model(model.inputs, x)
    return model


@non_change("frozen and unfrozen")
def thawed(base: Base, build: Builder) -> Any:
    """Each flag is as it was."""
    model = build(base.keras)
    if not all(layer.trainable for layer in model._flatten_layers()):
        raise NotPossible("some of it was frozen")
    if any(getattr(layer, "lora_enabled", False) for layer in model._flatten_layers()):
        raise NotPossible("thawing trains the kernels that low-rank adapters had frozen")
    model.trainable = False
    model.trainable = True
    return model


@non_change("looked at")
def looked_at(base: Base, build: Builder) -> Any:
    """Summary, config and JSON leave nothing behind."""
    model = build(base.keras)
    model.summary(print_fn=lambda *line, **rest: None)
    model.get_config()
    return model


# --- two builders, one network ----------------------------------------------------------------


def branches(keras: ModuleType, turned: bool = False) -> Any:
    """Three branches, built in this order or the other."""
    layers = keras.layers
    inputs = keras.Input((16, 16, 3))
    built: dict[int, Any] = {}
    for index in reversed(range(3)) if turned else range(3):
        x = inputs
        for _ in range(index + 1):
            x = layers.Conv2D(4, 2 * index + 1, padding="same")(x)
            x = layers.BatchNormalization()(x)
        built[index] = layers.Activation("relu")(x)
    return keras.Model(inputs, layers.Concatenate()([built[0], built[1], built[2]]))


def equal_branches(keras: ModuleType, turned: bool = False) -> Any:
    """Branches that are equal but for the place they meet at."""
    layers = keras.layers
    inputs = keras.Input((8,))
    built: dict[int, Any] = {}
    for index in reversed(range(2)) if turned else range(2):
        built[index] = layers.Dense(8)(layers.Dense(4, activation="relu")(inputs))
    return keras.Model(inputs, layers.Subtract()([built[0], built[1]]) * 0.5 + built[1])


def spelled(keras: ModuleType, turned: bool = False) -> Any:
    """Settings in words or as objects, numbers alone or in pairs, integers or floats."""
    layers = keras.layers
    if turned:
        return keras.Sequential(
            [
                keras.Input((16, 16, 3)),
                layers.Conv2D(4, (3, 3), strides=(1, 1), activation=keras.activations.relu),
                layers.Conv2D(4, 3, kernel_initializer=keras.initializers.HeNormal()),
                layers.MaxPooling2D((2, 2)),
                layers.BatchNormalization(axis=3),
                layers.Dropout(0.0),
                layers.Dense(units=2, kernel_regularizer=keras.regularizers.L2(0.01)),
                layers.Activation(keras.activations.swish),
            ]
        )
    return keras.Sequential(
        [
            keras.Input([16, 16, 3]),
            layers.Conv2D(4, 3, strides=1, activation="relu"),
            layers.Conv2D(4, [3, 3], kernel_initializer="he_normal"),
            layers.MaxPooling2D(),
            layers.BatchNormalization(),
            layers.Dropout(0),
            layers.Dense(2, kernel_regularizer="l2"),
            layers.Activation("silu"),
        ]
    )


#: Builders that take ``turned`` and build the same network either way.
TWO_WAYS: dict[str, Callable[..., Any]] = {
    "branches built the other way round": branches,
    "equal branches built the other way round": equal_branches,
    "settings spelled differently": spelled,
}


# --- other processes --------------------------------------------------------------------------


def elsewhere(names: list[str], hash_seed: int) -> dict[str, dict[str, Any]]:
    """Tables and peers' views of models that another process builds, in the reverse order."""
    root = Path(__file__).resolve().parents[2]
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "tables.json")
        command = [sys.executable, str(root / "benchmarks" / "truth.py"), "--write", out]
        command += ["--models", ",".join(reversed(names))]
        environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed)}
        subprocess.run(command, check=True, env=environment, cwd=root, capture_output=True)
        found: dict[str, dict[str, Any]] = json.loads(Path(out).read_text(encoding="utf-8"))
        return found
