"""Who feeds whom among the layers of one model, and where its graph can be cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from pytest_layersnap.flows.nodes import Node, dimensions, shapes, shrinkage
from pytest_layersnap.references import Reference, holders
from pytest_layersnap.table import UNKNOWN_EDGES

#: For each node the nodes that feed it.
Feeds = Mapping[Node, tuple[Node, ...]]

#: For merges: nodes that lead to them beside the flow, and belong to them.
Hung = dict[Node, tuple[Node, ...]]

#: A part that holds so much of a network says nothing about it: it is cut at its cells.
_TOO_LARGE = Fraction(2, 5)
#: As many cells make it a network of cells, and no block with a concatenation inside.
_CELLS = 3
#: The tensors that are left to read after a cell.
_LIVE = 2


@dataclass(frozen=True, slots=True)
class Part:
    """A node through which everything flows, or all between two of them.

    Args:
        nodes: in the order of the table, without ``end``.
        start: the node before it; None where data enters.
        end: the node in which it ends; None where data leaves in several places.
        is_cell: whether it also reads what other parts made.
    """

    nodes: tuple[Node, ...]
    start: Node | None
    end: Node | None
    is_cell: bool = False


def feeds(nodes: Sequence[Node]) -> dict[Node, tuple[Node, ...]]:
    """The edges between the nodes of one model, all from earlier to later nodes.

    A layer with weights that is called with several tensors transforms the first; the others
    (masks, the states of an encoder, what a decoder attends to) are its context and no flow.
    Where the edges are not known, each node is fed by the one before it.
    """
    by_path: dict[str, Node] = {}
    for node in nodes:
        by_path.setdefault(node.layer.layer_name, node)
    place = {node: index for index, node in enumerate(nodes)}
    found: dict[Node, tuple[Node, ...]] = {}
    for index, node in enumerate(nodes):
        if node.layer.inbound_layers == UNKNOWN_EDGES:
            found[node] = tuple(nodes[index - 1 : index]) if index else ()
            continue
        calls = (
            [
                source
                for each in call
                if (source := _source(each, by_path)) and place[source] < index
            ]
            for call in node.layer.calls
        )
        if node.role == "unit" and not node.has_flow:
            calls = (_transformed(node, call, found) for call in calls)
        found[node] = tuple(dict.fromkeys(source for call in calls for source in call))
    return found


def _transformed(node: Node, call: list[Node], found: Feeds) -> list[Node]:
    """What a call transforms: its first tensor.

    Inside of somebody's layer a sum has no row. What it adds up stands for it: what comes first,
    and what was made of that.
    """
    if len(call) <= len(shapes(node.layer.input_shape)):
        return call[:1]
    return [source for source in call if source is call[0] or _comes_from(call[0], source, found)]


def _comes_from(start: Node, node: Node, found: Feeds) -> bool:
    todo, met = [node], set[Node]()
    while todo:
        feeding = set(found[todo.pop()]) - met
        met |= feeding
        todo += feeding
    return start in met


def _source(reference: str, by_path: Mapping[str, Node]) -> Node | None:
    """The node that a reference means, or the one that holds it."""
    path = Reference.parse(reference).path
    return next((by_path[each] for each in (path, *holders(path)) if each in by_path), None)


def components(nodes: Sequence[Node], feeds: Feeds) -> list[list[Node]]:
    """The nodes in groups that no edge connects, in the order of their first nodes."""
    neighbours: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for feed in feeds[node]:
            if feed in neighbours:
                neighbours[node].append(feed)
                neighbours[feed].append(node)
    group: dict[Node, int] = {}
    for number, node in enumerate(nodes):
        todo = [] if node in group else [node]
        while todo:
            member = todo.pop()
            if member not in group:
                group[member] = number
                todo += neighbours[member]
    found: dict[int, list[Node]] = {}
    for node in nodes:
        found.setdefault(group[node], []).append(node)
    return list(found.values())


def parts(nodes: Sequence[Node], feeds: Feeds) -> list[Part]:
    """A connected graph, cut at the nodes through which everything flows: no edge leads past them."""
    place = {node: index for index, node in enumerate(nodes)}
    reach = [0] * (len(nodes) + 1)  # how far the edges lead that come from before each place
    fed = {feed for node in nodes for feed in feeds[node]}
    for index, node in enumerate(nodes):
        sources = [place[feed] for feed in feeds[node] if feed in place]
        first = min(sources) + 1 if sources else 0
        reach[first] = max(reach[first], index)
        if node not in fed:
            reach[index + 1] = len(nodes)
    found: list[Part] = []
    start: Node | None = None
    begin = furthest = 0
    for index, node in enumerate(nodes):
        furthest = max(furthest, reach[index])
        if furthest <= index:
            found += _cells(Part(tuple(nodes[begin:index]), start, node), feeds, len(nodes))
            start, begin = node, index + 1
    if begin < len(nodes):
        found.append(Part(tuple(nodes[begin:]), start, None))
    return found


def _reachable(nodes: Sequence[Node], feeds: Feeds) -> tuple[list[int], list[int]]:
    """For each place the set of places before it, and of those after it; sets are bits of a number."""
    place = {node: index for index, node in enumerate(nodes)}
    sources = [[place[feed] for feed in feeds[node] if feed in place] for node in nodes]
    before, after = [0] * len(nodes), [0] * len(nodes)
    for index, feeding in enumerate(sources):
        for source in feeding:
            before[index] |= before[source] | 1 << source
    for index in reversed(range(len(nodes))):
        for source in sources[index]:
            after[source] |= after[index] | 1 << index
    return before, after


def _cells(part: Part, feeds: Feeds, size: int) -> list[Part]:
    """A part that is nearly all of the network, cut where its cells end.

    In NASNet each cell reads the two cells before it: no node lets everything through. A cell ends
    in a concatenation after which two tensors are left to read: its own and the last one's.
    """
    if part.end is None or len(part.nodes) <= _TOO_LARGE * size:
        return [part]
    nodes = [*([part.start] if part.start else []), *part.nodes, part.end]
    ends = _ends_of_cells(nodes, feeds, past=1 if part.start else 0)
    if len(ends) < _CELLS:
        return [part]
    found, start, past = [], part.start, 1 if part.start else 0
    for end, reach in [*ends, (part.end, ~0)]:
        members = reach & ~past
        inside = tuple(n for at, n in enumerate(nodes) if members >> at & 1 and n is not end)
        found.append(Part(inside, start, end, is_cell=True))
        start, past = end, reach
    return found


def _ends_of_cells(nodes: Sequence[Node], feeds: Feeds, past: int) -> list[tuple[Node, int]]:
    """Concatenations that leave as many tensors to read as cells do, with all up to each of them.

    Args:
        nodes: the part, in order; sets of their places are bits of a number.
        feeds: what feeds whom.
        past: the places that no cell has.
    """
    before, _ = _reachable(nodes, feeds)
    place = {node: index for index, node in enumerate(nodes)}
    fed = [0] * len(nodes)
    for index, node in enumerate(nodes):
        for feed in feeds[node]:
            if feed in place:
                fed[place[feed]] |= 1 << index
    ends = []
    for index, node in enumerate(nodes):
        if node.merge != "join" or before[index] & past != past:
            continue
        reach = before[index] | 1 << index
        live = sum(1 for at in range(index + 1) if reach >> at & 1 and fed[at] & ~reach)
        if live == _LIVE:
            ends.append((node, reach))
            past = reach
    return ends


def without_inputs(
    nodes: Iterable[Node], feeds: Feeds
) -> tuple[dict[Node, tuple[Node, ...]], Hung]:
    """The edges without those by which inputs come in to what was computed, as labels do.

    Returns:
        The other edges; and for each node that takes such an input the nodes that lead to it.
    """
    edges, hung = dict(feeds), dict[Node, tuple[Node, ...]]()
    consumers = Counter(feed for node in nodes for feed in feeds[node])
    for node in nodes:
        chains = {feed: _chain(feed, feeds, consumers)[0] for feed in feeds[node]}
        entering = [
            feed
            for feed, chain in chains.items()
            if chain and chain[0].is_input and not any(each.role == "unit" for each in chain)
        ]
        if 0 < len(entering) < len(chains):
            edges[node] = tuple(feed for feed in feeds[node] if feed not in entering)
            hung[node] = tuple(each for feed in entering for each in chains[feed])
    return edges, hung


def without_skips(nodes: Sequence[Node], feeds: Feeds) -> tuple[dict[Node, tuple[Node, ...]], Hung]:
    """The edges without those that skip a way down in resolution and up again, as in a U-Net.

    Connections into concatenations that lie around others, like brackets, skip as well.

    Returns:
        The other edges; and for each merge the nodes that lie on such a skip to it, which belong
        to the merge.
    """
    edges = dict(feeds)
    grows = any(node.shrinks < 1 for node in nodes)
    if not grows and sum(node.merge == "join" for node in nodes) < 2:
        return edges, {}
    place = {node: index for index, node in enumerate(nodes)}
    before, after = _reachable(nodes, feeds)
    scales = _scales(nodes, feeds)
    consumers = Counter(feed for node in nodes for feed in feeds[node])

    def is_skip(fork: Node, merge: Node, others: Iterable[Node]) -> bool:
        """Whether the other ways from a fork to a merge go where the image is smaller."""
        ways = after[place[fork]]
        inside = 0
        for other in others:
            inside |= ways & (before[place[other]] | 1 << place[other])
        largest = max(scales[fork], scales[merge])
        return any(inside >> at & 1 and scales[node] > largest for at, node in enumerate(nodes))

    hung: Hung = {}
    bracketed = _bracketed(nodes, feeds, consumers)
    for merge in nodes:
        ways = [(feed, *_chain(feed, feeds, consumers)) for feed in feeds[merge]]
        from_fork = Counter(fork for _, _, fork in ways)
        for feed, chain, fork in ways:
            others = tuple(other for other in edges[merge] if other is not feed)
            if not others or fork is None or from_fork[fork] > 2:
                continue
            if (feed, merge) in bracketed or (grows and is_skip(fork, merge, others)):
                edges[merge] = others
                hung[merge] = (*hung.get(merge, ()), *chain)
    return edges, hung


def _bracketed(
    nodes: Sequence[Node], feeds: Feeds, consumers: Mapping[Node, int]
) -> set[tuple[Node, Node]]:
    """Edges into concatenations that lie around others of their kind, or between their ends."""
    place = {node: index for index, node in enumerate(nodes)}
    found = [
        (place[fork], place[merge], feed, merge)
        for merge in nodes
        if merge.merge == "join" and len(feeds[merge]) == 2
        for feed in feeds[merge]
        for chain, fork in [_chain(feed, feeds, consumers)]
        if fork in place and not any(node.role == "unit" for node in chain)
    ]
    return {
        (feed, merge)
        for fork, end, feed, merge in found
        if any(
            start < fork < end < stop or fork < start < stop < end for start, stop, _, _ in found
        )
    }


def _chain(
    node: Node, feeds: Feeds, consumers: Mapping[Node, int]
) -> tuple[list[Node], Node | None]:
    """The nodes that feed nothing but the next one, and the node where they branch off."""
    chain: list[Node] = []
    while consumers[node] == 1:
        chain.insert(0, node)
        if len(feeds[node]) != 1:
            return chain, None
        (node,) = feeds[node]
    return chain, node


def _scales(nodes: Iterable[Node], feeds: Feeds) -> dict[Node, Fraction]:
    """By how much the image, or the sequence, has shrunk in each node."""
    scales: dict[Node, Fraction] = {}
    for node in nodes:
        before = (scales[feed] * _between(feed, node) for feed in feeds[node])
        scales[node] = node.shrinks * min(before, default=Fraction(1))
    return scales


def _between(feed: Node, node: Node) -> Fraction:
    """By how much what a node takes is smaller than the first output of what feeds it."""
    made, taken = dimensions(feed.layer.output_shape), dimensions(node.layer.input_shape)
    return shrinkage(made, taken) if len(shapes(feed.layer.output_shape)) > 1 else Fraction(1)


def shrinking(nodes: Sequence[Node], feeds: Feeds) -> Fraction:
    """By how much the image shrinks between what enters these nodes and the last of them."""
    inside = set(nodes)
    inner = {node: tuple(feed for feed in feeds.get(node, ()) if feed in inside) for node in nodes}
    return _scales(nodes, inner)[nodes[-1]]
