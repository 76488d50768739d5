"""A sample of random graphs judged by their numbers: no change is missed, no alarm is false."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks.random_graphs import Step, build, differ, judge, outputs


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.filterwarnings("ignore")
def test_graph(keras: ModuleType, seed: int) -> None:
    """Tables differ where the numbers do, and are the same for a second build in another order."""
    assert judge(keras, seed).partition(":")[0] not in ("miss", "alarm")


@pytest.mark.filterwarnings("ignore")
def test_numbers_judge(keras: ModuleType) -> None:
    """The judge sees another constant, and nothing in a second build."""

    def made(constant: float) -> list[object]:
        steps = tuple(
            Step("add constant", (place,), {"constant": constant, "first": False})
            for place in (0, 1)
        )
        found = outputs(build(keras, steps))
        assert found is not None
        return found

    assert differ(made(1), made(2))
    assert not differ(made(1), made(1))
