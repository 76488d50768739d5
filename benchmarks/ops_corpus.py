"""Every public operation of Keras 3 with variations of every argument, judged by its numbers.

Each variation is a functional model around one operation. Its table must be read, and differ between
variations whose outputs differ.

python benchmarks/ops_corpus.py
python benchmarks/ops_corpus.py softmax concatenate
"""

from __future__ import annotations

import inspect
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import combinations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import compare, layer_table

#: Shapes and dtypes of inputs that are tried in turn until an operation takes them.
_TENSORS = (
    ((4, 4), "float32"),
    ((8, 8, 3), "float32"),
    ((6,), "float32"),
    ((4, 4), "int32"),
    ((4, 4), "bool"),
    ((2, 4, 4, 4), "float32"),
    ((4, 4), "complex64"),
)

#: Values that arguments of these names take; those of others follow from their default.
_NAMED: dict[str, tuple[Any, ...]] = {
    "axis": (None, 0, 1, 2, -1, (1, 2)),
    "axes": (None, 1, (1, 2), (2, 1)),
    "data_format": (None, "channels_last", "channels_first"),
    "dtype": (None, "float16", "float32", "int32"),
    "interpolation": ("nearest", "bilinear"),
    "mode": ("constant", "reflect", "valid", "same", "full"),
    "padding": ("valid", "same"),
    "shape": ((2, 8), (-1, 2)),
    "newshape": ((-1, 8), (-1, 2)),
    "subscripts": ("bij->bji", "bij->bi"),
    "pad_width": (1, ((0, 0), (1, 0), (0, 1))),
    "size": ((3, 3), (4, 2)),
    "ord": (None, 1, 2, "fro"),
    "order": (1, 2),
    "output_size": (2, 4),
}
_OTHERS: tuple[Any, ...] = (1, 2, 0, -1, 0.5, (1, 2), True, None)

#: What these make is memory as it was found: their numbers differ by accident.
UNINITIALIZED = ("empty", "empty_like")


def values(parameter: inspect.Parameter) -> tuple[Any, ...]:
    """The values that are tried for an argument."""
    if parameter.name in _NAMED:
        return _NAMED[parameter.name]
    default = parameter.default
    if isinstance(default, bool):
        return (False, True)
    if isinstance(default, (int, float)):
        return (default, default + 1, default / 2)
    return _OTHERS


def calls(function: Callable[..., Any]) -> Iterator[tuple[int, dict[str, Any]]]:
    """How an operation is called: with so many tensors, and these arguments besides.

    Constants take the places of tensors, too.
    """
    parameters = list(inspect.signature(function).parameters.values())
    required = [one for one in parameters if one.default is one.empty and one.kind < 2]
    for tensors in range(1, max(2, len(required) + 1)):
        rest = required[tensors:]
        base = {one.name: values(one)[0] for one in rest}
        yield tensors, base
        for one in [*rest, *(one for one in parameters if one.default is not one.empty)]:
            for value in values(one):
                yield tensors, base | {one.name: value}
        for one in rest:
            for constant in (2, 3.0, [[2.0], [1.0], [0.5], [3.0]], np.eye(4, dtype="float32")):
                yield tensors, base | {one.name: constant}


class Built:
    """A model around one call of an operation."""

    def __init__(self, model: Any, said: Any) -> None:
        """Read its table.

        Args:
            model: the model.
            said: what tells the call from others.
        """
        self.model, self.said = model, said
        self.table = layer_table(model)

    def numbers(self) -> list[Any]:
        """What it computes of fixed inputs."""
        noise = np.random.default_rng(0)
        given = []
        for tensor in self.model.inputs:
            numbers = noise.normal(size=[size or 2 for size in tensor.shape]) * 2
            given.append(numbers.astype(tensor.dtype))
        made = self.model.predict_on_batch(given if len(given) > 1 else given[0])
        if isinstance(made, dict):
            made = list(made.values())
        return [np.asarray(one) for one in (made if isinstance(made, (list, tuple)) else [made])]


def differ(one: list[Any], other: list[Any]) -> bool:
    """Whether results differ in their number, shapes, dtypes or numbers."""
    return len(one) != len(other) or any(
        a.shape != b.shape or a.dtype != b.dtype or not _close(a, b)
        for a, b in zip(one, other, strict=True)
    )


def _close(one: Any, other: Any) -> bool:
    """Whether numbers are equal but for rounding.

    Solvers round in proportion to the largest number, and not alike in two calls (PyTorch's ``lstsq``).
    """
    finite = np.abs(one[np.isfinite(one)]) if one.dtype.kind in "fc" else np.zeros(0)
    return bool(np.allclose(one, other, atol=1e-8 + 1e-6 * finite.max(initial=0), equal_nan=True))


def around(keras: ModuleType, function: Any, spec: Any, arguments: Any) -> Any:
    """A model that calls an operation with tensors of one shape and dtype, alone or as a list.

    Raises:
        Exception: the operation takes no such arguments.
    """
    tensors, (shape, dtype), listed = spec
    given = [keras.Input(shape, dtype=dtype) for _ in range(tensors)]
    first = [[given[0], given[0]]] if listed else given
    return keras.Model(given, function(*first, **arguments))


def built(make: Callable[[], Any], name: str, said: Any, counts: Counter[str]) -> Built | None:
    """The model and its table, None where Keras does not build it; a traceback of ours is counted."""
    try:
        return Built(make(), said)
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        if any("pytest_layersnap" in frame.filename for frame in frames):
            counts["traceback"] += 1
            print("traceback", name, said, repr(error)[:200])
    return None


def _models(keras: ModuleType, function: Any, counts: Counter[str]) -> Iterator[list[Built]]:
    """Groups of models of an operation that differ in its arguments alone."""
    name = function.__name__
    for tensor in _TENSORS:
        groups: dict[tuple[int, bool], list[Built]] = {}
        for tensors, arguments in calls(function):
            for listed in (False, True):
                if listed and tensors > 1:
                    continue
                make = partial(around, keras, function, (tensors, tensor, listed), arguments)
                if made := built(make, name, arguments, counts):
                    groups.setdefault((tensors, listed), []).append(made)
        yield from groups.values()
        if groups:
            return


def judge(name: str, models: Sequence[Built], counts: Counter[str]) -> None:
    """Count what the tables of an operation miss among models with equal inputs."""
    counts["models"] += len(models)
    for one, other in combinations(models, 2):
        if compare(one.table, other.table):
            counts["seen"] += 1
            continue
        try:
            numbers = one.numbers(), other.numbers()
        except Exception:
            counts["not run"] += 1
            continue
        miss = differ(*numbers)
        counts["miss" if miss else "equal numbers"] += 1
        if miss:
            print("miss", name, one.said, other.said, one.table.layers[-1].layer_attributes)


def main() -> None:
    """Go through all operations that have numbers to compare."""
    warnings.simplefilter("ignore")
    import keras

    counts: Counter[str] = Counter()
    for name in sys.argv[1:] or dir(keras.ops):
        function = getattr(keras.ops, name)
        if name.startswith("_") or name in UNINITIALIZED or not inspect.isfunction(function):
            continue
        before = counts["models"]
        for models in _models(keras, function, counts):
            judge(name, models, counts)
        counts["operations"] += counts["models"] > before
    conclude(counts)


def conclude(counts: Counter[str]) -> None:
    """Print the counts and leave."""
    print(dict(counts))
    sys.exit(bool(counts["miss"] or counts["traceback"]))


if __name__ == "__main__":
    main()
