"""``layersnap export``."""

from __future__ import annotations

import argparse
from pathlib import Path

from pytest_layersnap.cli.terminal import SAME, CommandError, say
from pytest_layersnap.cli.verbs import Verbs, declare
from pytest_layersnap.snapshots.lookup import find

#: The names of ``export.files.FORMATS``, which takes longer to import.
_FORMATS = ("csv", "excel", "markdown", "latex")


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    export = declare(verbs, "export", _export, "write snapshots for spreadsheets and papers")
    for name in _FORMATS:
        export.add_argument(f"--{name}", metavar="OUT", help=f"write {name} to this file or folder")
    export.add_argument("name", nargs="*", help="a snapshot, or a folder of them (default: all)")


def _export(parsed: argparse.Namespace) -> int:
    from pytest_layersnap.exports.files import FORMATS, ExportError, destination, told_apart, write

    given = {name: place for name in FORMATS if (place := getattr(parsed, name)) is not None}
    if not given:
        raise CommandError(f"say where to: {', '.join(f'--{name} OUT' for name in FORMATS)}")
    try:
        places = [destination(place, name) for name, place in given.items()]
        tables = told_apart(find(Path.cwd(), parsed.name))
        for path in (path for place in places for path in write(tables, place)):
            say(f"wrote {path}")
    except (ExportError, ModuleNotFoundError) as error:
        raise CommandError(str(error)) from None
    return SAME
