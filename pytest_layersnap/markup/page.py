"""The page around a report: its head, its style and script, and the policy that allows no other."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from pytest_layersnap.markup.elements import Html, joined, tag

#: How every page begins, so that no other file is ever taken for one.
_PROLOGUE = (
    "<!doctype html>\n<html lang=en><meta charset=utf-8>"
    "<meta name=generator content=pytest-layersnap>"
)


def page(title: str, *content: Html) -> str:
    """A page in one file.

    Args:
        title: what a browser's tab shows.
        content: what is in its ``body``.
    """
    style, script = (Html(resource(name)) for name in ("page.css", "page.js"))
    policy = (
        f"default-src 'none'; style-src {_source(style)}; script-src {_source(script)}; "
        "base-uri 'none'; form-action 'none'"
    )
    head = joined(
        (
            Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">'),
            tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
            tag("meta", name="color-scheme", content="light dark"),
            tag("title", title),
            tag("style", style),
        )
    )
    body = tag("body", *content, tag("script", script))
    return f"{_PROLOGUE}{head}{body}</html>\n"


def is_ours(data: bytes) -> bool:
    """Whether a file is such a page."""
    return data.startswith(_PROLOGUE.encode())


@cache
def resource(name: str) -> str:
    """The text of a file beside this one."""
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """The one inline text that the policy allows."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
