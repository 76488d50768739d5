"""Snapshot files: read, and written whole or not at all."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_layersnap import csvfile
from pytest_layersnap.snapshots.store import BrokenSnapshot, Store, StoreError
from pytest_layersnap.table import COLUMNS, Layer, LayerTable

TABLE = LayerTable(
    (
        Layer(model="m", layer_name="inputs", layer_type="InputLayer"),
        Layer(model="m", layer_name="head", layer_type="Dense", parameters=15),
    ),
    recorded_with="Keras 3",
)
OTHER = replace(TABLE, layers=TABLE.layers[:1])
HEADER = ",".join(COLUMNS)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store whose folder does not exist yet."""
    return Store(tmp_path / "snapshots", shown="snapshots")


def put(store: Store, snapshot: str, data: bytes) -> Path:
    """Put a file into the folder of the store."""
    path = store.root / snapshot
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def files(store: Store) -> list[str]:
    """All files of the store, temporary ones too."""
    return sorted(
        path.relative_to(store.root).as_posix() for path in store.root.rglob("*") if path.is_file()
    )


def test_read_what_is_not_there(store: Store) -> None:
    """A snapshot that was never recorded is none, whether or not its folder is there."""
    assert store.read("a/b.csv") is None
    store.write("a/c.csv", TABLE)
    assert store.read("a/b.csv") is None


def test_write_and_read(store: Store) -> None:
    """What was written is read back, and nothing else is left in the folder."""
    assert store.write("a/b/c.csv", TABLE)
    assert store.read("a/b/c.csv") == TABLE
    assert files(store) == ["a/b/c.csv"]


def test_write_replaces_another_table(store: Store) -> None:
    """A table that differs takes the place of the recorded one."""
    store.write("a.csv", OTHER)
    assert store.write("a.csv", TABLE)
    assert store.read("a.csv") == TABLE


def test_an_equal_table_leaves_the_file_alone(store: Store) -> None:
    """Neither who records nor the line endings of a checkout are a reason to write."""
    data = csvfile.dump(TABLE).replace(b"\n", b"\r\n")
    path = put(store, "a.csv", data)
    before = path.stat()
    assert not store.write("a.csv", replace(TABLE, recorded_with="Keras 2"))
    assert path.read_bytes() == data
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


@pytest.mark.parametrize(
    "data",
    [
        b"name,value\nx,1\n",
        b"model,layer_name,layer_type,input_shape,output_shape,parameters\nm,a,b,c,d,1\n",
        b"\x89PNG\r\n",
        b"\xff\xfem\x00o\x00",
        HEADER.replace(",", ";").encode(),
        b"\nname\n",
    ],
)
def test_a_file_that_is_not_ours_is_left_alone(store: Store, data: bytes) -> None:
    """Neither read nor overwritten: other tools and people keep tables here too."""
    path = put(store, "a.csv", data)
    with pytest.raises(StoreError, match=r"snapshots/a\.csv: not a snapshot of layersnap"):
        store.read("a.csv")
    with pytest.raises(StoreError, match="left alone"):
        store.write("a.csv", TABLE)
    assert path.read_bytes() == data


DUMP = csvfile.dump(TABLE)


@pytest.mark.parametrize(
    "data",
    [
        b"<<<<<<< HEAD\n" + DUMP + b"=======\n" + DUMP + b">>>>>>> branch\n",
        DUMP.replace(b"\nm,head", b"\n<<<<<<< HEAD\nm,head") + b">>>>>>> branch\n",
        DUMP[:-20],
        DUMP[:100],
        DUMP[:10],
        b"",
        b"\xef\xbb\xbf",
        DUMP + b"\xff",
    ],
)
def test_a_broken_snapshot(store: Store, data: bytes) -> None:
    """A damaged file of ours is named when it is read, and mended when it is recorded."""
    put(store, "a.csv", data)
    with pytest.raises(BrokenSnapshot, match=r"snapshots/a\.csv"):
        store.read("a.csv")
    assert store.write("a.csv", TABLE)
    assert store.read("a.csv") == TABLE


@given(st.integers(0, len(DUMP)))
@example(len(DUMP) - 1)
def test_a_snapshot_cut_anywhere_is_ours(
    tmp_path_factory: pytest.TempPathFactory, end: int
) -> None:
    """However little a killed process of another tool has left, it can be recorded anew."""
    store = Store(tmp_path_factory.mktemp("cut"), shown="snapshots")
    put(store, "a.csv", DUMP[:end])
    store.write("a.csv", TABLE)
    assert store.read("a.csv") == TABLE


def test_a_folder_in_the_way(store: Store) -> None:
    """A folder with the name of a snapshot is named, and stays."""
    (store.root / "a.csv").mkdir(parents=True)
    for use in (store.read, lambda snapshot: store.write(snapshot, TABLE)):
        with pytest.raises(StoreError, match="a folder is in the way"):
            use("a.csv")
    assert (store.root / "a.csv").is_dir()


def test_a_file_where_a_folder_is_needed(store: Store) -> None:
    """A file with the name of a snapshot's folder is named, and stays."""
    path = put(store, "a", b"notes")
    for use in (store.read, lambda snapshot: store.write(snapshot, TABLE)):
        with pytest.raises(StoreError, match="a is a file, where this snapshot needs a folder"):
            use("a/b/c.csv")
    assert path.read_bytes() == b"notes"


def test_links_out_of_the_folder(store: Store, tmp_path: Path) -> None:
    """Neither a folder nor a file that is a link leads out of the folder of snapshots."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "b.csv").write_bytes(csvfile.dump(OTHER))
    store.root.mkdir()
    (store.root / "a").symlink_to(outside, target_is_directory=True)
    (store.root / "c.csv").symlink_to(outside / "b.csv")
    for snapshot in ("a/b.csv", "a/new/d.csv", "c.csv"):
        with pytest.raises(StoreError, match="a symbolic link leads out of snapshots"):
            store.read(snapshot)
        with pytest.raises(StoreError, match="a symbolic link leads out of snapshots"):
            store.write(snapshot, TABLE)
    assert (outside / "b.csv").read_bytes() == csvfile.dump(OTHER)
    assert [path.name for path in outside.iterdir()] == ["b.csv"]


def test_links_within_the_folder(store: Store) -> None:
    """A link to another snapshot stays a link; what it leads to is written."""
    store.write("a.csv", OTHER)
    (store.root / "b.csv").symlink_to("a.csv")
    assert store.write("b.csv", TABLE)
    assert (store.root / "b.csv").is_symlink()
    assert store.read("a.csv") == TABLE


def test_a_linked_root(tmp_path: Path) -> None:
    """The folder itself may be a link; whoever made the settings has checked where it leads."""
    (tmp_path / "kept").mkdir()
    (tmp_path / "snapshots").symlink_to("kept", target_is_directory=True)
    store = Store(tmp_path / "snapshots", shown="snapshots")
    store.write("a/b.csv", TABLE)
    assert (tmp_path / "kept/a/b.csv").is_file()


@pytest.mark.parametrize("snapshot", ["models/Resnet.csv", "Models/resnet.csv"])
def test_names_that_differ_by_case_alone(store: Store, snapshot: str) -> None:
    """On any system, a name is refused which is another file's name on Windows and macOS."""
    store.write("models/resnet.csv", TABLE)
    with pytest.raises(StoreError, match="differs by case alone"):
        store.write(snapshot, OTHER)
    assert files(store) == ["models/resnet.csv"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_leaves_the_old_file(
    store: Store, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """A full disk or an interrupt leaves what was recorded, and no temporary file."""
    store.write("a.csv", OTHER)

    def fail(*args: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(KeyboardInterrupt):
        store.write("a.csv", TABLE)
    assert files(store) == ["a.csv"]
    assert store.read("a.csv") == OTHER


@pytest.mark.skipif(sys.platform == "win32", reason="modes are POSIX")
def test_modes(store: Store) -> None:
    """A new file gets the mode that the umask gives, a replaced one keeps its own."""
    store.write("a.csv", OTHER)
    path = store.root / "a.csv"
    plain = put(store, "plain", b"")
    assert stat.S_IMODE(path.stat().st_mode) == stat.S_IMODE(plain.stat().st_mode)
    path.chmod(0o640)
    store.write("a.csv", TABLE)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
