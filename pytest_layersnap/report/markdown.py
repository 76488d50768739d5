"""Drift as Markdown, for a pull request or a job's summary."""

from __future__ import annotations

import html
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pytest_layersnap.markdown import code, literal
from pytest_layersnap.printable import printable
from pytest_layersnap.report.finding import Fact, Finding
from pytest_layersnap.report.findings import findings
from pytest_layersnap.report.mermaid import changed_stages
from pytest_layersnap.report.whole import circumstances, verdict
from pytest_layersnap.report.words import SIGNS

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison


def render(drift: Comparison, *, accept: str | None, drawn: bool = True) -> str:
    """The report as Markdown that folds up to its verdict; names and values are code, sentences are not.

    Args:
        drift: what to report.
        accept: the command that accepts it; None to leave it out.
        drawn: whether the stages that have changed are drawn.
    """
    summary = html.escape(printable(verdict(drift)))
    lines = ["<details>", f"<summary>{summary}</summary>", ""]
    for finding in findings(drift):
        lines += _finding_lines(finding)
    if drawn and (chart := changed_stages(drift)):
        lines += ["", "```mermaid", chart, "```"]
    lines += ["", *(f"- {label}: {literal(text)}" for label, text in circumstances(drift))]
    if drift and accept is not None:
        lines += ["", "If this is what you want, accept it with", "", f"    {accept}"]
    return "\n".join([*lines, "", "</details>", ""])


def _finding_lines(finding: Finding) -> Iterator[str]:
    remark = literal(f", {finding.remark}") if finding.remark else ""
    told = code if len(finding.rows) == 1 else literal
    yield f"- **{SIGNS[finding.sign]}** {told(finding.layers)}{remark}"
    for fact in finding.facts:
        yield f"  - {_fact_text(fact)}"


def _fact_text(fact: Fact) -> str:
    # Alone, what is not a name or a value is a sentence.
    text = literal(fact.current) if " " in fact.current else code(fact.current)
    if fact.recorded is not None:
        text = f"{code(fact.recorded)} → {code(fact.current)}"
    label = f"{fact.label}: " if fact.label else ""
    return f"{label}{text}" + (f" ({fact.remark})" if fact.remark else "")
