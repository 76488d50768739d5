"""Draws cases, judges them, and counts what is wrong.

python -m benchmarks.battery --count 1500 --seed 1
PYTHONHASHSEED=1 python -m benchmarks.battery --tables one.txt, the same with another number, and diff
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from benchmarks.battery import draw
from benchmarks.battery.judge import judge, text


def main() -> None:
    """Count what is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tables", help="write the tables here instead of judging them")
    parser.add_argument("--only", default="", help="a word of the kinds of cases that are judged")
    options = parser.parse_args()
    import keras

    counts: Counter[str] = Counter()
    started = time.perf_counter()
    for seed in range(options.seed * 1_000_000, options.seed * 1_000_000 + options.count):
        case = draw(seed)
        if options.only not in case.kind:
            continue
        if options.tables:
            with open(options.tables, "a", encoding="utf-8") as file:
                file.write(f"{seed} {case.kind}\n{text(keras, case)}\n")
            continue
        verdict = judge(keras, case)
        counts[verdict.partition(":")[0] or ("seen" if case.differs else "equal")] += 1
        if verdict:
            print(seed, case.kind, verdict, sep=" | ", flush=True)
    print(dict(counts), f"{time.perf_counter() - started:.0f} s")
    sys.exit(counts.keys() > {"seen", "equal"})


if __name__ == "__main__":
    main()
