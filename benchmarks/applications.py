"""Which applications of Keras drift from their recorded tables, under which Keras, and what explains it.

tox exec -e keras2 -- python benchmarks/applications.py --write build/keras2
python benchmarks/applications.py build/keras2 build/keras3-torch
python benchmarks/applications.py build/* --into docs/keras-releases.md
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import Drift, LayerTable, compare, layer_table
from pytest_layersnap.comparison.known_changes import KNOWN_CHANGES
from pytest_layersnap.comparison.known_changes.known import Release
from tests import applications

SNAPSHOTS = Path(__file__).resolve().parents[1] / "snapshots"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tables of this environment, or show what those of several environments come to."""
    options = _options(arguments)
    if options.write:
        write(options.write)
        return
    parts = {"known changes": known_changes()}
    if options.folders:
        parts["applications"] = findings(options.folders)
    if options.into:
        page = options.into.read_text(encoding="utf-8")
        for name, part in parts.items():
            page = replaced(page, name, part)
        options.into.write_text(page, encoding="utf-8")
    else:
        print("\n\n".join(parts.values()))


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", help="what --write wrote, one for each")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write tables and do no more")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="put the tables into this page")
    return parser.parse_args(arguments)


def write(folder: Path) -> None:
    """Build every application under the Keras of this environment and write its table."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    for name in applications.NAMES:
        if (keras.backend.backend(), name) in applications.NOT_BUILT:
            continue
        for path, top in applications.snapshots(name).items():
            build = partial(applications.build, keras, name, top=top)
            table = layer_table(build, name=path)
            file = folder / f"{path}.csv"
            file.parent.mkdir(parents=True, exist_ok=True)
            table.to_csv(file)


def known_changes() -> str:
    """All known changes of Keras, as a Markdown table; the numbers are those of ``findings``."""
    rows = [
        (str(number), known.what, _release(known.first), _release(known.until), known.source)
        for number, known in enumerate(KNOWN_CHANGES, 1)
    ]
    return markdown_table(("", "what", "from", "until before", "source"), rows)


def findings(folders: Iterable[Path]) -> str:
    """Applications × environments: how many layers drift, and what explains them, as Markdown."""
    folders = sorted(folders)
    rows = [(name, *(_cell(name, folder) for folder in folders)) for name in applications.NAMES]
    heads = [f"{folder.name}: {_versions(folder)}" for folder in folders]
    return markdown_table(("", *heads), rows)


def _cell(name: str, folder: Path) -> str:
    drifts = []
    for path in applications.snapshots(name):
        if not (file := folder / f"{path}.csv").exists():
            return "not built"
        recorded = LayerTable.read_csv(SNAPSHOTS / f"{path}.csv")
        drifts.append(compare(recorded, LayerTable.read_csv(file)))
    if not any(drifts):
        return "0"
    return " + ".join(str(len(drift.changes)) for drift in drifts) + _reasons(drifts)


def _reasons(drifts: Iterable[Drift]) -> str:
    """Which known changes explain the drifts, and how much is left."""
    counts: Counter[str] = Counter()
    left = 0
    for drift in drifts:
        left += len(drift.changes)
        for explanation in drift.explanations:
            number = f"({KNOWN_CHANGES.index(explanation.known) + 1})"
            counts[number] += len(explanation.changes)
            left -= len(explanation.changes)
    unexplained = [f"**{left} unexplained**"] if left else []
    return ": " + ", ".join([*(f"all by {number}" for number in counts), *unexplained])


def _versions(folder: Path) -> str:
    """What recorded the tables of a folder, without ourselves."""
    table = LayerTable.read_csv(next(folder.rglob("*.csv")))
    return table.recorded_with.rpartition(", pytest-layersnap")[0]


def _release(release: Release | None) -> str:
    return "" if release is None else f"{release[0]}.{release[1]}"


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replaced(page: str, name: str, part: str) -> str:
    """A page with another generated part."""
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    pattern = re.compile(f"({re.escape(begin)}\n).*?({re.escape(end)})", re.S)
    if not pattern.search(page):
        raise SystemExit(f"the page has no part {name!r}: it goes between {begin} and {end}")
    return pattern.sub(lambda match: f"{match[1]}\n{part}\n\n{match[2]}", page)


if __name__ == "__main__":
    main()
