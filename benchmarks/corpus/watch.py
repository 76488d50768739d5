"""Watching what the tests of Keras build: layers and models, and what they are called with."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import sys
import threading
import unittest
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import pytest

#: What a test file says that builds layers or models.
_BUILDS = re.compile(r"\b(layers|models|Layer|Model)\b")

#: Tests of several devices, of programs that are not installed, and of what is no model; and models that
#: have tests of ours.
_ELSEWHERE = (
    *("applications", "backend", "distribution", "export", "initializers", "metrics", "ops"),
    *("optimizers", "random", "trainers/data_adapters", "callbacks/orbax", "utils/jax_layer"),
)


def files(keras: ModuleType) -> list[Path]:
    """The test files in the wheel of a Keras that build layers or models."""
    root = Path(keras.__file__ or "").parent / "src"
    found = (file for file in root.rglob("*_test.py") if _BUILDS.search(file.read_text("utf-8")))
    return sorted(
        file for file in found if not file.relative_to(root).as_posix().startswith(_ELSEWHERE)
    )


@dataclass
class Seen:
    """What one test has built.

    Attributes:
        made: all layers, models among them, in order.
        given: what the constructor of each was given, by its id.
        calls: with what each was called first by no other layer, by its id.
    """

    made: list[Any] = field(default_factory=list)
    given: dict[int, tuple[Any, Any]] = field(default_factory=dict)
    calls: dict[int, tuple[Any, Any]] = field(default_factory=dict)

    def models(self, keras: ModuleType) -> Iterator[Any]:
        """The models, and each layer that is in none of them in a model of its own.

        In place of a model that Keras does not build, its exception.
        """
        known: set[int] = set()
        # A test may look at constructors that refuse.
        whole = [layer for layer in self.made if "built" in vars(layer)]
        models = [layer for layer in whole if isinstance(layer, keras.Model)]
        for model in models:
            yield model
            known.update(map(id, model._flatten_layers()))
        for layer in whole:
            if id(layer) in known or id(layer) not in self.calls:
                continue
            known.update(map(id, layer._flatten_layers()))
            try:
                yield around(keras, layer, *self.calls[id(layer)])
            except Exception as error:
                yield error


def around(keras: ModuleType, layer: Any, args: Any, kwargs: Any) -> Any:
    """A functional model around a call of a layer, with an input for each of its tensors."""
    inputs: list[Any] = []

    # Keras goes through a dict in the order of its keys on some backends alone.
    def symbolic(given: Any) -> Any:
        if isinstance(given, dict):
            return {name: symbolic(item) for name, item in given.items()}
        if type(given) in (list, tuple):
            return type(given)(map(symbolic, given))
        if not (hasattr(given, "shape") and hasattr(given, "dtype")):
            return given
        tensor = keras.Input(
            batch_shape=tuple(given.shape),
            dtype=keras.backend.standardize_dtype(given.dtype),
            sparse=bool(getattr(given, "sparse", False)),
        )
        inputs.append(tensor)
        return tensor

    return keras.Model(inputs, layer(*symbolic(args), **symbolic(kwargs)))


class Watch:
    """A plugin for pytest that gives what each test has built to a function, with the test's name."""

    def __init__(self, keras: ModuleType, take: Callable[[str, Seen], None]) -> None:
        """Watch the tests of a Keras."""
        self._keras, self._take = keras, take
        self._seen = Seen()
        self._inside = threading.local()
        self._is_absent = importlib.util.find_spec("tensorflow") is None

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Iterator[None]:
        """Let a test file import TensorFlow where there is none: most of its tests do without."""
        if self._is_absent:
            sys.modules["tensorflow"] = _Absent("tensorflow")
        try:
            return (yield)
        finally:
            if self._is_absent:
                sys.modules.pop("tensorflow", None)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Watch a test to its end, whatever that is: what it has built is there all the same."""
        self._seen = seen = Seen()
        try:
            with self._watched():
                return (yield)
        finally:
            self._take(item.nodeid.rpartition("keras/src/")[2], seen)

    @contextlib.contextmanager
    def _watched(self) -> Iterator[None]:
        from keras.src.testing import TestCase

        layer = self._keras.layers.Layer
        new, call = layer.__new__, layer.__call__

        # Not __init__: Keras reads its signature.
        def watched_new(cls: Any, *args: Any, **kwargs: Any) -> Any:
            made = new(cls, *args, **kwargs)
            self._seen.given[id(made)] = args, kwargs
            if not self._depth():
                self._seen.made.append(made)
            return made

        def watched_call(called: Any, *args: Any, **kwargs: Any) -> Any:
            if not self._depth():
                self._seen.calls.setdefault(id(called), (args, kwargs))
            with self._within():
                return call(called, *args, **kwargs)

        trained = {name: _if_built(getattr(self._keras.Model, name)) for name in _TRAINING}
        with (
            mock.patch.multiple(self._keras.Model, **trained),
            mock.patch.object(layer, "__new__", watched_new),
            mock.patch.object(layer, "__call__", watched_call),
            mock.patch.object(TestCase, "run_layer_test", _run_layer_test),
        ):
            yield

    def _depth(self) -> int:
        return getattr(self._inside, "depth", 0)

    @contextlib.contextmanager
    def _within(self) -> Iterator[None]:
        self._inside.depth = self._depth() + 1
        try:
            yield
        finally:
            self._inside.depth -= 1


#: What takes long, and builds nothing in a model that is built.
_TRAINING = ("fit", "evaluate", "predict", "train_on_batch")


def _if_built(method: Any) -> Any:
    """A method of a model that ends the test where the model is built: training takes most of the time."""

    def ends(model: Any, *args: Any, **kwargs: Any) -> Any:
        if model.built and model.weights:
            raise unittest.SkipTest("not trained")
        return method(model, *args, **kwargs)

    return ends


class _Absent(ModuleType):
    """A module that is not installed: it has everything, and nothing of it can be called."""

    def __getattr__(self, name: str) -> _Absent:
        """Anything but the names that Python itself asks for."""
        if name.startswith("__"):
            raise AttributeError(name)
        return _Absent(name)


def _run_layer_test(
    case: Any,
    layer_cls: Any,
    init_kwargs: dict[str, Any] | None,
    input_shape: Any = None,
    input_dtype: Any = None,
    input_sparse: bool = False,
    input_ragged: bool = False,
    input_data: Any = None,
    call_kwargs: dict[str, Any] | None = None,
    **expected: Any,
) -> None:
    """In place of Keras' own, which trains the layer: build and call it."""
    from keras.src import tree
    from keras.src.testing.test_case import create_keras_tensors

    layer = layer_cls(**(init_kwargs or {}))
    given = input_data
    if given is None and input_shape is not None:
        if input_dtype is None:
            input_dtype = tree.map_shape_structure(lambda _: "float32", input_shape)
        given = create_keras_tensors(input_shape, input_dtype, input_sparse, input_ragged)
    if isinstance(given, dict):
        layer(**given, **(call_kwargs or {}))
    elif given is not None:
        layer(given, **(call_kwargs or {}))
