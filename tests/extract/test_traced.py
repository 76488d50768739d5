"""The calls inside layers of layers: the same table in every environment, and the model as it was."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from .inside_models import INSIDE, NOT_BUILT

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=INSIDE)
def inside(request: pytest.FixtureRequest, keras: ModuleType) -> str:
    """The name of a model that this Keras can build."""
    backend = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"
    if why := NOT_BUILT.get((backend, request.param)):
        pytest.skip(why)
    name: str = request.param
    return name


def test_snapshot(layersnap: Any, keras: ModuleType, inside: str) -> None:
    """The recorded table holds here, built with and without weights."""
    layersnap.check(INSIDE[inside](keras), name=f"inside/{inside}")
    layersnap.check(lambda: INSIDE[inside](keras), name=f"inside/{inside}")
