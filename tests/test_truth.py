"""A sample of the truth bench: no change is missed, no alarm is false."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.truth.page import page

ROOT = Path(__file__).parent.parent


@pytest.mark.once_a_generation
@pytest.mark.longest
@pytest.mark.usefixtures("keras")
def test_sample() -> None:
    """The bench ends with 0 only if all changes are reported right, and nothing else is."""
    command = [sys.executable, "benchmarks/truth.py", "--count", "150"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]


def test_page() -> None:
    """The page has a line for each environment, and names what is wrong."""
    seen = {"name": "kernel", "model": "m", "place": "conv", "said": "", "peers": {}}
    right = dict.fromkeys(("reported", "right_layer", "right_category"), True)
    elsewhere = seen | right | {"right_layer": False, "said": "another layer"}
    same = {"name": "built again", "model": "m", "said": "", "peers": {"summary() as text": True}}
    text = page(
        {
            "keras2": {"mutations": [seen | right], "non_changes": [same]},
            "keras3": {"mutations": [seen | right, elsewhere], "non_changes": [same]},
        }
    )
    assert "| keras2 | 1 | 100.0 % | 100.0 % | 100.0 % | 1 | 0 |" in text
    assert "| keras3 | 2 | 100.0 % | 50.0 % | 100.0 % | 1 | 0 |" in text
    assert "| keras2 | 0.0 %, 0.0 % | 0.0 %, 100.0 % |" in text
    assert "- keras3, kernel in m (conv): another layer" in text
