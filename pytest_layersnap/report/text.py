"""Drift as plain text, for a terminal and a failing test."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_layersnap.report.findings import Fact, Finding, findings, printable

if TYPE_CHECKING:
    from pytest_layersnap.compare.drift import Drift


def render(drift: Drift, *, accept: str | None) -> str:
    """The report: the verdict, the findings, totals and circumstances, and how to accept it.

    Args:
        drift: what to report.
        accept: the command that accepts it; None to leave it out.
    """
    has_drifted = " has drifted" if drift else ""
    lines = [f"{drift.current.model}{has_drifted}: {drift.summary}"]
    if drift:
        lines.append("")
        for finding in findings(drift):
            lines += _finding_lines(finding)
    lines.append("")
    lines += [f"  {label:<12}{text}" for label, text in circumstances(drift)]
    if drift and accept is not None:
        lines += ["", "If this is what you want, accept it with", f"  {accept}"]
    return "\n".join(map(printable, lines))


def circumstances(drift: Drift) -> Iterator[tuple[str, str]]:
    """What stands below the findings of a report: totals, what was left out, and the versions."""
    whole = drift.consequences
    yield "parameters", _count(*whole.parameters)
    yield "trainable", _count(*whole.trainable_parameters)
    if drift.selection.only is not None:
        yield "only", ", ".join(sorted(drift.selection.only)) + _hidden(drift)
    if drift.selection.ignore:
        yield "ignored", ", ".join(sorted(drift.selection.ignore)) + _hidden(drift)
    recorded, current = drift.recorded.recorded_with, drift.current.recorded_with
    if recorded:
        yield "recorded", f"with {recorded}"
    if current:
        yield "now", "with the same versions" if current == recorded else f"with {current}"
    for explanation in drift.explanations:
        count, known = len(explanation.changes), explanation.known
        extent = (
            "all of it"
            if count == len(drift.changes)
            else f"{count} of {len(drift.changes)} changes"
        )
        yield "known", f"{known.what}; explains {extent} ({known.source})"


def _hidden(drift: Drift) -> str:
    if not drift.hidden:
        return " (hides nothing)"
    layers = "layer" if drift.hidden == 1 else "layers"
    return f" (hides differences of {drift.hidden} {layers})"


def _count(recorded: int, current: int) -> str:
    if recorded == current:
        return f"{recorded:,} (unchanged)"
    return f"{recorded:,} → {current:,} ({current - recorded:+,})"


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
