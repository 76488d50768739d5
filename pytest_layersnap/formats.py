"""What a format of a file is: the same for exports and for whatever a command shows."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write something.

    Args:
        suffix: what files of this format end in.
        render: makes the bytes of a file.
        is_ours: whether a file is one that was made so; others are left alone.
        each: whether an export into a folder gets a file for each table too.
    """

    suffix: str
    render: Callable[[Any], bytes]
    is_ours: Callable[[bytes], bool]
    each: bool = True


def text(suffix: str, render: Callable[[Any], str], begins: str) -> Format:
    """A format of texts.

    Args:
        suffix: what files of this format end in.
        render: makes the text.
        begins: how such texts begin, as a regular expression.
    """
    pattern = re.compile(begins.encode())
    return Format(
        suffix,
        lambda shown: f"{render(shown).rstrip()}\n".encode("utf-8", "backslashreplace"),
        lambda data: pattern.match(data) is not None,
    )
