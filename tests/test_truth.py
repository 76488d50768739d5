"""A sample of the truth bench: no change is missed, no alarm is false."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_sample() -> None:
    """The bench ends with 0 only if all changes are reported right, and nothing else is."""
    command = [sys.executable, "benchmarks/truth.py", "--count", "150"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
