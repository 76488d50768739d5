"""How the arguments of a check and the markers combine."""

from __future__ import annotations

import pytest

from pytest_layersnap.scope import Scope, ScopeError


def test_a_single_string_is_one_name() -> None:
    """``only="shape"`` means what ``only={"shape"}`` means."""
    assert Scope.of(only="shape") == Scope.of(only=["shape"])


@pytest.mark.parametrize(
    ("farther", "nearer", "combined"),
    [
        (Scope.of(only="shape"), Scope(), Scope.of(only="shape")),
        (Scope.of(only="shape"), Scope.of(only="name"), Scope.of(only="name")),
        (Scope.of(ignore="shape"), Scope.of(ignore="name"), Scope.of(ignore="name")),
        (Scope.of(only="shape"), Scope.of(ignore="name"), Scope.of("shape", "name")),
        (Scope.of(ignore=["shape", "name"]), Scope.of(only="name"), Scope.of("name", "shape")),
        (Scope.of(ignore="name"), Scope.of(ignore=()), Scope.of(ignore=())),
    ],
)
def test_the_nearer_one_wins(farther: Scope, nearer: Scope, combined: Scope) -> None:
    """Each argument comes from the nearest that says it; what is asked for is never ignored."""
    assert farther.refined(nearer) == combined


@pytest.mark.parametrize("argument", ["only", "ignore"])
def test_unknown_names(argument: str) -> None:
    """A misspelt category would hide what it should show: an error, which says what is known."""
    with pytest.raises(ScopeError, match=r"'shapes'.*trainability.*kernel_size"):
        Scope.of(**{argument: {"shapes"}})  # type: ignore[arg-type]


def test_behavior_is_a_truth_value() -> None:
    """A tolerance, or the name of a mode, means nothing there."""
    with pytest.raises(ScopeError, match=r"^behavior=0\.5 must be True or False$"):
        Scope.of(behavior=0.5)  # type: ignore[arg-type]
