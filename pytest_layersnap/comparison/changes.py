"""What changed in a row, cell by cell and key by key, and under which category it falls."""

from __future__ import annotations

import json
import reprlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from operator import attrgetter
from typing import Any, Final, Literal

from pytest_layersnap.comparison.behavior import apart
from pytest_layersnap.comparison.edges import ReferenceNames
from pytest_layersnap.comparison.explain import Explanation
from pytest_layersnap.comparison.paired import Alignment
from pytest_layersnap.references import is_auto_model_name, without_number
from pytest_layersnap.scope import CATEGORIES
from pytest_layersnap.table import BEHAVIOR, COMPARED_COLUMNS, JSON_CELLS, Layer, LayerTable

Kind = Literal["added", "removed", "changed", "renamed", "moved"]

_COLUMN_CATEGORY: Final = {
    "layer_type": "type",
    "input_shape": "shape",
    "output_shape": "shape",
    "reshape_target_shape": "shape",
    "parameters": "parameters",
    "weight_shapes": "parameters",
    "is_trainable": "trainability",
    "dtype": "dtype",
}
#: Keys of ``layer_attributes`` that are no mere configuration.
_KEY_CATEGORY: Final = {
    "attribute": "name",
    "model_input": "topology",
    "model_output": "topology",
    "returns": "topology",
    "tensors_from": "topology",
    "never_called": "topology",
    "not_traced": "topology",
    "shares_weights_with": "parameters",
    "tied_weights": "parameters",
    "weight_uses": "parameters",
    "trained_weights": "trainability",
    "trainable_flag": "trainability",
    "inner_dtypes": "dtype",
    "weight_dtypes": "dtype",
    "autocast": "dtype",
    "target_shape": "shape",
    "batch_shape": "shape",
    "batch_input_shape": "shape",
    "trainable": "trainability",
    "dtype": "dtype",
}
#: Keys of ``layer_attributes`` that a column repeats; the column is what is reported.
_KEY_COLUMN: Final = {
    "activation": "activation_function",
    "kernel_size": "kernel_size",
    "use_bias": "use_bias",
    "padding": "padding",
    "strides": "strides",
    "pool_size": "pooling_size",
    "rate": "dropout_rate",
    "target_shape": "reshape_target_shape",
    "momentum": "normalization_momentum",
    "axis": "normalization_axis",
    "trainable": "is_trainable",
    "dtype": "dtype",
}
#: The keys of ``layer_attributes`` that name other rows: in any order, and as references.
_SHARED: Final = "shares_weights_with"
_RETURNS: Final = "returns"
#: Columns that are judged by other means: names and edges through the pairs, keys one by one, numbers by
#: how far they are apart.
_JUDGED_APART: Final = frozenset(
    {"model", "layer_name", "inbound_layers", "layer_attributes", BEHAVIOR}
)
_PLAIN_COLUMNS: Final = tuple(name for name in COMPARED_COLUMNS if name not in _JUDGED_APART)
_plain = attrgetter(*_PLAIN_COLUMNS)

_Values = tuple[str, Any, Any]


class Absent:
    """Stands for the value of a key that one side does not have; there is one, ``ABSENT``."""

    __slots__ = ()

    def __repr__(self) -> str:
        """What reports show."""
        return "(none)"


ABSENT: Final = Absent()


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs.

    Args:
        path: what differs, as people write it: a column, or the path of a key within the layer's
            configuration (``kernel_initializer.config.seed``).
        category: the category it falls under.
        columns: the columns that show it, the one that tells most first.
        recorded: the value in the snapshot, or ``ABSENT``.
        current: the value now, or ``ABSENT``.
    """

    path: str
    category: str
    columns: tuple[str, ...]
    recorded: Any
    current: Any


@dataclass(frozen=True, slots=True, repr=False)
class Change:
    """What became of one layer.

    Args:
        kind: ``added``, ``removed``, ``changed``, ``renamed`` (and nothing else) or ``moved``.
        layer: the layer's path now; of a removed layer, the recorded one. Where the model as a
            whole was renamed, its name.
        recorded_layer: the recorded path; None for an added layer.
        fields: ``{column: (recorded, current)}`` with the cells of the columns that differ.
        categories: the categories of everything that changed.
        differences: the same in detail, nested configuration included.
        recorded_row: the row in the snapshot, if there is one.
        current_row: the row now, if there is one.
    """

    kind: Kind
    layer: str
    recorded_layer: str | None
    fields: dict[str, tuple[Any, Any]] = field(default_factory=dict)
    categories: frozenset[str] = frozenset()
    differences: tuple[Difference, ...] = ()
    recorded_row: Layer | None = None
    current_row: Layer | None = None

    def __repr__(self) -> str:
        what = f"{self.kind} {reprlib.repr(self.layer)}"
        return f"<Change: {what} ({', '.join(sorted(self.categories))})>"


def find_changes(
    recorded: LayerTable, current: LayerTable, explanation: Explanation, tolerance: float = 1.0
) -> tuple[Change, ...]:
    """All changes between two tables, in the order of the rows; removed ones where they stood.

    Args:
        recorded: the table of the snapshot.
        current: the table now.
        explanation: which row is which.
        tolerance: what the tolerances of numbers are multiplied by.
    """
    alignment = explanation.alignment
    changes = {row: _added(current.layers[row]) for row in alignment.added}
    for row, recorded_row, differences in _paired_differences(
        recorded, current, explanation, tolerance
    ):
        if differences:
            changes[row] = _paired(recorded.layers[recorded_row], current.layers[row], differences)
    return (
        *_model_renames(recorded, current, alignment),
        *_in_order(changes, recorded, len(current), alignment),
    )


def with_differences(change: Change, differences: tuple[Difference, ...]) -> Change:
    """The same change, cut down to some of its differences."""
    columns = {column for difference in differences for column in difference.columns}
    categories = frozenset(difference.category for difference in differences)
    return replace(
        change,
        kind=_kind(categories),
        fields={column: cells for column, cells in change.fields.items() if column in columns},
        categories=categories,
        differences=differences,
    )


def _kind(categories: frozenset[str]) -> Kind:
    """What happened to a row that both tables have."""
    if "order" in categories:
        return "moved"
    return "renamed" if categories == {"name"} else "changed"


def config_differences(recorded: Any, current: Any, path: str = "") -> Iterator[_Values]:
    """Where two decoded JSON values differ: (path, recorded, current), as deep as keys reach.

    Types count: ``1``, ``1.0`` and ``true`` are three values.
    """
    if isinstance(recorded, dict) and isinstance(current, dict):
        for key in sorted(recorded.keys() | current.keys()):
            inner = f"{path}.{key}" if path else key
            yield from config_differences(
                recorded.get(key, ABSENT), current.get(key, ABSENT), inner
            )
    elif _are_lists_of_objects(recorded, current):
        for place, pair in enumerate(zip(recorded, current, strict=True)):
            yield from config_differences(*pair, f"{path}[{place}]")
    elif recorded is ABSENT or current is ABSENT or _canonical(recorded) != _canonical(current):
        yield path, recorded, current


def _are_lists_of_objects(recorded: Any, current: Any) -> bool:
    return (
        isinstance(recorded, list)
        and isinstance(current, list)
        and len(recorded) == len(current)
        and any(isinstance(value, (dict, list)) for value in recorded)
        and any(isinstance(value, dict) for value in (*recorded, *current))
    )


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _added(row: Layer) -> Change:
    return Change("added", row.layer_name, None, categories=frozenset({"layers"}), current_row=row)


def _removed(row: Layer) -> Change:
    return Change(
        "removed",
        row.layer_name,
        row.layer_name,
        categories=frozenset({"layers"}),
        recorded_row=row,
    )


def _paired(recorded: Layer, current: Layer, differences: tuple[Difference, ...]) -> Change:
    columns = {column for difference in differences for column in difference.columns}
    categories = frozenset(difference.category for difference in differences)
    return Change(
        _kind(categories),
        current.layer_name,
        recorded.layer_name,
        fields={
            column: (getattr(recorded, column), getattr(current, column))
            for column in sorted(columns, key=COMPARED_COLUMNS.index)
        },
        categories=categories,
        differences=differences,
        recorded_row=recorded,
        current_row=current,
    )


def _model_renames(
    recorded: LayerTable, current: LayerTable, alignment: Alignment
) -> Iterator[Change]:
    """One change for the name of the model, however many rows repeat it."""
    pairs = alignment.pairs
    names = dict.fromkeys((recorded.layers[i].model, current.layers[j].model) for i, j in pairs)
    for recorded_name, name in names:
        if recorded_name == name or _are_auto_names_of_models(recorded_name, name):
            continue
        difference = Difference("model", "name", ("model",), recorded_name, name)
        change = Change("renamed", name, recorded_name, fields={"model": (recorded_name, name)})
        yield with_differences(change, (difference,))


def _are_auto_names_of_models(recorded: str, current: str) -> bool:
    return without_number(recorded) == without_number(current) and is_auto_model_name(current)


def _in_order(
    changes: dict[int, Change], recorded: LayerTable, rows: int, alignment: Alignment
) -> Iterator[Change]:
    """Changes in the order of the current rows, each removed row after the row it followed."""
    current_of = dict(alignment.pairs)
    removed_after: dict[int, list[Change]] = defaultdict(list)
    last = -1
    for recorded_row, layer in enumerate(recorded):
        if recorded_row in current_of:
            last = current_of[recorded_row]
        else:
            removed_after[last].append(_removed(layer))
    for row in range(-1, rows):
        if row in changes:
            yield changes[row]
        yield from removed_after[row]


def _paired_differences(
    recorded: LayerTable, current: LayerTable, explanation: Explanation, tolerance: float
) -> Iterator[tuple[int, int, tuple[Difference, ...]]]:
    """For each pair: the current row, the recorded row, and how they differ."""
    alignment, edges = explanation.alignment, explanation.edges
    references = ReferenceNames(recorded, current, alignment)
    for recorded_row, row in alignment.pairs:
        recorded_layer, layer = recorded.layers[recorded_row], current.layers[row]
        found = list(_cell_differences(recorded_layer, layer, references))
        if row in alignment.renamed:
            found.append(
                Difference(
                    "layer_name",
                    "name",
                    ("layer_name",),
                    recorded_layer.layer_name,
                    layer.layer_name,
                )
            )
        if row in edges.rewired:
            found.append(
                _rewired(references.of_recorded(recorded_layer), references.of_current(layer))
            )
        if row in edges.moved:
            found.append(_moved(recorded, current, recorded_row, row))
        found += _other_numbers(recorded_layer, layer, tolerance)
        yield row, recorded_row, tuple(sorted(found, key=_rank))


def _rank(difference: Difference) -> int:
    return CATEGORIES.index(difference.category)


def _rewired(recorded: Any, current: Any) -> Difference:
    return Difference("inbound_layers", "topology", ("inbound_layers",), recorded, current)


def _other_numbers(recorded: Layer, current: Layer, tolerance: float) -> Iterator[Difference]:
    for part in apart(recorded, current, tolerance):
        path = f"{BEHAVIOR}.{part.label}"
        sides = (ABSENT if side is None else side for side in (part.recorded, part.current))
        yield Difference(path, BEHAVIOR, (BEHAVIOR,), *sides)


def _moved(recorded: LayerTable, current: LayerTable, recorded_row: int, row: int) -> Difference:
    """A move, told by the rows that stand before it."""
    columns: tuple[str, ...] = ()
    if recorded.layers[recorded_row].inbound_layers != current.layers[row].inbound_layers:
        columns = ("inbound_layers",)
    return Difference(
        "after", "order", columns, _before(recorded, recorded_row), _before(current, row)
    )


def _before(table: LayerTable, row: int) -> str | None:
    return table.layers[row - 1].layer_name if row else None


def _cell_differences(
    recorded: Layer, current: Layer, references: ReferenceNames
) -> Iterator[Difference]:
    keys = list(_key_differences(recorded, current, references))
    repeated = {_KEY_COLUMN[path] for path, _, _ in keys if path in _KEY_COLUMN}
    shown = set()
    for column, recorded_cell, cell in zip(
        _PLAIN_COLUMNS, _plain(recorded), _plain(current), strict=True
    ):
        if recorded_cell == cell:
            continue
        if column == "is_trainable" and not (recorded.has_flag and current.has_flag):
            continue
        if column in JSON_CELLS and json.loads(recorded_cell) == json.loads(cell):
            continue
        shown.add(column)
        columns = (column, "layer_attributes") if column in repeated else (column,)
        if column in JSON_CELLS:
            recorded_cell, cell = json.loads(recorded_cell), json.loads(cell)
        yield Difference(column, _category(column, recorded, current), columns, recorded_cell, cell)
    for path, recorded_cell, cell in keys:
        if _KEY_COLUMN.get(path) not in shown:
            category = _KEY_CATEGORY.get(path.partition(".")[0].partition("[")[0], "config")
            yield Difference(path, category, ("layer_attributes",), recorded_cell, cell)


def _key_differences(
    recorded: Layer, current: Layer, references: ReferenceNames
) -> Iterator[_Values]:
    if recorded.layer_attributes == current.layer_attributes and not any(
        f'"{key}"' in recorded.layer_attributes for key in (_SHARED, _RETURNS)
    ):
        return
    recorded_settings, settings = recorded.attributes, current.attributes
    if _SHARED in recorded_settings:
        recorded_settings[_SHARED] = sorted(map(references.today, recorded_settings[_SHARED]))
    if _SHARED in settings:
        settings[_SHARED] = sorted(settings[_SHARED])
    if _RETURNS in recorded_settings:
        recorded_settings[_RETURNS] = _today(recorded_settings[_RETURNS], references)
    yield from config_differences(recorded_settings, settings)


def _today(value: Any, references: ReferenceNames) -> Any:
    """References in nested lists, with the paths that their rows have now."""
    if isinstance(value, list):
        return [_today(item, references) for item in value]
    return references.today(value) if isinstance(value, str) else value


def _category(column: str, recorded: Layer, current: Layer) -> str:
    if column != "trainable_parameters":
        return _COLUMN_CATEGORY.get(column, "config")
    return "parameters" if _follows_parameters(recorded, current) else "trainability"


def _follows_parameters(recorded: Layer, current: Layer) -> bool:
    """Whether there are more or fewer trainable parameters for no reason but the layer's size.

    Not so where they go the other way: low-rank adapters freeze what was there and add a little.
    """
    if recorded.is_trainable != current.is_trainable:
        return False
    more = current.parameters - recorded.parameters
    more_trainable = current.trainable_parameters - recorded.trainable_parameters
    return more * more_trainable > 0
