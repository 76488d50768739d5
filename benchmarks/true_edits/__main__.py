"""Edits networks at random, and holds what is reported against what was done.

python -m benchmarks.true_edits --count 2000 --seed 1
python -m benchmarks.true_edits --count 1000 --seed 1 --edits 2
"""

from __future__ import annotations

import argparse
import pickle
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.true_edits.judge import Case, Verdict, case, judged
from pytest_layersnap import compare
from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.table import LayerTable


def reported(recorded: LayerTable, current: LayerTable) -> tuple[Change, ...]:
    """What this package reports."""
    return compare(recorded, current).changes


def main() -> None:
    """Make the cases, or read those that were made before, and say how many are right."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--edits", type=int, default=1, help="how many in each case")
    parser.add_argument("--cases", type=Path, help="a file that keeps them, to measure again")
    parser.add_argument("--faults", type=int, default=0, help="show so many that are wrong")
    options = parser.parse_args()
    if options.cases and options.cases.exists():
        cases = pickle.loads(options.cases.read_bytes())
    else:
        import keras

        first = options.seed * 1_000_000
        cases = [case(keras, seed, options.edits) for seed in range(first, first + options.count)]
        if options.cases:
            options.cases.write_bytes(pickle.dumps(cases))
    verdicts = [judged(given, reported) for given in cases]
    print("\n".join(summary(cases, verdicts)))
    wrong = [
        (number, given, verdict)
        for number, (given, verdict) in enumerate(zip(cases, verdicts, strict=True))
        if not (verdict.right or verdict.smaller)
    ]
    for number, given, verdict in wrong[: options.faults]:
        print(f"\n#{number} {given.network}: {', '.join(given.edits)} ({verdict})")
        print("truth:", *(map(_short, given.truth)), sep="\n  ")
        print("told:", *(map(_short, reported(given.recorded, given.current))), sep="\n  ")


def _short(change: Change) -> str:
    return f"{change.kind} {change.recorded_layer} -> {change.layer} {sorted(change.categories)}"


def summary(cases: Sequence[Case], verdicts: Sequence[Verdict]) -> list[str]:
    """How many are right, how large the others are, and where they are."""
    good = [verdict.right or verdict.smaller for verdict in verdicts]
    ratios = [verdict.told / max(verdict.done, 1) for verdict in verdicts]
    lines = [
        f"{len(cases)} cases: {sum(good)} right ({100 * sum(good) / len(cases):.1f} %), of them "
        f"{sum(v.smaller and not v.right for v in verdicts)} smaller than what was done; "
        f"{sum(ratio > 1.5 for ratio in ratios)} more than 1.5 times as large, at most "
        f"{max(ratios):.1f}; {sum(v.told for v in verdicts)} rows told, "
        f"{sum(v.done for v in verdicts)} concerned; {sum(v.seconds for v in verdicts):.2f} s"
    ]
    for what in (lambda given: " + ".join(given.edits), lambda given: given.network):
        total, right = Counter(map(what, cases)), Counter[str]()
        for given, is_good in zip(cases, good, strict=True):
            right[what(given)] += is_good
        lines += [f"  {name}: {right[name]} of {count}" for name, count in sorted(total.items())]
    return lines


if __name__ == "__main__":
    main()
