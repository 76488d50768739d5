"""What a drift comes to for the model as a whole: size, inputs and outputs, and saved weights."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_layersnap.comparison.weights import Loading, loadings
from pytest_layersnap.references import Reference, is_auto_name, parent
from pytest_layersnap.table import Layer, LayerTable


@dataclass(frozen=True, slots=True)
class Tensor:
    """One input or output of a model.

    Args:
        name: the name that a person gave to its layer; empty where Keras named it.
        shape: its shape.
        dtype: what it is computed in; empty where the table does not tell.
    """

    name: str
    shape: str
    dtype: str


_Signature = tuple[Tensor, ...] | None


@dataclass(frozen=True, slots=True)
class Consequences:
    """The model as a whole, each as (recorded, current).

    Args:
        parameters: how many parameters it has.
        trainable_parameters: how many of them an optimizer would update.
        memory: bytes that its weights take; None where the table does not tell.
        inputs: what it takes, in order; None where the table does not tell.
        outputs: what it gives, in order; None where the table does not tell.
        weights: what becomes of weights saved from the recorded model, way by way.
    """

    parameters: tuple[int, int]
    trainable_parameters: tuple[int, int]
    memory: tuple[int | None, int | None]
    inputs: tuple[_Signature, _Signature]
    outputs: tuple[_Signature, _Signature]
    weights: tuple[Loading, ...]


def consequences(
    recorded: LayerTable, current: LayerTable, pairs: Iterable[tuple[int, int]]
) -> Consequences:
    """What going from one table to the other means for the model as a whole.

    Args:
        recorded: the table of the snapshot.
        current: the table of the model as it is now.
        pairs: which recorded row is which current row.
    """
    return Consequences(
        parameters=(recorded.parameters, current.parameters),
        trainable_parameters=(recorded.trainable_parameters, current.trainable_parameters),
        memory=(recorded.memory, current.memory),
        inputs=(_inputs(recorded), _inputs(current)),
        outputs=(_outputs(recorded), _outputs(current)),
        weights=loadings(recorded, current, pairs),
    )


def _outermost(table: LayerTable) -> list[Layer]:
    return [layer for layer in table if parent(layer.layer_name) is None]


def _inputs(table: LayerTable) -> _Signature:
    """The rows that nothing feeds, in the order in which the model takes them."""
    if not table.has_topology:
        return None
    rows = [layer for layer in _outermost(table) if not layer.is_fed]
    found = [
        (label, replace(_tensor(layer, layer.input_shape), dtype=_input_dtype(layer)))
        for layer in rows
        for label in layer.attributes.get("model_input", [""])
    ]
    return _ordered(found)


def _outputs(table: LayerTable) -> _Signature:
    """The rows that are marked as outputs, else those that feed no other."""
    if not table.has_topology:
        return None
    rows = _outermost(table)
    marked = [
        (str(label), _tensor(layer, _of_output(layer.output_shape, str(label))))
        for layer in rows
        if "model_output" in layer.layer_attributes
        for label in layer.attributes.get("model_output", [])
    ]
    if marked:
        return _ordered(marked)
    feeding = {
        Reference.parse(reference).path
        for layer in rows
        for call in layer.calls
        for reference in call
    }
    return tuple(
        _tensor(layer, layer.output_shape) for layer in rows if layer.layer_name not in feeding
    )


def _ordered(found: Sequence[tuple[str, Tensor]]) -> tuple[Tensor, ...]:
    """Tensors by the labels that rows bear: places in a list, or keys of a dictionary."""

    def place(item: tuple[str, Tensor]) -> tuple[int, str]:
        number = re.match(r"\d+", item[0])
        return (int(number[0]) if number else 0), item[0]

    return tuple(tensor for _, tensor in sorted(found, key=place))


def _tensor(layer: Layer, shape: str) -> Tensor:
    name = "" if is_auto_name(layer.layer_name, layer.layer_type) else layer.layer_name
    # int8_from_mixed_bfloat16: quantized weights, and what a layer computes without them.
    dtype = layer.dtype.rpartition("_from_")[2].removeprefix("mixed_")
    return Tensor(name, shape, dtype)


def _input_dtype(layer: Layer) -> str:
    """The dtype of what a model takes; the usual float where the first row of a Sequential says none."""
    said = layer.attributes.get("model_input")
    if isinstance(said, dict) and "dtype" in said:
        return str(said["dtype"])
    return layer.dtype if layer.layer_type == "InputLayer" or not layer.dtype else "float32"


def _of_output(shapes: str, label: str) -> str:
    """The shape of the output that a label names (``0:1``), out of those of a row."""
    found = re.findall(r"\([^()]*\)", shapes)
    place = Reference.parse(label).output
    return found[place] if shapes.startswith("[") and place < len(found) else shapes
