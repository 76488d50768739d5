"""The rows of both tables beside each other: what changed in full, the rest folded up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.markup.elements import Content, Html, escaped, joined_by, tag
from pytest_layersnap.report.html import values
from pytest_layersnap.report.words import LABELS, SIGNS, cut, in_full, listed
from pytest_layersnap.scope import CATEGORIES
from pytest_layersnap.table import Layer

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison

#: A row that others feed is a change of its own in the drawing.
SIGN_OF = {kind: sign for sign, kind in SIGNS.items()} | {"rewired": "⇄"}

#: From here on a browser is told not to lay out rows that are out of sight.
_MANY: Final = 300


@dataclass(frozen=True, slots=True)
class Row:
    """A row of either table, or of both.

    Args:
        number: its place on the page.
        recorded: the row in the snapshot, if it is there.
        current: the row now, if it is there.
        change: what became of it, as far as that counts.
    """

    number: int
    recorded: Layer | None
    current: Layer | None
    change: Change | None

    @property
    def layer(self) -> Layer:
        """The row as it is now; as it was, if it is gone."""
        layer = self.current or self.recorded
        assert layer is not None
        return layer

    @property
    def anchor(self) -> str:
        """What links lead to."""
        return f"r{self.number}"

    @property
    def categories(self) -> frozenset[str]:
        """What its change falls under."""
        return self.change.categories if self.change else frozenset()


def rows(drift: Comparison, above: int) -> list[Row]:
    """All rows in the order in which they are now, each removed one after the row it followed.

    Args:
        drift: whose rows.
        above: after which number theirs begin.
    """
    changes = {id(c.current_row or c.recorded_row): c for c in drift.changes}
    recorded_of = {current: recorded for recorded, current in drift.pairs}
    gone = _gone(drift)
    found: list[tuple[Layer | None, Layer | None]] = [(recorded, None) for recorded in gone[-1]]
    for place, layer in enumerate(drift.current):
        recorded = recorded_of.get(place)
        found.append((None if recorded is None else drift.recorded.layers[recorded], layer))
        found += [(row, None) for row in gone[place]]
    return [
        Row(number, recorded, current, changes.get(id(current or recorded)))
        for number, (recorded, current) in enumerate(found, start=above + 1)
    ]


def _gone(drift: Comparison) -> Mapping[int, Sequence[Layer]]:
    """The recorded rows that are in no pair, by the current row that stands before them."""
    current_of = dict(drift.pairs)
    gone: dict[int, list[Layer]] = defaultdict(list)
    last = -1
    for place, layer in enumerate(drift.recorded):
        if place in current_of:
            last = current_of[place]
        else:
            gone[last].append(layer)
    return gone


def table(found: Iterable[Row], findings_of: Mapping[int, Sequence[int]]) -> Html:
    """The rows as a table.

    Args:
        found: the rows.
        findings_of: by the number of a row, the numbers of the findings that are about it.
    """
    bodies: list[Html] = []
    for changed, group in groupby(found, lambda row: row.change is not None):
        if changed:
            bodies += [_changed(row, findings_of.get(row.number, ())) for row in group]
        else:
            bodies.append(_unchanged(list(group)))
    head = tag(
        "tr",
        tag("th", "What", scope="col"),
        tag("th", "Recorded", scope="col"),
        tag("th", "Current", scope="col"),
    )
    caption = tag("caption", "Layer by layer: recorded and current values", class_="unseen")
    many = "rows many" if len(bodies) > _MANY else "rows"
    return tag("table", caption, tag("thead", head), *bodies, class_=many)


def _changed(row: Row, findings: Iterable[int]) -> Html:
    """A body of the table: the layer, and a line for each value that differs.

    Its sign is in the style sheet, which spares a large table a tenth of its size.
    """
    change = row.change
    assert change is not None
    cells = () if change.differences else _portrait(row)
    title = tag(
        "th",
        f"{cut(row.layer.layer_name)} ",
        tag("small", row.layer.layer_type),
        colspan=None if cells else 3,
        scope="rowgroup",
        data_c=" ".join(name for name in CATEGORIES if name in change.categories),
    )
    lines = (
        tag("tr", tag("th", what, scope="row"), tag("td", recorded), tag("td", current))
        for what, recorded, current in _differences(change)
    )
    return tag(
        "tbody",
        tag("tr", title, *cells),
        *lines,
        id=row.anchor,
        class_=None if change.kind == "changed" else change.kind,
        data_f=" ".join(map(str, findings)) or None,
    )


def sign(kind: str) -> Html:
    """What became of something, as a sign and for those who don't see it."""
    return tag("b", SIGN_OF[kind], role="img", aria_label=kind)


def _differences(change: Change) -> Iterator[tuple[str, Html, Html]]:
    """What differs; columns that differ in the same way are one line."""
    alike: dict[tuple[str, str], list[str]] = defaultdict(list)
    for difference in change.differences:
        alike[in_full(difference)].append(LABELS.get(difference.path, difference.path))
    for (recorded, current), labels in alike.items():
        yield ", ".join(labels), *values.pair(recorded, current)


def _portrait(row: Row) -> Sequence[Html]:
    """The cells of a row that only one table has: shapes and parameters, settings folded up."""
    layer = row.layer
    shapes = dict.fromkeys(shape for shape in (layer.input_shape, layer.output_shape) if shape)
    parts: list[Content] = [joined_by(" → ", map(values.value, shapes))]
    frozen = "" if layer.is_trainable else ", frozen"
    size = f"{layer.parameters:,} parameters{frozen}" if layer.parameters else ""
    if settings := values.settings(layer.layer_attributes):
        parts.append(values.folded(escaped(size or "settings"), escaped(settings)))
    elif size:
        parts.append(tag("p", size))
    shown, none = tag("td", *parts), tag("td", "–")
    return (none, shown) if row.recorded is None else (shown, none)


def _unchanged(found: Sequence[Row]) -> Html:
    """A body of the table with the rows of which nothing that counts has changed."""
    names = listed([cut(row.layer.layer_name) for row in found])
    count = f"{len(found):,} unchanged" if len(found) > 1 else "1 unchanged"
    summary = tag("summary", f"{count}: ", tag("code", names))
    inner = tag(
        "table",
        tag("caption", "Unchanged layers", class_="unseen"),
        tag("thead", tag("tr", *(tag("th", name, scope="col") for name in _COLUMNS))),
        tag("tbody", *map(_plain, found)),
    )
    details = tag("details", summary, inner)
    return tag("tbody", tag("tr", tag("td", details, colspan=3)), class_="same")


_COLUMNS = ("Layer", "Type", "Output", "Parameters")


def _plain(row: Row) -> Html:
    layer = row.layer
    cells: list[Content] = [
        tag("th", cut(layer.layer_name), scope="row"),
        tag("td", layer.layer_type),
        tag("td", cut(layer.output_shape)),
        tag("td", f"{layer.parameters:,}"),
    ]
    return tag("tr", *cells, id=row.anchor, data_c="")
