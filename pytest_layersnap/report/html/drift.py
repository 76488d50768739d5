"""The page about one drift: what it comes to first, then where, then value by value."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, groupby
from typing import TYPE_CHECKING, Final

from pytest_layersnap.markup import notebook
from pytest_layersnap.markup.elements import Content, Html, joined, joined_by, tag
from pytest_layersnap.markup.page import page
from pytest_layersnap.quantities import size_text
from pytest_layersnap.report.finding import MODEL, Fact, Finding
from pytest_layersnap.report.findings import findings
from pytest_layersnap.report.html import network, rows, values
from pytest_layersnap.report.html.tools import tools
from pytest_layersnap.report.whole import (
    circumstances,
    lost_weights,
    signature,
    verdict,
    verdict_parts,
)
from pytest_layersnap.report.words import SIGNS
from pytest_layersnap.scope import CATEGORIES

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison
    from pytest_layersnap.report.html.rows import Row

#: Each cell of a notebook numbers the rows that its links lead to anew; none has as many.
_cells: Final = count(step=1_000_000)


@dataclass(frozen=True, slots=True)
class Told:
    """What a page says of a drift.

    Args:
        head: what it comes to.
        body: where, and value by value.
        counts: in how many rows something of each category has changed.
        numbers: the last of the numbers that its rows and its findings are known by.
    """

    head: Html
    body: Html
    counts: Mapping[str, int]
    numbers: int


def render(drift: Comparison, *, accept: str | None) -> str:
    """The report as a page that needs nothing else.

    Args:
        drift: what to report.
        accept: the command that accepts it; None to leave it out.
    """
    told = tell(drift, accept=accept)
    return page(verdict(drift), tag("main", told.head, tools("Categories", told.counts), told.body))


def cell(drift: Comparison) -> str:
    """The report as a cell of a notebook: the rows are folded."""
    told = tell(drift, accept=None, above=next(_cells), folded=True)
    return notebook.cell(told.head, told.body)


def tell(drift: Comparison, *, accept: str | None, above: int = 0, folded: bool = False) -> Told:
    """The report as a part of a page.

    Args:
        drift: what to report.
        accept: the command that accepts it; None to leave it out.
        above: the last of the numbers that are taken on the page.
        folded: whether the rows are shown only when they are asked for.
    """
    found = findings(drift)
    about_model = [finding for finding in found if finding.gravity == MODEL]
    about_layers = dict(enumerate((f for f in found if f.gravity != MODEL), start=above))
    all_rows = rows.rows(drift, above)
    told = list(circumstances(drift))
    return Told(
        joined((_header(drift), _consequences(drift, about_model, told), _cards(drift))),
        joined(
            (
                _findings(about_layers, all_rows),
                _section("network", "The network", network.drawing(drift, all_rows)),
                _rows(about_layers, all_rows, folded=folded),
                _circumstances(told),
                _accept(accept) if drift and accept is not None else None,
            )
        ),
        _counts(all_rows),
        above + max(len(all_rows), len(about_layers)),
    )


def _header(drift: Comparison) -> Html:
    name, said, more = verdict_parts(drift)
    badge = tag(
        "span", "drift" if drift else "no drift", class_=f"badge {'bad' if drift else 'good'}"
    )
    title = tag("h1", tag("code", name), said)
    return tag(
        "header",
        tag("p", "layersnap ", badge, class_="brand"),
        title,
        tag("p", more.removeprefix(":").removeprefix(";").strip(), class_="lead") if more else None,
    )


def _consequences(
    drift: Comparison, about: Iterable[Finding], told: Iterable[tuple[str, str]]
) -> Html | None:
    """What it means for who uses the model: its inputs and outputs, and its saved weights."""
    facts = [fact for finding in about for fact in finding.facts]
    facts += [Fact(label, text) for label, text in told if label == "weights"]
    if not facts:
        return None
    hurts = " hurts" if lost_weights(drift) or any(signature(drift)) else ""
    return _section(f"consequences{hurts}", "What it means", _described(facts))


def _described(facts: Sequence[Fact]) -> Html:
    """Facts with their labels, of which none is repeated; those without one are sentences."""
    sentences = [fact for fact in facts if not fact.label and not fact.beside]
    items: list[Html] = []
    for label, group in groupby((f for f in facts if f not in sentences), lambda f: f.label):
        if label:
            items.append(tag("dt", label))
        items += [tag("dd", _fact_text(fact)) for fact in group]
    told = [tag("p", _fact_text(fact)) for fact in sentences]
    return joined([*told, *([tag("dl", *items)] if items else [])])


def _cards(drift: Comparison) -> Html:
    whole = drift.consequences
    counts = Counter[str](change.kind for change in drift.changes if "model" not in change.fields)
    kinds = joined_by(
        " ",
        (
            tag("span", rows.sign(kind), f"{counts[kind]:,} {kind}")
            for kind in SIGNS.values()
            if counts[kind]
        ),
    )
    cards = [
        _card("Layers", _arrow(len(drift.recorded), len(drift.current)), kinds or "unchanged"),
        _card("Parameters", _arrow(*whole.parameters), _delta(*whole.parameters)),
        _card(
            "Trainable", _arrow(*whole.trainable_parameters), _delta(*whole.trainable_parameters)
        ),
    ]
    recorded, current = whole.memory
    if recorded is not None and current is not None:
        texts = [size_text(size) for size in (recorded, current)]
        cards.append(_card("Memory of the weights", _arrow_text(*texts), _share(recorded, current)))
    return tag(
        "section", tag("h2", "In figures", class_="unseen"), tag("ul", *cards, class_="cards")
    )


def _card(name: str, value: Html, more: Content) -> Html:
    return tag(
        "li", tag("h3", name), tag("p", value, class_="value"), tag("p", more, class_="more")
    )


def _arrow(recorded: int, current: int) -> Html:
    return _arrow_text(f"{recorded:,}", f"{current:,}")


def _arrow_text(recorded: str, current: str) -> Html:
    if recorded == current:
        return tag("span", current)
    return joined((tag("span", recorded, class_="old"), " → ", tag("span", current)))


def _delta(recorded: int, current: int) -> str:
    if recorded == current:
        return "unchanged"
    return _signed(f"{current - recorded:+,} ({_share(recorded, current)})")


def _share(recorded: int, current: int) -> str:
    if recorded == current:
        return "unchanged"
    return _signed(f"{(current - recorded) / recorded:+.1%}") if recorded else "from nothing"


def _signed(text: str) -> str:
    """Numbers with a minus sign, which is as wide as the plus, in place of a hyphen."""
    return text.replace("-", "−")


def _counts(all_rows: Iterable[Row]) -> dict[str, int]:
    """In how many rows something of each category has changed."""
    counts = Counter(name for row in all_rows for name in row.categories)
    return {name: counts[name] for name in CATEGORIES if counts[name]}


def _findings(found: Mapping[int, Finding], all_rows: Iterable[Row]) -> Html | None:
    if not found:
        return None
    row_of = {id(row.layer): row for row in all_rows}
    items = (_finding(number, finding, row_of) for number, finding in found.items())
    return _section("findings", "Findings", tag("ul", *items, class_="findings"))


def _finding(number: int, finding: Finding, row_of: dict[int, Row]) -> Html:
    kind = SIGNS[finding.sign]
    remark = f", {finding.remark}" if finding.remark else ""
    first = row_of[id(finding.rows[0])]
    count = f"{len(finding.rows):,} rows" if len(finding.rows) > 1 else "row"
    link = tag("a", count, href=f"#{first.anchor}", class_="to", data_f=number)
    return tag(
        "li",
        tag("h3", rows.sign(kind), tag("code", finding.layers), remark, " ", link),
        _described(finding.facts),
        class_=kind,
        data_c=" ".join(name for name in CATEGORIES if name in finding.categories),
    )


def _fact_text(fact: Fact) -> Html:
    if fact.recorded is None:
        return tag("span", fact.current)
    recorded, current = (tag("code", value) for value in values.pair(fact.recorded, fact.current))
    remark = tag("span", f" {fact.remark}", class_="remark") if fact.remark else None
    return joined((recorded, " → ", current, remark))


def _rows(found: Mapping[int, Finding], all_rows: Sequence[Row], *, folded: bool) -> Html:
    findings_of: dict[int, list[int]] = defaultdict(list)
    numbers = {id(row.layer): row.number for row in all_rows}
    for number, finding in found.items():
        for layer in finding.rows:
            findings_of[numbers[id(layer)]].append(number)
    table = rows.table(all_rows, findings_of)
    if folded:
        table = tag("details", tag("summary", f"{len(all_rows):,} rows"), table)
    return _section("rows", "Rows", table)


def _circumstances(told: Iterable[tuple[str, str]]) -> Html | None:
    facts = [Fact(label, text) for label, text in told if label not in _ABOVE]
    return _section("circumstances", "Circumstances", _described(facts)) if facts else None


#: What consequences and cards have told already.
_ABOVE = frozenset({"weights", "parameters", "trainable", "memory"})


def _accept(command: str) -> Html:
    return _section(
        "accept",
        "If this is what you want",
        tag("p", "accept it with"),
        tag("pre", tag("code", command), tabindex=0),
    )


def _section(name: str, title: str, *content: Content) -> Html:
    return tag("section", tag("h2", title), *content, class_=name)
