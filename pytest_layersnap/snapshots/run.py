"""What a run did and found, as plain data: terminal, reports and ``merge`` all say it from here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from pytest_layersnap.snapshots.results import Result, received, to_write
from pytest_layersnap.snapshots.unused import Facts, Verdict

_LISTED = 3


@dataclass(frozen=True, kw_only=True)  # no slots: cached_property needs the instance's dict
class Run:
    """One run, or several shards of one.

    Args:
        folder: the folder of all snapshots, as messages name it.
        update: whether it recorded.
        unused: what to do about snapshots that no test uses: ``warn``, ``error``, or ``ignore``.
        results: what its checks found.
        facts: what it knows about the tests and the snapshots on disk.
        verdict: which snapshots no test uses.
        created: the snapshots that were created, each in one line.
        updated: those that were updated.
        ignored: those of the created ones that git ignores.
        deleted: those that were deleted.
        kept: the folder to which these were moved, as messages name it.
        exported: the files that the tables were exported to.
        reported: the page that its report begins with.
        errors: by snapshot, why it can't be recorded or deleted.
        interrupted: whether it was cut off while it wrote.
        circumstances: when, of which commit, and where it ran, for a report.
    """

    folder: str
    update: bool
    unused: str
    results: tuple[Result, ...] = ()
    facts: Facts = field(default_factory=Facts)
    verdict: Verdict = field(default_factory=Verdict)
    created: Mapping[str, str] = field(default_factory=dict)
    updated: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    kept: str = ""
    exported: tuple[str, ...] = ()
    reported: str = ""
    errors: Mapping[str, str] = field(default_factory=dict)
    interrupted: bool = False
    circumstances: str = ""

    @cached_property
    def received(self) -> dict[str, Result]:
        """By snapshot, what made a test fail that records nothing."""
        return {} if self.update else received(self.results)

    @property
    def left(self) -> tuple[str, ...]:
        """The unused snapshots that are still there."""
        if self.unused == "ignore":
            return ()
        deleted = set(self.deleted)
        return tuple(path for path in self.verdict.unused if path not in deleted)

    @property
    def fails(self) -> bool:
        """Whether the run has failed, though its tests may all have passed."""
        return bool(self.errors) or (self.unused == "error" and bool(self.left))

    @property
    def unrecorded(self) -> set[str]:
        """What would have been recorded, had its test passed."""
        wanted = {result.snapshot for result in self.results if result.finding != "same"}
        return wanted.difference(to_write(self.results)) if self.update else set()

    @property
    def unwritten(self) -> set[str]:
        """What passed tests recorded, and an interruption kept from being written."""
        if not self.interrupted:
            return set()
        return set(to_write(self.results)).difference(self.created, self.updated, self.errors)

    def shown(self, snapshot: str) -> str:
        """A snapshot as messages name it."""
        return f"{self.folder}/{snapshot}"

    def listed(self, snapshots: Iterable[str]) -> str:
        """The first few of some snapshots, and how many more there are."""
        paths = [self.shown(path) for path in sorted(snapshots)]
        more = f" and {len(paths) - _LISTED} more" if len(paths) > _LISTED else ""
        return ", ".join(paths[:_LISTED]) + more

    def counts(self) -> dict[str, int]:
        """How many snapshots were created, updated, deleted, drifted, …; without the zeros."""
        counts = Counter[str](result.finding for result in self.received.values())
        done = {"created": self.created, "updated": self.updated, "deleted": self.deleted}
        counts.update({kind: len(paths) for kind, paths in done.items()}, unused=len(self.left))
        return {kind: number for kind, number in sorted(counts.items()) if number}
