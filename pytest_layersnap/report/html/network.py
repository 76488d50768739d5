"""The network drawn as stages and blocks, recorded beside current; what changed is marked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_layersnap.markup.elements import Html, tag
from pytest_layersnap.report.html.beside import Line, Panel, follows, panels
from pytest_layersnap.report.html.rows import sign
from pytest_layersnap.report.runs import runs

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison
    from pytest_layersnap.report.html.rows import Row


def drawing(drift: Comparison, found: Sequence[Row]) -> Html:
    """Both networks as stages beside each other; only one where nothing has drifted.

    Args:
        drift: whose networks.
        found: the rows of the report, to which the blocks lead.
    """
    networks = panels(drift, found)
    columns = (
        [_cell(panel, follows(column, at)) for at, panel in enumerate(column)]
        for column in networks.values()
    )
    return tag(
        "table",
        tag("caption", "Stages and blocks, in the order in which data flows", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", name, scope="col") for name in networks))),
        tag("tbody", *(tag("tr", *cells) for cells in zip(*columns, strict=True))),
        class_="network",
    )


def _cell(panel: Panel | None, goes_on: bool) -> Html:
    """A stage, and a line to the next that it feeds."""
    shown = tag("span", "–", class_="unseen") if panel is None else _box(panel)
    return tag("td", shown, class_="on" if goes_on else None)


def _box(panel: Panel) -> Html:
    title = tag("p", tag("code", panel.name), " ", tag("code", panel.shape, class_="shape"))
    lines = tag("ul", *map(_line, panel.lines))
    return tag("div", title, lines, class_="stage calm" if panel.is_calm else "stage")


def _line(line: Line) -> Html:
    """Blocks, with a link to their rows."""
    link = tag(
        "a",
        line.text,
        href=f"#{line.rows[0].anchor}",
        data_rows=_ranges(row.number for row in line.rows),
    )
    return tag(
        "li",
        sign(line.kind) if line.kind else None,
        link,
        " ",
        tag("span", ", ".join(line.notes), class_="tags") if line.notes else None,
        class_=line.kind or None,
    )


def _ranges(numbers: Iterable[int]) -> str:
    """Numbers in short: ``4-9 12``."""
    return " ".join(f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs(numbers))
