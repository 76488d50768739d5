"""Which snapshots are unused, judged from facts alone."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_layersnap.snapshots.unused import Facts, Fate, Verdict, judge, merged

X, Y = "test_a.py::test_x", "test_b.py::test_y"


def facts(**changes: Any) -> Facts:
    """A whole run of two tests, of which one has left a second check; and two other snapshots."""
    whole = Facts(
        tests={X: "test_a/test_x.csv", Y: "test_b/test_y.csv"},
        fates={X: "passed", Y: "passed"},
        files=("test_a.py", "test_b.py"),
        used=("test_a/test_x.csv", "test_b/test_y.csv"),
        stored={"test_a/test_x@1.csv": False, "old/test_z.csv": False, "named.csv": True},
    )
    return replace(whole, **changes)


def test_a_whole_run() -> None:
    """Whatever nothing has used is unused."""
    assert judge(facts()) == Verdict(("named.csv", "old/test_z.csv", "test_a/test_x@1.csv"), "")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"interrupted": "the run was interrupted"}, "the run was interrupted"),
        ({"errors": ("a.py", "b.py")}, "a.py and 1 more could not be collected"),
        ({"files": ()}, "no test file was collected"),
        ({"uncollected": ("c.py",)}, "c.py was not collected"),
        ({"uncollected": ("c.py", "d.py")}, "c.py and 1 more were not collected"),
        ({"fates": {X: "failed", Y: "not run"}}, "1 test failed, 1 test did not run"),
        ({"fates": {X: "deselected", Y: "deselected"}}, "2 tests were deselected"),
    ],
)
def test_a_run_that_tells_nothing(changes: dict[str, Any], reason: str) -> None:
    """Where tests were left out or failed, no snapshot is called unused."""
    assert judge(facts(**changes)) == Verdict((), reason)


@pytest.mark.parametrize(
    ("changes", "unused", "reason"),
    [
        ({"fates": {X: "skipped", Y: "passed"}}, ["old/test_z.csv"], "1 test was skipped"),
        (
            {"fates": {X: "passed", Y: "unchecked"}},
            ["old/test_z.csv", "test_a/test_x@1.csv"],
            "1 test made no check",
        ),
        ({"skipped": {"test_a.py": "test_a"}}, ["old/test_z.csv"], "test_a.py skipped itself"),
    ],
)
def test_a_test_that_could_have_used_more(
    changes: dict[str, Any], unused: list[str], reason: str
) -> None:
    """What a skipped test may check by itself or by a name is not judged; all else is."""
    assert judge(facts(**changes)) == Verdict(tuple(unused), reason)


def test_nothing_to_judge() -> None:
    """Where all snapshots were used there is nothing to say about a selection."""
    assert judge(facts(stored={}, interrupted="the run was interrupted")) == Verdict()


def test_case_does_not_matter() -> None:
    """On Windows a snapshot may be listed in another case than it is checked in."""
    assert judge(facts(stored={"Test_A/test_x.csv": False})) == Verdict()


FATES: tuple[Fate, ...] = ("passed", "skipped", "unchecked", "deselected", "not run", "failed")


@given(st.data())
def test_shards_know_what_the_whole_run_knows(data: st.DataObject) -> None:
    """Split anywhere, the shards of a run come to the verdict of the run."""
    tests = {f"test_{n}.py::test_x": f"test_{n}/test_x.csv" for n in range(4)}
    fates = {
        test: data.draw(st.sampled_from([fate for fate in FATES if fate != "not run"]))
        for test in tests
    }
    files = tuple(f"test_{n}.py" for n in range(4))
    stored = dict.fromkeys([*tests.values(), "old/test_y.csv"], False) | {"named.csv": True}
    whole = Facts(
        tests=tests,
        fates=fates,
        files=files,
        used=tuple(sorted(tests[test] for test in tests if fates[test] == "passed")),
        stored=stored,
    )
    home = {test: data.draw(st.integers(0, 2)) for test in tests}
    shards = []
    for number in range(3):
        own = {test for test in tests if home[test] == number}
        used = [tests[test] for test in own if fates[test] == "passed"]
        collected = tuple(test.partition("::")[0] for test in sorted(own))
        shards.append(
            replace(
                whole,
                tests={test: tests[test] for test in own},
                fates={test: fates[test] for test in own},
                files=collected,
                uncollected=tuple(sorted(set(files) - set(collected))),
                used=tuple(used),
                stored={path: named for path, named in stored.items() if path not in used},
            )
        )
    assert judge(merged(shards)) == judge(whole)
    travelled = [Facts.from_dict(json.loads(json.dumps(shard.to_dict()))) for shard in shards]
    assert travelled == shards


def test_a_test_that_one_shard_ran_and_another_deselected() -> None:
    """Shards may also be made by deselecting."""
    one = facts(fates={X: "passed", Y: "deselected"}, used=("test_a/test_x.csv",))
    other = facts(fates={X: "deselected", Y: "passed"}, used=("test_b/test_y.csv",))
    assert judge(one).unjudged == "1 test was deselected"
    assert judge(merged([one, other])) == judge(facts())
