"""Which stages feed which."""

from __future__ import annotations

from collections.abc import Container, Iterator

from pytest_layersnap.flows.model import Network
from pytest_layersnap.references import Reference, holders
from pytest_layersnap.table import Layer

#: The number of what is before all stages.
INPUT = -1


def sources(flow: Network) -> Iterator[list[int]]:
    """For each stage the numbers of what feeds it: the input, and stages before it.

    Where the table does not tell, that is the stage before it.
    """
    paths = frozenset(row.layer_name for row in flow.rows)
    makers = _makers(flow, paths)
    for number, stage in enumerate(flow.stages):
        feeds = {makers[path] for row in stage.rows for path in _feeds(row, paths)}
        yield [feed for feed in sorted(feeds) if feed < number] or [number - 1]


def _makers(flow: Network, paths: Container[str]) -> dict[str, int]:
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
                    makers[row.layer_name] = INPUT
                makers.update(dict.fromkeys(holders(row.layer_name), number))
    return makers


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
