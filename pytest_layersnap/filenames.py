"""File names that every file system takes, for any text.

A text that is safe stays as it is. One that is not loses what is unsafe and gains a hash of the whole,
so that different texts never become the same name. Case is kept, as most test classes and parameters have
capitals; names which differ by nothing else are told apart by whoever sees both (``fold``).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Callable, Iterable
from operator import add

# A file name has 100 characters at most: the part, "@" and five digits, the suffix.
_LONGEST = 90
_UNSAFE = re.compile(r"[^A-Za-z0-9_.,=+-]+")
_HASHED = re.compile(r"-[0-9a-f]{8}$")
# Windows opens a device by these names, whatever the suffix and the case.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)


def safe(part: str, *, whole: str | None = None, keep: bool = True) -> str:
    """``part``, or what is safe of it and a hash of ``whole``, from which it was made."""
    # macOS may hand out a name decomposed that was typed composed.
    part = unicodedata.normalize("NFC", part)
    kept = _UNSAFE.sub("_", part)
    if _DEVICE.match(kept):
        kept = f"_{kept}"
    kept = kept[:_LONGEST].rstrip(".")
    if keep and kept == part and not _HASHED.search(kept):
        return kept
    text = unicodedata.normalize("NFC", part if whole is None else whole)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{kept[: _LONGEST - 9]}-{digest}"


def stem(name: str) -> str:
    """A file name without suffix for any text; slashes become underscores."""
    return safe(name.replace("/", "_")) or "_"


def fold(path: str) -> str:
    """What a file system that ignores case makes of a path."""
    return path.casefold()


def unique(
    names: Iterable[str],
    *,
    taken: Iterable[str] = (),
    joined: Callable[[str, str], str] = add,
) -> list[str]:
    """The names, where one that is taken becomes ``name_2``, ``name_3``, ….

    Args:
        names: what is wanted.
        taken: what is not to be had.
        joined: makes one of a name and the number that goes with it (which may be empty).
    """
    used = set(map(fold, taken))
    found = []
    for name in names:
        number, candidate = 1, joined(name, "")
        while fold(candidate) in used:
            number += 1
            candidate = joined(name, f"_{number}")
        used.add(fold(candidate))
        found.append(candidate)
    return found
