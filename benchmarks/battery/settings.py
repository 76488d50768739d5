"""Settings of all kinds in all the places where people put them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import ModuleType
from typing import Any

from benchmarks.battery import values
from benchmarks.battery.cases import Case

#: Makes a model in which a value is the setting of the name.
Place = Callable[[ModuleType, str, Any], Any]

#: Names of settings, nearly all of which Keras uses for something itself.
NAMES = (
    "rate", "dynamic", "module", "training", "history", "loss", "optimizer",
    "registered_name", "build_config", "shared_object_id", "class_name", "config", "arguments",
    "axis", "units", "activation", "data_format", "groups", "seed", "rng_type", "function",
    "steps_per_execution", "compiled", "jit_compile", "states", "layer", "cell",
    "inbound_nodes", "epsilon", "mode", "implementation", "time_major", "ragged", "sparse",
)  # fmt: skip


def _around(keras: ModuleType, layer: Any) -> Any:
    given = keras.Input((4,), name="given")
    return keras.Model(given, layer(given), name="net")


def in_config(keras: ModuleType, name: str, value: Any) -> Any:
    """A layer that says its setting in its config."""

    class Said(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self._said = value

        def call(self, x: Any) -> Any:
            return x * 1.0

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), name: self._said}

    return _around(keras, Said(name="subject"))


def in_attribute(keras: ModuleType, name: str, value: Any) -> Any:
    """A layer without a config that keeps its setting in an attribute."""

    known = {"Layer": keras.layers.Layer}
    exec(
        "def __init__(self, setting, **kwargs):\n"
        "    Layer.__init__(self, **kwargs)\n"
        f"    self.{name} = setting\n",
        known,
    )

    class Kept(keras.layers.Layer):  # type: ignore[misc,name-defined]
        __init__ = known["__init__"]

        def call(self, x: Any) -> Any:
            return x * 1.0

    return _around(keras, Kept(value, name="subject"))


def in_argument(keras: ModuleType, name: str, value: Any) -> Any:
    """A layer without a config whose constructor takes the setting and keeps it under its name."""

    class Given(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self._setting = setting

        def call(self, x: Any) -> Any:
            return x * 1.0

    return _around(keras, Given(value, name="subject"))


def in_subclass(keras: ModuleType, name: str, value: Any) -> Any:
    """A Dense of somebody, who added a setting and no config."""

    class Mine(keras.layers.Dense):  # type: ignore[misc,name-defined]
        def __init__(self, units: int, extra: Any, **kwargs: Any) -> None:
            super().__init__(units, **kwargs)
            self.extra = extra

    return _around(keras, Mine(3, value, name="subject"))


def in_subclass_config(keras: ModuleType, name: str, value: Any) -> Any:
    """A Dense of somebody, who added a setting to the config."""

    class Mine(keras.layers.Dense):  # type: ignore[misc,name-defined]
        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), f"my_{name}": value}

    return _around(keras, Mine(3, name="subject"))


def in_inner_layer(keras: ModuleType, name: str, value: Any) -> Any:
    """A layer in a layer."""

    class Inner(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.setting = setting
            self.dense = keras.layers.Dense(4)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    class Outer(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.inner = Inner(value, name="subject")

        def call(self, x: Any) -> Any:
            return self.inner(x)

    return _around(keras, Outer(name="outer"))


def in_wrapped(keras: ModuleType, name: str, value: Any) -> Any:
    """A layer in one of Keras' wrappers."""

    class Inner(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.setting = setting

        def call(self, x: Any) -> Any:
            return x * 1.0

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    given = keras.Input((2, 4), name="given")
    wrapped = keras.layers.TimeDistributed(Inner(value, name="inner"), name="subject")
    return keras.Model(given, wrapped(given), name="net")


def in_object(keras: ModuleType, name: str, value: Any) -> Any:
    """An initializer without a config."""

    class Started(keras.initializers.Initializer):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any) -> None:
            self.setting = setting

        def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
            return keras.initializers.Zeros()(shape, dtype)

    layer = keras.layers.Dense(3, kernel_initializer=Started(value), name="subject")
    return _around(keras, layer)


def in_constraint(keras: ModuleType, name: str, value: Any) -> Any:
    """A constraint without a config."""

    class Held(keras.constraints.Constraint):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any) -> None:
            self._setting = setting

        def __call__(self, weight: Any) -> Any:
            return weight

    return _around(keras, keras.layers.Dense(3, bias_constraint=Held(value), name="subject"))


def in_regularizer(keras: ModuleType, name: str, value: Any) -> Any:
    """A regularizer that says its setting in its config."""

    class Punished(keras.regularizers.Regularizer):  # type: ignore[misc,name-defined]
        def __call__(self, weight: Any) -> Any:
            return 0.0

        def get_config(self) -> dict[str, Any]:
            return {name: value}

    layer = keras.layers.Dense(3, kernel_regularizer=Punished(), name="subject")
    return _around(keras, layer)


def in_model(keras: ModuleType, name: str, value: Any) -> Any:
    """A subclassed model."""

    class Net(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__(**kwargs)
            self.setting = setting
            self.dense = keras.layers.Dense(3)

        def call(self, x: Any) -> Any:
            return self.dense(x)

    model = Net(value, name="subject")
    model(keras.Input((4,)))
    return model


def in_functional(keras: ModuleType, name: str, value: Any) -> Any:
    """A subclass of a functional model."""

    class Net(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            given = keras.Input((4,))
            super().__init__(given, keras.layers.Dense(3)(given), **kwargs)
            self.setting = setting

    return Net(value, name="subject")


def in_sequential(keras: ModuleType, name: str, value: Any) -> Any:
    """A subclass of Sequential, in another model."""

    class Net(keras.Sequential):  # type: ignore[misc,name-defined]
        def __init__(self, setting: Any, **kwargs: Any) -> None:
            super().__init__([keras.layers.Dense(3)], **kwargs)
            self.setting = setting

    return _around(keras, Net(value, name="subject"))


def in_model_config(keras: ModuleType, name: str, value: Any) -> Any:
    """A subclass of a functional model that says its setting in its config."""

    class Net(keras.Model):  # type: ignore[misc,name-defined]
        def __init__(self, **kwargs: Any) -> None:
            given = keras.Input((4,))
            super().__init__(given, keras.layers.Dense(3)(given), **kwargs)

        def get_config(self) -> dict[str, Any]:
            return {f"my_{name}": value}

    return _around(keras, Net(name="subject"))


def in_captured(keras: ModuleType, name: str, value: Any) -> Any:
    """What a lambda took from outside."""

    def function(x: Any) -> Any:
        return x * 1.0 if value is not None else x

    layer = keras.layers.Lambda(function, output_shape=(4,), name="subject")
    return _around(keras, layer)


def in_arguments(keras: ModuleType, name: str, value: Any) -> Any:
    """What a Lambda passes to its function."""
    layer = keras.layers.Lambda(
        lambda x, **kwargs: x * 1.0, output_shape=(4,), arguments={name: value}, name="subject"
    )
    return _around(keras, layer)


def in_call(keras: ModuleType, name: str, value: Any) -> Any:
    """An argument of a call."""

    class Told(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any, how: Any = "as usual") -> Any:
            return x * 1.0

    given = keras.Input((4,), name="given")
    return keras.Model(given, Told(name="subject")(given, how=value), name="net")


PLACES: dict[str, Place] = {
    "config": in_config,
    "attribute": in_attribute,
    "argument": in_argument,
    "subclass": in_subclass,
    "subclass config": in_subclass_config,
    "inner layer": in_inner_layer,
    "wrapped": in_wrapped,
    "initializer": in_object,
    "constraint": in_constraint,
    "regularizer": in_regularizer,
    "model": in_model,
    "functional": in_functional,
    "sequential": in_sequential,
    "model config": in_model_config,
    "captured": in_captured,
    "arguments": in_arguments,
    "call": in_call,
}


def draw_setting(random: Random) -> Case:
    """A setting that changes, or does not."""
    where = random.choice(list(PLACES))
    # Keras itself sorts the keys of dictionaries that calls are given.
    kinds = values.PLAIN | values.CALLED if where == "call" else values.KINDS
    what = random.choice(list(kinds))
    name = random.choice(NAMES)
    place, kind = PLACES[where], values.KINDS[what]
    one, other = values.two(kind, random)
    differs = random.random() < 0.7
    return Case(
        kind=f"{what} in {where} as {name}",
        one=lambda keras: place(keras, name, kind.make(one)),
        other=lambda keras: place(keras, name, kind.make(other if differs else one)),
        differs=differs,
        # A model without settings has no row.
        category=None if where in ("call", "model", "functional") else "config",
    )


def draw_called(random: Random) -> Case:
    """A function that a Lambda layer computes."""
    what = random.choice([name for name in values.CALLED if name != "cached"])
    kind = values.CALLED[what]
    one, other = values.two(kind, random)
    differs = random.random() < 0.7

    def build(data: Any) -> Callable[[ModuleType], Any]:
        return lambda keras: _around(
            keras, keras.layers.Lambda(kind.make(data), output_shape=(4,), name="subject")
        )

    return Case(
        kind=f"{what} called",
        one=build(one),
        other=build(other if differs else one),
        differs=differs,
        numbers=what != "jitted",
    )
