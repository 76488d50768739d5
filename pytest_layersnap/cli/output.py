"""``--format`` and ``--output``, which say the same for every verb that shows something."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pytest_layersnap.cli.terminal import CommandError, say
from pytest_layersnap.formats import Format
from pytest_layersnap.writing import replace_file, require_ours


def add_arguments(parser: argparse.ArgumentParser, formats: Mapping[str, Format]) -> None:
    """Declare ``--format`` and ``--output``; the first format is that of a terminal."""
    first = next(iter(formats))
    usual = f"default: by the ending of FILE, or {first}"
    parser.add_argument("--format", choices=formats, help=usual)
    parser.add_argument(
        "--output", metavar="FILE", type=Path, help="write to FILE, not the terminal"
    )


def put(parsed: argparse.Namespace, formats: Mapping[str, Format], shown: Any) -> None:
    """Print something, or write it to a file, in the format that is asked for.

    Raises:
        CommandError: no format has the ending of the file.
        ForeignFile: something else is in the place of the file.
        OSError: the file can't be written.
    """
    chosen = formats[parsed.format or _by_suffix(parsed.output, formats)]
    data = chosen.render(shown)
    if parsed.output is None:
        say(data.decode().rstrip("\n"))
        return
    require_ours(parsed.output, chosen.is_ours)
    replace_file(parsed.output, data)


def _by_suffix(output: Path | None, formats: Mapping[str, Format]) -> str:
    if output is None or not output.suffix:
        return next(iter(formats))
    for name, known in formats.items():
        if known.suffix == output.suffix.lower():
            return name
    endings = ", ".join(known.suffix for known in formats.values())
    raise CommandError(
        f"{output}: no format ends in {output.suffix}; choose from {endings}, "
        f"or add --format {'|'.join(formats)}"
    )
