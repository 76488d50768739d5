"""Drift as plain text, for a terminal and a failing test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING

from pytest_layersnap.report.finding import Fact, Finding
from pytest_layersnap.report.findings import findings
from pytest_layersnap.report.whole import circumstances, verdict
from pytest_layersnap.report.words import printable

if TYPE_CHECKING:
    from pytest_layersnap.compare.drift import Drift


#: Sentences are wrapped; findings are not, so that a name or a value can be searched for.
_WIDTH = 100


def render(drift: Drift, *, accept: str | None) -> str:
    """The report: the verdict, the findings, totals and circumstances, and how to accept it.

    Args:
        drift: what to report.
        accept: the command that accepts it; None to leave it out.
    """
    lines = [verdict(drift)]
    if drift:
        lines.append("")
        for finding in findings(drift):
            lines += _finding_lines(finding)
    lines.append("")
    lines += _labelled(circumstances(drift))
    if drift and accept is not None:
        lines += ["", "If this is what you want, accept it with", f"  {accept}"]
    return "\n".join(map(printable, lines))


def _labelled(told: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Lines with a label in front; a label that comes again is not repeated, long lines are wrapped."""
    previous = ""
    for label, text in told:
        first = "" if label == previous else label
        yield from wrap(
            printable(text),
            _WIDTH,
            initial_indent=f"  {first:<12}",
            subsequent_indent=" " * 14,
            break_long_words=False,
            break_on_hyphens=False,
        )
        previous = label


def _finding_lines(finding: Finding) -> Iterator[str]:
    yield f"  {finding.sign} {finding.layers}" + (f", {finding.remark}" if finding.remark else "")
    width = max((len(fact.label) for fact in finding.facts), default=0)
    previous = ""
    for fact in finding.facts:
        label = "" if fact.label == previous else fact.label
        yield f"      {_fact_text(fact, label.ljust(width))}"
        previous = fact.label


def _fact_text(fact: Fact, label: str) -> str:
    text = fact.current if fact.recorded is None else f"{fact.recorded} → {fact.current}"
    gap = "  " if label else ""
    return f"{label}{gap}{text}" + (f"  ({fact.remark})" if fact.remark else "")
