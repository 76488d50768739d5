"""Two values beside each other, with what differs marked inside of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby, takewhile
from typing import Any, Final

from pytest_layersnap.markup.elements import Html, escaped, joined, tag
from pytest_layersnap.report.words import cut, value_text

#: Words, signs, and numbers with their thousands and decimals.
_TOKEN: Final = re.compile(r"\d{1,3}(?:,\d{3})+(?!\d)|\d+\.\d+(?:e-?\d+)?|[^\W_]+|[\W_]")
#: Longer values fold up.
_LONG: Final = 300


def pair(recorded: str, current: str) -> tuple[Html, Html]:
    """Both values, the parts of each that the other does not have marked."""
    was, now = _TOKEN.findall(recorded), _TOKEN.findall(current)
    start = _alike(was, now)
    end = _alike(was[start:][::-1], now[start:][::-1])
    middles = was[start : len(was) - end], now[start : len(now) - end]
    differ = [True] * max(map(len, middles))
    if len(middles[0]) == len(middles[1]):
        differ = _bridged([one != other for one, other in zip(*middles, strict=True)], middles[0])
    return (
        _short(recorded, _marked(was, start, differ[: len(middles[0])], "del")),
        _short(current, _marked(now, start, differ[: len(middles[1])], "ins")),
    )


def value(text: str) -> Html:
    """A value, folded up if it is long."""
    return _short(text, escaped(text))


def settings(config: str) -> str:
    """A configuration as it would be called: ``units=4, bias_initializer=Zeros()``."""
    return _arguments(json.loads(config))


def _arguments(config: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={_argument(value)}" for name, value in config.items())


def _argument(value: Any) -> str:
    if isinstance(value, dict) and value.keys() == {"class_name", "config"}:
        return f"{value['class_name']}({_arguments(value['config'])})"
    return value_text(value)


def _short(text: str, shown: Html) -> Html:
    if len(text) <= _LONG:
        return shown
    return folded(joined((cut(text), tag("small", f" {len(text):,} characters"))), shown)


def folded(summary: Html, shown: Html) -> Html:
    """What only a click unfolds."""
    return tag("details", tag("summary", summary), shown)


def _marked(tokens: Sequence[str], start: int, differ: Sequence[bool], name: str) -> Html:
    parts: list[Html | str] = ["".join(tokens[:start])]
    place = start
    for differs, group in groupby(differ):
        length = len(list(group))
        text = "".join(tokens[place : place + length])
        parts.append(tag(name, text) if differs else text)
        place += length
    return joined([*parts, "".join(tokens[place:])])


def _bridged(differ: list[bool], tokens: Sequence[str]) -> list[bool]:
    """Neighbours in a list are one mark: what differs, with the comma and the space between."""
    for at in range(1, len(differ) - 2):
        if differ[at - 1] and differ[at + 2] and tokens[at : at + 2] == [",", " "]:
            differ[at] = differ[at + 1] = True
    return differ


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens two values begin with alike."""
    pairs = zip(one, other, strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
