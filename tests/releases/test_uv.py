"""uv in place of venv and pip."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from pytest_layersnap.releases.cache import Cache
from pytest_layersnap.releases.processes import Processes
from pytest_layersnap.releases.tools import Tool, ToolError, Uv, interpreter, tool

PYTHON = "{}.{}".format(*sys.version_info)

pytestmark = pytest.mark.skipif(shutil.which("uv") is None, reason="needs uv")


@pytest.fixture
def uv(tmp_path: Path) -> Tool:
    """It is taken where it is there."""
    found = tool(Processes(), Cache(tmp_path / "cache"))
    assert isinstance(found, Uv)
    return found


@pytest.fixture
def wheel(tmp_path: Path) -> str:
    """A package with one module, which no index has."""
    path = tmp_path / "lone-1.0-py3-none-any.whl"
    with ZipFile(path, "w") as archive:
        archive.writestr("lone.py", "")
        archive.writestr(
            "lone-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: lone\nVersion: 1.0\n"
        )
        archive.writestr(
            "lone-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("lone-1.0.dist-info/RECORD", "")
    return str(path)


def test_pythons_that_are_there(uv: Tool) -> None:
    """The one that runs is, one that nobody has made is not."""
    assert uv.has(PYTHON)
    assert not uv.has("3.99")


def test_environment(uv: Tool, wheel: str, tmp_path: Path) -> None:
    """It has what it was made with; another Python may use what was put into a folder."""
    uv.create(tmp_path / "made", PYTHON, [wheel], tmp_path)
    subprocess.run([interpreter(tmp_path / "made"), "-c", "import lone"], check=True)
    uv.add(tmp_path / "added", wheel, tmp_path)
    assert (tmp_path / "added" / "lone.py").is_file()


def test_failures(uv: Tool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is one message."""
    with pytest.raises(ToolError, match=r"3\.99"):
        uv.create(tmp_path / "made", "3.99", ["lone"], tmp_path)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    with pytest.raises(ToolError, match="PIP_INDEX_URL or PIP_FIND_LINKS"):
        uv.releases(PYTHON)
