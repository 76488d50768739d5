"""Many lives of a small suite at random: is a living snapshot lost, or a dead one kept?

    python benchmarks/random_life.py --count 2000

Each life has up to 20 steps: tests are added, renamed, moved, deleted, skipped, made to fail; branches are
switched and merged; runs record, leave tests out, are interrupted. After each run the snapshots on disk are
those of a model, or hypothesis shrinks the life and shows it. Needs hypothesis, no Keras, and a system that
can fork.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main() -> None:
    """Live, and say how often."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="how many lives (default: 100)")
    parser.add_argument("--steps", type=int, default=20, help="of how many steps (default: 20)")
    parsed = parser.parse_args()
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.dont_write_bytecode = True

    from hypothesis import HealthCheck, settings
    from hypothesis.stateful import run_state_machine_as_test

    from tests.acceptance.random_life import Life

    lives, sessions = 0, 0

    class Counted(Life):
        def teardown(self) -> None:
            nonlocal lives
            lives += 1
            super().teardown()

        def session(self, *arguments: str) -> None:
            nonlocal sessions
            sessions += 1
            super().session(*arguments)

    began = time.monotonic()
    run_state_machine_as_test(
        Counted,
        settings=settings(
            max_examples=parsed.count,
            stateful_step_count=parsed.steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    print(
        f"{lives} lives, {sessions} sessions, {time.monotonic() - began:.0f} s: nothing lost or kept"
    )


if __name__ == "__main__":
    main()
