"""What a network consists of, as people speak of it: stages, their blocks, the blocks' rows."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_layersnap.table import Layer

#: So many equal units in a row are told one by one.
_TOLD_ONE_BY_ONE = 3


@dataclass(frozen=True, slots=True)
class Section:
    """Units one after the other, or branches of them and their merge.

    Args:
        branches: the units of each branch, as ``1×1`` or ``3×3 max pool``.
        merge: the type of the layer that merges them; empty where nothing is merged.
        shortcut: the units on the shortcut around them (none where it hands on what comes in);
            None where there is no shortcut.
    """

    branches: tuple[tuple[str, ...], ...]
    merge: str = ""
    shortcut: tuple[str, ...] | None = None

    @property
    def units(self) -> tuple[str, ...]:
        """The units but for those of the shortcut; branches are parted by a ``|``."""
        units: list[str] = []
        for branch in self.branches:
            units += ["|", *branch] if units and branch else branch
        return tuple(units)

    @property
    def has_projection(self) -> bool:
        """Whether the shortcut has weights."""
        return any(not unit.endswith("pool") for unit in self.shortcut or ())


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Rows of a layer table that do one thing together.

    Args:
        kind: what it is: ``residual``, ``inverted bottleneck``, ``densely connected``,
            ``inception``, ``cell``, ``separable``, ``transformer``; ``conv``, ``pool`` and the like
            for a layer alone; the class of a layer whose inside is its own affair.
        sections: what it consists of; more than one only where it has several merges.
        activation: what follows them.
        rows: the rows of the table, in its order.
        output_shape: without the batch axis, empty where the table has none.
        width: how many channels come out, None where that is not known.
        stride: by how much a side of the image (or the sequence) shrinks; 1 if it does not.
        upsampling: by how much it grows; 1 if it does not.
        skip: whether a skip connection (as in a U-Net) comes in.
    """

    kind: str
    sections: tuple[Section, ...]
    activation: str
    rows: tuple[Layer, ...]
    output_shape: str
    width: int | None
    stride: int
    upsampling: int
    skip: bool

    @property
    def units(self) -> tuple[str, ...]:
        """The layers that compute; parallel branches are parted by a ``|``."""
        return tuple(unit for section in self.sections for unit in section.units)

    @property
    def projection(self) -> bool:
        """Whether a shortcut has weights."""
        return any(section.has_projection for section in self.sections)

    @property
    def text(self) -> str:
        """The units in a line; the kind where there are none."""
        return units_text(self.units) or self.kind

    @property
    def look(self) -> tuple[object, ...]:
        """What is the same in blocks that are told as one, repeated.

        Their first layers may take other channels in, as after a change of width; and some widths
        grow from block to block. Blocks that are frozen are told apart from others.
        """
        width = None if len(self.units) > 1 else self.width
        is_frozen = bool(self.parameters) and not self.trainable_parameters
        resizes = self.stride, self.upsampling, self.skip
        return self.kind, self.units, width, self.projection, resizes, is_frozen

    @property
    def parameters(self) -> int:
        """Parameters of all rows."""
        return sum(row.parameters for row in self.rows)

    @property
    def trainable_parameters(self) -> int:
        """How many of ``parameters`` an optimizer would update."""
        return sum(row.trainable_parameters for row in self.rows)


class _OfBlocks:
    """What has blocks, and so the rows and the parameters of them all."""

    __slots__ = ()

    if TYPE_CHECKING:

        @property
        def blocks(self) -> tuple[Block, ...]: ...

    @property
    def rows(self) -> tuple[Layer, ...]:
        """The rows of all blocks."""
        return tuple(row for block in self.blocks for row in block.rows)

    @property
    def parameters(self) -> int:
        """Parameters of all blocks."""
        return sum(block.parameters for block in self.blocks)

    @property
    def trainable_parameters(self) -> int:
        """How many of ``parameters`` an optimizer would update."""
        return sum(block.trainable_parameters for block in self.blocks)


@dataclass(frozen=True, slots=True)
class Repeat(_OfBlocks):
    """Blocks one after the other that look the same."""

    blocks: tuple[Block, ...]

    @property
    def block(self) -> Block:
        """What each of them looks like."""
        return self.blocks[0]


@dataclass(frozen=True, slots=True)
class Stage(_OfBlocks):
    """Blocks of one kind that work at one resolution or width.

    Args:
        name: by the names that people gave to the layers, else by what it is.
        blocks: in order.
        is_apart: whether it begins a branch, so that the stage before it does not feed it.
    """

    name: str
    blocks: tuple[Block, ...]
    is_apart: bool = False

    @property
    def repeats(self) -> tuple[Repeat, ...]:
        """The blocks, repeated ones rolled up."""
        return tuple(
            Repeat(tuple(same)) for _, same in groupby(self.blocks, lambda block: block.look)
        )

    @property
    def output_shape(self) -> str:
        """What the stage computes; a pooling that closes it hands that on, smaller."""
        for block in reversed(self.blocks):
            if block.kind != "pool":
                return block.output_shape
        return self.blocks[-1].output_shape


@dataclass(frozen=True, slots=True, repr=False)
class Network(_OfBlocks):
    """What a ``Flow`` shows, as data; its fields are said there."""

    model: str
    inputs: tuple[str, ...]
    stages: tuple[Stage, ...]

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks of all stages."""
        return tuple(block for stage in self.stages for block in stage.blocks)


def units_text(units: Sequence[str]) -> str:
    """Units in a line: ``1×1, 3×3 | 1×1``; many equal ones in fewer words."""
    runs = [(unit, len(list(same))) for unit, same in groupby(units)]
    told = [
        text
        for unit, count in runs
        for text in ([f"{count} × {unit}"] if count > _TOLD_ONE_BY_ONE else [unit] * count)
    ]
    return ", ".join(told).replace(", |, ", " | ")
