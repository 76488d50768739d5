"""Cells of notebooks: parts of their pages, without a script."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from pytest_layersnap.markup.elements import Content, Html, tag
from pytest_layersnap.markup.page import resource

#: Tables of more rows are folded.
_SHOWN_ROWS: Final = 40


def cell(*content: Content) -> str:
    """A part of a notebook's page, which keeps its style to itself."""
    style = resource("page.css").replace(":root", "&").replace("\nbody {", "\n& {")
    scoped = tag("style", Html(f".layersnap {{\n{style}.wide {{ overflow-x: auto; }}\n}}\n"))
    return tag("div", scoped, tag("main", *content), class_="layersnap")


def table(title: str, about: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A cell with a table, folded where its rows are many.

    Args:
        title: what it is called.
        about: what is said of it.
        header: the names of its columns.
        rows: its cells.
    """
    head = tag("thead", tag("tr", *(tag("th", name, scope="col") for name in header)))
    lines = [tag("tr", *(tag("td", text) for text in row)) for row in rows]
    summary = tag("summary", tag("code", title), f": {about}")
    body = tag("table", head, tag("tbody", *lines))
    return cell(tag("details", summary, body, open=len(lines) <= _SHOWN_ROWS))


def picture(svg: str) -> str:
    """A cell with a picture; on a narrow screen it is scrolled, with the keyboard too."""
    return cell(tag("div", Html(svg), class_="wide", tabindex=0))
