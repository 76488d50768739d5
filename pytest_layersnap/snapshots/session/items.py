"""What an item of pytest is called, whether it uses the fixture, and what its markers say."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from types import CodeType
from typing import TYPE_CHECKING, Any

import pytest

from pytest_layersnap.scope import Scope, ScopeError

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.gathered import Use

FIXTURE = "layersnap"
MARKER = (
    "layersnap(only=None, ignore=None, behavior=None): "
    "compare only these categories or columns, or all but these, in the checks of the test; "
    "behavior=True also compares what the layers compute."
)
#: Asked for several times of each test.
_OWN_NAME = pytest.StashKey[str]()


def test_id(item: pytest.Item) -> str:
    """A test's id: xdist appends its group to the one on the reports, repeaters a number."""
    parent = item.parent
    return item.nodeid if parent is None else f"{parent.nodeid}::{_own_name(item)}"


def test_name(item: pytest.Item) -> str:
    """The name of a test with its classes and parameters."""
    classes = [node.name for node in item.listchain() if isinstance(node, pytest.Class)]
    return ".".join([*classes, _own_name(item)])


def _own_name(item: pytest.Item) -> str:
    """The name of an item without the parameter of a plugin that runs it several times."""
    name = item.stash.get(_OWN_NAME, None)
    if name is None:
        name = item.stash[_OWN_NAME] = _without_repetition(item)
    return name


def _without_repetition(item: pytest.Item) -> str:
    """The name of an item without parameters which nothing in the test asks for, and which only count."""
    callspec = getattr(item, "callspec", None)
    ids: list[str] = list(getattr(callspec, "_idlist", ()))
    if callspec is None or not ids:
        return item.name
    arguments = list(callspec.params)
    asked = _asked(item)

    def repeats(argument: str) -> bool:
        value = callspec.params[argument]
        # A counter that is a fixture of its own says no more than its value.
        counts = isinstance(value, int) and value == callspec.indices[argument]
        return counts and argument not in asked

    # Several arguments may share one id, so those of repeaters are known at the ends alone.
    before = len(ids)
    while arguments and ids and repeats(arguments[-1]):
        del arguments[-1], ids[-1]
    while arguments and ids and repeats(arguments[0]):
        del arguments[0], ids[0]
    if len(ids) == before:
        return item.name
    base = item.name.partition("[")[0]
    return f"{base}[{'-'.join(ids)}]" if ids else base


def _asked(item: pytest.Item) -> set[str]:
    """The names of all fixtures and arguments that a test asks for, itself or over others."""
    info: Any = getattr(item, "_fixtureinfo", None)
    if info is None:
        return set()
    asked: set[str] = set()
    waiting = [*info.argnames, *info.initialnames]
    while waiting:
        name = waiting.pop()
        if name not in asked:
            asked.add(name)
            for definition in info.name2fixturedefs.get(name, ()):
                waiting += definition.argnames
    return asked


def use(item: pytest.Item) -> Use:
    """Whether a test uses the fixture, as far as can be told before it runs."""
    names = getattr(item, "fixturenames", ())
    if FIXTURE in names or item.get_closest_marker(FIXTURE) is not None:
        return "fixture"
    codes = list(_codes(item))
    if any(_asks(code) for code in codes):
        return "fixture"
    harmless = isinstance(item, pytest.Function) and not names
    return "nothing" if harmless and codes and not any(map(_calls, codes)) else "unknown"


def _codes(item: pytest.Item) -> Iterator[CodeType]:
    """The code of a test and of its fixtures."""
    info: Any = getattr(item, "_fixtureinfo", None)
    definitions = info.name2fixturedefs.values() if info is not None else ()
    functions = [getattr(item, "obj", None)]
    functions += [one.func for several in definitions for one in several]
    for function in functions:
        while function is not None:
            code = getattr(function, "__code__", None)
            if isinstance(code, CodeType):
                yield code
            function = getattr(function, "__wrapped__", None)


@cache
def _asks(code: CodeType) -> bool:
    """Whether code asks for the fixture while it runs."""
    return ("getfixturevalue" in code.co_names and FIXTURE in code.co_consts) or any(
        _asks(inner) for inner in code.co_consts if isinstance(inner, CodeType)
    )


def _calls(code: CodeType) -> bool:
    """Whether code refers to anything outside of itself, so that it could open a file."""
    inner = any(isinstance(constant, CodeType) for constant in code.co_consts)
    return bool(code.co_names or code.co_freevars or inner)


def marked(item: pytest.Item, scope: Scope) -> Scope:
    """What the ``layersnap`` markers of a test make of the scope of all; the closest one wins.

    Raises:
        pytest.UsageError: a marker has an argument that it does not take.
    """
    for mark in reversed(list(item.iter_markers("layersnap"))):
        if mark.args or not {"only", "ignore", "behavior"}.issuperset(mark.kwargs):
            given = ", ".join([*map(repr, mark.args), *mark.kwargs])
            raise pytest.UsageError(
                "@pytest.mark.layersnap takes only=, ignore= and behavior=, and nothing else; "
                f"got {given}"
            )
        try:
            scope = scope.refined(Scope.of(**mark.kwargs))
        except ScopeError as error:
            raise pytest.UsageError(f"@pytest.mark.layersnap: {error}") from None
    return scope
