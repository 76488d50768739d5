"""Values of all kinds that people give to their layers: drawn as plain data, then made anew each time.

What is drawn is the truth: values made of equal data are equal, and values made of other data differ.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import importlib
import operator
import pathlib
import re
import types
import typing
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np


@dataclasses.dataclass
class Plain:
    """A setting with two fields."""

    rate: float
    name: str = "a"


@dataclasses.dataclass(frozen=True)
class Frozen:
    """A setting that holds another one."""

    inner: Plain
    sizes: tuple[int, ...] = ()


class Slotted:
    """Settings without a dictionary, one of them private."""

    __slots__ = ("_kept", "size")

    def __init__(self, size: int, kept: float) -> None:
        """Keep both."""
        self.size, self._kept = size, kept

    @property
    def kept(self) -> float:
        """Fails, as properties may."""
        raise RuntimeError("not now")


class Point(typing.NamedTuple):
    """A named tuple."""

    x: int
    y: float


class Mode(enum.Enum):
    """Members whose values are objects."""

    FAST = 1.5
    SLOW = "s"
    SAFE = (1, 2)


class Level(enum.IntEnum):
    """Members that are numbers."""

    LOW = 101
    HIGH = 103


class Way(enum.Flag):
    """Members that are put together."""

    LEFT = 1
    RIGHT = 2
    UP = 4


class Scaled:
    """An object that is called, and has methods."""

    def __init__(self, factor: float) -> None:
        """Keep what it multiplies by."""
        self.factor = factor

    def __call__(self, x: Any) -> Any:
        """What it is multiplied by."""
        return x * self.factor

    def shifted(self, x: Any) -> Any:
        """A method that uses what the object holds."""
        return x + self.factor

    @classmethod
    def named(cls, x: Any) -> Any:
        """A method of the class."""
        return x


class Guarded:
    """An object that hides behind its attributes, its texts and its comparisons."""

    def __init__(self, number: int) -> None:
        """Keep the number."""
        self.number = number

    @property
    def shape(self) -> Any:
        """What arrays have."""
        raise ValueError("no shape")

    def __getattr__(self, name: str) -> Any:
        raise KeyError(name)

    def __eq__(self, other: object) -> bool:
        raise TypeError("not comparable")

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        raise RuntimeError("no text")


class Ringed:
    """An object that holds itself."""

    def __init__(self, number: int) -> None:
        """Keep the number."""
        self.number, self.itself = number, self


def double(x: Any, by: float = 2.0) -> Any:
    """A function of this module."""
    return x * by


def _with_captured(number: float) -> Callable[[Any], Any]:
    return lambda x: x + number


def _inner_function(number: float) -> Callable[[Any], Any]:
    table = {"a": [number]}

    def inner(x: Any) -> Any:
        return x * table["a"][0]

    return inner


def _jitted(number: float) -> Callable[[Any], Any]:
    """A function that the backend compiles."""
    import keras

    backend = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"
    function = _with_captured(number)
    compilers = {"tensorflow": "function", "jax": "jit", "torch": "compile"}
    compiler = getattr(importlib.import_module(backend), compilers[backend])
    compiled: Callable[[Any], Any] = compiler(function)
    return compiled


@dataclass(frozen=True)
class Kind:
    """A kind of values.

    Args:
        draw: draws the data of one.
        make: makes it of that data.
    """

    draw: Callable[[Random], Any]
    make: Callable[[Any], Any]


_FLOATS = (-1.5, 0.25, 0.1, 1e-3, 2.5, 3.75, float("inf"), 1e300)
_WORDS = ("relu", "same", "a b", "é", 'q"', "dense_1", "=1+1", "", "None", "0.5", "a,b\nc")


def _number(random: Random) -> float:
    return random.choice((0.5, 1.5, 2.5, -0.25, 3.0))


def _words(random: Random) -> str:
    return random.choice(_WORDS)


def _sizes(start: int) -> Callable[[Random], tuple[int, ...]]:
    return lambda random: tuple(random.sample(range(start, start + 9), random.randint(1, 3)))


PLAIN: dict[str, Kind] = {
    "int": Kind(lambda random: random.randint(-9, 2**40), int),
    "bool": Kind(lambda random: random.random() < 0.5, bool),
    "float": Kind(lambda random: random.choice(_FLOATS), float),
    "str": Kind(_words, str),
    "None": Kind(lambda random: random.choice((None, "some")), lambda data: data),
    "bytes": Kind(lambda random: bytes(random.sample(range(256), 3)), bytes),
    "complex": Kind(lambda random: (_number(random), _number(random)), lambda data: complex(*data)),
    "numpy number": Kind(lambda random: random.choice((0.75, 1.25)), np.float32),
    "ellipsis or slice": Kind(
        lambda random: random.choice((None, 1, 3)), lambda data: slice(data, None) if data else ...
    ),
    "range": Kind(lambda random: (random.randint(0, 3), random.randint(4, 9)), lambda d: range(*d)),
    "Fraction": Kind(lambda random: random.randint(2, 9), lambda data: fractions.Fraction(1, data)),
    "Decimal": Kind(lambda random: random.randint(1, 99), lambda d: decimal.Decimal(d) / 100),
    "Enum": Kind(lambda random: random.choice(list(Mode.__members__)), Mode.__getitem__),
    "IntEnum": Kind(lambda random: random.choice(list(Level.__members__)), Level.__getitem__),
    "Flag": Kind(lambda random: random.randint(0, 7), Way),
    "path": Kind(lambda random: f"weights/{random.randint(1, 99)}.h5", pathlib.Path),
    "date": Kind(lambda random: random.randint(1, 28), lambda data: datetime.date(2020, 2, data)),
    "datetime": Kind(
        lambda random: random.randint(1, 28),
        lambda data: datetime.datetime(2020, 2, data, tzinfo=datetime.timezone.utc),
    ),
    "timedelta": Kind(lambda random: random.randint(1, 99), lambda d: datetime.timedelta(hours=d)),
    "regex": Kind(
        lambda random: (random.choice(("a+", r"\d", "<.>")), random.choice((0, re.I))),
        lambda data: re.compile(*data),
    ),
    "UUID": Kind(lambda random: random.randint(1, 2**90), lambda data: uuid.UUID(int=data)),
    "dtype": Kind(lambda random: random.choice(("int8", "float64", "bool")), np.dtype),
    "array": Kind(_sizes(10), lambda data: np.asarray(data, "int16")),
    "long array": Kind(
        lambda random: random.randint(0, 99),
        lambda data: np.where(np.arange(100) == data, 7, 0).astype("float32"),
    ),
    "Plain": Kind(lambda random: (_number(random), _words(random)), lambda data: Plain(*data)),
    "Frozen": Kind(
        lambda random: (_number(random), _sizes(0)(random)),
        lambda data: Frozen(Plain(data[0]), data[1]),
    ),
    "NamedTuple": Kind(lambda r: (r.randint(0, 9), _number(r)), lambda data: Point(*data)),
    "Slotted": Kind(lambda random: (2, _number(random)), lambda data: Slotted(*data)),
    "namespace": Kind(_number, lambda data: types.SimpleNamespace(rate=data)),
    "Guarded": Kind(lambda random: random.randint(0, 9), Guarded),
    "Ringed": Kind(lambda random: random.randint(0, 9), Ringed),
    "class": Kind(
        lambda random: random.choice(("Plain", "Frozen", "Scaled")), lambda data: globals()[data]
    ),
    "itemgetter": Kind(lambda random: random.randint(0, 9), lambda d: operator.itemgetter(d)),
    "OrderedDict": Kind(_number, lambda data: collections.OrderedDict(b=1, a=data)),
    "deque": Kind(_sizes(20), lambda data: collections.deque(data, maxlen=5)),
    "defaultdict": Kind(_number, lambda data: collections.defaultdict(list, {"a": [data]})),
    "proxy": Kind(_number, lambda data: types.MappingProxyType({"a": data})),
    "Counter": Kind(lambda random: "ab" * random.randint(1, 9) + "c", collections.Counter),
}

CALLED: dict[str, Kind] = {
    "object": Kind(_number, Scaled),
    "bound method": Kind(_number, lambda data: Scaled(data).shifted),
    "bound call": Kind(_number, lambda data: Scaled(data).__call__),
    "partial": Kind(_number, lambda data: functools.partial(double, by=data)),
    "partial of a method": Kind(_number, lambda data: functools.partial(Scaled(data).shifted)),
    "lambda": Kind(_number, _with_captured),
    "function": Kind(_number, _inner_function),
    "jitted": Kind(_number, _jitted),
    "cached": Kind(_number, lambda data: functools.lru_cache(_with_captured(data))),
}


def _of(names: list[str], random: Random) -> tuple[str, Any]:
    name = random.choice(names)
    return name, PLAIN[name].draw(random)


def _made(data: tuple[str, Any]) -> Any:
    name, inner = data
    return PLAIN[name].make(inner)


def _several(names: list[str]) -> Callable[[Random], Any]:
    return lambda random: tuple(_of(names, random) for _ in range(random.randint(1, 3)))


_ALL = list(PLAIN)
_KEYS: list[Any] = [
    *("a", "rate", "class_name", "config", "name", "items", "1"),
    *(1, 2.5, None, (1, 2), Mode.FAST),
]


def _mapping(random: Random) -> Any:
    keys = random.sample(_KEYS, random.randint(1, 4))
    return tuple((key, _of(_ALL, random)) for key in sorted(keys, key=repr))


CONTAINERS: dict[str, Kind] = {
    "list": Kind(_several(_ALL), lambda data: list(map(_made, data))),
    "tuple": Kind(_several(_ALL), lambda data: tuple(map(_made, data))),
    "set": Kind(
        lambda random: tuple(sorted(random.sample(_WORDS, random.randint(1, 4)))),
        lambda data: {*data},
    ),
    "set of members": Kind(
        lambda random: tuple(sorted(random.sample(list(Mode.__members__), random.randint(1, 3)))),
        lambda data: frozenset(map(Mode.__getitem__, data)),
    ),
    "dict": Kind(_mapping, lambda data: {key: _made(item) for key, item in data}),
    "nested dict": Kind(
        lambda random: (random.choice(("a", "class_name", "config")), _mapping(random)),
        lambda data: {
            "outer": [{data[0]: {key: _made(item) for key, item in data[1]}}],
            "class_name": "Thing",
        },
    ),
}

KINDS = PLAIN | CALLED | CONTAINERS


def two(kind: Kind, random: Random) -> tuple[Any, Any]:
    """The data of two values of one kind that differ."""
    one = kind.draw(random)
    for _ in range(1000):
        if (other := kind.draw(random)) != one:
            return one, other
    raise AssertionError("a kind with one value")
