"""What the corpora of operations take for other numbers."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.ops_corpus import differ

_SOLVED = np.array([1.7, 1e-9, 0.2], "float32")


@pytest.mark.parametrize(
    ("other", "is_other"),
    [
        (_SOLVED + np.float32(5e-7), False),  # PyTorch's lstsq, called twice
        (_SOLVED + np.float32(1e-4), True),
        (_SOLVED.astype("float64"), True),
        (_SOLVED[:2], True),
    ],
)
def test_numbers_differ_by_more_than_rounding(other: object, is_other: bool) -> None:
    """Solvers round in proportion to the largest number."""
    assert differ([_SOLVED], [other]) is is_other


def test_integers_are_exact() -> None:
    """Nothing rounds them."""
    assert differ([np.array([2_000_000_000, 1])], [np.array([2_000_000_000, 2])])
    assert not differ([np.array([np.inf, np.nan])], [np.array([np.inf, np.nan])])
