"""Stages and blocks as a Mermaid flowchart: a node for each block, a subgraph for each stage."""

from __future__ import annotations

import re

from pytest_layersnap.flows.feeds import INPUT, sources
from pytest_layersnap.flows.model import Network, Stage
from pytest_layersnap.flows.text import repeat_text
from pytest_layersnap.printable import printable

#: All but letters, digits and what names and shapes are made of; and what would begin a list.
_MARKUP = re.compile(r"[^\w (),.=/+|×·–-]|[.-](?= )")


def as_mermaid(flow: Network) -> str:
    """The text of the flowchart."""
    lines = ["flowchart TB", f"  input([{quoted(', '.join(flow.inputs) or flow.model)}])"]
    for number, (stage, feeds) in enumerate(zip(flow.stages, sources(flow), strict=True)):
        lines += _stage(number, stage)
        lines += [f"  {_node(feed)} --> s{number}" for feed in feeds]
    return "\n".join(lines)


def _node(stage: int) -> str:
    return "input" if stage == INPUT else f"s{stage}"


def _stage(number: int, stage: Stage) -> list[str]:
    title = quoted(" · ".join(text for text in (stage.name, stage.output_shape) if text))
    nodes = [f"s{number}b{place}" for place in range(len(stage.repeats))]
    boxes = [
        f"    {node}[{quoted(repeat_text(repeat))}]"
        for node, repeat in zip(nodes, stage.repeats, strict=True)
    ]
    arrows = [f"    {' --> '.join(nodes)}"] if len(nodes) > 1 else []
    return [f"  subgraph s{number}[{title}]", "    direction TB", *boxes, *arrows, "  end"]


def quoted(text: str) -> str:
    """A text as Mermaid takes it: in quotes, what could be markup, an icon or a formula as entities."""
    return f'"{_MARKUP.sub(lambda found: f"#{ord(found[0])};", printable(text))}"'
