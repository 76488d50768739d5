"""Settings that Keras' own layers take and their configs leave out, and whether tables have them.

Each argument of a constructor that is no key of the config is given one value after another. Where two
layers keep them and their configs are the same, the setting is one that the config leaves out.

python benchmarks/unsaved_settings.py
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap.extract import canonical, dtypes
from pytest_layersnap.extract.contract import reader_of

#: What is given for arguments without a default, by their names.
_NEEDED: dict[str, Any] = {
    "activation": "relu",
    "axes": 1,
    "cropping": 1,
    "data_range": 1,
    "dims": (2, 1),
    "equation": "ab,bc->ac",
    "factor": 0.5,
    "filters": 2,
    "function": abs,
    "head_dim": 2,
    "height": 4,
    "hidden_dim": 2,
    "input_dim": 4,
    "key_dim": 2,
    "kernel_size": 2,
    "max_number": 3,
    "n": 2,
    "num_bins": 3,
    "num_heads": 2,
    "num_key_value_heads": 2,
    "num_query_heads": 2,
    "num_tokens": 3,
    "output_dim": 3,
    "output_shape": (3,),
    "output_size": 2,
    "rate": 0.5,
    "scale": 2.0,
    "shape": (3,),
    "stddev": 0.5,
    "target_shape": (-1,),
    "units": 3,
    "width": 4,
}

#: What arguments of any name are given, beside what follows from their default.
_VALUES: tuple[Any, ...] = (
    *(True, 1, 2, 3, 7, 0.25, 0.5, (1, 2), (2, 1), (0.2, 0.4), (-0.4, 0.2)),
    *(
        "channels_first",
        "channels_last",
        "valid",
        "same",
        "relu",
        "tanh",
        "zeros",
        "ones",
        "l1",
        "l2",
    ),
    *(
        "int",
        "count",
        "one_hot",
        "multi_hot",
        "nearest",
        "bilinear",
        "reflect",
        "constant",
        "non_neg",
    ),
    *(
        "hann",
        "hamming",
        "max_norm",
        "sum",
        "mul",
        "float32",
        "float16",
        ["a", "b"],
        [1, 2],
        [0.5, 1.0],
    ),
)

#: What the table has in columns, and what is kept of the call to the constructor itself.
_COLUMNS = frozenset({"name", "trainable", "dtype", "dynamic", "weights", "auto_config"})

#: How a layer computes what it computes: another program of the same result.
_PROGRAMS = frozenset({"flash_attention", "use_cudnn", "implementation"})

#: What the constructor of every layer takes, whether or not its signature names it.
_OF_ALL: dict[str, tuple[Any, ...]] = {
    "activity_regularizer": ("l1", "l2"),
    "autocast": (True, False),
}


#: What has to be given beside an argument that means nothing alone.
_BESIDE: dict[str, dict[str, Any]] = {
    "batch_size": {"input_shape": (3,)},
    "lora_alpha": {"lora_rank": 2},
}


@dataclass(frozen=True)
class Setting:
    """An argument of a layer's constructor that configs leave out.

    Attributes:
        layer: the class.
        name: the argument.
        values: two values that the layer keeps and the config does not tell apart.
        read: whether tables tell them apart.
    """

    layer: str
    name: str
    values: tuple[Any, Any]
    read: bool


def layers(keras: ModuleType) -> Iterator[Any]:
    """Keras' own classes of layers that can be made, each once."""
    found: dict[Any, None] = {}
    for name in dir(keras.layers):
        kind = getattr(keras.layers, name)
        if inspect.isclass(kind) and issubclass(kind, keras.layers.Layer):
            found[kind] = None
    yield from found


def needed(keras: ModuleType, kind: Any) -> dict[str, Any] | None:
    """What the constructor has to be given; None where nobody knows."""
    layers = keras.layers
    known = {
        **_NEEDED,
        "cell": layers.LSTMCell(3),
        "cells": [layers.LSTMCell(3), layers.LSTMCell(2)],
        "layer": (layers.LSTM if kind.__name__ == "Bidirectional" else layers.Dense)(3),
    }
    parameters = _parameters(kind)
    without_default = [name for name, one in parameters.items() if one.default is one.empty]
    for names in (
        without_default,
        [*without_default, *(name for name in parameters if name in known)],
    ):
        if not known.keys() >= set(names):
            continue
        given = {name: known[name] for name in names}
        try:
            kind(**given).get_config()
        except Exception:
            continue
        return given
    return None


def _parameters(kind: Any) -> dict[str, inspect.Parameter]:
    found = inspect.signature(kind.__init__).parameters.values()
    return {
        one.name: one
        for one in list(found)[1:]
        if one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    }


def unsaved(keras: ModuleType, kind: Any) -> Iterator[Setting]:
    """The settings of a class of layers that its configs leave out."""
    if (given := needed(keras, kind)) is None:
        return
    usual = kind(**given)
    once, again = state(usual), state(kind(**given))
    by_chance = {key for key in once.keys() | again.keys() if once.get(key) != again.get(key)}
    for name in sorted(
        {*_parameters(kind), *_OF_ALL} - _COLUMNS - _PROGRAMS - usual.get_config().keys()
    ):
        known: list[tuple[Any, Any, dict[str, Any], dict[str, Any]]] = []
        for value, layer in _made(kind, given, name):
            kept = {key: item for key, item in state(layer).items() if key not in by_chance}
            config = _config(layer)
            alike = [
                one
                for one in known
                if state(one[0]) != state(value) and one[3] == config and one[2] != kept
            ]
            if alike:
                read = _told(layer) != _told(alike[0][1])
                yield Setting(kind.__name__, name, (alike[0][0], value), read)
                break
            known.append((value, layer, kept, config))


def _told(layer: Any) -> tuple[dict[str, Any], bool]:
    """What a row says of a layer, as far as it is no column."""
    return canonical.attributes_of(layer), dtypes.is_uncast(reader_of(layer), layer)


def _made(kind: Any, given: Mapping[str, Any], name: str) -> Iterator[tuple[Any, Any]]:
    parameter = _parameters(kind).get(name)
    values = _OF_ALL.get(name, _VALUES)
    default = None if parameter is None else parameter.default
    if isinstance(default, bool):
        values = (True, False)
    elif isinstance(default, (int, float)):
        values = (default, default * 2, *values)
    for value in values:
        try:
            layer = kind(**{**given, **_BESIDE.get(name, {}), name: value})
            layer.get_config()
        except Exception:
            continue
        yield value, layer


def _config(layer: Any) -> dict[str, Any]:
    return state({key: item for key, item in layer.get_config().items() if key not in _COLUMNS})


def state(item: Any, path: str = "", depth: int = 4) -> dict[str, Any]:
    """What an object keeps, as far as it is plain, at any depth, by its place; nothing of names."""
    if isinstance(item, (list, tuple)):
        item = dict(enumerate(item))
    elif depth and type(item).__module__.startswith(("keras", "tf_keras")):
        item, depth = getattr(item, "__dict__", {}), depth - 1
    if not isinstance(item, Mapping):
        plain = item is None or isinstance(item, (bool, int, float, str))
        return {path: item if plain else type(item).__name__}
    found: dict[str, Any] = {}
    for key, one in item.items():
        if str(key).strip("_") not in _COLUMNS:
            found |= state(one, f"{path}/{key}", depth)
    return found


def main() -> None:
    """Go through all layers of the Keras in use."""
    warnings.simplefilter("ignore")
    import keras

    unread = 0
    for kind in layers(keras):
        if sys.argv[1:] and kind.__name__ not in sys.argv[1:]:
            continue
        if needed(keras, kind) is None:
            print("not made", kind.__name__)
            continue
        for setting in unsaved(keras, kind):
            unread += not setting.read
            print(setting)
    sys.exit(bool(unread))


if __name__ == "__main__":
    main()
