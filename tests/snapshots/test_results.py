"""What follows from the results of all checks for the files."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_layersnap.snapshots.results import Result, conflicts, to_write


def result(**fields: Any) -> Result:
    """A result of a passed test that would create a snapshot."""
    defaults: dict[str, Any] = {
        "test": "test_a.py::test_x",
        "snapshot": "test_a/test_x.csv",
        "name": None,
        "number": 0,
        "finding": "missing",
        "digest": "d1",
        "table": "csv",
        "outcome": "passed",
    }
    return Result(**defaults | fields)


def named(test: str, **fields: Any) -> Result:
    """A result of a check with ``name="m"``."""
    return result(test=test, snapshot="m.csv", name="m", **fields)


def test_results_are_plain_json() -> None:
    """A result survives the way from the process that ran the test."""
    assert Result(**json.loads(json.dumps(result().to_dict()))) == result()


@pytest.mark.parametrize(
    "results",
    [
        [],
        [result(), result(snapshot="test_a/test_x@1.csv", number=1, digest="d2")],
        [named("a"), named("b")],
        [named("a"), named("b", digest="d2", outcome="failed")],
        [named("a", finding="same"), named("b", finding="same", digest="d2")],
        [result(), result()],
    ],
    ids=["none", "two-checks", "same-table", "failed-test", "nothing-to-write", "rerun"],
)
def test_no_conflict(results: list[Result]) -> None:
    """Files of their own, and one name with one table, are as they should be."""
    assert not list(conflicts(results, deciding="passed"))


def test_names_that_meet() -> None:
    """Two tests whose names differ by case alone are both named, whatever became of them."""
    a = result(test="t[A]", snapshot="t-A.csv", outcome="failed")
    b = result(test="t[a]", snapshot="t-a.csv")
    reasons = dict(conflicts([a, b]))
    assert sorted(reasons) == ["t-A.csv", "t-a.csv"]
    assert all("t[A] and t[a] would share" in reason for reason in reasons.values())
    assert "ignore case" in reasons["t-A.csv"]


def test_a_name_that_meets_a_derived_one() -> None:
    """A name that is the path of another test's snapshot is refused, even with the same table."""
    other = result(test="other", name="test_a/test_x")
    ((_, reason),) = conflicts([result(), other])
    assert "test_a.py::test_x and other (name='test_a/test_x') would share" in reason


def test_one_name_with_two_tables() -> None:
    """Two passed tests that would record different tables under one name are both named."""
    ((snapshot, reason),) = conflicts([named("a"), named("b", digest="d2")], deciding="passed")
    assert snapshot == "m.csv"
    assert "a (name='m') and b (name='m') record different tables" in reason


def test_one_name_with_a_table_that_would_no_longer_hold() -> None:
    """A test that agrees with the recorded table would fail after another one replaced it."""
    assert list(conflicts([named("a", finding="same"), named("b", digest="d2")], deciding="passed"))


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({}, True),
        ({"outcome": "failed"}, False),
        ({"outcome": "skipped"}, False),
        ({"finding": "same"}, False),
    ],
)
def test_what_is_written(fields: dict[str, Any], written: bool) -> None:
    """Only what a passed test wants to record."""
    assert bool(to_write([result(**fields)])) is written
