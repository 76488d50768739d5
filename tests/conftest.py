"""What all tests share: the Keras of this environment, and models built once a session."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from pytest_layersnap import weightless

from . import models
from .zoo import NOT_BUILT, ONLY_KERAS3, ZOO

pytest_plugins = ["pytester"]

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# No test looks at the clock: a busy machine finds no other faults than an idle one.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for no Keras; begin with what would keep one worker busy at the end."""
    for item in items:
        if "keras" not in getattr(item, "fixturenames", ()):
            item.add_marker("keras_free")
    items.sort(key=lambda item: item.get_closest_marker("longest") is None)


@pytest.fixture(scope="session")
def keras() -> ModuleType:
    """Keras 3 or 2.15, or tf_keras where ``TF_USE_LEGACY_KERAS`` asks for it."""
    return import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")


@pytest.fixture(autouse=bool(os.environ.get("WEIGHTLESS_FIRST")))
def weightless_first(request: pytest.FixtureRequest) -> None:
    """With ``WEIGHTLESS_FIRST=1``: build without weights before every test that needs Keras."""
    if "keras" in request.fixturenames:
        keras = request.getfixturevalue("keras")
        with weightless():
            keras.Sequential([keras.Input((8,)), keras.layers.Dense(32)])


@pytest.fixture(scope="session")
def own_model(keras: ModuleType) -> Callable[[str], Any]:
    """One of the users' models by its name, built once; tests must not change it."""
    built: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in built:
            built[name] = models.build(keras, name)
        return built[name]

    return get


@pytest.fixture(scope="session")
def zoo_model(keras: ModuleType) -> Callable[[str], Any]:
    """A model of the zoo by its name, built once; tests must not change it."""
    built: dict[str, Any] = {}
    release = "tf_keras" if keras.__name__ == "tf_keras" else keras.__version__.rpartition(".")[0]
    backend = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"

    def build(name: str) -> Any:
        if name in ONLY_KERAS3 and not hasattr(keras, "ops"):
            pytest.skip(ONLY_KERAS3[name])
        for where in (release, backend):
            if (where, name) in NOT_BUILT:
                pytest.skip(NOT_BUILT[where, name])
        if name not in built:
            built[name] = ZOO[name](keras)
        return built[name]

    return build
