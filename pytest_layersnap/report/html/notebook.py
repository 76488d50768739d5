"""Tables, drifts and flows in the cells of a notebook: a part of its page, without a script."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

from pytest_layersnap.report.html.drift import tell
from pytest_layersnap.report.html.markup import Content, Html, tag
from pytest_layersnap.report.html.page import resource

if TYPE_CHECKING:
    from pytest_layersnap.comparison.drift import Drift
    from pytest_layersnap.flows.model import Flow
    from pytest_layersnap.table import LayerTable

#: Tables of more rows are folded.
_SHOWN_ROWS: Final = 40
#: Each cell numbers the rows that its links lead to anew; no cell has as many.
_cells: Final = count(step=1_000_000)


def of_drift(drift: Drift) -> str:
    """What a drift comes to, its findings and both networks; the rows are folded."""
    told = tell(drift, accept=None, above=next(_cells), folded=True)
    return _cell(told.head, told.body)


def of_table(table: LayerTable) -> str:
    """The rows as ``layersnap show`` has them, folded where they are many."""
    names = ("layer", "type", "output shape", "parameters", "trainable")
    header = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names)))
    lines = [
        (row.layer_name, row.layer_type, row.output_shape, f"{row.parameters:,}", row.trained)
        for row in table
    ]
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in line)) for line in lines))
    title = tag(
        "summary",
        tag("code", table.model),
        f": {len(table):,} layers, {table.parameters:,} parameters",
    )
    return _cell(tag("details", title, tag("table", header, body), open=len(table) <= _SHOWN_ROWS))


def of_flow(network: Flow) -> str:
    """The stages, drawn; on a narrow screen the picture is scrolled, with the keyboard too."""
    return _cell(tag("div", Html(network.to_svg()), class_="wide", tabindex=0))


def _cell(*content: Content) -> str:
    """A part of a notebook's page, which keeps its style to itself."""
    style = resource("page.css").replace(":root", "&").replace("\nbody {", "\n& {")
    scoped = tag("style", Html(f".layersnap {{\n{style}.wide {{ overflow-x: auto; }}\n}}\n"))
    return tag("div", scoped, tag("main", *content), class_="layersnap")
