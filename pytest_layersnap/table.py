"""The layer table: one row a layer, immutable, and free of pytest and Keras.

Cells are what the CSV holds: text, but for the two counts (``int``) and ``is_trainable`` (``bool``).
A cell that does not apply is the empty string.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from pytest_layersnap.errors import LayersnapError

if TYPE_CHECKING:
    import os

    import pandas as pd

#: What ``inbound_layers`` holds where no edges can be read: the calls inside can't be traced.
UNKNOWN_EDGES = "unknown"
#: What the text of a function says whose code is compiled, or more than can be read of it.
UNREADABLE = "whose code can't be read"
#: The key of ``layer_attributes`` that says in which order layers are held that are called in another.
SAVED_ORDER = "saved_order"


class TableError(LayersnapError, ValueError):
    """Data that is no layer table; the message says what is wrong, where, and what to do."""

    __module__ = "pytest_layersnap"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Layer:
    """One row of a layer table; the fields are its columns, in the order of the file.

    ``inbound_layers`` is a JSON list of the paths that feed the row, in argument order
    (``["conv1", "split:1"]``); with several calls a list for each (``[["left"], ["right"]]``).
    ``path@1`` is the second call of a shared layer, ``path:1`` a call's second output
    (``references.Reference``).

    ``behavior`` is a JSON object: what the row computes, as eight numbers for each of its outputs, in
    inference and where they are others in training; or under ``not told`` why there are none. Empty
    where nobody asked.
    """

    model: str
    layer_name: str
    layer_type: str
    input_shape: str = ""
    output_shape: str = ""
    parameters: int = 0
    is_trainable: bool = True
    layer_attributes: str = "{}"
    activation_function: str = ""
    kernel_size: str = ""
    use_bias: str = ""
    padding: str = ""
    strides: str = ""
    pooling_size: str = ""
    dropout_rate: str = ""
    reshape_target_shape: str = ""
    normalization_momentum: str = ""
    normalization_axis: str = ""
    trainable_parameters: int = 0
    weight_shapes: str = "[]"
    dtype: str = ""
    inbound_layers: str = "[]"
    behavior: str = ""

    def __repr__(self) -> str:
        name, shape = map(reprlib.repr, (self.layer_name, self.output_shape))
        return f"<Layer {name}: {self.layer_type}, {shape}, {self.parameters:,} parameters>"

    @property
    def has_flag(self) -> bool:
        """Whether ``is_trainable`` means something: inputs and operations have nothing to freeze.

        Files of Keras 2 and 3.3 lose the flag of an input; Keras 3's operations have none.
        """
        return self.layer_type != "InputLayer" and not self.layer_type.startswith("op:")

    @property
    def trained(self) -> str:
        """Whether the row is trained: ``yes``, ``no``, or nothing where there is nothing to train."""
        if not self.parameters:
            return ""
        return "yes" if self.is_trainable else "no"

    def compared(self) -> Layer:
        """The row as it is compared: a flag that means nothing is the same everywhere."""
        row = self.without_saved_order()
        return row if row.is_trainable or row.has_flag else replace(row, is_trainable=True)

    @property
    def saved_order(self) -> list[str]:
        """The layers that it holds as Keras lists and saves them; empty where it calls them so."""
        if f'"{SAVED_ORDER}"' not in self.layer_attributes:
            return []
        said = self.attributes.get(SAVED_ORDER)
        return [str(name) for name in said] if isinstance(said, list) else []

    def without_saved_order(self) -> Layer:
        """The row without what only matters to saved weights, and is no drift."""
        if not self.saved_order:
            return self
        left = {key: value for key, value in self.attributes.items() if key != SAVED_ORDER}
        text = json.dumps(left, sort_keys=True, ensure_ascii=False)
        return replace(self, layer_attributes=text)

    @property
    def is_fed(self) -> bool:
        """Whether ``inbound_layers`` names any row."""
        return '"' in self.inbound_layers

    @property
    def attributes(self) -> dict[str, Any]:
        """``layer_attributes``, decoded."""
        decoded: dict[str, Any] = json.loads(self.layer_attributes)
        return decoded

    @property
    def behaves(self) -> dict[str, Any]:
        """``behavior``, decoded; empty where nobody asked."""
        decoded: dict[str, Any] = json.loads(self.behavior or "{}")
        return decoded

    @property
    def calls(self) -> tuple[tuple[str, ...], ...]:
        """``inbound_layers``, decoded: for each call of the layer the references that feed it.

        Empty where the edges are not known.
        """
        return _calls(self.inbound_layers)


@lru_cache(maxsize=65_536)  # a comparison asks several times
def _calls(inbound_layers: str) -> tuple[tuple[str, ...], ...]:
    if inbound_layers == UNKNOWN_EDGES:
        return ()
    decoded = json.loads(inbound_layers)
    if decoded and isinstance(decoded[0], list):
        return tuple(tuple(call) for call in decoded)
    return (tuple(decoded),)


#: The column that is there where it was asked for.
BEHAVIOR = "behavior"
#: Its keys: numbers in both modes (``inference:1``, ``training@1``, …), the real shapes where others were
#: declared, how inputs were made, why there are no numbers, and the class where it is none of Keras'.
INFERENCE, TRAINING, SHAPE, INPUTS, UNTOLD, CLASS = (
    *("inference", "training", "shape"),
    *("inputs", "not told", "class"),
)

#: The columns of every snapshot, in order. The first sixteen are those of the notebooks.
COLUMNS: tuple[str, ...] = (
    *(field.name for field in fields(Layer) if field.name != BEHAVIOR),
    "recorded_with",
)
COLUMNS_WITH_BEHAVIOR: tuple[str, ...] = (*COLUMNS[:-1], BEHAVIOR, COLUMNS[-1])

#: Those that are compared.
COMPARED_COLUMNS: tuple[str, ...] = COLUMNS_WITH_BEHAVIOR[:-1]

#: Those of the notebooks, which exports to CSV have.
NOTEBOOK_COLUMNS = COLUMNS[:16]

_values = attrgetter(*COMPARED_COLUMNS)
_behavior = attrgetter(BEHAVIOR)

#: How many bits a number takes, as the name of its dtype says.
_BITS = re.compile(r"\D+(\d+)")

_WIDTHS = {"int": "int32", "bool": "bool8"}

#: The columns that hold no text.
COUNTS = frozenset({"parameters", "trainable_parameters"})
FLAGS = frozenset({"is_trainable"})
JSON_CELLS = frozenset({"layer_attributes", "weight_shapes", "inbound_layers"})


def _memory(layer: Layer) -> int | None:
    """Bytes that the weights of a row take; None where the dtypes do not tell."""
    policy = "float32" if layer.dtype.startswith("mixed_") else layer.dtype
    own = '"weight_dtypes"' in layer.layer_attributes and layer.attributes.get("weight_dtypes")
    return _taken(tuple(own or [policy]), layer.weight_shapes, layer.parameters)


@lru_cache(maxsize=4096)  # most layers have the weights of others
def _taken(dtypes: tuple[str, ...], weight_shapes: str, parameters: int) -> int | None:
    bits = [_BITS.fullmatch(_WIDTHS.get(dtype, dtype)) for dtype in dtypes]
    widths = [int(found[1]) // 8 for found in bits if found]
    if len(widths) < len(bits):
        return None
    shapes = json.loads(weight_shapes)
    sizes = [0 if shape is None or None in shape else math.prod(shape) for shape in shapes]
    if len(sizes) == len(widths) and sum(sizes) == parameters:
        return sum(size * width for size, width in zip(sizes, widths, strict=True))
    # One dtype for all, or weights that another row counts: these tell where the widths are alike.
    return parameters * widths[0] if len(set(widths)) == 1 else None


@dataclass(frozen=True, slots=True, repr=False)
class LayerTable:
    """The architecture of one model.

    Args:
        layers: the rows, in canonical graph order.
        recorded_with: the versions of Keras, its backend and this plugin that read the model;
            never part of a comparison.
        unknown_columns: further columns that a newer version wrote into the file it was read from.
    """

    layers: tuple[Layer, ...]
    recorded_with: str = ""
    unknown_columns: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.layers)

    def __repr__(self) -> str:
        layers = f"{len(self):,} {'layer' if len(self) == 1 else 'layers'}"
        return f"<LayerTable {reprlib.repr(self.model)}: {layers}, {self.parameters:,} parameters>"

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def _repr_html_(self) -> str:
        from pytest_layersnap.markup import notebook

        return notebook.table(
            self.model,
            f"{len(self):,} layers, {self.parameters:,} parameters",
            ("layer", "type", "output shape", "parameters", "trainable"),
            (
                (
                    row.layer_name,
                    row.layer_type,
                    row.output_shape,
                    f"{row.parameters:,}",
                    row.trained,
                )
                for row in self
            ),
        )

    @property
    def model(self) -> str:
        """The name of the model."""
        return self.layers[0].model if self.layers else ""

    @property
    def parameters(self) -> int:
        """Parameters of all rows, each weight counted once."""
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable_parameters(self) -> int:
        """How many of ``parameters`` an optimizer would update."""
        return sum(layer.trainable_parameters for layer in self.layers)

    @property
    def has_behavior(self) -> bool:
        """Whether the table tells what its rows compute."""
        return any(map(_behavior, self.layers))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the table has, in order."""
        return COLUMNS_WITH_BEHAVIOR if self.has_behavior else COLUMNS

    @property
    def memory(self) -> int | None:
        """Bytes that the weights take; None where the dtypes do not tell.

        Weights are kept in the dtype of the policy, under a mixed policy in float32, but for those that
        have dtypes of their own in the row; integers of the default width take four bytes.
        """
        taken = [_memory(layer) for layer in self.layers if layer.parameters]
        return None if None in taken else sum(filter(None, taken))

    @property
    def has_topology(self) -> bool:
        """Whether the edges between all layers are known."""
        return all(layer.inbound_layers != UNKNOWN_EDGES for layer in self.layers)

    @property
    def is_traced(self) -> bool:
        """Whether the calls inside layers were traced, or it is said why not.

        In snapshots of earlier versions what has no graph of its own has rows without edges, and no reason.
        """
        return self.has_topology or any('"not_traced"' in row.layer_attributes for row in self)

    def renamed(self, model: str) -> LayerTable:
        """The table under another name of the model."""
        return replace(self, layers=tuple(replace(layer, model=model) for layer in self.layers))

    def compared(self) -> LayerTable:
        """The table as it is compared: a flag that means nothing is the same everywhere."""
        return LayerTable(tuple(layer.compared() for layer in self.layers))

    def without_saved_order(self) -> LayerTable:
        """The table without what only matters to saved weights, and is no drift."""
        return replace(self, layers=tuple(layer.without_saved_order() for layer in self.layers))

    def same_architecture(self, other: LayerTable) -> bool:
        """Whether the two tables hold the same architecture; who recorded them does not matter."""
        if len(self) != len(other):
            return False
        return all(
            one == another or one.compared() == another.compared()
            for one, another in zip(self.layers, other.layers, strict=True)
        )

    def cells(self) -> list[tuple[str, ...]]:
        """The rows as text, in the order of ``columns``: what a snapshot file holds."""
        return [tuple(map(str, row)) for row in self.rows()]

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The values of each row, in the order of ``columns``."""
        width = len(self.columns) - 1
        recorded_with = self.recorded_with
        for layer in self.layers:
            yield (*_values(layer)[:width], recorded_with)
            recorded_with = ""

    def to_frame(self) -> pd.DataFrame:
        """The table as a DataFrame with the columns ``columns``.

        ``parameters`` and ``trainable_parameters`` are integers, ``is_trainable`` is boolean, all
        else is text; cells that do not apply are empty strings, never NaN.
        """
        import pandas as pd

        frame: pd.DataFrame = pd.DataFrame(list(self.rows()), columns=list(self.columns))
        return frame

    @classmethod
    def from_frame(cls, frame: pd.DataFrame) -> LayerTable:
        """The table that a DataFrame holds.

        Takes what ``to_frame`` gives, and what ``pandas.read_csv`` makes of a snapshot, or
        ``pandas.read_excel`` of a workbook (missing cells are empty). Columns other than
        ours are kept out and named in ``unknown_columns``.

        Raises:
            TableError: a column is missing or doubled, or a cell does not hold what its column
                needs.
        """
        from pytest_layersnap.csvfile import table_from_cells

        columns = [str(column) for column in frame.columns]
        rows = [
            [_cell_text(column, value) for column, value in zip(columns, row, strict=True)]
            for row in frame.itertuples(index=False, name=None)
        ]
        return table_from_cells(columns, rows, where=lambda index: f"row {index}")

    def to_csv(self, path: str | os.PathLike[str] | None = None) -> str | None:
        """The table as CSV text, or written to ``path`` (UTF-8, ``\\n``, RFC 4180).

        Raises:
            TableError: a text in it can't be written.
            OSError: the file can't be written; what was there before is still there.
        """
        from pytest_layersnap import csvfile
        from pytest_layersnap.writing import replace_file

        data = csvfile.dump(self)
        if path is None:
            return data.decode("utf-8")
        replace_file(path, data)
        return None

    @classmethod
    def read_csv(cls, path: str | os.PathLike[str]) -> LayerTable:
        """The table that a snapshot file holds.

        Raises:
            TableError: the file is no layer table; the message names file, line and column.
            OSError: the file can't be read.
        """
        from pytest_layersnap import csvfile

        return csvfile.read(path)

    def to_excel(self, path: str | os.PathLike[str]) -> None:
        """Write the table as an Excel workbook of one sheet (needs the extra ``excel``).

        Text is written as text: a cell that begins with ``=`` is shown, never run.

        Raises:
            ModuleNotFoundError: openpyxl is not installed; the message names the extra.
            OSError: the file can't be written; what was there before is still there.
        """
        from pytest_layersnap import workbook
        from pytest_layersnap.writing import replace_file

        replace_file(path, workbook.render([self], totals=False))


#: The columns that may hold numbers alone, of which whole ones are spelled without a point.
_NUMBERS = COUNTS | {
    *("kernel_size", "padding", "strides", "pooling_size"),
    *("dropout_rate", "normalization_momentum", "normalization_axis"),
}


def _cell_text(column: str, value: Any) -> str:
    """What a DataFrame's cell stands for in the file.

    Beside gaps pandas reads whole numbers, and from a workbook truth values, as floats.
    """
    if value is None or value != value or str(value) == "<NA>":
        return ""
    if column == "use_bias" and isinstance(value, float):
        return str(bool(value))
    if column in _NUMBERS and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
