"""Who feeds whom: telling rewiring from what insertions, removals and moves bring with them.

Rows that were added, removed or moved are bridged: whoever they feed is taken to be fed by what
feeds them. Edges that agree after that are explained; the others are rewired.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from pytest_layersnap.comparison.paired import Alignment
from pytest_layersnap.references import Reference
from pytest_layersnap.table import UNKNOWN_EDGES, Layer, LayerTable

#: Taking rows out of what moved may open further places; a rebuilt graph is not worth the search.
_ROUNDS = 20
#: With more rows that are fed by something else, what moved is not looked for one by one.
_FEW = 16
#: Rows that were moved and are fed by nothing all stand at the start of the model.
_START = ("start", 0, 0)


@dataclass(frozen=True, slots=True)
class Rewiring:
    """What the edges say about an alignment; rows are indices of the current table.

    Args:
        moved: rows that stand elsewhere in the graph, or in the order where that is all we know.
        rewired: rows that are fed by something else, and nothing else explains it.
    """

    moved: frozenset[int]
    rewired: frozenset[int]


#: A tensor: the node that made it, in which call, and which output it is. Nodes are numbered like
#: the rows of the current table, removed rows by negative numbers; a text is a path without a row.
_Tensor = tuple[int | str, int, int]
#: For each call of a node the tensors that feed it; None where unknown.
_Calls = tuple[tuple[_Tensor, ...], ...] | None
#: For each node (or path without a row): the nodes that it feeds.
_Feeding = dict[int | str, set[int]]


@dataclass(frozen=True, slots=True)
class _Graph:
    """The edges of one table.

    Args:
        calls: for each node, for each of its calls: the tensors that feed it; None where unknown.
        paired: the nodes that both tables have.
    """

    calls: dict[int, _Calls]
    paired: AbstractSet[int]

    def sources(self, tensor: _Tensor, bridged: AbstractSet[int]) -> frozenset[_Tensor]:
        """The tensors that one comes from, seen through bridged nodes."""
        if tensor[0] not in bridged:
            return frozenset((tensor,))
        found: set[_Tensor] = set()
        todo, seen = [tensor], {tensor}
        while todo:
            node, call, output = todo.pop()
            if not isinstance(node, int) or node not in bridged:
                found.add((node, call, output))
                continue
            calls = self.calls[node] or ()
            feeds = calls[call] if call < len(calls) else ()
            todo += [feed for feed in feeds if feed not in seen]
            seen.update(feeds)
            if not feeds:
                found.add(_START if node in self.paired else (node, call, output))
        return frozenset(found)

    def consumers(self, bridged: AbstractSet[int]) -> _Feeding:
        """For each node the nodes that it feeds, seen through bridged nodes."""
        found: _Feeding = defaultdict(set)
        for node, calls in self.calls.items():
            if node in bridged:
                continue
            for tensor in (tensor for call in calls or () for tensor in call):
                for source, _, _ in self.sources(tensor, bridged):
                    found[source].add(node)
        return found


def rewiring(recorded: LayerTable, current: LayerTable, alignment: Alignment) -> Rewiring:
    """Judge the edges of two aligned tables: which rows moved, which are fed by something else."""
    if _are_the_same(recorded, current, alignment):
        return Rewiring(frozenset(), frozenset())
    nodes = dict(alignment.pairs)
    pairs = frozenset(nodes.values())
    recorded_nodes = [nodes.get(row, -1 - row) for row in range(len(recorded))]
    recorded_names = _names(recorded, recorded_nodes)
    current_names = _names(current, range(len(current)))
    # A reference to a path that its own table lacks means the row that had it in the other.
    names = recorded_names | current_names
    shared = {path: node for path, node in names.items() if node in pairs}
    graphs = (
        _graph(recorded, recorded_nodes, shared | recorded_names, pairs),
        _graph(current, range(len(current)), shared | current_names, pairs),
    )
    unpaired = {-1 - row for row in alignment.removed} | set(alignment.added)

    rewired = _rewired(*graphs, unpaired)
    if not (recorded.has_topology and current.has_topology):
        return Rewiring(alignment.displaced, rewired)
    if not (unpaired or rewired):
        return Rewiring(alignment.displaced, frozenset())
    feeding = graphs[0].consumers(unpaired), graphs[1].consumers(unpaired)
    # A row that is called once more, or less, did more than move.
    displaced = {*filter(_is_called_as_often(*graphs), alignment.displaced)}
    explanations = [
        _explained(*graphs, unpaired, moved, feeding)
        for moved in _candidates(displaced, rewired, feeding)
    ]
    found = min(explanations, key=lambda it: (_told(it), len(it.rewired)))
    if found.rewired and 1 < len(rewired) <= _FEW:
        other = _one_by_one(*graphs, unpaired, rewired, feeding)
        found = min(found, other, key=_told)
    return found


def _is_called_as_often(recorded: _Graph, current: _Graph) -> Callable[[int], bool]:
    return lambda node: len(recorded.calls[node] or ()) == len(current.calls[node] or ())


def _told(found: Rewiring) -> int:
    return len(found.moved) + len(found.rewired)


def _are_the_same(recorded: LayerTable, current: LayerTable, alignment: Alignment) -> bool:
    """Whether the same names stand in the same rows, and are fed by the same ones."""
    return (
        len(recorded) == len(current) == len(alignment.pairs)
        and not alignment.displaced
        and all(
            was.layer_name == now.layer_name and was.inbound_layers == now.inbound_layers
            for was, now in zip(recorded, current, strict=True)
        )
    )


class ReferenceNames:
    """References to rows, written with the paths that the rows have now."""

    __slots__ = ("_paths",)

    def __init__(self, recorded: LayerTable, current: LayerTable, alignment: Alignment) -> None:
        """The names that an alignment of two tables gives to the rows of the recorded one."""
        self._paths = {layer.layer_name: layer.layer_name for layer in recorded}
        for row, partner in alignment.pairs:
            self._paths[recorded.layers[row].layer_name] = current.layers[partner].layer_name

    def of_recorded(self, layer: Layer) -> list[Any] | str:
        """The references of a recorded row, with the paths of today."""
        if layer.inbound_layers == UNKNOWN_EDGES:
            return UNKNOWN_EDGES
        calls = [[self.today(reference) for reference in call] for call in layer.calls]
        return calls[0] if len(calls) == 1 else calls

    def of_current(self, layer: Layer) -> list[Any] | str:
        """The references of a current row."""
        if layer.inbound_layers == UNKNOWN_EDGES:
            return UNKNOWN_EDGES
        calls = [list(call) for call in layer.calls]
        return calls[0] if len(calls) == 1 else calls

    def today(self, reference: str) -> str:
        """A recorded reference, with the path that its row has now."""
        found = Reference.parse(reference)
        return str(found._replace(path=self._paths.get(found.path, found.path)))


def _names(table: LayerTable, nodes: Iterable[int]) -> dict[str, int]:
    """The node of each path; of a path that several rows have, the first."""
    node_of: dict[str, int] = {}
    for layer, node in zip(table, nodes, strict=True):
        node_of.setdefault(layer.layer_name, node)
    return node_of


def _graph(
    table: LayerTable, nodes: Iterable[int], node_of: dict[str, int], paired: AbstractSet[int]
) -> _Graph:
    def tensor(reference: str) -> _Tensor:
        path, call, output = Reference.parse(reference)
        return node_of.get(path, path), call, output

    return _Graph(
        {
            node: None
            if layer.inbound_layers == UNKNOWN_EDGES
            else tuple(tuple(tensor(feed) for feed in call) for call in layer.calls)
            for layer, node in zip(table, nodes, strict=True)
        },
        paired,
    )


def _rewired(recorded: _Graph, current: _Graph, bridged: AbstractSet[int]) -> frozenset[int]:
    """The nodes of both graphs that are not fed alike."""
    return frozenset(
        node for node in recorded.paired if not _fed_alike(recorded, current, node, bridged)
    )


def _fed_alike(recorded: _Graph, current: _Graph, node: int, bridged: AbstractSet[int]) -> bool:
    """Whether a node is fed by the same tensors, or the bridged nodes explain the difference."""
    recorded_calls, current_calls = recorded.calls[node], current.calls[node]
    if recorded_calls == current_calls and not _passes(recorded_calls, bridged):
        return True
    if recorded_calls is None or current_calls is None:
        return False
    if not (any(recorded_calls) and any(current_calls)):
        return all(
            _is_at_the_start(*each, bridged)
            for each in ((recorded, recorded_calls), (current, current_calls))
        )
    return len(recorded_calls) == len(current_calls) and all(
        len(was) == len(now)
        and all(
            _same_tensor(recorded, current, *feeds, bridged) for feeds in zip(was, now, strict=True)
        )
        for was, now in zip(recorded_calls, current_calls, strict=True)
    )


def _passes(calls: _Calls, bridged: AbstractSet[int]) -> bool:
    """Whether any of the tensors of calls is one of a bridged node."""
    return bool(bridged) and any(node in bridged for call in calls or () for node, _, _ in call)


def _is_at_the_start(
    graph: _Graph, calls: Iterable[Iterable[_Tensor]], bridged: AbstractSet[int]
) -> bool:
    """Whether nothing feeds a node but what is bridged and fed by nothing, as in a model inside."""
    return all(
        source == _START or source[0] in bridged
        for call in calls
        for tensor in call
        for source in graph.sources(tensor, bridged)
    )


def _same_tensor(
    recorded: _Graph, current: _Graph, was: _Tensor, now: _Tensor, bridged: AbstractSet[int]
) -> bool:
    if was == now and was[0] not in bridged:
        return True
    sources = recorded.sources(was, bridged), current.sources(now, bridged)
    # A merge that was added brings further sources with it; it is a finding of its own.
    return bool(sources[0] & sources[1]) and (sources[0] <= sources[1] or sources[1] <= sources[0])


def _candidates(
    displaced: AbstractSet[int], rewired: AbstractSet[int], feeding: tuple[_Feeding, _Feeding]
) -> Iterator[frozenset[int]]:
    """Which displaced rows may have moved: none, row by row, or in connected groups.

    What moved is fed by something else, and feeds others than it did. (A row that still feeds whom
    it fed was rewired.) Of a group that moved as one, that holds for its ends.
    """
    yield frozenset()
    recorded, current = feeding
    leaving = {node for node in displaced if recorded[node] != current[node]}
    if leaving and not displaced.isdisjoint(rewired):
        yield frozenset(leaving & rewired)
        groups = _groups(displaced, feeding)
        yield frozenset().union(*(group for group in groups if group & leaving and group & rewired))


def _one_by_one(
    recorded: _Graph,
    current: _Graph,
    unpaired: AbstractSet[int],
    rewired: frozenset[int],
    feeding: tuple[_Feeding, _Feeding],
) -> Rewiring:
    """The rewired rows with those taken as moved, one after the other, that explain most of the others.

    Where paths are parallel, what moved need not stand out of the order of the rows.
    """
    best, found = Rewiring(frozenset(), rewired), None
    movable = {*filter(_is_called_as_often(recorded, current), recorded.paired)}
    while best != found:
        found = best
        for node in found.rewired & movable:
            behind = (feeding[0][node] | feeding[1][node]) & movable - found.moved
            for group in ({node}, *({node, fed} for fed in behind)):
                near = found.rewired.union(*(side[each] for side in feeding for each in group))
                moved = found.moved | group
                rewired = frozenset(
                    each
                    for each in near & recorded.paired - moved
                    if not _fed_alike(recorded, current, each, unpaired | moved)
                )
                best = min(best, Rewiring(moved, rewired), key=_told)
    return best


def _groups(displaced: AbstractSet[int], feeding: tuple[_Feeding, _Feeding]) -> list[set[int]]:
    """The displaced rows in groups that edges connect."""
    neighbours: dict[int, set[int]] = {node: set() for node in displaced}
    for node in displaced:
        for other in (feeding[0][node] | feeding[1][node]) & displaced:
            neighbours[node].add(other)
            neighbours[other].add(node)
    groups = []
    while neighbours:
        group: set[int] = set()
        todo = {next(iter(neighbours))}
        while todo:
            node = todo.pop()
            group.add(node)
            todo |= neighbours.pop(node) - group
        groups.append(group)
    return groups


def _explained(
    recorded: _Graph,
    current: _Graph,
    unpaired: AbstractSet[int],
    moved: frozenset[int],
    feeding: tuple[_Feeding, _Feeding],
) -> Rewiring:
    """What is left as rewired if these rows moved, but for those whose places did not close."""
    for _ in range(_ROUNDS):
        rewired = _rewired(recorded, current, unpaired | moved) - moved
        left_open = {node for node in moved if (feeding[0][node] | feeding[1][node]) & rewired}
        if not left_open:
            return Rewiring(moved, rewired)
        moved -= left_open
    return Rewiring(frozenset(), _rewired(recorded, current, unpaired))
