"""A random battery over what people make settings, names, dtypes and weights of."""

from collections.abc import Callable
from random import Random

from benchmarks.battery import settings, structures
from benchmarks.battery.cases import Case

#: What draws the cases; settings are most of what people write.
DRAWS: tuple[Callable[[Random], Case], ...] = (
    *[settings.draw_setting] * 6,
    settings.draw_called,
    structures.draw_dtype,
    structures.draw_frozen_weights,
    structures.draw_frozen_layers,
    structures.draw_tied,
    structures.draw_names,
    structures.draw_constant,
    structures.draw_weight,
)


def draw(seed: int) -> Case:
    """The case of a seed."""
    random = Random(seed)
    return random.choice(DRAWS)(random)
