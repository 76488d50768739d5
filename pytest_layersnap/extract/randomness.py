"""The random generators that belong to nobody: the states of Python's, NumPy's and the backends'."""

from __future__ import annotations

import random
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any


def random_states() -> tuple[Any, ...]:
    """The states of the random generators that belong to nobody."""
    import numpy as np

    numbers: Any = np.random.get_state()
    found = [random.getstate(), (numbers[1].tobytes(), *numbers[2:])]
    if (torch := sys.modules.get("torch")) is not None:
        found.append(torch.random.get_rng_state().numpy().tobytes())
    return (*found, *(generator.getstate() for generator in _of_tensorflow()))


@contextmanager
def random_states_as_before() -> Iterator[None]:
    """Put back the states of the random generators that belong to nobody."""
    import numpy as np

    with ExitStack() as undo:
        undo.callback(random.setstate, random.getstate())
        undo.callback(np.random.set_state, np.random.get_state())
        if (torch := sys.modules.get("torch")) is not None:
            undo.callback(torch.random.set_rng_state, torch.random.get_rng_state())
        for generator in _of_tensorflow():
            undo.callback(generator.setstate, generator.getstate())
        yield


def _of_tensorflow() -> list[random.Random]:
    """What a seeded TensorFlow, and Keras 2, take seeds from; nothing where there is no seed."""
    context = sys.modules.get("tensorflow.python.eager.context")
    found = [None if context is None else getattr(context.context(), "_rng", None)]
    for package in ("keras", "tf_keras"):
        backend = sys.modules.get(f"{package}.src.backend")
        found.append(getattr(getattr(backend, "_SEED_GENERATOR", None), "generator", None))
    return [generator for generator in found if generator is not None]
