"""Models of other people's packages: no traceback, no false alarm, nothing lost."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table

from .builders import NAMES, builders

pytestmark = pytest.mark.filterwarnings("ignore")

_ROOT = Path(__file__).resolve().parents[2]
_BACKENDS = tuple(name for name in ("tensorflow", "jax", "torch") if find_spec(name))


@pytest.fixture(params=NAMES)
def built(request: pytest.FixtureRequest, keras: ModuleType) -> tuple[str, Callable[[], Any]]:
    """A model's name, and what builds it."""
    name = request.param
    known = builders(keras)
    if name not in known:
        pytest.skip("of the other generation of Keras")
    package, build = known[name]
    if find_spec(package) is None:
        pytest.skip(f"{package} is not installed")
    return name, lambda: build(keras)


def model_of(build: Callable[[], Any]) -> Any:
    """The model, where its package works with this backend."""
    try:
        return build()
    except ImportError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session", params=_BACKENDS)
def elsewhere(
    request: pytest.FixtureRequest, keras: ModuleType, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The tables that another process writes, with other hashes and another order of building."""
    backend = request.param
    if not hasattr(keras, "ops") and backend != "tensorflow":
        pytest.skip("Keras 2 has one backend")
    folder = tmp_path_factory.mktemp(backend)
    known = {**os.environ, "PYTHONHASHSEED": "7", "KERAS_BACKEND": backend}
    subprocess.run(
        [sys.executable, "-m", "tests.others", str(folder)], env=known, cwd=_ROOT, check=True
    )
    return folder


def test_table(built: tuple[str, Callable[[], Any]], tmp_path: Path) -> None:
    """It adds up, and is the same for a second build, without weights, read again and from a file."""
    _, build = built
    model = model_of(build)
    table = layer_table(model)
    assert table.parameters == model.count_params()
    assert not compare(table, layer_table(model))
    assert not compare(table, layer_table(model_of(build)))
    assert not compare(table, layer_table(build))
    table.to_csv(tmp_path / "table.csv")
    assert LayerTable.read_csv(tmp_path / "table.csv") == table


def test_in_another_process(built: tuple[str, Callable[[], Any]], elsewhere: Path) -> None:
    """It is the same there, also on another backend where its package works with that."""
    name, build = built
    file = elsewhere / f"{name}.csv"
    if not file.exists():
        pytest.skip("the package does not work with that backend")
    drift = compare(LayerTable.read_csv(file), layer_table(model_of(build), name=name))
    assert not drift, drift.to_text(accept=None)
