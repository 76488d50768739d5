"""The main job on the example, in a copy of it: record, check, change the head, see the drift."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

EXAMPLE = Path(__file__).parent / "transfer_models"


def pytest(folder: Path, *arguments: str) -> int:
    """Run pytest in a folder and show the command."""
    print(f"\n$ {' '.join(['pytest', *arguments])}", flush=True)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": ""}
    command = [sys.executable, "-m", "pytest", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, check=False).returncode


def main() -> int:
    """Record, check, change, check; 0 if all went as the README says."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "transfer_models"
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "pytest.ini").write_text("[pytest]\naddopts = --no-header\n")

        print("1. Record the architecture of five transfer models.")
        recorded = pytest(folder, "--snapshot-update")

        print("\n2. Check them: every later run of pytest does this.")
        checked = pytest(folder)

        print("\n3. Somebody makes the head smaller and unfreezes the end of the backbone ...")
        models = folder / "models.py"
        text = models.read_text().replace("Dense(1024", "Dense(512")
        models.write_text(text.replace("in base.layers:", "in base.layers[:-4]:"))
        drifted = pytest(folder, "-k", "resnet50")
    return 0 if (recorded, checked, drifted) == (0, 0, 1) else 1


if __name__ == "__main__":
    sys.exit(main())
