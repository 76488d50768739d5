"""The table of situations in tests/acceptance/scenarios.py, on other snapshot plugins too.

    python benchmarks/lifecycle.py

Each tool records the same projects with its own flag, in one process and over two workers of
pytest-xdist. Counted are snapshots of living tests that were lost, snapshots that nothing uses and
that were left although all tests had run, tables that were not recorded though their test passed,
and files that a plain run wrote unasked. Tools that are not installed are left out. Needs:
pytest-xdist syrupy pytest-regressions; no Keras.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.startup import installed
from tests.acceptance.scenarios import (
    FILES,
    GONE,
    NAMED_OLD,
    OLD,
    RECORDED,
    SCENARIOS,
    TEST_A,
    TEST_C,
    Scenario,
)

KINDS = ("lost", "left", "not recorded", "unasked")

#: By role, what its test checks; the table of a renamed or changed test is known by it too.
UNITS = {
    "one": 1,
    "two": 2,
    "named": 3,
    "other": 5,
    "x-S": ord("S"),
    "x-L": ord("L"),
    "c": 6,
    GONE: 7,
    OLD: 8,
    NAMED_OLD: 9,
}
BEFORE = {
    "tests/test_a.py": TEST_A
    + '\ndef test_gone(snap):\n    check(snap, 7)\n    check(snap, 9, "shared/old")\n',
    "more/test_c.py": TEST_C,
    "tests/test_old.py": "from checking import check\n\ndef test_x(snap):\n    check(snap, 8)\n",
}


@dataclass(frozen=True, slots=True)
class Tool:
    """A snapshot plugin: what to load, how a check is spelled, and the flag that records."""

    plugins: tuple[str, ...]
    checking: str
    flag: str
    suffix: str
    units: Callable[[str], int | None]


def _number(pattern: str) -> Callable[[str], int | None]:
    def find(text: str) -> int | None:
        found = re.search(pattern, text)
        return int(found[1]) if found else None

    return find


TOOLS = {
    "pytest-layersnap": Tool(
        ("layersnap",),
        """
from pytest_layersnap.table import Layer, LayerTable

@pytest.fixture
def snap(layersnap):
    return layersnap

def check(snap, units, name=None):
    layer = Layer(model="m", layer_name="head", layer_type="Dense", parameters=units)
    snap.check(LayerTable((layer,)), name=name)
""",
        "--snapshot-update",
        ".csv",
        _number(r"head,Dense,,,(\d+),"),
    ),
    "syrupy": Tool(
        ("syrupy",),
        """
from syrupy.extensions.single_file import SingleFileSnapshotExtension

@pytest.fixture
def snap(snapshot):
    return snapshot.use_extension(SingleFileSnapshotExtension)

def check(snap, units, name=None):
    assert f"units: {units}".encode() == (snap if name is None else snap(name=name))
""",
        "--snapshot-update",
        ".raw",
        _number(r"units: (\d+)"),
    ),
    "pytest-regressions": Tool(
        ("pytest_datadir.plugin", "pytest_regressions.plugin"),
        """
@pytest.fixture
def snap(data_regression):
    return data_regression

def check(snap, units, name=None):
    snap.check({"units": units}, basename=name and name.replace("/", "_"))
""",
        "--regen-all",
        ".yml",
        _number(r"units: (\d+)"),
    ),
}


class Project:
    """A folder with the tests of a scenario and the snapshots of a tool."""

    def __init__(self, folder: Path, tool: Tool) -> None:
        """Record what all tests had recorded, those that are gone by now too."""
        self._folder = folder
        self._tool = tool
        checking = f"import pytest\n{tool.checking}\n"
        opened = "\n@pytest.fixture\ndef opened():\n    import glob\n    return "
        opened += f"glob.glob('**/*old*{tool.suffix}', recursive=True)[0]\n"
        self.write({"checking.py": checking + opened, "conftest.py": "from checking import *\n"})
        self.write(dict(FILES) | BEFORE)
        self.ini("")
        self.run(("-q", tool.flag))
        self.write({"tests/test_old.py": None, "more/test_c.py": None} | dict(FILES))

    def ini(self, text: str) -> None:
        """Write ``pytest.ini``."""
        ours = "layersnap_" in text and "layersnap" not in self._tool.plugins
        lines = ["[pytest]", "pythonpath = .", "markers =", "    slow", "    unrelated"]
        self.write({"pytest.ini": "\n".join([*lines, "" if ours else text, ""])})

    def write(self, files: Mapping[str, str | None]) -> None:
        """Write files; ``None`` deletes one."""
        for name, text in files.items():
            path = self._folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True) if text is None else path.write_text(text)

    def run(self, arguments: tuple[str, ...], cwd: str = ".") -> None:
        """Run pytest, and never longer than two minutes."""
        plugins = [a for plugin in (*self._tool.plugins, "xdist") for a in ("-p", plugin)]
        subprocess.run(
            [sys.executable, "-m", "pytest", *plugins, *arguments],
            cwd=self._folder / cwd,
            env=os.environ
            | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )

    def stored(self) -> dict[int, str]:
        """By what was checked, the snapshot that holds it."""
        found = {}
        for path in sorted(self._folder.rglob(f"*{self._tool.suffix}")):
            units = self._tool.units(path.read_text())
            if units is not None:
                found[units] = path.relative_to(self._folder).as_posix()
        return found


def faults(tool: Tool, scenario: Scenario, column: tuple[str, ...]) -> list[str]:
    """What goes wrong with a tool in a situation."""
    with tempfile.TemporaryDirectory() as name:
        project = Project(Path(name), tool)
        before = project.stored()
        project.write(dict(scenario.files))
        project.ini(scenario.ini)
        further = scenario.workers_arguments if "-n2" in column else ()
        arguments = (*column, *further, *scenario.arguments)
        if scenario.written:
            project.run(arguments, scenario.cwd)
        plainly = project.stored()
        cache = {f".pytest_cache/{key}": text for key, text in scenario.cache.items()}
        project.write(dict(cache))
        project.run((tool.flag, *arguments), scenario.cwd)
        after = project.stored()
    wanted = {UNITS[role] for role in scenario.unused}
    living = {UNITS[role] for role in scenario.kept.union(RECORDED)} - wanted
    if scenario.written:
        living.discard(UNITS["two"])
    found = []
    if living - set(after):
        found.append("lost")
    if scenario.unused and wanted & set(after):
        found.append("left")
    if "two" in scenario.written and 22 not in after:
        found.append("not recorded")
    if set(plainly.values()) - set(before.values()):
        found.append("unasked")
    return found


def main() -> None:
    """Run the table on each tool, and print what went wrong in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tool", action="append", choices=TOOLS, help="only this one")
    tools = parser.parse_args().tool or TOOLS
    columns = {"one process": (), "-n2": ("-n2",)}
    print("| tool | | of | lost | left | not recorded | unasked |")
    print("|---|---|---|---|---|---|---|")
    lists = []
    for name in filter(installed, tools):
        for column, arguments in columns.items():
            by_kind: dict[str, list[str]] = {}
            for scenario in SCENARIOS:
                for fault in faults(TOOLS[name], scenario, arguments):
                    by_kind.setdefault(fault, []).append(scenario.name)
            counts = [len(by_kind.get(kind, ())) for kind in KINDS]
            cells = " | ".join(map(str, [len(SCENARIOS), *counts]))
            print(f"| {name} {installed(name)} | {column} | {cells} |", flush=True)
            lists += [f"- {name}, {column}, {k}: {', '.join(v)}" for k, v in by_kind.items()]
    print("\n" + "\n".join(lists))


if __name__ == "__main__":
    main()
