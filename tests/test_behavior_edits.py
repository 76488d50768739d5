"""A sample of the edits inside of people's layers: each that shows is told on its row."""

from __future__ import annotations

from types import ModuleType

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
    wrong = [(case.program, case.place, case.mutant.what) for case in shown if not case.is_right]
    assert not wrong


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
    source = PROGRAMS[program].source
    assert before in source
    case = judged(keras, program, place, Mutant("", "", source.replace(before, after)))
    assert case.distance > FAR
    assert case.told == {"mine" if place == "alone" else "outer"}
