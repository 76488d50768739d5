"""``layersnap show``."""

from __future__ import annotations

import argparse
import shutil
import sys

from pytest_layersnap import formats
from pytest_layersnap.cli import output
from pytest_layersnap.cli.tables import NAMES, table_of
from pytest_layersnap.cli.terminal import SAME, as_json
from pytest_layersnap.cli.verbs import Verbs, declare
from pytest_layersnap.formats import Format
from pytest_layersnap.table import LayerTable


def _text(table: LayerTable) -> str:
    from pytest_layersnap import show

    # A pipe has no width that anything must fit into.
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    return show.render(table, width=width)


def _json(table: LayerTable) -> str:
    from pytest_layersnap import show

    return as_json(show.as_data(table))


FORMATS: dict[str, Format] = {
    "table": formats.text(".txt", _text, r"[^\n]+\n\nlayer +type "),
    "json": formats.text(".json", _json, r'\{\s*"model": '),
}


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    show = declare(verbs, "show", _show, "print the layers of a model")
    show.add_argument("model", help=NAMES)
    output.add_arguments(show, FORMATS)
    show.add_argument(
        "--json",
        action="store_const",
        dest="format",
        const="json",
        help="print JSON, with all columns",
    )


def _show(parsed: argparse.Namespace) -> int:
    output.put(parsed, FORMATS, table_of(parsed.model))
    return SAME
