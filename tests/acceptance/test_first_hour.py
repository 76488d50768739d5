"""What docs/first-hour.md tells somebody who begins is what happens."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / "examples" / "first_hour.py"


@pytest.mark.longest
@pytest.mark.usefixtures("keras")
def test_the_page_is_what_happens() -> None:
    """Installed, recorded, drifted, reviewed, accepted from a CI, shown in a notebook, typed, exported."""
    for needed in ("jax", "hatchling", "ipykernel", "mypy", "nbclient", "openpyxl"):
        pytest.importorskip(needed)
    done = subprocess.run([sys.executable, str(SCRIPT), "--check"], text=True, capture_output=True)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nwrite it with: python {SCRIPT}"
