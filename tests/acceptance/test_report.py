"""What a failing check shows in the terminal, and what projects can leave out of comparisons."""

from __future__ import annotations

import pytest

from .project import Project

TEST = "from tables import table\ndef test_x(layersnap): layersnap.check(table(units=%d))"


@pytest.fixture
def drifted(project: Project) -> Project:
    """A project whose one check has a snapshot of other units."""
    project.write(test_a=TEST % 3)
    project.run("--snapshot-update").assert_outcomes(passed=1)
    project.write(test_a=TEST % 4)
    return project


@pytest.mark.parametrize("workers", [(), ("-n1",)])
@pytest.mark.parametrize("answer", ["yes", "no"])
def test_color(drifted: Project, workers: tuple[str, ...], answer: str) -> None:
    """The report is colored when the terminal is; a worker asks the process that has the terminal."""
    plugins = ("layersnap", "xdist") if workers else ("layersnap",)
    if workers:
        pytest.importorskip("xdist")
    result = drifted.run(f"--color={answer}", *workers, plugins=plugins)
    result.assert_outcomes(failed=1)
    colored = any("\x1b[32m(None, 4)\x1b[0m" in line for line in result.outlines)
    assert colored == (answer == "yes")
    assert any("\x1b[" in line for line in result.outlines) == (answer == "yes")


def test_ignored_everywhere(drifted: Project) -> None:
    """An ini option says what no check of the project compares; the report says so, too."""
    drifted.ini("pythonpath = .\nlayersnap_ignore =\n  shape\n  parameters")
    drifted.run().assert_outcomes(passed=1)
    drifted.ini("pythonpath = .\nlayersnap_ignore = shape")
    result = drifted.run()
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*ignored * shape (hides differences of 1 layer)"])


def test_compared_everywhere(drifted: Project) -> None:
    """Nothing else is; a marker or a check that says otherwise is nearer."""
    drifted.ini("pythonpath = .\nlayersnap_only =\n  trainability\n  dtype")
    drifted.run().assert_outcomes(passed=1)
    drifted.write(test_a=(TEST % 4).replace("=4)", "=4), only='shape'"))
    drifted.run().assert_outcomes(failed=1)


@pytest.mark.parametrize("option", ["only", "ignore"])
def test_names_that_no_table_has(drifted: Project, option: str) -> None:
    """A misspelled option is an error before any test runs, and names what is known."""
    drifted.ini(f"pythonpath = .\nlayersnap_{option} = shapes")
    result = drifted.run()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [f"ERROR: layersnap_{option}= does not know 'shapes'; choose from *"]
    )
