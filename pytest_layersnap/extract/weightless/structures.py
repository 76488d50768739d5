"""``keras.tree`` on PyTorch, which goes through each structure several times, in Python.

Most are a tensor, or a list or dictionary of tensors, numbers and names: lists, tuples and dictionaries are
gone through at once here, and of anything else Keras is asked once a class whether it is a leaf.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager
from typing import Any

from pytest_layersnap.extract.replaced import replaced

_IsUsual = Callable[[Any], bool]


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """Shortcuts for what PyTorch's tree does most; none where Keras takes another tree."""
    tree: Any = sys.modules.get(f"{package}.src.tree.torchtree_impl")
    shortcuts = {"is_nested": _is_nested, "flatten": _flatten, "map_structure": _map_structure}
    if tree is not None and shortcuts.keys() <= vars(tree).keys():
        leaves: set[type] = set()
        is_usual = _usual(tree.is_nested, leaves)
        for name, shortcut in shortcuts.items():
            yield replaced(tree, name, functools.partial(shortcut, is_usual, leaves))


def _usual(is_nested: Callable[[Any], bool], leaves: set[type]) -> _IsUsual:
    """What tells whether a structure is of lists, tuples, dictionaries and leaves; it learns leaves."""

    def is_usual(structure: Any) -> bool:
        kind = type(structure)
        if kind in leaves:
            return True
        items = _items(structure)
        if items is None:
            if is_nested(structure):
                return False
            leaves.add(kind)
            return True
        return leaves.issuperset(map(type, items)) or all(map(is_usual, items))

    return is_usual


def _items(structure: Any) -> Collection[Any] | None:
    kind = type(structure)
    if kind is list or kind is tuple:
        return structure  # type: ignore[no-any-return]
    return structure.values() if kind is dict else None


def _is_nested(is_usual: _IsUsual, leaves: set[type], original: Any) -> Any:
    @functools.wraps(original)
    def is_nested(structure: Any) -> Any:
        if type(structure) in leaves:
            return False
        return _items(structure) is not None or not is_usual(structure)

    return is_nested


def _flatten(is_usual: _IsUsual, leaves: set[type], original: Any) -> Any:
    def add(structure: Any, found: list[Any]) -> None:
        if type(structure) in leaves:
            found.append(structure)
            return
        if type(structure) is dict:
            structure = [structure[key] for key in sorted(structure)]
        if leaves.issuperset(map(type, structure)):
            found.extend(structure)
        else:
            for item in structure:
                add(item, found)

    @functools.wraps(original)
    def flatten(structure: Any) -> Any:
        if not is_usual(structure):
            return original(structure)
        found: list[Any] = []
        add(structure, found)
        return found

    return flatten


def _map_structure(is_usual: _IsUsual, leaves: set[type], original: Any) -> Any:
    def mapped(function: Any, structure: Any) -> Any:
        kind = type(structure)
        if kind in leaves:
            return function(structure)
        if kind is dict:
            return {key: mapped(function, item) for key, item in structure.items()}
        return kind([mapped(function, item) for item in structure])

    @functools.wraps(original)
    def map_structure(function: Any, *structures: Any, **options: Any) -> Any:
        none_is_leaf = options.get("none_is_leaf", True)
        if none_is_leaf and len(structures) == 1 and is_usual(structures[0]):
            return mapped(function, structures[0])
        return original(function, *structures, **options)

    return map_structure
