"""The rows of a table as a tree, and what each of them does: the rules that go by one row alone."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

from pytest_layersnap.references import Reference, holders
from pytest_layersnap.table import UNKNOWN_EDGES, Layer, LayerTable

_SHAPE = re.compile(r"\([^()]*\)")
_NORM = re.compile(r"Norm(?:alization)?$")
_RECURRENT = re.compile(r"(?:RNN|LSTM|GRU|LSTM\dD|Bidirectional)$")
_POOL = re.compile(r"(?P<all>Global)?(?P<what>Max|Average)Pool(?:ing)?\dD$")
_PADS = ("ZeroPadding", "Cropping")

#: A nested model of so many units may be a part of a block.
_UNITS_OF_A_NETWORK = 8

#: What joins several tensors, by how.
_MERGES = {
    "Concatenate": "join", "op:concatenate": "join", "op:stack": "join",
    "Multiply": "scale", "op:multiply": "scale", "Dot": "product", "op:matmul": "product",
}  # fmt: skip

#: A shape with its batch axis; None where a size is not known.
Dimensions = tuple[int | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """A row and the rows below it; nodes are compared by identity.

    Args:
        layer: the row.
        children: the nodes of the layers that it holds.
        role: ``unit`` (it has a kernel, pools, attends, or holds a layer that does), ``norm``,
            ``activation`` (a single tensor goes in and comes out in the same shape) or ``other``.
        shrinks: by how much it shrinks a side of the image or the sequence.
    """

    layer: Layer
    children: tuple[Node, ...]
    role: str
    shrinks: Fraction

    @property
    def is_input(self) -> bool:
        """Whether data enters here."""
        return self.layer.layer_type == "InputLayer"

    @property
    def is_pool(self) -> bool:
        """Whether it pools."""
        return _POOL.search(self.layer.layer_type) is not None

    @property
    def is_attention(self) -> bool:
        """Whether it attends, or holds a layer that does."""
        return self.layer.layer_type.endswith("ttention") or any(
            child.is_attention for child in self.children
        )

    @property
    def is_opaque(self) -> bool:
        """Whether it holds layers and its inside is its own affair: one thing to whom looks on."""
        return bool(self.children) and not self.has_flow

    @property
    def has_flow(self) -> bool:
        """Whether it holds a network: a nested model, or equal layers that hold layers themselves."""
        children = self.children
        if not children:
            return False
        if not any(self._knows_no_graph(child) for child in children):
            return True
        if self.layer.layer_type == "Sequential":
            return True
        if len(children) == 1:
            return children[0].has_flow
        return any(
            one.layer.layer_type == other.layer.layer_type and one._is_block
            for one, other in pairwise(children)
        )

    @property
    def _is_block(self) -> bool:
        """Whether it holds layers, and not only some that belong together: part of a block."""
        is_part = self.layer.layer_type == "Sequential" and not self.is_network
        return bool(self.children) and not (is_part and self.layer.inbound_layers != UNKNOWN_EDGES)

    def _knows_no_graph(self, child: Node) -> bool:
        """Whether a row inside is not that of a model with a graph, where inputs have rows of their own."""
        if child.layer.inbound_layers == UNKNOWN_EDGES:
            return True
        feeds = (reference for call in child.layer.calls for reference in call)
        return any(Reference.parse(each).path == self.layer.layer_name for each in feeds)

    @property
    def is_network(self) -> bool:
        """Whether it holds more than belongs into one block."""
        return self.has_flow and _count_units(self) > _UNITS_OF_A_NETWORK

    @property
    def flattens(self) -> bool:
        """Whether it computes nothing, and leaves fewer sides than it takes."""
        before, after = dimensions(self.layer.input_shape), dimensions(self.layer.output_shape)
        return self.role == "other" and 0 < len(after) < len(before)

    @property
    def reshapes(self) -> bool:
        """Whether it takes as many sides as it does not give."""
        before, after = dimensions(self.layer.input_shape), dimensions(self.layer.output_shape)
        return len(before) != len(after)

    @property
    def combines(self) -> bool:
        """Whether it puts several calls, or outputs, of one layer together."""
        references = {reference for call in self.layer.calls for reference in call}
        return self.role != "unit" and len(references) > 1

    @property
    def merge(self) -> str:
        """How it makes one tensor of several: ``join``, ``scale``, ``product`` or ``sum``."""
        return _MERGES.get(self.layer.layer_type, "sum")

    @property
    def kernel(self) -> tuple[int, ...]:
        """The sides of the kernel; empty if it has none."""
        return tuple(map(int, re.findall(r"\d+", self.layer.kernel_size)))

    @property
    def is_pointwise(self) -> bool:
        """Whether it mixes channels, place by place, and does not shrink anything."""
        return (
            bool(self.kernel)
            and set(self.kernel) == {1}
            and not self.is_depthwise
            and self.shrinks == 1
        )

    @property
    def is_depthwise(self) -> bool:
        """Whether every channel is convolved for itself."""
        if self.layer.layer_type.startswith("Depthwise"):
            return True
        groups = self.layer.attributes.get("groups", 1) if self.kernel else 1
        return bool(groups != 1 and groups == width(self.layer.input_shape))

    @property
    def is_linear(self) -> bool:
        """Whether it has no activation of its own."""
        return self.layer.activation_function in ("", "linear")

    @property
    def family(self) -> str:
        """What a stage of single layers consists of."""
        kind = self.layer.layer_type
        if self.kernel and not _RECURRENT.search(kind):
            return "conv"
        if self.is_pool:
            return "pool"
        if _RECURRENT.search(kind):
            return "recurrent"
        return "embedding" if kind.endswith("Embedding") else kind

    def labels(self) -> list[str]:
        """The units that it consists of, in words."""
        is_part = self.is_opaque or (self.children and self.layer.layer_type == "Sequential")
        if is_part and not self.layer.layer_type.endswith("ttention"):
            return [label for child in self.children for label in child.labels()]
        return [_label(self)] if self.role == "unit" else []

    def rows(self) -> Iterator[Layer]:
        """Its row and those below it."""
        yield self.layer
        for child in self.children:
            yield from child.rows()


def tree(table: LayerTable) -> tuple[Node, ...]:
    """The outermost nodes of a table.

    What holds a row is the nearest of its holders that has one.
    """
    below: dict[str | None, list[Layer]] = {None: []}
    paths = {layer.layer_name for layer in table}
    for layer in table:
        holder = next((path for path in holders(layer.layer_name) if path in paths), None)
        below.setdefault(holder, []).append(layer)
    # A layer that is used once more lists no weights where they are counted already.
    with_kernel = frozenset(layer.layer_type for layer in table if _has_kernel(layer))

    def node(layer: Layer) -> Node:
        children = tuple(map(node, below.pop(layer.layer_name, ())))
        return Node(layer, children, _role(layer, children, with_kernel), _shrinks(layer))

    return tuple(map(node, below.pop(None)))


def shapes(cell: str) -> list[str]:
    """The shapes in a cell, without the batch axis."""
    return [re.sub(r"^\([^,]*,\s*", "(", shape) for shape in _SHAPE.findall(cell)]


@lru_cache(maxsize=1024)
def dimensions(cell: str) -> Dimensions:
    """The first shape in a cell, with the batch axis; empty if it has none."""
    found = _SHAPE.search(cell)
    return (
        tuple(
            None if size == "None" else int(size) for size in re.findall(r"None|\d+", found.group())
        )
        if found
        else ()
    )


def width(cell: str) -> int | None:
    """The channels of the first shape in a cell."""
    sizes = dimensions(cell)
    return sizes[-1] if len(sizes) > 1 else None


def _has_kernel(layer: Layer) -> bool:
    """Whether it has a weight that mixes channels: not a scale or an offset for each of them."""
    if _NORM.search(layer.layer_type) or layer.layer_type == "PReLU":
        return False
    return any(len(shape) > 1 for shape in json.loads(layer.weight_shapes))


def _count_units(node: Node) -> int:
    return sum(map(_count_units, node.children)) if node.has_flow else int(node.role == "unit")


def _role(layer: Layer, children: Iterable[Node], with_kernel: frozenset[str]) -> str:
    kind = layer.layer_type
    if kind in with_kernel or _POOL.search(kind) or kind.endswith("ttention"):
        return "unit"
    if any(child.role == "unit" for child in children):
        return "unit"
    if _NORM.search(kind):
        return "norm"
    keeps = layer.input_shape == layer.output_shape and kind != "InputLayer"
    return "activation" if keeps else "other"


def shrinkage(before: Dimensions, after: Dimensions) -> Fraction:
    """How many times the first side fits, rounded: a convolution without padding shrinks a little.

    1 where sides are not known, or there are none.
    """
    if len(before) != len(after) or len(before) < 3 or not (before[1] and after[1]):
        return Fraction(1)
    if before[1] >= after[1]:
        return Fraction(round(before[1] / after[1]))
    return 1 / Fraction(round(after[1] / before[1]))


def _shrinks(layer: Layer) -> Fraction:
    """By the strides; else by the shapes."""
    kind = layer.layer_type
    if strides := re.findall(r"\d+", layer.strides):
        stride = Fraction(max(map(int, strides)))
        return 1 / stride if "Transpose" in kind else stride
    if kind.startswith(_PADS) or "Global" in kind:
        return Fraction(1)
    before, after = dimensions(layer.input_shape), dimensions(layer.output_shape)
    if "UpSampling" in kind and None in before[1:-1]:
        size = layer.attributes.get("size", 1)
        return 1 / Fraction(max(size) if isinstance(size, list) else size)
    return shrinkage(before, after)


def _label(node: Node) -> str:
    kind, kernel = node.layer.layer_type, "×".join(map(str, node.kernel))
    if pool := _POOL.search(kind):
        sides = "×".join(re.findall(r"\d+", node.layer.pooling_size))
        what = f"{pool['what'].lower()} pool"
        return f"global {what}" if pool["all"] else f"{sides} {what}"
    if not kernel or node.family != "conv":
        return kind
    dilation = node.layer.attributes.get("dilation_rate", 1)
    rate = max(dilation) if isinstance(dilation, list) else dilation
    if node.is_depthwise:
        kernel += " depthwise"
    elif kind.startswith("Separable"):
        kernel += " separable"
    elif "Transpose" in kind:
        kernel += " transposed"
    return f"{kernel} dilated {rate}" if rate != 1 else kernel
