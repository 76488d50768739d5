"""Changes rolled up into findings: what a person would say, before it is set in any format.

Few changes are told layer by layer. Many are rolled up: equal changes of many layers are one
finding, and shapes and parameters that merely follow are summed up.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_layersnap.comparison.changes import Change, Difference
from pytest_layersnap.report import numbers
from pytest_layersnap.report.blocks import Blocks
from pytest_layersnap.report.finding import FOLLOWING, Fact, Finding, about, lines
from pytest_layersnap.report.scaling import scaled
from pytest_layersnap.report.unpaired import unpaired
from pytest_layersnap.report.whole import lost_weights, signature
from pytest_layersnap.report.words import (
    COUNTS,
    LABELS,
    LISTED,
    cut,
    cut_pair,
    is_none,
    said,
    times,
    value_text,
)
from pytest_layersnap.table import BEHAVIOR

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison

#: So much is told layer by layer; more is rolled up.
_FINDINGS_IN_FULL = 7
#: Lines of all findings together, and of those about changed layers at least.
_LINES = 26
_LINES_AT_LEAST = 10
#: So many transitions of a value, … are told one by one.
_TRANSITIONS = 3
_SHAPES = 5
_GROUPS = 8


def findings(drift: Comparison) -> list[Finding]:
    """What a drift comes to, the gravest first."""
    if not drift:
        return []
    paired = [c for c in drift.changes if c.differences and c.current_row is not None]
    added = [c for c in drift.changes if c.kind == "added"]
    removed = [c for c in drift.changes if c.kind == "removed"]
    blocks = Blocks(drift.current)
    found = [
        *_model(drift),
        *unpaired(drift.current, added, "+", blocks),
        *unpaired(drift.recorded, removed, "-", Blocks(drift.recorded)),
    ]
    room = max(_LINES - lines(found), _LINES_AT_LEAST)
    found += [_in_blocks(finding, blocks) for finding in _paired(paired, room)]
    return sorted(found, key=lambda finding: finding.gravity)


def _in_blocks(finding: Finding, blocks: Blocks) -> Finding:
    """The finding, with the stages and blocks that it is about, where it does not list the layers."""
    if len(finding.rows) <= LISTED or finding.gravity == FOLLOWING:
        return finding
    flagged = "trainability" in finding.categories
    return replace(finding, remark=blocks.remark(finding.rows, flagged=flagged))


def _model(drift: Comparison) -> Iterator[Finding]:
    """What changed about the model as a whole."""
    facts = [
        Fact("name", change.layer, change.recorded_layer)
        for change in drift.changes
        if "model" in change.fields
    ]
    for label, recorded, current in signature(drift):
        was, now = cut_pair(recorded, current)
        facts.append(Fact(label, now, was))
    facts += [Fact("weights", text) for text in lost_weights(drift)]
    if facts:
        yield Finding("~", "the model itself", facts=tuple(facts))


# --- layers that both tables have -------------------------------------------------------------


def _paired(changes: Sequence[Change], room: int) -> list[Finding]:
    groups = _grouped(changes, lambda change: _signature(change.differences))
    told = [_finding(group, lambda change: change.differences) for group in groups]
    if len(told) <= _FINDINGS_IN_FULL and lines(told) <= room:
        return told
    factor, wider, left = scaled(changes)
    found = [_scaled(factor, wider)] if wider else []
    return _shortened([*found, *_rolled_up(left), *_followers(left)], room)


def _scaled(factor: float, changes: Sequence[Change]) -> Finding:
    facts = (Fact("channels", f"× {factor:.4g}"), *_totals(changes))
    told = {difference.category for change in changes for difference in change.differences}
    return about("~", changes, told, facts)


def _shortened(told: list[Finding], room: int) -> list[Finding]:
    """The findings in as many lines as a screen has room for, the last facts left out first."""
    told = sorted(told, key=lambda finding: finding.gravity)
    most = max((len(finding.facts) for finding in told), default=0)
    while most > 2 and lines(told) > room:
        most -= 1
        told = [replace(finding, facts=_first(finding.facts, most)) for finding in told]
    places = room // 3
    if len(told) <= places:
        return told
    rest = told[places:]
    others = Finding(
        "~",
        f"and in {len(rest)} other ways",
        gravity=FOLLOWING,
        rows=tuple({id(row): row for finding in rest for row in finding.rows}.values()),
        categories=frozenset().union(*(finding.categories for finding in rest)),
    )
    return [*told[:places], others]


def _first(facts: tuple[Fact, ...], count: int) -> tuple[Fact, ...]:
    """So many facts, the last of which says how many there are beside."""
    if len(facts) <= count:
        return facts
    hidden = sum(fact.beside or 1 for fact in facts[count - 1 :])
    return (*facts[: count - 1], _beside(hidden))


def _beside(count: int) -> Fact:
    return Fact("", f"and {count} other{'s' if count > 1 else ''}", beside=count)


def _rolled_up(changes: Sequence[Change]) -> Iterator[Finding]:
    """What layers have of their own: by equal changes, or by what it is that changed."""
    for of_kind in _grouped((c for c in changes if _causes(c)), lambda change: change.kind):
        groups = _grouped(of_kind, lambda change: _signature(_causes(change)))
        if len(groups) <= _GROUPS:
            yield from (_finding(group, _causes) for group in groups)
            continue
        having: dict[str, list[Change]] = defaultdict(list)
        for change in of_kind:
            for path in dict.fromkeys(difference.path for difference in _causes(change)):
                having[path].append(change)
        alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
        for path, changed in having.items():
            alike[tuple(map(id, changed))].append(path)
        yield from (_by_paths(paths, having[paths[0]]) for paths in alike.values())


def _by_paths(paths: Sequence[str], changes: Sequence[Change]) -> Finding:
    """Values that differ in the same layers, each perhaps in several ways."""
    facts = (fact for path in paths for fact in _ways(path, changes))
    told = {d.category for d in changes[0].differences if d.path in paths}
    return about(_sign(changes[0]), changes, told, facts)


def _ways(path: str, changes: Sequence[Change]) -> list[Fact]:
    """In which ways one value differs in many layers."""
    ways = Counter(
        said(difference)
        for change in changes
        for difference in change.differences
        if difference.path == path
    )
    facts = [
        Fact(LABELS.get(path, path), way[1], way[0], times(count))
        for way, count in ways.most_common(_TRANSITIONS)
    ]
    if len(ways) > _TRANSITIONS:
        facts.append(_beside(len(ways) - _TRANSITIONS))
    return facts


def _followers(changes: Sequence[Change]) -> Iterator[Finding]:
    """Shapes and parameters that follow, summed up."""
    shaped = [change for change in changes if "shape" in change.categories]
    ways: Counter[tuple[str, str]] = Counter()
    for change in shaped:
        shapes = {d.path: d for d in change.differences if d.path in _SHAPE_COLUMNS}
        if shapes:
            ways[said(shapes.get("output_shape") or shapes["input_shape"])] += 1
    if ways:
        facts = [
            Fact("shape", current, recorded, times(count))
            for (recorded, current), count in list(ways.items())[:_SHAPES]
        ]
        if len(ways) > _SHAPES:
            facts.append(_beside(len(ways) - _SHAPES))
        yield about("~", shaped, ["shape"], facts, gravity=FOLLOWING)
    sized = [c for c in changes if "parameters" in c.fields and not _causes(c)]
    if sized:
        fact = _total("parameters", sized)
        yield about("~", sized, ["parameters"], [fact], gravity=FOLLOWING)


_SHAPE_COLUMNS = frozenset({"input_shape", "output_shape"})


def _causes(change: Change) -> tuple[Difference, ...]:
    """The differences that do not merely follow from others, or from layers further up."""
    follow = set(_SHAPE_COLUMNS)
    if "parameters" in change.fields:
        follow |= {"parameters", "weight_shapes", "trainable_parameters"}
    if "is_trainable" in change.fields:
        follow.add("trainable_parameters")
    return tuple(d for d in change.differences if d.path not in follow)


def _finding(changes: Sequence[Change], told: Callable[[Change], Sequence[Difference]]) -> Finding:
    """The finding of layers that changed alike: what they have of their own first."""
    own = _causes(changes[0])
    differences = sorted(told(changes[0]), key=lambda difference: difference not in own)
    categories = {difference.category for difference in differences}
    facts = [*_facts(differences), *_totals(changes)]
    if BEHAVIOR in categories:
        facts += numbers.facts(changes)
    return about(_sign(changes[0]), changes, categories, facts)


def _facts(differences: Sequence[Difference]) -> list[Fact]:
    """What is told one by one; settings that come and go with a type are one fact."""
    told = [d for d in differences if d.path not in COUNTS and d.category != BEHAVIOR]
    facts = [_fact(difference) for difference in told]
    if "layer_type" not in {difference.path for difference in told}:
        return facts
    bound = [d for d in told if is_none(d.recorded) or is_none(d.current)]
    facts = [_fact(difference) for difference in told if difference not in bound]
    if bound:
        recorded = [f"{d.path}={value_text(d.recorded)}" for d in bound if not is_none(d.recorded)]
        current = [f"{d.path}={value_text(d.current)}" for d in bound if not is_none(d.current)]
        facts.append(
            Fact("settings", cut(", ".join(current)) or "none", cut(", ".join(recorded)) or "none")
        )
    return facts


def _totals(changes: Sequence[Change]) -> list[Fact]:
    """Parameters of all the layers, and how many train where that is not the same."""
    totals = [_total(c, changes) for c in COUNTS if any(c in change.fields for change in changes)]
    if len(totals) == 2 and replace(totals[1], label=totals[0].label) == totals[0]:
        totals.pop()
    return totals


def _total(column: str, changes: Sequence[Change]) -> Fact:
    cells = [change.fields[column] for change in changes if column in change.fields]
    recorded, current = (sum(pair[side] for pair in cells) for side in (0, 1))
    return Fact(column, f"{current:,}", f"{recorded:,}", "in total" if len(cells) > 1 else "")


def _fact(difference: Difference) -> Fact:
    recorded, current = said(difference)
    return Fact(LABELS.get(difference.path, difference.path), current, recorded)


def _sign(change: Change) -> str:
    return {"moved": ">", "renamed": "="}.get(change.kind, "~")


def _grouped(changes: Iterable[Change], key_of: Callable[[Change], Hashable]) -> list[list[Change]]:
    groups: dict[Hashable, list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.kind, key_of(change)].append(change)
    return list(groups.values())


def _signature(differences: Iterable[Difference]) -> Hashable:
    """What changes that are told together have in common."""
    differences = list(differences)
    frozen = any(difference.path == "is_trainable" for difference in differences)
    values = {
        (BEHAVIOR,)
        if difference.category == BEHAVIOR
        else (difference.path, *said(difference)): None
        for difference in differences
        if not (frozen and difference.path == "trainable_parameters")
    }
    return tuple(values)
