"""Text of others, made safe to show on a line."""

from __future__ import annotations


def printable(text: str) -> str:
    """A text with control characters spelled out, so that it can't break a line or a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
