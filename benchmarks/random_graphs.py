"""Random graphs of layers, operations, constants and masks, judged by their numbers.

Each graph is built twice, the second time in another order (there must be no drift), and once more with
one thing changed. Both models get equal weights and inputs; where their outputs differ, there must be
drift.

python benchmarks/random_graphs.py --count 1000 --seed 1
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import compare, layer_table

_STEPS, _FEATURES = 4, 3
_SHAPE = (_STEPS, _FEATURES)


@dataclass(frozen=True)
class Step:
    """One tensor of a graph: what makes it, of which earlier ones, with which settings.

    Args:
        kind: a key of ``KINDS``.
        inputs: the places of the tensors that it takes.
        settings: what it is made with; ``shared`` is the place of the step whose layer is called again.
    """

    kind: str
    inputs: tuple[int, ...]
    settings: dict[str, Any] = field(default_factory=dict)


#: A graph: two inputs, then its steps; the last two tensors are its outputs.
Graph = tuple[Step, ...]
_INPUTS = 2


@dataclass(frozen=True)
class Kind:
    """A kind of step.

    Args:
        arity: how many tensors it takes.
        settings: the values that each of its settings may have.
        make: what makes a function of tensors of the settings.
        is_layer: whether it has a layer that may be called again.
    """

    arity: int
    settings: dict[str, tuple[Any, ...]]
    make: Callable[[Any, Any, dict[str, Any]], Callable[..., Any]]
    is_layer: bool = False


class _TensorFlow:
    """The operations that graphs are made of, where Keras has none of its own."""

    def __init__(self) -> None:
        import tensorflow as tf

        self.concatenate, self.einsum, self.where = tf.concat, tf.einsum, tf.where
        self.add, self.subtract, self.multiply = tf.add, tf.subtract, tf.multiply
        self.maximum, self.matmul, self.roll = tf.maximum, tf.matmul, tf.roll
        self.softmax, self.cumsum = tf.nn.softmax, tf.cumsum
        self.sum, self.mean, self.max = tf.reduce_sum, tf.reduce_mean, tf.reduce_max
        self.flip, self.clip = tf.reverse, tf.clip_by_value


_NUMBERS = (-2, -1, -0.5, 0.25, 0.5, 1, 1.5, 2, 3)
_VECTORS = tuple([number, 1.0, 0.5] for number in (0.25, 2.0, 3.0))


def _binary(name: str) -> Kind:
    def make(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
        function, constant = getattr(ops, name), settings["constant"]
        constant = np.asarray(constant, "float32") if isinstance(constant, list) else constant
        if settings["first"]:
            return lambda x: function(constant, x)
        return lambda x: function(x, constant)

    return Kind(1, {"constant": (*_NUMBERS, *_VECTORS), "first": (False, True)}, make)


def _pair(name: str) -> Kind:
    return Kind(2, {}, lambda keras, ops, settings: getattr(ops, name))


def _reduced(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
    function = getattr(ops, settings["name"])
    return lambda x: x - function(x, axis=settings["axis"], keepdims=True)


def _joined(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
    constant = np.full((1, 1, _FEATURES), settings["constant"], "float32")

    def join(x: Any) -> Any:
        parts = [x[:, 1:], x[:, :1] * 0 + constant]
        return ops.concatenate(parts[::-1] if settings["first"] else parts, axis=1)

    return join


def _einsum(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
    matrix = np.eye(_FEATURES, dtype="float32") * settings["scale"]
    return lambda x: ops.einsum(settings["subscripts"], x, matrix)


def _where(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
    return lambda x, y: ops.where(x > settings["above"], y, settings["constant"])


def _layer(name: str, **arguments: tuple[Any, ...]) -> Kind:
    def make(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
        layer: Callable[..., Any] = getattr(keras.layers, name)(
            **{key: item for key, item in settings.items() if key != "call"}
        )
        return layer

    return Kind(1, arguments, make, is_layer=True)


def _merge(name: str) -> Kind:
    def make(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
        layer = getattr(keras.layers, name)()
        return lambda x, y: layer([x, y])

    return Kind(2, {}, make)


def _attended(keras: Any, ops: Any, settings: dict[str, Any]) -> Callable[..., Any]:
    layer = keras.layers.Attention()

    def attend(x: Any, y: Any) -> Any:
        masks = {"none": None, "same": [x[..., 0] > 0, y[..., 0] > 0]}
        masks["crossed"] = masks["same"] and masks["same"][::-1]
        given = masks[settings["masks"]]
        return layer([x, y], mask=given) if given else layer([x, y])

    return attend


KINDS: dict[str, Kind] = {
    **{f"{name} constant": _binary(name) for name in ("add", "subtract", "multiply", "maximum")},
    **{name: _pair(name) for name in ("add", "subtract", "multiply", "maximum")},
    "reduced": Kind(
        1, {"name": ("sum", "mean", "max"), "axis": (None, 1, 2, -1, (1, 2))}, _reduced
    ),
    "softmax": Kind(
        1,
        {"axis": (1, 2)},
        lambda keras, ops, settings: lambda x: ops.softmax(x, axis=settings["axis"]),
    ),
    "cumsum": Kind(
        1,
        {"axis": (1, 2)},
        lambda keras, ops, settings: lambda x: ops.cumsum(x, axis=settings["axis"]),
    ),
    "roll": Kind(
        1,
        {"shift": (1, 2), "axis": (1, 2)},
        lambda keras, ops, settings: lambda x: ops.roll(x, settings["shift"], settings["axis"]),
    ),
    "clip": Kind(
        1,
        {"low": (-1.0, -0.5, 0.0), "high": (0.5, 1.0)},
        lambda keras, ops, settings: lambda x: ops.clip(x, settings["low"], settings["high"]),
    ),
    "sliced": Kind(
        1,
        {"start": (0, 1), "step": (1, -1)},
        lambda keras, ops, settings: (
            lambda x: (
                x[:, :: settings["step"]] * 1.0 + x[:, settings["start"] : settings["start"] + 1]
            )
        ),
    ),
    "joined": Kind(1, {"constant": _NUMBERS, "first": (False, True)}, _joined),
    "einsum": Kind(1, {"scale": _NUMBERS, "subscripts": ("bsi,ij->bsj", "bsi,ji->bsj")}, _einsum),
    "where": Kind(2, {"above": (-0.5, 0, 0.5), "constant": _NUMBERS}, _where),
    "Dense": _layer("Dense", units=(_FEATURES,), activation=("relu", "tanh", None)),
    "LSTM": _layer(
        "LSTM", units=(_FEATURES,), return_sequences=(True,), go_backwards=(False, True)
    ),
    "Masking": _layer("Masking", mask_value=(0.0, 1.0)),
    "LayerNormalization": _layer("LayerNormalization", epsilon=(0.001, 0.1)),
    "Add": _merge("Add"),
    "Subtract": _merge("Subtract"),
    "Maximum": _merge("Maximum"),
    "Attention": Kind(2, {"masks": ("none", "same", "crossed")}, _attended),
}


def random_graph(random: Random, size: int) -> Graph:
    """A graph of so many steps; a layer may be called again."""
    steps: list[Step] = []
    for place in range(_INPUTS, _INPUTS + size):
        name = random.choice(list(KINDS))
        kind = KINDS[name]
        recent = range(max(0, place - 4), place)
        inputs = tuple(random.choice(recent) for _ in range(kind.arity))
        settings = {key: random.choice(values) for key, values in kind.settings.items()}
        again = [
            other
            for other, step in enumerate(steps, _INPUTS)
            if step.kind == name and "shared" not in step.settings
        ]
        if kind.is_layer and again and random.random() < 0.5:
            settings = {"shared": random.choice(again)}
        steps.append(Step(name, inputs, settings))
    return tuple(steps)


def changed(graph: Graph, random: Random) -> tuple[Graph, str]:
    """The same graph with one thing changed, and what that was."""
    places = list(range(len(graph)))
    while True:
        place = random.choice(places)
        step = graph[place]
        kind = KINDS[step.kind]
        what = random.choice(("setting", "order", "edge", "kind", "shared"))
        new = step
        if what == "setting" and "shared" not in step.settings and kind.settings:
            key = random.choice(list(kind.settings))
            new = replace(step, settings=step.settings | {key: random.choice(kind.settings[key])})
        elif what == "order" and kind.arity == 2:
            new = replace(step, inputs=step.inputs[::-1])
        elif what == "edge":
            at = random.randrange(kind.arity)
            edges = list(step.inputs)
            edges[at] = random.randrange(_INPUTS + place)
            new = replace(step, inputs=tuple(edges))
        elif what == "kind" and not kind.settings:
            like = [
                name
                for name, other in KINDS.items()
                if not other.settings and other.arity == kind.arity
            ]
            new = replace(step, kind=random.choice(like))
        elif what == "shared" and "shared" in step.settings:
            new = replace(step, settings=graph[step.settings["shared"] - _INPUTS].settings)
        if new != step:
            return (*graph[:place], new, *graph[place + 1 :]), f"{what} of {step.kind}"


def build(keras: ModuleType, graph: Graph, random: Random | None = None) -> Any:
    """The model of a graph; with a source of chance its steps are made in another order."""
    ops = keras.ops if hasattr(keras, "ops") else _TensorFlow()
    tensors = {place: keras.Input(_SHAPE, name="ab"[place]) for place in range(_INPUTS)}
    made: dict[int, Callable[..., Any]] = {}
    waiting = list(range(_INPUTS, _INPUTS + len(graph)))
    while waiting:
        ready = [
            place
            for place in waiting
            if all(source in tensors for source in graph[place - _INPUTS].inputs)
            and graph[place - _INPUTS].settings.get("shared", 0) not in waiting
        ]
        place = random.choice(ready) if random else ready[0]
        step = graph[place - _INPUTS]
        kind = KINDS[step.kind]
        function = made.get(step.settings.get("shared", -1)) or kind.make(keras, ops, step.settings)
        made[place] = function
        tensors[place] = function(*(tensors[source] for source in step.inputs))
        waiting.remove(place)
    last = _INPUTS + len(graph)
    outputs = [tensors[last - 1], tensors[last - 2]]
    return keras.Model([tensors[place] for place in range(_INPUTS)], outputs)


def outputs(model: Any) -> list[Any] | None:
    """What a model makes of fixed inputs with fixed weights; None where it can't be run."""
    noise = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known: dict[int, Any] = {}
        for weight in model.weights:
            # By shape and place alone: equal graphs get equal weights.
            known[id(weight)] = noise.normal(size=tuple(weight.shape)).astype("float32") * 0.3
        model.set_weights(list(known.values()))
        given = [noise.normal(size=(2, *_SHAPE)).astype("float32") for _ in range(_INPUTS)]
        given[0][:, 2:] = 0
        try:
            made = model.predict_on_batch(given)
        except Exception:
            return None
    return [np.asarray(one) for one in made]


def differ(one: list[Any], other: list[Any]) -> bool:
    """Whether outputs differ."""
    return any(
        a.shape != b.shape or not np.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True)
        for a, b in zip(one, other, strict=True)
    )


def judge(keras: ModuleType, seed: int) -> str:
    """``miss``, ``alarm``, ``seen``, ``equal`` or ``not run``, and of a fault what was changed."""
    random = Random(seed)
    graph = random_graph(random, random.randint(3, 12))
    other, what = changed(graph, random)
    try:
        models = [build(keras, graph), build(keras, graph, Random(seed)), build(keras, other)]
    except Exception as error:  # Keras takes no such graph
        return f"not built: {type(error).__name__}"
    one, again, new = map(layer_table, models)
    if compare(one, again):
        return f"alarm: rebuilt (seed {seed})"
    if compare(one, new):
        return "seen"
    first, second = outputs(models[0]), outputs(models[2])
    if first is None or second is None:
        return "not run"
    return f"miss: {what} (seed {seed})" if differ(first, second) else "equal numbers"


def main() -> None:
    """Count misses and alarms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    import keras

    # clear_session() collects garbage: most of the time would go to what was imported.
    gc.freeze()
    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in range(options.seed * 1_000_000, options.seed * 1_000_000 + options.count):
        with contextlib.suppress(AttributeError):
            keras.backend.clear_session()
        verdict = judge(keras, seed)
        kind = verdict.partition(":")[0]
        counts[kind] += 1
        if kind in ("miss", "alarm"):
            print(verdict, flush=True)
        elif kind == "not built":
            counts[verdict] += 1
    print(dict(counts), f"{time.perf_counter() - started:.0f} s")
    sys.exit(bool(counts["miss"] or counts["alarm"]))


if __name__ == "__main__":
    main()
