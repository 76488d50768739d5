"""A sample of the edits inside of people's layers: each that shows is told on its row."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest

from benchmarks.behavior_edits.judge import FAR, cases, judged
from benchmarks.behavior_edits.mutants import Mutant
from benchmarks.behavior_edits.programs import PROGRAMS

# Keras itself converts in a way that a newer numpy warns of.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation")


@pytest.mark.once_a_generation
def test_sample(keras: ModuleType) -> None:
    """Both models of each edit are evaluated, on ordinary data and with the same weights."""
    shown = [case for case in cases(keras, seed=3, limit=30) if case.distance > FAR]
    assert len(shown) > 20
    wrong = {(case.program, case.place) for case in shown if not case.is_right}
    # What layers inside do in training alone.
    assert wrong <= (set() if hands_training_on(keras) else {("modes", "in a layer")})


@pytest.mark.once_a_generation
@pytest.mark.parametrize(
    ("program", "place", "before", "after"),
    [
        ("normalization", "alone", "variance + EPSILON", "variance"),
        ("masked_mean", "alone", "inputs * kept", "inputs"),
        ("modes", "in a layer", "MOMENTUM * self", "MOMENTUM + self"),
        ("losses", "alone", "ops.sum(ops.square(code))", "ops.square(code)"),
        ("ids", "alone", "* known", "/ known"),
    ],
)
def test_what_hardly_shows(
    keras: ModuleType, program: str, place: str, before: str, after: str
) -> None:
    """An epsilon, what is masked, the training of layers inside, losses of no one number, infinities."""
    if place == "in a layer" and not hands_training_on(keras):
        pytest.skip("this Keras drops training where a call does not take it")
    source = PROGRAMS[program].source
    assert before in source
    case = judged(keras, program, place, Mutant("", "", source.replace(before, after)))
    assert case.distance > FAR
    assert case.told == {"mine" if place == "alone" else "outer"}


def hands_training_on(keras: ModuleType) -> bool:
    """Whether layers inside are told of training by a layer whose call does not take it."""
    told: list[Any] = []

    class Inner(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def call(self, inputs: Any, training: Any = None) -> Any:
            told.append(training)
            return inputs

    class Outer(keras.layers.Layer):  # type: ignore[name-defined,misc]
        def __init__(self) -> None:
            super().__init__()
            self.inner = Inner()

        def call(self, inputs: Any) -> Any:
            return self.inner(inputs)

    if hasattr(keras, "ops"):
        Outer()(keras.ops.ones((1, 2)), training=True)
    return told[-1:] != [None]
