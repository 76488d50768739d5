"""Changes rolled up into findings: what a person would say, before it is set in any format.

Few changes are told layer by layer. Many are rolled up: equal changes of many layers are one
finding, and shapes and parameters that merely follow are summed up.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import TYPE_CHECKING, Any

from pytest_layersnap.compare.changes import ABSENT, CATEGORIES, Change, Difference
from pytest_layersnap.table import UNKNOWN_EDGES, Layer

if TYPE_CHECKING:
    from pytest_layersnap.compare.drift import Drift
    from pytest_layersnap.table import LayerTable

#: So much is told layer by layer; more is rolled up.
_FINDINGS_IN_FULL = 7
_LINES = 24
#: So many runs of added or removed rows, transitions of a value, … are told one by one.
_RUNS = 4
_ROWS_IN_FULL = 8
_TRANSITIONS = 3
_SHAPES = 5
_GROUPS = 8
_TYPES = 6
#: Values longer than this are cut down to where they differ.
_WIDTH = 60


_LABELS = {"inbound_layers": "fed by", "layer_type": "type", "layer_name": "name"}
_COUNTS = ("parameters", "trainable_parameters")


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of a finding: ``label  recorded → current`` (or only ``current``), and a remark.

    ``beside`` is set in a line that only says how many others there are.
    """

    label: str
    current: str
    recorded: str | None = None
    remark: str = ""
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that happened to a layer, or in the same way to several.

    Args:
        sign: ``+`` added, ``-`` removed, ``~`` changed, ``=`` renamed, ``>`` moved.
        layers: which, in words.
        remark: what else to say about them as a whole.
        facts: what changed about them.
    """

    sign: str
    layers: str
    remark: str = ""
    facts: tuple[Fact, ...] = ()


def findings(drift: Drift) -> list[Finding]:
    """What a drift comes to, the gravest first."""
    told = [change for change in drift.changes if change.differences]
    paired = [change for change in told if change.current_row is not None]
    return [
        *_model(drift),
        *_unpaired(drift.current, [c for c in drift.changes if c.kind == "added"], "+"),
        *_unpaired(drift.recorded, [c for c in drift.changes if c.kind == "removed"], "-"),
        *_paired(paired),
    ]


# --- the model --------------------------------------------------------------------------------


def _model(drift: Drift) -> Iterator[Finding]:
    """What changed about the model as a whole."""
    facts = [
        Fact("name", change.layer, change.recorded_layer)
        for change in drift.changes
        if "model" in change.fields
    ]
    if drift and drift.selection.counts("shape", ("output_shape",)):
        whole = drift.consequences
        for label, (recorded, current) in (("inputs", whole.inputs), ("outputs", whole.outputs)):
            if None not in (recorded, current) and recorded != current:
                facts.append(Fact(label, _joined(current), _joined(recorded)))
    if facts:
        yield Finding("~", "the model itself", facts=tuple(facts))


def _joined(shapes: tuple[str, ...] | None) -> str:
    return ", ".join(shapes or ()) or "nothing"


# --- added and removed layers -----------------------------------------------------------------


def _unpaired(table: LayerTable, changes: Sequence[Change], sign: str) -> Iterator[Finding]:
    """Rows that only one table has: run by run, or all at once where there are many runs."""
    if not changes:
        return
    runs = _runs(_places(table, [change.recorded_row or change.current_row for change in changes]))
    if len(runs) > _RUNS:
        layers = [table.layers[row] for run in runs for row in run]
        yield Finding(sign, _named(layers), f"in {len(runs)} places", tuple(_make_up(layers)))
        return
    edges = _Edges(table)
    for run in runs:
        layers = [table.layers[row] for row in run]
        facts = [_portrait(layer) for layer in layers]
        if len(run) > 1 and len(changes) > _ROWS_IN_FULL:
            facts = _make_up(layers)
        elif len(run) == 1:
            facts = [Fact("", facts[0].current)] if facts[0].current else []
        yield Finding(sign, _named(layers), edges.place(run), tuple(facts))


def _places(table: LayerTable, layers: Sequence[Layer | None]) -> list[int]:
    """Where rows stand in their table; both are in order."""
    wanted = iter(layers)
    layer = next(wanted, None)
    found = []
    for place, row in enumerate(table):
        if row is layer:
            found.append(place)
            layer = next(wanted, None)
    return found


def _runs(rows: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for row in rows:
        if runs and runs[-1][-1] == row - 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    return runs


def _portrait(layer: Layer) -> Fact:
    """A layer in a line."""
    shapes = layer.output_shape
    if layer.input_shape != layer.output_shape:
        shapes = f"{_cut(layer.input_shape)} → {_cut(layer.output_shape)}"
    parts = [shapes] if shapes else []
    if layer.parameters:
        frozen = "" if layer.is_trainable else ", frozen"
        parts.append(f"{layer.parameters:,} parameters{frozen}")
    return Fact(f"{layer.layer_name} ({layer.layer_type})", ", ".join(parts))


def _make_up(layers: Sequence[Layer]) -> list[Fact]:
    """Many layers in a line."""
    types = Counter(layer.layer_type for layer in layers)
    parts = [f"{count} {kind}" for kind, count in types.most_common(_TYPES) if len(types) > 1]
    if len(types) > _TYPES:
        named = sum(count for _, count in types.most_common(_TYPES))
        parts.append(f"{len(layers) - named} others")
    if parameters := sum(layer.parameters for layer in layers):
        parts.append(f"{parameters:,} parameters")
    return [Fact("", ", ".join(parts))] if parts else []


class _Edges:
    """Who feeds whom in one table."""

    __slots__ = ("_consumers", "_table")

    def __init__(self, table: LayerTable) -> None:
        self._table = table
        self._consumers: dict[str, list[str]] = defaultdict(list)
        for layer in table:
            for feed in _feeds(layer):
                self._consumers[feed].append(layer.layer_name)

    def place(self, run: Sequence[int]) -> str:
        """Where a run of rows stands: ``between conv1 and pool1``."""
        layers = [self._table.layers[row] for row in run]
        if any(layer.inbound_layers == UNKNOWN_EDGES for layer in layers):
            return f"after {self._table.layers[run[0] - 1].layer_name}" if run[0] else ""
        inside = {layer.layer_name for layer in layers}
        feeds = dict.fromkeys(feed for layer in layers for feed in _feeds(layer))
        fed = dict.fromkeys(name for path in inside for name in self._consumers[path])
        before = [feed for feed in feeds if feed not in inside]
        after = [name for name in fed if name not in inside]
        if before and after:
            return f"between {_listed(before)} and {_listed(after)}"
        if before:
            return f"after {_listed(before)}"
        return f"before {_listed(after)}" if after else ""


def _feeds(layer: Layer) -> list[str]:
    """The paths that feed a row, without call and output numbers."""
    return [reference.split("@")[0].split(":")[0] for call in layer.calls for reference in call]


# --- layers that both tables have -------------------------------------------------------------


def _paired(changes: Sequence[Change]) -> list[Finding]:
    groups = _grouped(changes, lambda change: _signature(change.differences))
    told = [_finding(group, lambda change: change.differences) for group in groups]
    if len(told) <= _FINDINGS_IN_FULL and _lines(told) <= _LINES:
        return _by_gravity(zip(groups, told, strict=True))
    return _shortened([*_rolled_up(changes), *_followers(changes)])


def _lines(told: Iterable[Finding]) -> int:
    return sum(1 + len(finding.facts) for finding in told)


def _shortened(told: list[Finding]) -> list[Finding]:
    """The findings in as many lines as a screen has room for, the last facts left out first."""
    most = max((len(finding.facts) for finding in told), default=0)
    while most > 2 and _lines(told) > _LINES:
        most -= 1
        told = [replace(finding, facts=_first(finding.facts, most)) for finding in told]
    room = _LINES // 3
    if len(told) <= room:
        return told
    return [*told[:room], Finding("~", f"and in {len(told) - room} other ways")]


def _first(facts: tuple[Fact, ...], count: int) -> tuple[Fact, ...]:
    """So many facts, the last of which says how many there are beside."""
    if len(facts) <= count:
        return facts
    hidden = sum(fact.beside or 1 for fact in facts[count - 1 :])
    return (*facts[: count - 1], _beside(hidden))


def _beside(count: int) -> Fact:
    return Fact("", f"and {count} other{'s' if count > 1 else ''}", beside=count)


def _rolled_up(changes: Sequence[Change]) -> list[Finding]:
    """What layers have of their own: by equal changes, or by what it is that changed."""
    causes = {id(change): _causes(change) for change in changes}
    own = [change for change in changes if causes[id(change)]]
    groups = _grouped(own, lambda change: _signature(causes[id(change)]))
    if len(groups) <= _GROUPS:
        told = [_finding(group, lambda change: causes[id(change)]) for group in groups]
        return _by_gravity(zip(groups, told, strict=True))
    having: dict[str, list[Change]] = defaultdict(list)
    for change in own:
        for path in dict.fromkeys(difference.path for difference in causes[id(change)]):
            having[path].append(change)
    alike: dict[tuple[int, ...], list[str]] = defaultdict(list)
    for path, changed in having.items():
        alike[tuple(map(id, changed))].append(path)
    return _by_gravity(
        (having[paths[0]], _by_paths(paths, having[paths[0]])) for paths in alike.values()
    )


def _by_paths(paths: Sequence[str], changes: Sequence[Change]) -> Finding:
    """Values that differ in the same layers, each perhaps in several ways."""
    facts = tuple(fact for path in paths for fact in _ways(path, changes))
    return Finding(_sign(changes[0]), _named(_rows(changes)), facts=facts)


def _ways(path: str, changes: Sequence[Change]) -> list[Fact]:
    """In which ways one value differs in many layers."""
    ways = Counter(
        _said(difference)
        for change in changes
        for difference in change.differences
        if difference.path == path
    )
    facts = [
        Fact(_LABELS.get(path, path), way[1], way[0], _times(count))
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
            ways[_said(shapes.get("output_shape") or shapes["input_shape"])] += 1
    if ways:
        facts = [
            Fact("shape", new, old, _times(count))
            for (old, new), count in list(ways.items())[:_SHAPES]
        ]
        if len(ways) > _SHAPES:
            facts.append(_beside(len(ways) - _SHAPES))
        yield Finding("~", _named(_rows(shaped)), facts=tuple(facts))
    sized = [c for c in changes if "parameters" in c.fields and not _causes(c)]
    if sized:
        yield Finding("~", _named(_rows(sized)), facts=(_total("parameters", sized),))


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
    facts = (*_facts(differences), *_totals(changes))
    return Finding(_sign(changes[0]), _named(_rows(changes)), facts=facts)


def _facts(differences: Sequence[Difference]) -> list[Fact]:
    """What is told one by one; settings that come and go with a type are one fact."""
    told = [difference for difference in differences if difference.path not in _COUNTS]
    facts = [_fact(difference) for difference in told]
    if "layer_type" not in {difference.path for difference in told}:
        return facts
    bound = [d for d in told if _is_none(d.recorded) or _is_none(d.current)]
    facts = [_fact(difference) for difference in told if difference not in bound]
    if bound:
        old = [f"{d.path}={_text(d.recorded)}" for d in bound if not _is_none(d.recorded)]
        new = [f"{d.path}={_text(d.current)}" for d in bound if not _is_none(d.current)]
        facts.append(
            Fact("settings", _cut(", ".join(new)) or "none", _cut(", ".join(old)) or "none")
        )
    return facts


def _is_none(value: Any) -> bool:
    return value is ABSENT or value == ""


def _totals(changes: Sequence[Change]) -> list[Fact]:
    """Parameters of all the layers, and how many train where that is not the same."""
    totals = [_total(c, changes) for c in _COUNTS if any(c in change.fields for change in changes)]
    if len(totals) == 2 and replace(totals[1], label=totals[0].label) == totals[0]:
        totals.pop()
    return totals


def _total(column: str, changes: Sequence[Change]) -> Fact:
    cells = [change.fields[column] for change in changes if column in change.fields]
    old, new = (sum(pair[side] for pair in cells) for side in (0, 1))
    return Fact(column, f"{new:,}", f"{old:,}", "in total" if len(cells) > 1 else "")


def _fact(difference: Difference) -> Fact:
    old, new = _said(difference)
    return Fact(_LABELS.get(difference.path, difference.path), new, old)


def _sign(change: Change) -> str:
    return {"moved": ">", "renamed": "="}.get(change.kind, "~")


def _rows(changes: Iterable[Change]) -> list[Layer]:
    return [change.current_row for change in changes if change.current_row is not None]


def _grouped(changes: Iterable[Change], key_of: Callable[[Change], Hashable]) -> list[list[Change]]:
    groups: dict[Hashable, list[Change]] = defaultdict(list)
    for change in changes:
        groups[change.kind, key_of(change)].append(change)
    return list(groups.values())


def _signature(differences: Iterable[Difference]) -> Hashable:
    """What changes that are told together have in common."""
    differences = list(differences)
    frozen = any(difference.path == "is_trainable" for difference in differences)
    return tuple(
        (difference.path, *_said(difference))
        for difference in differences
        if not (frozen and difference.path == "trainable_parameters")
    )


def _by_gravity(found: Iterable[tuple[Sequence[Change], Finding]]) -> list[Finding]:
    def gravity(item: tuple[Sequence[Change], Finding]) -> int:
        ranks = [CATEGORIES.index(difference.category) for difference in _causes(item[0][0])]
        return min(ranks, default=len(CATEGORIES))

    return [finding for _, finding in sorted(found, key=gravity)]


# --- words ------------------------------------------------------------------------------------


def _said(difference: Difference) -> tuple[str, str]:
    """The two values as people write them, cut down to where they differ."""
    if difference.path == "layer_name":
        return _renaming(difference.recorded, difference.current)
    if difference.category == "order":
        return difference.recorded or "(start)", difference.current or "(start)"
    if difference.path == "inbound_layers":
        if UNKNOWN_EDGES in (difference.recorded, difference.current):
            return _whether_known(difference.recorded), _whether_known(difference.current)
        return cut_pair(_references(difference.recorded), _references(difference.current))
    if difference.path in _COUNTS:
        return f"{difference.recorded:,}", f"{difference.current:,}"
    old, new = _text(difference.recorded), _text(difference.current)
    return cut_pair(old, new)


def _text(value: Any) -> str:
    if _is_none(value):
        return "(none)"
    if isinstance(value, str):
        return value
    if isinstance(value, (dict, list)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def printable(text: str) -> str:
    """A text with control characters spelled out, so that it can't break a line or a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _whether_known(references: Any) -> str:
    return UNKNOWN_EDGES if references == UNKNOWN_EDGES else "known layers"


def _references(value: list[Any]) -> str:
    if value and isinstance(value[0], list):
        return " | ".join(", ".join(call) for call in value)
    return ", ".join(value) or "nothing"


def _renaming(recorded: str, current: str) -> tuple[str, str]:
    """The parts of two names that differ: ``conv2_block1_bn``, ``stage2_block1_bn`` → the first."""
    old, new = _tokens(recorded), _tokens(current)
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    while len(old) > 1 and len(new) > 1 and old[0] == new[0]:
        old, new = old[1:], new[1:]
    before, after = "".join(old), "".join(new)
    return before.rstrip("_/") or before, after.rstrip("_/") or after


def _tokens(name: str) -> list[str]:
    return [token for token in re.split(r"(?<=[_/])", name) if token]


def cut_pair(recorded: str, current: str) -> tuple[str, str]:
    """Two long values, each cut down to the surroundings of where they differ."""
    if max(len(recorded), len(current)) <= _WIDTH:
        return recorded, current
    start = _common(recorded, current)
    end = _common(recorded[start:][::-1], current[start:][::-1])
    start = max(0, start - 12)
    return _window(recorded, start, end), _window(current, start, end)


def _common(recorded: str, current: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(recorded, current, strict=False))
    )


def _window(text: str, start: int, end: int) -> str:
    end = max(0, end - 12)
    middle = _cut(text[start : len(text) - end])
    return ("…" if start else "") + middle + ("…" if end else "")


def _cut(text: str) -> str:
    if len(text) <= _WIDTH:
        return text
    half = _WIDTH // 2
    return f"{text[:half]}…{text[-half:]}"


def _named(layers: Sequence[Layer]) -> str:
    """``dense (Dense)``, or ``49 Conv2D layers: conv1_conv … conv5_block3_3_conv``."""
    if len(layers) == 1:
        return f"{layers[0].layer_name} ({layers[0].layer_type})"
    types = {layer.layer_type for layer in layers}
    kind = f"{types.pop()} layers" if len(types) == 1 else "layers"
    return f"{len(layers)} {kind}: {_listed([layer.layer_name for layer in layers])}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} … {names[-1]}"


def _times(count: int) -> str:
    return f"{count} layers" if count > 1 else ""
