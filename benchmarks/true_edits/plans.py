"""Networks before they are built: what edits work on, and what each row of a table comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from random import Random
from types import ModuleType
from typing import Any

from pytest_layersnap import weightless
from pytest_layersnap.extract.contract import reader_of
from pytest_layersnap.extract.rows import rows
from pytest_layersnap.table import LayerTable

#: What a node is called in all plans that come of one.
Uid = int
#: The kinds of nodes that hold others.
CONTAINERS = frozenset({"Sequential", "Functional", "Block", "ResidualBlock"})
#: Layers that take a list of tensors.
MERGES = frozenset({"Add", "Concatenate", "Multiply", "Average", "Maximum", "Subtract"})


@dataclass(frozen=True, slots=True)
class Node:
    """One layer or operation.

    Args:
        kind: its class, or ``op:add`` and the like.
        inputs: what feeds it; the node that holds it stands for what that is given.
        settings: what it is made with.
        name: what a person calls it; empty where Keras names it.
        block: the block that it belongs to.
        level: what its block belongs to together with another (both halves of a U-Net's level).
        parent: the node that holds it; 0 for the model.
    """

    kind: str
    inputs: tuple[Uid, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    block: str = ""
    level: str = ""
    parent: Uid = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """A network.

    Args:
        nodes: by their numbers, each after those that feed it.
        outputs: the nodes that the model gives.
    """

    nodes: Mapping[Uid, Node]
    outputs: tuple[Uid, ...]

    def below(self, parent: Uid) -> dict[Uid, Node]:
        """The nodes that a node holds; 0 is the model."""
        return {uid: node for uid, node in self.nodes.items() if node.parent == parent}

    def consumers(self, uid: Uid) -> list[Uid]:
        """The nodes that a node feeds."""
        return [
            other for other, node in self.nodes.items() if uid in node.inputs and node.parent != uid
        ]

    def in_order(self) -> Plan:
        """The plan with each node after those that feed it.

        Raises:
            ValueError: nodes feed each other in a circle.
        """
        ordered: dict[Uid, Node] = {}
        waiting = dict(self.nodes)
        while waiting:
            ready = [
                uid
                for uid, node in waiting.items()
                if all(feed in ordered or feed == node.parent for feed in node.inputs)
            ]
            if not ready:
                raise ValueError("a circle")
            for uid in ready:
                ordered[uid] = waiting.pop(uid)
        return replace(self, nodes=ordered)


class Drawing:
    """A plan in the making."""

    def __init__(self, chance: Random, naming: str) -> None:
        """An empty one.

        Args:
            chance: where its numbers come from.
            naming: ``auto``, ``named`` or ``mixed``.
        """
        self.chance = chance
        self._naming = naming
        self._nodes: dict[Uid, Node] = {}
        self._block = self._level = ""
        self._parent = 0
        self._named = naming == "named"

    def add(self, kind: str, *inputs: Uid, **settings: Any) -> Uid:
        """A further node."""
        uid = len(self._nodes) + 1
        label = f"{self._block or 'net'}_{kind.lower().replace(':', '_')}_{uid}x"
        name = label if self._named and not kind.startswith("op:") else ""
        self._nodes[uid] = Node(
            kind, inputs, settings, name, self._block, self._level, self._parent
        )
        return uid

    def input(self, *shape: int) -> Uid:
        """A further input."""
        return self.add("InputLayer", shape=shape)

    @contextmanager
    def block(self, label: str, level: str = "") -> Iterator[None]:
        """What is added meanwhile is one block."""
        before = self._block, self._level, self._named
        self._block, self._level = label, level
        if self._naming == "mixed":
            self._named = self.chance.random() < 0.5
        yield
        self._block, self._level, self._named = before

    @contextmanager
    def inside(self, container: Uid) -> Iterator[None]:
        """What is added meanwhile stands in this node."""
        before, self._parent = self._parent, container
        yield
        self._parent = before

    def done(self, *outputs: Uid) -> Plan:
        """The plan."""
        return Plan(self._nodes, outputs)


@dataclass(frozen=True, slots=True)
class Built:
    """A plan with the table of its model.

    Args:
        plan: the plan.
        table: the table that Keras' model gives.
        uids: for each row the node that it comes from.
    """

    plan: Plan
    table: LayerTable
    uids: tuple[Uid, ...]

    def shapes(self) -> dict[Uid, str]:
        """The output shape of each node that has a row."""
        pairs = zip(self.uids, self.table, strict=True)
        return {uid: layer.output_shape for uid, layer in pairs}


def built(keras: ModuleType, plan: Plan) -> Built:
    """The plan, built by Keras and read.

    Raises:
        ValueError: Keras takes no such network.
    """
    made: dict[int, Uid] = {}
    tensors: dict[Uid, Any] = {}
    with weightless():
        _call(keras, plan, 0, tensors, made)
        inputs = [tensors[uid] for uid, node in plan.below(0).items() if node.kind == "InputLayer"]
        model = keras.Model(inputs, [tensors[uid] for uid in plan.outputs], name="net")
    layers, calls = rows(reader_of(model), model, None)
    uids = tuple(made[id(calls[layer.layer_name][0])] for layer in layers)
    return Built(plan, LayerTable(tuple(layers)), uids)


def _call(
    keras: ModuleType, plan: Plan, parent: Uid, tensors: dict[Uid, Any], made: dict[int, Uid]
) -> Uid:
    """Call the nodes that a node holds one after the other; gives the last."""
    last = parent
    for last, node in plan.below(parent).items():
        feeds = [tensors[uid] for uid in node.inputs]
        if node.kind == "InputLayer":
            tensors[last] = keras.Input(**_named(node), **node.settings)
            made[id(tensors[last]._keras_history[0])] = last
        elif node.kind.startswith("op:"):
            tensors[last] = feeds[0] + feeds[1] if node.kind == "op:add" else feeds[0] * feeds[1]
            made[id(tensors[last]._keras_history[0])] = last
        else:
            layer = _layer(keras, plan, last, made)
            made[id(layer)] = last
            if node.kind == "MultiHeadAttention":
                tensors[last] = layer(feeds[0], feeds[-1])
            else:
                tensors[last] = layer(feeds if node.kind in MERGES else feeds[0])
    return last


def _layer(keras: ModuleType, plan: Plan, uid: Uid, made: dict[int, Uid]) -> Any:
    node = plan.nodes[uid]
    if node.kind not in CONTAINERS:
        return getattr(keras.layers, node.kind)(**_named(node), **node.settings)
    if node.kind == "Functional":
        tensors: dict[Uid, Any] = {}
        last = _call(keras, plan, uid, tensors, made)
        (first,) = (uid for uid, inner in plan.below(uid).items() if inner.kind == "InputLayer")
        return keras.Model(tensors[first], tensors[last], **_named(node))
    parts = []
    for inner in plan.below(uid):
        parts.append(_layer(keras, plan, inner, made))
        made[id(parts[-1])] = inner
    if node.kind == "Sequential":
        return keras.Sequential(parts, **_named(node))
    block = _blocks(keras)[node.kind](**_named(node))
    block.parts = parts
    return block


def _named(node: Node) -> dict[str, str]:
    return {"name": node.name} if node.name else {}


@cache
def _blocks(keras: ModuleType) -> dict[str, Any]:
    """Layers as people write them, which call others."""

    class Block(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            for part in self.parts:
                x = part(x)
            return x

    class ResidualBlock(keras.layers.Layer):  # type: ignore[misc,name-defined]
        def call(self, x: Any) -> Any:
            start = x
            for part in self.parts[:-1]:
                x = part(x)
            return self.parts[-1]([x, start])

    return {"Block": Block, "ResidualBlock": ResidualBlock}
