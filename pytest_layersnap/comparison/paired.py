"""Two tables prepared for pairing, and which row of the one is which of the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, fields
from operator import attrgetter

from pytest_layersnap.comparison.names import AUTO, stems
from pytest_layersnap.comparison.sequences import off_sequence
from pytest_layersnap.table import BEHAVIOR, Layer, LayerTable

#: A recorded row and a current one.
Pair = tuple[int, int]

_body_of = attrgetter(
    *(
        field.name
        for field in fields(Layer)
        if field.name not in {"model", "layer_name", "inbound_layers", "is_trainable", BEHAVIOR}
    )
)


@dataclass(frozen=True, slots=True)
class Alignment:
    """Which row of the current table is which row of the recorded one; rows are indices.

    Args:
        pairs: (recorded, current), in the order of the current table.
        removed: rows that only the recorded table has.
        added: rows that only the current table has.
        displaced: current rows of pairs that stand out of the recorded order.
        renamed: current rows of pairs that a person gave another name.
    """

    pairs: tuple[Pair, ...]
    removed: tuple[int, ...]
    added: tuple[int, ...]
    displaced: frozenset[int]
    renamed: frozenset[int]


@dataclass(frozen=True, slots=True)
class Rows:
    """A table prepared for pairing; equal bodies have equal numbers in both tables.

    Args:
        layers: the rows.
        bodies: for each row a number that stands for all it says but for names and edges.
        stems: the paths, without what Keras made up.
        identities: path, type and occurrence of each row.
    """

    layers: tuple[Layer, ...]
    bodies: list[int]
    stems: list[str]
    identities: list[tuple[str, str, int]]

    def body(self, row: int) -> Hashable:
        """What a row says but for names and edges."""
        return self.bodies[row]

    def key(self, row: int) -> Hashable:
        """The body, and the path where a person named the layer."""
        return self.bodies[row], self.stems[row]

    def key_in_context(self, row: int) -> Hashable:
        """The key, the rows before and after it: tells repeated blocks apart at their borders."""
        return self.stems[row], *self.bodies[max(row - 2, 0) : row + 3]

    def given_name(self, row: int) -> Hashable:
        """The path, where a person named the layer."""
        return None if self.is_auto(row) else self.stems[row]

    def is_auto(self, row: int) -> bool:
        """Whether Keras named the layer."""
        return self.stems[row].endswith(AUTO)


def prepared(recorded: LayerTable, current: LayerTable) -> tuple[Rows, Rows]:
    """Two tables prepared for pairing."""
    numbers: dict[Hashable, int] = {}
    return _rows(recorded, numbers), _rows(current, numbers)


def _rows(table: LayerTable, numbers: dict[Hashable, int]) -> Rows:
    seen: Counter[tuple[str, str]] = Counter()
    identities = []
    for layer in table:
        name = (layer.layer_name, layer.layer_type)
        identities.append((*name, seen[name]))
        seen[name] += 1
    bodies = [numbers.setdefault(_body(layer), len(numbers)) for layer in table]
    return Rows(table.layers, bodies, stems(table), identities)


def _body(layer: Layer) -> Hashable:
    """All that a row says but for names and edges."""
    return layer.is_trainable or not layer.has_flag, _body_of(layer)


def alignment(recorded: Rows, current: Rows, pairs: Iterable[Pair]) -> Alignment:
    """These pairs, and what follows of the rows that are in none."""
    pairs = sorted(pairs, key=lambda pair: pair[1])
    paired = {row for row, _ in pairs}, {partner for _, partner in pairs}
    return Alignment(
        pairs=tuple(pairs),
        removed=tuple(row for row in range(len(recorded.layers)) if row not in paired[0]),
        added=tuple(row for row in range(len(current.layers)) if row not in paired[1]),
        displaced=frozenset(pairs[place][1] for place in off_sequence(ranks(pairs))),
        renamed=frozenset(
            partner for row, partner in pairs if _is_renamed(recorded, current, row, partner)
        ),
    )


def _is_renamed(recorded: Rows, current: Rows, row: int, partner: int) -> bool:
    """Whether a person had a hand in the difference of two names."""
    if recorded.layers[row].layer_name == current.layers[partner].layer_name:
        return False
    return recorded.stems[row] != current.stems[partner]


def ranks(pairs: list[Pair]) -> list[int]:
    """For pairs in current order: the rank of each in recorded order."""
    rank = {row: place for place, row in enumerate(sorted(row for row, _ in pairs))}
    return [rank[row] for row, _ in pairs]
