"""What ``weightless()`` replaces of Keras: one list, places missed by name, ours in one thread alone."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import WeightlessWarning, layer_table, weightless
from pytest_layersnap.extract.weightless import seams

from . import renamed_keras
from .test_weightless import dense, waiting

# The package has a function of the same name.
_PACKAGE = sys.modules["pytest_layersnap.extract.weightless"]
_ROOM = Path(str(_PACKAGE.__file__)).parent


@pytest.mark.lifecycle
def test_what_is_replaced_stands_in_one_list() -> None:
    """No other module of the room replaces anything of Keras."""
    replacing = {
        module.stem
        for module in _ROOM.glob("*.py")
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("replaced", "setattr")
    }
    assert replacing - {"keras3"} == {"seams"}  # Keras 3's variables are marked


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing has been said yet."""
    monkeypatch.setattr(_PACKAGE, "_SAID", set())


def _of(keras: ModuleType) -> Iterator[tuple[seams.Seam, seams.Place, str]]:
    """The names in the list for a Keras."""
    here = {id(seam) for seam, _ in seams.of(keras.__name__)}
    backend = keras.config.backend() if hasattr(keras, "ops") else ""
    for seam in seams.KERAS_3 if hasattr(keras, "ops") else seams.KERAS_2:
        for place in seam.places if id(seam) in here else ():
            if place.backend in ("", backend):
                yield from ((seam, place, name) for name in place.names)


@pytest.mark.usefixtures("said")
def test_a_place_that_is_not_there(keras: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named, what goes without it is built as ever, and all else as if nothing were missing."""
    usual = layer_table(dense(keras))
    kind = "KERAS_3" if hasattr(keras, "ops") else "KERAS_2"
    for seam, place, name in list(_of(keras)):
        names = tuple(f"{one}_x" if one == name else one for one in place.names)
        others = tuple(place._replace(names=names) if one is place else one for one in seam.places)
        listed = tuple(
            one._replace(places=others) if one is seam else one for one in getattr(seams, kind)
        )
        with monkeypatch.context() as patch:
            patch.setattr(seams, kind, listed)
            last = name.rpartition(".")[2]
            text = f"{keras.__version__} {seam.without}, as .*has no (attribute ')?{last}_x"
            with pytest.warns(WeightlessWarning, match=text) as told, weightless():
                model = dense(keras)
        assert len(told) == 1
        assert layer_table(model) == usual
        assert bool(waiting(model)) is ("with their weights" not in seam.without)


@pytest.mark.usefixtures("said")
def test_a_keras_as_we_know_it(keras: ModuleType) -> None:
    """Nothing is missing, so nothing is said."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", WeightlessWarning)
        with weightless():
            dense(keras)


@pytest.mark.usefixtures("said")
@pytest.mark.parametrize("version", ["2.15.0", "3.15.0"])
def test_a_package_that_keeps_nothing_there(
    keras: ModuleType, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """It is named, and the Keras beside it builds without weights."""
    other: Any = ModuleType({"keras": "tf_keras", "tf_keras": "keras"}[keras.__name__])
    other.__version__ = version
    for name in [name for name in sys.modules if name.startswith(f"{other.__name__}.")]:
        monkeypatch.delitem(sys.modules, name)  # the real one's, from earlier tests
    monkeypatch.setitem(sys.modules, other.__name__, other)
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        with weightless():
            model = dense(keras)
    said = f"{other.__name__} {version} builds models with their weights, as"
    assert any(str(one.message).startswith(said) for one in told)
    assert waiting(model)


def test_a_keras_with_another_name(keras: ModuleType) -> None:
    """A release that spells a name otherwise everywhere builds the same model, and that is said."""
    if keras.__name__ != "keras" or os.environ.get("KERAS_BACKEND", "torch") != "torch":
        pytest.skip("the names are the same in all environments of a generation")
    name = "KerasVariable" if hasattr(keras, "ops") else "make_variable"
    run = [sys.executable, renamed_keras.__file__, "--weightless", name]
    told = subprocess.run(run, capture_output=True, text=True, check=True).stdout
    start = f"{name}: keras {keras.__version__} builds models with their weights, as .*{name}"
    assert re.fullmatch(f"{start}.*; 15 parameters\n", told)


@contextmanager
def _scope_in_another_thread() -> Iterator[None]:
    opened, done = threading.Event(), threading.Event()

    def hold() -> None:
        with weightless():
            opened.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    opened.wait()
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_another_thread_has_keras_own(keras: ModuleType) -> None:
    """While a scope is open elsewhere, this thread runs the very functions of Keras, as often as ever."""

    def build() -> set[tuple[str, int]]:
        ran: dict[tuple[str, int], int] = {}

        def count(frame: Any, event: str, _: Any) -> None:
            file = frame.f_code.co_filename
            if event == "call" and f"{os.sep}{keras.__name__}{os.sep}" in file:
                key = (file, frame.f_code.co_firstlineno)
                ran[key] = ran.get(key, 0) + 1

        sys.setprofile(count)
        try:
            keras.layers.Dense(3, name="one")
        finally:
            sys.setprofile(None)
        return {(f"{file}:{line}", number) for (file, line), number in ran.items()}

    build()  # what is done once
    usual = build()
    with _scope_in_another_thread():
        assert build() == usual
    with weightless():
        shorter = build()
    assert shorter != usual or not hasattr(keras, "ops")
