"""Whether an edit shows in what a model computes, and what its table says of it."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from types import ModuleType, SimpleNamespace
from typing import Any, Final

import numpy as np

from benchmarks.behavior_edits.mutants import Mutant, mutants
from benchmarks.behavior_edits.programs import PROGRAMS, Program
from pytest_layersnap import Drift, LayerTable, compare, layer_table

#: How far apart outputs are that must be told: ten times the tolerance.
FAR: Final = 1e-3
#: Where the layer stands, and the row that tells its edits.
PLACES: Final = {
    "alone": "mine",
    "in a nested model": "inner/mine",
    "in a layer": "outer",
    "called twice": "mine",
}
_NUMBERS: Final = count()


@dataclass(frozen=True, slots=True)
class Case:
    """An edit and what became of it.

    Args:
        program: the layer.
        place: where it stands.
        mutant: the edit.
        distance: how far the outputs of the models are apart, on ordinary data and with the same weights.
        drift: what the tables differ by.
        alike: whether the outputs are of the same shapes and dtypes.
    """

    program: str
    place: str
    mutant: Mutant
    distance: float
    drift: Drift
    alike: bool

    @property
    def told(self) -> set[str]:
        """The rows whose numbers are told to be others."""
        changes = self.drift.changes
        return {change.layer for change in changes if "behavior" in change.categories}

    @property
    def is_right(self) -> bool:
        """Whether it is told on its row, and of outputs like those before on no other."""
        row = PLACES[self.place]
        if self.alike:
            return self.told == {row}
        # Other shapes are told as such.
        return row in {change.layer for change in self.drift.changes}

    @property
    def is_unseen(self) -> bool:
        """Whether nothing is told of an edit that shows but little, or not at all on ordinary data."""
        return not self.told


def cases(keras: ModuleType, seed: int, limit: int | None = None) -> Iterator[Case]:
    """The edits of all programs, or so many of them drawn; those that can't be called are left out."""
    random = Random(seed)
    drawn = [
        (name, mutant)
        for name, program in PROGRAMS.items()
        for mutant in mutants(program.source, random)
    ]
    if limit is not None:
        random.shuffle(drawn)
    made = 0
    for name, mutant in drawn:
        place = random.choice(list(PLACES))
        try:
            yield judged(keras, name, place, mutant)
        except Unbuildable:
            continue
        made += 1
        if made == limit:
            return


class Unbuildable(Exception):
    """An edit that nobody could make: it fails when the model is built or run."""


def judged(keras: ModuleType, name: str, place: str, mutant: Mutant) -> Case:
    """An edit, judged.

    Args:
        keras: the Keras that both models are built with.
        name: the program.
        place: where it stands.
        mutant: the edit.

    Raises:
        Unbuildable: the edited model can't be built or called.
    """
    before, recorded = _recorded(keras, name, place)
    try:
        after, current = _looked_at(keras, PROGRAMS[name], mutant.source, place)
    except Exception as error:  # whatever the edited code raises
        raise Unbuildable(mutant.what) from error
    distance, alike = _distance(before, after), _are_alike(before, after)
    return Case(name, place, mutant, distance, compare(recorded, current), alike)


@functools.cache
def _recorded(keras: ModuleType, name: str, place: str) -> tuple[dict[str, Any], LayerTable]:
    return _looked_at(keras, PROGRAMS[name], PROGRAMS[name].source, place)


def _looked_at(
    keras: ModuleType, program: Program, source: str, place: str
) -> tuple[dict[str, Any], LayerTable]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = _model(keras, program.takes, _made(keras, source), place)
        return _outputs(keras, model, program.takes), layer_table(
            model, name="model", behavior=True
        )


def _made(keras: ModuleType, source: str) -> Any:
    """What the function ``make`` of a source gives."""
    name = f"edited_{next(_NUMBERS)}"
    file = Path(_folder().name, f"{name}.py")
    file.write_text(source, encoding="utf-8")
    module = ModuleType(name)
    module.__file__ = str(file)
    vars(module).update(keras=keras, layers=keras.layers, ops=_operations(keras))
    sys.modules[name] = module
    exec(compile(source, str(file), "exec"), vars(module))
    return module.make()


@functools.cache
def _folder() -> TemporaryDirectory[str]:
    """Where the sources are files, as TensorFlow reads them; gone when the process ends."""
    return TemporaryDirectory()


def _operations(keras: ModuleType) -> Any:
    """The operations of Keras 3, or TensorFlow's by their names."""
    if hasattr(keras, "ops"):
        own = {"leaky": lambda x, slope: keras.ops.leaky_relu(x, negative_slope=slope)}
        return SimpleNamespace(**{**vars(keras.ops), **own})
    tf = sys.modules["tensorflow"]
    functions = ("relu", "elu", "selu", "sigmoid", "tanh", "softmax", "softplus", "hard_sigmoid")
    plain = {
        "abs sin exp sqrt square matmul transpose reshape where cast maximum minimum zeros_like "
        "ones_like": tf,
        "cumsum logical_and logical_or": tf.math,
    }
    return SimpleNamespace(
        **{name: getattr(keras.activations, name) for name in functions},
        **{name: getattr(where, name) for names, where in plain.items() for name in names.split()},
        **{name: getattr(tf, f"reduce_{name}") for name in ("mean", "sum", "max", "min")},
        relu6=tf.nn.relu6,
        arange=tf.range,
        clip=tf.clip_by_value,
        take=tf.gather,
        concatenate=tf.concat,
        leaky=tf.nn.leaky_relu,
    )


def _model(keras: ModuleType, takes: str, mine: Any, place: str) -> Any:
    layers = keras.layers
    shapes = {"vector": (6,), "image": (8, 8, 4), "embedded": (5,), "tokens": (5,)}
    whole = takes in ("embedded", "tokens")
    first = keras.Input(shapes.get(takes, (5, 6)), dtype="int32" if whole else "float32")
    inputs = [first, keras.Input((6,))] if takes == "two" else first
    given = inputs
    if takes == "embedded":
        given = layers.Embedding(10, 6, mask_zero=True, name="embedded")(first)
    if place == "in a nested model":
        taken = _like(keras, given)
        made = keras.Model(taken, mine(taken), name="inner")(given)
    elif place == "in a layer":
        made = _outer(keras, mine)(given)
    else:
        made = mine(given)
        if place == "called twice" and takes not in ("tokens", "embedded"):
            # Keras 3.3 takes the product of a tensor and a number for sparse.
            halves = [layers.Rescaling(-0.5)(one) for one in _flat(given)]
            again = mine(halves if takes == "two" else halves[0])
            made = [*_flat(made), *_flat(again)]
    outputs = _flat(made)
    heads = [
        layers.GlobalAveragePooling1D(name=f"pooled_{number}")(output)
        for number, output in enumerate(outputs)
        if len(output.shape) == 3
    ]
    return keras.Model(inputs, [*outputs, *heads], name="model")


def _like(keras: ModuleType, given: Any) -> Any:
    if isinstance(given, list):
        return [_like(keras, one) for one in given]
    return keras.Input(tuple(given.shape)[1:], dtype=getattr(given.dtype, "name", given.dtype))


def _outer(keras: ModuleType, mine: Any) -> Any:
    """A layer that holds the layer."""

    class Outer(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__(name="outer")
            self.supports_masking = True
            self.mine = mine

        def call(self, inputs: Any) -> Any:
            return self.mine(inputs)

        def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
            own = getattr(self.mine, "compute_mask", None)
            return own(inputs, mask) if own and mask is not None else None

    return Outer()


def _flat(made: Any) -> list[Any]:
    return list(made) if isinstance(made, (list, tuple)) else [made]


def _outputs(keras: ModuleType, model: Any, takes: str) -> dict[str, Any]:
    """What a model gives for ordinary data in both modes, the losses it adds, and what it writes."""
    random = np.random.default_rng(7)
    model.set_weights([random.normal(0, 0.5, weight.shape) ** 2 for weight in model.get_weights()])
    data = [
        random.integers(0, 10, (11, *tuple(one.shape)[1:])).astype("int32")
        if takes in ("embedded", "tokens")
        else random.normal(0, 1, (11, *tuple(one.shape)[1:])).astype("float32")
        for one in model.inputs
    ]
    array = keras.ops.convert_to_numpy if hasattr(keras, "ops") else np.asarray
    found: dict[str, Any] = {}
    for training in (False, True):
        made = model(data if len(data) > 1 else data[0], training=training)
        detached = [one.detach() if hasattr(one, "detach") else one for one in _flat(made)]
        found |= {f"{training} {number}": array(one) for number, one in enumerate(detached)}
        losses = [one.detach() if hasattr(one, "detach") else one for one in model.losses]
        found |= {f"{training} loss {at}": array(one) for at, one in enumerate(losses)}
    return found | {f"weight {at}": one for at, one in enumerate(model.get_weights())}


def _are_alike(before: dict[str, Any], after: dict[str, Any]) -> bool:
    def kinds(found: dict[str, Any]) -> Any:
        return {name: (one.shape, one.dtype) for name, one in found.items() if "loss" not in name}

    return bool(kinds(before) == kinds(after))


def _distance(before: dict[str, Any], after: dict[str, Any]) -> float:
    """How far outputs are apart at most, relative to the root mean square of those before."""
    if before.keys() != after.keys():
        return float("inf")
    return max(map(functools.partial(_apart, before, after), before))


def _apart(before: dict[str, Any], after: dict[str, Any], name: str) -> float:
    one, other = np.asarray(before[name], float), np.asarray(after[name], float)
    if one.shape != other.shape or (np.isfinite(one) != np.isfinite(other)).any():
        return float("inf")
    finite = np.isfinite(one)
    largest = float(np.abs(one - other)[finite].max(initial=0.0))
    return largest / max(float(np.sqrt(np.square(one[finite]).mean())) if finite.any() else 0, 1e-6)
