"""Snapshots are deleted once they are kept, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_layersnap.snapshots.deletion import Trash, delete
from pytest_layersnap.snapshots.store import Store
from pytest_layersnap.table import Layer, LayerTable

TABLE = LayerTable((Layer(model="m", layer_name="head", layer_type="Dense"),))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with two snapshots."""
    store = Store(tmp_path / "snapshots", shown="snapshots")
    store.write("a.csv", TABLE)
    store.write("b.csv", TABLE)
    return store


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trash:
    """Where there is no cache of pytest."""
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    return Trash(None)


def _later(store: Store) -> float:
    return store.modified("b.csv") + 60


def test_deleted_is_kept(store: Store, trash: Trash) -> None:
    """What is gone can be had back."""
    before = (store.root / "a.csv").read_bytes()
    assert [*delete(["a.csv"], store, trash, began=_later(store))] == [("a.csv", "")]
    assert not (store.root / "a.csv").exists()
    assert (trash.folder / "a.csv").read_bytes() == before


def test_written_since(store: Store, trash: Trash) -> None:
    """A run that began before knows nothing of it."""
    assert [*delete(["a.csv"], store, trash, began=store.modified("a.csv"))] == []
    assert (store.root / "a.csv").is_file()


def test_what_cannot_be_kept_stays(store: Store, trash: Trash) -> None:
    """A file in the way is said; the others are deleted."""
    (trash.folder / "a.csv").mkdir()
    found = dict(delete(["a.csv", "b.csv"], store, trash, began=_later(store)))
    assert found["a.csv"].startswith("snapshots/a.csv: not deleted: ")
    assert found["b.csv"] == ""
    assert (store.root / "a.csv").is_file()


def test_what_is_gone_already(store: Store, trash: Trash) -> None:
    """Someone else has deleted it."""
    (store.root / "a.csv").unlink()
    ((snapshot, why),) = delete(["a.csv"], store, trash, began=_later(store))
    assert (snapshot, why) == ("a.csv", "snapshots/a.csv: not deleted: No such file or directory")
