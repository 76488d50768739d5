"""Builders tried under releases of Keras, several at a time, and what became of each."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from packaging.version import Version

from pytest_layersnap import csvfile
from pytest_layersnap.drift import Drift, compare
from pytest_layersnap.releases.environments import Environment, Environments
from pytest_layersnap.releases.pairings import pairing
from pytest_layersnap.releases.processes import Ended, Processes
from pytest_layersnap.releases.tools import FullDisk, ToolError, failure, scratched, temporary
from pytest_layersnap.scope import Names
from pytest_layersnap.table import LayerTable

#: What became of a builder under a release.
Verdict = Literal["holds", "drifts", "fails", "not tried"]
#: So much memory (in bytes) a Keras with its backend is given room for.
_ROOM: Final = 2 << 30
#: How a command says that it can't tell, as git bisect has it.
_SKIPS: Final = 125
#: What is found of a release.
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Built:
    """What a release made of a builder: a table, or the reason why there is none.

    Args:
        verdict: ``fails`` where the builder does, ``not tried`` where there is no environment.
    """

    table: LayerTable | None = None
    verdict: Literal["", "fails", "not tried"] = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a builder under a release.

    Args:
        release: the release of Keras.
        verdict: whether it gives the table that it is compared with.
        finding: what there is to say of it, in a line.
        drift: how its table differs, where there is one.
        details: all that is known of a failure.
    """

    release: Version
    verdict: Verdict
    finding: str = ""
    drift: Drift | None = None
    details: str = ""


class Trials:
    """Runs builders, or a command, under releases of Keras."""

    def __init__(
        self,
        environments: Environments,
        processes: Processes,
        backend: str,
        progress: Callable[[str], None],
    ) -> None:
        """Tell ``progress`` what happens, in a line each time."""
        self._environments = environments
        self._processes = processes
        self.backend = backend
        self._progress = progress

    def build(
        self, releases: Sequence[Version], builders: Sequence[str], *, behavior: bool
    ) -> dict[Version, list[Built]]:
        """The tables of builders under releases, several at a time.

        Args:
            releases: the releases.
            builders: the builders.
            behavior: whether to evaluate the layers, too.

        Returns:
            By release, in the order given, what each builder came to.
        """
        return dict(self._all(releases, lambda release: self._built(release, builders, behavior)))

    def obey(self, releases: Sequence[Version], command: Sequence[str]) -> dict[Version, Outcome]:
        """Whether a command ends with 0 under releases; with 125 a release counts as not tried."""
        return dict(self._all(releases, lambda release: self._obeyed(release, command)))

    def _obeyed(self, release: Version, command: Sequence[str]) -> Outcome:
        place = self._environment(release)
        if isinstance(place, Built):
            return Outcome(release, "not tried", _last(place.reason), details=place.reason)
        ended = self._processes.run(command, place.variables)
        if ended.code == 0:
            return Outcome(release, "holds")
        verdict: Verdict = "not tried" if ended.code == _SKIPS else "fails"
        return Outcome(release, verdict, f"it ended with {ended.code}", details=ended.text)

    def _all(
        self, releases: Sequence[Version], work: Callable[[Version], Found]
    ) -> Iterator[tuple[Version, Found]]:
        with ThreadPoolExecutor(_workers()) as pool:
            running = {pool.submit(work, release): release for release in releases}
            done: dict[Version, Found] = {}
            try:
                while len(done) < len(releases):
                    for future in _next(running):
                        release = running.pop(future)
                        done[release] = future.result()
                        self._progress(
                            f"[{len(done)}/{len(releases)}] keras {release}: {_said(done[release])}"
                        )
            except BaseException:
                for future in running:
                    future.cancel()
                self._processes.stop()
                raise
        for release in releases:
            yield release, done[release]

    def _built(self, release: Version, builders: Sequence[str], behavior: bool) -> list[Built]:
        place = self._environment(release)
        if isinstance(place, Built):
            return [place] * len(builders)
        with scratched() as folder:
            out = folder / "tables"
            command = [str(place.python), "-W", "ignore", "-m", f"{__package__}.inside"]
            table = "behavior" if behavior else "architecture"
            variables = place.variables | temporary(folder)
            ended = self._processes.run([*command, str(out), table, *builders], variables)
            lines = out.read_text(encoding="utf-8").splitlines(True) if out.exists() else []
        found = [_read(line) for line in lines if line.endswith("\n")]
        if len(found) < len(builders) and isinstance(why := failure(ended.text), FullDisk):
            raise why
        return found + [_crashed(ended)] * (len(builders) - len(found))

    def _environment(self, release: Version) -> Environment | Built:
        known = pairing(release, self.backend)
        if known is None:
            reason = f"no {self.backend} is known that goes with it"
            return Built(None, "not tried", reason)
        try:
            return self._environments.get(release, known)
        except FullDisk:
            raise
        except ToolError as error:
            return Built(None, "not tried", str(error))


def judged(
    release: Version, built: Built, reference: LayerTable, *, only: Names | None = None
) -> Outcome:
    """What it means that a release made this of a builder.

    Args:
        release: the release.
        built: what it made of it.
        reference: the table that it should have made.
        only: categories or columns: nothing else counts.
    """
    if built.table is None:
        assert built.verdict
        return Outcome(release, built.verdict, _last(built.reason), details=built.reason)
    drift = compare(reference, built.table, only=only)
    if not drift:
        return Outcome(release, "holds", drift=drift)
    sources = "; ".join(explanation.known.source for explanation in drift.explanations)
    finding = f"{drift.summary}: {sources}" if sources else drift.summary
    return Outcome(release, "drifts", finding, drift)


def _next(running: dict[Future[Found], Version]) -> set[Future[Found]]:
    done, _ = wait(running, return_when=FIRST_COMPLETED)
    return done


def _workers() -> int:
    """As many as there are cores for, and memory."""
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    with contextlib.suppress(AttributeError, OSError, ValueError):
        return max(1, min(cores, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // _ROOM))
    return cores


def _read(line: str) -> Built:
    told = json.loads(line)
    if "table" in told:
        return Built(csvfile.load(told["table"].encode(), source="the table"))
    if "unfit" in told:
        return Built(None, "not tried", told["unfit"])
    return Built(None, "fails", told["failed"])


def _crashed(ended: Ended) -> Built:
    """Of a process that did not come to write what it should."""
    return Built(None, "fails", f"{ended.text.strip()}\nPython ended with {ended.code}".strip())


def _last(text: str) -> str:
    return text.strip().splitlines()[-1]


def _said(found: object) -> str:
    """What there is to say of a release while others are still tried."""
    if isinstance(found, Outcome):
        return found.finding or found.verdict
    assert isinstance(found, list)
    reasons = {_last(each.reason) for each in found if each.table is None}
    return "; ".join(sorted(reasons)) or "built"
