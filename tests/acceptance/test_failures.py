"""What a person reads when a check fails."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from .project import Project

UPDATE = "--snapshot-update"


def test_only_the_line_of_the_test_and_the_report(project: Project) -> None:
    """Nothing of ours stands between the test's line and the report."""
    project.write(
        test_a="""
import pytest
from tables import table

def test_missing(layersnap):
    layersnap.check(table())  # here

def test_equals(layersnap):
    assert table() == layersnap  # here

def test_equals_turned(layersnap):
    assert layersnap == table()  # here

def test_all(layersnap):
    layersnap.check_all({"a": table(), "b": 3})  # here

def test_not_a_model(layersnap):
    layersnap.check("resnet50")  # here

def test_table_of_no_model(layersnap):
    layersnap.table("resnet50")  # here

def test_name(layersnap):
    layersnap.check(table(), name="../x")  # here

def test_only(layersnap):
    layersnap.check(table(), only={"shapes"})  # here

def test_nothing(layersnap):
    layersnap.check_all({})  # here
"""
    )
    result = project.run("--tb=long", "-vv")
    result.assert_outcomes(failed=9)
    assert not [line for line in result.outlines if "pytest_layersnap/" in line]
    assert len([line for line in result.outlines if line.endswith("# here")]) == 9
    result.stdout.no_fnmatch_line("*During handling*")
    result.stdout.fnmatch_lines(
        [
            "E  *MissingSnapshot: there is no snapshot snapshots/test_a/test_missing.csv yet*",
            "E  *layer_name  layer_type  output_shape  parameters  is_trainable",
            "E  *head        Dense       (None, 3)     15          True",
            "E  *1 layer, 15 parameters, 15 of them trainable",
            "E  *pytest --snapshot-update test_a.py::test_missing",
            "E  *2 of 2 models fail: a, b",
            "E  *----- a -----",
            "E  *----- b -----",
            "E  *not a Keras model but *int*",
            "E  *ModelError: not a Keras model but *str*",
            "E  *SnapshotNameError: name='../x' leaves the folder*",
            "E  *ScopeError: only= does not know 'shapes'; choose from *trainability*",
            "E  *ValueError: check_all got no models*",
        ]
    )


def test_bad_input_is_one_message(project: Project) -> None:
    """What builds no model is told in one message; what a builder raises, where it raises it."""
    project.write(
        test_a="""
import pytest
from tables import table

class Module:  # as PyTorch's
    def forward(self, x): ...
    def __call__(self, *args): return self.forward(*args)

def needs(units, *, rate, bias=True):
    return table(units)

def fails():
    raise KeyError("no such size")  # where

def test_torch(layersnap):
    layersnap.check(Module())  # here

def test_needs(layersnap):
    layersnap.check(needs)  # here

def test_fails(layersnap):
    layersnap.check(fails)  # here

def test_no_file(layersnap):
    layersnap.check("missing.keras")  # here

def test_a_list(layersnap):
    layersnap.check_all([table()])  # here

@pytest.mark.layersnap(onyl={"shape"})
def test_marker(layersnap):
    layersnap.check(table())
"""
    )
    result = project.run("--tb=long", "-vv")
    result.assert_outcomes(failed=5, errors=1)
    assert not [line for line in result.outlines if "pytest_layersnap/" in line]
    assert len([line for line in result.outlines if line.endswith("# here")]) == 5
    for text in ("*During handling*", "*direct cause*", "*contextlib*"):
        result.stdout.no_fnmatch_line(text)
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.layersnap takes only=, ignore= and behavior=, and nothing else; got onyl",
            "E  *ModelError: not a Keras model but test_a.Module: give a keras.Model*",
            "E  *ModelError: needs needs units, rate: give a function without arguments, "
            "as in lambda: build(units=…)",
            "* # where",
            "E  *KeyError: 'no such size'",
            "E  *ModelError: missing.keras: no such file",
            "E  *TypeError: check_all takes models by the names of their snapshots*list",
        ]
    )


def test_a_long_table_is_cut(project: Project) -> None:
    """A missing snapshot shows the head of its table, and how much there is."""
    project.write(
        test_a="""
from dataclasses import replace
from tables import table

def test_x(layersnap):
    layer = table().layers[0]
    layers = tuple(replace(layer, layer_name=f"dense_{i}") for i in range(400))
    layersnap.check(replace(table(), layers=layers))
"""
    )
    result = project.run()
    result.stdout.fnmatch_lines(
        ["E *dense_7 *", "E *… and 392 more layers", "E *6,000 parameters*"]
    )
    result.stdout.no_fnmatch_line("*dense_8 *")


def test_the_drift_report(project: Project) -> None:
    """A drift shows file, report and command, uncut; the exception carries the drift."""
    project.write(
        test_a="""
from tables import table
UNITS = 3

def test_x(layersnap):
    layersnap.check(table(UNITS))

def test_all(layersnap):
    layersnap.check_all({"a": table(UNITS), "b": table(7), "c": table(UNITS)})
"""
    )
    project.run("--snapshot-update").assert_outcomes(passed=2)
    module = project.path / "test_a.py"
    module.write_text(module.read_text().replace("UNITS = 3", "UNITS = 5"))
    result = project.run()
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(
        [
            "E  *LayerDrift: snapshots/test_a/test_x.csv: m has drifted: 1 layer changed *",
            "E  *15 → 25*",
            "E  *pytest --snapshot-update test_a.py::test_x",
            "E  *LayerDrift: 2 of 3 models fail: a, c",
            "E  *----- a, c -----",
            "E  *snapshots/a.csv: a has drifted*",
            "E  *pytest --snapshot-update test_a.py::test_all",
        ]
    )
    result.stdout.no_fnmatch_line("E  *c has drifted*")
    assert not [line for line in result.outlines if "pytest_layersnap/" in line]


def test_the_commands_can_be_pasted(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands are quoted, and work in the folder where pytest was started."""
    project.write(
        tests__deep__test_a="""
import pytest
from tables import table

@pytest.mark.parametrize("x", ["a b$HOME"])
def test_x(layersnap, x):
    layersnap.check(table())
"""
    )
    monkeypatch.chdir(project.path / "tests")
    arguments = ["--rootdir", str(project.path), "-c", str(project.path / "pytest.ini")]
    result = project.run(*arguments)
    commands = [line.partition("pytest ")[2] for line in result.outlines if UPDATE in line]
    of_test, of_all = map(shlex.split, commands)
    assert of_test == [UPDATE, "deep/test_a.py::test_x[a b$HOME]"]
    assert of_all[-4:] == arguments
    project.run(*arguments, *of_test).assert_outcomes(passed=1)
    project.run(*arguments).assert_outcomes(passed=1)


def test_errors_of_a_builder_are_the_authors_own(project: Project) -> None:
    """What a builder raises is shown with the builder's lines."""
    project.write(
        test_a="""
def build():
    raise ValueError("no such size")  # builder

def test_x(layersnap):
    layersnap.check(build)  # test
"""
    )
    result = project.run()
    result.stdout.fnmatch_lines([">*# test", ">*# builder", "E *ValueError: no such size"])


def test_a_test_outside_the_root(project: Project) -> None:
    """A test file that no path in the root stands for needs a name."""
    project.write(
        test_a="""
from tables import table

def test_unnamed(layersnap):
    layersnap.check(table())

def test_named(layersnap):
    layersnap.check(table(), name="m")
"""
    )
    root = project.path / "root"
    root.mkdir()
    result = project.run("--snapshot-update", "--rootdir", str(root), "test_a.py")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["E *lies outside the root directory*give the check a name="])
    assert list(project.snapshots("root/snapshots")) == ["m.csv"]


#: The transfer models of the users as they are recorded, and with a smaller head and more that is trained.
TEN_MODELS = """
import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_layersnap import LayerTable

SNAPSHOTS = Path({snapshots!r})
NAMES = ["densenet169", "efficientnetb4", "mobilenetv2", "resnet50", "vgg16"]

def narrowed(row):
    shapes = row.weight_shapes.replace("1024]", "512]").replace("[[1024, 1]", "[[512, 1]")
    weights = sum(math.prod(shape) for shape in json.loads(shapes))
    return replace(
        row,
        input_shape=row.input_shape.replace("1024)", "512)"),
        output_shape=row.output_shape.replace("1024)", "512)"),
        layer_attributes=row.layer_attributes.replace("1024", "512"),
        weight_shapes=shapes,
        parameters=weights,
        trainable_parameters=weights,
    )

def trained(row):
    return replace(row, is_trainable=True, trainable_parameters=row.parameters)

def changed(table):
    rows = [narrowed(row) if row.layer_type == "Dense" else row for row in table]
    rows[-8:-4] = map(trained, rows[-8:-4])
    return LayerTable(tuple(rows), recorded_with=table.recorded_with)

@pytest.mark.parametrize("name", NAMES + [f"imagenet/{{name}}" for name in NAMES])
def test_classifier(layersnap, name):
    table = LayerTable.read_csv(SNAPSHOTS / f"{{name}}.csv")
    layersnap.check({change}(table), name=name)
"""


def test_the_log_of_a_ci(
    project: Project, workers: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten models that drifted, each in a test of its own, are told in less than 300 lines."""
    snapshots = str(Path(__file__).parents[2] / "snapshots")
    project.write(test_models=TEN_MODELS.format(snapshots=snapshots, change=""))
    project.run(UPDATE).assert_outcomes(passed=10)
    project.write(test_models=TEN_MODELS.format(snapshots=snapshots, change="changed"))
    here = project.run("-k", "resnet50")
    here.stdout.fnmatch_lines([">*layersnap.check(*", "E *accept it with", f"E *pytest {UPDATE} *"])
    monkeypatch.setenv("CI", "true")
    result = project.run(*workers, "--layersnap-report", "report")
    result.assert_outcomes(failed=10)
    assert len(result.outlines) < 300
    told = [line for line in result.outlines if line.startswith("E ") and "weight_shapes" in line]
    assert len(told) == 20
    result.stdout.no_fnmatch_line("*accept it with*")
    result.stdout.fnmatch_lines(
        ["review with a copy of the report: *", f"record with: pytest {UPDATE} *"]
    )
    long = project.run("--tb=long", "-k", "resnet50")
    long.stdout.fnmatch_lines(["layersnap = *", ">*layersnap.check(*", "E *"])
