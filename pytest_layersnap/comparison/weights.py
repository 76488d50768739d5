"""What becomes of weights saved from the recorded model when the current one loads them.

Keras addresses weights in three ways, none of which looks at the graph (``saved`` says how):

- ``.weights.h5`` (and ``.keras``) by the class of a layer and how many of that class stand before it, or by
  attribute, level by level; what the file has too much is left out without a word;
- ``.h5`` by position among the layers that have weights (``hdf5_format.py`` of Keras 2.15,
  ``legacy_h5_format.py`` of Keras 3), where a nested model is one layer, its trained weights first;
- ``.h5`` with ``by_name=True`` by the names of the outermost layers.

So weights may load into layers that they do not belong to, wherever the shapes happen to fit; and where one
weight takes what was saved of several, the last stays.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import zip_longest
from typing import Any, Final

from pytest_layersnap.comparison.known_changes import release
from pytest_layersnap.comparison.saved import (
    MODELS,
    WRAPPERS,
    Address,
    Node,
    Visits,
    Weight,
    attributes,
    put_in_saved_order,
    tree,
)
from pytest_layersnap.references import is_auto_name, parent, without_number
from pytest_layersnap.table import Layer, LayerTable

WAYS: Final = (".weights.h5", ".h5", ".h5 by name")

#: Layers of Keras whose inner layers Keras 2 may not find where Keras 3 has saved them.
_ELSEWHERE: Final = WRAPPERS | {"MultiHeadAttention", "GroupQueryAttention"}
#: Keys of a config under which a wrapper keeps what it wraps.
_WRAPPED: Final = ("layer", "backward_layer", "cell", "cells")

#: Before, Keras 3 took all weights for those of the model itself, and found none of these in the file.
_BY_NAME: Final = (3, 8)
#: Where neither table tells what recorded it.
_NEWEST: Final = (3, 15)


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
    return tuple(way(models) for way in (_by_class, _by_position, _by_name))


class _Models:
    """The two models as trees, and the releases of Keras that save and load them."""

    def __init__(
        self,
        recorded: LayerTable,
        current: LayerTable,
        partner: dict[int, int],
    ) -> None:
        self.tables = recorded, current
        self.recorded, self.current = tree(recorded), tree(current)
        self.partner = partner
        self.recorded_rows = {row: recorded_row for recorded_row, row in partner.items()}
        put_in_saved_order(self.recorded)
        put_in_saved_order(self.current)
        saving, loading = (release(table.recorded_with) for table in self.tables)
        self.releases = saving or loading or _NEWEST, loading or saving or _NEWEST

    @cached_property
    def held(self) -> set[tuple[str | None, str]]:
        """By the row that holds it, the attributes under which a layer was saved."""
        return {
            (parent(layer.layer_name), attribute)
            for layer in self.tables[0]
            for attribute in attributes(layer)
        }

    @property
    def generations(self) -> tuple[int, int]:
        """The generation of Keras that saves, and the one that loads."""
        return (2 if self.releases[0] < (3, 0) else 3), (2 if self.releases[1] < (3, 0) else 3)

    def loaded(self, way: str, met: Iterable[tuple[Weight, Weight]], **more: Any) -> Loading:
        """That weights load, and which layers get those of others.

        Args:
            way: the way in which they load.
            met: (recorded, current) weights that meet, in order: the last into a weight stays there.
            more: what else is to be said.
        """
        values = {target.key: source for source, target in met}
        places = {(w.row, w.place): w.key for node in _nodes(self.recorded) for w in node.weights}
        rows = self.recorded_rows
        recorded, current = (table.layers for table in self.tables)
        found = {
            (current[target.row].layer_name, recorded[source.row].layer_name): None
            for node in _nodes(self.current)
            for target in node.weights
            if (source := values.get(target.key))
            and places.get((rows.get(target.row, -1), target.place)) != source.key
        }
        return Loading(way, True, misplaced=tuple(found), **more)


def _nodes(roots: Iterable[Node]) -> list[Node]:
    return [node for root in roots for node in root.walk()]


# --- .weights.h5 ------------------------------------------------------------------------------


class _GivesUp(Exception):
    """Keras 2 loads nothing after the first layer that fails."""


def _by_class(models: _Models) -> Loading:
    way = WAYS[0]
    file: dict[Address, Node] = {}
    met: list[tuple[Weight, Weight]] = []
    doubts: list[tuple[str, str]] = []
    failures: dict[Node, tuple[Node, str]] = {}
    saving, loading = models.generations

    def save(node: Node, address: Address) -> bool:
        file[address] = node
        return True

    def load(node: Node, address: Address) -> bool:
        saved = file.get(address)
        if saved and (reason := _doubt(models, saved, node)):
            doubts.append((node.layer.layer_name, reason))
        elif (
            reason := _unlike(node.shapes, saved.shapes if saved else [])
            if node.weights or saved
            else ""
        ):
            failures.setdefault(node.first, (node, reason))
            if loading == 2:
                raise _GivesUp
            return False
        else:
            met.extend(zip(saved.weights if saved else (), node.weights, strict=True))
        failures.pop(node.first, None)
        return True

    Visits(saving).go(models.recorded, save)
    with suppress(_GivesUp):
        Visits(loading).go(models.current, load)
    if failures:
        node, reason = next(iter(failures.values()))
        reason = _saved_elsewhere(models, node) or reason
        return Loading(way, False, node.layer.layer_name, reason)
    if doubts:
        return Loading(way, None, *doubts[0])
    return models.loaded(way, met)


def _saved_elsewhere(models: _Models, node: Node) -> str:
    """That a layer was held by an attribute that nothing holds anymore, or was held by another."""
    row = models.recorded_rows.get(node.row)
    if row is None:
        return ""
    saved = models.tables[0].layers[row]
    recorded, current = attributes(saved), attributes(node.layer)
    above = parent(saved.layer_name)
    if recorded == current or any((above, attribute) in models.held for attribute in current):
        return ""
    return f"is the attribute {current[0]}, and was saved as {recorded[0]}"


def _doubt(models: _Models, saved: Node, node: Node) -> str:
    """Why equal or unequal shapes of two rows do not tell whether one loads the other's weights."""
    if saved.shapes != node.shapes and (_is_special(saved.layer) or _is_special(node.layer)):
        return "saves its weights in a way of its own (quantized, or with adapters)"
    if _has_cells(saved.layer) or _has_cells(node.layer):
        if len(saved.weights) != len(node.weights):
            return "wraps another number of weights"
        if _inner_classes(saved.layer.layer_attributes) != _inner_classes(
            node.layer.layer_attributes
        ):
            return "wraps layers of another class"
    if models.generations == (3, 2) and node.weights and node.layer.layer_type in _ELSEWHERE:
        return "keeps its inner layers elsewhere in Keras 2"
    return ""


def _is_special(layer: Layer) -> bool:
    return "_from_" in layer.dtype or _is_set_specially(layer.layer_attributes)


@lru_cache(maxsize=4096)
def _is_set_specially(layer_attributes: str) -> bool:
    said = json.loads(layer_attributes)
    return (
        bool(said.get("lora_rank"))
        or bool(said.get("quantization_config"))
        or said.get("output_mode") == "tf_idf"
    )


def _has_cells(layer: Layer) -> bool:
    """Whether a layer holds cells, which may hold others in turn."""
    return layer.layer_type == "RNN" or "RNN" in _inner_classes(layer.layer_attributes)


@lru_cache(maxsize=4096)  # most layers have the settings of others
def _inner_classes(layer_attributes: str) -> tuple[str, ...]:
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

    collect({"config": json.loads(layer_attributes)})
    return tuple(found)


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
    saved, loading = _with_weights(models.recorded), _with_weights(models.current)
    if len(saved) != len(loading):
        return Loading(way, False, *_first_apart(models, saved, loading))
    met: list[tuple[Weight, Weight]] = []
    for recorded, current in zip(saved, loading, strict=True):
        given, taken = _meeting(models, recorded, current)
        if reason := _misfit(given, taken):
            if _is_special(recorded.layer) or _is_special(current.layer):
                return Loading(
                    way, None, current.layer.layer_name, "saves its weights in its own way"
                )
            return Loading(way, False, current.layer.layer_name, reason)
        met += zip(given, taken, strict=True)
    return models.loaded(way, met)


def _with_weights(roots: Iterable[Node]) -> list[Node]:
    return [root for root in roots if root.has_weights]


def _first_apart(
    models: _Models, saved: Sequence[Node], loading: Sequence[Node]
) -> tuple[str, str]:
    """The first layer that one side lacks, and what is wrong with it."""
    noun = "layer has" if len(loading) == 1 else "layers have"
    counts = f"({len(loading)} {noun} weights, {len(saved)} in the file)"
    for recorded, current in zip_longest(saved, loading):
        if recorded is not None and (current is None or recorded.row not in models.partner):
            return recorded.layer.layer_name, f"is only in the file {counts}"
        if current is not None and (
            recorded is None or models.partner.get(recorded.row) != current.row
        ):
            return current.layer.layer_name, f"is not in the file {counts}"
    raise AssertionError("other numbers of layers differ somewhere")


def _meeting(models: _Models, recorded: Node, current: Node) -> tuple[list[Weight], list[Weight]]:
    """The weights that a file gives to a layer, and those that the layer takes, in order."""
    given, taken = recorded.in_legacy_order(), current.in_legacy_order()
    if models.releases[1] < (3, 0):
        given = _regrouped(current, given)
    return given, taken


def _regrouped(node: Node, given: list[Weight]) -> list[Weight]:
    """What Keras 2 makes of the weights for a nested model (``convert_nested_model``).

    It hands them on layer by layer, and what is left over is dropped without a word.
    """
    if node.layer.layer_type == "TimeDistributed" and node.children:
        return _regrouped(node.children[0], given)
    if node.layer.layer_type not in MODELS or not node.children:
        return given
    border = len(node.legacy()[0])
    trained, others = given[:border], given[border:]
    handed_trained: list[Weight] = []
    handed_others: list[Weight] = []
    for child in node.children:
        counts = [len(part) for part in child.legacy()]
        part = _regrouped(child, trained[: counts[0]] + others[: counts[1]])
        handed_trained += part[: counts[0]]
        handed_others += part[counts[0] :]
        trained, others = trained[counts[0] :], others[counts[1] :]
    return handed_trained + handed_others


def _misfit(given: Sequence[Weight], taken: Sequence[Weight]) -> str:
    """Why a layer can't take the weights that it is given; empty if it can."""
    return _unlike([weight.shape for weight in taken], [weight.shape for weight in given])


# --- .h5 by name ------------------------------------------------------------------------------


def _by_name(models: _Models) -> Loading:
    way = WAYS[2]
    if (3, 0) <= models.releases[1] < _BY_NAME and _with_weights(models.current):
        return Loading(way, False, why=f"Keras {_BY_NAME[0]}.{_BY_NAME[1]} is the first to do so")
    saved, loading = _numbered(models.recorded), _numbered(models.current)
    numbered = {root for roots in loading.values() for root in roots}
    named = {root.layer.layer_name: root for root in models.current if root not in numbered}
    met: list[tuple[Weight, Weight]] = []
    for root in models.recorded:
        node = named.get(root.layer.layer_name)
        if node is None:
            continue
        given, taken = _meeting(models, root, node)
        if reason := _misfit(given, taken):
            return Loading(way, False, node.layer.layer_name, reason)
        met += zip(given, taken, strict=True)
    if open_name := _left_to_counters(saved, loading):
        return Loading(way, None, open_name, "was named by Keras, which counts what else was built")
    loaded = {target.key for _, target in met}
    counted = {root for stem in saved for root in loading.get(stem, ())}
    fresh = [
        root.layer.layer_name
        for root in _with_weights(models.current)
        if root not in counted
        and not loaded.intersection(weight.key for weight in root.in_legacy_order())
    ]
    return models.loaded(way, met, fresh=tuple(fresh))


def _numbered(roots: Iterable[Node]) -> dict[str, list[Node]]:
    """The outermost layers that Keras named, by their names without the counter."""
    found: dict[str, list[Node]] = defaultdict(list)
    for root in roots:
        if is_auto_name(root.layer.layer_name, root.layer.layer_type):
            found[without_number(root.layer.layer_name)].append(root)
    return found


def _left_to_counters(saved: dict[str, list[Node]], loading: dict[str, list[Node]]) -> str:
    """A layer with weights whose name is a matter of what else was built; empty if there is none.

    Layers without weights may meet as they like, and classes that only one side has never meet.
    """
    return next(
        (
            loading[stem][0].layer.layer_name
            for stem, roots in saved.items()
            if stem in loading and _with_weights([*roots, *loading[stem]])
        ),
        "",
    )
