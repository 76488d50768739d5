"""What pytest's settings say, read without pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_layersnap.builders import BuilderError, table_of
from pytest_layersnap.inifile import setting


@pytest.mark.parametrize(
    ("file", "text", "value"),
    [
        ("pytest.ini", "[pytest]\npythonpath = src lib\n", "src lib"),
        ("pytest.ini", "[pytest]\npythonpath = my,src[1]  # ours\n", "my,src[1]"),
        ("pytest.ini", "[pytest]\npythonpath =\n  src\n  lib\naddopts = -q\n", "\nsrc\nlib"),
        ("tox.ini", "[other]\npythonpath = a\n[pytest]\nnot_pythonpath = b\n", ""),
        ("tox.ini", "[pytest]\n# pythonpath = b\n", ""),
        ("tox.ini", "no section\npythonpath = b\n", ""),
        ("setup.cfg", "[tool:pytest]\npythonpath=src\naddopts = -q", "src"),
        ("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = "src"\n', "src"),
        (
            "pyproject.toml",
            "[tool.pytest]\npythonpath = [\n  'my src',\n  '.',\n]\n",
            ["my src", "."],
        ),
        ("pyproject.toml", '[tool.other]\npythonpath = "src"\n', ""),
        ("pyproject.toml", "tool = 1\npythonpath = [", ""),
        ("pytest.toml", "[pytest]\npythonpath = ['src']\n", ["src"]),
    ],
)
def test_setting(tmp_path: Path, file: str, text: str, value: str | list[str]) -> None:
    """However it is written; other sections, and files that can't be read, set nothing."""
    (tmp_path / file).write_text(text)
    assert setting(tmp_path, "pythonpath") == value


def test_builders_are_found_where_pytest_finds_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the folders of ``pythonpath``, from a folder inside of the project too."""
    inside = tmp_path / "inside"
    for folder in (inside, tmp_path / "src"):
        folder.mkdir()
    (tmp_path / "src/only_under_src.py").touch()
    monkeypatch.chdir(inside)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")  # what it is now is put back
    with pytest.raises(BuilderError, match="there is no module 'only_under_src'"):
        table_of("only_under_src:build")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath =\n  lib\n  src\n")
    with pytest.raises(BuilderError, match="module 'only_under_src' has no attribute 'build'"):
        table_of("only_under_src:build")
