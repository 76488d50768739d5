"""What checks found, and what follows from it for the files: plain data, without pytest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any, Literal

from pytest_layersnap.filenames import fold
from pytest_layersnap.table import BEHAVIOR

Finding = Literal["same", "missing", "drifted", "broken"]
Outcome = Literal["passed", "failed", "skipped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check found.

    Args:
        test: the id of the test.
        snapshot: the path of the snapshot, relative to the folder of all snapshots.
        name: the name that the check gave; ``None`` if the test's name made the path.
        number: how many unnamed checks the test had made before.
        finding: what the check found; ``broken`` is a snapshot that can't be read.
        digest: stands for the architecture that was received, without what it computes; empty where it
            is the recorded one and the run records nothing.
        summary: what would be recorded, in one line.
        table: the CSV that was received; empty where it is the recorded one, as far as the check
            compares, and nothing is exported, nor recorded of it alone.
        outcome: the outcome of the test, once it is known.
        only: the categories or columns that were compared; ``None`` for all.
        ignore: those that were left out.
        accept: the command that records the snapshots of the test.
    """

    test: str
    snapshot: str
    name: str | None
    number: int
    finding: Finding
    digest: str
    summary: str = ""
    table: str = ""
    outcome: str = ""
    only: Sequence[str] | None = None
    ignore: Sequence[str] | None = None
    accept: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it; ``Result(**data)`` makes it anew."""
        return {name: getattr(self, name) for name in _FIELDS}

    @property
    def claim(self) -> tuple[str, int] | str:
        """Who the snapshot belongs to: a name, or one check of one test."""
        return (self.test, self.number) if self.name is None else self.name

    @property
    def claimant(self) -> str:
        """The claim as messages spell it."""
        return self.test if self.name is None else f"{self.test} (name={self.name!r})"


_FIELDS = tuple(one.name for one in fields(Result))


def conflicts(
    results: Iterable[Result], *, deciding: Outcome | None = None
) -> Iterator[tuple[str, str]]:
    """The snapshots that can't be two things at once, each with the reason.

    That is: different names, or unnamed checks of different tests, meet in one file; or tests of
    the outcome that decides what is to be recorded received different tables under one name.
    """
    for sharing in _by_file(results):
        if reason := _meeting(sharing) or _disagreement(sharing, deciding):
            for snapshot in {result.snapshot for result in sharing}:
                yield snapshot, reason


def to_write(results: Iterable[Result]) -> dict[str, Result]:
    """By snapshot, the result to be recorded: of passed tests, and only what would change."""
    return _chosen(results, "passed")


def received(results: Iterable[Result]) -> dict[str, Result]:
    """By snapshot, what made a test fail, with the table that was received."""
    return _chosen(results, "failed")


def _chosen(results: Iterable[Result], outcome: Outcome) -> dict[str, Result]:
    """By snapshot, the result whose table counts, the same one in whatever order tests ran."""
    chosen = {}
    for sharing in _by_file(results):
        able = [result for result in sharing if result.outcome == outcome]
        found = _common(able) or next(iter(_different(able)), None)
        if found is not None:
            chosen[found.snapshot] = found
    return chosen


def _different(results: Iterable[Result]) -> list[Result]:
    """What is not as it was recorded, in an order of its own."""
    different = (result for result in results if result.finding != "same")
    return sorted(different, key=lambda result: (result.test, result.number, result.digest))


def _common(results: Sequence[Result]) -> Result | None:
    """The first result whose table all checks would take, if there is one."""
    return next(
        (one for one in _different(results) if all(_takes(other, one) for other in results)), None
    )


def _takes(check: Result, other: Result) -> bool:
    """Whether a check is content with the table that another one received."""
    if check is other:
        return True
    asks, tells = (_tells_behavior(result) for result in (check, other))
    if asks and not tells:
        return False
    if check.digest == other.digest and not asks:
        return True
    selects = check.only is not None or bool(check.ignore)
    if not check.table or not (selects or (asks and check.digest == other.digest)):
        return False
    # Not at the top: hardly a run needs it.
    from pytest_layersnap import csvfile
    from pytest_layersnap.drift import compare

    tables = (csvfile.load(result.table.encode()) for result in (other, check))
    return not compare(*tables, only=check.only, ignore=check.ignore)


def _tells_behavior(result: Result) -> bool:
    """Whether a check received what the layers compute."""
    return BEHAVIOR in result.table.partition("\n")[0].split(",")


def _by_file(results: Iterable[Result]) -> Iterator[list[Result]]:
    files: dict[str, list[Result]] = {}
    for result in results:
        files.setdefault(fold(result.snapshot), []).append(result)
    yield from files.values()


def _meeting(sharing: list[Result]) -> str:
    first = sharing[0]
    for other in sharing:
        if other.claim != first.claim:
            where = "" if other.snapshot == first.snapshot else " where file systems ignore case"
            return (
                f"{first.claimant} and {other.claimant} would share this file{where}; "
                "give one of the checks another name="
            )
    return ""


def _disagreement(sharing: list[Result], deciding: Outcome | None) -> str:
    able = [result for result in sharing if result.outcome == deciding]
    different = _different(able)
    if not different or _common(able) is not None:
        return ""
    others = [one for one in able if one is not different[0]]
    other = next((one for one in others if one.digest != different[0].digest), others[0])
    return (
        f"{different[0].claimant} and {other.claimant} record different tables; "
        "build the same model in both, or give one of the checks another name="
    )
