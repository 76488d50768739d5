"""What ``import pytest_layersnap`` gives."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

import pytest_layersnap


@pytest.mark.parametrize("name", ["compare", "export", "flow"])
def test_functions_with_the_names_of_packages(name: str) -> None:
    """They are still functions when the packages have been imported."""
    import_module(f"pytest_layersnap.{name}")
    assert inspect.isfunction(getattr(pytest_layersnap, name))


@pytest.mark.parametrize("name", pytest_layersnap.__all__)
def test_names(name: str) -> None:
    """Each is there, and says what it is for."""
    assert getattr(pytest_layersnap, name).__doc__
