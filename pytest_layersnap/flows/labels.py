"""What the names that people gave to layers say about the part of a network that they are in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import takewhile

from pytest_layersnap.flows.nodes import Node
from pytest_layersnap.references import is_auto_name, own_name

_TOKEN = re.compile(r"\d+|[^\W\d_]+|[\W_]+")


def labels(stages: Sequence[Iterable[Node]]) -> list[str]:
    """A name for each stage, from the names of its layers; empty where they have none in common.

    Only what tells the stages apart is a name, and without what all of them begin with.
    """
    beginnings = [tuple(_beginning(nodes)) for nodes in stages]
    counts = Counter(beginnings)
    named = [
        tokens
        for tokens in beginnings
        if tokens and counts[tokens] == 1 and not _is_beginning(tokens, beginnings)
    ]
    shared = len(_common(named)) if len(named) > 1 else 0
    while shared and not all(tokens[shared:] and tokens[shared].isalpha() for tokens in named):
        shared -= 1
    return ["".join(tokens[shared:]) if tokens in named else "" for tokens in beginnings]


def beginning(nodes: Iterable[Node]) -> str:
    """What the names of layers begin with, as far as people gave them; empty if nothing."""
    return "".join(_beginning(nodes))


def _is_beginning(tokens: Sequence[str], of: Iterable[Sequence[str]]) -> bool:
    return any(len(other) > len(tokens) and other[: len(tokens)] == tokens for other in of)


def _beginning(nodes: Iterable[Node]) -> list[str]:
    layers = [node.layer for node in nodes if not node.is_input]
    names = [own_name(layer.layer_name) for layer in layers]
    given = [
        _TOKEN.findall(name)
        for name, layer in zip(names, layers, strict=True)
        if not is_auto_name(name, layer.layer_type)
    ]
    if len(given) * 2 < len(layers):
        return []
    tokens = _common(given)
    if not any(map(str.isdigit, tokens)) and (numbers := _numbers(given, len(tokens))):
        return [*tokens, *numbers]
    while tokens and any(token.isdigit() for token in tokens) and not tokens[-1].isdigit():
        tokens.pop()  # what counts the stage ends its name: the rest is of its blocks
    while tokens and not tokens[-1].isalnum():
        tokens.pop()
    return tokens


def _numbers(given: Sequence[Sequence[str]], place: int) -> list[str]:
    """The range of the numbers that all names have in one place."""
    tokens = [name[place] if len(name) > place else "" for name in given]
    if not (tokens and all(map(str.isdigit, tokens))):
        return []
    return [tokens[0], "–", tokens[-1]]


def _common(tokens: Sequence[Sequence[str]]) -> list[str]:
    columns = zip(*tokens, strict=False)
    return [column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns)]
