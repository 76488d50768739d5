"""From what is asked to answers: all releases in a range, or those that a bisection needs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.releases.answer import Answer
from pytest_layersnap.releases.bisect import bisect
from pytest_layersnap.releases.pairings import PYTHONS
from pytest_layersnap.releases.tools import Tool
from pytest_layersnap.releases.trials import Built, Outcome, Trials, judged
from pytest_layersnap.scope import Names
from pytest_layersnap.table import LayerTable

#: Of Keras 2 the last release; the ones before keep things elsewhere.
_KERAS2 = SpecifierSet("==2.15.*")


class SurveyError(LayersnapError):
    """A question that has no answer; the message says why."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A builder and what it is compared with.

    Args:
        builder: ``package.module:function``, or the path of a saved model.
        name: the snapshot.
        table: its table; None where the first release gives it.
    """

    builder: str
    name: str
    table: LayerTable | None


@dataclass(frozen=True, slots=True)
class Aspect:
    """What of a drift counts.

    Args:
        only: categories or columns; all of them if there are none.
        layer: the path of a layer, if only changes of that one count.
        behavior: whether the layers are evaluated, too.
    """

    only: Names | None = None
    layer: str | None = None
    behavior: bool = False

    def judged(self, release: Version, built: Built, reference: LayerTable) -> Outcome:
        """What it means that a release made this of a builder."""
        outcome = judged(release, built, reference, only=self.only)
        if self.layer is None or outcome.drift is None:
            return outcome
        changed = {(change.layer, change.recorded_layer) for change in outcome.drift.changes}
        if any(self.layer in paths for paths in changed):
            return outcome
        return replace(outcome, verdict="holds", finding="")


def in_range(
    tool: Tool, wanted: SpecifierSet, *, keras2: bool, python: str | None
) -> list[Version]:
    """The releases of Keras that the index has in a range, oldest first.

    Args:
        tool: reads the index.
        wanted: the range in Keras 3.
        keras2: whether Keras 2.15 comes before it.
        python: the Python that they are for, if there is no choice.

    Raises:
        SurveyError: there is none.
        ToolError: the index can't be read.
    """
    listed = tool.releases(python or PYTHONS[-1])
    found = [
        release
        for release in listed
        if (release.major >= 3 and release in wanted) or (keras2 and release in _KERAS2)
    ]
    if not found:
        known = [release for release in listed if release.major >= 3]
        there = f"choose from {known[0]} to {known[-1]}" if known else "and none of Keras 3"
        raise SurveyError(f"the index has no Keras {wanted}; {there}")
    return found


def matrix(
    trials: Trials, releases: Sequence[Version], subjects: Sequence[Subject], aspect: Aspect
) -> list[Answer]:
    """What becomes of each subject under each release."""
    built = trials.build(
        releases, [subject.builder for subject in subjects], behavior=aspect.behavior
    )
    answers = []
    for number, subject in enumerate(subjects):
        each = {release: tables[number] for release, tables in built.items()}
        name, reference = _reference(subject, each)
        outcomes = [aspect.judged(release, one, reference) for release, one in each.items()]
        answers.append(Answer(subject.builder, name, trials.backend, outcomes, releases))
    return answers


def _reference(subject: Subject, built: Mapping[Version, Built]) -> tuple[str, LayerTable]:
    """What a subject is compared with: its snapshot, or the table of the first release that has one."""
    if subject.table is not None:
        return subject.name, subject.table
    for release, one in built.items():
        if one.table is not None:
            return f"keras {release}", one.table
    verdict, reason = min((one.verdict, one.reason) for one in built.values())
    hint = "; --with REQUIREMENT installs what it imports" if verdict == "fails" else ""
    raise SurveyError(f"{subject.builder} was built under no release{hint}: {reason}")


def halve(trials: Trials, releases: Sequence[Version], subject: Subject, aspect: Aspect) -> Answer:
    """Where a subject begins to drift, and where it ends."""
    name, reference = subject.name, subject.table

    def judge(some: Sequence[Version]) -> dict[Version, Outcome]:
        nonlocal name, reference
        tables = trials.build(some, [subject.builder], behavior=aspect.behavior)
        built = {release: one for release, (one,) in tables.items()}
        if reference is None:
            name, reference = _reference(subject, built)
        return {release: aspect.judged(release, one, reference) for release, one in built.items()}

    outcomes = bisect(releases, judge, _same)
    return Answer(subject.builder, name, trials.backend, outcomes, releases)


def halve_by(trials: Trials, releases: Sequence[Version], command: Sequence[str]) -> Answer:
    """Where a command begins to fail, and where it ends."""
    outcomes = bisect(releases, lambda some: trials.obey(some, command), _same)
    return Answer(shlex.join(command), "", trials.backend, outcomes, releases)


def _same(one: Outcome, other: Outcome) -> bool:
    return one.verdict == other.verdict
