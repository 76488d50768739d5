"""Which snapshots no test uses any more: judged from what a run did, without pytest.

A snapshot is unused if every test that could use it is known and has run to its end without doing
so. Where that is not known, nothing is called unused, and the verdict says what is not known.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from pytest_layersnap.filenames import fold
from pytest_layersnap.snapshots.naming import owner

#: What became of a test. ``passed``: it ran to its end, and claimed or read a snapshot; ``idle``: it
#: did neither; ``unchecked``: nor did a test that asks for the fixture.
Fate = Literal["passed", "idle", "skipped", "unchecked", "deselected", "not run", "failed"]

#: From the one that says most to the one that says least: over several shards the first one holds.
FATES: tuple[Fate, ...] = (
    "passed",
    "failed",
    "unchecked",
    "idle",
    "skipped",
    "not run",
    "deselected",
)

_HIDES_ALL: Mapping[Fate, tuple[str, str]] = {
    "failed": ("test failed", "tests failed"),
    "not run": ("test did not run", "tests did not run"),
    "deselected": ("test was deselected", "tests were deselected"),
}
_HIDES_NAMED: Mapping[Fate, tuple[str, str]] = {
    "skipped": ("test was skipped", "tests were skipped"),
    "unchecked": ("test made no check", "tests made no check"),
}
_LISTED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a run knows about all that could use a snapshot, and about the files on disk.

    Args:
        tests: by the id of each test that may not have shown all it uses, the path of its first
            unnamed snapshot.
        fates: what became of each test, of whatever kind.
        files: the test files that were collected.
        uncollected: test files of the project that were not.
        skipped: the test files that skipped themselves, each with the folder of its snapshots.
        errors: what could not be collected.
        interrupted: why the run did not come to its end.
        used: the snapshots that were checked, or read by other means.
        stored: the snapshots on disk which the run did not use, each with whether a check named it.
        remembered: by snapshot, the tests that used it when they last used any.
        gone: those of them that do not exist any more.
        mentioned: by snapshot, files that may use it, of which nothing was collected.
        unseen: the snapshots that another process may have read unseen.
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
    remembered: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    mentioned: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    unseen: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The facts as JSON takes them."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Facts:
        """The facts out of JSON."""
        return cls(**{one.name: _frozen(data[one.name]) for one in fields(cls)})

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
    have used any snapshot with a name, and those that are called after it. One that ran without
    using any may still use what it used before. All others are judged.
    """
    unclaimed = facts.unclaimed
    if not unclaimed:
        return Verdict()
    if reason := proves_nothing(facts):
        return Verdict(unjudged=reason)
    named = _hides_named(facts)
    doubts = {path: doubt for path in unclaimed if (doubt := _doubt(path, facts, named))}
    unused = tuple(path for path in unclaimed if path not in doubts)
    return Verdict(unused, _listed(dict.fromkeys(doubts.values())))


def merged(shards: Iterable[Facts]) -> Facts:
    """What several runs know together that each ran a part of the tests."""
    all_facts = list(shards)
    fates: dict[str, Fate] = {}
    for facts in all_facts:
        for test, fate in facts.fates.items():
            fates[test] = min(fate, fates.get(test, fate), key=FATES.index)
    files = {path for facts in all_facts for path in facts.files}
    uncollected = {path for facts in all_facts for path in facts.uncollected}
    return Facts(
        tests={test: path for facts in all_facts for test, path in facts.tests.items()},
        fates=fates,
        files=tuple(sorted(files)),
        uncollected=tuple(sorted(uncollected - files)),
        skipped={path: folder for facts in all_facts for path, folder in facts.skipped.items()},
        errors=_union(facts.errors for facts in all_facts),
        interrupted=next((facts.interrupted for facts in all_facts if facts.interrupted), ""),
        used=_union(facts.used for facts in all_facts),
        stored={path: named for facts in all_facts for path, named in facts.stored.items()},
        remembered={
            path: _union(facts.remembered.get(path, ()) for facts in all_facts)
            for path in _union(facts.remembered for facts in all_facts)
        },
        gone=_union(facts.gone for facts in all_facts),
        mentioned=dict(_mentioned_by_all(all_facts)),
        unseen=_union(facts.unseen for facts in all_facts),
    )


def _mentioned_by_all(shards: Sequence[Facts]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By snapshot, the files of which no shard has collected anything."""
    for path in _union(facts.mentioned for facts in shards):
        told = [set(facts.mentioned.get(path, ())) for facts in shards if path in facts.stored]
        if common := set.intersection(*told):
            yield path, tuple(sorted(common))


def _union(parts: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(sorted({one for part in parts for one in part}))


def _frozen(value: Any) -> Any:
    """Lists out of JSON as tuples, also in mappings."""
    if isinstance(value, list):
        return tuple(value)
    return {key: _frozen(one) for key, one in value.items()} if isinstance(value, dict) else value


def _listed(reasons: Iterable[str]) -> str:
    all_reasons = list(reasons)
    more = [f"and {len(all_reasons) - _LISTED} more"] if len(all_reasons) > _LISTED else []
    return "; ".join([*all_reasons[:_LISTED], *more])


def _doubt(path: str, facts: Facts, named: str) -> str:
    """Why a snapshot may be in use, though nothing in the run has used it."""
    if named and _may_be_used(path, facts):
        return named
    for user in facts.remembered.get(path, ()):
        fate = facts.fates.get(user)
        if fate in ("idle", "unchecked"):
            return f"{user}, which used {path} in an earlier run, used none"
        if fate != "passed" and user not in facts.gone:
            return f"{user}, which used {path} in an earlier run, did not run"
    if files := facts.mentioned.get(path):
        return f"{path} may be used by {files[0]}, which was not collected in full"
    if path in facts.unseen:
        return "tests started other processes, whose reads are not seen here"
    return ""


def proves_nothing(facts: Facts) -> str:
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
