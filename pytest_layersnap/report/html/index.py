"""The page about a run: what it came to, and all its checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from pytest_layersnap.report.html.markup import Html, tag
from pytest_layersnap.report.html.page import page
from pytest_layersnap.report.html.tools import tools


@dataclass(frozen=True, slots=True)
class Entry:
    """One check of a run.

    Args:
        state: what became of it, in a word.
        snapshot: the snapshot that it compared with.
        summary: what there is to say of it in a line.
        test: the test that made it.
        link: the page about it, relative to this one; empty if there is none.
    """

    state: str
    snapshot: str
    summary: str
    test: str
    link: str


def render(said: Iterable[str], entries: Sequence[Entry]) -> str:
    """The index of a run as a page that needs nothing else.

    Args:
        said: what the run has to say, line by line.
        entries: its checks, in the order in which they are to be shown.
    """
    counts = Counter(entry.state for entry in entries)
    verdict = ", ".join(f"{count:,} {state}" for state, count in counts.items()) or "no checks"
    lines = [tag("li", line) for line in said]
    content = [
        tag("header", tag("p", "layersnap", class_="brand"), tag("h1", verdict)),
        tag("section", tag("h2", "The run"), tag("ul", *lines)) if lines else None,
        tools("States", counts) if entries else None,
        tag("section", tag("h2", "Checks"), _table(entries)) if entries else None,
    ]
    return page(f"layersnap: {verdict}", tag("main", *content))


def _table(entries: Iterable[Entry]) -> Html:
    names = ("Snapshot", "State", "What", "Test")
    return tag(
        "table",
        tag("caption", "The checks of the run", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names))),
        tag("tbody", *map(_row, entries)),
        class_="checks",
    )


def _row(entry: Entry) -> Html:
    name = tag("code", entry.snapshot)
    return tag(
        "tr",
        tag("th", tag("a", name, href=quote(entry.link)) if entry.link else name, scope="row"),
        tag("td", tag("span", entry.state, class_=f"state {entry.state}")),
        tag("td", entry.summary),
        tag("td", tag("code", entry.test)),
        data_c=entry.state,
    )
