"""What the benchmarks show at length, held for short tables in every run."""

from __future__ import annotations

from timeit import repeat

import pytest

from benchmarks.compare.methods import (
    Method,
    deepdiff,
    deepdiff_by_name,
    difflib_csv,
    layersnap,
    read_and_render,
)
from benchmarks.compare.page import page, plot
from benchmarks.compare.tables import CASES, network
from pytest_layersnap import LayerTable, compare

ROWS = 300


def seconds(method: Method, recorded: LayerTable, current: LayerTable) -> float:
    """The best of several."""
    return min(repeat(lambda: method(recorded, current), number=1, repeat=5))


@pytest.mark.parametrize("case", CASES)
def test_never_slower_than_deepdiff_and_never_more_to_read(case: str) -> None:
    """Report included; against rows in a list, rows by name, and the lines of the files."""
    recorded = network(ROWS)
    current = CASES[case](recorded)
    assert seconds(layersnap, recorded, current) < seconds(deepdiff, recorded, current)
    items = layersnap(recorded, current)
    for peer in (deepdiff, deepdiff_by_name, difflib_csv):
        assert items <= peer(recorded, current)
    assert (items == 0) == (case in ("identical", "renumbered"))


def test_equal_tables_cost_less_than_reading_the_file() -> None:
    """Which a check has to do in any case."""
    recorded = network(2_000)
    current = CASES["identical"](recorded)
    assert not compare(recorded, current)
    assert seconds(layersnap, recorded, current) < seconds(read_and_render, recorded, current)


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")  # from Python 3.12 on, for threads
def test_a_page_is_made_of_the_figures() -> None:
    """One that was cut off is said so."""
    pytest.importorskip("resource")  # not on Windows
    from benchmarks.compare.measure import measure

    recorded = network(20)
    done = measure("layersnap", recorded, CASES["one cell"](recorded), limit=10)
    assert done.items == 1
    assert done.seconds is not None
    cut = measure("DeepDiff ignore_order", network(3_000), CASES["10 %"](network(3_000)), limit=0)
    assert cut.seconds is None
    methods, sizes = ["layersnap", "DeepDiff"], [10, 20]
    figures = {
        ("one cell", m, n): done if m == "layersnap" else cut for m in methods for n in sizes
    }
    text = page(figures, ["one cell"], methods, sizes, limit=5)
    assert "| DeepDiff | > 5 s | > 5 s |" in text
    assert "- one cell: 1.0-fold" in text
    assert plot(figures, ["one cell"], methods, sizes).startswith("<svg")
