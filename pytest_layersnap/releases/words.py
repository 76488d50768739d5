"""Outcomes in words: ranges of releases, and what to do about them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from packaging.version import Version

from pytest_layersnap.releases.pairings import NEWEST, is_known
from pytest_layersnap.releases.trials import Outcome

#: How a range begins, when it is the first of its kind and when not.
_SAID = {
    "holds": ("holds under", "holds again from"),
    "drifts": ("drifts in", "drifts again in"),
    "fails": ("fails under", "fails again under"),
    "not tried": ("could not be tried under", "could not be tried under"),
}


def runs(outcomes: Sequence[Outcome]) -> list[list[Outcome]]:
    """Outcomes of neighbouring releases that are the same."""
    return [list(run) for _, run in groupby(outcomes, key=lambda outcome: outcome.verdict)]


def sentence(outcomes: Sequence[Outcome]) -> str:
    """All of them in a sentence: ``holds under 3.3.3–3.10.0, drifts in 3.11.0–3.11.3, …``."""
    seen: set[str] = set()
    parts = []
    told = runs(outcomes)
    for number, run in enumerate(told):
        verdict = run[0].verdict
        first, again = _SAID[verdict]
        is_last = number == len(told) - 1
        if verdict == "holds" and verdict in seen and is_last:
            parts.append(f"{again} {run[0].release}")
        else:
            how = again.replace("from", "under") if verdict in seen else first
            parts.append(f"{how} {_span(run)}")
        seen.add(verdict)
    return ", ".join(parts)


def _span(run: Sequence[Outcome]) -> str:
    first, last = run[0].release, run[-1].release
    return str(first) if first == last else f"{first}–{last}"


def sources(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, str, list[Version]]]:
    """The known changes of Keras that explain drifts: what, source, and under which releases."""
    found: dict[tuple[str, str], list[Version]] = {}
    for outcome in outcomes:
        for explanation in outcome.drift.explanations if outcome.drift else ():
            known = explanation.known
            found.setdefault((known.what, known.source), []).append(outcome.release)
    for (what, source), releases in found.items():
        yield what, source, releases


def advice(outcomes: Sequence[Outcome], releases: Sequence[Version]) -> list[str]:
    """What to do, in sentences; ``releases`` are all that were asked about, tried or not."""
    drifting = [outcome for outcome in outcomes if outcome.verdict == "drifts"]
    found = [f"known: {what} ({source})" for what, source, _ in sources(outcomes)]
    kept = requirement(outcomes, releases)
    if all(outcome.verdict == "not tried" for outcome in outcomes):
        found.append("no result: no release could be tried")
    elif all(outcome.verdict in ("holds", "not tried") for outcome in outcomes):
        found.append("nothing to do: it holds wherever it could be tried")
    elif kept:
        found.append(f"to stay with what holds, require {kept}")
    if drifting:
        newest = [outcome for outcome in outcomes if outcome.drift is not None][-1]
        if newest.verdict == "drifts":
            found.append(
                f"to accept the network of keras {newest.release}, "
                "run pytest --snapshot-update under it"
            )
        if any(not _is_explained(outcome) for outcome in drifting):
            found.append(
                "no known change of Keras explains all of this: look at it with layersnap diff, "
                "and report it if it is not your own"
            )
    unknown = [str(outcome.release) for outcome in outcomes if not is_known(outcome.release)]
    if unknown:
        found.append(
            f"keras {', '.join(unknown)} is newer than the newest that this layersnap knows ({NEWEST})"
        )
    return found


def _is_explained(outcome: Outcome) -> bool:
    if outcome.drift is None:
        return False
    explained = sum(len(each.changes) for each in outcome.drift.explanations)
    return explained == len(outcome.drift.changes)


def requirement(outcomes: Sequence[Outcome], releases: Sequence[Version]) -> str:
    """A requirement that leaves out the releases which give another network, or none.

    Args:
        outcomes: what was tried.
        releases: all that were asked about; those that were not tried are as the one before them.
    """
    verdicts, tried = {}, {outcome.release: outcome.verdict for outcome in outcomes}
    verdict = ""
    for release in releases:
        verdict = verdicts[release] = tried.get(release, verdict)
    holding = [release for release in releases if verdicts[release] == "holds"]
    if not holding:
        return ""
    first, last = holding[0], holding[-1]
    left_out = []
    for release in releases:
        if first < release < last and verdicts[release] in ("drifts", "fails"):
            minor = {other for other in releases if other.release[:2] == release.release[:2]}
            whole = all(verdicts[other] in ("drifts", "fails") for other in minor)
            spelled = f"{release.major}.{release.minor}.*" if whole else str(release)
            left_out.append(f"!={spelled}")
    parts = [f"keras>={first}", *dict.fromkeys(left_out)]
    if after := [release for release in releases if release > last]:
        parts.append(f"<{after[0]}")
    return ",".join(parts)
