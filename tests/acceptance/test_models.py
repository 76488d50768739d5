"""The fixture on real models, of the generation that this environment has."""

from __future__ import annotations

import pytest

from .project import Project

pytestmark = [pytest.mark.usefixtures("keras"), pytest.mark.once_a_generation]

TEST = """
import pytest
from models import build, keras

UNITS = 3

def test_model(layersnap):
    layersnap.check(build(UNITS))
    layersnap.check(lambda: build(UNITS), name="transfer/head")

def test_equals(layersnap):
    assert build(UNITS) == layersnap
    assert layersnap == build(UNITS)

def test_all(layersnap):
    layersnap.check_all({"a": build(UNITS), "b": lambda: build(9)})

def test_table(layersnap):
    assert layersnap.table(build(UNITS)).parameters == 40 + 9 * UNITS
    assert layersnap.table(lambda: build(UNITS)) == layersnap.table(build(UNITS))

@pytest.mark.layersnap(only="trainability")
def test_marked(layersnap):
    layersnap.check(build(UNITS))
"""

MISTAKES = """
from models import build, keras

def test_no_model(layersnap):
    layersnap.check(build)
    layersnap.check("resnet50")

def test_layer(layersnap):
    layersnap.check(keras.layers.Dense(3))

def test_unbuilt(layersnap):
    layersnap.check(keras.Sequential([keras.layers.Dense(3)]))
"""


def test_a_model_is_pinned(project: Project) -> None:
    """Record, check over workers, drift, accept: with a real model all the way."""
    project.write(test_a=TEST)
    project.run("--snapshot-update").assert_outcomes(passed=5)
    recorded = project.snapshots()
    assert list(recorded) == [
        "a.csv",
        "b.csv",
        "test_a/test_equals.csv",
        "test_a/test_equals@1.csv",
        "test_a/test_marked.csv",
        "test_a/test_model.csv",
        "transfer/head.csv",
    ]
    assert b"\ntransfer/head,head,Dense," in recorded["transfer/head.csv"]

    workers = ("-p", "xdist", "-n2")
    result = project.run(*workers, "--snapshot-update")
    result.assert_outcomes(passed=5)
    assert project.snapshots() == recorded

    project.write(test_a=TEST.replace("UNITS = 3", "UNITS = 5"))
    result = project.run(*workers)
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines(["E  *~ head (Dense)", "E  *3 → 5"])
    result.stdout.fnmatch_lines(["3 drifted: *", "record with: pytest --snapshot-update *"])
    assert project.snapshots() == recorded

    result = project.run("--snapshot-update")
    result.assert_outcomes(passed=5)
    changed = {path for path, data in project.snapshots().items() if data != recorded[path]}
    assert changed == recorded.keys() - {"b.csv", "test_a/test_marked.csv"}


def test_mistakes(project: Project) -> None:
    """What is no model, or has no shapes yet, is one clear message; nothing is written."""
    project.write(test_a=MISTAKES)
    result = project.run("--snapshot-update")
    result.assert_outcomes(failed=3)
    result.stdout.fnmatch_lines(
        [
            "E *ModelError: not a Keras model but *str*",
            "E *ModelError: not a Keras model but *Dense*",
            "E *ModelError: *not built*",
        ]
    )
    assert not [line for line in result.outlines if "pytest_layersnap/" in line]
    assert project.snapshots() == {}


@pytest.mark.parametrize("function", ["check", "table"])
def test_a_builder_is_called_once(project: Project, function: str) -> None:
    """A builder may be slow: each use of the fixture calls it once."""
    project.write(
        test_a=f"""
from models import build
calls = []

def builder():
    calls.append(1)
    return build()

def test_x(layersnap):
    layersnap.{function}(builder)
    assert len(calls) == 1
"""
    )
    project.run("--snapshot-update").assert_outcomes(passed=1)


def test_weights_that_are_allocated(project: Project) -> None:
    """A check may limit them; what goes beyond is said by layer, and nothing is recorded."""
    project.write(
        test_a="""
import pytest
from models import build, keras

def reading():
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(8, name="body")])
    model.get_weights()
    return model

def test_lazy(layersnap):
    layersnap.check(lambda: build(units=30), max_allocated=100)

def test_reading(layersnap):
    layersnap.check(reading, max_allocated=100)

def test_model(layersnap):
    layersnap.check(build(), max_allocated=100)
"""
    )
    result = project.run("--snapshot-update")
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        [
            "E *WeightsAllocated: 160 bytes of weights allocated: *body (160 bytes); "
            "max_allocated= allows 100 bytes",
            "E *ModelError: max_allocated= needs a function that builds the model, not the model",
        ]
    )
    assert list(project.snapshots()) == ["test_a/test_lazy.csv"]
