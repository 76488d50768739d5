"""Every rule makes its pair equal, in configs and in layers of this release, and hides no real change."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from examples.rules import page
from pytest_layersnap.extract import canonical
from pytest_layersnap.extract.rules import SUBJECTS, Rule

_RULES = {
    f"{subject} {number}": rule
    for subject, rules in SUBJECTS.items()
    for number, rule in enumerate(rules, 1)
}
_WITH_CODE = {name: rule for name, rule in _RULES.items() if rule.code}

#: The rank of the input where a rule wants one.
_RANK = 4


def _class(rule: Rule) -> str:
    """The class that the example of a rule is about."""
    if rule.code is None:
        return rule.classes[0]
    return rule.code[0].removeprefix("initializers.").partition("(")[0]


def _canonical(rule: Rule, config: Mapping[str, Any]) -> dict[str, Any]:
    before = copy.deepcopy(config)
    plain = canonical.attributes(_class(rule), config, rank=_RANK)
    assert config == before
    return plain


@pytest.mark.parametrize("rule", _RULES.values(), ids=_RULES)
def test_configs(rule: Rule) -> None:
    """Two spellings of one setting are one; the change beside it stays."""
    one, other = rule.written
    assert one != other or rule.drops
    changed = _canonical(rule, rule.changed)
    if not rule.reads:
        assert _canonical(rule, one) == _canonical(rule, other)
        assert _canonical(rule, one) != changed
    assert _canonical(rule, other) != changed


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("rule", _WITH_CODE.values(), ids=_WITH_CODE)
def test_layers(rule: Rule, keras: Any) -> None:
    """Layers of this release say what the configs of the rule say, where it has the setting."""
    names = {**vars(keras.layers), "initializers": keras.initializers}
    absent = {*rule.written[0], *rule.written[1], *rule.changed}
    refused = []
    for text, config in zip(rule.code or (), (rule.written[1], rule.changed), strict=True):
        try:
            layer = eval(text, names)
        except (ImportError, NameError, TypeError, ValueError) as error:
            refused.append(str(error))
            continue
        expected, found = _canonical(rule, config), canonical.attributes_of(layer, rank=_RANK)
        assert _holds(expected, found), found
        assert not (absent - expected.keys()) & found.keys(), found
    if len(refused) == 2:
        pytest.skip(f"not in this release: {refused[0]}")


def _holds(expected: Any, found: Any) -> bool:
    """Whether all that a config of a rule says, a layer says too."""
    if isinstance(expected, dict) and isinstance(found, dict):
        return all(_holds(item, found.get(key)) for key, item in expected.items())
    return canonical.same(expected, found)


@pytest.mark.lifecycle
def test_page() -> None:
    """The docs' page is made of the rules as they are."""
    made = Path(__file__).parents[2] / "docs" / "rules.md"
    assert made.read_text(encoding="utf-8") == page()
