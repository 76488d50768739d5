"""``--snapshot-update``, alone and beside the plugins that declare it too."""

from __future__ import annotations

import importlib.util
import re

import pytest

from .project import Project

RIVALS = ("syrupy", "pytest_snapshot.plugin", "snapshottest.pytest")

#: A line of the help that begins the flag's entry; a further indent is the text of another one.
OPTION = re.compile(r"  --snapshot-update(\s|$)")

TEST = """
def test_flag(request):
    from pytest_layersnap import update_flag
    print("given:", update_flag.is_given(request.config))
"""


def installed(plugin: str) -> bool:
    """Whether a plugin can be loaded in this environment."""
    return importlib.util.find_spec(plugin.partition(".")[0]) is not None


@pytest.fixture(params=[None, *RIVALS])
def rival(request: pytest.FixtureRequest) -> str | None:
    """Each other plugin with the flag, and none."""
    if request.param is not None and not installed(request.param):
        pytest.skip(f"{request.param} is not installed")
    plugin: str | None = request.param
    return plugin


@pytest.fixture(params=["first", "last"])
def plugins(request: pytest.FixtureRequest, rival: str | None) -> tuple[str, ...]:
    """Ours and the other plugin, loaded in both orders."""
    if rival is None:
        return ("layersnap",)
    return ("layersnap", rival) if request.param == "first" else (rival, "layersnap")


@pytest.mark.parametrize(
    ("arguments", "given"),
    [
        ([], False),
        (["--snapshot-update"], True),
        (["-o", "addopts=--snapshot-update"], True),
    ],
    ids=["none", "flag", "addopts"],
)
def test_the_flag_is_seen(
    project: Project, plugins: tuple[str, ...], arguments: list[str], given: bool
) -> None:
    """Whoever declares the flag, we read it; and one option is listed in the help."""
    project.write(test_flag=TEST)
    result = project.run("-s", *arguments, plugins=plugins)
    assert result.ret == 0
    result.stdout.fnmatch_lines([f"*given: {given}*"])


def test_help(project: Project, plugins: tuple[str, ...]) -> None:
    """The help lists the flag once, whoever declares it."""
    result = project.run("--help", plugins=plugins)
    assert result.ret == 0
    assert len([line for line in result.outlines if OPTION.match(line)]) == 1
    result.stdout.fnmatch_lines(["*layersnap_dir*"])


def test_workers_see_the_flag(project: Project, plugins: tuple[str, ...]) -> None:
    """Under pytest-xdist the workers read what was given to the controller."""
    pytest.importorskip("xdist")
    project.write(
        test_flag="""
        def test_flag(request):
            from pytest_layersnap import update_flag
            assert hasattr(request.config, "workerinput")
            assert update_flag.is_given(request.config)
        """.replace("\n        ", "\n")
    )
    result = project.run("-n2", "--snapshot-update", plugins=(*plugins, "xdist"))
    result.assert_outcomes(passed=1)


def test_loaded_by_a_conftest(project: Project, rival: str | None) -> None:
    """A conftest that loads us comes too late for the late declaration, so we declare at once."""
    others = "" if rival is None else f'"{rival}", '
    project.write(conftest=f'pytest_plugins = [{others}"pytest_layersnap.plugin"]', test_flag=TEST)
    result = project.run("-s", "--snapshot-update", plugins=())
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*given: True*"])


def test_another_plugin_loaded_by_a_conftest(project: Project, rival: str | None) -> None:
    """Another plugin may be named by the root conftest, after we were loaded."""
    if rival is None:
        pytest.skip("needs another plugin")
    project.write(conftest=f'pytest_plugins = ["{rival}"]', test_flag=TEST)
    result = project.run("-s", "--snapshot-update")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*given: True*"])


def test_help_with_a_broken_conftest(project: Project) -> None:
    """The flag is declared even where a conftest can't be imported."""
    project.write(conftest="raise RuntimeError('broken')")
    result = project.run("--help", "--snapshot-update")
    result.stdout.fnmatch_lines(["*--snapshot-update*"])
