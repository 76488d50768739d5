"""The model as a whole, in words: its signature, its size, its saved weights, its circumstances."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from pytest_layersnap.comparison.behavior import is_told
from pytest_layersnap.comparison.weights import WAYS, Loading
from pytest_layersnap.quantities import size_text
from pytest_layersnap.report.words import listed
from pytest_layersnap.table import BEHAVIOR, UNREADABLE

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison
    from pytest_layersnap.comparison.consequences import Tensor
    from pytest_layersnap.scope import Scope

#: What a signature consists of: the part, its category, and the column that shows it.
_PARTS = (
    ("name", "name", "layer_name"),
    ("shape", "shape", "output_shape"),
    ("dtype", "dtype", "dtype"),
)
_WEIGHTS = ("parameters", ("weight_shapes",))
#: What is said of a snapshot of an earlier version, whose rows say less than those of today.
_UNTRACED = (
    "was recorded without the calls inside its layers, which are traced now; "
    "record it anew with --snapshot-update"
)


def verdict(drift: Comparison) -> str:
    """The drift in a line, and first of all if it is only Keras that changed."""
    return "".join(verdict_parts(drift))


def verdict_parts(drift: Comparison) -> tuple[str, str, str]:
    """The verdict as the name of the model, what is to be said of it, and what goes into detail."""
    name, versions = drift.current.model, _versions(drift)
    if not drift:
        more = f"; only the versions differ ({versions})" if versions else ""
        return name, ": no drift", more
    if drift.current.is_traced and not drift.recorded.is_traced:
        return name, f" {_UNTRACED}", f": {drift.summary}"
    only_numbers = drift.categories == {BEHAVIOR}
    what = ": same architecture, other numbers" if only_numbers else " has drifted"
    through = versions or _backends(drift)
    if through and sum(len(each.changes) for each in drift.explanations) == len(drift.changes):
        what = f"{what}{',' * only_numbers} through Keras alone ({through})"
    return name, what, f": {drift.summary}"


def signature(drift: Comparison) -> Iterator[tuple[str, str, str]]:
    """What changed about inputs and outputs: (label, recorded, current)."""
    whole = drift.consequences
    for label, (recorded, current) in (("inputs", whole.inputs), ("outputs", whole.outputs)):
        if recorded is None or current is None:
            continue
        parts = [
            part
            for part in _told_parts(drift.scope)
            if _values(recorded, part) != _values(current, part)
        ]
        if parts:
            shown = [part for part, _, _ in _PARTS if part in {*parts, "shape"}]
            yield label, _tensors(recorded, shown), _tensors(current, shown)


def _told_parts(scope: Scope) -> list[str]:
    return [part for part, category, column in _PARTS if scope.counts(category, (column,))]


def _values(tensors: Iterable[Tensor], part: str) -> list[str]:
    return [getattr(tensor, part) for tensor in tensors]


def _tensors(tensors: Sequence[Tensor], parts: Iterable[str]) -> str:
    return (
        ", ".join(
            " ".join(text for part in parts if (text := getattr(tensor, part)))
            for tensor in tensors
        )
        or "nothing"
    )


def lost_weights(drift: Comparison) -> list[str]:
    """What hurts about saved weights, if they no longer load or load into the wrong layers."""
    if not drift or not drift.scope.counts(*_WEIGHTS):
        return []
    by_position = [loading for loading in drift.consequences.weights if loading.way != WAYS[2]]
    if not any(loading.loads is False or loading.misplaced for loading in by_position):
        return []
    return _loadings(drift.consequences.weights)


def circumstances(drift: Comparison) -> Iterator[tuple[str, str]]:
    """What stands below the findings of a report: totals, what was left out, and the versions."""
    whole = drift.consequences
    yield "parameters", _count(*whole.parameters)
    yield "trainable", _count(*whole.trainable_parameters)
    was, now = whole.memory
    if was is not None and now is not None and was != now:
        yield "memory", f"{size_text(was)} → {size_text(now)}"
    if drift and whole.weights and not lost_weights(drift) and drift.scope.counts(*_WEIGHTS):
        for text in _loadings(whole.weights):
            yield "weights", text
    if drift.scope.only is not None:
        yield "only", ", ".join(sorted(drift.scope.only)) + _hidden(drift)
    if drift.scope.ignore:
        yield "ignored", ", ".join(sorted(drift.scope.ignore)) + _hidden(drift)
    unread = [row.layer_name for row in drift.current.layers if UNREADABLE in row.layer_attributes]
    if unread:
        yield (
            "not told",
            f"functions {UNREADABLE}, which may do something else now: {listed(unread)}",
        )
    if drift.recorded.has_behavior and drift.current.has_behavior:
        silent = [row.layer_name for row in drift.current if not is_told(row)]
        if silent:
            yield "not told", f"what {len(silent)} layers compute: {listed(silent)}"
    elif drift.current.has_behavior or drift.recorded.has_behavior:
        yield "not told", "whether the numbers are the same: one side was not asked"
    recorded, current = drift.recorded.recorded_with, drift.current.recorded_with
    if recorded:
        yield "recorded", f"with {recorded}" + (", as now" if current == recorded else "")
    if current and current != recorded:
        yield "now", f"with {current}"
    for explanation in drift.explanations:
        count, known = len(explanation.changes), explanation.known
        extent = (
            "all of it"
            if count == len(drift.changes)
            else f"{count} of {len(drift.changes)} changes"
        )
        yield "known", f"{known.what}; explains {extent} ({known.source})"


def _loadings(loadings: Iterable[Loading]) -> list[str]:
    """What becomes of saved weights; ways of the same outcome are one."""
    ways: dict[str, list[str]] = {}
    for loading in loadings:
        if loading.way == WAYS[2] and _says_nothing(loading):
            continue
        ways.setdefault(_outcome(loading), []).append(loading.way)
    if len(ways) == 1:
        return [f"saved before {text}" for text in ways]
    return [f"{', '.join(files)}: {text}" for text, files in ways.items()]


def _says_nothing(loading: Loading) -> bool:
    """Names that Keras counted are open nearly always, and some releases load nothing by name."""
    return loading.loads is None or not (loading.loads or loading.layer)


def _outcome(loading: Loading) -> str:
    if loading.loads is None:
        return f"may load or not, as {loading.layer} {loading.why}"
    if not loading.loads:
        return f"no longer load: {loading.layer} {loading.why}"
    if loading.misplaced:
        current, recorded = loading.misplaced[0]
        more = f" (and {len(loading.misplaced) - 1} more)" if len(loading.misplaced) > 1 else ""
        whose = "the layer that had its name" if current == recorded else recorded
        return f"load into the wrong layers, as {current} gets those of {whose}{more}"
    if loading.fresh:
        return f"still load, but not into {listed(loading.fresh)}"
    return "still load"


def _versions(drift: Comparison) -> str:
    """The two versions of Keras, where they differ."""
    recorded, current = (
        table.recorded_with.partition(",")[0] for table in (drift.recorded, drift.current)
    )
    return f"{recorded} → {current}" if recorded and current and recorded != current else ""


def _backends(drift: Comparison) -> str:
    """The two backends, where Keras is the same and they differ."""
    sides = (table.recorded_with.split(", ") for table in (drift.recorded, drift.current))
    recorded, current = (side[1] if len(side) > 1 else "" for side in sides)
    return f"{recorded} → {current}" if recorded and current and recorded != current else ""


def _hidden(drift: Comparison) -> str:
    if not drift.hidden:
        return " (hides nothing)"
    layers = "layer" if drift.hidden == 1 else "layers"
    return f" (hides differences of {drift.hidden} {layers})"


def _count(recorded: int, current: int) -> str:
    if recorded == current:
        return f"{recorded:,} (unchanged)"
    return f"{recorded:,} → {current:,} ({current - recorded:+,})"
