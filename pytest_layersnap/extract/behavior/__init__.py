"""What rows compute: each distinct call by itself, with inputs and weights made from their shapes.

Evaluated one after the other, a difference would be seen in every row below; each by itself names the row.
"""

from __future__ import annotations

import json
import warnings
from collections.abc import Hashable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

from pytest_layersnap.extract import keras2 as second
from pytest_layersnap.extract.behavior import keras2, keras3
from pytest_layersnap.extract.behavior.evaluation import Evaluation, Unprobed
from pytest_layersnap.extract.behavior.same import key_of
from pytest_layersnap.extract.graph import BoundCall
from pytest_layersnap.extract.randomness import random_states_as_before
from pytest_layersnap.extract.reader import Reader, is_a, is_of_keras
from pytest_layersnap.table import CLASS, UNTOLD, Layer


def filled(
    reader: Reader,
    layers: Iterable[Layer],
    calls: Mapping[str, tuple[Any, Sequence[BoundCall]]],
) -> list[Layer]:
    """The rows with their column ``behavior``.

    Args:
        reader: the reader of the generation.
        layers: the rows of a model.
        calls: by the paths of rows, the layer or operation and its calls.

    The model, its weights and all random states are as they were before, also where a call fails.
    """
    backend = keras2 if reader is second else keras3
    known: dict[Hashable, dict[str, Any]] = {}
    whole: str | None = None
    found = []
    with ExitStack() as stack:
        stack.enter_context(random_states_as_before())
        stack.enter_context(backend.evaluating())
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("ignore")
        for layer in layers:
            path = layer.layer_name
            if whole is not None and path.startswith(f"{whole}/"):
                cell = {UNTOLD: f"part of {whole}"}
            else:
                operation, own = calls.get(path, (None, ()))
                whole = path if _is_whole(reader, operation) else None
                cell = _cell(reader, backend, layer, operation, own, known)
            found.append(replace(layer, behavior=json.dumps(cell, ensure_ascii=False)))
    return found


def _is_whole(reader: Reader, operation: Any) -> bool:
    """Whether rows below a row are parts of what is evaluated: not so in a model with a graph."""
    if operation is None or reader.is_operation(operation):
        return False
    return not (is_a(operation, "Model") and reader.functional(operation) is not None)


def _cell(
    reader: Reader,
    backend: Any,
    layer: Layer,
    operation: Any,
    calls: Sequence[BoundCall],
    known: dict[Hashable, dict[str, Any]],
) -> dict[str, Any]:
    if operation is None or is_a(operation, "InputLayer") or not _is_leaf(reader, operation):
        return {}
    if not calls:
        return {UNTOLD: "its calls are not known"}
    cells: list[dict[str, Any]] = []
    for call in calls:
        key = key_of(reader, layer, operation, call)
        if key not in known:
            known[key] = _numbers(reader, backend, operation, call)
        cells.append(known[key])
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


def _numbers(reader: Reader, backend: Any, operation: Any, call: BoundCall) -> dict[str, Any]:
    try:
        return dict(Evaluation(reader, backend, operation, call).told())
    except Unprobed as reason:
        return {UNTOLD: str(reason)}
