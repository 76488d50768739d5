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
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.acceptance import forked
from tests.acceptance.random_life import PYTEST, Life


def twice(folder: Path, arguments: tuple[str, ...]) -> int:
    """Run a session in a fork and, on a copy, in a process of its own; tells the exit code of both."""
    with tempfile.TemporaryDirectory() as name:
        other = Path(name, folder.name)
        shutil.copytree(folder, other)
        printed = Path(name, "printed")
        status = forked.session(folder, *PYTEST, *arguments, output=str(printed))
        process = subprocess.run(
            [sys.executable, "-m", "pytest", *PYTEST, *arguments],
            cwd=other,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert status == process.returncode
        assert said(printed.read_text(), folder) == said(process.stdout, other)
        assert files(folder) == files(other)
    return status


def said(text: str, folder: Path) -> str:
    """What a session printed, but for where it was and how long it took."""
    return re.sub(r"\d+\.\d\ds", "", text.replace(str(folder), ""))


def files(folder: Path) -> dict[str, bytes]:
    """All that is in a folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def main() -> None:
    """Live, and say how often."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=100, help="how many lives (default: 100)")
    parser.add_argument("--steps", type=int, default=20, help="of how many steps (default: 20)")
    parser.add_argument("--seed", type=int, default=1, help="which lives (default: 1)")
    parser.add_argument(
        "--twice", action="store_true", help="hold each session to one in a process of its own"
    )
    parsed = parser.parse_args()
    os.environ |= {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    sys.dont_write_bytecode = True

    lives, sessions = 0, 0

    @seed(parsed.seed)
    class Counted(Life):
        def teardown(self) -> None:
            nonlocal lives
            lives += 1
            if not lives % 100:
                print(f"{lives} lives, {sessions} sessions", flush=True)
            super().teardown()

        def session(self, *arguments: str) -> int:
            nonlocal sessions
            sessions += 1
            return twice(self.folder, arguments) if parsed.twice else super().session(*arguments)

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
