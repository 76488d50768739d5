"""A walk over a model: what it holds, and what of that gets rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_layersnap.extract.graph import BoundCall, Graph, read_graph
from pytest_layersnap.extract.reader import Reader, has_call, is_a, is_built_in, is_revived

#: By the paths of rows, the layer or operation and its calls.
Calls = dict[str, tuple[Any, Sequence[BoundCall]]]


@dataclass(slots=True)
class Walk:
    """What one walk over a model knows: the model's name, what Keras counts, what was met so far.

    ``counted`` are the model's weights and ``trained`` those that an optimizer updates, as Keras says
    in public; ``trainable`` those that were made to be trained. ``owners`` maps a weight to the path of
    the row that counts it and to its place there, ``sizes`` a path to how many weights its row has.
    ``borrowed`` are the weights that calls take as constants, by the path of the row.
    All go by the ids of weights and layers.
    """

    reader: Reader
    model_name: str
    counted: dict[int, Any]
    trained: frozenset[int]
    trainable: set[int] = field(default_factory=set)
    owners: dict[int, tuple[str, int]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    graphs: dict[int, Graph | None] = field(default_factory=dict)
    held: dict[int, list[Any]] = field(default_factory=dict)
    adopted: dict[int, list[Any]] = field(default_factory=dict)
    weights: dict[int, dict[int, Any]] = field(default_factory=dict)
    borrowed: dict[str, list[int]] = field(default_factory=dict)
    calls: Calls = field(default_factory=dict)

    def graph_of(self, layer: Any) -> Graph | None:
        """The graph of a functional or Sequential model; None for whatever has none."""
        if id(layer) not in self.graphs:
            functional = functional_of(self.reader, layer)
            graph = None if functional is None else read_graph(self.reader, functional)
            self.graphs[id(layer)] = graph
        return self.graphs[id(layer)]

    def children(self, layer: Any) -> list[Any]:
        """The layers that a layer holds itself."""
        if id(layer) not in self.held:
            plain = self.reader.is_operation(layer)
            self.held[id(layer)] = [] if plain else self.reader.children(layer)
        return self.held[id(layer)]

    def all_weights(self, layer: Any) -> dict[int, Any]:
        """All weights at or below a layer by their ids, in the order of saving.

        What a layer holds and Keras does not count is none: a layer may say which weights it has.
        """
        if id(layer) not in self.weights:
            found = {id(weight): weight for weight in self.own_weights(layer)}
            for child in self.children(layer):
                found |= self.all_weights(child)
            self.weights[id(layer)] = found
        return self.weights[id(layer)]

    def own_weights(self, layer: Any) -> list[Any]:
        """The weights of a layer without those of the layers it holds; twice what it keeps twice."""
        if self.reader.is_operation(layer):
            return []
        trainable, others = self.reader.own_weights(layer)
        self.trainable.update(map(id, trainable))
        own = (*trainable, *others, *self.adopted.get(id(layer), ()))
        return [weight for weight in own if id(weight) in self.counted]

    def adopt(self, layer: Any, missing: dict[int, Any]) -> None:
        """Give weights that no layer keeps where layers keep them to those that say they have them.

        Each goes to the innermost such layer below ``layer``, whose ``weights`` hold all the ``missing``.
        """
        for child in self.children(layer):
            said = {id(weight): weight for weight in child.weights if id(weight) in missing}
            if said:
                self.adopt(child, said)
                missing = {key: item for key, item in missing.items() if key not in said}
        self.trainable.update(key for key, weight in missing.items() if weight.trainable)
        self.adopted.setdefault(id(layer), []).extend(missing.values())


def has_lost_its_class(walk: Walk, layer: Any) -> bool:
    """Whether a layer, or one inside it, has lost its class: what it calls is not to be seen."""
    return is_revived(layer) or any(
        has_lost_its_class(walk, one) for one in listed_below(walk, layer)
    )


def is_open(walk: Walk, layer: Any) -> bool:
    """Whether it matters what a layer calls inside: not where a graph tells it."""
    has_graph = not is_a(layer, "Sequential") and functional_of(walk.reader, layer) is not None
    return not has_graph and not is_around_a_loop(layer) and bool(listed_below(walk, layer))


def is_around_a_loop(layer: Any) -> bool:
    """Whether somebody's ``call`` has Keras' own around it, which calls what it holds in a loop.

    Each backend runs that loop in its own way: unrolled, once for a symbolic step, or not at all.
    """
    is_one = not is_built_in(layer) and any(is_a(layer, name) for name in _LOOPS)
    return is_one and has_call(layer)


_LOOPS = ("RNN", "Bidirectional", "TimeDistributed")


def functional_of(reader: Reader, layer: Any) -> Any | None:
    """The object that holds the graph of a model; None where a layer or model has none."""
    return reader.functional(layer) if is_a(layer, "Model") else None


def listed_below(walk: Walk, layer: Any) -> list[Any]:
    """The layers that get rows of their own below a layer without a graph.

    A model and a layer that somebody wrote list what they hold. Keras' own layers are fully described
    by their config, but for models and people's layers which they wrap.
    """
    if is_a(layer, "Model") or not is_built_in(layer) or is_revived(layer):
        return walk.children(layer)
    found = []
    for child in walk.children(layer):
        if is_a(child, "Model") or (not is_built_in(child) and walk.children(child)):
            found.append(child)
        else:
            found += listed_below(walk, child)
    return found


def members_of(walk: Walk, container: Any, graph: Graph | None) -> list[Any]:
    """What gets a row below a container, in row order."""
    members = list(graph.operations) if graph else listed_below(walk, container)
    if is_a(container, "Sequential"):
        # As in model.layers: a Sequential's input is no layer of its own.
        return [layer for layer in members if not is_a(layer, "InputLayer")]
    if graph:
        members += _beside_the_graph(walk, container, members)
    return members


def _beside_the_graph(walk: Walk, container: Any, listed: list[Any]) -> list[Any]:
    """Layers with weights that a subclass of a functional model holds and its graph never calls.

    Not those whose weights are listed already: a model may hold a part of one of its layers by name.
    """
    ids = set(map(id, listed))
    others = [layer for layer in walk.children(container) if id(layer) not in ids]
    if not others:
        return []
    known = {weight for layer in listed for weight in walk.all_weights(layer)}
    return [layer for layer in others if not walk.all_weights(layer).keys() <= known]
