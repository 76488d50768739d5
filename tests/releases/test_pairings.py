"""What goes with which release of Keras."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from pytest_layersnap.releases import BACKENDS, OLDEST
from pytest_layersnap.releases.pairings import NEWEST, PAIRINGS, PYTHONS, is_known, pairing

SUPPORTED = [Version(OLDEST), *(Version(f"3.{minor}.0") for minor in range(4, NEWEST.minor + 1))]


@pytest.mark.parametrize("backend", BACKENDS)
def test_every_known_release_has_exactly_one(backend: str) -> None:
    """For each backend, with Pythons to run it under."""
    for release in SUPPORTED:
        (one,) = (each for each in PAIRINGS if each.backend == backend and release in each.releases)
        assert pairing(release, backend) is one
        assert is_known(release)
        assert one.pythons
        assert set(one.pythons) <= set(PYTHONS)
        assert one.source
        assert all(map(Requirement, one.requirements))


def test_keras_2_has_tensorflow_alone() -> None:
    """Whatever Keras 3 is to run on."""
    one = pairing(Version("2.15.0"), BACKENDS[0])
    assert one is not None
    assert one.backend == "tensorflow"


def test_newer_than_known() -> None:
    """A release that nobody has tried yet gets the newest of its backend."""
    newer = Version(f"3.{NEWEST.minor + 1}.0")
    one = pairing(newer, BACKENDS[0])
    assert one is not None
    assert one.requirements == (BACKENDS[0],)
    assert not is_known(newer)


def test_unknown() -> None:
    """A release between Keras 2.15 and those that are known has none."""
    assert pairing(Version("2.14.0"), BACKENDS[0]) is None
