"""Drift as plain text, for a terminal and a failing test."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from textwrap import wrap
from typing import TYPE_CHECKING, Final

from pytest_layersnap.printable import printable
from pytest_layersnap.report.finding import Fact, Finding
from pytest_layersnap.report.findings import findings
from pytest_layersnap.report.whole import circumstances, verdict

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison

#: Sentences are wrapped; findings are not, so that a name or a value can be searched for.
_WIDTH: Final = 100
#: The colors of findings by their signs, of values, and of what is less important.
_COLORS: Final = {"+": 32, "-": 31, "~": 33, "=": 36, ">": 35, "recorded": 31, "current": 32}
_BOLD, _DIM = 1, 2

#: Sets a text in a color, or leaves it.
_Paint = Callable[[str, int], str]


def render(drift: Comparison, *, accept: str | None, color: bool) -> str:
    """The report: the verdict, the findings, totals and circumstances, and how to accept it.

    Args:
        drift: what to report.
        accept: the command that accepts it; None to leave it out.
        color: whether to color it with ANSI escapes.
    """
    paint = _painted if color else _plain
    lines = [paint(printable(verdict(drift)), _BOLD)]
    if drift:
        lines.append("")
        for finding in findings(drift):
            lines += _finding_lines(finding, paint)
    lines += ["", *_labelled(circumstances(drift), paint)]
    if drift and accept is not None:
        lines += ["", "If this is what you want, accept it with", f"  {printable(accept)}"]
    return "\n".join(lines)


def _plain(text: str, color: int) -> str:
    del color
    return text


def _painted(text: str, color: int) -> str:
    return f"\x1b[{color}m{text}\x1b[0m" if text else ""


def _labelled(told: Iterable[tuple[str, str]], paint: _Paint) -> Iterator[str]:
    """Lines with a label in front; a label that comes again is not repeated, long lines are wrapped."""
    previous = ""
    for label, text in told:
        first = "" if label == previous else label
        for line in wrap(
            printable(text), _WIDTH - 14, break_long_words=False, break_on_hyphens=False
        ):
            yield f"  {paint(first.ljust(12), _DIM)}{line}"
            first = ""
        previous = label


def _finding_lines(finding: Finding, paint: _Paint) -> Iterator[str]:
    what = printable(finding.layers + (f", {finding.remark}" if finding.remark else ""))
    yield "  " + paint(f"{finding.sign} {what}", _COLORS[finding.sign])
    width = max((len(fact.label) for fact in finding.facts), default=0)
    previous = ""
    for fact in finding.facts:
        label = "" if fact.label == previous else fact.label
        alone = not fact.label and not fact.beside
        yield "      " + _fact_text(fact, "" if alone else label.ljust(width), paint)
        previous = fact.label


def _fact_text(fact: Fact, label: str, paint: _Paint) -> str:
    text = printable(fact.current)
    if fact.recorded is not None:
        recorded = paint(printable(fact.recorded), _COLORS["recorded"])
        text = f"{recorded} → {paint(text, _COLORS['current'])}"
    gap = "  " if label else ""
    return f"{printable(label)}{gap}{text}" + (f"  ({fact.remark})" if fact.remark else "")
