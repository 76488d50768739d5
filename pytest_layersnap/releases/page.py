"""What was found about builders as a page in one file, with all about their drifts."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_layersnap.drift import Drift
from pytest_layersnap.markup.elements import Html, tag
from pytest_layersnap.markup.page import page
from pytest_layersnap.releases.answer import HEAD, Answer
from pytest_layersnap.releases.trials import Outcome
from pytest_layersnap.report.html.drift import tell

#: The states of checks that verdicts look like.
_LOOKS = {"holds": "same", "drifts": "drifted", "fails": "broken", "not tried": "missing"}
_TITLE = "Releases of Keras"


def to_html(answers: Sequence[Answer]) -> str:
    """The page; neighbouring releases that drift in the same way share what is told of it."""
    sections: list[Html] = []
    articles: list[Html] = []
    above = 0
    for answer in answers:
        rows: list[Html] = []
        before: Drift | None = None
        link = ""
        for outcome in answer.outcomes:
            if outcome.verdict == "drifts" and outcome.drift is not None:
                if before is None or outcome.drift.changes != before.changes:
                    before = outcome.drift
                    link = f"drift-{len(articles) + 1}"
                    told = tell(before, accept=None, above=above)
                    articles.append(tag("article", told.head, told.body, id=link))
                    above = told.numbers
                rows.append(_row(outcome, tag("a", outcome.finding, href=f"#{link}")))
            else:
                rows.append(_row(outcome, outcome.finding))
        sections.append(_section(answer, rows))
    header = tag("header", tag("p", "layersnap", class_="brand"), tag("h1", _TITLE))
    return page(f"layersnap: {_TITLE}", tag("main", header, *sections, *articles))


def _section(answer: Answer, rows: Sequence[Html]) -> Html:
    return tag(
        "section",
        tag("h2", answer.title),
        tag("ul", *(tag("li", line) for line in answer.said)),
        tag(
            "table",
            tag("caption", "The verdict under each release", class_="unseen"),
            tag("thead", tag("tr", *(tag("th", name, scope="col") for name in HEAD))),
            tag("tbody", *rows),
            class_="checks",
        ),
    )


def _row(outcome: Outcome, finding: str) -> Html:
    verdict = tag("span", outcome.verdict, class_=f"state {_LOOKS[outcome.verdict]}")
    return tag(
        "tr",
        tag("th", str(outcome.release), scope="row"),
        tag("td", verdict),
        tag("td", finding),
    )
