"""What a drift comes to for the model as a whole: its size, its inputs and its outputs."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_layersnap.compare.edges import split_reference
from pytest_layersnap.table import Layer, LayerTable


@dataclass(frozen=True, slots=True)
class Consequences:
    """The model as a whole, each as (recorded, current).

    Args:
        parameters: how many parameters it has.
        trainable_parameters: how many of them an optimizer would update.
        inputs: the shapes it takes; None where the table does not tell.
        outputs: the shapes it gives; None where the table does not tell.
    """

    parameters: tuple[int, int]
    trainable_parameters: tuple[int, int]
    inputs: tuple[tuple[str, ...] | None, tuple[str, ...] | None]
    outputs: tuple[tuple[str, ...] | None, tuple[str, ...] | None]


def consequences(recorded: LayerTable, current: LayerTable) -> Consequences:
    """What going from one table to the other means for the model as a whole."""
    return Consequences(
        parameters=(recorded.parameters, current.parameters),
        trainable_parameters=(recorded.trainable_parameters, current.trainable_parameters),
        inputs=(_inputs(recorded), _inputs(current)),
        outputs=(_outputs(recorded), _outputs(current)),
    )


def _outermost(table: LayerTable) -> list[Layer]:
    return [layer for layer in table if "/" not in layer.layer_name]


def _inputs(table: LayerTable) -> tuple[str, ...] | None:
    """The shapes of the rows that nothing feeds."""
    if not table.has_topology:
        return None
    return tuple(layer.output_shape for layer in _outermost(table) if not any(layer.calls))


def _outputs(table: LayerTable) -> tuple[str, ...] | None:
    """The shapes of the rows that are marked as outputs, else of those that feed no other."""
    if not table.has_topology:
        return None
    rows = _outermost(table)
    marked = [layer.output_shape for layer in rows if "model_output" in layer.attributes]
    if marked:
        return tuple(marked)
    paths = {layer.layer_name for layer in rows}
    feeding = {
        split_reference(reference, paths)[0]
        for layer in rows
        for call in layer.calls
        for reference in call
    }
    return tuple(layer.output_shape for layer in rows if layer.layer_name not in feeding)
