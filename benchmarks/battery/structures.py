"""Dtypes at each depth, weights that are frozen or tied, names and constants."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.battery.cases import Case

#: What dtypes policies may have.
_DTYPES = ("float32", "float16", "bfloat16", "float64", "mixed_float16", "mixed_bfloat16")

# --- dtypes ---------------------------------------------------------------------------------------


def _nest(keras: ModuleType, where: str, dtypes: tuple[Any, Any]) -> Any:
    """A layer in another one, each with its dtype; None where nobody gives one."""
    layers = keras.layers
    outer, inner = ({} if dtype is None else {"dtype": dtype} for dtype in dtypes)
    given = keras.Input((2, 3), name="given")
    if where == "TimeDistributed":
        layer = layers.TimeDistributed(layers.Dense(3, **inner), name="subject", **outer)
    elif where == "Bidirectional":
        layer = layers.Bidirectional(
            layers.LSTM(2, recurrent_initializer="zeros", **inner), name="subject", **outer
        )
    elif where == "RNN":
        cell = layers.GRUCell(2, recurrent_initializer="zeros", **inner)
        layer = layers.RNN(cell, name="subject", **outer)
    elif where == "StackedRNNCells":
        # PyTorch has no orthogonal matrices of half precision.
        second = layers.GRUCell(2, recurrent_initializer="zeros", name="second", **inner)
        cells = [layers.GRUCell(2, name="first"), second]
        layer = layers.RNN(cells, name="subject", **outer)
    elif where == "SpectralNormalization":
        layer = layers.SpectralNormalization(layers.Dense(3, **inner), name="subject", **outer)
    else:

        class Own(keras.layers.Layer):  # type: ignore[misc,name-defined]
            def __init__(self, **kwargs: Any) -> None:
                super().__init__(**kwargs)
                self.inner = layers.Dense(3, name="subject", **inner)

            def call(self, x: Any) -> Any:
                return self.inner(x)

        layer = Own(name="own")
    return keras.Model(given, layer(given), name="net")


_NESTS = (
    "TimeDistributed",
    "Bidirectional",
    "RNN",
    "StackedRNNCells",
    "SpectralNormalization",
    "own",
)


def draw_dtype(random: Random) -> Case:
    """The dtype of an inner layer that changes; or one that is said, and usual."""
    where = random.choice(_NESTS)
    one, other = random.sample(_DTYPES, 2)
    dtypes: list[tuple[str | None, str | None]]
    if differs := random.random() < 0.7:
        dtypes = [("float32", one), ("float32", other)]
    else:
        dtypes = [(None, None), ("float32", random.choice((None, "float32")))]
    return Case(
        kind=f"dtypes {dtypes} in {where}",
        one=lambda keras: _nest(keras, where, dtypes[0]),
        other=lambda keras: _nest(keras, where, dtypes[1]),
        differs=differs,
        layer=None,
        category=None,
    )


# --- weights that are frozen or tied --------------------------------------------------------------


def _own_layer(keras: ModuleType, name: str) -> Any:
    class Three(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def build(self, shape: Any) -> None:
            for place in range(3):
                self.add_weight(name=f"w{place}", shape=(4,), initializer="ones")
            super().build(shape)

        def call(self, x: Any) -> Any:
            return x * self.weights[0]

    return Three(name=name)


def _freezing(keras: ModuleType, kind: str, frozen: tuple[int, ...]) -> Any:
    """A layer whose weights of these places are frozen one by one."""
    layers = keras.layers
    given = keras.Input((4, 4), name="given")
    made: dict[str, Callable[[], Any]] = {
        "BatchNormalization": lambda: layers.BatchNormalization(name="subject"),
        "LayerNormalization": lambda: layers.LayerNormalization(name="subject"),
        "Dense": lambda: layers.Dense(4, name="subject"),
        "LSTM": lambda: layers.LSTM(4, name="subject"),
        "Bidirectional": lambda: layers.Bidirectional(layers.GRU(2), name="subject"),
        "own": lambda: _own_layer(keras, "subject"),
    }
    layer = made[kind]()
    model = keras.Model(given, layer(given), name="net")
    for place in frozen:
        layer.weights[place].trainable = False
    return model


_TRAINED = {
    "BatchNormalization": 2,
    "LayerNormalization": 2,
    "Dense": 2,
    "LSTM": 3,
    "Bidirectional": 6,
    "own": 3,
}


def draw_frozen_weights(random: Random) -> Case:
    """Which of a layer's weights are frozen; Keras 2 has no flag of a weight."""
    kind = random.choice(list(_TRAINED))
    places = range(_TRAINED[kind])
    one = tuple(sorted(random.sample(places, random.randint(0, len(places)))))
    other = tuple(sorted(random.sample(places, random.randint(0, len(places)))))
    return Case(
        kind=f"frozen {one} and {other} of {kind}",
        one=lambda keras: _freezing(keras, kind, one),
        other=lambda keras: _freezing(keras, kind, other),
        differs=one != other,
        category="trainability",
    )


def _parts(keras: ModuleType) -> dict[str, Any]:
    layers = keras.layers
    return {
        "a": layers.Dense(4, name="a"),
        "b": layers.Bidirectional(layers.GRU(2, return_sequences=True), name="b"),
        "c": keras.Sequential([layers.Dense(4, name="c1"), layers.Dense(4, name="c2")], name="c"),
        "d": layers.BatchNormalization(name="d"),
        "e": _own_layer(keras, "e"),
        "f": layers.TimeDistributed(layers.Dense(4), name="f"),
    }


def _flat(parts: dict[str, Any]) -> dict[str, Any]:
    """All layers whose flags are set, by names."""
    of_c = {layer.name: layer for layer in parts["c"].layers}
    forward, backward = parts["b"].forward_layer, parts["b"].backward_layer
    inner = {"forward": forward, "backward": backward, "in f": parts["f"].layer}
    return {key: part for key, part in parts.items() if key not in "bcf"} | of_c | inner


def _flagged(keras: ModuleType, frozen: frozenset[str], twice: bool) -> Any:
    parts = _parts(keras)
    x = given = keras.Input((4, 4), name="given")
    for part in parts.values():
        x = part(x)
    model = keras.Model(given, x, name="net")
    model.trainable = True
    for name, layer in _flat(parts).items():
        layer.trainable = name not in frozen
    if twice and {"c1", "c2"} <= frozen:
        parts["c"].trainable = False
    return model


def draw_frozen_layers(random: Random) -> Case:
    """Which layers are frozen; a model is frozen with all that it holds."""
    names = ("a", "d", "e", "c1", "c2", "forward", "backward", "in f")
    one = frozenset(random.sample(names, random.randint(0, len(names))))
    other = frozenset(random.sample(names, random.randint(0, len(names))))
    if random.random() < 0.3:
        one = other = one | {"c1", "c2"}
    return Case(
        kind=f"frozen layers {sorted(one)} and {sorted(other)}",
        one=lambda keras: _flagged(keras, one, False),
        other=lambda keras: _flagged(keras, other, True),
        differs=one != other,
        layer=None,
        category="trainability",
    )


def _tied(keras: ModuleType, pairs: tuple[tuple[int, int], ...]) -> Any:
    """Layers of which some take a weight of another: ``(layer, weight)`` is that of the first layer."""

    class Tied(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, of: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self._of = of

        def build(self, shape: Any) -> None:
            self.kernels = []
            for place in range(2):
                weight = self._of.get(place)
                if weight is None:
                    weight = self.add_weight(name=f"k{place}", shape=(4, 4), initializer="ones")
                self.kernels.append(weight)
            self.first, self.second = self.kernels
            super().build(shape)

        def call(self, x: Any) -> Any:
            return x @ self.first @ self.second

    given = keras.Input((4, 4), name="given")
    first = Tied({}, name="layer0")
    x = first(given)
    for number in (1, 2):
        of = {
            place: first.kernels[weight]
            for place, weight in ((at % 2, weight) for at, weight in pairs if at // 2 == number - 1)
        }
        x = Tied(of, name=f"layer{number}")(x)
    return keras.Model(given, x, name="net")


def draw_tied(random: Random) -> Case:
    """Which weights are tied to which."""

    def drawn() -> tuple[tuple[int, int], ...]:
        return tuple((at, random.randint(0, 1)) for at in range(4) if random.random() < 0.5)

    one = drawn()
    other = drawn() if random.random() < 0.8 else one
    return Case(
        kind=f"tied {one} and {other}",
        one=lambda keras: _tied(keras, one),
        other=lambda keras: _tied(keras, other),
        differs=one != other,
        layer=None,
        category=None,
    )


# --- names ----------------------------------------------------------------------------------------

_PATTERNS = ("{}", "{}_relu", "my_{}", "prune_low_magnitude_{}", "x_{}_y", "{}_2_{}")


def _named(
    keras: ModuleType, steps: tuple[tuple[str, str], ...], before: int, attribute: str
) -> Any:
    """Layers without names, and others with names made of those, after so many others were built."""
    layers = keras.layers
    for _ in range(before):
        layers.Dense(2), layers.ReLU()

    class Block(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            setattr(self, attribute, layers.Dense(3, name=f"{self.name}_inner"))

        def call(self, x: Any) -> Any:
            return getattr(self, attribute)(x)

    x = given = keras.Input((3,))
    for place, (kind, pattern) in enumerate(steps):
        layer = Block() if kind == "Block" else getattr(layers, kind)(*[3] * (kind == "Dense"))
        x = layer(x)
        made = pattern.format(layer.name, place)
        x = layers.Activation("relu", name=f"{made}_{place}")(x) if pattern != "{}" else x
    return keras.Model(given, x)


def draw_names(random: Random) -> Case:
    """Names that are made of auto names; one that changes is seen."""
    steps = [
        (random.choice(("Dense", "Dropout", "Block", "ReLU")), random.choice(_PATTERNS))
        for _ in range(random.randint(2, 6))
    ]
    steps = [(kind, pattern) if kind != "Dropout" else ("ReLU", pattern) for kind, pattern in steps]
    others, attributes = list(steps), ["inner", "inner"]
    differs = random.random() < 0.5
    if differs and random.random() < 0.5 and any(kind == "Block" for kind, _ in steps):
        attributes[1] = "another"
    elif differs:
        place = random.randrange(len(steps))
        kind, pattern = steps[place]
        others[place] = kind, random.choice([one for one in _PATTERNS if one != pattern])
    before = random.randint(0, 12)
    return Case(
        kind=f"names {steps} and {others} after {before}",
        one=lambda keras: _named(keras, tuple(steps), 0, attributes[0]),
        other=lambda keras: _named(keras, tuple(others), before, attributes[1]),
        differs=differs,
        layer=None,
        category=None,
    )


# --- constants ------------------------------------------------------------------------------------


def _tensor(keras: ModuleType, data: Any) -> Any:
    return _ops(keras).convert_to_tensor(data)


_CONTAINERS: dict[str, Callable[[ModuleType, Any], Any]] = {
    "list": lambda keras, data: data.tolist(),
    "array": lambda keras, data: data,
    "wide array": lambda keras, data: data.astype(f"{data.dtype.kind}8"),
    "tensor": _tensor,
}


def _take(keras: ModuleType, x: Any, places: Any) -> Any:
    if hasattr(keras, "ops"):
        return keras.ops.take(x, places, axis=1)
    return _ops(keras).gather(x, places, axis=1)


def _operation(name: str) -> Callable[..., Any]:
    return lambda keras, x, constant: getattr(_ops(keras), name)(x, constant)


_OPERATIONS: dict[str, tuple[Callable[..., Any], tuple[str, ...]]] = {
    "plus": (lambda keras, x, constant: x + constant, ("array", "tensor")),
    "add": (_operation("add"), ("array", "tensor")),
    "multiply": (_operation("multiply"), ("array", "tensor")),
    "maximum": (_operation("maximum"), ("array", "tensor")),
    "take": (_take, ("list", "array", "wide array", "tensor")),
}


def _ops(keras: ModuleType) -> Any:
    if hasattr(keras, "ops"):
        return keras.ops
    import tensorflow as tf

    return tf


def _constant(keras: ModuleType, operation: str, container: str, data: Any) -> Any:
    given = keras.Input((70 if operation == "take" else data.size,), name="given")
    compute, _ = _OPERATIONS[operation]
    return keras.Model(given, compute(keras, given, _CONTAINERS[container](keras, data)))


def draw_constant(random: Random) -> Case:
    """A constant of an operation: whatever holds it, its numbers count."""
    operation = random.choice(list(_OPERATIONS))
    containers = random.choices(_OPERATIONS[operation][1], k=2)
    size = random.choice((2, 3, 70))
    kind, drawn, step = (
        ("int32", range(60), 3) if operation == "take" else ("float32", (-1.5, 0.25, 2.0), 8.5)
    )
    numbers = [random.choice(drawn) for _ in range(size)]
    others = list(numbers)
    if differs := random.random() < 0.6:
        others[random.randrange(size)] += step
    one, other = (np.asarray(each, kind) for each in (numbers, others))
    return Case(
        kind=f"{operation} of {containers} of {size}",
        one=lambda keras: _constant(keras, operation, containers[0], one),
        other=lambda keras: _constant(keras, operation, containers[1], other),
        differs=differs,
        layer=None,
        category="config",
        numbers=True,
    )


def _with_weights(keras: ModuleType, owner: str, weight: int) -> Any:
    """A model with an operation on a weight of one of its layers."""
    layers = keras.layers
    x = given = keras.Input((4,), name="given")
    known = {name: layers.Dense(4, name=name) for name in "ab"}
    for layer in known.values():
        x = layer(x)
    return keras.Model(given, x + known[owner].weights[weight], name="net")


def draw_weight(random: Random) -> Case:
    """A weight as a constant: it is known by whose it is, not by its numbers."""
    one, other = ((random.choice("ab"), random.randint(0, 1)) for _ in range(2))
    return Case(
        kind=f"weights {one} and {other} as constants",
        one=lambda keras: _with_weights(keras, *one),
        other=lambda keras: _with_weights(keras, *other),
        differs=one != other,
        layer=None,
        category=None,
    )
