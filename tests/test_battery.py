"""A sample of the random battery: settings, names, dtypes and weights of people, changed and unchanged."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from types import ModuleType

import pytest

from benchmarks.battery import DRAWS
from benchmarks.battery.cases import Case
from benchmarks.battery.judge import judge


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("draw", dict.fromkeys(DRAWS), ids=lambda draw: draw.__name__)
def test_sample(keras: ModuleType, draw: Callable[[Random], Case]) -> None:
    """Changes are seen, on the right row and under the right category; nothing else is."""
    for seed in range(10 if draw is DRAWS[0] else 3):
        case = draw(Random(seed))
        verdict = judge(keras, case)
        assert not verdict or verdict.startswith("not built"), (case.kind, verdict)


@pytest.mark.filterwarnings("ignore")
def test_the_judge_judges(keras: ModuleType) -> None:
    """It sees a miss and an alarm."""
    case = DRAWS[0](Random(0))
    changed = Case(case.kind, case.one, case.other, differs=not case.differs)
    assert judge(keras, changed).startswith(("miss", "alarm"))
