"""``layersnap diff``."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pytest_layersnap import formats
from pytest_layersnap.cli import output
from pytest_layersnap.cli.tables import NAMES, is_model, table_at, table_of
from pytest_layersnap.cli.terminal import DRIFT, SAME, CommandError, as_json, is_colored
from pytest_layersnap.cli.verbs import Verbs, declare
from pytest_layersnap.formats import Format
from pytest_layersnap.table import LayerTable

if TYPE_CHECKING:
    from pytest_layersnap.drift import Drift


def _text(drift: Drift) -> str:
    return drift.to_text(accept=None, color=is_colored())


def _is_page(data: bytes) -> bool:
    from pytest_layersnap.markup import page

    return page.is_ours(data)


FORMATS = {
    "text": formats.text(".txt", _text, r"[^\n]+(: no drift| has drifted)"),
    "markdown": formats.text(
        ".md", lambda drift: drift.to_markdown(accept=None), r"<details>\n<summary>"
    ),
    "html": Format(".html", lambda drift: drift.to_html(accept=None).encode(), _is_page),
    "json": formats.text(".json", lambda drift: as_json(drift.to_dict()), r'\{\s*"schema": 1,'),
}


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    diff = declare(verbs, "diff", _diff, "compare two snapshots, models or revisions")
    diff.add_argument("recorded", help=NAMES)
    diff.add_argument("current", nargs="?", help="the same; leave it out with --against")
    diff.add_argument(
        "--against",
        metavar="REVISION",
        help="compare the snapshot in this branch, tag or commit with the one on disk",
    )
    output.add_arguments(diff, FORMATS)


def _diff(parsed: argparse.Namespace) -> int:
    from pytest_layersnap.drift import compare

    drift = compare(*_sides(parsed))
    output.put(parsed, FORMATS, drift)
    return DRIFT if drift else SAME


def _sides(parsed: argparse.Namespace) -> tuple[LayerTable, LayerTable]:
    """The recorded and the current table."""
    if parsed.against is None:
        if parsed.current is None:
            raise CommandError(
                f"say what to compare {parsed.recorded} with: another snapshot, a module:builder, "
                "or --against REVISION"
            )
        return table_of(parsed.recorded), table_of(parsed.current)
    if is_model(parsed.recorded):
        raise CommandError(f"--against takes a snapshot, which git keeps, not {parsed.recorded}")
    recorded = table_at(parsed.against, parsed.recorded)
    return recorded, table_of(parsed.current or parsed.recorded)
