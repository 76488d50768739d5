"""``layersnap flow``."""

from __future__ import annotations

import argparse

from pytest_layersnap import formats
from pytest_layersnap.cli import output
from pytest_layersnap.cli.tables import NAMES, table_of
from pytest_layersnap.cli.terminal import SAME
from pytest_layersnap.cli.verbs import Verbs, declare

FORMATS = {
    "table": formats.text(".txt", lambda flow: flow.to_text(), r"[^\n]*\n\nstage +output "),
    "markdown": formats.text(
        ".md", lambda flow: flow.to_markdown(), r"[^\n]*\n\n\| stage +\| output "
    ),
    "mermaid": formats.text(".mmd", lambda flow: flow.to_mermaid(), r"flowchart [A-Z]+\n  \w+\("),
    "svg": formats.text(".svg", lambda flow: flow.to_svg(), r"<svg [^>]*>\n<style>\n\.lsf-"),
}


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    flow = declare(verbs, "flow", _flow, "show the stages and blocks of a network")
    flow.add_argument("model", help=NAMES)
    output.add_arguments(flow, FORMATS)


def _flow(parsed: argparse.Namespace) -> int:
    from pytest_layersnap.flows.stages import flow

    output.put(parsed, FORMATS, flow(table_of(parsed.model)))
    return SAME
