"""What a case comes to."""

from __future__ import annotations

import re
import warnings
from types import ModuleType
from typing import Any

import numpy as np

from benchmarks.battery.cases import Case
from pytest_layersnap import LayerTable, compare, layer_table

#: What no table may hold: an address, or a path of the machine.
_FOREIGN = re.compile(r" at 0x[0-9a-f]+|/(?:tmp|home|opt|usr|work)/")


def judge(keras: ModuleType, case: Case) -> str:
    """What is wrong with the tables of a case; nothing where all is right."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            models = [build(keras) for build in (case.one, case.one, case.other)]
        except Exception as error:
            return f"not built: {error!r}"[:300]
        try:
            tables = [layer_table(model) for model in models]
        except Exception as error:
            return f"traceback: {error!r}"[:300]
        return _of_tables(case, tables, models[0]) or _of_numbers(case, tables, models)


def text(keras: ModuleType, case: Case) -> str:
    """The first table of a case as text; why there is none, where Keras does not build it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = case.one(keras)
        except Exception as error:
            return f"not built: {type(error).__name__}"
        return layer_table(model).to_csv() or ""


def _of_tables(case: Case, tables: list[LayerTable], model: Any) -> str:
    one, again, other = tables
    if drift := compare(one, again):
        return f"alarm: built again: {drift.to_text(accept=None)}"
    if one.parameters != model.count_params():
        return f"sum: {one.parameters} for {model.count_params()}"
    text = one.to_csv() or ""
    if foreign := _FOREIGN.search(text):
        return f"foreign: {text[max(0, foreign.start() - 80) : foreign.end() + 80]}"
    if compare(one, layer_table(model)):
        return "alarm: read again"
    drift = compare(one, other)
    if bool(drift) != case.differs:
        return f"alarm: {drift.to_text(accept=None)}" if drift else f"miss: {_row(case, one)}"
    if not drift:
        return ""
    layers = {str(change.layer).rpartition("/")[2] for change in drift.changes}
    if case.layer is not None and layers != {case.layer}:
        return f"layer: {sorted(layers)} for {case.layer}"
    if case.category is not None and case.category not in drift.categories:
        return f"category: {sorted(drift.categories)} for {case.category}"
    return ""


def _row(case: Case, table: LayerTable) -> str:
    rows = [row for row in table if row.layer_name.endswith(case.layer or "")]
    return " | ".join(f"{row.layer_type} {row.layer_attributes}" for row in rows)[:400]


def _of_numbers(case: Case, tables: list[LayerTable], models: list[Any]) -> str:
    """Whether numbers that differ go with drift."""
    if not case.numbers:
        return ""
    one, other = (outputs(model) for model in (models[0], models[2]))
    if not np.allclose(one, other) and not compare(tables[0], tables[2]):
        return "miss: the numbers differ"
    return ""


def outputs(model: Any) -> Any:
    """What a model makes of fixed inputs with fixed weights."""
    noise = np.random.default_rng(0)
    model.set_weights([noise.normal(size=tuple(weight.shape)) for weight in model.weights])
    given = [noise.normal(size=(2, *one.shape[1:])).astype("float32") for one in model.inputs]
    made = model.predict_on_batch(given if len(given) > 1 else given[0])
    return np.asarray(made, "float64")
