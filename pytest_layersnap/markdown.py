"""Text of others, made safe to show in Markdown."""

from __future__ import annotations

import html
import re

from pytest_layersnap.printable import printable

#: What is markup wherever it stands, and what is where a text begins.
_MARKUP = re.compile(r"[\\`*_\[\]|~$]|^#")


def literal(text: str) -> str:
    """A text that is shown as it stands, on a line or in the cell of a table."""
    return _MARKUP.sub(r"\\\g<0>", html.escape(printable(text), quote=False))


def code(text: str) -> str:
    """A text as a code span: its fence is longer than any run of backticks inside."""
    text = printable(text)
    fence = "`"
    while fence in text:
        fence += "`"
    space = " " if text.startswith("`") or text.endswith("`") or not text else ""
    return f"{fence}{space}{text}{space}{fence}"
