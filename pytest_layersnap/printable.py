"""Text of others, made safe to show on a line."""

from __future__ import annotations

import re

#: What the log of a CI job would take for a command: ``::`` where a line begins (GitHub), ``##[`` and
#: ``##vso[`` anywhere (GitHub, Azure). TeamCity's ``##teamcity[`` is of the same kind.
_COMMAND = re.compile(r"^(\s*):(?=:)|#(?=#\w*\[)")


def printable(text: str) -> str:
    """A text with control characters spelled out, so that it can't break a line or a terminal.

    What a CI job would carry out as a command is spelled out too.
    """
    text = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    if "::" not in text and "##" not in text:
        return text
    return _COMMAND.sub(lambda found: f"{found[1] or ''}\\x{ord(found[0][-1]):02x}", text)
