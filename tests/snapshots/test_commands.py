"""Commands as people type them."""

from __future__ import annotations

import shlex

import pytest

from pytest_layersnap.snapshots.commands import selecting


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("tests", "tests"),
        (
            "-x -vv --color=yes --tb short tests/test_a.py::test_x[a-1]",
            "tests/test_a.py::test_x[a-1]",
        ),
        (
            "-xvs -rA -n2 --dist loadfile --maxfail=2 -k 'a and not b' tests",
            "-k 'a and not b' tests",
        ),
        (
            "-m layersnap --deselect a.py::b --ignore=c -q",
            "-m layersnap --deselect a.py::b --ignore=c",
        ),
        (
            "-c other.ini --rootdir x -o layersnap_dir=y --lf",
            "-c other.ini --rootdir x -o layersnap_dir=y --lf",
        ),
        ("-p no:cacheprovider -p ours --junitxml out.xml", "-p ours"),
        ("--layersnap-report report --run-slow --size 3 a b", "--run-slow --size 3 a b"),
        ("-kvgg16 --strict-markers -v", "-kvgg16 --strict-markers"),
        ("--pyargs pkg.tests -W error --durations=3", "--pyargs pkg.tests"),
        ("", ""),
    ],
)
def test_what_selects_tests_is_kept(given: str, kept: str) -> None:
    """In its order; what says how the run is made and told is left out."""
    assert selecting(shlex.split(given)) == shlex.split(kept)


def test_short_options_in_one() -> None:
    """Where Python does not part them (before 3.13), the whole call is kept."""
    assert selecting(["-vk", "resnet50", "tests"]) in (
        ["-vk", "resnet50", "tests"],
        ["-k", "resnet50", "tests"],
    )
