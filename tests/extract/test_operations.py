"""The calls of operations in Keras' own tests are kept, and judged by their numbers."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import numpy as np
import pytest

from benchmarks import ops_corpus, ops_tests

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def calls(keras: ModuleType) -> ops_tests.Calls:
    """Three ways to call softmax, two of which do the same, and one to call something else."""
    if not hasattr(keras, "ops"):
        pytest.skip("Keras 2 has no such operations")
    found = ops_tests.Calls(keras)
    x = np.ones((2, 3), "float32")
    with found.kept():
        for axis in (0, 1, -1):
            keras.ops.softmax(x, axis=axis)
        keras.ops.where(x > 0, x, 0.0)
    return found


def counted(calls: ops_tests.Calls, name: str) -> Counter[str]:
    """What the judge says of the calls of an operation."""
    counts: Counter[str] = Counter()
    for models in ops_tests.groups(calls.keras, name, calls.found[name], counts):
        ops_corpus.judge(name, models, counts)
    return counts


def test_calls_of_tests_are_kept_and_judged(calls: ops_tests.Calls) -> None:
    """Each with all its tensors as inputs, and with the first alone."""
    assert sorted(calls.found) == ["softmax", "where"]
    assert counted(calls, "where") == {"models": 2}
    assert counted(calls, "softmax") == {"models": 3, "seen": 3}


def test_what_tables_miss_is_counted(
    calls: ops_tests.Calls, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where no drift is seen, the numbers decide."""
    monkeypatch.setattr(ops_corpus, "compare", lambda one, other: False)
    assert counted(calls, "softmax") == {"models": 3, "miss": 2, "equal numbers": 1}
    assert capsys.readouterr().out.count("miss softmax") == 2
