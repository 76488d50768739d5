"""Blocks of a network: the rules that go by how layers are connected.

A network is cut at the nodes through which everything flows. What lies between two of them and ends
in a sum is a residual block, in a concatenation a dense or an inception block; in a product it is
a gate (squeeze and excite). What is left are chains: a block for each layer with a kernel, but for
the bottlenecks and separable convolutions that several of them make together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import prod

from pytest_layersnap.flows.graph import (
    Feeds,
    Hung,
    Part,
    components,
    feeds,
    parts,
    shrinking,
    without_inputs,
    without_skips,
)
from pytest_layersnap.flows.labels import beginning
from pytest_layersnap.flows.model import Section, units_text
from pytest_layersnap.flows.nodes import Node, width

#: Branches of their own inputs or outputs with more units than this are paths, no block.
_UNITS_OF_A_BRANCH = 2


@dataclass(slots=True)
class Piece:
    """A block in the making.

    Args:
        kind: as in ``Block``.
        nodes: those that make it what it is.
        sections: what they compute, in words.
        lead: nodes before them that belong to it, as padding does.
        tail: nodes after them that belong to it, as activations do.
        shrinks: by how much the image shrinks.
        group: the nested model, or the branch, that it is in.
        skip: whether a skip connection comes in.
        is_apart: whether it begins a branch, so that the piece before it does not feed it.
    """

    kind: str
    nodes: list[Node]
    sections: list[Section]
    lead: list[Node] = field(default_factory=list)
    tail: list[Node] = field(default_factory=list)
    shrinks: Fraction = Fraction(1)
    group: str = ""
    skip: bool = False
    is_apart: bool = False

    @property
    def units(self) -> list[str]:
        """What the nodes compute, in words."""
        return [unit for section in self.sections for unit in section.units]

    @property
    def hands_on(self) -> bool:
        """Whether there are shortcuts, and none with weights."""
        return bool(self.sections) and all(
            section.shortcut is not None and not section.has_projection for section in self.sections
        )

    @property
    def activation(self) -> str:
        """What comes after all else, by Keras' name."""
        layers = [node.layer for node in self.tail if _activates(node)]
        return next((each.activation_function or each.layer_type for each in layers), "")

    @property
    def unit(self) -> Node | None:
        """The layer that it is, if it is one layer."""
        return self.nodes[0] if self.kind == "unit" else None

    @property
    def is_linear(self) -> bool:
        """Whether it is a layer that is normalized, and has no activation."""
        return (
            self.unit is not None
            and self.unit.is_linear
            and any(node.role == "norm" for node in self.tail)
            and not any(map(_activates, self.tail))
        )

    def all_nodes(self) -> list[Node]:
        """All nodes, in order."""
        return [*self.lead, *self.nodes, *self.tail]


def _activates(node: Node) -> bool:
    kind = node.layer.layer_type
    return node.role == "activation" and not any(
        name in kind for name in ("Drop", "Noise", "Depth", "Scale", "Identity")
    )


def pieces(nodes: Sequence[Node]) -> list[Piece]:
    """The blocks of one model, in the order in which data flows through them.

    Args:
        nodes: the layers of the model; nested models are expanded.
    """
    found, loose = _of_graph(nodes, feeds(nodes))
    if not found:
        return [Piece(loose[0].layer.layer_type, loose, [])] if loose else []
    found[0].lead[:0] = loose
    return found


def _of_graph(nodes: Sequence[Node], edges: Feeds) -> tuple[list[Piece], list[Node]]:
    """The pieces of a graph, and the nodes of its components that compute nothing."""
    found: list[Piece] = []
    loose: list[Node] = []
    several = [group for group in components(nodes, edges) if _units(group)]
    for group in components(nodes, edges):
        if _units(group):
            branch = _of_component(group, edges)
            if len(several) > 1:
                branch[0].is_apart = True
                _group(branch, _name(group))
            found += branch
        else:
            loose += group
    return found, loose


def _of_component(nodes: Sequence[Node], edges: Feeds) -> list[Piece]:
    main, hung = without_skips(nodes, edges)
    aside = {node for chain in hung.values() for node in chain}
    left = [node for node in nodes if node not in aside]
    found = parts(left, main)
    entering: Hung = {}
    if len(found) == 1 and not (found[0].start or found[0].end):
        main, entering = without_inputs(left, main)
        aside = {node for chain in entering.values() for node in chain}
        found = parts([node for node in left if node not in aside], main)
    builder = _Builder(main, {**edges, **{node: main[node] for node in entering}})
    for part in found:
        builder.add(part)
    joined = _joined(builder.finished())
    for piece in joined:
        merges = [node for node in piece.all_nodes() if node in hung]
        piece.skip = piece.skip or bool(merges)
        piece.lead[:0] = [
            node
            for merge in piece.all_nodes()
            for node in (*hung.get(merge, ()), *entering.get(merge, ()))
        ]
    return joined


def _units(nodes: Iterable[Node]) -> list[Node]:
    return [node for node in nodes if node.role == "unit"]


def _group(found: Iterable[Piece], name: str) -> None:
    for piece in found:
        piece.group = piece.group or name


def _name(branch: Sequence[Node]) -> str:
    """What the names in a branch begin with, else its input, else its last layer."""
    inputs = [node.layer.layer_name for node in branch if node.is_input]
    return beginning(branch) or [*inputs, branch[-1].layer.layer_name][0]


class _Builder:
    """Pieces, and the nodes that wait for the piece they go with."""

    __slots__ = ("_all_edges", "_edges", "_found", "_waiting")

    def __init__(self, edges: Feeds, all_edges: Feeds) -> None:
        self._edges = edges
        self._all_edges = all_edges
        self._found: list[Piece] = []
        self._waiting: list[Node] = []

    def add(self, part: Part) -> None:
        """The next part of the graph."""
        if not part.nodes and part.end is not None:
            self._add_node(part.end)
        elif not _units(part.nodes) or (part.end is not None and part.end.role == "unit"):
            self._add_around(part)
        elif part.end is None and part.start is None:  # several ways out, and nothing to cut
            self._append(Piece("cell", list(part.nodes), [_counted(part.nodes)]))
        elif (
            part.end is None
            or any(node.is_network for node in part.nodes)
            or (part.start is None and _is_wide(part.nodes, self._edges))
        ):
            self._add_branches(part)
        elif blocks := _under_shortcut(part, self._edges):
            self._append(*blocks)
        else:
            self._append(_region(part, self._edges))

    def finished(self) -> list[Piece]:
        """All pieces; what follows the last is its own, or stands alone where it can't be."""
        left = self._split()
        if left and self._found and left[0].role == "other":
            self._found[-1].tail += left
        elif left:
            self._found.append(Piece(left[0].layer.layer_type, left, []))
        return self._found

    def _add_node(self, node: Node) -> None:
        if node.combines and len(self._all_edges[node]) < 2:
            self._append(Piece(node.layer.layer_type, [node], []))
        elif node.role != "unit":
            self._waiting.append(node)
        elif node.has_flow:
            inner = pieces(node.children)
            if len(inner) > 1:
                _group(inner, node.layer.layer_name)
            inner[0].lead.insert(0, replace(node, children=(), shrinks=Fraction(1)))
            self._append(*inner)
        else:
            kind = node.layer.layer_type if node.is_opaque else "unit"
            units = Section((tuple(node.labels()),))
            self._append(Piece(kind, [node], [units], shrinks=node.shrinks))

    def _add_around(self, part: Part) -> None:
        """Nodes that compute nothing, or that feed a layer which is called several times."""
        inner, loose = _of_graph(part.nodes, _inside(part.nodes, self._edges))
        if inner:
            self._append(*inner)
        self._waiting += loose
        if part.end is not None:
            self._add_node(part.end)

    def _add_branches(self, part: Part) -> None:
        """Branches with inputs or outputs of their own, each a path for itself, and their merge."""
        inner, loose = _of_graph(part.nodes, _inside(part.nodes, self._edges))
        self._append(*inner)
        for piece in inner:
            while part.end is not None and piece.tail and piece.tail[-1].flattens:
                loose.insert(0, piece.tail.pop())
        self._waiting += loose
        if part.end is not None:
            self._append(Piece(part.end.layer.layer_type, [part.end], []))

    def _append(self, *found: Piece) -> None:
        found[0].lead[:0] = self._split()
        self._found += found

    def _split(self) -> list[Node]:
        """Give what waits to the piece before as far as it is its own; return the rest."""
        waiting, self._waiting = self._waiting, []
        if not self._found:
            return waiting
        own = _tail(waiting, self._found)
        self._found[-1].tail += waiting[:own]
        return waiting[own:]


def _tail(waiting: Sequence[Node], found: Sequence[Piece]) -> int:
    """How many of the nodes after the last piece are its own.

    Norms and activations are. But a norm with an activation after a merge or a pooling prepares what
    follows (pre-activation), and a norm which equal pieces before did without is that of the end.
    """
    last = found[-1]
    own = 0
    while own < len(waiting) and waiting[own].role in ("norm", "activation"):
        own += 1
    norms = [place for place in range(own) if waiting[place].role == "norm"]
    if not norms:
        return own
    is_kernel = last.unit is not None and not last.unit.is_pool
    if not is_kernel and any(map(_activates, waiting[norms[0] : own])):
        return norms[0]
    if not is_kernel and (twin := _twin(found)) and all(node.role != "norm" for node in twin.tail):
        return norms[0]
    return own


def _twin(found: Sequence[Piece]) -> Piece | None:
    """The last piece before the last one that is made up as it is."""
    made_up = found[-1].kind, found[-1].units
    return next((piece for piece in found[-2::-1] if (piece.kind, piece.units) == made_up), None)


def _inside(nodes: Sequence[Node], edges: Feeds) -> Feeds:
    inside = set(nodes)
    return {node: tuple(feed for feed in edges[node] if feed in inside) for node in nodes}


def _is_wide(nodes: Sequence[Node], edges: Feeds) -> bool:
    """Whether branches with inputs of their own are networks for themselves."""
    return any(
        any(node.is_input for node in branch)
        and (len(_units(branch)) > _UNITS_OF_A_BRANCH or any(node.has_flow for node in branch))
        for branch in components(nodes, _inside(nodes, edges))
    )


def _under_shortcut(part: Part, edges: Feeds) -> list[Piece]:
    """The pieces under a long shortcut, which is a skip into the last; none if they are one block."""
    end = part.end
    if end is None or part.is_cell or end.merge != "sum" or part.start not in edges[end]:
        return []
    if len(components(part.nodes, _inside(part.nodes, edges))) > 1:
        return []
    assert part.start is not None
    entry = Node(replace(part.start.layer, inbound_layers="[]"), (), "other", Fraction(1))
    nodes = [entry, *part.nodes]
    fed = {
        node: tuple(entry if feed is part.start else feed for feed in edges[node])
        for node in part.nodes
    }
    found = _of_component(nodes, _inside(nodes, {**fed, entry: ()}))
    found[0].lead.remove(entry)
    if sum(any(section.merge for section in piece.sections) for piece in found) < 2:
        return []
    found[-1].tail.append(end)
    found[-1].skip = True
    return found


def _region(part: Part, edges: Feeds) -> Piece:
    """A piece that ends in a merge."""
    end = part.end
    assert end is not None
    nodes = [*part.nodes, end]
    if part.is_cell:
        return Piece("cell", nodes, [_counted(nodes)], shrinks=shrinking(nodes, edges))
    inside = _inside(part.nodes, edges)
    branches = [
        _Branch(branch, _of_component(branch, inside) if _units(branch) else [])
        for branch in components(part.nodes, inside)
    ]
    direct = part.start in edges[end]
    if end.merge == "scale" and direct:
        squeezes = any(node.is_pool for node in part.nodes)
        label = "squeeze-excite" if squeezes else "gate"
        return Piece("gate", nodes, [Section(((label,),))])
    kind, section = _merged(end, branches, direct=direct, entered=part.start is None)
    return Piece(kind, nodes, [section], shrinks=shrinking(nodes, edges))


@dataclass(frozen=True, slots=True)
class _Branch:
    """One way between two nodes: its nodes, and the pieces that they make."""

    nodes: list[Node]
    pieces: list[Piece]

    @property
    def units(self) -> tuple[str, ...]:
        return tuple(unit for piece in self.pieces for unit in _as_units(piece))

    @property
    def kernels(self) -> int:
        return sum(not node.is_pool for node in _units(self.nodes))


def _merged(
    end: Node, branches: Sequence[_Branch], *, direct: bool, entered: bool
) -> tuple[str, Section]:
    """The kind of what ends in a merge, and its branches: by what it merges first, then by how.

    Args:
        end: the merge.
        branches: all that lead to it.
        direct: whether it also takes what comes in as it is.
        entered: whether data enters in the branches.
    """
    merge = end.layer.layer_type.removeprefix("op:")
    computing = tuple(branch.units for branch in branches if branch.units)
    nodes = [node for branch in branches for node in _units(branch.nodes)]
    around = Section(computing, merge, () if direct else None)
    if all(node.family == "embedding" for node in nodes):
        return "embedding", around
    if end.merge == "join" and direct:
        return "densely connected", around
    if end.merge == "join":
        convolves = any(node.family in ("conv", "pool") for node in nodes)
        return "inception" if convolves else "branches", around
    if end.merge == "product" and direct:
        return end.layer.layer_type, Section(computing, merge)
    main = max(branches, key=lambda branch: branch.kernels)
    others = [branch for branch in branches if branch is not main]
    has_shortcut = direct or len(others) == 1
    is_main = all(branch.kernels < main.kernels for branch in others)
    if not (end.merge == "sum" and has_shortcut and is_main) or entered:
        return "branches", Section(computing, merge)
    section = _with_shortcut(main, others, merge, direct=direct)
    if any(node.is_attention for node in nodes):
        return "attention", section
    return "inverted bottleneck" if _is_inverted(main.pieces, end) else "residual", section


def _with_shortcut(
    main: _Branch, others: Sequence[_Branch], merge: str, *, direct: bool
) -> Section:
    """What is added to what came in, or to the one branch beside it, which is the shortcut."""
    if not direct:
        return Section((main.units,) if main.units else (), merge, others[0].units)
    return Section(tuple(each.units for each in (main, *others) if each.units), merge, ())


def _is_inverted(found: Sequence[Piece], end: Node) -> bool:
    """Whether it expands or goes channel by channel, and projects by a pointwise convolution."""
    units = _units(node for piece in found for node in piece.nodes)
    inside = max(width(node.layer.output_shape) or 0 for node in units)
    expands = inside > (width(end.layer.output_shape) or 0)
    return units[-1].is_pointwise and (expands or any(node.is_depthwise for node in units))


def _as_units(piece: Piece) -> list[str]:
    """The units of a piece inside another."""
    return [f"({units_text(piece.units)})"] if "|" in piece.units else piece.units


def _counted(nodes: Iterable[Node]) -> Section:
    """The units of nodes that are connected in no simple way."""
    counts = Counter(label for node in nodes for label in node.labels())
    units = (f"{count} × {label}" if count > 1 else label for label, count in counts.items())
    return Section((tuple(units),))


def _joined(found: Sequence[Piece]) -> list[Piece]:
    """The pieces of a path, those joined that make one block together."""
    joined: list[Piece] = []
    for piece in found:
        joined.append(piece)
        for rule in (_gate, _bottleneck, _separable, _transformer):
            kind, count = rule(joined)
            together = joined[-count:]
            if count > 1 and len({member.group for member in together}) == 1:
                joined[-count:] = [_one(kind, together)]
    return joined


def _one(kind: str, together: Sequence[Piece]) -> Piece:
    first, *others = together
    inner = [*first.nodes, *first.tail]
    for piece in others:
        inner += piece.all_nodes() if piece is not together[-1] else [*piece.lead, *piece.nodes]
    return Piece(
        kind,
        inner,
        _chained([section for piece in together for section in piece.sections]),
        first.lead,
        together[-1].tail,
        shrinks=prod((piece.shrinks for piece in together), start=Fraction(1)),
        group=first.group,
        is_apart=first.is_apart,
        skip=any(piece.skip for piece in together),
    )


def _chained(sections: Sequence[Section]) -> list[Section]:
    """Sections, those without merges made one."""
    if any(section.merge for section in sections):
        return list(sections)
    return [Section((tuple(unit for section in sections for unit in section.units),))]


def _gate(found: Sequence[Piece]) -> tuple[str, int]:
    """A gate scales what the layer before it computes."""
    is_gate = found[-1].kind == "gate" and len(found) > 1
    return (found[-2].kind, 2) if is_gate else ("", 1)


def _bottleneck(found: Sequence[Piece]) -> tuple[str, int]:
    """Layers that expand, convolve, and project: a pointwise convolution without activation.

    That is an inverted bottleneck without a shortcut, as the first of a stage has none.
    """
    kind = "inverted bottleneck"
    *_, first, second, last = [None, None, *(piece.unit for piece in found[-3:])]
    if not (last and last.is_pointwise and found[-1].is_linear and second):
        return "", 1
    if second.is_depthwise:
        return kind, 3 if first and first.is_pointwise and not found[-3].is_linear else 2
    expands = (width(second.layer.output_shape) or 0) > (width(last.layer.output_shape) or 0)
    is_fused = second.family == "conv" and not found[-2].is_linear and expands
    return (kind, 2) if is_fused and not second.is_pointwise else ("", 1)


def _separable(found: Sequence[Piece]) -> tuple[str, int]:
    """A depthwise convolution, which may have a shortcut, and a pointwise one."""
    if len(found) < 2 or not (last := found[-1].unit) or not last.is_pointwise:
        return "", 1
    first = found[-2]
    is_depthwise = all(node.is_depthwise for node in _units(first.nodes))
    is_separable = is_depthwise and (first.unit or first.kind == "residual")
    return ("separable", 2) if is_separable else ("", 1)


def _transformer(found: Sequence[Piece]) -> tuple[str, int]:
    """Attention (one or several), and what is computed for each place."""
    units = _units(found[-1].nodes)
    is_perceptron = found[-1].kind == "residual" or all(node.is_pointwise for node in units)
    if not is_perceptron or not any(section.merge for section in found[-1].sections):
        return "", 1
    count = 1
    while count < len(found) and found[-1 - count].kind == "attention":
        count += 1
    return "transformer", count
