"""What checks found, and what follows from it for the files: plain data, without pytest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pytest_layersnap.snapshots.naming import fold

Finding = Literal["same", "missing", "drifted", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What one check found.

    Args:
        test: the id of the test.
        snapshot: the path of the snapshot, relative to the folder of all snapshots.
        name: the name that the check gave; ``None`` if the test's name made the path.
        number: how many unnamed checks the test had made before.
        finding: what the check found; ``broken`` is a snapshot that can't be read.
        digest: stands for the architecture that was received; empty where nothing is recorded.
        summary: what would be recorded, in one line.
        table: the CSV that would be recorded; empty where nothing would.
        outcome: the outcome of the test, once it is known.
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

    def to_dict(self) -> dict[str, Any]:
        """The result as JSON takes it; ``Result(**data)`` makes it anew."""
        return asdict(self)

    @property
    def claim(self) -> tuple[str, int] | str:
        """Who the snapshot belongs to: a name, or one check of one test."""
        return (self.test, self.number) if self.name is None else self.name

    @property
    def claimant(self) -> str:
        """The claim as messages spell it."""
        return self.test if self.name is None else f"{self.test} (name={self.name!r})"


def conflicts(results: Iterable[Result]) -> Iterator[tuple[str, str]]:
    """The snapshots that can't be two things at once, each with the reason.

    That is: different names, or unnamed checks of different tests, meet in one file; or passed
    tests want to record different tables under one name.
    """
    for sharing in _by_file(results):
        if reason := _meeting(sharing) or _disagreement(sharing):
            for snapshot in {result.snapshot for result in sharing}:
                yield snapshot, reason


def to_write(results: Iterable[Result]) -> dict[str, Result]:
    """By snapshot, the result to be recorded: of passed tests, and only what would change."""
    return {
        result.snapshot: result for result in results if result.table and result.outcome == "passed"
    }


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


def _disagreement(sharing: list[Result]) -> str:
    passed = [result for result in sharing if result.outcome == "passed"]
    for other in passed:
        if other.digest != passed[0].digest and any(result.table for result in passed):
            return (
                f"{passed[0].claimant} and {other.claimant} record different tables; "
                "build the same model in both, or give one of the checks another name="
            )
    return ""
