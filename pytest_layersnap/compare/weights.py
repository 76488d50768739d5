"""What becomes of weights saved from the recorded model when the current one loads them.

Keras addresses weights in three ways, none of which looks at the graph:

- ``.weights.h5`` (and ``.keras``) by the class of a layer and how many of that class stand before it
  (``layers/dense_1``), level by level; what the file has too much is left out without a word
  (``saving_lib.py`` of Keras 2.15 and 3);
- ``.h5`` by position among the layers that have weights (``hdf5_format.py`` of Keras 2.15,
  ``legacy_h5_format.py`` of Keras 3), where a nested model is one layer, its trained weights first;
- ``.h5`` with ``by_name=True`` by the names of the outermost layers.

So weights may load into layers that they do not belong to, wherever the shapes happen to fit.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import zip_longest
from math import prod
from typing import Any, Final

from pytest_layersnap.compare.known_changes import release
from pytest_layersnap.references import is_auto_name, own_name, parent, snake_case, without_number
from pytest_layersnap.table import UNKNOWN_EDGES, Layer, LayerTable

WAYS: Final = (".weights.h5", ".h5", ".h5 by name")

#: Layers of Keras that keep weights in layers which have no row of their own.
_WRAPPERS: Final = frozenset({"Bidirectional", "RNN", "TimeDistributed", "SpectralNormalization"})
#: Layers of Keras whose inner layers lie elsewhere in the ``.weights.h5`` of the other generation.
_ELSEWHERE: Final = _WRAPPERS | {"MultiHeadAttention", "GroupQueryAttention"}
_MODELS: Final = frozenset({"Functional", "Model", "Sequential"})
#: Keys of a config under which a wrapper keeps what it wraps.
_WRAPPED: Final = ("layer", "backward_layer", "cell", "cells")

#: Before, Keras 3 took all weights for those of the model itself, and found none of these in the file.
_BY_NAME: Final = (3, 8)
#: Where neither table tells what recorded it.
_NEWEST: Final = (3, 15)

#: How a ``.weights.h5`` addresses a layer: class and number, level by level.
_Slot = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Loading:
    """What becomes of recorded weights, loaded in one way.

    Args:
        way: the file and how it is read, one of ``WAYS``.
        loads: whether Keras loads them without an error; None where the tables do not tell.
        layer: the layer that stops it, or leaves it open; empty if none does.
        why: what is wrong with that layer, in words.
        misplaced: (current, recorded) paths of layers that get the weights of another layer.
        fresh: paths of layers that keep the weights they were built with.
    """

    way: str
    loads: bool | None
    layer: str = ""
    why: str = ""
    misplaced: tuple[tuple[str, str], ...] = ()
    fresh: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Weight:
    """One weight: its shape, its row, and its place among the weights of that row."""

    shape: tuple[int, ...]
    row: int
    place: int


@dataclass(slots=True)
class _Node:
    """A row and the rows below it."""

    row: int
    layer: Layer
    slot: _Slot
    weights: tuple[_Weight, ...]
    trained: int
    children: list[_Node] = field(default_factory=list)

    @property
    def shapes(self) -> list[tuple[int, ...]]:
        return [weight.shape for weight in self.weights]

    def walk(self) -> Iterator[_Node]:
        """The node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def legacy(self) -> tuple[list[_Weight], list[_Weight]]:
        """The trained and the other weights at or below the node, as an ``.h5`` orders them."""
        nodes = list(self.walk())
        trained = [weight for node in nodes for weight in node.weights[: node.trained]]
        return trained, [weight for node in nodes for weight in node.weights[node.trained :]]

    def in_legacy_order(self) -> list[_Weight]:
        """All weights at or below the node, as an ``.h5`` orders them."""
        trained, others = self.legacy()
        return trained + others


def loadings(
    recorded: LayerTable, current: LayerTable, pairs: Iterable[tuple[int, int]]
) -> tuple[Loading, ...]:
    """What becomes of the recorded weights in each of ``WAYS``; nothing where there are none.

    Args:
        recorded: the table of the model whose weights were saved.
        current: the table of the model that loads them.
        pairs: which recorded row is which current row.
    """
    if not (recorded.parameters or current.parameters):
        return ()
    models = _Models(recorded, current, dict(pairs))
    return _by_class(models), _by_position(models), _by_name(models)


class _Models:
    """The two models as trees, and the releases of Keras that save and load them."""

    __slots__ = ("after", "before", "partner", "releases", "tables")

    def __init__(self, recorded: LayerTable, current: LayerTable, partner: dict[int, int]) -> None:
        self.tables = recorded, current
        self.before, self.after = _tree(recorded), _tree(current)
        self.partner = partner
        one, other = (release(table.recorded_with) for table in self.tables)
        self.releases = one or other or _NEWEST, other or one or _NEWEST

    @property
    def cross_generations(self) -> bool:
        """Whether one generation of Keras loads what the other has saved."""
        return self.releases[0][0] != self.releases[1][0]

    def misplaced(self, met: Iterable[tuple[_Weight, _Weight]]) -> tuple[tuple[str, str], ...]:
        """Of (recorded, current) weights that meet, the paths of those that do not belong together."""
        old, new = (table.layers for table in self.tables)
        found = {
            (new[target.row].layer_name, old[source.row].layer_name): None
            for source, target in met
            if (self.partner.get(source.row), source.place) != (target.row, target.place)
        }
        return tuple(found)


def _tree(table: LayerTable) -> list[_Node]:
    """The outermost rows, each with the rows below it."""
    roots: list[_Node] = []
    open_nodes: list[_Node] = []
    counts: Counter[_Slot] = Counter()
    for row, layer in enumerate(table):
        while open_nodes and not layer.layer_name.startswith(f"{open_nodes[-1].layer.layer_name}/"):
            open_nodes.pop()
        parent = open_nodes[-1].slot if open_nodes else ()
        kind = (*parent, (snake_case(layer.layer_type), -1))
        slot = (*parent, (kind[-1][0], counts[kind]))
        counts[kind] += 1
        shapes = _shapes(layer.weight_shapes)
        weights = tuple(_Weight(shape, row, place) for place, shape in enumerate(shapes))
        node = _Node(row, layer, slot, weights, _trained(layer, shapes))
        (open_nodes[-1].children if open_nodes else roots).append(node)
        open_nodes.append(node)
    return roots


@lru_cache(maxsize=4096)
def _shapes(text: str) -> tuple[tuple[int, ...], ...]:
    return tuple(map(tuple, json.loads(text)))


def _trained(layer: Layer, shapes: Iterable[tuple[int, ...]]) -> int:
    """How many weights of a row are trained; Keras keeps these before the others."""
    left, count = layer.trainable_parameters, 0
    for shape in shapes if left else ():
        if left < (size := prod(shape)):
            break
        left, count = left - size, count + 1
    return count


def _nodes(roots: Iterable[_Node]) -> list[_Node]:
    return [node for root in roots for node in root.walk()]


# --- .weights.h5 ------------------------------------------------------------------------------


def _by_class(models: _Models) -> Loading:
    way = WAYS[0]
    file = {node.slot: node for node in _nodes(models.before)}
    siblings: dict[_Slot, list[_Node]] = defaultdict(list)
    for node in file.values():
        if node.weights:
            siblings[node.slot[:-1]].append(node)
    met: list[tuple[_Weight, _Weight]] = []
    doubts: list[tuple[str, str]] = []
    for node in _nodes(models.after):
        if node.layer.layer_type.startswith("op:"):
            continue
        saved = file.get(node.slot)
        path = node.layer.layer_name
        if node.weights and node.layer.inbound_layers == UNKNOWN_EDGES:
            if reason := _saved_elsewhere(models, node):
                return Loading(way, False, path, reason)
            candidates = siblings[node.slot[:-1]]
            if not any(node.shapes == other.shapes for other in candidates):
                return Loading(
                    way,
                    False,
                    path,
                    _unlike(node.shapes, candidates[0].shapes if candidates else []),
                )
            if saved is None or saved.shapes != node.shapes or models.cross_generations:
                doubts.append((path, "is saved under the name of an attribute, which no table has"))
                continue
        if saved is None:
            if node.weights:
                return Loading(way, False, path, _unlike(node.shapes, []))
            continue
        if reason := _doubt(models, saved, node):
            doubts.append((path, reason))
        elif saved.shapes != node.shapes:
            return Loading(way, False, path, _unlike(node.shapes, saved.shapes))
        else:
            met += zip(saved.weights, node.weights, strict=True)
    if doubts:
        return Loading(way, None, *doubts[0])
    return Loading(way, True, misplaced=models.misplaced(met))


def _saved_elsewhere(models: _Models, node: _Node) -> str:
    """That a layer was held by an attribute that nothing holds anymore, or was held by another."""
    before = models.tables[0].layers
    rows = {new: old for old, new in models.partner.items()}
    if node.row not in rows:
        return ""
    saved = before[rows[node.row]]
    old, new = _attribute(saved), _attribute(node.layer)
    beside = (layer for layer in before if parent(layer.layer_name) == parent(saved.layer_name))
    if old == new or any(_attribute(layer) == new for layer in beside):
        return ""
    return f"is the attribute {new}, and was saved as {old}"


def _attribute(layer: Layer) -> str:
    """Where a layer is held; not said where that is its name."""
    return str(layer.attributes.get("attribute", own_name(layer.layer_name)))


def _doubt(models: _Models, saved: _Node, node: _Node) -> str:
    """Why equal or unequal shapes of two rows do not tell whether one loads the other's weights."""
    if saved.shapes != node.shapes:
        if _is_special(saved.layer) or _is_special(node.layer):
            return "saves its weights in a way of its own (quantized, adapters, or shared)"
        if node.layer.layer_type in _WRAPPERS and len(saved.weights) != len(node.weights):
            return "wraps another number of weights"
    if node.layer.layer_type in _WRAPPERS and (
        _inner_classes(saved.layer) != _inner_classes(node.layer)
    ):
        return "wraps layers of another class"
    if models.cross_generations and node.weights and node.layer.layer_type in _ELSEWHERE:
        return "keeps its inner layers elsewhere in the other generation of Keras"
    return ""


def _is_special(layer: Layer) -> bool:
    attributes = layer.attributes
    return (
        "shares_weights_with" in attributes
        or bool(attributes.get("lora_rank"))
        or bool(attributes.get("quantization_config"))
        or "_from_" in layer.dtype
        or attributes.get("output_mode") == "tf_idf"
    )


def _inner_classes(layer: Layer) -> list[str]:
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, list):
            for item in value:
                collect(item)
        elif isinstance(value, dict):
            if "class_name" in value:
                found.append(str(value["class_name"]))
            config = value.get("config", value)
            for key in _WRAPPED:
                if isinstance(config, dict) and key in config:
                    collect(config[key])

    collect({"config": layer.attributes})
    return found


def _unlike(taken: Sequence[tuple[int, ...]], given: Sequence[tuple[int, ...]]) -> str:
    """What is wrong with a layer for which the file has other shapes; empty if nothing is."""
    if taken == given:
        return ""
    if not given:
        return "finds no weights in the file"
    if not taken:
        return f"has no weights, the file has {_listed(given)}"
    if len(taken) == len(given):
        first = next(
            i for i, (one, other) in enumerate(zip(taken, given, strict=True)) if one != other
        )
        taken, given = taken[first : first + 1], given[first : first + 1]
    return f"expects {_listed(taken)}, the file has {_listed(given)}"


def _listed(shapes: Sequence[tuple[int, ...]]) -> str:
    """Shapes in words; those of a whole nested model are too many to be listed."""
    if len(shapes) > 4:
        return f"{len(shapes)} weights"
    return ", ".join(f"({', '.join(map(str, shape))})" for shape in shapes)


# --- .h5 --------------------------------------------------------------------------------------


def _by_position(models: _Models) -> Loading:
    way = WAYS[1]
    saved, loading = _with_weights(models.before), _with_weights(models.after)
    if len(saved) != len(loading):
        return Loading(way, False, *_first_apart(models, saved, loading))
    met: list[tuple[_Weight, _Weight]] = []
    for old, new in zip(saved, loading, strict=True):
        given, taken = _meeting(models, old, new)
        if reason := _misfit(given, taken):
            if _is_special(old.layer) or _is_special(new.layer):
                return Loading(way, None, new.layer.layer_name, "saves its weights in its own way")
            return Loading(way, False, new.layer.layer_name, reason)
        met += zip(given, taken, strict=True)
    return Loading(way, True, misplaced=models.misplaced(met))


def _with_weights(roots: Iterable[_Node]) -> list[_Node]:
    return [root for root in roots if any(node.weights for node in root.walk())]


def _first_apart(
    models: _Models, saved: Sequence[_Node], loading: Sequence[_Node]
) -> tuple[str, str]:
    """The first layer that one side lacks, and what is wrong with it."""
    noun = "layer has" if len(loading) == 1 else "layers have"
    counts = f"({len(loading)} {noun} weights, {len(saved)} in the file)"
    for old, new in zip_longest(saved, loading):
        if old is not None and (new is None or old.row not in models.partner):
            return old.layer.layer_name, f"is only in the file {counts}"
        if new is not None and (old is None or models.partner.get(old.row) != new.row):
            return new.layer.layer_name, f"is not in the file {counts}"
    raise AssertionError("other numbers of layers differ somewhere")


def _meeting(models: _Models, old: _Node, new: _Node) -> tuple[list[_Weight], list[_Weight]]:
    """The weights that a file gives to a layer, and those that the layer takes, in order."""
    given, taken = old.in_legacy_order(), new.in_legacy_order()
    if models.releases[1] < (3, 0):
        given = _regrouped(new, given)
    return given, taken


def _regrouped(node: _Node, given: list[_Weight]) -> list[_Weight]:
    """What Keras 2 makes of the weights for a nested model (``convert_nested_model``).

    It hands them on layer by layer, and what is left over is dropped without a word.
    """
    if node.layer.layer_type == "TimeDistributed" and node.children:
        return _regrouped(node.children[0], given)
    if node.layer.layer_type not in _MODELS or not node.children:
        return given
    border = len(node.legacy()[0])
    trained, others = given[:border], given[border:]
    new_trained: list[_Weight] = []
    new_others: list[_Weight] = []
    for child in node.children:
        counts = [len(part) for part in child.legacy()]
        part = _regrouped(child, trained[: counts[0]] + others[: counts[1]])
        new_trained += part[: counts[0]]
        new_others += part[counts[0] :]
        trained, others = trained[counts[0] :], others[counts[1] :]
    return new_trained + new_others


def _misfit(given: Sequence[_Weight], taken: Sequence[_Weight]) -> str:
    """Why a layer can't take the weights that it is given; empty if it can."""
    return _unlike([weight.shape for weight in taken], [weight.shape for weight in given])


# --- .h5 by name ------------------------------------------------------------------------------


def _by_name(models: _Models) -> Loading:
    way = WAYS[2]
    if (3, 0) <= models.releases[1] < _BY_NAME and _with_weights(models.after):
        return Loading(way, False, why=f"Keras {_BY_NAME[0]}.{_BY_NAME[1]} is the first to do so")
    file = {root.layer.layer_name: root for root in models.before}
    counted = {without_number(root.layer.layer_name) for root in models.before if _is_auto(root)}
    met: list[tuple[_Weight, _Weight]] = []
    fresh = []
    for node in models.after:
        name = node.layer.layer_name
        if _is_auto(node) and without_number(name) in counted:
            continue
        saved = None if _is_auto(node) else file.get(name)
        if saved is None:
            fresh += [name] if _with_weights([node]) else []
            continue
        given, taken = _meeting(models, saved, node)
        if reason := _misfit(given, taken):
            return Loading(way, False, name, reason)
        met += zip(given, taken, strict=True)
    if open_name := _left_to_counters(models):
        return Loading(way, None, open_name, "was named by Keras, which counts what else was built")
    return Loading(way, True, misplaced=models.misplaced(met), fresh=tuple(fresh))


def _is_auto(node: _Node) -> bool:
    return is_auto_name(node.layer.layer_name, node.layer.layer_type)


def _left_to_counters(models: _Models) -> str:
    """A layer with weights whose name is a matter of what else was built; empty if there is none.

    Layers without weights may meet as they like, and classes that only one side has never meet.
    """
    shapes: dict[str, list[set[tuple[Any, ...]]]] = defaultdict(lambda: [set(), set()])
    paths: dict[str, str] = {}
    for side, roots in enumerate((models.before, models.after)):
        for root in roots:
            if _is_auto(root):
                stem = without_number(root.layer.layer_name)
                shapes[stem][side].add(tuple(weight.shape for weight in root.in_legacy_order()))
                if side:
                    paths.setdefault(stem, root.layer.layer_name)
    return next(
        (
            paths[stem]
            for stem, (old, new) in shapes.items()
            if old and new and (len(old | new) > 1 or old | new != {()})
        ),
        "",
    )
