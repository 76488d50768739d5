"""The table of situations, each with and without workers: nothing is lost, nothing written unasked.

Every cell is a session that records; with and without workers, a plain one comes before it.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from .project import Project
from .scenarios import ALL, FILES, GONE, NAMED_OLD, OLD, SCENARIOS, Scenario

pytestmark = pytest.mark.lifecycle

CHECKING = """
import pytest
from tables import table

@pytest.fixture
def snap(layersnap):
    return layersnap

@pytest.fixture
def opened(pytestconfig):
    return pytestconfig.rootpath / "snapshots/shared/old.csv"

def check(layersnap, units, name=None):
    layersnap.check(table(units), name=name)
"""

#: By role, where a snapshot lies.
PATHS = {
    "one": "tests/test_a/test_one.csv",
    "two": "tests/test_a/test_two.csv",
    "named": "shared/m.csv",
    "x-S": "tests/test_b/TestB.test_x-S.csv",
    "x-L": "tests/test_b/TestB.test_x-L.csv",
    "other": "shared/b.csv",
    "c": "more/test_c/test_c.csv",
    "renamed": "tests/test_a/test_other.csv",
    GONE: "tests/test_a/test_gone.csv",
    OLD: "tests/test_old/test_x.csv",
    NAMED_OLD: "shared/old.csv",
}

#: What other tools and people keep in the same folder.
FOREIGN = {
    "shared/notes.csv": b"model,layer_name\nm,a\n",
    "test_a.ambr": b"# serializer version: 1\n",
    "tests/test_old/figures.yml": b"a: 1\n",
}

COLUMNS = {
    "plain": (),
    "n0": ("-n0",),
    "n2": ("-n2",),
    "loadfile": ("-n2", "--dist", "loadfile"),
    "each": ("-n2", "--dist", "each"),
}

#: The other ways to spread tests over workers, on the situations that differ under them.
MORE_COLUMNS = {
    "loadscope": ("-n2", "--dist", "loadscope"),
    "loadgroup": ("-n2", "--dist", "loadgroup"),
    "worksteal": ("-n2", "--dist", "worksteal"),
}


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """By path, what a first run of all tests has recorded, those that are gone by now too."""
    from pytest_layersnap import csvfile
    from pytest_layersnap.table import Layer, LayerTable

    def table(units: int, name: str = "m") -> bytes:
        layer = Layer(
            model=name,
            layer_name="head",
            layer_type="Dense",
            output_shape=f"(None, {units})",
            parameters=5 * units,
            trainable_parameters=5 * units,
        )
        return csvfile.dump(LayerTable((layer,), recorded_with="Keras 3"))

    units = {"one": 1, "two": 2, "x-S": ord("S"), "x-L": ord("L"), "c": 6, GONE: 7, OLD: 8}
    found = {PATHS[role]: table(number) for role, number in units.items()}
    for role, number in {"named": 3, "other": 5, NAMED_OLD: 9}.items():
        found[PATHS[role]] = table(number, PATHS[role].removesuffix(".csv"))
    return found | FOREIGN


def lay_out(project: Project, scenario: Scenario, recorded: Mapping[str, bytes]) -> None:
    """Write the project of a scenario and its snapshots."""
    markers = "markers =\n    slow\n    unrelated"
    project.ini(f"pythonpath = .\n{markers}\n{scenario.ini}")
    project.write(checking=CHECKING, conftest="from checking import opened, snap")
    for name, text in (FILES | dict(scenario.files)).items():
        path = project.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is not None:
            path.write_text(text)
    for name, data in recorded.items():
        if name == PATHS["c"] and "more/test_c.py" not in scenario.files:
            continue
        path = project.path / "snapshots" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    recorded: dict[str, bytes],
    scenario: Scenario,
    column: str,
) -> None:
    """A plain run changes no file, one that records only what it must; both end as they should."""
    run(
        project, monkeypatch, recorded, scenario, COLUMNS[column], plainly=column in ("plain", "n2")
    )


@pytest.mark.parametrize("column", MORE_COLUMNS)
@pytest.mark.parametrize(
    "name", ["all tests", "-k", "a skipped test", "a crashed process", "a changed table"]
)
def test_other_ways_to_spread(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    recorded: dict[str, bytes],
    name: str,
    column: str,
) -> None:
    """The same holds in every mode that xdist has."""
    (scenario,) = [scenario for scenario in SCENARIOS if scenario.name == name]
    run(project, monkeypatch, recorded, scenario, MORE_COLUMNS[column], plainly=False)


def run(
    project: Project,
    monkeypatch: pytest.MonkeyPatch,
    recorded: dict[str, bytes],
    scenario: Scenario,
    column: tuple[str, ...],
    *,
    plainly: bool,
) -> None:
    """Run a scenario with the arguments of a column, and compare with what must follow."""
    lay_out(project, scenario, recorded)
    before = project.snapshots()
    monkeypatch.chdir(project.path / scenario.cwd)
    if plainly:
        result = session(project, scenario, column)
        assert ended_well(result, scenario, column, 0)
        assert project.snapshots() == before
        text = result.stdout.str()
        for role in ALL:
            assert (f"snapshots/{PATHS[role]}" in text) == (role in scenario.unused), role

    result = session(project, scenario, (*column, "--snapshot-update"))
    assert ended_well(result, scenario, column, 1)
    after = project.snapshots()
    # What was not judged as a test failed is judged once its table is recorded.
    deleted = ALL if scenario.written and not scenario.arguments else scenario.unused
    if "renamed" in scenario.written:
        deleted |= {"two"}
    assert before.keys() - after.keys() == {PATHS[role] for role in deleted}
    changed = {path for path, data in after.items() if before.get(path) != data}
    assert changed == {PATHS[role] for role in scenario.written}
    if scenario.reason and not scenario.written:
        result.stdout.fnmatch_lines([f"unused snapshots not judged: *{scenario.reason}*"])


def session(project: Project, scenario: Scenario, arguments: tuple[str, ...]) -> pytest.RunResult:
    """Run a scenario's tests."""
    for name, text in scenario.cache.items():  # what an earlier run has left there
        path = project.path / ".pytest_cache" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if "-n2" in arguments:
        arguments += scenario.workers_arguments
    return project.run(*arguments, *scenario.arguments, plugins=("layersnap", "xdist"))


def ended_well(
    result: pytest.RunResult, scenario: Scenario, column: tuple[str, ...], records: int
) -> bool:
    """Whether the exit code is the one that a scenario asks for."""
    if "-n2" in column and scenario.workers_choose:
        # xdist itself fails where it would steal from a worker that has just gone.
        if "OSError: cannot send (already closed?)" in result.stdout.str():
            return bool(result.ret == pytest.ExitCode.INTERNAL_ERROR)
        return result.ret in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED)
    status = (scenario.workers if "-n2" in column else None) or scenario.status
    return bool(result.ret == status[records])
