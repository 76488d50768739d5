"""What pytest's settings in a folder say, read without pytest."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

#: Where pytest reads them from.
_FILES: Final = (
    *("pytest.toml", ".pytest.toml", "pytest.ini", ".pytest.ini"),
    *("pyproject.toml", "tox.ini", "setup.cfg"),
)
#: A value, which all these files write alike, so that none has to be parsed: a list in brackets, or the
#: rest of the line and indented lines after it.
_VALUE: Final = r"(\[[^\]]*\]|[^\n]*(?:\n[ \t]+[^\n=]+$)*)"
_COMMENT: Final = re.compile(r"(?:^|\s)#.*")
_PART: Final = re.compile(r"""\"([^"]*)\"|'([^']*)'|([^\s,"'\[\]]+)""")


def setting(folder: Path, name: str) -> list[str]:
    """The parts of a setting.

    Args:
        folder: where the files of pytest's settings are.
        name: as pytest calls it.

    Returns:
        What it is set to; nothing where no file sets it.
    """
    spelled = re.compile(rf"^[ \t]*{name}[ \t]*={_VALUE}", re.MULTILINE)
    for file in _FILES:
        try:
            found = spelled.search((folder / file).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            parts = _PART.findall(_COMMENT.sub("", found[1]))
            return ["".join(part) for part in parts]
    return []
