"""Edits of plans, each of which knows what it moved and what it fed from elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from benchmarks.true_edits.plans import CONTAINERS, MERGES, Built, Node, Plan, Uid


@dataclass(frozen=True, slots=True)
class Edit:
    """What became of a plan.

    Args:
        plan: the plan after it.
        moved: the nodes that stand elsewhere.
        rewired: the nodes that are fed by something else, and nothing else explains it.
    """

    plan: Plan
    moved: frozenset[Uid] = frozenset()
    rewired: frozenset[Uid] = frozenset()


_Choice = TypeVar("_Choice")


class NotHereError(Exception):
    """The edit has no place in this network."""


_SETTINGS: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "Dense": ({"units": 24}, {"activation": "tanh"}, {"use_bias": False}, {"trainable": False}),
    "Conv2D": (
        *({"filters": 12}, {"kernel_size": 5}, {"use_bias": False}),
        *({"activation": "tanh"}, {"trainable": False}),
    ),
    "Conv1D": ({"kernel_size": 5}, {"use_bias": False}),
    "SeparableConv2D": ({"kernel_size": 5}, {"use_bias": False}),
    "DepthwiseConv2D": ({"kernel_size": 5},),
    "Conv2DTranspose": ({"use_bias": False}, {"activation": "relu"}),
    "Dropout": ({"rate": 0.7},),
    "BatchNormalization": ({"momentum": 0.9}, {"epsilon": 1e-5}, {"trainable": False}),
    "LayerNormalization": ({"epsilon": 1e-6},),
    "Activation": ({"activation": "gelu"},),
    "MultiHeadAttention": ({"num_heads": 4}, {"key_dim": 8}, {"dropout": 0.1}),
    "LSTM": ({"units": 12}, {"recurrent_dropout": 0.1}),
    "GRU": ({"units": 12}, {"reset_after": False}),
    "Embedding": ({"output_dim": 12}, {"input_dim": 60}),
    "UpSampling2D": ({"interpolation": "bilinear"},),
}

_TYPES: Mapping[str, tuple[tuple[str, dict[str, object]], ...]] = {
    "Activation": (("ReLU", {}), ("LeakyReLU", {})),
    "LeakyReLU": (("ReLU", {}),),
    "MaxPooling2D": (("AveragePooling2D", {}),),
    "AveragePooling2D": (("MaxPooling2D", {}),),
    "BatchNormalization": (("LayerNormalization", {}),),
    "LayerNormalization": (("BatchNormalization", {}),),
    "GlobalAveragePooling2D": (("GlobalMaxPooling2D", {}),),
    "Conv2D": (("SeparableConv2D", {}),),
    "SeparableConv2D": (("Conv2D", {}),),
    "LSTM": (("GRU", {}),),
    "GRU": (("LSTM", {}),),
    "Dropout": (("GaussianNoise", {"stddev": 0.1, "rate": None}),),
    "Add": (("Average", {}), ("Maximum", {})),
}


def add_layer(before: Built, chance: Random) -> Edit:
    """A layer that keeps the shape, behind any other."""
    plan = before.plan
    at = _any(chance, [uid for uid in plan.nodes if _can_be_followed(plan, uid)])
    sizes = before.shapes().get(at, "").strip("()").split(", ")
    new = chance.choice(_that_keep(sizes))
    return Edit(_inserted(plan, at, {_new(plan): _beside(plan, at, new)}))


def _that_keep(sizes: list[str]) -> list[Node]:
    """Layers that keep a shape of these sizes."""
    found = [
        Node("Dropout", settings={"rate": 0.25}),
        Node("GaussianNoise", settings={"stddev": 0.2}),
        Node("Activation", settings={"activation": "relu"}),
        Node("Activation", settings={"activation": "elu"}),
        Node("BatchNormalization"),
    ]
    channels = int(sizes[-1]) if sizes[-1].isdigit() else 0
    if channels:
        found.append(Node("Dense", settings={"units": channels}))
    if channels and len(sizes) == 4:
        settings = {"filters": channels, "kernel_size": 3, "padding": "same"}
        found += [Node("Conv2D", settings=settings)] * 2
    return found


def remove_layer(before: Built, chance: Random) -> Edit:
    """What it fed is fed by what fed it."""
    plan = before.plan
    gone = _any(chance, [uid for uid, node in plan.nodes.items() if _is_removable(node)])
    return Edit(_without(plan, [gone]))


def change_setting(before: Built, chance: Random) -> Edit:
    """One setting of one layer."""
    plan = before.plan
    at = _any(chance, [uid for uid, node in plan.nodes.items() if node.kind in _SETTINGS])
    node = plan.nodes[at]
    settings = chance.choice(_SETTINGS[node.kind])
    return Edit(_with(plan, {at: replace(node, settings={**node.settings, **settings})}))


def replace_type(before: Built, chance: Random) -> Edit:
    """A layer of another class in the same place."""
    plan = before.plan
    at = _any(chance, [uid for uid, node in plan.nodes.items() if node.kind in _TYPES])
    node = plan.nodes[at]
    kind, settings = chance.choice(_TYPES[node.kind])
    kept = {} if kind in ("ReLU", "LeakyReLU") else {**node.settings}
    if kind.endswith("Normalization"):
        kept = {}
    new = {key: item for key, item in {**kept, **settings}.items() if item is not None}
    return Edit(_with(plan, {at: replace(node, kind=kind, settings=new)}))


def rewire(before: Built, chance: Random) -> Edit:
    """One layer is fed by another of the same shape; all that was fed still feeds something."""
    plan, shapes = before.plan, before.shapes()
    order = [*plan.nodes]
    choices = []
    for uid, node in plan.nodes.items():
        for place, feed in enumerate(node.inputs):
            if feed == node.parent or len(plan.consumers(feed)) < 2 or not _is_free(plan, uid):
                continue
            choices += [
                (uid, place, other)
                for other in order[: order.index(uid)]
                if other not in node.inputs
                and plan.nodes[other].parent == node.parent
                and shapes.get(other) == shapes.get(feed)
            ]
    uid, place, other = _any(chance, choices)
    node = plan.nodes[uid]
    inputs = (*node.inputs[:place], other, *node.inputs[place + 1 :])
    return Edit(_with(plan, {uid: replace(node, inputs=inputs)}), rewired=frozenset({uid}))


def swap_layers(before: Built, chance: Random) -> Edit:
    """Two neighbours change places."""
    plan = before.plan
    choices = [
        (feed, uid)
        for uid, node in plan.nodes.items()
        if len(node.inputs) == 1
        and (feed := node.inputs[0]) != node.parent
        and len(plan.consumers(feed)) == 1
        and feed not in plan.outputs
        and _is_removable(plan.nodes[feed])
        and _is_removable(node)
        and (plan.nodes[feed].kind, plan.nodes[feed].settings) != (node.kind, node.settings)
    ]
    first, second = _any(chance, choices)
    plan = _without(plan, [first], keep=True)
    plan = _inserted(plan, second, {first: replace(plan.nodes[first], inputs=())})
    return Edit(plan, moved=frozenset({first, second}))


def swap_arguments(before: Built, chance: Random) -> Edit:
    """The inputs of a merge in another order."""
    plan = before.plan
    merges = [uid for uid, node in plan.nodes.items() if len(set(node.inputs)) > 1]
    at = _any(chance, [uid for uid in merges if _is_free(plan, uid)])
    inputs = list(plan.nodes[at].inputs)
    first, second = chance.sample(range(len(inputs)), 2)
    inputs[first], inputs[second] = inputs[second], inputs[first]
    new = replace(plan.nodes[at], inputs=tuple(inputs))
    return Edit(_with(plan, {at: new}), rewired=frozenset({at}))


def move_layer(before: Built, chance: Random) -> Edit:
    """A layer stands behind another of the same shape, not too near."""
    plan, shapes = before.plan, before.shapes()
    moved = _any(
        chance,
        [uid for uid, node in plan.nodes.items() if _is_removable(node) and _is_free(plan, uid)],
    )
    node = plan.nodes[moved]
    near = {moved, *node.inputs, *plan.consumers(moved)}
    near |= {other for uid in near & plan.nodes.keys() for other in plan.nodes[uid].inputs}
    near |= {other for uid in near for other in plan.consumers(uid)}
    behind = [
        uid
        for uid, other in plan.nodes.items()
        if uid not in near
        and other.parent == node.parent
        and shapes.get(uid) == shapes.get(moved)
        and _can_be_followed(plan, uid)
    ]
    at = _any(chance, behind)
    plan = _inserted(_without(plan, [moved], keep=True), at, {moved: replace(node, inputs=())})
    return Edit(plan, moved=frozenset({moved}))


def remove_block(before: Built, chance: Random) -> Edit:
    """All layers of a block."""
    return Edit(_without(before.plan, _any(chance, _blocks(before.plan, "block"))))


def remove_level(before: Built, chance: Random) -> Edit:
    """Both halves of a level of an encoder and its decoder."""
    return Edit(_without(before.plan, _any(chance, _blocks(before.plan, "level"))))


def double_block(before: Built, chance: Random) -> Edit:
    """A block stands twice, one after the other."""
    plan = before.plan
    block = _any(chance, _blocks(plan, "block"))
    entry, out = _ends(plan, block)
    copies = dict(zip(block, range(_new(plan), _new(plan) + len(block)), strict=True))
    new = {}
    for uid in block:
        node = plan.nodes[uid]
        inputs = tuple(copies.get(feed, out if feed == entry else feed) for feed in node.inputs)
        name = node.name and f"again_{node.name}"
        new[copies[uid]] = replace(node, inputs=inputs, name=name, block=f"{node.block} again")
    return Edit(_behind(plan, out, new, copies[out]))


def move_block(before: Built, chance: Random) -> Edit:
    """A block stands behind the next."""
    plan = before.plan
    blocks = _blocks(plan, "block")
    ends = [_ends(plan, block) for block in blocks]
    choices = [
        (blocks[i], blocks[j])
        for i, (_, out) in enumerate(ends)
        for j, (entry, _) in enumerate(ends)
        if entry == out and i != j
    ]
    first, second = _any(chance, choices)
    entry, out = _ends(plan, first)
    nodes = {uid: plan.nodes[uid] for uid in first}
    plan = _without(plan, first, keep=True)
    at = second[-1]
    moved = {
        uid: replace(node, inputs=tuple(at if feed == entry else feed for feed in node.inputs))
        for uid, node in nodes.items()
    }
    return Edit(_behind(plan, at, moved, out), moved=frozenset(first))


def add_branch(before: Built, chance: Random) -> Edit:
    """One more path into a merge: a layer beside one of its own."""
    plan = before.plan
    merges = [
        uid for uid, node in plan.nodes.items() if node.kind in MERGES and _is_free(plan, uid)
    ]
    at = _any(chance, merges)
    node = plan.nodes[at]
    feed = chance.choice(node.inputs)
    new = _new(plan)
    path = _beside(plan, at, Node("Dropout", (feed,), {"rate": 0.4}))
    joined = replace(node, inputs=(*node.inputs, new))
    return Edit(_with(plan, {new: path, at: joined}), rewired=frozenset({at}))


def remove_branch(before: Built, chance: Random) -> Edit:
    """A path into a merge of three at least, with all that fed nothing else."""
    plan = before.plan
    choices = [
        (uid, place)
        for uid, node in plan.nodes.items()
        if len(node.inputs) > 2
        for place in range(len(node.inputs))
    ]
    at, place = _any(chance, choices)
    inputs = plan.nodes[at].inputs
    new = replace(plan.nodes[at], inputs=inputs[:place] + inputs[place + 1 :])
    return Edit(_with(plan, {at: new}), rewired=frozenset({at}))


def add_skip(before: Built, chance: Random) -> Edit:
    """A sum with what an earlier layer gave."""
    plan, shapes = before.plan, before.shapes()
    order = [*plan.nodes]
    choices = [
        (other, uid)
        for place, uid in enumerate(order)
        for other in order[:place]
        if plan.nodes[other].parent == plan.nodes[uid].parent
        and shapes.get(other) == shapes.get(uid)
        and _can_be_followed(plan, uid)
        and plan.nodes[other].kind != "InputLayer"
    ]
    other, at = _any(chance, choices)
    new = _new(plan)
    added = _inserted(plan, at, {new: _beside(plan, at, Node("Add"))})
    node = added.nodes[new]
    return Edit(_with(added, {new: replace(node, inputs=(*node.inputs, other))}))


EDITS: dict[str, Callable[[Built, Random], Edit]] = {
    edit.__name__: edit
    for edit in (
        add_layer,
        remove_layer,
        change_setting,
        replace_type,
        rewire,
        swap_layers,
        swap_arguments,
        move_layer,
        remove_block,
        remove_level,
        double_block,
        move_block,
        add_branch,
        remove_branch,
        add_skip,
    )
}


def _any(chance: Random, choices: Sequence[_Choice]) -> _Choice:
    if not choices:
        raise NotHereError
    return chance.choice(choices)


def _new(plan: Plan) -> Uid:
    return max(plan.nodes) + 1


def _beside(plan: Plan, at: Uid, new: Node) -> Node:
    """A new node in the place of another, named by whoever named that."""
    node = plan.nodes[at]
    return replace(
        new,
        name=f"new_{_new(plan)}x" if node.name else "",
        block=node.block,
        level=node.level,
        parent=node.parent,
    )


def _is_free(plan: Plan, uid: Uid) -> bool:
    """Whether what feeds a node may be any: it stands in a graph."""
    parent = plan.nodes[uid].parent
    return not parent or plan.nodes[parent].kind == "Functional"


def _can_be_followed(plan: Plan, uid: Uid) -> bool:
    """Whether a layer may be put behind a node."""
    node = plan.nodes[uid]
    last_of_residual = (
        bool(node.parent)
        and plan.nodes[node.parent].kind == "ResidualBlock"
        and not plan.consumers(uid)
    )
    return not last_of_residual


def _is_removable(node: Node) -> bool:
    single = len(set(node.inputs)) == 1 and node.kind not in MERGES
    return single and node.kind not in CONTAINERS


def _with(plan: Plan, nodes: Mapping[Uid, Node]) -> Plan:
    return replace(plan, nodes={**plan.nodes, **nodes}).in_order()


def _inserted(plan: Plan, at: Uid, new: dict[Uid, Node]) -> Plan:
    """The plan with a node behind another."""
    ((uid, node),) = new.items()
    return _behind(plan, at, {uid: replace(node, inputs=(at,))}, uid)


def _behind(plan: Plan, at: Uid, new: Mapping[Uid, Node], out: Uid) -> Plan:
    """The plan with nodes behind another: what it fed is fed by the last of them."""

    def instead(feeds: Iterable[Uid]) -> tuple[Uid, ...]:
        return tuple(out if feed == at else feed for feed in feeds)

    nodes = {
        uid: node if node.parent == at else replace(node, inputs=instead(node.inputs))
        for uid, node in plan.nodes.items()
        if uid not in new
    }
    return replace(plan, nodes={**nodes, **new}, outputs=instead(plan.outputs)).in_order()


def _without(plan: Plan, gone: Collection[Uid], *, keep: bool = False) -> Plan:
    """The plan without nodes: what they fed is fed by what fed them.

    With ``keep`` they still are nodes, to be put elsewhere.
    """

    def through(uid: Uid) -> Uid:
        while uid in gone:
            uid = plan.nodes[uid].inputs[0]
        return uid

    nodes = {
        uid: replace(node, inputs=tuple(map(through, node.inputs)))
        for uid, node in plan.nodes.items()
        if uid not in gone
    }
    if keep:
        nodes |= {uid: plan.nodes[uid] for uid in gone}
        return replace(plan, nodes=nodes, outputs=tuple(map(through, plan.outputs)))
    return replace(plan, nodes=nodes, outputs=tuple(map(through, plan.outputs))).in_order()


def _blocks(plan: Plan, what: str) -> list[list[Uid]]:
    found: dict[str, list[Uid]] = {}
    for uid, node in plan.nodes.items():
        if label := getattr(node, what):
            found.setdefault(label, []).append(uid)
    return [*found.values()]


def _ends(plan: Plan, block: list[Uid]) -> tuple[Uid, Uid]:
    """What feeds a block first, and its last node."""
    return plan.nodes[block[0]].inputs[0], block[-1]
