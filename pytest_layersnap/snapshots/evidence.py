"""The evidence on which unused snapshots are judged: what a run saw, and what earlier ones did."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from pytest_layersnap.snapshots import memory, naming, reads
from pytest_layersnap.snapshots.gathered import Found, Gathered
from pytest_layersnap.snapshots.memory import Cache, User
from pytest_layersnap.snapshots.results import Result
from pytest_layersnap.snapshots.store import Store
from pytest_layersnap.snapshots.tree import Project, Tree
from pytest_layersnap.snapshots.unused import Facts, Fate, proves_nothing

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.settings import Settings

#: Of several runs of one test, the one that says least decides.
_LEAST: tuple[Fate, ...] = (
    "failed",
    "not run",
    "deselected",
    "skipped",
    "passed",
    "unchecked",
    "idle",
)


class Evidence:
    """What is known at the end of a run about who uses which snapshot."""

    def __init__(
        self,
        settings: Settings,
        gathered: Gathered,
        results: Iterable[Result],
        *,
        project: Project,
        cache: Cache | None,
    ) -> None:
        """Put together what the processes of a run have told.

        Args:
            settings: the settings of the run.
            gathered: what they have told.
            results: what checks found.
            project: where pytest looks for tests.
            cache: pytest's, if there is one.
        """
        self._cache = cache
        self._settings = settings
        self._gathered = gathered
        self._tree = Tree(project, os.fspath(settings.directory))
        self._known = memory.recall(cache)
        collected = gathered.collected
        self._items = {nodeid: one for each in collected for nodeid, one in each["items"].items()}
        self._tests = {one["test"] for one in self._items.values()}
        self._options = project.options
        self._without_parameters = {_without_parameters(test) for test in self._tests}
        self._lacking = set(map(_without_parameters, filter(self._lacks_parameters, self._tests)))
        self._deselected = {nodeid for each in collected for nodeid in each["deselected"]}
        self._files = {file: kinds for each in collected for file, kinds in each["files"].items()}
        self._checked = {nodeid for (nodeid, _), found in gathered.found.items() if found}
        self._uses: dict[str, set[str]] = {}
        for result in results:
            self._uses.setdefault(result.test, set()).add(result.snapshot)
        for each in collected:
            for user, snapshots in each["read"].items():
                self._uses.setdefault(user, set()).update(snapshots)
        self._starters = {user for each in collected for user in each["starters"]}
        self._read, self._unseen = self._seen_by_others()
        # Any of these may have read, by another process, what nothing has read in ours.
        apart = self._read.difference(*self._uses.values())
        for user in self._starters if apart else ():
            self._uses.setdefault(user, set()).update(apart)
        self._fates = self._all_fates()

    def facts(self, store: Store) -> Facts:
        """What the run knows about the snapshots it did not use."""
        collected = self._gathered.collected
        files = set(self._files)
        facts = Facts(
            tests=self._own_snapshots(),
            fates=self._fates,
            files=tuple(sorted(files)),
            uncollected=tuple(sorted({path for one in collected for path in one["unasked"]})),
            skipped={path: own for one in collected for path, own in one["skipped"].items()},
            errors=tuple(sorted({path for one in collected for path in one["errors"]})),
            interrupted=self._interruption(),
            used=tuple(sorted(set().union(*self._uses.values()))),
        )
        settings = self._settings
        if settings.unused == "ignore" and settings.report is None:
            return facts
        facts = replace(facts, used=tuple(sorted({*facts.used, *self._read})))
        stored = dict(store.unclaimed(set(facts.used))) if settings.directory.is_dir() else {}
        facts = replace(facts, stored=stored)
        if not stored or (proves_nothing(facts) and settings.report is None):
            return facts
        remembered: dict[str, tuple[str, ...]] = {}
        for user, one in sorted(self._known.items()):
            for snapshot in stored.keys() & one.snapshots:
                remembered[snapshot] = (*remembered.get(snapshot, ()), user)
        return replace(
            facts,
            uncollected=tuple(sorted({*facts.uncollected, *self._tree.uncollected(files)})),
            remembered=remembered,
            gone=tuple(
                user for user in sorted(set().union(*remembered.values())) if self._is_gone(user)
            ),
            mentioned=self._mentioned(stored),
            unseen=tuple(sorted(self._unseen.intersection(stored))),
        )

    def remember(self, facts: Facts, *, deleted: Iterable[str]) -> None:
        """Keep for later runs what this one has seen."""
        kinds = {one["test"]: (one["file"], one["kind"]) for one in self._items.values()}
        kinds |= {file: (file, several[0]) for file, several in self._files.items() if several}
        seen: dict[str, User] = {}
        for user, snapshots in self._uses.items():
            if user in kinds:
                before = self._known[user].snapshots if user in self._known else ()
                whole = self._fates.get(user, "passed") == "passed"
                used = snapshots if whole else snapshots.union(before)
                seen[user] = User(*kinds[user], tuple(sorted(used)))
        judged = {} if proves_nothing(facts) else self._known
        gone = [
            user
            for user, one in judged.items()
            if self._tree.exists(one.file) and self._is_gone(user)
        ]
        memory.remember(self._cache, self._known, seen, gone=gone, deleted=deleted)

    def _all_fates(self) -> dict[str, Fate]:
        fates: dict[str, Fate] = {}
        for nodeid, item in self._items.items():
            fate = self._fate(nodeid, item)
            if item["use"] == "nothing" and fate not in ("failed", "idle"):
                continue
            test = item["test"]
            fates[test] = min(fate, fates.get(test, fate), key=_LEAST.index)
        hidden = {nodeid for one in self._gathered.collected for nodeid in one["hidden"]}
        files = set(self._files).intersection(self._uses)
        return fates | dict.fromkeys(hidden, "deselected") | dict.fromkeys(files, "passed")

    def _fate(self, nodeid: str, item: Found) -> Fate:
        gathered = self._gathered
        phases = gathered.phases.get(nodeid, set())
        outcome = gathered.outcomes.get(nodeid)
        if outcome == "failed":
            return "failed"
        if nodeid in self._deselected:
            return "deselected"
        if "teardown" not in phases or (outcome is None and "call" not in phases):
            return "not run"
        if outcome is not None:
            return outcome
        if self._uses.get(item["test"]):
            return "passed" if item["use"] != "fixture" or nodeid in self._checked else "unchecked"
        return "unchecked" if item["use"] == "fixture" else "idle"

    def _own_snapshots(self) -> dict[str, str]:
        """By test that may not have shown all it uses, the path of its first unnamed snapshot."""
        return {
            item["test"]: naming.derived(PurePosixPath(item["file"]), item["name"])
            for item in self._items.values()
            if not os.path.isabs(item["file"])
            and self._fates.get(item["test"]) in ("skipped", "unchecked")
        }

    def _interruption(self) -> str:
        if not self._gathered.complete:
            return "the run was interrupted"
        complete = len(self._gathered.collected) >= max(self._gathered.workers, 1)
        return "" if complete else "a worker did not come to its end"

    def _seen_by_others(self) -> tuple[set[str], set[str]]:
        """The snapshots that other processes have read, and those of which it is not known."""
        if not (self._starters or self._settings.update) or not self._settings.directory.is_dir():
            return set(), set()
        read, unknown = reads.accessed(self._settings.directory, self._gathered.began)
        return read, unknown if self._starters else set()

    def _is_gone(self, user: str) -> bool:
        """Whether what used snapshots before does not exist any more."""
        one = self._known[user]
        if not self._tree.exists(one.file):
            return True
        if one.kind not in self._files.get(one.file, ()) or user == one.file:
            return False
        if user in self._tests:
            return False
        base = _without_parameters(user)
        if base in self._lacking:
            return False
        if base in self._without_parameters:
            return True  # it had parameters that it has no more
        name = ".".join(base.split("::")[1:])
        return name not in self._tree.defines(one.file)

    def _mentioned(self, stored: Mapping[str, bool]) -> dict[str, tuple[str, ...]]:
        found = self._tree.mentioning(
            stored,
            collected=self._files,
            imported={path for one in self._gathered.collected for path in one["imported"]},
        )
        # A test that is written down in a file, and was not collected from it, may be collected
        # elsewhere: where another plugin, another system, or another setting is.
        for file in self._files:
            folder = naming.folder(PurePosixPath(file))
            inside = [
                snapshot
                for snapshot, named in stored.items()
                if not named and snapshot.rpartition("/")[0] == folder
            ]
            if inside:
                own = self._uncollected_names(file)
                for snapshot in inside:
                    if any(_belongs(snapshot, file, name) for name in own):
                        found[snapshot] = (*found.get(snapshot, ()), file)
        return found

    def _uncollected_names(self, file: str) -> set[str]:
        collected = {item["name"] for item in self._items.values() if item["file"] == file}
        lacking = filter(self._lacks_parameters, collected)
        absent = set(self._tree.defines(file)).difference(map(_without_parameters, collected))
        return absent.union(map(_without_parameters, lacking))

    def _lacks_parameters(self, test: str) -> bool:
        """Whether a test may have further parameters in another run.

        Options may choose them, and pytest calls one so whose set of parameters is empty.
        """
        ids = re.split(r"[\[\]-]", test)[1:]
        return "NOTSET" in ids or bool(ids and self._options)


def _without_parameters(test: str) -> str:
    """The id or the name of a test without its parameters."""
    return test.partition("[")[0]


def _belongs(snapshot: str, file: str, name: str) -> bool:
    """Whether a snapshot is one of a test, with whatever parameters."""
    first = naming.derived(PurePosixPath(file), name).removesuffix(naming.SUFFIX)
    rest = snapshot.removesuffix(naming.SUFFIX).removeprefix(first)
    return snapshot.startswith(first) and (not rest or rest[0] in "-@")
