"""Kill runs that record, at random points of their writing, and look at what is left.

    python benchmarks/kill_points.py --count 1000

Every snapshot must hold what it held before or what was to be recorded, byte for byte; one that was
to be deleted may be there or not; and nothing else may have appeared but temporary files, which a
later run sweeps. Needs pytest and pytest-xdist, and a system with signals; no Keras.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

SNAPSHOTS = 30
GONE = 5

CONFTEST = """
import os
import pytest

@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        os.write(int(os.environ["LAYERSNAP_BEGINS"]), b"!")
"""

TEST = """
import os
import pytest
from pytest_layersnap.table import Layer, LayerTable

VERSION = int(os.environ["LAYERSNAP_VERSION"])

def table(number):
    return LayerTable(tuple(
        Layer(model="m", layer_name=f"dense_{{row}}", layer_type="Dense", parameters=number + row,
              output_shape=f"(None, {{VERSION if row == 0 else 1}})")
        for row in range(100)
    ))

@pytest.mark.parametrize("number", range({count} if VERSION == 2 else {count} + {gone}))
def test_x(layersnap, number):
    layersnap.check(table(number))
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a kill left: how many snapshots were new, old, or neither; the rest were deleted."""

    new: int
    old: int
    damaged: tuple[str, ...]
    temporary: int

    @property
    def inside(self) -> bool:
        """Whether the writing was under way: a part of the snapshots was new."""
        return bool(self.temporary) or (self.new > 0 and self.old > 0)


class Rig:
    """A project with two states, old and new, and runs that are killed on the way."""

    def __init__(self, folder: Path, *, workers: int = 0) -> None:
        """Lay out the project in an empty folder, and record both states."""
        self._folder = folder
        self._workers = ("-p", "xdist", f"-n{workers}") if workers else ()
        self._snapshots = folder / "snapshots"
        (folder / "pytest.ini").write_text("[pytest]\n")
        (folder / "conftest.py").write_text(CONFTEST)
        (folder / "test_a.py").write_text(TEST.format(count=SNAPSHOTS, gone=GONE))
        self._run(version=1)
        self._old = self._state()
        self.window = max(self._run(version=2), 0.01)
        self._new = self._state()
        if len(self._old) != SNAPSHOTS + GONE or len(self._new) != SNAPSHOTS:
            raise RuntimeError("the project does not record as it should")

    def kill(self, moment: float) -> Outcome:
        """Kill a run this long after it has begun to write (a part of ``window``)."""
        shutil.rmtree(self._snapshots)
        for name, data in self._old.items():
            path = self._snapshots / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        self._run(version=2, kill_after=moment * self.window)
        state = self._state()
        temporary = [name for name in state if name.endswith(".layersnap-tmp")]
        kept = {name: data for name, data in state.items() if name not in temporary}
        new = [name for name, data in kept.items() if self._new.get(name) == data]
        old = [name for name, data in kept.items() if self._old.get(name) == data]
        damaged = {name for name in kept if name not in (*new, *old)}
        damaged |= self._new.keys() - kept.keys()
        return Outcome(len(new), len(old), tuple(sorted(damaged)), len(temporary))

    def _run(self, *, version: int, kill_after: float | None = None) -> float:
        """Record in a process of its own; how long its writing took."""
        listening, telling = os.pipe()
        process = os.fork()
        if not process:
            os.setsid()
            os.close(listening)
            self._record(version, telling)
        os.close(telling)
        os.read(listening, 1)
        begun = time.perf_counter()
        if kill_after is not None:
            time.sleep(kill_after)
            os.killpg(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(listening)
        return time.perf_counter() - begun

    def _record(self, version: int, telling: int) -> None:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, 1)
        os.dup2(silent, 2)
        os.set_inheritable(telling, True)
        os.environ.pop("GITHUB_STEP_SUMMARY", None)
        os.environ |= {
            "LAYERSNAP_BEGINS": str(telling),
            "LAYERSNAP_VERSION": str(version),
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        os.chdir(self._folder)
        plugins = ("-p", "layersnap", "-p", "no:cacheprovider")
        os._exit(pytest.main(["-q", *plugins, *self._workers, "--snapshot-update"]))

    def _state(self) -> dict[str, bytes]:
        return {
            path.relative_to(self._snapshots).as_posix(): path.read_bytes()
            for path in sorted(self._snapshots.rglob("*"))
            if path.is_file()
        }


def main() -> int:
    """Kill as many runs as asked for; tells how many were hit while writing, and what broke."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=1000, help="how many runs to kill")
    parser.add_argument("--workers", type=int, default=0, help="over how many workers they run")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    chance = random.Random(given.seed)
    totals: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        rig = Rig(Path(folder), workers=given.workers)
        for _ in range(given.count):
            outcome = rig.kill(chance.random())
            totals.update(inside=outcome.inside, damaged=bool(outcome.damaged))
            totals["temporary"] += outcome.temporary
            if outcome.damaged:
                print("damaged:", ", ".join(outcome.damaged))
    print(
        f"{given.count} runs killed ({given.workers or 'no'} workers), {totals['inside']} of them "
        f"with a part written; {totals['damaged']} left a damaged or lost snapshot; "
        f"{totals['temporary']} temporary files left"
    )
    return 1 if totals["damaged"] else 0


if __name__ == "__main__":
    sys.exit(main())
