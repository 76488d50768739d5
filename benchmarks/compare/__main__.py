"""Compares ways of comparing, and writes the page and the plot into the docs.

python -m benchmarks.compare
python -m benchmarks.compare --sizes 100 1000 --limit 5 --out /tmp
"""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.compare.measure import Cell, measure
from benchmarks.compare.methods import METHODS
from benchmarks.compare.page import page, plot
from benchmarks.compare.tables import CASES, network
from benchmarks.compare.work import calls


def main() -> None:
    """Measure, say so on the way, and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 1_000, 10_000, 50_000])
    parser.add_argument("--limit", type=float, default=5.0, help="seconds a cell may take")
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs")
    options = parser.parse_args()

    figures: dict[tuple[str, str, int], Cell] = {}
    work: dict[tuple[str, int], int] = {}
    cut_off: set[tuple[str, str]] = set()
    for size in options.sizes:
        recorded = network(size)
        for case, change in CASES.items():
            current = change(recorded)
            work[case, size] = calls("layersnap", recorded, current)
            for method in METHODS:
                cell = Cell(None)
                if (case, method) not in cut_off:
                    cell = measure(method, recorded, current, options.limit)
                if cell.seconds is None:
                    cut_off.add((case, method))
                figures[case, method, size] = cell
                print(f"{size:>6} {case:<20} {method:<22} {cell}", flush=True)
    names = list(CASES), list(METHODS), options.sizes
    text = page(figures, *names, options.limit, work)
    (options.out / "benchmarks.md").write_text(text, encoding="utf-8")
    (options.out / "benchmarks.svg").write_text(plot(figures, *names), encoding="utf-8")


if __name__ == "__main__":
    main()
