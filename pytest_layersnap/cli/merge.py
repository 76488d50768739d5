"""``layersnap merge``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_layersnap.cli.terminal import DRIFT, SAME, CommandError, say
from pytest_layersnap.cli.verbs import Verbs, declare


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    merge = declare(verbs, "merge", _merge, "join the reports of several runs that each ran a part")
    merge.add_argument(
        "report", nargs="+", type=Path, help="a folder that --layersnap-report DIR wrote"
    )
    merge.add_argument(
        "--output",
        metavar="OUT",
        type=Path,
        help="write the joint report to this folder or .html file",
    )


def _merge(parsed: argparse.Namespace) -> int:
    from pytest_layersnap.snapshots import reports
    from pytest_layersnap.snapshots.summary import as_text

    try:
        report = reports.joined(map(reports.read, parsed.report))
    except reports.ReportError as error:
        raise CommandError(str(error)) from None
    run = report.run
    for line in as_text(run) or ["no drift, and nothing unused"]:
        say(line)
    if parsed.output is not None:
        reports.write(report, parsed.output)
    return DRIFT if run.received or run.fails else SAME
