"""What suites of many snapshots take, on other snapshot plugins too.

    python benchmarks/scale.py --rounds 7
    python benchmarks/scale.py --sizes 500 1000 2000 5000 10000 --tool pytest-layersnap

Every test checks a table of 23 rows, in one file of tests to a hundred of them. In each round every
tool records all of it, checks it, updates it unchanged, and updates it changed, one tool after the
other, so that a busy machine is busy for all of them alike. Printed are the medians of the processor
seconds of a run and of the seconds from its start to its end, and those of pytest with the same tests
and no check.
Tools that are not installed are left out. Needs: syrupy pytest-regressions; no Keras.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.startup import installed

ROWS = 23
IN_A_FILE = 100
STEPS = ("record", "check", "unchanged update", "changed update")

#: The table of a test as plain text for those who know no tables; made once, as a suite would.
TABLE = f"""
import os
from pytest_layersnap.table import Layer, LayerTable

CHANGED = int(os.environ["SCALE_CHANGED"])

def table(number):
    return LayerTable(tuple(
        Layer(model=f"m{{number}}", layer_name=f"block_{{row}}/conv", layer_type="Conv2D",
              input_shape="(None, 56, 56, 64)", output_shape=f"(None, 56, 56, {{64 + CHANGED}})",
              parameters=36_928 + row, trainable_parameters=36_928 + row,
              layer_attributes='{{"activation": "relu", "filters": 64, "padding": "same"}}',
              activation_function="relu", kernel_size="(3, 3)", use_bias="True", padding="same",
              strides="(1, 1)", weight_shapes="[[3, 3, 64, 64], [64]]", dtype="float32",
              inbound_layers=f'["block_{{row - 1}}/conv"]' if row else "[]")
        for row in range({ROWS})
    ), recorded_with="Keras 3.15.0, torch")
"""
TEST = """
import pytest
from tables import table

@pytest.mark.parametrize("number", range({first}, {last}))
def test_x({fixture}, number):
    {check}
"""


@dataclass(frozen=True, slots=True)
class Tool:
    """A snapshot plugin: what to load, its fixture, a check, and the flag that records."""

    plugins: tuple[str, ...]
    fixture: str
    check: str
    flag: str
    conftest: str = ""


TOOLS = {
    "pytest-layersnap": Tool(
        ("layersnap",), "layersnap", "layersnap.check(table(number))", "--snapshot-update"
    ),
    "syrupy": Tool(
        ("syrupy",),
        "snap",
        "assert table(number).to_csv().encode() == snap",
        "--snapshot-update",
        "import pytest\n"
        "from syrupy.extensions.single_file import SingleFileSnapshotExtension\n\n"
        "@pytest.fixture\n"
        "def snap(snapshot):\n"
        "    return snapshot.use_extension(SingleFileSnapshotExtension)\n",
    ),
    "pytest-regressions": Tool(
        ("pytest_datadir.plugin", "pytest_regressions.plugin"),
        "file_regression",
        'file_regression.check(table(number).to_csv(), extension=".csv")',
        "--regen-all",
    ),
}
BARE = Tool((), "tmp_path_factory", "table(number).to_csv()", "-q")


class Suite:
    """A folder with the tests of a tool."""

    def __init__(self, folder: Path, tool: Tool, size: int) -> None:
        """Write ``size`` tests."""
        self._folder = folder
        self._tool = tool
        folder.mkdir()
        (folder / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
        (folder / "tables.py").write_text(TABLE)
        (folder / "conftest.py").write_text(tool.conftest)
        # Whoever installs a plugin has its byte code; the first run writes it.
        self._environment = {
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
            "PYTHONDONTWRITEBYTECODE": "",
            "PYTHONPYCACHEPREFIX": os.fspath(folder.parent / "byte-code"),
        }
        self._tests = [f"test_{first // IN_A_FILE}" for first in range(0, size, IN_A_FILE)]
        for number, name in enumerate(self._tests):
            first = number * IN_A_FILE
            (folder / f"{name}.py").write_text(
                TEST.format(
                    first=first,
                    last=min(first + IN_A_FILE, size),
                    fixture=tool.fixture,
                    check=tool.check,
                )
            )

    def forget(self) -> None:
        """Delete what was recorded."""
        for name in ("snapshots", "__snapshots__", *self._tests):
            shutil.rmtree(self._folder / name, ignore_errors=True)

    def run(self, step: str) -> tuple[float, float]:
        """The processor seconds that a step takes, and the seconds from its start to its end."""
        plugins = [argument for plugin in self._tool.plugins for argument in ("-p", plugin)]
        flag = [] if step == "check" else [self._tool.flag]
        changed = {"SCALE_CHANGED": str(int(step == "changed update"))}
        worked, began = processor_seconds(), time.perf_counter()
        process = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", *plugins, *flag],
            cwd=self._folder,
            env=os.environ | self._environment | changed,
            stdout=subprocess.DEVNULL,
            check=False,
        )
        taken = processor_seconds() - worked, time.perf_counter() - began
        # pytest-regressions fails each test whose file it has written.
        if process.returncode not in ((0, 1) if flag == ["--regen-all"] else (0,)):
            raise RuntimeError(f"{step} with {self._tool} ended with {process.returncode}")
        return taken


def processor_seconds() -> float:
    """What the processes that were started and have ended took of processors."""
    times = os.times()
    return times.children_user + times.children_system


def main() -> None:
    """Measure, and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000])
    parser.add_argument("--tool", action="append", choices=TOOLS, help="only this one")
    options = parser.parse_args()
    tools = {name: TOOLS[name] for name in options.tool or TOOLS if installed(name)}
    print(f"| tests | | {' | '.join(STEPS)} |\n|---|---|{'---|' * len(STEPS)}")
    for size in options.sizes:
        taken: dict[tuple[str, str], list[tuple[float, float]]] = {}
        with tempfile.TemporaryDirectory() as root:
            suites = {name: Suite(Path(root, name), tool, size) for name, tool in tools.items()}
            bare = Suite(Path(root, "bare"), BARE, size)
            for suite in (bare, *suites.values()):
                suite.run("record")
                suite.run("changed update")
            for _ in range(options.rounds):
                taken.setdefault(("no check", "check"), []).append(bare.run("check"))
                for suite in suites.values():
                    suite.forget()
                for step in STEPS:
                    for name, suite in suites.items():
                        taken.setdefault((name, step), []).append(suite.run(step))
        for name in ("no check", *tools):
            shown = name if name == "no check" else f"{name} {installed(name)}"
            cells = [
                ", ".join(f"{statistics.median(each):.2f} s" for each in zip(*rounds, strict=True))
                if (rounds := taken.get((name, step)))
                else ""
                for step in STEPS
            ]
            print(f"| {size:,} | {shown} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
