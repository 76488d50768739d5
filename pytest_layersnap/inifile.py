"""What pytest's settings in a folder say, read without pytest."""

from __future__ import annotations

import configparser
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # which pytest requires there

#: The files that pytest reads, and their sections for it.
_FILES: Final = {
    "pytest.toml": ("pytest",),
    ".pytest.toml": ("pytest",),
    "pytest.ini": ("pytest",),
    ".pytest.ini": ("pytest",),
    "pyproject.toml": ("tool.pytest", "tool.pytest.ini_options"),
    "tox.ini": ("pytest",),
    "setup.cfg": ("tool:pytest",),
}


def setting(folder: Path, name: str) -> str | list[str]:
    """The value of a setting.

    Args:
        folder: where the files of pytest's settings are.
        name: as pytest calls it.

    Returns:
        The text, or the texts of a TOML array; an empty text where no file sets it. Files that can't be
        read set nothing.
    """
    for file, sections in _FILES.items():
        path = folder / file
        try:
            text = path.read_text(encoding="utf-8")
            values = _of_toml if path.suffix == ".toml" else _of_ini
            found = [each[name] for each in values(text, sections) if name in each]
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, configparser.Error):
            continue
        for value in found:
            return [str(each) for each in value] if isinstance(value, list) else str(value)
    return ""


def _of_toml(text: str, sections: tuple[str, ...]) -> list[Mapping[str, Any]]:
    parsed = tomllib.loads(text)
    return [_table(parsed, section) for section in sections]


def _table(parsed: Any, section: str) -> Mapping[str, Any]:
    for key in section.split("."):
        parsed = parsed.get(key) if isinstance(parsed, dict) else None
    return parsed if isinstance(parsed, dict) else {}


def _of_ini(text: str, sections: tuple[str, ...]) -> list[Mapping[str, Any]]:
    parser = configparser.RawConfigParser(strict=False, inline_comment_prefixes=("#",))
    parser.read_string(text)
    return [parser[section] for section in sections if section in parser]
