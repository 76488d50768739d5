"""Files written whole or not at all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pytest_layersnap.writing import replace_file, replace_files

pytestmark = pytest.mark.lifecycle


def test_several_at_once(tmp_path: Path) -> None:
    """Each is told of; one that can't be written leaves the others alone, and nothing else is there."""
    (tmp_path / "folder").mkdir()
    paths = [tmp_path / name for name in ("a", "folder", "none/b", "c")]
    found = dict(replace_files((path, b"x") for path in paths))
    assert [error is None for error in found.values()] == [True, False, False, True]
    assert [found[path].filename for path in paths[1:3]] == list(map(str, paths[1:3]))  # type: ignore[union-attr]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "c", "folder"]


def test_an_iteration_that_ends_early(tmp_path: Path) -> None:
    """What was not told of is as it was."""
    paths = [tmp_path / name for name in "abc"]
    writing = replace_files((path, b"x") for path in paths)
    next(writing)
    writing.close()  # type: ignore[attr-defined]
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")
def test_a_link_stays_one(tmp_path: Path) -> None:
    """What it leads to is written."""
    (tmp_path / "link").symlink_to("target")
    replace_file(tmp_path / "link", b"x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_bytes() == b"x"


@pytest.mark.skipif(sys.platform == "win32", reason="devices are POSIX")
def test_a_device_is_written_as_it_stands() -> None:
    """``/dev/null`` stays what it is."""
    replace_file(os.devnull, b"x")
    assert not Path(os.devnull).is_file()
