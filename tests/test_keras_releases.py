"""The generated part of docs/keras-releases.md is what the script would write."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import applications
from pytest_layersnap.comparison.known_changes import KNOWN_CHANGES
from tests.applications import NAMES

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "keras-releases.md").read_text(encoding="utf-8")

#: Those whose tables are on the page.
ENVIRONMENTS = ("keras2", "tfkeras", "keras3-oldest", "keras3-jax", "keras3-torch")


def part(name: str) -> str:
    """A generated part of the page."""
    match = re.search(rf"<!-- {name} -->\n\n(.*?)\n\n<!-- end of {name} -->", PAGE, re.S)
    assert match
    return match[1]


def test_known_changes() -> None:
    """Every known change is on the page, word for word."""
    assert part("known changes") == applications.known_changes()


def test_applications() -> None:
    """Every application stands beside every environment, and nothing is unexplained."""
    head, _, *rows = part("applications").splitlines()
    for environment in ENVIRONMENTS:
        assert f"| {environment}: " in head
    assert [row.split(" | ")[0].removeprefix("| ") for row in rows] == list(NAMES)
    assert "unexplained" not in PAGE.partition("<!-- applications -->")[2]
    numbers = {int(number) for row in rows for number in re.findall(r"\((\d+)\)", row)}
    assert numbers <= set(range(1, len(KNOWN_CHANGES) + 1))


def test_a_page_without_the_part() -> None:
    """The script says which part it misses."""
    with pytest.raises(SystemExit, match="no part 'applications'"):
        applications.replaced("nothing here", "applications", "| |")
