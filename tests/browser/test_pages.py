"""The pages in a real Chromium: what a reader does with them, and what they must not do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_layersnap import flow
from pytest_layersnap.drift import Drift, compare
from pytest_layersnap.report.html.index import Chapter, Entry, render_all
from pytest_layersnap.table import LayerTable

from ..comparison.tables import chain, changed, entry, mlp, plain, resnet
from ..report.cases import recorded

playwright = pytest.importorskip("playwright.sync_api", reason="the environment `browser` has it")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}


def unfrozen() -> Drift:
    """The last rows of a backbone train."""
    before = recorded("resnet50")
    current = before
    for place in range(155, 175):
        size = before.layers[place].parameters
        current = changed(current, place, is_trainable=True, trainable_parameters=size)
    return compare(before, current)


def rewired() -> Drift:
    """One edge of a residual network."""
    before = LayerTable(tuple(resnet(3)))
    return compare(before, changed(before, 14, inbound_layers='["activation_3", "conv2d"]'))


def hostile() -> Drift:
    """Names and settings that would run if they could."""
    texts = (
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "a\u202eb",
        "x" * 9_999,
    )
    before = [plain(text, "Lambda", [], text="x") for text in texts]
    after = [plain(text, "Lambda", [], text=text) for text in texts]
    return compare(chain(entry(8), *before), chain(entry(8), *after))


def of_rows(blocks: int) -> Drift:
    """A network of seven rows a block, all of them wider."""
    tables = (LayerTable(tuple(resnet(blocks, named=True, width=width))) for width in (48, 64))
    return compare(*tables)


DRIFTS: dict[str, Callable[[], Drift]] = {
    "deeper": lambda: compare(
        recorded("applications/resnet50"), recorded("applications/resnet101")
    ),
    "unfrozen": unfrozen,
    "rewired": rewired,
    "removed": lambda: compare(mlp(8, 4, 2, 1), mlp(8, 4)),
    "nested": lambda: compare(
        recorded("zoo/nested"), changed(recorded("zoo/nested"), 3, output_shape="(None, 5)")
    ),
    "several inputs": lambda: compare(recorded("zoo/siamese"), recorded("zoo/nested_inputs")),
    "subclassed": lambda: compare(recorded("zoo/subclassed"), recorded("zoo/sequential")),
    "hostile": hostile,
    "none": lambda: compare(recorded("vgg16"), recorded("vgg16")),
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser that is installed."""
    with playwright.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


class Reader:
    """Somebody who opens pages; whatever a page loads or complains about is noted."""

    def __init__(self, browser: Any, folder: Path, **options: Any) -> None:
        """Open nothing yet."""
        self._file = folder / "drift.html"
        self.page = browser.new_page(**options)
        self.page.set_default_timeout(600_000)  # not a measure
        self.noted: list[str] = []
        self.page.on("console", lambda message: self.noted.append(message.text))
        self.page.on("pageerror", lambda error: self.noted.append(str(error)))
        self.page.on("dialog", lambda dialog: self.noted.append(dialog.message))
        self.page.on("request", lambda request: self.noted.append(request.url))

    def open(self, drift: Drift) -> Any:
        """Open the page about a drift."""
        return self.show(drift.to_html())

    def show(self, source: str) -> Any:
        """Open a page."""
        self._file.write_text(source, encoding="utf-8")
        self.page.goto(self._file.as_uri())
        assert self.noted == [self._file.as_uri()]
        return self.page

    @property
    def rows(self) -> int:
        """How many layers the table shows."""
        return int(self.page.locator(".rows > tbody[id]:visible").count())


@pytest.fixture
def reader(browser: Any, tmp_path: Path) -> Iterator[Reader]:
    """Somebody at a desk."""
    found = Reader(browser, tmp_path, viewport={"width": 1280, "height": 900})
    yield found
    found.page.close()


def faults(page: Any) -> list[str]:
    """What axe finds seriously wrong with a page."""
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in axe.Axe().run(page).response["violations"]
        if fault["impact"] in ("serious", "critical")
    ]


def require_fitting(page: Any, width: int) -> None:
    """Nothing sticks out where some of a page is unfolded, and axe finds no serious fault."""
    for summary in page.locator("summary").all()[:3]:
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert faults(page) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", DRIFTS)
def test_a_page_is_for_everybody(
    browser: Any, tmp_path: Path, name: str, size: str, scheme: str
) -> None:
    """Nothing is loaded, nothing complains, nothing sticks out, and axe finds no serious fault."""
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    reader = Reader(browser, tmp_path, viewport=viewport, color_scheme=scheme)
    page = reader.open(DRIFTS[name]())
    require_fitting(page, width)
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    assert len(reader.noted) == 1
    page.close()


#: What cells of a notebook end in.
CELLS: dict[str, Callable[[], Any]] = {
    "table": lambda: recorded("resnet50"),
    "flow": lambda: flow(recorded("resnet50")),
    "drift": DRIFTS["deeper"],
    "two": lambda: [DRIFTS["unfrozen"](), flow(recorded("zoo/nested"))],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_of_a_notebook_is_for_everybody(
    browser: Any, tmp_path: Path, name: str, size: str, scheme: str
) -> None:
    """In a page that is not ours: nothing is loaded or sticks out, axe finds no serious fault."""
    width, height = SIZES[size]
    viewport = {"width": width, "height": height}
    reader = Reader(browser, tmp_path, viewport=viewport, color_scheme=scheme)
    shown = CELLS[name]()
    cells = [each._repr_html_() for each in (shown if isinstance(shown, list) else [shown])]
    page = reader.show(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Notebook</title>"
        "<meta name=color-scheme content='light dark'>"
        f"<meta name=viewport content='width=device-width'><h1>Notebook</h1>{''.join(cells)}"
    )
    require_fitting(page, width)
    page.close()


def test_search(reader: Reader) -> None:
    """Words narrow findings and rows down, also those that are folded up; a button shows all again."""
    page = reader.open(unfrozen())
    assert reader.rows == 20
    page.get_by_label("Search").fill("Conv5_Block3_2")
    assert reader.rows == 3
    assert page.get_by_role("status").inner_text() == "3 of 179 rows shown"
    page.get_by_label("Search").fill("conv1_pad")
    assert reader.rows == 0
    assert page.get_by_role("rowheader", name="conv1_pad").is_visible()
    page.get_by_role("button", name="Show all").click()
    assert reader.rows == 20
    assert page.get_by_role("status").inner_text() == ""


def test_filter(reader: Reader) -> None:
    """Categories narrow down, together with what is searched for."""
    page = reader.open(compare(mlp(8, 4, 2), mlp(8, 5, 2, 1)))
    everything = reader.rows
    page.get_by_label("layers").check()
    assert reader.rows == 1
    page.get_by_label("config").check()
    assert 1 < reader.rows < everything
    page.get_by_label("Search").fill("dense_2")
    assert reader.rows == 1


def test_findings_lead_to_their_rows(reader: Reader) -> None:
    """And show no others."""
    page = reader.open(DRIFTS["subclassed"]())
    link = page.locator(".findings a").first
    expected = int("".join(filter(str.isdigit, link.inner_text())) or 1)
    link.click()
    assert reader.rows == expected


def test_blocks_lead_to_their_rows(reader: Reader) -> None:
    """With the keyboard too; they are marked, unfolded, and in sight."""
    page = reader.open(unfrozen())
    block = page.locator(".network td:last-child a").first
    block.focus()
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    first = page.locator(".hit").first
    assert first.is_visible()
    assert first.evaluate("row => row.getBoundingClientRect().top") < 900
    names = page.locator(".hit > th").all_inner_texts()
    assert names[0] == "input_layer"
    assert "conv1_conv" in names
    page.locator(".network li.changed a").last.click()
    assert page.locator(".hit").first.get_attribute("id") == "r156"


def test_a_run_as_one_page(reader: Reader) -> None:
    """Its index leads to each drift, whose findings and blocks lead to its own rows; one search for all."""
    chapters = {name: Chapter(DRIFTS[name](), "") for name in ("removed", "rewired")}
    entries = [Entry("drifted", name, "", "test", name) for name in chapters]
    page = reader.show(render_all("", [], entries, chapters))
    page.get_by_role("link", name="rewired").click()
    article = page.locator("article#rewired")
    assert article.evaluate("article => article.getBoundingClientRect().top") < 900
    article.locator(".findings a").first.click()
    assert reader.rows == article.locator(".rows > tbody[id]:visible").count() == 1
    article.locator(".network a").last.click()
    assert article.locator(".hit").count() == page.locator(".hit").count() > 0
    page.get_by_label("Search").fill("dense_2")
    assert page.locator("article#removed .rows > tbody[id]:visible").count() == 1
    assert faults(page) == []


def test_without_script(browser: Any, tmp_path: Path) -> None:
    """All is there but search and filter."""
    reader = Reader(browser, tmp_path, java_script_enabled=False)
    page = reader.open(unfrozen())
    assert not page.get_by_label("Search").is_visible()
    assert reader.rows == 20
    page.locator("summary").first.click()
    assert page.get_by_role("rowheader", name="conv1_pad").is_visible()
    page.locator(".network li.changed a").first.click()
    assert page.url.endswith("#r156")
    page.close()


def test_on_paper(reader: Reader) -> None:
    """Without what only a screen needs."""
    page = reader.open(unfrozen())
    assert page.pdf().startswith(b"%PDF")
    page.emulate_media(media="print")
    assert not page.get_by_label("Search").is_visible()
    assert page.get_by_role("table", name="Stages and blocks").is_visible()


def test_ten_thousand_rows(reader: Reader) -> None:
    """Open, and can be searched."""
    page = reader.open(of_rows(1_430))
    page.get_by_label("Search").fill("block77_1_conv")
    assert reader.rows == 1
