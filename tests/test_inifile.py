"""What pytest's settings say, read without pytest."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_layersnap.builders import BuilderError, table_of
from pytest_layersnap.inifile import setting


@pytest.mark.parametrize(
    ("file", "text", "parts"),
    [
        ("pytest.ini", "[pytest]\npythonpath = src lib\n", ["src", "lib"]),
        (
            "pytest.ini",
            "[pytest]\npythonpath =\n  src  # ours\n  lib\naddopts = -q\n",
            ["src", "lib"],
        ),
        ("tox.ini", "[pytest]\nnot_pythonpath = a\n# pythonpath = b\n", []),
        ("setup.cfg", "[tool:pytest]\npythonpath=src\naddopts = -q", ["src"]),
        (
            "pyproject.toml",
            '[tool.pytest.ini_options]\npythonpath = "src"\naddopts = "-q"\n',
            ["src"],
        ),
        (
            "pyproject.toml",
            "[tool.pytest]\npythonpath = [\n  'my src',\n  '.',\n]\n",
            ["my src", "."],
        ),
    ],
)
def test_setting(tmp_path: Path, file: str, text: str, parts: list[str]) -> None:
    """However it is written."""
    (tmp_path / file).write_text(text)
    assert setting(tmp_path, "pythonpath") == parts


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
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = src\n")
    with pytest.raises(BuilderError, match="module 'only_under_src' has no attribute 'build'"):
        table_of("only_under_src:build")
