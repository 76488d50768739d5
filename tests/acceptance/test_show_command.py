"""The command ``layersnap show``."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from .project import Project

#: In a project: models for the command line, which has no tests.
BUILDERS = """
from types import SimpleNamespace
from models import build, keras

print("on the way")
inside = SimpleNamespace(model=build())

def broken():
    return build(units="many")

def nothing():
    return None
"""


def show(project: Project, *arguments: str) -> pytest.RunResult:
    """Run the command in the project's folder."""
    return project.pytester.run(sys.executable, "-m", "pytest_layersnap", "show", *arguments)


@pytest.mark.usefixtures("keras")
def test_models(project: Project) -> None:
    """A builder, a model in a namespace; what is printed on the way does not come between."""
    project.write(
        builders=BUILDERS,
        command="""
import sys
from pytest_layersnap.cli import main

for arguments in (["models:build"], ["builders:inside.model", "--json"]):
    assert main(["show", *arguments]) == 0
    print("=====")
for name in ("broken", "nothing", "inside"):
    assert main(["show", f"builders:{name}"]) == 2
""",
    )
    result = project.pytester.run(sys.executable, "command.py")
    assert result.ret == 0, result.stderr.str()
    text, data, _ = result.stdout.str().split("=====")
    assert [line.split()[:2] for line in text.splitlines()[3:5]] == [
        ["body", "Dense"],
        ["head", "Dense"],
    ]
    assert "2 layers, 67 parameters, 268 B\n67 trainable, 0 not trainable\n" in text
    assert [layer["layer_name"] for layer in json.loads(data)["layers"]] == ["body", "head"]
    result.stderr.fnmatch_lines(
        [
            "on the way",
            "layersnap: builders:broken fails",
            "Traceback (most recent call last):",
            '  File "*builders.py", line 9, in broken',
            "layersnap: builders:nothing: not a Keras model but NoneType: give a keras.Model, *",
            "layersnap: builders:inside: not a Keras model but types.SimpleNamespace: *",
        ]
    )
    assert "pytest_layersnap/" not in result.stderr.str()


@pytest.mark.lifecycle
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nope:build", "nope:build: there is no module 'nope' in *"),
        ("tables.py:table", "tables.py:table: there is no module 'tables.py' in *"),
        ("tables:nope", "tables:nope: module 'tables' has no attribute 'nope'"),
        ("nope.keras", "there is no file nope.keras"),
        ("nope", "no snapshot is called 'nope'; there are none in *snapshots"),
        ("pytest.ini", "pytest.ini: not a layer table; *"),
        ("a.csv", "a.csv:1: not UTF-8 *"),
    ],
)
def test_what_can_not_be_shown(project: Project, name: str, message: str) -> None:
    """One line says why."""
    (project.path / "a.csv").write_bytes(b"\xff\xfe")
    result = show(project, name)
    assert result.ret == 2
    result.stderr.fnmatch_lines([f"layersnap: {message}"])
    assert len(result.stderr.lines) == 1


@pytest.mark.lifecycle
def test_a_folder(project: Project) -> None:
    """One at a time is shown; the message says how one is named."""
    project.write(
        test_a="from tables import table\ndef test_x(layersnap):\n"
        "    layersnap.check(table(), name='t/a')\n    layersnap.check(table(), name='t/b')"
    )
    project.run("--snapshot-update")
    result = show(project, "t")
    assert result.ret == 2
    result.stderr.fnmatch_lines(["layersnap: t holds 2 snapshots; name one of them, as in t/a"])
    show(project, "t/a").stdout.fnmatch_lines(
        ["t/a", "", "layer *", "head *Dense *", "", "1 layer, 15 parameters"]
    )


@pytest.mark.lifecycle
@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("columns", [50, 100])
def test_the_width_of_the_terminal(
    project: Project, monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    """At a terminal nothing is wider than it; in a pipe nothing is cut."""
    name = "a_layer_of_a_long_name_" * 3
    project.write(
        test_a=f"from tables import table\nfrom dataclasses import replace\n"
        f"def test_x(layersnap):\n    one = table()\n"
        f"    layer = replace(one.layers[0], layer_name='{name}')\n"
        f"    layersnap.check(replace(one, layers=(layer,)), name='a')"
    )
    project.run("--snapshot-update").assert_outcomes(passed=1)
    assert name in show(project, "a").stdout.str()
    monkeypatch.setenv("COLUMNS", str(columns))
    controller, terminal = os.openpty()
    command = [sys.executable, "-m", "pytest_layersnap", "show", "a"]
    subprocess.run(command, cwd=project.path, stdout=terminal, check=True, timeout=60)
    os.close(terminal)
    shown = os.read(controller, 10_000).decode()
    os.close(controller)
    row = next(line for line in shown.splitlines() if "Dense" in line)
    assert "…" in row
    assert len(row) <= columns
