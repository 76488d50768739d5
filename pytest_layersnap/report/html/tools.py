"""Search and filter, which the script of a page shows and serves."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_layersnap.markup.elements import Html, tag


def tools(legend: str, counts: Mapping[str, int]) -> Html:
    """A field to search in, and a box for each class that what is found can be narrowed to.

    Args:
        legend: what the classes are.
        counts: how much there is of each class, as ``data-c`` spells it.
    """
    boxes = [
        tag(
            "label",
            tag("input", type="checkbox", value=name),
            f" {name} ",
            tag("span", f"{count:,}", class_="count"),
        )
        for name, count in counts.items()
    ]
    search = tag("label", "Search ", tag("input", type="search", id="search", autocomplete="off"))
    chosen = tag("fieldset", tag("legend", legend), *boxes) if boxes else None
    button = tag("button", "Show all", type="button", hidden=True)
    line = tag("p", tag("span", role="status"), " ", button)
    return tag("div", search, chosen, line, id="tools", role="search", hidden=True)
