"""The page about a run: what it came to, and all its checks; with or without their drifts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from pytest_layersnap.markup.elements import Content, Html, tag
from pytest_layersnap.markup.page import page
from pytest_layersnap.report.html.drift import tell
from pytest_layersnap.report.html.tools import tools
from pytest_layersnap.scope import CATEGORIES

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison


@dataclass(frozen=True, slots=True)
class Entry:
    """One check of a run.

    Args:
        state: what became of it, in a word.
        snapshot: the snapshot that it compared with.
        summary: what there is to say of it in a line.
        test: the test that made it.
        page: the page about it, relative to this one; empty if there is none.
    """

    state: str
    snapshot: str
    summary: str
    test: str
    page: str


@dataclass(frozen=True, slots=True)
class Chapter:
    """A drift that is told on the page of its run.

    Args:
        drift: what to tell.
        accept: the command that accepts it.
    """

    drift: Comparison
    accept: str


def render(circumstances: str, said: Iterable[str], entries: Sequence[Entry]) -> str:
    """The index of a run as a page that needs nothing but the pages that it leads to.

    Args:
        circumstances: when, of which commit, and where it ran.
        said: what the run has to say, line by line.
        entries: its checks, in the order in which they are to be shown.
    """
    states = Counter(entry.state for entry in entries)
    rows = [_row(entry, quote(entry.page), [entry.state]) for entry in entries]
    narrow = tools("States", states) if entries else None
    return _page(circumstances, states, said, narrow, rows)


def render_all(
    circumstances: str,
    said: Iterable[str],
    entries: Sequence[Entry],
    chapters: Mapping[str, Chapter],
) -> str:
    """A run as one page that needs nothing else: its checks, and all about their drifts.

    Args:
        circumstances: when, of which commit, and where it ran.
        said: what the run has to say, line by line.
        entries: its checks, in the order in which they are to be shown.
        chapters: by the page that an entry names, what would be on it.
    """
    counts: Counter[str] = Counter()
    articles: list[Html] = []
    above = 0
    for name, chapter in chapters.items():
        told = tell(chapter.drift, accept=chapter.accept, above=above)
        articles.append(tag("article", told.head, told.body, id=name))
        counts.update(told.counts)
        above = told.numbers
    named = {name: counts[name] for name in CATEGORIES if counts[name]}
    rows = [
        _row(
            entry,
            f"#{quote(entry.page)}" if entry.page else "",
            chapters[entry.page].drift.categories if entry.page else (),
        )
        for entry in entries
    ]
    states = Counter(entry.state for entry in entries)
    narrow = tools("Categories", named) if entries else None
    return _page(circumstances, states, said, narrow, rows, *articles)


def _page(
    circumstances: str,
    states: Mapping[str, int],
    said: Iterable[str],
    narrow: Html | None,
    rows: Sequence[Html],
    *articles: Content,
) -> str:
    verdict = ", ".join(f"{count:,} {state}" for state, count in states.items()) or "no checks"
    lines = [tag("li", line) for line in said]
    content = (
        tag(
            "header",
            tag("p", "layersnap", class_="brand"),
            tag("h1", verdict),
            tag("p", circumstances, class_="lead") if circumstances else None,
        ),
        tag("section", tag("h2", "The run"), tag("ul", *lines)) if lines else None,
        narrow,
        tag("section", tag("h2", "Checks"), _table(rows)) if rows else None,
    )
    return page(f"layersnap: {verdict}", tag("main", *content, *articles))


def _table(rows: Iterable[Html]) -> Html:
    names = ("Snapshot", "State", "What", "Test")
    return tag(
        "table",
        tag("caption", "The checks of the run", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", name, scope="col") for name in names))),
        tag("tbody", *rows),
        class_="checks",
    )


def _row(entry: Entry, link: str, classes: Collection[str]) -> Html:
    """A check; what it can be narrowed to are its classes."""
    name = tag("code", entry.snapshot)
    return tag(
        "tr",
        tag("th", tag("a", name, href=link) if link else name, scope="row"),
        tag("td", tag("span", entry.state, class_=f"state {entry.state}")),
        tag("td", entry.summary),
        tag("td", tag("code", entry.test)),
        data_c=" ".join(sorted(classes)),
    )
