"""What a matrix, or a bisection, has found about a builder; as text, Markdown and JSON."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pytest_layersnap.markdown import literal
from pytest_layersnap.printable import printable
from pytest_layersnap.releases.words import advice, requirement, sentence, sources

if TYPE_CHECKING:
    from packaging.version import Version

    from pytest_layersnap.releases.trials import Outcome

#: Raised whenever a key changes its meaning or goes away; new keys do not raise it.
SCHEMA = 1
#: The columns of the table.
HEAD = ("keras", "verdict", "finding")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found.

    Args:
        subject: the builder, or the command.
        reference: what it was compared with; nothing for a command.
        backend: the backend of Keras 3.
        outcomes: what became of it, oldest release first.
        releases: all that were asked about, oldest first.
    """

    subject: str
    reference: str
    backend: str
    outcomes: Sequence[Outcome]
    releases: Sequence[Version]

    @property
    def verdicts(self) -> frozenset[str]:
        """All that was found."""
        return frozenset(outcome.verdict for outcome in self.outcomes)

    @property
    def title(self) -> str:
        """What was asked, in a line."""
        asked, tried = len(self.releases), len(self.outcomes)
        count = f"{tried} of {asked}" if tried < asked else f"{asked}"
        noun = "release" if asked == 1 else "releases"
        measure = f", compared with {self.reference}" if self.reference else ""
        return f"{self.subject}{measure}: {count} {noun} of Keras, {self.backend}"

    @property
    def said(self) -> list[str]:
        """What it comes to, and what to do."""
        return [sentence(self.outcomes), *advice(self.outcomes, self.releases)]


def to_text(answers: Iterable[Answer]) -> str:
    """For a terminal."""
    return "\n\n\n".join("\n".join(_lines(answer)) for answer in answers)


def _lines(answer: Answer) -> Iterator[str]:
    rows = [HEAD, *_rows(answer)]
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    yield printable(answer.title)
    yield ""
    for release, verdict, finding in rows:
        yield f"  {release:{widths[0]}}  {verdict:{widths[1]}}  {printable(finding)}".rstrip()
    yield ""
    yield from map(printable, answer.said)


def _rows(answer: Answer) -> Iterator[tuple[str, str, str]]:
    for outcome in answer.outcomes:
        yield str(outcome.release), outcome.verdict, outcome.finding


def to_markdown(answers: Iterable[Answer]) -> str:
    """For an issue, or the summary of a job."""
    return "\n".join(line for answer in answers for line in _markdown(answer))


def _markdown(answer: Answer) -> Iterator[str]:
    yield from (f"### {literal(answer.title)}", "", f"| {' | '.join(HEAD)} |", "|---|---|---|")
    for row in _rows(answer):
        yield f"| {' | '.join(map(literal, row))} |"
    yield ""
    yield from (f"- {literal(line)}" for line in answer.said)
    yield ""


def to_data(answers: Iterable[Answer]) -> dict[str, Any]:
    """As dictionaries, lists and plain values, for JSON."""
    return {"schema": SCHEMA, "answers": [_data(answer) for answer in answers]}


def _data(answer: Answer) -> dict[str, Any]:
    return {
        "subject": answer.subject,
        "reference": answer.reference,
        "backend": answer.backend,
        "summary": sentence(answer.outcomes),
        "advice": advice(answer.outcomes, answer.releases),
        "requirement": requirement(answer.outcomes, answer.releases),
        "known": [
            {"what": what, "source": source, "releases": list(map(str, releases))}
            for what, source, releases in sources(answer.outcomes)
        ],
        "asked": list(map(str, answer.releases)),
        "releases": [
            {
                "keras": str(outcome.release),
                "verdict": outcome.verdict,
                "finding": outcome.finding,
                "details": outcome.details,
                "recorded_with": outcome.drift.current.recorded_with
                if outcome.drift is not None
                else "",
                "drift": outcome.drift.to_dict() if outcome.drift else None,
            }
            for outcome in answer.outcomes
        ],
    }
