"""Edits of layers that people write: whether each that shows is told, on its row.

    KERAS_BACKEND=torch python -m benchmarks.behavior_edits
    KERAS_BACKEND=jax python -m benchmarks.behavior_edits --seed 5 --count 100

Sources are edited one place at a time. Both models are evaluated, on ordinary data and with the same
weights; where outputs, added losses or written weights are further apart than ten tolerances,
``behavior`` has to be told of the layer's row and of no other. The edits that do not show so far and of
which nothing is told are listed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter
from importlib import import_module

from benchmarks.behavior_edits.judge import FAR, cases


def main() -> int:
    """Count what is told of the edits that show."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, help="how many edits are drawn; all by default")
    parser.add_argument("--seed", type=int, default=0, help="what they are drawn with")
    options = parser.parse_args()
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    began = time.perf_counter()
    shown, right, little = Counter[str](), Counter[str](), 0
    for case in cases(keras, options.seed, options.count):
        kind = case.mutant.kind
        line = f"{case.program}, {case.place}: {kind}, {case.mutant.what} ({case.distance:.1e})"
        if case.distance > FAR:
            shown[kind] += 1
            right[kind] += case.is_right
            if not case.is_right:
                print(f"WRONG {line}: told {sorted(case.told)}")
        else:
            little += 1
            if case.is_unseen:
                print(f"not told  {line}")
    for kind, number in sorted(shown.items()):
        print(f"{kind:20} {right[kind]:4} of {number} right")
    seconds = time.perf_counter() - began
    print(
        f"{right.total()} of {shown.total()} edits that show are told on their rows; "
        f"{little} do not show; {seconds:.0f} s"
    )
    return 0 if right == shown else 1


if __name__ == "__main__":
    sys.exit(main())
