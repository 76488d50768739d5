"""What is asked of git where there is none, or none that knows the folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_layersnap import git


@pytest.fixture(params=["no git", "no checkout"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of which git knows nothing."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    if request.param == "no git":
        monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_contents(folder: Path) -> None:
    """The message is git's, or says that there is none."""
    with pytest.raises(
        git.GitError, match=r"^(git can't be run: No such file|not a git repository)"
    ):
        git.contents(folder / "gone" / "a.csv", "HEAD")


def test_nothing_is_ignored(folder: Path) -> None:
    """Nor is anything checked out."""
    assert git.ignored(folder, ["a.csv"]) == []
    assert git.commit(folder) == ""
