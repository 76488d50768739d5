"""The second table of situations: nothing living is lost, and nothing dead kept after a whole run."""

from __future__ import annotations

import shutil

import pytest

from .project import Project
from .situations import NAMED_OLD, OLD, SITUATIONS, SUBTESTS, Situation

pytestmark = pytest.mark.lifecycle

COLUMNS: dict[str, tuple[str, ...]] = {"plain": (), "n2": ("-n2",)}
UPDATE = "--snapshot-update"


def table(name: str) -> bytes:
    """A snapshot of a model of this name."""
    from pytest_layersnap import csvfile
    from pytest_layersnap.table import Layer, LayerTable

    layer = Layer(model=name, layer_name="head", layer_type="Dense", parameters=15)
    return csvfile.dump(LayerTable((layer,), recorded_with="Keras 3"))


def put(project: Project, files: dict[str, str | None]) -> None:
    """Write files; ``None`` deletes one."""
    for name, text in files.items():
        path = project.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True) if text is None else path.write_text(text)


def ini(project: Project, lines: str) -> None:
    """Write the settings of the project."""
    project.ini(f"pythonpath = .\nmarkers = x\n{lines}")


@pytest.mark.parametrize(
    ("situation", "column"),
    [
        pytest.param(situation, column, id=f"{situation.name}-{column}")
        for situation in SITUATIONS
        for column in COLUMNS
        if situation.workers or column == "plain"
    ],
)
def test_situation(
    project: Project, monkeypatch: pytest.MonkeyPatch, situation: Situation, column: str
) -> None:
    """What must be on disk is, and nothing else; a plain run changes nothing."""
    if situation.files is SUBTESTS and not hasattr(pytest, "Subtests"):
        pytest.skip("pytest 9 brings subtests")
    for plugin in situation.plugins:
        pytest.importorskip(plugin.partition(".")[0].replace("-", "_"))
    plugins = ("layersnap", "xdist", *situation.plugins)
    ini(project, situation.ini)
    put(project, dict(situation.files))
    for link, target in situation.links.items():
        (project.path / link).symlink_to(target, target_is_directory=True)
    start: tuple[str, ...] = ()
    if situation.start:
        checkout = project.path.with_name(f"{project.path.name}-link")
        checkout.symlink_to(project.path, target_is_directory=True)
        start = (str(checkout),)
    written = {OLD: table("m"), NAMED_OLD: table("named/old")}
    if situation.golden:
        written["golden.csv"] = table("golden")
    for name, data in written.items():
        path = project.path / "snapshots" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)

    if situation.setting:
        monkeypatch.setenv(situation.setting, "1")
    # Recorded without a look at what is unused, as a part of the tests would be.
    first = project.run(
        *start, *situation.first, UPDATE, "-o", "layersnap_unused=ignore", plugins=plugins
    )
    assert first.ret == 0
    before = project.snapshots()
    monkeypatch.delenv(situation.setting or "GPU", raising=False)
    put(project, dict(situation.then))
    ini(project, situation.ini if situation.ini_then is None else situation.ini_then)
    if situation.forgets:
        shutil.rmtree(project.path / ".pytest_cache")

    arguments = (*start, *COLUMNS[column], *situation.arguments)
    if column == "plain":
        project.run(*arguments, plugins=plugins)
        assert project.snapshots() == before
    result = project.run(*arguments, UPDATE, plugins=plugins)
    assert result.ret == situation.status
    after = project.snapshots()
    assert before.keys() - after.keys() == situation.dead
    assert {name: after[name] for name in before.keys() & after.keys()} == {
        name: before[name] for name in before.keys() & after.keys()
    }
    if situation.reason:
        result.stdout.fnmatch_lines([f"unused snapshots not judged: *{situation.reason}*"])
