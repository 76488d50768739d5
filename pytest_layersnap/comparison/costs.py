"""What a pairing costs as findings, by which pairings rank."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from pytest_layersnap.comparison.paired import Alignment, Rows
from pytest_layersnap.table import Layer

# What a row costs as a finding: the figures only have to rank explanations. docs/truth.md says what
# becomes of edits at half and at twice each.
_COST_UNPAIRED = 1.2  # added or removed: both are more than one row that has changed in all
_COST_CHANGE = 1.0  # the measure of the others
_COST_UNLIKE = 0.6  # on top of it, by how unlike the two rows are
_COST_NAMED = 0.7  # by a person where Keras had named it, or the other way round
_COST_RENAME = 0.4  # from one name that a person gave to another
COST_MOVE = 0.5  # a row that stands elsewhere is told in fewer words than one that has changed
_COST_FOLLOW = 0.3  # what a person wrote is the same, and shapes follow from what feeds it
_COST_AUTO_RENAME = 0.02  # numbers that Keras counts decide where nothing else does


def cost(recorded: Rows, current: Rows, found: Alignment, of_edges: float) -> float:
    """What an alignment costs as findings, where those about edges cost so much."""
    likeness = likeness_of(recorded, current)
    total = _COST_UNPAIRED * (len(found.added) + len(found.removed))
    total += of_edges
    for row, partner in found.pairs:
        if partner in found.renamed:
            is_of_one_kind = recorded.is_auto(row) == current.is_auto(partner)
            total += _COST_RENAME if is_of_one_kind else _COST_NAMED
        if recorded.layers[row].layer_name != current.layers[partner].layer_name:
            total += _COST_AUTO_RENAME
        if recorded.bodies[row] == current.bodies[partner]:
            continue
        was, now = recorded.layers[row], current.layers[partner]
        if _is_same_layer(was, now):
            total += _COST_FOLLOW
        else:
            total += _COST_CHANGE + _COST_UNLIKE * max(0.0, 1 - likeness(row, partner))
    return total


def _is_same_layer(recorded: Layer, current: Layer) -> bool:
    """Whether a person wrote the same layer: what differs comes from what feeds it."""
    return (
        recorded.layer_type == current.layer_type
        and recorded.layer_attributes == current.layer_attributes
    )


def likeness_of(recorded: Rows, current: Rows) -> Callable[[int, int], float]:
    """How alike two rows are: 0 nothing in common … about 1.25 the same name and content."""

    @cache
    def of_bodies(row: int, partner: int) -> float:
        was, now = recorded.layers[row], current.layers[partner]
        return (
            0.4 * (was.layer_type == now.layer_type)
            + 0.15 * (was.layer_attributes == now.layer_attributes)
            + 0.15 * (was.output_shape == now.output_shape)
            + 0.1 * (was.input_shape == now.input_shape)
            + 0.15 * (was.parameters == now.parameters)
        )

    first_with: dict[int, int] = {}
    recorded_sample = [first_with.setdefault(body, row) for row, body in enumerate(recorded.bodies)]
    first_with = {}
    current_sample = [first_with.setdefault(body, row) for row, body in enumerate(current.bodies)]

    def likeness(row: int, partner: int) -> float:
        score = of_bodies(recorded_sample[row], current_sample[partner])
        if recorded.stems[row] == current.stems[partner]:
            return score + 0.25 * (not recorded.is_auto(row))
        return score

    return likeness
