"""Which name in a function is which variable."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pytest_layersnap.extract.functions.source import Definition

#: What the identifiers of a resolved function begin with: a variable of its own (``#3#name``), one that
#: it takes from outside (``@name``), and a name that stays as it is (``=name``).
OWN, TAKEN, FIXED = "#", "@", "="

_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_Node = TypeVar("_Node", bound=ast.AST)


def resolve(node: Definition) -> Definition:
    """The function with identifiers that tell its variables apart; it is changed in place.

    Variables of inner functions, classes and comprehensions are their own, as Python's scopes have it.
    """
    _Resolver().function(node)
    return node


def original(identifier: str) -> str:
    """The name of a variable in the source."""
    return identifier.split(OWN, 2)[-1]


def walk(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes in the order in which they are written."""
    yield node
    for child in ast.iter_child_nodes(node):
        yield from walk(child)


def identifiers(node: ast.AST) -> Iterator[tuple[str, str]]:
    """The fields of a node that are names of variables, with their values."""
    for name in _FIELDS.get(type(node).__name__, ()):
        if isinstance(found := getattr(node, name), str):
            yield name, found


_FIELDS: dict[str, tuple[str, ...]] = {
    "Name": ("id",),
    "arg": ("arg",),
    "FunctionDef": ("name",),
    "AsyncFunctionDef": ("name",),
    "ClassDef": ("name",),
    "ExceptHandler": ("name",),
    "alias": ("asname",),
    "MatchAs": ("name",),
    "MatchStar": ("name",),
    "MatchMapping": ("rest",),
}


@dataclass(slots=True)
class _Scope:
    """The variables of one function, class or comprehension, and those that it declares elsewhere."""

    kind: str
    names: dict[str, str] = field(default_factory=dict)
    globals: set[str] = field(default_factory=set)


class _Resolver(ast.NodeTransformer):
    def __init__(self) -> None:
        self.scopes: list[_Scope] = []
        self.count = 0

    def function(self, node: Definition) -> None:
        """Resolve the inside of a function; its defaults and decorators belong to the scope around it."""
        body = node.body if isinstance(node.body, list) else [node.body]
        scope = self._open("function", [*(arg.arg for arg in arguments(node.args)), *_bound(body)])
        _declare(scope, body)
        for arg in arguments(node.args):
            arg.arg = scope.names[arg.arg]
        found = [self.visit(child) for child in body]
        if isinstance(node, ast.Lambda):
            node.body = found[0]
        else:
            node.body = [child for child in found if child is not None] or [ast.Pass()]
        self.scopes.pop()

    def _open(self, kind: str, names: Iterable[str]) -> _Scope:
        scope = _Scope(kind)
        for name in names:
            if kind == "class":
                scope.names[name] = FIXED + name
            elif name not in scope.names:
                scope.names[name] = f"{OWN}{self.count}{OWN}{name}"
                self.count += 1
        self.scopes.append(scope)
        return scope

    def _name(self, name: str) -> str:
        if name.startswith(FIXED):
            return name
        for depth, scope in enumerate(reversed(self.scopes)):
            if name in scope.globals:
                break
            if name in scope.names and (scope.kind != "class" or depth == 0):
                return scope.names[name]
        return TAKEN + name

    def visit_Name(self, node: ast.Name) -> ast.AST:
        node.id = self._name(node.id)
        return node

    def visit_Lambda(self, node: ast.Lambda) -> ast.AST:
        node.args = self._defaults(node.args)
        self.function(node)
        return node

    def visit_FunctionDef(self, node: Any) -> ast.AST:
        node.name = self._name(node.name)
        node.decorator_list = [self.visit(child) for child in node.decorator_list]
        node.args = self._defaults(node.args)
        self.function(node)
        return node  # type: ignore[no-any-return]

    visit_AsyncFunctionDef = visit_FunctionDef

    def _defaults(self, args: ast.arguments) -> ast.arguments:
        args.defaults = [self.visit(child) for child in args.defaults]
        args.kw_defaults = [child and self.visit(child) for child in args.kw_defaults]
        return args

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.name = self._name(node.name)
        node.decorator_list = [self.visit(child) for child in node.decorator_list]
        node.bases = [self.visit(child) for child in node.bases]
        node.keywords = [self.visit(child) for child in node.keywords]
        _declare(self._open("class", _bound(node.body)), node.body)
        found = [self.visit(child) for child in node.body]
        node.body = [child for child in found if child is not None] or [ast.Pass()]
        self.scopes.pop()
        return node

    def _comprehension(self, node: Any) -> ast.AST:
        first = node.generators[0]
        first.iter = self.visit(first.iter)  # read outside
        self._open("comprehension", _bound([generator.target for generator in node.generators]))
        for generator in node.generators:
            generator.target = self.visit(generator.target)
            if generator is not first:
                generator.iter = self.visit(generator.iter)
            generator.ifs = [self.visit(test) for test in generator.ifs]
        for name in ("key", "value", "elt"):
            if hasattr(node, name):
                setattr(node, name, self.visit(getattr(node, name)))
        self.scopes.pop()
        return node  # type: ignore[no-any-return]

    visit_ListComp = visit_SetComp = visit_DictComp = visit_GeneratorExp = _comprehension

    def visit_Global(self, node: ast.AST) -> None:
        """Its names are resolved."""

    visit_Nonlocal = visit_Global

    def visit_alias(self, node: ast.alias) -> ast.AST:
        if node.asname is None and "." not in node.name:
            node.asname = node.name
        if node.asname is not None:
            node.asname = self._name(node.asname)
        return node

    def _named(self, node: _Node) -> _Node:
        self.generic_visit(node)
        for name, found in identifiers(node):
            setattr(node, name, self._name(found))
        return node

    visit_ExceptHandler = visit_MatchAs = visit_MatchStar = visit_MatchMapping = _named


def arguments(args: ast.arguments) -> Iterator[ast.arg]:
    """The parameters, in order."""
    yield from (*args.posonlyargs, *args.args)
    if args.vararg:
        yield args.vararg
    yield from args.kwonlyargs
    if args.kwarg:
        yield args.kwarg


def _bound(nodes: Iterable[ast.AST]) -> Iterator[str]:
    """The names that some code gives values to, without what has a scope of its own."""
    for node in nodes:
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                yield node.id
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
            continue
        elif isinstance(node, ast.Lambda):
            continue
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, _COMPREHENSIONS):
            for inner in walk(node):
                if isinstance(inner, ast.NamedExpr):
                    yield inner.target.id
            continue
        else:
            yield from (name for _, name in identifiers(node))
        yield from _bound(ast.iter_child_nodes(node))


def _declare(scope: _Scope, body: Iterable[ast.AST]) -> None:
    """Take out of a scope what it says are variables of others."""
    for node in body:
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            for name in node.names:
                scope.names.pop(name, None)
            if isinstance(node, ast.Global):
                scope.globals.update(node.names)
        elif not isinstance(node, (*_FUNCTIONS, ast.ClassDef)):
            _declare(scope, ast.iter_child_nodes(node))
