"""``layersnap matrix`` and ``bisect`` for real: two releases of Keras, from the package index."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from packaging.version import Version

from pytest_layersnap.csvfile import dump
from pytest_layersnap.releases.pairings import NEWEST, is_known
from pytest_layersnap.table import Layer, LayerTable

MODELS = """
import pathlib
import tempfile
import time

import keras

def steady():
    return keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])

def encoded():
    encode = keras.layers.Discretization(bin_boundaries=[0.0, 1.0], output_mode="one_hot")
    return keras.Sequential([keras.Input((1,)), encode, keras.layers.Dense(4)])

def recent():
    if keras.__version__ < "3.14":
        raise AttributeError("no such layer yet")
    return steady()

def endless():
    tempfile.mkdtemp()
    pathlib.Path("started").touch()
    time.sleep(600)
"""
#: Two releases on either side of a known change.
RANGE = ">=3.13.2,<3.14.1"


def _heeding_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Command:
    """The command in a project of its own, with a cache of its own."""

    def __init__(self, project: Path, cache: Path) -> None:
        """Lay out the project."""
        self.project = project
        self.cache = cache / "pytest-layersnap"
        (project / "models.py").write_text(MODELS)
        self.temporary = project.parent / "temporary"
        self.temporary.mkdir()
        self.variables = os.environ | {
            "XDG_CACHE_HOME": str(cache),
            "KERAS_BACKEND": "jax",
            "TMPDIR": str(self.temporary),
        }

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start it."""
        return subprocess.Popen(
            [sys.executable, "-m", "pytest_layersnap", *arguments],
            cwd=self.project,
            env=self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            # Jobs that a shell starts in the background, these tests perhaps, would ignore Ctrl-C.
            preexec_fn=_heeding_interrupts,
        )

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run it to its end: the exit code, what it printed, and what it said on the way."""
        process = self.start(*arguments)
        out, err = process.communicate()
        assert not list(self.temporary.iterdir())
        return process.returncode, out, err

    def answers(self, code: int, *arguments: str) -> list[dict[str, Any]]:
        """Run it, and read what it found."""
        found, out, err = self.run(*arguments, "--format", "json")
        assert found == code, err
        answers: list[dict[str, Any]] = json.loads(out)["answers"]
        return answers

    def kept(self) -> set[str]:
        """What is in the cache, without what tells environments apart."""
        return {re.split("[@-]", path.name)[0] for path in self.cache.iterdir()}


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """The command in a new project, and with an empty cache."""
    (tmp_path / "project").mkdir()
    return Command(tmp_path / "project", tmp_path / "cache")


@pytest.mark.lifecycle
@pytest.mark.longest
def test_for_real(command: Command) -> None:
    """All that shares the environments of two releases, which take most of the time."""
    code, _, err = command.run("matrix", "models:steady", "--keras", RANGE)
    if "can't be reached" in err:
        pytest.skip(err)
    assert code == 0, err
    for part in (
        matrix,
        with_a_snapshot,
        newest,
        bisect,
        bisect_by_a_command,
        cache_alone,
        interrupted,
        conflict,
    ):
        part(command)
    code, out, err = command.run("matrix", "--clean")
    assert (code, err) == (0, "")
    assert "removed" in out
    assert not command.cache.exists()


def matrix(command: Command) -> None:
    """What holds, what Keras itself changed, with its source, and what an old release can't build."""
    builders = ("models:steady", "models:encoded", "models:recent")
    steady, encoded, recent = command.answers(1, "matrix", *builders, "--keras", RANGE)
    assert steady["summary"] == "holds under 3.13.2–3.14.0"
    assert encoded["summary"] == "holds under 3.13.2, drifts in 3.14.0"
    assert encoded["requirement"] == "keras>=3.13.2,<3.14.0"
    assert [known["source"] for known in encoded["known"]] == ["keras-team/keras#22044, #22048"]
    assert recent["summary"] == "fails under 3.13.2, holds under 3.14.0"
    assert recent["releases"][0]["finding"] == "AttributeError: no such layer yet"
    assert 'File "' in recent["releases"][0]["details"]


def with_a_snapshot(command: Command) -> None:
    """The snapshot that stands before a builder is what it is held to."""
    snapshots = command.project / "snapshots"
    snapshots.mkdir()
    (snapshots / "m.csv").write_bytes(
        dump(LayerTable((Layer(model="m", layer_name="a", layer_type="Dense"),)))
    )
    (told,) = command.answers(1, "matrix", "m", "models:steady", "--keras", "==3.14.0")
    assert told["reference"] == "m"
    assert told["summary"] == "drifts in 3.14.0"


def newest(command: Command) -> None:
    """The newest release in the index is one that the pairings were tried with, or said to be newer."""
    _, out, err = command.run(
        "matrix", "models:steady", "--keras", f">={NEWEST}", "--format", "json"
    )
    assert out, err
    (told,) = json.loads(out)["answers"]
    release = Version(told["releases"][-1]["keras"])
    assert is_known(release) != any(f"{release} is newer than" in line for line in told["advice"])


def bisect(command: Command) -> None:
    """The same by halving; a layer that did not change, or another category, does not count."""
    (told,) = command.answers(1, "bisect", "models:encoded", "--keras", RANGE)
    assert told["summary"] == "holds under 3.13.2, drifts in 3.14.0"
    ours = ("bisect", "models:encoded", "--keras", RANGE)
    command.answers(0, *ours, "--only", "trainability")
    command.answers(0, *ours, "--layer", "input_layer")
    command.answers(1, *ours, "--layer", "discretization")


def bisect_by_a_command(command: Command) -> None:
    """What ends with another code than 0 under a release."""
    run = "python -c 'import keras; exit(keras.__version__ >= \"3.14\")'"
    (told,) = command.answers(1, "bisect", "--run", run, "--keras", RANGE)
    assert told["summary"] == "holds under 3.13.2, fails under 3.14.0"


def cache_alone(command: Command) -> None:
    """Not a compiled module lies in the project."""
    command.answers(0, "matrix", "models:steady", "--keras", RANGE)
    assert {path.name for path in command.project.iterdir()} <= {"models.py", "snapshots"}
    # What pip is read with is there only where there is no uv.
    assert command.kept() - {"pip"} == {"CACHEDIR.TAG", "compiled", "jax", "keras", "layersnap"}


def interrupted(command: Command) -> None:
    """Ctrl-C ends what runs, is said in a line, and the cache holds what was whole before."""
    before = sorted(command.cache.iterdir())
    started = command.project / "started"
    building = ("models:endless",)
    installing = ("models:steady", "--with", "tabulate")

    def is_installing() -> bool:
        """Whether pip's temporary files are there; uv has none there."""
        has_begun = len(list(command.cache.glob("jax-*"))) > 1
        return has_begun and (bool(shutil.which("uv")) or any(command.cache.glob("@*/*")))

    for arguments, is_under_way in (
        (building, started.exists),
        (installing, is_installing),
    ):
        process = command.start("matrix", *arguments, "--keras", RANGE)
        while not is_under_way():
            assert process.poll() is None, process.communicate()
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        assert process.returncode == 2
        assert (
            err.splitlines()[-1] == "layersnap: interrupted; to go on, run the same command again"
        )
        assert sorted(command.cache.iterdir()) == before
        assert not list(command.temporary.iterdir())
    started.unlink()


def conflict(command: Command) -> None:
    """They are said for each release, are no drift, and leave nothing behind."""
    before = sorted(command.cache.iterdir())
    asked = ("matrix", "models:steady", "--keras", RANGE, "--with", "jax==0.4.0")
    code, out, err = command.run(*asked)
    assert code == 2
    assert "built under no release" in err
    assert re.search("the requirements (conflict|can't be met): ", err)  # as pip and uv say it
    assert out == ""
    assert sorted(command.cache.iterdir()) == before
    code, _, err = command.run("matrix", "models:steady", "--keras", "==3.999")
    assert code == 2
    assert "the index has no Keras ==3.999; choose from 3.0.0 to " in err


def test_interrupted_while_reading_the_index(command: Command) -> None:
    """An index that does not answer is left, and what asked it has ended."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        command.variables["PIP_INDEX_URL"] = f"http://127.0.0.1:{server.getsockname()[1]}/simple"
        command.variables["PIP_CONFIG_FILE"] = os.devnull
        process = command.start("matrix", "models:steady")
        connection, _ = server.accept()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        with connection:
            while connection.recv(1024):
                pass
    assert process.returncode == 2
    assert err.splitlines()[-1] == "layersnap: interrupted; to go on, run the same command again"
    assert command.kept() <= {"CACHEDIR.TAG", "pip"}
    assert not list(command.temporary.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("models:steady", "--keras", "new"), "--keras new: write a range as in '>=3.8,<3.12'"),
        (("resnet50",), "after resnet50, name the function that builds it"),
        ((), "name a model"),
        (("models:steady", "--only", "colour"), "--only: "),
        (("models:steady", "--requirements", "absent.txt"), "there is no file absent.txt"),
    ],
)
def test_wrong_use(command: Command, arguments: tuple[str, ...], said: str) -> None:
    """One line says what is wrong."""
    code, out, err = command.run("matrix", *arguments)
    assert (code, out) == (2, "")
    assert said in err.splitlines()[-1]
    assert "Traceback" not in err
