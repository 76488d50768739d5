"""What the benchmarks show at length, held for short tables in every run."""

from __future__ import annotations

import math

import pytest

from benchmarks.compare.methods import METHODS
from benchmarks.compare.page import page, plot
from benchmarks.compare.tables import CASES, network
from benchmarks.compare.work import calls
from pytest_layersnap import compare

pytestmark = (
    pytest.mark.lifecycle
)  # needs no Keras, and a process that JAX has not made unfit to fork

ROWS = 300


@pytest.mark.parametrize("case", CASES)
def test_never_more_work_than_deepdiff_and_never_more_to_read(case: str) -> None:
    """Report included; against rows in a list, rows by name, and the lines of the files."""
    recorded = network(ROWS)
    current = CASES[case](recorded)
    assert calls("layersnap", recorded, current) < calls("DeepDiff", recorded, current)
    items = METHODS["layersnap"](recorded, current)
    for peer in ("DeepDiff", "DeepDiff by name", "difflib CSV"):
        assert items <= METHODS[peer](recorded, current)
    assert (items == 0) == (case in ("identical", "renumbered"))


def test_equal_tables_are_less_work_than_reading_the_file() -> None:
    """Which a check has to do in any case."""
    recorded = network(2_000)
    current = CASES["identical"](recorded)
    assert not compare(recorded, current)
    assert calls("layersnap", recorded, current) < calls("(read and render)", recorded, current)


@pytest.mark.parametrize("case", CASES)
def test_work_grows_no_faster_than_n_log_n(case: str) -> None:
    """The benchmark shows the same up to 50,000 rows."""
    few, many = 500, 2_500
    work = {}
    for rows in (few, many):
        recorded = network(rows)
        work[rows] = calls("layersnap", recorded, CASES[case](recorded))
    assert work[many] / work[few] <= many * math.log(many) / (few * math.log(few))


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
    work = {("one cell", 10): 100, ("one cell", 20): 250}
    text = page(figures, ["one cell"], methods, sizes, 5, work)
    assert "| DeepDiff | > 5 s | > 5 s |" in text
    assert "- one cell: 1.0-fold, 2.5-fold" in text
    assert plot(figures, ["one cell"], methods, sizes).startswith("<svg")
