"""The figures of several environments as a page for the docs.

python benchmarks/truth.py --json build/truth/keras2.json
python -m benchmarks.truth.page build/truth/*.json
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from .peers import PEERS

#: What ``--json`` wrote, by environment.
Figures = Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]]

#: Why some changes may be told otherwise, by name.
_REASONS = {
    "swap the inputs of a merge": "the two branches are equal and named by Keras, so that exchanging "
    "their inputs gives the same network as exchanging the inputs of their sum",
}

_PAGE = Path(__file__).parents[2] / "docs" / "truth.md"


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", type=Path, nargs="+", help="what --json wrote, one an environment")
    parser.add_argument("--out", type=Path, default=_PAGE)
    options = parser.parse_args(arguments)
    figures = {
        file.stem: json.loads(file.read_text(encoding="utf-8")) for file in sorted(options.files)
    }
    # What follows the first heading of a part is another bench's.
    _, heading, others = options.out.read_text(encoding="utf-8").partition("\n## ")
    options.out.write_text(page(figures) + heading + others, encoding="utf-8")


def page(figures: Figures) -> str:
    """The page in Markdown."""
    return "\n".join(
        [
            "# How true it is",
            "",
            "`python benchmarks/truth.py` changes real models at random places, one change at a time, and",
            "compares the table with that of the unchanged model. It then makes non-changes: it builds a",
            "model again, after others, in another process or thread, saves and loads it, trains it. A",
            "change should be reported, on the right layers and under the right category; a non-change",
            "should not. `python -m benchmarks.truth.page` made this page.",
            "",
            *_ours(figures),
            "",
            "What people use instead, in the same runs: changes reported, and false alarms.",
            "",
            *_theirs(figures),
            "",
            *(_by_name(figures) or ["No miss, no wrong layer or category, no false alarm."]),
            "",
        ]
    )


def _ours(figures: Figures) -> Iterator[str]:
    heads = ("", "changes", "reported", "right layer", "right category", "non-changes", "alarms")
    yield _row(heads)
    yield _row(["---"] * len(heads))
    for name, found in figures.items():
        changes, others = found["mutations"], found["non_changes"]
        shares = (
            _share(sum(bool(change["reported"] and change[key]) for change in changes), changes)
            for key in ("reported", "right_layer", "right_category")
        )
        alarms = sum(bool(other["said"]) for other in others)
        yield _row([name, f"{len(changes):,}", *shares, f"{len(others):,}", str(alarms)])


def _theirs(figures: Figures) -> Iterator[str]:
    yield _row(["", *PEERS])
    yield _row(["---"] * (len(PEERS) + 1))
    for name, found in figures.items():
        changes, others = found["mutations"], found["non_changes"]
        cells = (
            f"{_share(sum(one['peers'].get(peer, False) for one in changes), changes)}, "
            f"{_share(sum(one['peers'].get(peer, False) for one in others), others)}"
            for peer in PEERS
        )
        yield _row([name, *cells])


def _by_name(figures: Figures) -> list[str]:
    """What is wrong, one a line."""
    wrong = []
    for name, found in figures.items():
        for change in found["mutations"]:
            if not (change["reported"] and change["right_layer"] and change["right_category"]):
                where = f"{change['name']} in {change['model']} ({change['place']})"
                said = _REASONS.get(change["name"]) or change["said"] or "missed"
                wrong.append(f"- {name}, {where}: {said}")
        wrong += [
            f"- {name}, false alarm: {other['name']} ({other['model']}): {other['said']}"
            for other in found["non_changes"]
            if other["said"]
        ]
    return wrong


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _share(part: int, whole: Sequence[object]) -> str:
    return f"{100 * part / len(whole):.1f} %" if whole else "-"


if __name__ == "__main__":
    main()
