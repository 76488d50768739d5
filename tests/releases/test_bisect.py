"""Where a verdict changes in a range."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from packaging.version import Version

from pytest_layersnap.releases.bisect import bisect

#: Three patches of each of some minor releases.
RANGE = [Version(f"3.{minor}.{patch}") for minor in range(3, 19) for patch in range(3)]


def found(verdicts: Sequence[str]) -> dict[int, str]:
    """What is tried of releases with these verdicts."""
    place = {release: number for number, release in enumerate(RANGE)}
    tried: list[Version] = []

    def judge(releases: Sequence[Version]) -> dict[Version, tuple[int, str]]:
        tried.extend(releases)
        return {release: (place[release], verdicts[place[release]]) for release in releases}

    told = bisect(RANGE[: len(verdicts)], judge, lambda one, other: one[1] == other[1])
    assert len(tried) == len(set(tried)) == len(told), "each at most once"
    return dict(told)


@given(st.text(alphabet="hdf", min_size=1, max_size=24))
def test_changes_are_told_exactly(verdicts: str) -> None:
    """Wherever what was tried differs, it differs between two neighbours, and both ends were tried."""
    told = found(verdicts)
    assert list(told) == sorted(told)
    assert {0, len(verdicts) - 1} <= set(told)
    for left, right in pairwise(told):
        assert told[left] == told[right] or right == left + 1


@given(st.integers(1, len(RANGE) - 1))
def test_one_change_takes_few_tries(first: int) -> None:
    """A change that stays is found by halving."""
    told = found(["holds"] * first + ["drifts"] * (len(RANGE) - first))
    assert {first - 1: "holds", first: "drifts"}.items() <= told.items()
    assert len(told) <= 8


def test_what_comes_and_goes() -> None:
    """A change in one minor release between two ends that say the same: where it begins and ends."""
    verdicts = ["drifts" if release.minor == 11 else "holds" for release in RANGE]
    told = found(verdicts)
    drifting = [RANGE[place] for place, verdict in told.items() if verdict == "drifts"]
    assert {drifting[0], drifting[-1]} == {Version("3.11.0"), Version("3.11.2")}
    assert len(told) <= 16 + 4
