"""Stages and blocks as a Mermaid flowchart: a node for each block, a subgraph for each stage."""

from __future__ import annotations

import re

from pytest_layersnap.flow.model import Flow, Stage
from pytest_layersnap.flow.text import repeat_text
from pytest_layersnap.report.words import printable

#: All but letters, digits and what names and shapes are made of; and what would begin a list.
_MARKUP = re.compile(r"[^\w (),.=/+|×·–-]|[.-](?= )")


def as_mermaid(flow: Flow) -> str:
    """The text of the flowchart."""
    lines = ["flowchart TB", f"  input([{_quoted(', '.join(flow.inputs) or flow.model)}])"]
    before = "input"
    for number, stage in enumerate(flow.stages):
        lines += _stage(number, stage)
        lines.append(f"  {'input' if stage.is_apart else before} --> s{number}")
        before = f"s{number}"
    return "\n".join(lines)


def _stage(number: int, stage: Stage) -> list[str]:
    title = _quoted(" · ".join(text for text in (stage.name, stage.output_shape) if text))
    nodes = [f"s{number}b{place}" for place in range(len(stage.repeats))]
    boxes = [
        f"    {node}[{_quoted(repeat_text(repeat))}]"
        for node, repeat in zip(nodes, stage.repeats, strict=True)
    ]
    arrows = [f"    {' --> '.join(nodes)}"] if len(nodes) > 1 else []
    return [f"  subgraph s{number}[{title}]", "    direction TB", *boxes, *arrows, "  end"]


def _quoted(text: str) -> str:
    """A text as Mermaid takes it: in quotes, what could be markup, an icon or a formula as entities."""
    return f'"{_MARKUP.sub(lambda found: f"#{ord(found[0])};", printable(text))}"'
