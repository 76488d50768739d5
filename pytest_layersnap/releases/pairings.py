"""Which backend, and which Pythons, go with a release of Keras: data, each line with its source."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.version import Version

#: The newest minor release of Keras that the pairings were tried with.
NEWEST: Final = Version("3.15")
#: The Pythons that this package runs under, oldest first.
PYTHONS: Final = ("3.10", "3.11", "3.12", "3.13")


@dataclass(frozen=True, slots=True)
class Pairing:
    """What some releases of Keras are run with.

    Args:
        releases: those releases.
        backend: the backend, as Keras calls it.
        requirements: what is installed for it, as pip takes it.
        pythons: the Pythons that all of them run under, oldest first.
        source: what says that they go together.
    """

    releases: SpecifierSet
    backend: str
    requirements: tuple[str, ...]
    pythons: tuple[str, ...]
    source: str


def _tensorflow(release: str) -> tuple[str, ...]:
    # The CPU build is a tenth of the size; there is none for macOS.
    return (
        f'tensorflow-cpu=={release}; sys_platform != "darwin"',
        f'tensorflow=={release}; sys_platform == "darwin"',
    )


#: TensorFlow says itself which Keras it takes; one JAX and one PyTorch serve all the releases listed.
PAIRINGS: Final = tuple(
    Pairing(SpecifierSet(releases), backend, requirements, tuple(pythons.split()), source)
    for releases, backend, requirements, pythons, source in (
        (
            "==2.15.*",
            "tensorflow",
            _tensorflow("2.15.1"),
            "3.10 3.11",
            "tensorflow 2.15.1: keras>=2.15.0,<2.16",
        ),
        (
            ">=3.0,<3.5",
            "tensorflow",
            _tensorflow("2.16.2"),
            "3.10 3.11 3.12",
            "tensorflow 2.16.2: keras>=3.0.0",
        ),
        (
            ">=3.5,<3.10",
            "tensorflow",
            _tensorflow("2.18.1"),
            "3.10 3.11 3.12",
            "tensorflow 2.18.1: keras>=3.5.0",
        ),
        (
            ">=3.10,<3.12",
            "tensorflow",
            _tensorflow("2.20.0"),
            "3.10 3.11 3.12 3.13",
            "tensorflow 2.20.0: keras>=3.10.0",
        ),
        (
            ">=3.12,<3.13",
            "tensorflow",
            _tensorflow("2.21.0"),
            "3.10 3.11 3.12 3.13",
            "tensorflow 2.21.0: keras>=3.12.0",
        ),
        (
            ">=3.13,<3.16",
            "tensorflow",
            _tensorflow("2.21.0"),
            "3.11 3.12 3.13",
            "tensorflow 2.21.0: keras>=3.12.0",
        ),
        (
            ">=3.1,<3.13",
            "jax",
            ("jax>=0.4.34,<0.11",),
            "3.10 3.11 3.12 3.13",
            "tried with jax 0.10.2",
        ),
        (">=3.13,<3.16", "jax", ("jax>=0.4.34,<0.11",), "3.11 3.12 3.13", "tried with jax 0.10.2"),
        (
            ">=3.1,<3.13",
            "torch",
            ("torch>=2.1,<2.14",),
            "3.10 3.11 3.12 3.13",
            "tried with torch 2.13.0",
        ),
        (
            ">=3.13,<3.16",
            "torch",
            ("torch>=2.1,<2.14",),
            "3.11 3.12 3.13",
            "tried with torch 2.13.0",
        ),
    )
)


def is_known(release: Version) -> bool:
    """Whether a release is not newer than those that the pairings were tried with."""
    return release.release[:2] <= NEWEST.release[:2]


def pairing(release: Version, backend: str) -> Pairing | None:
    """What a release is run with.

    Args:
        release: a release of Keras.
        backend: the backend, where there is a choice; Keras 2 has TensorFlow alone.

    Returns:
        The pairing; for a release that is newer than the known ones the newest backend; None for one
        that no pairing is known for.
    """
    if release.major < 3:
        backend = "tensorflow"
    if not is_known(release):
        return Pairing(
            SpecifierSet(f">{NEWEST}"),
            backend,
            (backend,),
            PYTHONS[1:],
            "newer than all known pairings",
        )
    return next(
        (each for each in PAIRINGS if each.backend == backend and release in each.releases), None
    )
