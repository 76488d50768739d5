"""Stages of a network: which blocks belong together, and what they are called."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby, takewhile
from math import prod

from pytest_layersnap.flows.blocks import Piece, pieces
from pytest_layersnap.flows.flow import Flow
from pytest_layersnap.flows.labels import labels
from pytest_layersnap.flows.model import Block, Stage
from pytest_layersnap.flows.nodes import Node, shapes, tree, width
from pytest_layersnap.references import is_auto_model_name, is_auto_name, own_name
from pytest_layersnap.table import LayerTable

#: Blocks of several layers, by what a stage consists of.
_FAMILIES = {
    "residual": "residual",
    "inverted bottleneck": "residual",
    "densely connected": "densely connected",
    "inception": "inception",
    "cell": "cell",
    "separable": "separable",
    "attention": "transformer",
    "transformer": "transformer",
    "branches": "branches",
    "pool": "conv",
}
_BLOCKS = _FAMILIES.keys() - {"pool"}
#: A stage of these is as wide as all of its blocks; the others are told apart by resolution.
_BY_WIDTH = frozenset({"residual", "inverted bottleneck"})


def flow(table: LayerTable) -> Flow:
    """The stages and blocks of a network, found from its layer table.

    Args:
        table: of a live model or a snapshot. Where it knows no edges (subclassed models) the
            blocks are the layers that the model holds, in their order.

    Returns:
        The stages; every row of the table is in exactly one of their blocks.
    """
    outermost = tree(table)
    inputs = [node.layer.output_shape for node in outermost if node.is_input]
    place = {id(layer): index for index, layer in enumerate(table)}
    found = [(piece, _block(piece, place)) for piece in pieces(outermost)]
    grouped: list[list[tuple[Piece, Block]]] = []
    for piece, block in found:
        if grouped and _goes_on(grouped[-1][-1], (piece, block)):
            grouped[-1].append((piece, block))
        else:
            grouped.append([(piece, block)])
    return Flow(
        table.model, tuple(shape for cell in inputs for shape in shapes(cell)), _named(grouped)
    )


def _block(piece: Piece, place: dict[int, int]) -> Block:
    nodes = piece.all_nodes()
    rows = sorted((row for node in nodes for row in node.rows()), key=lambda row: place[id(row)])
    body = [node for node in (*piece.nodes, *piece.tail) if not node.flattens] or nodes
    cell = next((cell for node in reversed(body) if (cell := node.layer.output_shape)), "")
    shrinks = prod((node.shrinks for node in _resizing(piece)), start=piece.shrinks)
    unit = piece.unit
    return Block(
        kind=piece.kind if unit is None else unit.family,
        sections=tuple(piece.sections),
        activation=piece.activation,
        rows=tuple(rows),
        output_shape=", ".join(shapes(cell)),
        width=width(cell),
        stride=max(round(shrinks), 1),
        upsampling=max(round(1 / shrinks), 1),
        skip=piece.skip,
    )


def _resizing(piece: Piece) -> list[Node]:
    """The nodes before a piece that may resize what it takes.

    What is done to an input before the first layer does not, nor what stands before its image is
    made a sequence, or a sequence an image.
    """
    if any(node.is_input for node in piece.lead):
        return []
    kept = takewhile(lambda node: not node.reshapes, reversed(piece.lead))
    return [*kept]


def _goes_on(before: tuple[Piece, Block], after: tuple[Piece, Block]) -> bool:
    """Whether a block belongs to the stage of the block before it."""
    (piece, last), (other, block) = before, after
    if piece.group != other.group or _is_flat(*before) != _is_flat(*after):
        # A recurrent layer may return its last state alone; it is no head for that.
        return piece.group == other.group and last.kind == block.kind == "recurrent"
    if _is_flat(*after) and not {last.kind, block.kind} & _BLOCKS:
        return (last.kind == "recurrent") == (block.kind == "recurrent")
    if block.kind == "pool" or _only_merges(other):
        return True
    if _family(last) != _family(block):
        return False
    if block.kind in _BY_WIDTH:
        # A stride in a block that hands its input on (ResNetV2) is the stage's last.
        return last.width == block.width and (other.hands_on or not _resizes(block))
    return last.kind != "pool" and not _resizes(block)


def _only_merges(piece: Piece) -> bool:
    return not piece.units and any(node.combines for node in piece.nodes)


def _family(block: Block) -> str:
    return _FAMILIES.get(block.kind, block.kind)


def _resizes(block: Block) -> bool:
    return block.stride != 1 or block.upsampling != 1


def _is_flat(piece: Piece, block: Block) -> bool:
    """Whether no place is left in the image or the sequence: features alone."""
    if block.kind == "pool" and block.units[0].startswith("global"):
        return True
    shape = block.output_shape
    if piece.nodes:  # what follows may only give another shape to what they compute
        shape = next(iter(shapes(piece.nodes[-1].layer.output_shape)), shape)
    return bool(shape) and set(re.findall(r"None|\d+", shape)[:-1]) <= {"1"}


def _named(grouped: Sequence[Sequence[tuple[Piece, Block]]]) -> tuple[Stage, ...]:
    groups = Counter(stage[0][0].group for stage in grouped)
    seen: Counter[str] = Counter()
    convolutional = 0
    stages: list[Stage] = []
    for stage, given in zip(grouped, _given_names(grouped), strict=True):
        piece, blocks = stage[0][0], tuple(block for _, block in stage)
        if _is_head(stage, first=not stages):
            given = "head"
        convolutional += _is_convolutional(blocks)
        name = _with_depth(given or _generic(blocks, convolutional), blocks)
        if piece.group and groups[piece.group] > 1:
            name = f"{piece.group}/{name}"
        elif piece.group and not _is_auto(piece.group):
            name = piece.group
        seen[name] += 1
        if seen[name] > 1:
            name = f"{name} ({seen[name]})"
        stages.append(Stage(name, blocks, is_apart=bool(stages) and piece.is_apart))
    return tuple(stages)


def _is_auto(group: str) -> bool:
    """Whether Keras gave the name of a branch, which then says less than what is in it."""
    name = own_name(group)
    return is_auto_model_name(name) or is_auto_name(name, "InputLayer")


def _generic(blocks: Sequence[Block], number: int) -> str:
    return f"conv{number}" if _is_convolutional(blocks) else _family(blocks[0])


def _with_depth(name: str, blocks: Iterable[Block]) -> str:
    """A numbered stage of several blocks as papers write it: ``conv2_x``."""
    is_deep = sum(block.kind in _BLOCKS for block in blocks) > 1
    return f"{name}_x" if is_deep and name[-1:].isdigit() and "–" not in name else name


def _is_convolutional(blocks: Iterable[Block]) -> bool:
    return any("×" in unit for block in blocks for unit in block.units)


def _is_head(stage: Sequence[tuple[Piece, Block]], *, first: bool) -> bool:
    kinds = {block.kind for _, block in stage}
    return not first and not kinds & {*_BLOCKS, "recurrent"} and _is_flat(*stage[-1])


def _given_names(grouped: Sequence[Sequence[tuple[Piece, Block]]]) -> list[str]:
    """The names of the stages as far as people gave them, group by group."""
    names: list[str] = []
    for group, stages in groupby(grouped, lambda stage: stage[0][0].group):
        names += labels(
            [
                [
                    node
                    for piece, _ in stage
                    for node in piece.all_nodes()
                    if node.layer.layer_name != group
                ]
                for stage in stages
            ]
        )
    return names
