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
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
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
    if not may_be_held(layer):
        return (own_name(layer.layer_name),)
    said = layer.attributes.get("attribute", own_name(layer.layer_name))
    return tuple(said) if isinstance(said, list) else (str(said),)


def may_be_held(layer: Layer) -> bool:
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
            if any(each.weights for each in child.walk())
        )
    )


def _bear_one_name(one: Layer, other: Layer) -> bool:
    names = own_name(one.layer_name), own_name(other.layer_name)
    return names[0] == names[1] or all(
        is_auto_name(layer.layer_name, layer.layer_type) for layer in (one, other)
    )


# --- the order in which layers are held ---------------------------------------------------------

#: In which order those layers meet that no attribute or name tells: as they are called, the other way
#: round, or by the shapes of their weights, so that they meet if they can.
ORDERS: Final = ("called", "backwards", "fitting")


def hold_alike(recorded: Sequence[Node], current: list[Node], order: str) -> bool:
    """Put layers that people's classes hold in the order of the recorded ones.

    Rows are in the order of calls; savers go by the order in which layers were made, which no table tells.
    Here it is taken to be the same in both models.

    Args:
        recorded: recorded nodes on one level.
        current: current nodes on that level; they are put in order in place.
        order: one of ``ORDERS``.

    Returns:
        Whether layers may be held in another order than this one.
    """
    met, is_open = _met(recorded, current, order)
    if _are_by_attribute(recorded) and _are_by_attribute(current):
        called = list(current)
        places, place = {}, 0
        for node in current:
            place = places[node] = recorded.index(met[node]) if node in met else place
        current.sort(key=places.__getitem__)
        is_open = is_open or current != called
    else:
        is_open = False
    for node in current:
        if node in met:
            is_open |= hold_alike(met[node].children, node.children, order)
    return is_open


def _met(
    recorded: Sequence[Node], current: Sequence[Node], order: str
) -> tuple[dict[Node, Node], bool]:
    """Which recorded node a node is: by attribute, by name, else in order; whether others may be."""
    met: dict[Node, Node] = {}
    for keys in (_by_attribute, _by_name):
        held = {key: node for node in recorded for key in keys(recorded, node)}
        for node in current:
            found = next((held[key] for key in keys(current, node) if key in held), None)
            if node not in met and found is not None and found not in met.values():
                met[node] = found
    left = _groups([node for node in recorded if node not in met.values()])
    others = _groups([node for node in current if node not in met])
    if order == "backwards":
        others.reverse()
    elif order == "fitting":
        left.sort(key=_fit)
        others.sort(key=_fit)
    met |= dict(zip(chain.from_iterable(others), chain.from_iterable(left), strict=False))
    return met, min(len(left), len(others)) > 0 and max(len(left), len(others)) > 1


def _by_attribute(level: Sequence[Node], node: Node) -> Iterator[tuple[str, str | int]]:
    """What tells a node on its level by attribute; in a container by name, or place."""
    for attribute in attributes(node.layer):
        if attribute.endswith("[]") and (name := _given_name(node)):
            yield attribute, name
            continue
        same = [other for other in level if attribute in attributes(other.layer)]
        yield attribute, same.index(node)


def _by_name(level: Sequence[Node], node: Node) -> Iterator[str]:
    """The name that a person gave, where it tells a node on its level."""
    if name := _given_name(node):
        yield name


def _given_name(node: Node) -> str:
    """The name that a person gave, and not Keras; empty where there is none."""
    name = own_name(node.layer.layer_name)
    return "" if is_auto_name(name, node.layer.layer_type) else name


def _groups(nodes: Iterable[Node]) -> list[list[Node]]:
    """Nodes with weights, those of one attribute together."""
    found: dict[str, list[Node]] = {}
    for node in nodes:
        if any(below.weights for below in node.walk()):
            found.setdefault(attributes(node.layer)[0], []).append(node)
    return list(found.values())


def _fit(group: Sequence[Node]) -> list[tuple[list[tuple[int, ...]], str]]:
    return [
        ([shape for node in each.walk() for shape in node.shapes], each.layer.layer_type)
        for each in group
    ]


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
        held: dict[str, list[Node]] = {}
        for node in nodes:
            for attribute in attributes(node.layer):
                held.setdefault(attribute, []).append(node)
        names = sorted({*held, "layers"} if is_model else held, key=self._order)
        if self.generation == 2:
            names.reverse()
        failed: set[Node] = set()
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
        node.layer.inbound_layers == UNKNOWN_EDGES
        or _is_fed_by_holder(node.layer)
        or (may_be_held(node.layer) and "attribute" in node.layer.attributes)
        for node in nodes
    )
