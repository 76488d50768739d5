"""What tools say when they fail, as one sentence."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from pytest_layersnap.releases.cache import Cache
from pytest_layersnap.releases.processes import Processes, Stopped
from pytest_layersnap.releases.tools import (
    FullDisk,
    Pip,
    ToolError,
    failure,
    noticing_full_disks,
    settings,
)

#: As pip 23 and uv 0.13 said it, with what stands around it cut away.
SAID = {
    "pip: disk": (
        "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
        "the disk is full",
    ),
    "ensurepip: disk": (
        '  File "/usr/lib/python3.11/ensurepip/__init__.py", line 164, in _bootstrap\n'
        "OSError: [Errno 28] No space left on device\n",
        "the disk is full",
    ),
    "uv: disk": (
        "error: Failed to install: keras-3.9.0-py3-none-any.whl (keras==3.9.0)\n"
        "  cause: failed to copy file to /cache/RECORD: No space left on device (os error 28)\n",
        "the disk is full",
    ),
    "pip: index": (
        "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("
        "'<HTTPConnection>: Failed to establish a new connection: [Errno 111] Connection refused')'\n"
        "ERROR: No matching distribution found for keras==3.9.0\n",
        "the package index can't be reached; PIP_INDEX_URL or PIP_FIND_LINKS name another one",
    ),
    "uv: index": (
        "error: Request failed after 3 retries in 6.5s\n  cause: Failed to fetch: keras/\n",
        "the package index can't be reached; PIP_INDEX_URL or PIP_FIND_LINKS name another one",
    ),
    "pip: conflict": (
        "INFO: pip is looking at multiple versions\n"
        "ERROR: Cannot install jax<0.11,>=0.4.34 and jax==0.4.0 because these package versions have "
        "conflicting dependencies.\n\nThe conflict is caused by:\n"
        "    The user requested jax<0.11,>=0.4.34\n"
        "    The user requested jax==0.4.0\n\nTo fix this you could try to:\n1. loosen the range\n\n"
        "ERROR: ResolutionImpossible: for help visit a page\n",
        "the requirements conflict: The user requested jax<0.11,>=0.4.34; The user requested jax==0.4.0",
    ),
    "uv: conflict": (
        "error: No solution found when resolving dependencies\n"
        "  cause: Because you require jax<0.11 and jax==0.12, they are unsatisfiable.\n",
        "the requirements can't be met: "
        "Because you require jax<0.11 and jax==0.12, they are unsatisfiable.",
    ),
    "pip: unknown": (
        "ERROR: Could not find a version that satisfies the requirement kears (from versions: none)\n"
        "ERROR: No matching distribution found for kears\n",
        "No matching distribution found for kears",
    ),
    "silence": ("", "it said nothing"),
}


@pytest.mark.parametrize("case", SAID)
def test_said(case: str) -> None:
    """Of all that a tool writes, why."""
    text, why = SAID[case]
    error = failure(text)
    assert str(error) == why
    assert isinstance(error, FullDisk) == ("disk" in case)


def test_no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing answers, and nothing lies in a folder either, the message says what to set."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with pytest.raises(ToolError, match=r"index .*reached.* PIP_INDEX_URL or PIP_FIND_LINKS"):
        Pip(Processes(), Cache(tmp_path)).releases("3.11")


def test_files_that_cannot_be_written() -> None:
    """A full disk is told apart from all else that goes wrong with files."""
    for number in (errno.ENOSPC, errno.EDQUOT):
        with pytest.raises(FullDisk, match="the disk is full"), noticing_full_disks():
            raise OSError(number, "no room")
    with pytest.raises(PermissionError), noticing_full_disks():
        raise PermissionError(errno.EACCES, "no right")


def test_settings_are_shared(tmp_path: Path) -> None:
    """Either tool obeys the settings of the other, and its own first."""
    given = settings(
        {"PIP_INDEX_URL": "a", "PIP_FIND_LINKS": "b c", "UV_INDEX": "d", "PYTHONPATH": "e"},
        tmp_path,
    )
    assert given["UV_DEFAULT_INDEX"] == "a"
    assert given["UV_FIND_LINKS"] == "b,c"
    assert given["PIP_EXTRA_INDEX_URL"] == "d"
    assert "PYTHONPATH" not in given
    assert given["TMPDIR"] == str(tmp_path)
    own = {"PIP_INDEX_URL": "a", "UV_DEFAULT_INDEX": "b"}
    assert settings(own, tmp_path)["UV_DEFAULT_INDEX"] == "b"


def test_nothing_starts_after_stop() -> None:
    """Once stopped, no thread can start another program."""
    processes = Processes()
    processes.stop()
    with pytest.raises(Stopped):
        processes.run(["true"], {})
