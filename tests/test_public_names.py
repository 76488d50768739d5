"""What ``import pytest_layersnap`` gives."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

import pytest_layersnap


@pytest.mark.parametrize("name", pytest_layersnap.__all__)
def test_no_module_has_its_name(name: str) -> None:
    """A module of the same name would take its place when it is imported."""
    assert find_spec(f"pytest_layersnap.{name}") is None


@pytest.mark.parametrize("name", pytest_layersnap.__all__)
def test_names(name: str) -> None:
    """Each is there, and says what it is for."""
    assert getattr(pytest_layersnap, name).__doc__
    assert name in dir(pytest_layersnap)


def test_an_unknown_name() -> None:
    """It is missing as from any module."""
    with pytest.raises(
        ImportError, match="cannot import name 'LayerTabel' from 'pytest_layersnap'"
    ):
        exec("from pytest_layersnap import LayerTabel")


def test_errors_have_one_base() -> None:
    """Whatever a check raises on purpose can be caught at once, and is called by its public name."""
    errors = [
        error
        for name in pytest_layersnap.__all__
        if isinstance(error := getattr(pytest_layersnap, name), type)
        and issubclass(error, Exception)
        and not issubclass(error, Warning)
    ]
    assert len(errors) > 8
    assert all(issubclass(error, pytest_layersnap.LayersnapError) for error in errors)
    assert all(error.__module__ == "pytest_layersnap" for error in errors)
