"""The calls of operations in Keras' own tests as models, judged by their numbers as in ``ops_corpus``.

The wheels of newer releases of Keras 3 ship the tests. Each call that they make becomes a model with an
input for each of its tensors, and another one with an input for the first, the others being constants.

python benchmarks/ops_tests.py
python benchmarks/ops_tests.py -k softmax
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any
from unittest import mock

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.ops_corpus import UNINITIALIZED, Built, built, conclude, judge

#: Tests of calls that no model can hold, of a backend alone, or thousands of which differ in dtypes alone.
_WITHOUT = "not Sparse and not Ragged and not NumpyDtypeTest"
#: So many calls of an operation with equal inputs are compared with each other.
_CALLS = 40
#: What tests import beside the Keras in use.
_BESIDE = ("tensorflow", "jax", "jax.numpy", "scipy", "scipy.signal", "scipy.ndimage", "conftest")


class Absent(ModuleType):
    """A module that is not installed: it has all names, and what is called decorates."""

    def __getattr__(self, name: str) -> Absent:
        """Anything but what Python itself asks for."""
        if name.startswith("__"):
            raise AttributeError(name)
        return Absent(name)

    def __call__(self, *args: Any) -> Callable[[Any], Any]:
        """As a decorator of tests is made."""
        return lambda test: test


class Calls:
    """A plugin for pytest that keeps the calls that tests make of operations.

    Attributes:
        found: by the names of operations and by what tells calls apart, the arguments.
    """

    def __init__(self, keras: ModuleType) -> None:
        """Nothing yet."""
        self.keras = keras
        self.found: dict[str, dict[str, Any]] = defaultdict(dict)
        self._inside = False
        missing = (name for name in _BESIDE if not importlib.util.find_spec(name.partition(".")[0]))
        self._absent = {name: Absent(name) for name in missing}

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Iterator[None]:
        """Let a test file import what is not installed: most of its tests do without."""
        with mock.patch.dict(sys.modules, self._absent):
            return (yield)

    @contextlib.contextmanager
    def kept(self) -> Iterator[None]:
        """While this lasts, calls are kept, wherever a test has the operation from."""
        ops = vars(self.keras.ops).items()
        public = {id(item): name for name, item in ops if isinstance(item, FunctionType)}
        with contextlib.ExitStack() as stack:
            for module in list(sys.modules.values()):
                if ".ops" not in getattr(module, "__name__", "") or not _is_of(self.keras, module):
                    continue
                for name, item in list(vars(module).items()):
                    if id(item) in public:
                        watched = self._watched(public[id(item)], item)
                        stack.enter_context(mock.patch.object(module, name, watched))
            yield

    def _watched(self, name: str, function: Any) -> Any:
        @functools.wraps(function)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self._inside:
                return function(*args, **kwargs)
            with contextlib.suppress(Exception):  # arguments that Keras can't go through
                told = repr(self.keras.tree.map_structure(_told, [args, kwargs]))
                self.found[name].setdefault(told, (args, kwargs))
            self._inside = True
            try:
                return function(*args, **kwargs)
            finally:
                self._inside = False

        return watched


def _is_of(keras: ModuleType, module: ModuleType) -> bool:
    return module.__name__.partition(".")[0] == keras.__name__


def _is_tensor(leaf: Any) -> bool:
    return hasattr(leaf, "shape") and hasattr(leaf, "dtype")


def _told(leaf: Any) -> Any:
    """What tells an argument from another: of tensors shape and dtype."""
    return ("tensor", tuple(leaf.shape), str(leaf.dtype)) if _is_tensor(leaf) else repr(leaf)


def around(keras: ModuleType, function: Any, call: Any, inputs: int) -> Any:
    """A model around a call, with inputs for the first tensors in it.

    Raises:
        Exception: Keras builds no such model.
    """
    given: list[Any] = []

    def symbolic(leaf: Any) -> Any:
        if not _is_tensor(leaf):
            return leaf
        if len(given) == inputs:
            return np.asarray(leaf)
        dtype = keras.backend.standardize_dtype(leaf.dtype)
        given.append(keras.Input(batch_shape=tuple(leaf.shape), dtype=dtype))
        return given[-1]

    args, kwargs = keras.tree.map_structure(symbolic, call)
    return keras.Model(given, function(*args, **kwargs))


def groups(keras: ModuleType, name: str, calls: Any, counts: Counter[str]) -> Iterator[list[Built]]:
    """Models around calls of an operation, those with equal inputs together."""
    found: dict[str, list[Built]] = defaultdict(list)
    for told, call in calls.items():
        tensors = sum(map(_is_tensor, keras.tree.flatten(call)))
        for inputs in sorted({tensors, min(tensors, 1)} - {0}):
            make = functools.partial(around, keras, getattr(keras.ops, name), call, inputs)
            if made := built(make, name, told, counts):
                key = str([(tensor.shape, tensor.dtype) for tensor in made.model.inputs])
                found[key].append(made)
    yield from (models[:_CALLS] for models in found.values())


def main() -> None:
    """Run the tests of operations; further arguments are pytest's."""
    warnings.simplefilter("ignore")
    import keras

    folder = Path(keras.__file__ or "").parent / "src" / "ops"
    calls = Calls(keras)
    quiet = (
        "-q -p no:layersnap -p no:cacheprovider --continue-on-collection-errors --tb=no -W ignore"
    )
    with calls.kept():
        pytest.main([str(folder), *quiet.split(), "-k", _WITHOUT, *sys.argv[1:]], plugins=[calls])
    counts: Counter[str] = Counter()
    for name in sorted(calls.found.keys() - set(UNINITIALIZED)):
        before = counts["models"]
        for models in groups(keras, name, calls.found[name], counts):
            judge(name, models, counts)
        counts["operations"] += counts["models"] > before
    conclude(counts)


if __name__ == "__main__":
    main()
