"""Functions by what they do: equal where the code is, told apart where it is not, in every Python."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import fractions
import functools
import json
import linecache
import operator
import os
import re
import shutil
import subprocess
import sys
import types
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_layersnap.extract import canonical
from pytest_layersnap.extract.functions import text

from . import described
from .lambdas import LAMBDAS, PLACES

value = canonical.value


# --- one text in every Python ---------------------------------------------------------------------


@pytest.mark.parametrize("source", described.TEXTS)
def test_the_text_is_the_same_in_every_python(source: str, tmp_path: Path) -> None:
    """The recorded text, with the source and without."""
    found = [value(function) for function in described.functions(source, tmp_path, 0)]
    assert found == [described.TEXTS[source]] * 2


@pytest.mark.parametrize("source", described.READ_FROM_SOURCE)
def test_the_text_of_whole_functions(source: str, tmp_path: Path) -> None:
    """With the source the recorded text; without it a text that says so."""
    found = [value(function) for function in described.functions(source, tmp_path, 0)]
    assert found[0] == described.READ_FROM_SOURCE[source]
    assert "whose code can't be read" in found[1]


@pytest.mark.parametrize(
    "source",
    [
        "def f(x):\n  class A:\n    k = 2\n  return A.k * x",
        "def f(x):\n  if x:\n    return 1\n  y = 2\n  return y",
    ],
)
def test_code_that_is_more_than_is_read(source: str, tmp_path: Path) -> None:
    """Without the source the text says so, and tells constants apart."""
    source_of, without = described.functions(source, tmp_path, 0)
    _, other = described.functions(source.replace("2", "3"), tmp_path, 1)
    assert "whose code can't be read" not in value(source_of)
    assert "whose code can't be read" in value(without)
    assert value(without) != value(other)


def _pythons() -> Iterator[str]:
    """Other Pythons of this machine, one of each release."""
    for minor in {*range(10, 15)} - {sys.version_info[1]}:
        kept = Path.home().glob(f".pyenv/versions/3.{minor}.*/bin/python")
        for path in (shutil.which(f"python3.{minor}"), *sorted(map(str, kept))):
            if path and subprocess.run([path, "-c", ""], capture_output=True).returncode == 0:
                yield path
                break


@pytest.mark.lifecycle
def test_functions_recorded_under_another_python(tmp_path: Path) -> None:
    """What each of them records in a file is checked here: the same lambdas are no drift."""
    current = described.texts(tmp_path)
    for source, (_, without) in current.items():
        assert source in described.READ_FROM_SOURCE or "can't be read" not in without
    file, asked = tmp_path / "recorded.json", 0
    for python in _pythons():
        run = subprocess.run(
            [python, described.__file__, str(file)], capture_output=True, text=True
        )
        assert run.returncode == 0, run.stderr
        asked += 1
        for source, recorded in json.loads(file.read_text(encoding="utf-8")).items():
            both = 1 if source in described.READ_FROM_SOURCE else 2
            assert recorded[:both] == current[source][:both], python
    if not asked:
        pytest.skip("no other Python")


# --- changed, and in other words ------------------------------------------------------------------


def _pairs() -> Iterator[tuple[str, str, bool]]:
    for one, alike, others in LAMBDAS:
        yield from ((one, other, True) for other in (one, *alike))
        yield from ((one, other, False) for other in others)


PAIRS = list(_pairs())


def _settings(function: Any) -> dict[str, Any]:
    """A function in all places in which settings may hold one."""

    def holds(x: Any) -> Any:
        return function(x)

    def by_default(x: Any, called: Any = function) -> Any:
        return called(x)

    def by_name(x: Any, *, called: Any = function) -> Any:
        return called(x)

    return {
        "itself": function,
        "captured": holds,
        "captured by a lambda": lambda x: function(x) + 1,
        "default": by_default,
        "keyword default": by_name,
        "partial": functools.partial(function, 1),
        "given to a partial": functools.partial(map, function),
        "list": [1, function],
        "dict": {"key": {"deep": function}},
        "bound": types.MethodType(function, 3),
        "held": types.SimpleNamespace(function=function),
        "wrapped": functools.lru_cache(function),
        "copied": described.without_source(function),
    }


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Any]:
    """The function ``f`` that a lambda is in a file, at a place in it."""
    return described.written(tmp_path_factory.mktemp("written"))


def test_the_battery_is_large_enough() -> None:
    """At least 200 pairs, of both kinds."""
    same = sum(pair[2] for pair in PAIRS)
    assert len(PAIRS) >= 200
    assert min(same, len(PAIRS) - same) >= 80


def test_functions_are_told_apart_by_what_they_do(written: Callable[[str, str], Any]) -> None:
    """Every pair, each side at another place of a file, in every place where settings may hold it.

    No text holds an address or a path.
    """
    places = cycle(PLACES)
    wrong = []
    for one, other, same in PAIRS:
        first, second = (_settings(written(source, next(places))) for source in (one, other))
        for place in first:
            texts = [canonical.as_json(value(found[place])) for found in (first, second)]
            if (texts[0] == texts[1]) is not same or _OF_A_PROCESS.search(texts[1]):
                wrong.append((place, one, other, texts))
    assert wrong == []


_OF_A_PROCESS = re.compile(r"0x[0-9a-f]{6}|module_|[\\/]tmp")


def test_places_in_a_file_say_nothing(written: Callable[[str, str], Any]) -> None:
    """A lambda is the same wherever it stands."""
    found = {value(written("lambda x: x * 2 + K", place)) for place in PLACES}
    assert found == {"<lambda x: x * 2 + 3>"}


# --- source and code ------------------------------------------------------------------------------


def test_a_file_that_changed_since_is_not_believed(tmp_path: Path) -> None:
    """The code decides; equal code that moved in the file is found again."""
    path = tmp_path / "module.py"
    path.write_text("f = lambda x: [x, x * 2][0] + 1\n", encoding="utf-8")
    known: dict[str, Any] = {"__name__": "module", "__file__": str(path)}
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), known)
    texts = [value(known["f"])]
    for now in ("f = lambda x: x * 3\n", "# more\n\nf = lambda x: [x, x*2][0]+1\n", "f = (\n"):
        path.write_text(now, encoding="utf-8")
        linecache.clearcache()
        text._codes.clear()
        texts.append(value(known["f"]))
    path.unlink()
    text._codes.clear()
    texts.append(value(known["f"]))
    assert set(texts) == {"<lambda x: [x, x * 2][0] + 1>"}


def two(k: float) -> Any:
    """Two functions on one line."""
    return (lambda x: x * k), (lambda x: x + k)


def test_several_on_a_line() -> None:
    """Each is itself, and what it captured is written where it is used."""
    assert list(map(value, two(3.0))) == ["<lambda x: x * 3.0>", "<lambda x: x + 3.0>"]


def test_parameters_given_by_name() -> None:
    """Their names tell; those of others do not."""

    def one(x: Any, k: int, m: int) -> Any:
        return x * k + m

    def swapped(x: Any, m: int, k: int) -> Any:
        return x * m + k

    assert value(one).replace("one", "f") == value(swapped).replace("swapped", "f")
    partials = [functools.partial(function, k=2, m=3) for function in (one, swapped)]
    assert len({value(partial).replace("swapped", "one") for partial in partials}) == 2
    attributes = [
        canonical.attributes("Lambda", {"function": function, "arguments": {"k": 2, "m": 3}})
        for function in (one, swapped)
    ]
    assert len({str(found).replace("swapped", "one") for found in attributes}) == 2


# --- what else can be called ----------------------------------------------------------------------


def recursive(x: Any) -> Any:
    """One that calls itself."""
    return recursive(x - 1) if x else other_way(x)


def other_way(x: Any) -> Any:
    """And another one that calls the first."""
    return recursive(x)


class Scale:
    """An object that is called; one property fails."""

    def __init__(self, k: float) -> None:
        """Hold a setting."""
        self.k = k

    @property
    def fails(self) -> None:
        """Fail."""
        raise RuntimeError

    def __call__(self, x: Any) -> Any:
        """Scale."""
        return x * self.k

    def method(self, x: Any) -> Any:
        """Scale, too."""
        return x * self.k


class Slots(Scale):
    """The same without a dictionary."""

    __slots__ = ("only",)


@dataclasses.dataclass
class Data:
    """Settings."""

    k: float = 1.0


class Mode(enum.Enum):
    """A choice."""

    A = 1.0
    B = 2.0


class Hostile:
    """Nothing can be asked of it."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Scale(1.0), Scale(2.0)),
        (Scale(1.0).method, Scale(2.0).method),
        (Scale(1.0).__call__, Scale(2.0).__call__),
        (Slots(1.0), Slots(2.0)),
        (Data(1.0), Data(2.0)),
        (Mode.A, Mode.B),
        (types.SimpleNamespace(k=1), types.SimpleNamespace(k=2)),
        (range(2), range(3)),
        (fractions.Fraction(1, 2), fractions.Fraction(1, 3)),
        (operator.itemgetter(1), operator.itemgetter(2)),
        (operator.attrgetter("a"), operator.attrgetter("b")),
        (operator.methodcaller("f", 1), operator.methodcaller("f", 2)),
        ("a".join, "b".join),
        (functools.lru_cache(lambda x: x * 2), functools.lru_cache(lambda x: x * 3)),
        (np.vectorize(lambda x: x * 2), np.vectorize(lambda x: x * 3)),
        (np.tanh, np.sinh),
        (np.mean, np.median),
        (recursive, other_way),
        (functools.partial(recursive, 1), functools.partial(recursive, 2)),
        (lambda x: x * np.float32(2), lambda x: x * np.float32(3)),
        ((lambda a: lambda x: x * a)(np.ones(3)), (lambda a: lambda x: x * a)(np.zeros(3))),
        ((lambda a: lambda x: x * a)(np.ones(999)), (lambda a: lambda x: x * a)(np.zeros(999))),
    ],
)
def test_other_callables_and_settings(one: Any, other: Any) -> None:
    """By their settings and by what they call; the same each time, without addresses."""
    texts = [canonical.as_json(value(raw)) for raw in (one, other, one)]
    assert texts[0] == texts[2] != texts[1]
    assert " at 0x" not in texts[0]


def test_nothing_fails() -> None:
    """Whatever is captured has some text."""
    hostile = Hostile()
    for raw in (
        hostile,
        lambda: hostile,
        functools.partial(map, hostile),
        asyncio.sleep,
        open,
        type,
    ):
        assert canonical.as_json(value(raw)) == canonical.as_json(value(raw))


def test_long_functions_end_in_a_digest() -> None:
    """A table holds no pages of code, and the end of long code still tells."""
    texts = [value(eval(f"lambda x: [{'x, ' * 2000} {end}]")) for end in (1, 2)]
    assert texts[0] != texts[1]
    assert max(map(len, texts)) < 2_000


def test_globals_that_are_read() -> None:
    """An attribute of a name reads no global of it, an inner function does; attributes are followed."""
    known: dict[str, Any] = {"shape": 3, "K": 4, "np": np, "cfg": Data(5.0), "__name__": "m"}
    sources = {
        "lambda x: x.shape": "<lambda x: x.shape>",
        "lambda x: [K for _ in x]": "<lambda x: [4 for y in x]>",
        "lambda x: (lambda: K)()": "<lambda x: (lambda: 4)()>",
        "lambda x: x * cfg.k": "<lambda x: x * 5.0>",
        "lambda x: np.sin(x) * np.pi": "<lambda x: numpy.sin(x) * 3.141592653589793>",
        "lambda x: unknown(x)": "<lambda x: unknown(x)>",
        "lambda np: np.sin(K)": "<lambda x: x.sin(4)>",
    }
    assert [value(eval(source, known)) for source in sources] == list(sources.values())


def test_wrappers_of_libraries() -> None:
    """What a library wraps is described, whatever name the wrapper was lent."""

    def library(source: str) -> Any:
        known = {
            "functools": functools,
            "__name__": "torch.library",
            "__file__": "/lib/torch/library.py",
        }
        exec(compile(source, "/lib/torch/library.py", "exec"), known)
        return known["wrap"]

    wrap = library("def wrap(f):\n  @functools.wraps(f)\n  def w(*a): return f(*a)\n  return w")
    texts = [value(wrap(function)) for function in (lambda x: x * 2, lambda x: x * 3)]
    assert texts == [f"<torch function of <lambda x: x * {k}>>" for k in (2, 3)]


@pytest.mark.skipif(os.name == "nt", reason="the drive is part of the path")
def test_loaded_functions_are_no_library_functions() -> None:
    """A lambda from a model file has Keras' globals, which do not make it Keras'."""
    keras = types.ModuleType("keras.src.utils.python_utils")
    keras.__file__ = "/python/keras/src/utils/python_utils.py"
    code = compile("lambda x: x * 2", "/home/somebody/train.py", "eval").co_consts[0]
    assert value(types.FunctionType(code, vars(keras))) == "<lambda x: x * 2>"
