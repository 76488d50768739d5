"""Stages and blocks as a table: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_layersnap.flows.model import Block, Network, Repeat
from pytest_layersnap.markdown import literal
from pytest_layersnap.printable import printable

_COLUMNS = ("stage", "output", "blocks", "parameters", "trainable")
_NUMBERS = frozenset({"parameters", "trainable"})


def block_text(block: Block) -> str:
    """A block in words: ``1×1, 3×3, 1×1 + projection, stride=2``."""
    text = block.text
    if block.kind[0].isupper() and block.kind not in text:
        text = f"{block.kind} ({text})"
    if block.kind == "conv":
        text += f" conv, {block.width}"
    elif block.kind in ("Dense", "recurrent", "embedding"):
        text += f", {block.width}"
    if block.skip:
        text += " + skip"
    if block.projection:
        text += " + projection"
    if block.stride != 1:
        text += f", stride={block.stride}"
    if block.upsampling != 1:
        text += f", upsampling={block.upsampling}"
    return text


def repeat_text(repeat: Repeat) -> str:
    """Equal blocks in words: ``2 × (1×1, 3×3, 1×1)``."""
    count, text = len(repeat.blocks), block_text(repeat.block)
    if count == 1:
        return text
    is_one_word = " " not in text or repeat.block.kind[0].isupper()
    return f"{count} × {text}" if is_one_word else f"{count} × ({text})"


def as_text(flow: Network) -> str:
    """The table for a terminal."""
    table = [list(map(printable, cells)) for cells in (_COLUMNS, *_rows(flow))]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]

    def line(cells: Iterable[str]) -> str:
        placed = (
            cell.rjust(size) if name in _NUMBERS else cell.ljust(size)
            for cell, size, name in zip(cells, widths, _COLUMNS, strict=True)
        )
        return "  ".join(placed).rstrip()

    head, *body = map(line, table)
    return "\n".join([printable(title(flow)), "", head, "-" * max(map(len, (head, *body))), *body])


def as_markdown(flow: Network) -> str:
    """The table in Markdown."""
    rule = ["---:" if name in _NUMBERS else "---" for name in _COLUMNS]
    lines = [f"| {' | '.join(map(literal, cells))} |" for cells in (_COLUMNS, rule, *_rows(flow))]
    return "\n".join([literal(title(flow)), "", *lines])


def title(flow: Network) -> str:
    """The name of the network, and what goes in."""
    inputs = ", ".join(flow.inputs)
    return f"{flow.model}: {inputs}" if inputs else flow.model


def _rows(flow: Network) -> list[Sequence[str]]:
    rows: list[Sequence[str]] = []
    for stage in flow.stages:
        name, output = stage.name, stage.output_shape
        for repeat in stage.repeats:
            rows.append(
                (
                    name,
                    output,
                    repeat_text(repeat),
                    *_counts(repeat.parameters, repeat.trainable_parameters),
                )
            )
            name = output = ""
    rows.append(("", "", "", *_counts(flow.parameters, flow.trainable_parameters)))
    return rows


def _counts(*numbers: int) -> tuple[str, ...]:
    return tuple(f"{number:,}" for number in numbers)
