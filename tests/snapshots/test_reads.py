"""Files that a test opens, by whatever means, and what access times tell of other processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_layersnap.snapshots import reads

#: Opens four of five snapshots, each in another way, and what can't be opened, all for "one".
_OPENS = """\
import os, sys
from pathlib import Path
from pytest_layersnap.snapshots.reads import Reads

folder = Path(sys.argv[1])
file = os.open(folder / "number.csv", os.O_RDONLY)
seen = Reads(folder, 0.0)
seen.user = "one"
open(os.fsencode(folder / "bytes.csv")).close()
inside = os.open(folder, os.O_RDONLY)
os.close(os.open("beside.csv", os.O_RDONLY, dir_fd=inside))
(folder / "link.csv").read_text()
open(file).close()
for path in ("missing.csv", "a\\0b"):
    try:
        open(path)
    except (OSError, ValueError):
        pass
seen.stop()
open(folder / "unread.csv").close()
print(sorted(seen.by_user()["one"]))
"""

#: When a run began, in seconds.
_BEGAN = time.time() - 1_000


def _written(folder: Path, *names: str, read: float, changed: float) -> None:
    for name in names:
        (folder / name).write_text("model\n", encoding="utf-8")
        os.utime(folder / name, (read, changed))


def test_every_way_to_open_a_file(tmp_path: Path) -> None:
    """By a path as bytes, below a folder, over a link, as a number; not what is opened after the end."""
    for name in ("bytes", "beside", "number", "unread", "real"):
        (tmp_path / f"{name}.csv").touch()
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    run = [sys.executable, "-c", _OPENS, str(tmp_path)]
    done = subprocess.run(run, capture_output=True, text=True, check=True)
    assert done.stdout == "['beside.csv', 'bytes.csv', 'link.csv', 'number.csv', 'real.csv']\n"


def test_what_another_process_reads(tmp_path: Path) -> None:
    """Files that were read before the run are prepared, so that their access times tell."""
    _written(tmp_path, "a.csv", "b.csv", read=_BEGAN - 50, changed=_BEGAN - 100)
    reads.prepare(tmp_path, _BEGAN)
    assert reads.accessed(tmp_path, _BEGAN) == (set(), set())
    subprocess.run(["cat", tmp_path / "a.csv"], check=True, capture_output=True)
    assert reads.accessed(tmp_path, _BEGAN) == ({"a.csv"}, set())


def test_files_of_others_stay_in_doubt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their times can't be set, so nobody knows whether they were read."""

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError

    _written(tmp_path, "a.csv", read=_BEGAN - 50, changed=_BEGAN - 100)
    with monkeypatch.context() as patch:
        patch.setattr(os, "utime", refuse)
        reads.prepare(tmp_path, _BEGAN)
    assert reads.accessed(tmp_path, _BEGAN) == (set(), {"a.csv"})


def _without_a_trace(path: str, mode: str) -> Any:
    return open(path, mode, opener=lambda name, flags: os.open(name, flags | os.O_NOATIME))


def _refused(path: str, mode: str) -> Any:
    raise PermissionError


@pytest.mark.skipif(not hasattr(os, "O_NOATIME"), reason="is of Linux")
@pytest.mark.parametrize("opened", [_without_a_trace, _refused])
def test_where_no_access_times_are_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, opened: Any
) -> None:
    """Then nothing is known of any file, and the one that was tried keeps its times."""
    _written(tmp_path, "a.csv", read=_BEGAN - 100, changed=_BEGAN - 50)
    _written(tmp_path, "b.csv", read=_BEGAN + 50, changed=_BEGAN - 50)
    monkeypatch.setattr(reads, "open", opened, raising=False)
    assert reads.accessed(tmp_path, _BEGAN) == (set(), {"a.csv", "b.csv"})
    assert (tmp_path / "a.csv").stat().st_atime == pytest.approx(_BEGAN - 100)
