"""A sample of the truth bench: no real change is missed, and nothing else is reported."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks.truth.bench import Bench
from benchmarks.truth.models import LARGE, MODELS
from benchmarks.truth.mutations import MUTATIONS
from benchmarks.truth.nonchanges import NON_CHANGES, TWO_WAYS

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def bench(keras: ModuleType) -> Bench:
    """All models but those that take seconds to build, and one of them."""
    return Bench(keras, [name for name in MODELS if name not in LARGE or name == "mobilenetv2"])


def test_changes(bench: Bench) -> None:
    """Each kind of change, at a random place, is reported on its layers, under its categories."""
    verdicts = list(bench.mutations(100, seed=1))
    assert len(verdicts) == 100
    wrong = [
        f"{each.name} ({each.model}, {each.place}): {each.said}"
        for each in verdicts
        if not each.is_right
    ]
    assert not wrong, "\n".join(wrong)


def test_non_changes(bench: Bench) -> None:
    """Other ways to come by the same network change nothing."""
    alarms = [*bench.non_changes(2), *bench.elsewhere()]
    assert len({each.name for each in alarms}) == len(NON_CHANGES) + len(TWO_WAYS) + 1
    wrong = [f"{each.name} ({each.model}): {each.said}" for each in alarms if each.said]
    assert not wrong, "\n".join(wrong)


def test_catalogues() -> None:
    """As many as the bench promises."""
    assert len(MUTATIONS) >= 60
    assert len(NON_CHANGES) >= 15
    assert len(MODELS) >= 25
