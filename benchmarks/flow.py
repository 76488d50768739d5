"""`layersnap flow` against `model.summary()` and `plot_model`, each from a cold start.

    python benchmarks/flow.py --rounds 5

The first starts from the snapshot, the others have to build the model. Rounds take turns, so that a
busy machine is busy for all of them; the figures are processor time, the smallest of the rounds.
Needs: Keras; pydot and Graphviz for plot_model, which is left out without them.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = (Path(tempfile.gettempdir()) / "resnet50.png").as_posix()
_BUILD = "import keras; model = keras.applications.ResNet50(weights=None); "
WAYS = {
    "layersnap flow resnet50": ["-m", "pytest_layersnap", "flow", "applications/resnet50"],
    "layersnap flow resnet50 --format svg": [
        *("-m", "pytest_layersnap", "flow", "applications/resnet50", "--format", "svg")
    ],
    "model.summary()": ["-c", _BUILD + "model.summary()"],
    "plot_model": ["-c", _BUILD + f"keras.utils.plot_model(model, '{PICTURE}')"],
}


def seconds(arguments: list[str]) -> float | None:
    """The processor time of one run; None if it failed."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    before = os.times()
    process = subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(path), "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        check=False,
    )
    after = os.times()
    spent = after.children_user + after.children_system
    return None if process.returncode else spent - before.children_user - before.children_system


def main() -> None:
    """Measure, and print the figures and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    figures: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(rounds):
        for name, arguments in WAYS.items():
            if (taken := seconds(arguments)) is not None:
                figures[name].append(taken)
    base = min(figures["layersnap flow resnet50"])
    for name, spent in figures.items():
        told = f"{min(spent):6.2f} s  {min(spent) / base:6.1f} ×" if spent else "not installed"
        print(f"{name:38} {told}")


if __name__ == "__main__":
    main()
