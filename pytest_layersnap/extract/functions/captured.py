"""What a function takes from outside: closures, globals, defaults."""

from __future__ import annotations

import ast
import builtins
import re
import sys
import types
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

from pytest_layersnap.extract.functions.normal import literal
from pytest_layersnap.extract.functions.scopes import FIXED, TAKEN, arguments, original

_MISSING = object()
_PLAIN = (bool, int, float, complex, str, bytes, type(None), type(...))
#: Longer texts, and tuples with more items, are not written into the code.
_LENGTH = 64


class Surroundings:
    """Where a function finds the values of names that are not its own."""

    def __init__(self, function: types.FunctionType) -> None:
        """Gather the places: its closure, its globals, the module of its file, Python's own names."""
        code = function.__code__
        cells = zip(code.co_freevars, function.__closure__ or (), strict=False)
        self._closure = dict(_filled(cells))
        self._globals: list[dict[str, Any]] = [function.__globals__]
        if not at_home(function):
            self._globals += [vars(module) for module in _modules(code.co_filename)]

    def find(self, name: str) -> Any:
        """The value of a name; ``_MISSING`` for Python's own names and those that nobody knows."""
        if name in self._closure:
            return self._closure[name]
        for known in self._globals:
            if name in known:
                return known[name]
            if hasattr(builtins, name):
                break
        return _MISSING


def at_home(function: types.FunctionType) -> bool:
    """Whether a function was defined in the module that its globals are of.

    A lambda that was loaded from a model file has Keras' own module for its globals.
    """
    file = function.__globals__.get("__file__")
    return file is None or _same_file(str(file), function.__code__.co_filename)


def _same_file(one: str, other: str) -> bool:
    return one == other or re.split(r"[\\/]", one)[-2:] == re.split(r"[\\/]", other)[-2:]


def _modules(file: str) -> list[types.ModuleType]:
    return [
        module
        for module in list(sys.modules.values())
        if isinstance(module, types.ModuleType) and vars(module).get("__file__") == file
    ]


def _filled(cells: Iterator[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    for name, cell in cells:
        try:
            yield name, cell.cell_contents
        except ValueError:  # still empty
            continue


class Taken(ast.NodeTransformer):
    """Puts what a function takes from outside into its resolved code, as far as that can be written.

    Numbers, texts, modules and named functions are written where they are used. What is left is in
    ``values``, by identifiers that stand in the code, with the arguments that it is called with by
    name in ``called_with``. ``wrote`` tells whether constants came into the code.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        named: Callable[[Any], str | None],
        own: Callable[..., bool],
    ) -> None:
        """Take from these surroundings.

        Args:
            surroundings: where the values are.
            named: what a function or class is known as, None for those that are described.
            own: whether a function is described rather than known by its name.
        """
        self._surroundings = surroundings
        self._named = named
        self._own = own
        self.wrote = False
        self.values: dict[str, Any] = {}
        self.called_with: dict[str, set[str]] = defaultdict(set)

    def visit_Call(self, node: ast.Call) -> ast.AST:  # noqa: D102
        self.generic_visit(node)
        keywords = {keyword.arg for keyword in node.keywords if keyword.arg}
        if isinstance(node.func, ast.Name) and not node.func.id.startswith(FIXED):
            self.called_with[node.func.id] |= keywords
        elif isinstance(node.func, ast.Lambda):
            for arg in arguments(node.func.args):
                if original(arg.arg) in keywords:
                    arg.arg = FIXED + original(arg.arg)
        return node

    def visit_Name(self, node: ast.Name) -> ast.AST:  # noqa: D102
        if not node.id.startswith(TAKEN):
            return node
        name = node.id.removeprefix(TAKEN)
        if not isinstance(node.ctx, ast.Load):
            return ast.Name(FIXED + name, node.ctx)
        item = self._surroundings.find(name)
        return ast.Name(FIXED + name, node.ctx) if item is _MISSING else self.put(name, item)

    def put(self, name: str, item: Any) -> ast.expr:
        """A value as an expression; ``name`` tells it from others that are left."""
        if isinstance(item, types.ModuleType):
            return ast.Name(FIXED + module_name(item), ast.Load())
        if (plain := _plain(item)) is not _MISSING:
            self.wrote = True
            return literal(plain)
        if known := self._named(item):
            return ast.Name(FIXED + known, ast.Load())
        self.values[TAKEN + name] = item
        return ast.Name(TAKEN + name, ast.Load())

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:  # noqa: D102
        path = _path(node)
        if path is None or not isinstance(node.ctx, ast.Load):
            return self.generic_visit(node)
        name, *attributes = path
        item = start = self._surroundings.find(name)
        for depth, attribute in enumerate(attributes, 1):
            item = _attribute(item, attribute)
            if item is _MISSING:
                break
            if isinstance(item, types.ModuleType):
                continue
            rest = attributes[depth:]
            label = ".".join([name, *attributes[:depth]])
            if _plain(item) is not _MISSING or self._own(item):
                return _with_attributes(self.put(label, item), rest)
            if isinstance(item, (list, dict, set)) and not isinstance(start, types.ModuleType):
                return _with_attributes(self.put(label, item), rest)
        return self.generic_visit(node)


def _path(node: ast.expr) -> list[str] | None:
    """``a.b.c`` as a list, where ``a`` is taken from outside."""
    if isinstance(node, ast.Attribute):
        path = _path(node.value)
        return path and [*path, node.attr]
    if isinstance(node, ast.Name) and node.id.startswith(TAKEN):
        return [node.id.removeprefix(TAKEN)]
    return None


def _with_attributes(node: ast.expr, attributes: list[str]) -> ast.expr:
    for attribute in attributes:
        node = ast.Attribute(node, attribute, ast.Load())
    return node


def _attribute(item: Any, name: str) -> Any:
    """What an object plainly holds under a name; nothing is computed for it."""
    if name.startswith("__"):  # such as a module's release
        return _MISSING
    holders = item.__mro__ if isinstance(item, type) else [item]
    for holder in holders:
        try:
            held = object.__getattribute__(holder, "__dict__")
        except (AttributeError, TypeError):
            held = vars(holder) if isinstance(holder, (type, types.ModuleType)) else {}
        if name in held:
            return held[name]
    return _MISSING


def _plain(item: Any) -> Any:
    """A value that can be written as a constant."""
    if type(item) in _PLAIN:
        is_long = isinstance(item, (str, bytes)) and len(item) > _LENGTH
        return _MISSING if is_long else item
    if type(item) is tuple and len(item) <= _LENGTH:
        items = tuple(map(_plain, item))
        return _MISSING if any(found is _MISSING for found in items) else items
    return _MISSING


def module_name(module: types.ModuleType) -> str:
    """A module's name without the private parts of the path to it, the same in all releases.

    Keras has been ``keras.api._v2.keras``, ``tf_keras``, ``keras.api`` and ``keras``.
    """
    name = str(vars(module).get("__name__", ""))
    name = re.sub(r"^(.+\.)?(tf_)?keras\b", "keras", name)
    parts = [part for part in name.split(".") if part not in ("api", "src") and part[:1] != "_"]
    if "_api" in name:
        parts = [part for part in parts if not re.fullmatch(r"v\d", part)]
    return ".".join(parts) or name
