"""``keras.tree`` on PyTorch, which goes through each structure several times, in Python.

Most are a tensor, or a list or dictionary of tensors, numbers and names: lists, tuples and dictionaries are
gone through at once here, and of anything else Keras is asked once a class whether it is a leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from pytest_layersnap.extract.weightless.memory import in_scope

_IsUsual = Callable[[Any], bool]


def shortcuts(*originals: Any) -> tuple[Any, ...]:
    """``is_nested``, ``flatten`` and ``map_structure`` of PyTorch's tree, shorter for what they do most."""
    leaves: set[type] = set()
    is_usual = _usual(originals[0], leaves)
    return tuple(
        in_scope(original, shorter(is_usual, leaves, original))
        for original, shorter in zip(originals, (_is_nested, _flatten, _map_structure), strict=True)
    )


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

    def map_structure(function: Any, *structures: Any, **options: Any) -> Any:
        none_is_leaf = options.get("none_is_leaf", True)
        if none_is_leaf and len(structures) == 1 and is_usual(structures[0]):
            return mapped(function, structures[0])
        return original(function, *structures, **options)

    return map_structure
