"""Which snapshots no test uses any more: judged from what a run did, without pytest.

A snapshot is unused if every test that could use it is known and has run to its end without doing
so. Where that is not known, nothing is called unused, and the verdict says what is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from pytest_layersnap.snapshots.naming import fold, owner

#: What became of a test that uses the fixture. ``unchecked``: it passed, and made no check.
Fate = Literal["passed", "skipped", "unchecked", "deselected", "not run", "failed"]

#: From the one that says most to the one that says least: over several shards the first one holds.
_FATES: tuple[Fate, ...] = ("passed", "failed", "unchecked", "skipped", "not run", "deselected")

_HIDES_ALL: Mapping[Fate, tuple[str, str]] = {
    "failed": ("test failed", "tests failed"),
    "not run": ("test did not run", "tests did not run"),
    "deselected": ("test was deselected", "tests were deselected"),
}
_HIDES_NAMED: Mapping[Fate, tuple[str, str]] = {
    "skipped": ("test was skipped", "tests were skipped"),
    "unchecked": ("test made no check", "tests made no check"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run knows about the tests that use the fixture, and about the files on disk.

    Args:
        tests: by the id of each test that uses the fixture, the path of its first unnamed snapshot.
        fates: what became of each of them.
        files: the test files that were collected.
        uncollected: test files of the project that were not.
        skipped: the test files that skipped themselves, each with the folder of its snapshots.
        errors: what could not be collected.
        interrupted: why the run did not come to its end.
        used: the snapshots that were checked, or read by other means.
        stored: the snapshots on disk which the run did not use, each with whether a check named it.
    """

    tests: Mapping[str, str] = field(default_factory=dict)
    fates: Mapping[str, Fate] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    uncollected: tuple[str, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)
    errors: tuple[str, ...] = ()
    interrupted: str = ""
    used: tuple[str, ...] = ()
    stored: Mapping[str, bool] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """The facts as JSON takes them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Facts:
        """The facts out of JSON."""
        values: dict[str, Any] = {
            one.name: tuple(value) if isinstance(value := data[one.name], list) else value
            for one in fields(cls)
        }
        return cls(**values)

    @property
    def unclaimed(self) -> tuple[str, ...]:
        """The snapshots on disk which nothing in the run has used."""
        used = set(map(fold, self.used))
        return tuple(path for path in sorted(self.stored) if fold(path) not in used)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The snapshots that no test uses; and why others were not judged, if so."""

    unused: tuple[str, ...] = ()
    unjudged: str = ""


def judge(facts: Facts) -> Verdict:
    """Which snapshots are unused, as far as a run can tell.

    A run that left out tests, or whose tests failed, tells nothing. A test that was skipped could
    have used any snapshot with a name, and those that are called after it; all others are judged.
    """
    unclaimed = facts.unclaimed
    if not unclaimed:
        return Verdict()
    if reason := _hides_all(facts):
        return Verdict(unjudged=reason)
    reason = _hides_named(facts)
    doubtful = {path for path in unclaimed if reason and _may_be_used(path, facts)}
    unused = tuple(path for path in unclaimed if path not in doubtful)
    return Verdict(unused, reason if doubtful else "")


def merged(shards: Iterable[Facts]) -> Facts:
    """What several runs know together that each ran a part of the tests."""
    all_facts = list(shards)
    fates: dict[str, Fate] = {}
    for facts in all_facts:
        for test, fate in facts.fates.items():
            fates[test] = min(fate, fates.get(test, fate), key=_FATES.index)
    files = {path for facts in all_facts for path in facts.files}
    uncollected = {path for facts in all_facts for path in facts.uncollected}
    return Facts(
        tests={test: path for facts in all_facts for test, path in facts.tests.items()},
        fates=fates,
        files=tuple(sorted(files)),
        uncollected=tuple(sorted(uncollected - files)),
        skipped={path: folder for facts in all_facts for path, folder in facts.skipped.items()},
        errors=tuple(sorted({error for facts in all_facts for error in facts.errors})),
        interrupted=next((facts.interrupted for facts in all_facts if facts.interrupted), ""),
        used=tuple(sorted({path for facts in all_facts for path in facts.used})),
        stored={path: named for facts in all_facts for path, named in facts.stored.items()},
    )


def _hides_all(facts: Facts) -> str:
    """Why the run tells nothing about what it did not use."""
    if facts.interrupted:
        return facts.interrupted
    if facts.errors:
        more = f" and {len(facts.errors) - 1} more" if len(facts.errors) > 1 else ""
        return f"{facts.errors[0]}{more} could not be collected"
    if not facts.files:
        return "no test file was collected"
    if reason := _counted(facts.fates, _HIDES_ALL):
        return reason
    if facts.uncollected:
        more = f" and {len(facts.uncollected) - 1} more" if len(facts.uncollected) > 1 else ""
        verb = "were" if more else "was"
        return f"{facts.uncollected[0]}{more} {verb} not collected"
    return ""


def _hides_named(facts: Facts) -> str:
    """Why the run does not tell who uses the snapshots with a name."""
    if facts.skipped:
        more = f" and {len(facts.skipped) - 1} more" if len(facts.skipped) > 1 else ""
        return f"{min(facts.skipped)}{more} skipped itself"
    return _counted(facts.fates, _HIDES_NAMED)


def _counted(fates: Mapping[str, Fate], wordings: Mapping[Fate, tuple[str, str]]) -> str:
    counts = Counter(fates.values())
    return ", ".join(
        f"{counts[fate]} {one if counts[fate] == 1 else many}"
        for fate, (one, many) in wordings.items()
        if counts[fate]
    )


def _may_be_used(path: str, facts: Facts) -> bool:
    """Whether a test that ran without checking all could use a snapshot."""
    if facts.stored[path]:
        return True
    folded = fold(path)
    if any(folded.startswith(f"{fold(folder)}/") for folder in facts.skipped.values()):
        return True
    first = fold(owner(path))
    return any(
        fold(own) == first and facts.fates.get(test) in _HIDES_NAMED
        for test, own in facts.tests.items()
    )
