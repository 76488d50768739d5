"""What the checks of a test found, until its last report takes it along."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.results import Result


class Record:
    """What the checks of one run of one test found; its last report takes it along."""

    __slots__ = ("_outcomes", "results")

    def __init__(self) -> None:
        """Begin with nothing found."""
        self.results: list[Result] = []
        self._outcomes: dict[str, str] = {}

    def report(self, report: pytest.TestReport) -> None:
        """Take note of a phase's outcome; put the results on the report of the last phase."""
        # A subtest that failed is followed by the report of the test, which may have passed.
        if self._outcomes.get(report.when) != "failed":
            self._outcomes[report.when] = report.outcome
        if report.when == "teardown":
            outcome = self._outcome()
            vars(report)["layersnap"] = [
                {**result.to_dict(), "outcome": outcome} for result in self.results
            ]

    def _outcome(self) -> str:
        outcomes = self._outcomes.values()
        return next((worst for worst in ("failed", "skipped") if worst in outcomes), "passed")


#: Where a test keeps it.
RECORD: Final[pytest.StashKey[Record]] = pytest.StashKey()
