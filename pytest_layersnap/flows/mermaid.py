"""Stages and blocks as a Mermaid flowchart: a node for each block, a subgraph for each stage."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator

from pytest_layersnap.flows.model import Flow, Stage
from pytest_layersnap.flows.text import repeat_text
from pytest_layersnap.printable import printable
from pytest_layersnap.references import Reference, holders
from pytest_layersnap.table import Layer

#: The number of what is before all stages.
_INPUT = -1

#: All but letters, digits and what names and shapes are made of; and what would begin a list.
_MARKUP = re.compile(r"[^\w (),.=/+|×·–-]|[.-](?= )")


def as_mermaid(flow: Flow) -> str:
    """The text of the flowchart."""
    lines = ["flowchart TB", f"  input([{quoted(', '.join(flow.inputs) or flow.model)}])"]
    for number, (stage, sources) in enumerate(zip(flow.stages, _sources(flow), strict=True)):
        lines += _stage(number, stage)
        lines += [f"  {source} --> s{number}" for source in sources]
    return "\n".join(lines)


def _sources(flow: Flow) -> Iterator[list[str]]:
    """For each stage what feeds it: the input, and stages before it.

    Where the table does not tell, that is the stage before it.
    """
    paths = frozenset(row.layer_name for row in flow.rows)
    makers = _makers(flow, paths)
    for number, stage in enumerate(flow.stages):
        feeds = {makers[path] for row in stage.rows for path in _feeds(row, paths)}
        found = [_node(feed) for feed in sorted(feeds) if feed < number]
        yield found or [_node(number - 1)]


def _makers(flow: Flow, paths: Container[str]) -> dict[str, int]:
    """The stage that makes what each layer hands on, or the input.

    Of a layer that holds others it is that of the last of them. What only prepares the input of
    its block (``Flatten``) may hand it to others, too: that is made by the stage before.
    """
    makers: dict[str, int] = {}
    for number, stage in enumerate(flow.stages):
        for block in stage.blocks:
            used = {path for row in block.rows for path in _feeds(row, paths)}
            for row in block.rows:
                feeds = {makers.get(path, number) for path in _feeds(row, paths)}
                prepares = (
                    not row.parameters
                    and row.layer_name in used
                    and max(feeds, default=number) < number
                )
                makers[row.layer_name] = max(feeds) if prepares else number
                if _is_input(row, paths):
                    makers[row.layer_name] = _INPUT
                makers.update(dict.fromkeys(holders(row.layer_name), number))
    return makers


def _node(stage: int) -> str:
    return "input" if stage == _INPUT else f"s{stage}"


def _feeds(row: Layer, paths: Container[str]) -> Iterator[str]:
    for call in row.calls:
        for reference in call:
            path = Reference.parse(reference).path
            if path in paths:
                yield path


def _is_input(row: Layer, paths: Container[str]) -> bool:
    """Whether data enters the network here, not a model inside."""
    return row.layer_type == "InputLayer" and not any(
        holder in paths for holder in holders(row.layer_name)
    )


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
