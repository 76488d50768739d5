"""What it takes to look at a model from a cold start: from its snapshot, and from Keras.

    python benchmarks/cold_start.py --rounds 5

Every round runs each of them once, one after the other, so that a busy machine is busy for all of
them alike; the figures are processor time, the least of the rounds. Needs the Keras of
an environment for tests, and the snapshot of ResNet50 with a head that is in this repository.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMMAND = (sys.executable, "-m", "pytest_layersnap")
#: How people see the layers of a model today: build it, or load it, and print its summary.
BUILD = """
import keras
from tests.models import transfer
transfer(keras, "resnet50").summary()
"""
LOAD = """
import sys, keras
keras.models.load_model(sys.argv[1], compile=False).summary()
"""
SAVE = """
import sys, keras
from tests.models import transfer
transfer(keras, "resnet50").save(sys.argv[1])
"""


def seconds(command: tuple[str, ...], folder: Path) -> float:
    """The processor time of a command."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    snapshot = str(ROOT / "snapshots" / "resnet50.csv")
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root)
        model = str(folder / "model.keras")
        seconds((sys.executable, "-c", SAVE, model), folder)
        commands = {
            "`layersnap show`": (*COMMAND, "show", snapshot),
            "`layersnap export --csv`": (*COMMAND, "export", "--csv", "out", snapshot),
            "`layersnap export --excel`": (*COMMAND, "export", "--excel", "out.xlsx", snapshot),
            "build it, `model.summary()`": (sys.executable, "-c", BUILD),
            "load the `.keras` file, `model.summary()`": (sys.executable, "-c", LOAD, model),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for round_ in range(rounds + 1):
            for name, command in commands.items():
                taken = seconds(command, folder)
                if round_:  # the first one fills the caches
                    times[name].append(taken)
    least = {name: min(taken) for name, taken in times.items()}
    first = least[next(iter(least))]
    print("| | processor time | that of `show`, times |")
    print("|---|---:|---:|")
    for name, taken in least.items():
        print(f"| {name} | {taken:.2f} s | {taken / first:.1f} |")


if __name__ == "__main__":
    main()
