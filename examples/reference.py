"""Write the docs' page of options and verbs, ``docs/reference.md``: ``python examples/reference.py``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pytest_layersnap import cli, settings, update_flag  # noqa: E402
from pytest_layersnap.snapshots.session.items import MARKER  # noqa: E402

_HEAD = """\
# Options, settings, verbs

`python examples/reference.py` made this page of what the plugin and the command declare.

## Options of pytest

| option | what it does |
|---|---|
"""

_FIXTURE = """\

## Fixture and marker

The fixture `layersnap` is a [`LayerSnap`](api.md). The marker stands on a test, a class or a module:

"""

_EXIT = """\

## Exit codes

pytest ends as it always does: 0, or 1 if a check failed; 1 also where `layersnap_unused = error` and a
snapshot is unused.
`layersnap` ends with 0 for the same, 1 for drift, and 2 for wrong use or input that can't be read.

## The command
"""


class _Declared:
    """What a plugin declares, in place of pytest's parser."""

    def __init__(self) -> None:
        self.options: list[tuple[str, str]] = []
        self.settings: list[tuple[str, str, str]] = []
        self._groups = [SimpleNamespace(options=())]
        self._anonymous = self._groups[0]

    def getgroup(self, *_: str) -> _Declared:
        return self

    def addoption(self, name: str, *, help: str, metavar: str = "", **_: Any) -> None:
        self.options.append((f"{name} {metavar}".strip(), help))

    def addini(self, name: str, help: str, type: str, default: Any) -> None:
        self.settings.append((name, type, help))


def page() -> str:
    """The page, of pytest's options, the settings, the marker and the command."""
    declared: Any = _Declared()
    update_flag.declare_if_free(declared)
    settings.add_options(declared)
    parts = [_HEAD, *(f"| `{name}` | {help} |\n" for name, help in declared.options)]
    parts.append("\n## Settings\n\nIn `pytest.ini`, `[tool.pytest.ini_options]`, …\n\n")
    parts.append("| setting | type | what it says |\n|---|---|---|\n")
    parts += (f"| `{name}` | {type} | {help} |\n" for name, type, help in declared.settings)
    signature, _, help = MARKER.partition(": ")
    parts += [_FIXTURE, f"`{signature}`: {help}\n", _EXIT, *_verbs(cli.parser())]
    return "".join(parts)


def _verbs(parser: argparse.ArgumentParser) -> Iterator[str]:
    (verbs,) = (a for a in parser._actions if isinstance(a, argparse._SubParsersAction))
    helps = {choice.dest: choice.help for choice in verbs._choices_actions}
    for name, verb in verbs.choices.items():
        yield f"\n### layersnap {name}\n\n{_sentence(helps[name] or name)}\n\n"
        yield "| argument | what it says |\n|---|---|\n"
        for action in verb._actions:
            if action.dest != "help":
                yield f"| {_spelled(action)} | {_escaped(action.help or '')} |\n"
        if verb.epilog:
            yield f"\n```text\n{verb.epilog.strip()}\n```\n"


def _spelled(action: argparse.Action) -> str:
    value = action.metavar or (None if action.nargs == 0 else action.dest.upper())
    if action.choices and not action.metavar:
        value = "{" + ",".join(map(str, action.choices)) + "}"
    if not action.option_strings:
        return f"`{value}`"
    return ", ".join(
        f"`{name} {value}`" if value else f"`{name}`" for name in action.option_strings
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _escaped(text: str) -> str:
    return text.replace("|", "\\|").replace("%%", "%")


if __name__ == "__main__":
    (ROOT / "docs" / "reference.md").write_text(page(), encoding="utf-8", newline="\n")
