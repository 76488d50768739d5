"""The folder that environments are kept in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pytest_layersnap.releases.cache import Cache, CacheError, users_folder


def write(folder: Path, scratch: Path) -> None:
    """What is made."""
    (folder / "file").write_text("whole")
    (scratch / "rest").write_text("needed by nobody")


def names(folder: Path) -> list[str]:
    """What is in the cache."""
    return sorted(path.name.partition("@")[0] for path in folder.iterdir())


def test_made_once(tmp_path: Path) -> None:
    """A folder is made when it is asked for first, and what was needed for it is gone."""
    cache = Cache(tmp_path / "cache")
    made = cache.get("one", write)

    def again(folder: Path, scratch: Path) -> None:
        raise AssertionError

    assert cache.get("one", again) == Cache(cache.folder).get("one", again) == made
    assert (made / "file").read_text() == "whole"
    assert names(cache.folder) == ["CACHEDIR.TAG", "one"]


def test_what_was_killed_is_not_taken(tmp_path: Path) -> None:
    """A folder without its mark is what a run left that had no time to clear up."""
    cache = Cache(tmp_path)
    made = cache.get("one", write)
    (made / ".whole").unlink()
    (made / "file").unlink()
    assert (cache.get("one", write) / "file").exists()


def test_a_half_made_one_goes(tmp_path: Path) -> None:
    """What fails on the way, or is interrupted, leaves nothing, and is made anew."""
    cache = Cache(tmp_path)

    def interrupted(folder: Path, scratch: Path) -> None:
        write(folder, scratch)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cache.get("one", interrupted)
    assert names(tmp_path) == ["CACHEDIR.TAG"]
    assert (cache.get("one", write) / "file").exists()


def test_another_run_was_faster(tmp_path: Path) -> None:
    """Two runs that make the same folder both have one that is whole."""
    one, other = Cache(tmp_path), Cache(tmp_path)

    def slow(folder: Path, scratch: Path) -> None:
        write(folder, scratch)
        other.get("one", write)

    assert (one.get("one", slow) / "file").read_text() == "whole"
    assert names(tmp_path) == ["CACHEDIR.TAG", "one", "one"]


def test_clean(tmp_path: Path) -> None:
    """Cleaning removes all of it; a folder that holds something else is left alone, and never used."""
    cache = Cache(tmp_path / "cache")
    assert cache.clean() == 0
    cache.get("one", write)
    assert cache.clean() > 5
    assert not cache.folder.exists()
    cache.folder.mkdir()
    assert cache.clean() == 0
    cache.folder.mkdir()
    (cache.folder / "photo.jpg").touch()
    with pytest.raises(CacheError, match="left alone"):
        cache.clean()
    with pytest.raises(CacheError, match="XDG_CACHE_HOME"):
        cache.get("one", write)
    assert (cache.folder / "photo.jpg").exists()


@pytest.mark.parametrize(
    ("system", "given", "folder"),
    [
        ("linux", {}, "home/.cache"),
        ("darwin", {}, "home/Library/Caches"),
        ("win32", {}, "home/AppData/Local"),
        ("win32", {"LOCALAPPDATA": "elsewhere"}, "elsewhere"),
        ("win32", {"LOCALAPPDATA": "elsewhere", "XDG_CACHE_HOME": "chosen"}, "chosen"),
    ],
)
def test_where_it_is(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    system: str,
    given: dict[str, str],
    folder: str,
) -> None:
    """Where each system keeps caches, unless a variable names another place."""
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, str(tmp_path / value))
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    monkeypatch.setattr(sys, "platform", system)
    assert users_folder() == tmp_path / folder / "pytest-layersnap"
