"""Reading behavior leaves models as they were; ``benchmarks/behavior_state.py`` looks at the whole zoo."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks import behavior_state
from pytest_layersnap import layer_table

# Keras itself converts in a way that a newer numpy warns of, and draws seeds in one that Python warns of.
pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation"),
    pytest.mark.filterwarnings("ignore:non-integer arguments to randrange"),
    pytest.mark.once_a_generation,
]


@pytest.mark.parametrize("fails", [False, True], ids=["evaluated", "failing"])
@pytest.mark.parametrize(
    "name", ["stateful", "augmentation", "normalization_adapted", "mixed_precision", "custom_block"]
)
def test_all_is_as_before(keras: ModuleType, name: str, fails: bool) -> None:
    """Weights, seeds, slots, metrics and tables, bit for bit, also where evaluating fails."""
    assert not behavior_state.changed(keras, name, fails=fails)


def test_training_goes_on_as_without(keras: ModuleType) -> None:
    """The same losses, to the last bit."""
    without = behavior_state.losses(keras, lambda model: None)
    read = behavior_state.losses(keras, lambda model: layer_table(model, behavior=True))
    assert read == without
