"""What rows compute: each distinct call by itself, with inputs and weights made from their shapes.

Evaluated one after the other, a difference would be seen in every row below; each by itself names the row.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Hashable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, NamedTuple

from pytest_layersnap.extract import keras2 as second
from pytest_layersnap.extract.behavior import keras2, keras3
from pytest_layersnap.extract.behavior.carried import Carried, Shape
from pytest_layersnap.extract.behavior.evaluation import Evaluation, Unprobed
from pytest_layersnap.extract.behavior.same import key_of
from pytest_layersnap.extract.graph import BoundCall
from pytest_layersnap.extract.randomness import random_states_as_before
from pytest_layersnap.extract.reader import Reader, has_call, is_a, is_of_keras
from pytest_layersnap.table import CLASS, UNTOLD, Layer


def filled(
    reader: Reader,
    model: Any,
    layers: Sequence[Layer],
    calls: Mapping[str, tuple[Any, Sequence[BoundCall]]],
) -> list[Layer]:
    """The rows with their column ``behavior``.

    Args:
        reader: the reader of the generation.
        model: the model.
        layers: its rows.
        calls: by the paths of rows, the layer or operation and its calls.

    The model, its weights and all random states are as they were before, also where a call fails.
    """
    backend = keras2 if reader is second else keras3
    with ExitStack() as stack:
        stack.enter_context(random_states_as_before())
        stack.enter_context(backend.evaluating())
        evaluated = _Evaluated(reader, backend)
        evaluated.follow_masks(layers, calls)
        return [
            replace(layer, behavior=json.dumps(cell, ensure_ascii=False))
            for layer, cell in _cells(reader, model, layers, calls, evaluated)
        ]


def _cells(
    reader: Reader,
    model: Any,
    layers: Sequence[Layer],
    calls: Mapping[str, tuple[Any, Sequence[BoundCall]]],
    evaluated: _Evaluated,
) -> Iterator[tuple[Layer, dict[str, Any]]]:
    whole: str | None = None
    is_outermost = False
    for layer in layers:
        path = layer.layer_name
        if whole is not None and (is_outermost or path.startswith(f"{whole}/")):
            yield layer, {UNTOLD: f"part of {whole}"}
            continue
        operation, own = calls.get(path, (None, ()))
        whole = path if _is_whole(reader, operation) else None
        # A model without a graph stands beside what it holds.
        is_outermost = operation is model and bool(own)
        yield layer, _cell(reader, layer, operation, own, evaluated)


def _is_whole(reader: Reader, operation: Any) -> bool:
    """Whether rows below a row are parts of what is evaluated: not where a graph alone tells all."""
    if operation is None or reader.is_operation(operation):
        return False
    has_graph = is_a(operation, "Model") and reader.functional(operation) is not None
    return not has_graph or has_call(operation)


def _cell(
    reader: Reader,
    layer: Layer,
    operation: Any,
    calls: Sequence[BoundCall],
    evaluated: _Evaluated,
) -> dict[str, Any]:
    if operation is None or is_a(operation, "InputLayer") or not _is_leaf(reader, operation):
        return {}
    if not calls:
        return {UNTOLD: "its calls are not known"}
    cells = [evaluated.of(layer, operation, call).cell for call in calls]
    kind = type(operation)
    whose: dict[str, Any] = {}
    if not is_of_keras(kind) and not reader.is_operation(operation):
        whose = {CLASS: f"{kind.__module__}.{kind.__qualname__}"}
    if all(cell == cells[0] for cell in cells):
        return cells[0] | whose
    return whose | {
        f"{label}@{number}" if number else label: told
        for number, cell in enumerate(cells)
        for label, told in cell.items()
    }


def _is_leaf(reader: Reader, operation: Any) -> bool:
    return reader.is_operation(operation) or _is_whole(reader, operation)


class _Told(NamedTuple):
    """What an evaluation told: the cell of a row, and the shapes of the masks that its outputs carry."""

    cell: dict[str, Any]
    masks: Sequence[Shape | None]


class _Evaluated:
    """The evaluations of a model's calls, of equal ones one."""

    def __init__(self, reader: Reader, backend: Any) -> None:
        self._reader = reader
        self._backend = backend
        self._carried = Carried(reader)
        self._known: dict[Hashable, _Told] = {}

    def follow_masks(
        self,
        layers: Sequence[Layer],
        calls: Mapping[str, tuple[Any, Sequence[BoundCall]]],
    ) -> None:
        """Evaluate the calls that masks come to by way of nested models, and those behind them."""
        found = [
            (layer, operation, call)
            for layer in layers
            for operation, own in (calls.get(layer.layer_name, (None, ())),)
            for call in own
        ]
        rows = {id(call): layer for layer, _, call in found}
        self._carried.follow(
            [(operation, call) for _, operation, call in found],
            lambda operation, call: self.of(rows[id(call)], operation, call).masks,
        )

    def of(self, layer: Layer, operation: Any, call: BoundCall) -> _Told:
        """What the call of a row tells."""
        key = key_of(self._reader, self._carried, layer, operation, call)
        if key not in self._known:
            self._known[key] = self._told(operation, call)
        return self._known[key]

    def _told(self, operation: Any, call: BoundCall) -> _Told:
        evaluation = Evaluation(self._reader, self._backend, self._carried, operation, call)
        try:
            return _Told(dict(evaluation.told()), evaluation.masks)
        except Unprobed as reason:
            return _Told({UNTOLD: str(reason)}, ())
        finally:
            # Keras leaves what it was called with in cycles, where it would pile up.
            gc.collect(1)
