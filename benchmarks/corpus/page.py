"""The figures of several environments as a part of a page of the docs.

python -m benchmarks.corpus.page build/keras_tests
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.corpus.judge import WAYS
from pytest_layersnap import LayerTable, compare, csvfile

#: What ``--out`` wrote, by environment: models and layers, what was found of each by its name.
Runs = Mapping[str, Mapping[str, Mapping[str, Mapping[str, Any]]]]

_PAGE = Path(__file__).parents[2] / "docs" / "truth.md"
_HEADING = "## Keras' own tests"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the part of the page, and print what differs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="where the files that --out wrote are")
    parser.add_argument("--out", type=Path, default=_PAGE)
    options = parser.parse_args(arguments)
    before = options.out.read_text(encoding="utf-8").partition(_HEADING)[0].rstrip()
    part = "\n".join([_HEADING, "", *_part(runs(options.folder))])
    options.out.write_text(f"{before}\n\n{part}\n", encoding="utf-8")


def runs(folder: Path) -> Runs:
    """All runs in a folder; those of several parts are ``NAME.PART.json``."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for file in sorted(folder.glob("*.json")):
        parts = json.loads(file.read_text(encoding="utf-8"))
        run = found.setdefault(file.name.partition(".")[0], {"models": {}, "layers": {}})
        for name, part in parts.items():
            run[name] |= part
    return found


def _part(found: Runs) -> Iterator[str]:
    """The lines; runs are compared with the one that has the most, which they were built like."""
    yield "`python benchmarks/keras_tests.py` runs the tests that Keras ships, as far as they build layers"
    yield "and models, and takes a table of each: read twice, rebuilt from its config, built without"
    yield "weights, written and read. With `--like` it builds the same again elsewhere."
    yield ""
    yield _row(["", "models and layers", "tables", *(f"wrong: {way}" for way in WAYS)])
    yield _row(["---"] * (3 + len(WAYS)))
    for name, run in found.items():
        every = [*run["models"].values(), *run["layers"].values()]
        wrong = Counter(way for one in every for way in one["wrong"])
        read = [one["table"] for one in every if one["table"]]
        counts = (len(read), len(set(map(_rows, read))), *(wrong[way] for way in WAYS))
        yield _row([name, *(f"{count:,}" for count in counts)])
    first = max(found, key=lambda name: sum(map(len, found[name].values())))
    others = [name for name in found if name != first]
    if others:
        yield ""
        yield _row(["", "compared", "equal", "explained", "differ"])
        yield _row(["---"] * 5)
    for other in others:
        counts = _compared(found, first, other)
        yield _row([f"{first} and {other}", *(f"{count:,}" for count in counts)])


def _rows(table: str) -> str:
    """A table without what it was recorded with."""
    return table.replace(table.partition("\n")[2].partition("\n")[0].rpartition(",")[2], "")


def _compared(found: Runs, first: str, other: str) -> tuple[int, int, int, int]:
    """How many tables of two runs were compared, are equal, differ as Keras does, and differ."""
    counts: Counter[str] = Counter()
    for part in ("models", "layers"):
        for name, one in found[first][part].items():
            there = found[other][part].get(name)
            if not (there and one["table"] and there["table"]):
                continue
            drift = compare(_table(one["table"]), _table(there["table"]))
            explained = drift and len(drift.changes) == sum(
                len(explanation.changes) for explanation in drift.explanations
            )
            counts["explained" if explained else "differ" if drift else "equal"] += 1
            if drift and not explained:
                print(first, other, name, drift.to_text(), sep="\n")
    return sum(counts.values()), counts["equal"], counts["explained"], counts["differ"]


def _table(text: str) -> LayerTable:
    return csvfile.load(text.encode())


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    main()
