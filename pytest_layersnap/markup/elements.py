"""HTML that is safe by how it is made: text is escaped unless it was made here.

A template library would be one more dependency of every test run, and its escaping something to
switch on; with elements as functions there is no other way to write text into a page.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Final

from pytest_layersnap.printable import printable


class Html(str):
    """Markup, which goes into a page as it stands."""

    __slots__ = ()


#: Elements that end where the next one begins, or their parent: large tables are a third smaller.
_END_BY_THEMSELVES: Final = frozenset({"dd", "dt", "li", "tbody", "td", "th", "thead", "tr"})
_NEEDS_NO_QUOTES: Final = re.compile(r"[\w#-]+", re.ASCII).fullmatch
_EMPTY: Final = frozenset({"col", "input", "meta"})

Content = str | None


def tag(name: str, /, *content: Content, **attributes: str | int | bool | None) -> Html:
    """An element.

    Args:
        name: its name.
        content: what is in it: elements, and text, which is escaped; None is nothing.
        attributes: its attributes (``class_`` for ``class``, ``data_c`` for ``data-c``); true ones
            have no value, those that are None or false are left out.
    """
    written = "".join(_attribute(key, value) for key, value in attributes.items())
    end = "" if name in _END_BY_THEMSELVES or name in _EMPTY else f"</{name}>"
    return Html(f"<{name}{written}>{joined(content)}{end}")


def joined(content: Iterable[Content]) -> Html:
    """Elements and texts one after the other."""
    return Html("".join(escaped(part) for part in content if part is not None))


def joined_by(between: str, content: Iterable[str]) -> Html:
    """Elements and texts with a text between them."""
    return Html(escaped(between).join(map(escaped, content)))


def escaped(text: str) -> Html:
    """Text as markup; what can't be seen, or would turn the direction of writing, is spelled out."""
    return text if isinstance(text, Html) else Html(html.escape(printable(text), quote=False))


def _attribute(key: str, value: str | int | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = html.escape(printable(str(value)))
    return f" {name}={text}" if _NEEDS_NO_QUOTES(text) else f' {name}="{text}"'
