"""Python's garbage collector, while models are built and read."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: So many objects are made before it looks for garbage among them (else 700, or 2,000). A network has some
#: hundred objects a layer: it is garbage before it counts as old, and what is old is seldom gone through.
_UNCOLLECTED = 100_000


@contextmanager
def collected_less_often() -> Iterator[None]:
    """The collector goes through what is made less often; not at all only where it was off before."""
    before = gc.get_threshold()
    meanwhile = (max(before[0], _UNCOLLECTED) if before[0] else 0, *before[1:])
    gc.set_threshold(*meanwhile)
    try:
        yield
    finally:
        if gc.get_threshold() == meanwhile:
            gc.set_threshold(*before)
