"""The ini options and the marker."""

from __future__ import annotations

import pytest

from .project import Project

TEST = "from tables import table\ndef test_x(layersnap): layersnap.check(table())"


@pytest.mark.parametrize("value", ["tests/kept", "./tests//kept/", "{root}/tests/kept"])
def test_directory(project: Project, value: str) -> None:
    """Snapshots are stored where the project says, relative to the root directory."""
    project.ini(f"pythonpath = .\nlayersnap_dir = {value.format(root=project.path)}")
    project.write(test_a=TEST)
    result = project.run("--snapshot-update")
    result.stdout.fnmatch_lines(["created tests/kept/test_a/test_x.csv: *"])
    assert list(project.snapshots("tests/kept")) == ["test_a/test_x.csv"]


@pytest.mark.parametrize("value", ["..", "a/../../b", "/", "link"])
def test_a_directory_that_leaves_the_root(project: Project, value: str) -> None:
    """A folder outside the root directory is refused before any test runs."""
    (project.path / "link").symlink_to(project.path.parent, target_is_directory=True)
    project.ini(f"pythonpath = .\nlayersnap_dir = {value}")
    project.write(test_a=TEST)
    result = project.run("--snapshot-update", "test_a.py")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: layersnap_dir = {value} leaves the root directory *"])


def test_another_word_about_unused_snapshots(project: Project) -> None:
    """A misspelt one is a mistake, which says what there is."""
    project.ini("layersnap_unused = fail")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: layersnap_unused = fail: choose from *warn*"])


def test_an_empty_directory(project: Project) -> None:
    """An option without a value is a mistake, not the root directory."""
    project.ini("layersnap_dir =")
    result = project.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: layersnap_dir is empty*"])


def test_the_directory_that_syrupy_clears(project: Project) -> None:
    """syrupy deletes what it does not own in ``__snapshots__``, so nothing of ours goes there."""
    pytest.importorskip("syrupy")
    project.ini("pythonpath = .\nlayersnap_dir = tests/__snapshots__/layers")
    project.write(test_a=TEST)
    for plugins in (("layersnap", "syrupy"), ("syrupy", "layersnap")):
        result = project.run(plugins=plugins)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines(["ERROR: layersnap_dir = *: syrupy deletes *"])
    assert project.run("--snapshot-update").ret == 0


def test_beside_syrupy(project: Project) -> None:
    """One flag records the snapshots of both, and neither touches the other's."""
    pytest.importorskip("syrupy")
    project.write(
        test_a="""
from tables import table

def test_x(layersnap, snapshot):
    layersnap.check(table())
    assert [1, 2] == snapshot
"""
    )
    plugins = ("syrupy", "layersnap")
    project.run("--snapshot-update", plugins=plugins).assert_outcomes(passed=1)
    assert list(project.snapshots()) == ["test_a/test_x.csv"]
    assert "test_a.ambr" in project.snapshots("__snapshots__")
    project.run("--snapshot-update", plugins=plugins).assert_outcomes(passed=1)
    assert project.run(plugins=plugins).ret == 0
    assert list(project.snapshots()) == ["test_a/test_x.csv"]


MARKED = """
import pytest
from tables import table
UNITS = 3

pytestmark = pytest.mark.layersnap(ignore=["shape", "parameters", "config"])

def test_of_module(layersnap):
    layersnap.check(table(UNITS))

@pytest.mark.layersnap(only="parameters")
def test_of_function(layersnap):
    layersnap.check(table(UNITS))

@pytest.mark.layersnap(only="dtype", ignore=())
class TestHead:
    def test_of_class(self, layersnap):
        layersnap.check(table(UNITS))

    def test_of_check(self, layersnap):
        layersnap.check(table(UNITS), only="shape")

    def test_of_check_all(self, layersnap):
        layersnap.check_all({"m": table(UNITS)}, only={"shape"})
"""


def test_marker(project: Project) -> None:
    """The closest marker says what is compared, and the check's own arguments win."""
    project.write(test_a=MARKED)
    project.run("--strict-markers", "--snapshot-update").assert_outcomes(passed=5)
    project.write(test_a=MARKED.replace("UNITS = 3", "UNITS = 4"))
    result = project.run("--strict-markers", "-rA")
    result.assert_outcomes(passed=2, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "PASSED test_a.py::test_of_module",
            "PASSED test_a.py::TestHead::test_of_class",
            "FAILED test_a.py::test_of_function*",
            "FAILED test_a.py::TestHead::test_of_check -*",
            "FAILED test_a.py::TestHead::test_of_check_all -*",
        ]
    )


def test_bad_markers(project: Project) -> None:
    """A marker that says nothing we know is an error which names what is known."""
    project.write(
        test_a="""
import pytest

@pytest.mark.layersnap(only="shapes")
def test_category(layersnap): pass

@pytest.mark.layersnap(onyl="shape")
def test_argument(layersnap): pass

@pytest.mark.layersnap("shape")
def test_position(layersnap): pass
"""
    )
    result = project.run("--snapshot-update")
    result.assert_outcomes(errors=3)
    result.stdout.fnmatch_lines(
        [
            "@pytest.mark.layersnap: only= does not know 'shapes'; choose from the categories *",
            "@pytest.mark.layersnap takes only=, ignore= and behavior=, and nothing else; got onyl",
            "@pytest.mark.layersnap takes only=, ignore= and behavior=, and nothing else; got 'shape'",
        ]
    )


def test_what_pytest_lists(project: Project) -> None:
    """Marker and fixture are documented where people look."""
    project.run("--markers").stdout.fnmatch_lines(["@pytest.mark.layersnap(only=None, ignore=*"])
    project.run("--fixtures").stdout.fnmatch_lines(
        ["layersnap -- *", "*Compare the architecture of Keras models with snapshots.*"]
    )


def test_header(project: Project) -> None:
    """The header of a run says what makes it see less or change files, and else nothing."""
    project.write(test_a=TEST)
    project.run("--snapshot-update").stdout.fnmatch_lines(["layersnap: snapshots are recorded"])
    project.run().stdout.no_fnmatch_line("layersnap*")
    project.ini(
        "pythonpath = .\nlayersnap_ignore =\n    shape\n    dtype\nlayersnap_unused = ignore"
    )
    project.run().stdout.fnmatch_lines(
        ["layersnap: ignoring dtype, shape; unused snapshots are left alone"]
    )
