"""A model as Keras' savers see it: layers that are objects, weights that may have several places.

A row of a table is a place in a graph. What is saved is the object: a layer that has rows in two models is
saved once, at the address at which the saver first meets it (``saving_lib.py`` of Keras 2.15 and 3):

- in a model with a graph, ``layers/dense_1``: by class, and how many of that class stand before it. Keras 2
  does not count again what it has met before, Keras 3 does.
- in layers and models of people by attribute (``head``), in a container by class and number below it
  (``blocks/dense_1``). Keras 2 goes through attributes from the last to the first, Keras 3 from the first
  to the last, private ones at the end; models have ``layers`` among the others.

Keras 2 gives up where the first address of a layer is not in the file, Keras 3 where none of them is.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Container, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import prod
from typing import Final, NamedTuple

from pytest_layersnap.references import is_auto_name, own_name, parent, snake_case
from pytest_layersnap.table import UNKNOWN_EDGES, Layer, LayerTable

#: Layers of Keras that keep weights in layers which have no row of their own, or under a name of Keras'.
WRAPPERS: Final = frozenset({"Bidirectional", "RNN", "TimeDistributed", "SpectralNormalization"})
MODELS: Final = frozenset({"Functional", "Model", "Sequential"})

#: A place in a ``.weights.h5``.
Address = tuple[str, ...]


class Weight(NamedTuple):
    """One weight of a row.

    Args:
        shape: its shape.
        row: the row.
        place: its place among the weights of the row.
        key: row and place where it is counted; of a weight with several places the first.
        trained: whether an optimizer updates it; Keras keeps those before the others.
    """

    shape: tuple[int, ...]
    row: int
    place: int
    key: tuple[int, int]
    trained: bool


@dataclass(slots=True, eq=False)
class Node:
    """A row and the rows below it.

    Args:
        row: its number.
        layer: the row.
        weights: the weights of the row.
        children: the nodes of the rows right below it.
    """

    row: int
    layer: Layer
    weights: tuple[Weight, ...]
    children: list[Node] = field(default_factory=list)
    _first: Node | None = None
    _legacy: tuple[list[Weight], list[Weight]] | None = None

    @property
    def first(self) -> Node:
        """The first node that is the same layer; itself where there is one alone."""
        return self._first or self

    @property
    def has_weights(self) -> bool:
        """Whether any row at or below the node has weights."""
        return any(node.weights for node in self.walk())

    @property
    def is_model_itself(self) -> bool:
        """Whether this is the row of a model without a graph, which stands beside those of its layers."""
        layer = self.layer
        return not (layer.dtype or self.children or layer.is_fed) and layer.input_shape != ""

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        """The shapes of its weights."""
        return [weight.shape for weight in self.weights]

    def walk(self) -> Iterator[Node]:
        """The node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def legacy(self) -> tuple[list[Weight], list[Weight]]:
        """The trained and the other weights at or below the node, as an ``.h5`` orders them.

        Asked for once the nodes below are in the order in which layers are held.
        """
        if self._legacy is None:
            self._legacy = self._in_two()
        return self._legacy

    def _in_two(self) -> tuple[list[Weight], list[Weight]]:
        if not (self.weights or self.children):
            return [], []
        found: dict[tuple[int, int], Weight] = {}
        for node in self.walk():
            for weight in node.weights:
                found.setdefault(weight.key, weight)
        return (
            [weight for weight in found.values() if weight.trained],
            [weight for weight in found.values() if not weight.trained],
        )

    def in_legacy_order(self) -> list[Weight]:
        """All weights at or below the node, as an ``.h5`` orders them."""
        trained, others = self.legacy()
        return trained + others


def attributes(layer: Layer) -> tuple[str, ...]:
    """The attributes under which a layer of people holds this one; its name where none is said."""
    if not _may_be_held(layer):
        return (own_name(layer.layer_name),)
    said = layer.attributes.get("attribute", own_name(layer.layer_name))
    return tuple(said) if isinstance(said, list) else (str(said),)


def _may_be_held(layer: Layer) -> bool:
    """Whether an attribute of somebody's class may hold a layer: nothing is decoded to tell."""
    return (
        layer.inbound_layers == UNKNOWN_EDGES
        or '"attribute"' in layer.layer_attributes
        or _is_fed_by_holder(layer)
    )


def _is_fed_by_holder(layer: Layer) -> bool:
    """Whether the input of what holds a layer feeds it: in a graph an input of its own does."""
    above = parent(layer.layer_name)
    return above is not None and (
        f'"{above}"' in layer.inbound_layers or f'"{above}:' in layer.inbound_layers
    )


def tree(table: LayerTable) -> list[Node]:
    """The outermost rows, each with the rows below it."""
    roots: list[Node] = []
    open_nodes: list[Node] = []
    nodes: list[Node] = []
    parents: dict[int, Node] = {}
    for row, weights in enumerate(_weights(table)):
        node = Node(row, table.layers[row], weights)
        path = node.layer.layer_name
        while open_nodes and not path.startswith(f"{open_nodes[-1].layer.layer_name}/"):
            open_nodes.pop()
        if open_nodes:
            parents[row] = open_nodes[-1]
        (open_nodes[-1].children if open_nodes else roots).append(node)
        open_nodes.append(node)
        nodes.append(node)
    for root in roots:
        _find_twins(root, nodes, parents)
    return roots


def _weights(table: LayerTable) -> Iterator[tuple[Weight, ...]]:
    """The weights of each row; of those that another row counts, where they are there."""
    rows = {layer.layer_name: row for row, layer in enumerate(table)}
    shapes = [_shapes(layer.weight_shapes) for layer in table]
    owned = [_owned(layer, rows, len(shapes[row])) for row, layer in enumerate(table)]
    trained = [_trained(layer, shapes[row], owned[row]) for row, layer in enumerate(table)]
    for row, of_row in enumerate(shapes):
        keys = [owned[row].get(place, (row, place)) for place in range(len(of_row))]
        yield tuple(
            Weight(shape, row, place, key, key[1] in trained[key[0]])
            for place, (shape, key) in enumerate(zip(of_row, keys, strict=True))
        )


@lru_cache(maxsize=4096)
def _shapes(text: str) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, json.loads(text)))


def _owned(layer: Layer, rows: dict[str, int], count: int) -> dict[int, tuple[int, int]]:
    """The places of weights that other rows count, and their places there."""
    if "shares_weights_with" not in layer.layer_attributes:
        return {}
    said = layer.attributes
    owners = said.get("shares_weights_with", [])
    whole = [[place, place] for place in range(count)]
    pairs = said.get("tied_weights", [whole] * len(owners))
    return {
        place: (rows[owner], there)
        for owner, places in zip(owners, pairs, strict=True)
        for place, there in places
        if owner in rows and rows[owner] != rows[layer.layer_name]
    }


def _trained(
    layer: Layer, shapes: Sequence[tuple[int, ...]], owned: Container[int]
) -> frozenset[int]:
    """Which of the weights that a row counts are trained: the first ones, where nothing else is said."""
    if "trained_weights" in layer.layer_attributes:
        return frozenset(layer.attributes.get("trained_weights", ()))
    left, found = layer.trainable_parameters, set()
    for place, shape in enumerate(shapes):
        if place in owned or not left:
            continue
        if left < (size := prod(shape)):
            break
        left -= size
        found.add(place)
    return frozenset(found)


def _find_twins(node: Node, nodes: Sequence[Node], parents: dict[int, Node]) -> None:
    """Find the first node that is the same layer, below the node first."""
    for child in node.children:
        _find_twins(child, nodes, parents)
    other = None
    if node.weights:
        other = nodes[node.weights[0].key[0]]
    else:
        held = next((child for child in node.children if child.first is not child), None)
        other = parents.get(held.first.row) if held else None
    if other is not None and other is not node and _is_same(node, other):
        node._first = other.first


def _is_same(node: Node, other: Node) -> bool:
    """Whether two nodes are one layer: of one class and name, with the same weights and parts."""
    return (
        node.layer.layer_type == other.layer.layer_type
        and _bear_one_name(node.layer, other.layer)
        and [weight.key for weight in node.weights] == [weight.key for weight in other.weights]
        and len(node.children) == len(other.children)
        and all(
            child.first is twin.first
            for child, twin in zip(node.children, other.children, strict=True)
            if child.has_weights
        )
    )


def _bear_one_name(one: Layer, other: Layer) -> bool:
    names = own_name(one.layer_name), own_name(other.layer_name)
    return names[0] == names[1] or all(
        is_auto_name(layer.layer_name, layer.layer_type) for layer in (one, other)
    )


# --- the order in which layers are held ---------------------------------------------------------


def put_in_saved_order(roots: list[Node]) -> None:
    """Put all nodes, in place, in the order in which Keras holds and saves them.

    Rows are in the order of calls; where layers are held in another, the row says so that holds them.
    """
    itself = next((root.layer for root in roots if root.is_model_itself), None)
    _put_in_order(roots, itself)


def _put_in_order(nodes: list[Node], holder: Layer | None) -> None:
    if holder is not None and holder.saved_order:
        rank = {name: place for place, name in enumerate(holder.saved_order)}
        names = [own_name(node.layer.layer_name) for node in nodes]
        places = [at for at, name in enumerate(names) if name in rank]
        held = [nodes[at] for at in sorted(places, key=lambda at: rank[names[at]])]
        for at, node in zip(places, held, strict=True):
            nodes[at] = node
    for node in nodes:
        _put_in_order(node.children, node.layer)


# --- .weights.h5 ------------------------------------------------------------------------------

#: What is done with a node at an address: whether it is done with.
_Meet = Callable[[Node, Address], bool]


@dataclass(slots=True)
class Visits:
    """How a saver goes through a model, each layer once.

    Args:
        generation: of Keras, 2 or 3.
    """

    generation: int

    def go(self, roots: Sequence[Node], meet: _Meet) -> None:
        """Meet every layer at each of its addresses, until it is done with."""
        self._below(roots, (), None, meet, set())

    def _below(
        self,
        nodes: Sequence[Node],
        path: Address,
        holder: Node | None,
        meet: _Meet,
        done: set[Node],
    ) -> bool:
        """What one layer or model holds; whether all of it is done with."""
        if not _are_by_attribute(nodes) or (holder and holder.layer.layer_type in WRAPPERS):
            return self._container(nodes, (*path, "layers"), meet, done)
        is_model = holder is None or "is_model" in holder.layer.attributes
        failed: set[Node] = set()
        for node in nodes:
            if node.is_model_itself:
                self._visit(node, path, meet, done, failed)
        nodes = [node for node in nodes if not node.is_model_itself]
        held: dict[str, list[Node]] = {}
        for node in nodes:
            for attribute in attributes(node.layer):
                held.setdefault(attribute, []).append(node)
        names = sorted({*held, "layers"} if is_model else held, key=self._order)
        if self.generation == 2:
            names.reverse()
        for name in names:
            if is_model and name == "layers":
                self._container(nodes, (*path, name), meet, done, failed)
            elif name.endswith("[]"):
                self._container(held[name], (*path, name.removesuffix("[]")), meet, done, failed)
            else:
                self._visit(held[name][0], (*path, name), meet, done, failed)
        return not failed

    def _order(self, name: str) -> tuple[bool, str]:
        return self.generation == 3 and name.startswith("_"), name.removesuffix("[]")

    def _container(
        self,
        nodes: Sequence[Node],
        path: Address,
        meet: _Meet,
        done: set[Node],
        failed: set[Node] | None = None,
    ) -> bool:
        failed = set() if failed is None else failed
        counts: Counter[str] = Counter()
        for node in nodes:
            if node.layer.layer_type.startswith("op:") or (
                self.generation == 2 and node.first in done
            ):
                continue
            kind = snake_case(node.layer.layer_type)
            name = f"{kind}_{counts[kind]}" if counts[kind] else kind
            counts[kind] += 1
            self._visit(node, (*path, name), meet, done, failed)
        return not failed

    def _visit(
        self, node: Node, address: Address, meet: _Meet, done: set[Node], failed: set[Node]
    ) -> None:
        if node.first in done:
            return
        met = meet(node, address)
        below = not node.children or self._below(node.children, address, node, meet, done)
        if met and below:
            done.add(node.first)
            failed.discard(node.first)
        else:
            failed.add(node.first)


def _are_by_attribute(nodes: Sequence[Node]) -> bool:
    """Whether layers are held by attributes of somebody's class, and not by a graph."""
    return any(
        node.is_model_itself
        or node.layer.inbound_layers == UNKNOWN_EDGES
        or _is_fed_by_holder(node.layer)
        or (_may_be_held(node.layer) and "attribute" in node.layer.attributes)
        for node in nodes
    )
