"""Links from the rows of pytest-html's report to what ours says of their drifts."""

from __future__ import annotations

import os
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pytest_layersnap.snapshots.naming import SUFFIX
from pytest_layersnap.snapshots.pages import is_one, page_of

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.results import Result


def extras(results: Iterable[Result], *, report: Path, theirs: Path) -> list[dict[str, Any]]:
    """What pytest-html shows in the row of a test, if it is among the ``extras`` of a test report.

    https://pytest-html.readthedocs.io/en/latest/user_guide.html#extra-content has what it takes. It
    writes names and addresses into its page as they are.

    Args:
        results: what the checks of the test found.
        report: where our report will be, a folder or one page.
        theirs: where the page of pytest-html will be.
    """
    from pytest_html import extras

    return [
        extras.url(
            _address(result.snapshot, report, theirs.parent),
            escape(f"layersnap: {result.snapshot.removesuffix(SUFFIX)}"),
        )
        for result in results
        if (result.finding, result.outcome) == ("drifted", "failed")
    ]


def _address(snapshot: str, report: Path, start: Path) -> str:
    if is_one(report):
        return f"{_relative(report, start)}#{quote(page_of(snapshot))}"
    return _relative(report / page_of(snapshot), start)


def _relative(path: Path, start: Path) -> str:
    try:
        return quote(os.path.relpath(path, start).replace(os.sep, "/"))
    except ValueError:  # another drive
        return path.resolve().as_uri()
