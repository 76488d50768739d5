"""What a plugin costs a suite that does not use it, against no plugin and the other snapshot plugins.

    python benchmarks/startup.py --rounds 15

Every round runs each of them once, one after the other, so that a busy machine is busy for all of
them alike; the figures are processor time, the smallest and the median of the rounds. Plugins that
are not installed are left out. Needs: syrupy pytest-regressions inline-snapshot.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

#: By distribution, the plugins to load.
PLUGINS = {
    "no plugin": (),
    "pytest-layersnap": ("layersnap",),
    "syrupy": ("syrupy",),
    "pytest-regressions": ("pytest_datadir.plugin", "pytest_regressions.plugin"),
    "inline-snapshot": ("inline_snapshot",),
}
SUITES = {"empty": "", "unused": "def test_x():\n    assert True\n"}


def seconds(folder: Path, plugins: tuple[str, ...]) -> float:
    """The processor time of one run."""
    loaded = [argument for plugin in plugins for argument in ("-p", plugin)]
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *loaded],
        cwd=folder,
        env=os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 5):
        raise RuntimeError(f"pytest with {plugins} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def installed(distribution: str) -> str:
    """The version of a distribution; empty where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    versions = {name: installed(name) for name in PLUGINS if name != "no plugin"}
    names = [name for name in PLUGINS if versions.get(name, "pytest")]
    times: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as root:
        for suite, text in SUITES.items():
            folder = Path(root, suite)
            folder.mkdir()
            (folder / "pytest.ini").write_text("[pytest]\n")
            if text:
                (folder / "test_a.py").write_text(text)
            for round_ in range(rounds + 1):
                for name in names:
                    taken = seconds(folder, PLUGINS[name])
                    if round_:  # the first one fills the caches
                        times.setdefault((name, suite), []).append(taken)
    print(f"| | {' | '.join(f'{suite} suite: least, median' for suite in SUITES)} |")
    print(f"|---|{'---|' * len(SUITES)}")
    for name in names:
        cells = [
            f"{min(times[name, suite]):.3f} s, {statistics.median(times[name, suite]):.3f} s"
            for suite in SUITES
        ]
        print(f"| {name} {versions.get(name, '')} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
