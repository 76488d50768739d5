"""The public face of a network in stages: as text, Markdown, a chart and a picture."""

from __future__ import annotations

import reprlib
from dataclasses import dataclass

from pytest_layersnap.flows.model import Network


@dataclass(frozen=True, slots=True, repr=False)
class Flow(Network):
    """A network in stages and blocks; every row of its table is in exactly one block.

    Args:
        model: the name of the model.
        inputs: the shapes of its inputs, without the batch axis.
        stages: in the order in which data flows through them.
    """

    def __repr__(self) -> str:
        counts = f"{len(self.stages):,} stages, {len(self.blocks):,} blocks"
        return f"<Flow {reprlib.repr(self.model)}: {counts}>"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        from pytest_layersnap.markup import notebook

        return notebook.picture(self.to_svg())

    def to_text(self) -> str:
        """A table for a terminal."""
        from pytest_layersnap.flows.text import as_text

        return as_text(self)

    def to_markdown(self) -> str:
        """A table in Markdown."""
        from pytest_layersnap.flows.text import as_markdown

        return as_markdown(self)

    def to_mermaid(self) -> str:
        """A Mermaid flowchart of the blocks."""
        from pytest_layersnap.flows.mermaid import as_mermaid

        return as_mermaid(self)

    def to_svg(self) -> str:
        """A picture: the stages as a column, and one block in detail."""
        from pytest_layersnap.flows.svg import as_svg

        return as_svg(self)
