"""What a plugin costs a suite that does not use it, against no plugin and the other snapshot plugins.

    python benchmarks/startup.py --rounds 15
    python benchmarks/startup.py --instructions

Every round runs each of them once, one after the other, so that a busy machine is busy for all of
them alike; the figures are processor time, the smallest and the median of the rounds. They scatter
by more than small plugins cost: with --instructions valgrind counts what the processor executes,
which is the same in every run to a thousandth. Plugins that are not installed are left out. Needs:
syrupy pytest-regressions inline-snapshot, and valgrind to count.
"""

from __future__ import annotations

import argparse
import os
import re
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
ENVIRONMENT = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
SUITES = {"empty": "", "unused": "def test_x():\n    assert True\n"}


def command(plugins: tuple[str, ...]) -> list[str]:
    """The command line that runs pytest with these plugins."""
    loaded = [argument for plugin in plugins for argument in ("-p", plugin)]
    return [sys.executable, "-m", "pytest", "-q", *loaded]


def seconds(folder: Path, plugins: tuple[str, ...]) -> float:
    """The processor time of one run."""
    process = subprocess.Popen(
        command(plugins), cwd=folder, env=ENVIRONMENT, stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 5):
        raise RuntimeError(f"pytest with {plugins} ended with {process.returncode}")
    return usage.ru_utime + usage.ru_stime


def instructions(folder: Path, plugins: tuple[str, ...]) -> int:
    """How many instructions one run takes, in the process itself."""
    output = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command(plugins)],
        cwd=folder,
        env=ENVIRONMENT | {"PYTHONHASHSEED": "0"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ).stderr
    counted = re.search(r"Collected : (\d+)", output)
    if counted is None:
        raise RuntimeError(f"valgrind with {plugins} said: {output}")
    return int(counted[1])


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
    parser.add_argument("--instructions", action="store_true", help="count them, in one round")
    options = parser.parse_args()
    measure, rounds = (instructions, 1) if options.instructions else (seconds, options.rounds)
    versions = {name: installed(name) for name in PLUGINS if name != "no plugin"}
    names = [name for name in PLUGINS if versions.get(name, "pytest")]
    found: dict[tuple[str, str], list[float]] = {}
    with tempfile.TemporaryDirectory() as root:
        for suite, text in SUITES.items():
            folder = Path(root, suite)
            folder.mkdir()
            (folder / "pytest.ini").write_text("[pytest]\n")
            if text:
                (folder / "test_a.py").write_text(text)
            for round_ in range(rounds + 1):
                for name in names:
                    taken = measure(folder, PLUGINS[name])
                    if round_:  # the first one fills the caches
                        found.setdefault((name, suite), []).append(taken)
    what = "instructions" if options.instructions else "least, median"
    print(f"| | {' | '.join(f'{suite} suite: {what}' for suite in SUITES)} |")
    print(f"|---|{'---|' * len(SUITES)}")
    for name in names:
        cells = [
            f"{min(figures) / 1e6:,.1f} million"
            if options.instructions
            else f"{min(figures):.3f} s, {statistics.median(figures):.3f} s"
            for figures in (found[name, suite] for suite in SUITES)
        ]
        print(f"| {name} {versions.get(name, '')} | {' | '.join(cells)} |")


if __name__ == "__main__":
    main()
