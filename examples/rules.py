"""Write the docs' page of rules, ``docs/rules.md``: ``python examples/rules.py``."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pytest_layersnap.extract.canonical import as_json  # noqa: E402
from pytest_layersnap.extract.rules import EVERY, SUBJECTS, Rule  # noqa: E402

_HEAD = """\
# Rules of encoding

A snapshot holds under every supported release because what releases write differently is brought to one
spelling. Each rule holds for the classes of Keras that it names, never for yours, and takes away a
difference of spelling and nothing else: `equal` is one setting as two releases write it, and the change
beside it stays visible. `tests/extract/test_rules.py` tries every line in every environment;
`python examples/rules.py` made this page of `pytest_layersnap/extract/rules/`.
"""


def page() -> str:
    """The page, of all rules by their subjects."""
    parts = [_HEAD]
    for subject, rules in SUBJECTS.items():
        parts.append(f"## {subject}\n")
        parts.append("| classes | releases | equal | | stays visible | why | source |")
        parts.append("| --- | --- | --- | --- | --- | --- | --- |")
        parts += map(_line, rules)
        parts.append("")
    return "\n".join(parts)


def _line(rule: Rule) -> str:
    classes = "all" if EVERY in rule.classes else ", ".join(rule.classes)
    configs = [f"`{as_json(config)}`" for config in (*rule.written, rule.changed)]
    return f"| {' | '.join((classes, rule.releases, *configs, rule.reason, rule.source))} |"


if __name__ == "__main__":
    (ROOT / "docs" / "rules.md").write_text(page(), encoding="utf-8", newline="\n")
