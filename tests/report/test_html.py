"""The HTML report."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_layersnap.drift import Drift, compare
from pytest_layersnap.report.html import values
from pytest_layersnap.report.html.index import Chapter, Entry, render_all
from pytest_layersnap.table import LayerTable

from ..comparison.tables import chain, changed, entry, mlp, plain, resnet, without_topology

SNAPSHOTS = Path(__file__).parents[2] / "snapshots"

#: Elements that end where the next begins.
_UNENDED = {"dd", "dt", "li", "tbody", "td", "th", "thead", "tr", "meta", "input", "html"}


class Page(HTMLParser):
    """A page as a person meets it: elements in order, each with the text that is in it."""

    def __init__(self, source: str) -> None:
        """Read it, and hold it to what HTML asks of elements that have an end."""
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; no attribute comes twice."""
        assert len(dict(attrs)) == len(attrs)
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in _UNENDED:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """Elements end in the order in which they began."""
        if tag not in _UNENDED:
            assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Text belongs to the element that began last."""
        if self.texts:
            self.texts[-1] += data

    def all(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        """The attributes of all elements of a name."""
        return [
            found
            for name, found in self.elements
            if name == tag and attributes.items() <= found.items()
        ]

    @property
    def text(self) -> str:
        """All text of the body."""
        pairs = zip(self.elements, self.texts, strict=True)
        return " ".join(
            text for (name, _), text in pairs if name not in ("title", "style", "script")
        )


def strange(text: str) -> Drift:
    """A drift in which all is free text that can be: names, classes, settings, shapes, versions."""
    recorded = chain(entry(8), plain(text, "Lambda", [], text="x"))
    config = {text: text, "object": {"class_name": text, "config": {text: text}}}
    current = chain(
        entry(8),
        plain(text, "Lambda", [], text=text),
        plain("new", text, [], output_shape=text, layer_attributes=json.dumps(config)),
    )
    layers = tuple(replace(layer, model=text) for layer in current)
    return compare(recorded, LayerTable(layers, recorded_with=text))


def big(blocks: int) -> Drift:
    """A drift of every row: other widths in seven rows a block."""
    recorded, current = (resnet(blocks, named=True, width=width) for width in (64, 48))
    return compare(LayerTable(tuple(recorded)), LayerTable(tuple(current)))


DRIFTS = {
    "added": compare(mlp(8, 4), mlp(8, 4, 2)),
    "removed": compare(mlp(8, 4, 2), mlp(8, 4)),
    "changed": compare(mlp(8, 4, 2), mlp(8, 5, 2)),
    "renamed": compare(mlp(8, 4, names=["a"]), mlp(8, 4, names=["b"])),
    "rewired": compare(
        LayerTable(tuple(resnet(3))),
        changed(LayerTable(tuple(resnet(3))), 14, inbound_layers='["activation_3", "conv2d"]'),
    ),
    "subclassed": compare(mlp(8, 4), without_topology(mlp(8, 4))),
    "selected": compare(mlp(8, 4, 2), mlp(8, 5, 2, 1), ignore={"layers", "shape"}),
    "nothing left": compare(mlp(8, 4), LayerTable(())),
    "none": compare(mlp(8, 4), mlp(8, 4)),
}


def of_run() -> str:
    """A run in which all of them drifted, as one page."""
    entries = [Entry("drifted", f"{n}.csv", "", f"test_{n}", n) for n in DRIFTS]
    entries.append(Entry("same", "same.csv", "", "test_same", ""))
    chapters = {name: Chapter(drift, "accept") for name, drift in DRIFTS.items()}
    return render_all(
        "2026-11-27 09:00 UTC · Python 3.13.1 on Linux", ["9 drifted"], entries, chapters
    )


@pytest.mark.parametrize("name", [*DRIFTS, "a run"])
def test_a_page_is_sound(name: str) -> None:
    """Elements are nested, ids unique, headings in order, links lead somewhere, headers have a scope."""
    page = Page(DRIFTS[name].to_html() if name in DRIFTS else of_run())
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    headings = [int(name[1]) for name, _ in page.elements if re.fullmatch(r"h\d", name)]
    assert headings[0] == 1
    assert headings.count(1) == 1 + len(page.all("article"))
    assert all(after - before <= 1 for before, after in pairwise(headings))
    for link in page.all("a"):
        assert link["href"] is not None
        assert unquote(link["href"].removeprefix("#")) in ids
    assert all("scope" in header for header in page.all("th"))
    assert len(page.all("main")) == 1
    assert page.all("html", lang="en")


def test_the_page_of_a_run_says_what_the_pages_of_its_drifts_say() -> None:
    """Under the name that the index leads to; no finding leads to the rows of another drift."""
    page = Page(of_run())
    assert [article["id"] for article in page.all("article")] == [*DRIFTS]
    for drift in DRIFTS.values():
        assert set(Page(drift.to_html(accept="accept")).text.split()) <= set(page.text.split())
    findings: dict[str, str | None] = {}
    article = ""
    for name, attributes in page.elements:
        if name == "article":
            article = attributes["id"] or ""
        for number in (attributes.get("data-f") or "").split():
            assert findings.setdefault(number, article) == article
    assert len(set(findings.values())) == len([d for d in DRIFTS.values() if d])


@pytest.mark.parametrize("drift", DRIFTS.values(), ids=DRIFTS)
def test_a_page_says_what_the_text_says(drift: Drift) -> None:
    """Every finding, every total and every circumstance."""
    text = Page(drift.to_html(accept="layersnap accept")).text
    told = drift.to_text(accept="layersnap accept").lower().replace("the model itself", "")
    assert set(re.findall(r"\w+", told)) <= set(re.findall(r"\w+", text.lower()))


def test_what_differs_is_marked_inside_of_values() -> None:
    """And nothing else of them."""
    assert values.pair("(None, 112, 112, 64)", "(None, 112, 56, 48)") == (
        "(None, 112, <del>112, 64</del>)",
        "(None, 112, <ins>56, 48</ins>)",
    )
    assert values.pair("[[3, 8], [8]]", "[[3, 4], [4]]")[0] == "[[3, <del>8</del>], [<del>8</del>]]"
    assert values.pair("a, b", "a, c, b") == (
        "a, b",
        "a, <ins>c, </ins>b",
    )
    assert values.pair("1,024", "1,025")[1] == "<ins>1,025</ins>"


def test_rows_stand_beside_each_other() -> None:
    """Each value of a row that changed, with the columns that show it; the others fold up."""
    page = DRIFTS["changed"].to_html()
    assert (
        "<tr><th scope=row>output_shape<td>(None, <del>4</del>)<td>(None, <ins>5</ins>)"
    ) in page
    assert "parameters, trainable_parameters" in page
    assert "<summary>1 unchanged: <code>input_layer</code></summary>" in page


def test_rows_that_do_not_count_are_not_marked() -> None:
    """A change that is ignored leaves its row among the others, and the page says so."""
    page = DRIFTS["selected"].to_html()
    assert "ignored" in page
    assert "class=added" not in page


def test_blocks_lead_to_their_rows() -> None:
    """In the drawing each block has a link to its first row, and names them all."""
    page = Page(DRIFTS["rewired"].to_html())
    links = [link for link in page.all("a") if "data-rows" in link]
    assert links[0]["data-rows"] == "1-8"
    assert {link["href"] for link in links} >= {"#r1", "#r9"}
    assert "⇄" in page.text


def test_nothing_is_loaded_and_nothing_else_runs() -> None:
    """The policy allows the one style and the one script by their digests, and nothing beside."""
    source = big(3).to_html()
    page = Page(source)
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy is not None
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for name in ("style", "script"):
        (inline,) = re.findall(rf"<{name}>(.*?)</{name}>", source, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        assert f"{name}-src 'sha256-{digest}'" in policy
    attributes = {key for _, found in page.elements for key in found}
    assert not attributes & {"src", "style", "srcset", "action", "onclick", "onload"}
    assert not re.search(r"url\(|@import|https?://", re.sub(r"<code>.*?</code>", "", source))


HOSTILE = [
    "<script>alert(1)</script>",
    "</code></script><img src=x onerror=alert(1)>",
    "\"'><svg onload=alert(1)>",
    "a\u202eb\u2066c\u200b",
    "\x00\x1b[31m\n\r\t",
    "&lt;b&gt;&#60;",
    "--><!--",
    "]]>",
    "{{7*7}}${7*7}",
    "\ud800",
    "x" * 10_000,
    "<b>" * 4_000,
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_text_does_nothing(text: str) -> None:
    """Names, classes and settings come from whoever wrote the model."""
    assert_harmless(text)


@settings(max_examples=40)
@given(st.text(st.characters(codec=None) | st.sampled_from("<>&\"'/= \u202e"), max_size=60))
def test_any_text_does_nothing(text: str) -> None:
    """Whatever it is."""
    assert_harmless(text)


def assert_harmless(text: str) -> None:
    """The pages have the elements and attributes that they have with any other text, and show it."""
    drift = strange(text)
    for source, harmless in ((drift.to_html(accept=text), HARMLESS), (run(text), HARMLESS_RUN)):
        page = Page(source)
        assert set(kinds(page)) <= harmless
        assert all(c.isprintable() or c == "\n" for c in page.text)
        assert source.encode()


def run(text: str) -> str:
    """A run that has made a check with such a text in all places, as one page.

    Only files have names that are made to be harmless.
    """
    entries = [Entry("drifted", text, text, text, "drifts/x.html")]
    return render_all(text, [text], entries, {"drifts/x.html": Chapter(strange(text), text)})


def kinds(page: Page) -> Iterator[tuple[str, Sequence[str]]]:
    """Elements by name and attributes."""
    for name, attributes in page.elements:
        yield name, tuple(sorted(attributes.keys() - {"class"}))


FOLDED = {("details", ()), ("summary", ()), ("del", ()), ("ins", ())}
HARMLESS = {*kinds(Page(strange("text").to_html())), *FOLDED}
HARMLESS_RUN = {*kinds(Page(run("text"))), *FOLDED}


def test_long_values_fold_up_and_are_there_in_full() -> None:
    """As nobody reads ten thousand characters, and somebody may search for one of them."""
    source = strange("y" * 9_999).to_html()
    assert "9,999 characters</small></summary>" in source
    assert "y" * 9_999 in source


def test_settings_are_told_as_they_are_called() -> None:
    """Objects by their class, and what is in them."""
    config = {
        "units": 4,
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_initializer": {"class_name": "VarianceScaling", "config": {"scale": 2}},
        "batch_shape": [None, 8],
        "name_of": {"class_name": "x"},
    }
    assert values.settings(json.dumps(config)) == (
        "units=4, bias_initializer=Zeros(), kernel_initializer=VarianceScaling(scale=2), "
        'batch_shape=[null, 8], name_of={"class_name": "x"}'
    )
    assert values.settings("{}") == ""


@pytest.mark.parametrize(
    ("recorded", "current"),
    [
        ("efficientnetv2l", "efficientnetv2m"),
        ("nasnetlarge", "nasnetmobile"),
        ("vgg16", "efficientnetv2l"),
    ],
)
def test_a_thousand_rows_take_less_than_half_a_megabyte(recorded: str, current: str) -> None:
    """So that it can be mailed: the largest networks of Keras, of which nearly every row changed."""
    tables = (
        LayerTable.read_csv(SNAPSHOTS / "applications" / f"{name}.csv")
        for name in (recorded, current)
    )
    drift = compare(*tables)
    assert len(drift.changes) > 1_000
    assert len(drift.to_html().encode()) < 500_000


def test_no_drift_is_a_page_too() -> None:
    """With the network and the rows, and nothing to be accepted."""
    text = Page(DRIFTS["none"].to_html()).text
    assert "net: no drift" in text
    assert "Dense, 4" in text
    assert "accept" not in text


def test_known_changes_name_their_source() -> None:
    """As in the text."""
    recorded = replace(mlp(8, 4), recorded_with="keras 2.15.0")
    current = replace(
        changed(mlp(8, 4), 1, layer_attributes=json.dumps({"units": 4, "new": None})),
        recorded_with="keras 3.9.0",
    )
    text = Page(compare(recorded, current).to_html()).text
    assert "with keras 2.15.0" in text
