"""Conditions in expressions brought to one form, however they are written.

``a and b``, ``a if c else b`` and ``a < b < c`` are jumps in byte code. Here they are conditional
expressions around the whole expression that they stand in: ``f(a if c else b)`` is
``f(a) if c else f(b)``, and ``a and b`` is ``b if a else a``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from pytest_layersnap.extract.functions.normal import constant, negated
from pytest_layersnap.extract.functions.scopes import FIXED
from pytest_layersnap.extract.functions.source import unshared

#: The element of a comprehension that is left out.
SKIPPED = FIXED + "skipped"

#: With more cases, conditions stay where they are.
_CASES = 64

_CONDITIONS = (ast.IfExp, ast.BoolOp)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)
#: What does something besides giving a value is not moved about.
_OPAQUE = (ast.NamedExpr, ast.Yield, ast.YieldFrom, ast.Await)

_Then = Callable[[ast.expr], ast.expr]
#: What holds a part of an expression, under which name or number, and the part.
_Place = tuple[Any, Any, ast.expr]


class TooMany(Exception):
    """An expression has too many cases."""


def branched(node: Any) -> Any:
    """The code with its conditions in one form."""
    return unshared(_Branches().visit(node))


class _Branches(ast.NodeTransformer):
    """Every expression that is not part of another one."""

    def visit(self, node: ast.AST) -> Any:
        return _expression(node) if isinstance(node, ast.expr) else self.generic_visit(node)


def _expression(node: ast.expr) -> ast.expr:
    _inside(node)
    if not _has_conditions(node):
        return node
    try:
        return _simplified(_Cases().of(node, lambda value: value), {})
    except TooMany:
        return node


def _inside(node: ast.AST) -> None:
    """Bring the inner functions and comprehensions of an expression to that form."""
    for child in _own_parts(node):
        if isinstance(child, ast.Lambda):
            child.body = _expression(child.body)
            for name in ("defaults", "kw_defaults"):
                found = getattr(child.args, name)
                setattr(child.args, name, [item and _expression(item) for item in found])
        elif isinstance(child, _COMPREHENSIONS):
            _comprehension(child)


def _own_parts(node: ast.AST) -> list[ast.AST]:
    """A node and all below it, not those inside of functions and comprehensions."""
    found = [node]
    for part in found:
        found.extend(_children(part))
    return found


def _children(node: ast.AST) -> Iterable[ast.AST]:
    if isinstance(node, ast.Lambda):
        return ()
    if isinstance(node, _COMPREHENSIONS):
        return (node.generators[0].iter,)
    return ast.iter_child_nodes(node)


def _comprehension(node: Any) -> None:
    """Tests of the last loop and the element are one expression; then the tests are taken off again.

    What the first loop goes through is evaluated outside.
    """
    for generator in node.generators:
        if generator is not node.generators[0]:
            generator.iter = _expression(generator.iter)
        generator.ifs = [_expression(test) for test in generator.ifs]
    last = node.generators[-1]
    is_dict = isinstance(node, ast.DictComp)
    element: ast.expr = ast.Tuple([node.key, node.value], ast.Load()) if is_dict else node.elt
    skipped = ast.Name(SKIPPED, ast.Load())
    for test in reversed(last.ifs):
        element = ast.IfExp(test, element, skipped)
    element = _expression(element)
    last.ifs = []
    while isinstance(element, ast.IfExp):
        if _is_skipped(element.orelse):
            last.ifs.append(element.test)
            element = element.body
        elif _is_skipped(element.body):
            last.ifs.append(negated(element.test))
            element = element.orelse
        else:
            break
    if not is_dict:
        node.elt = element
    elif isinstance(element, ast.Tuple):
        node.key, node.value = element.elts
    else:
        node.key, node.value = element, ast.Constant(...)


def _is_skipped(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == SKIPPED


def _has_conditions(node: ast.expr) -> bool:
    parts = _own_parts(node)
    if any(isinstance(part, _OPAQUE) for part in parts):
        return False
    return any(
        isinstance(part, _CONDITIONS) or (isinstance(part, ast.Compare) and len(part.ops) > 1)
        for part in parts
    )


class _Cases:
    """The cases of one expression, in the order in which it is evaluated."""

    def __init__(self) -> None:
        self.count = 0

    def of(self, node: ast.expr, then: _Then) -> ast.expr:
        """``then`` of the expression's value, in each case."""
        if isinstance(node, ast.IfExp):
            yes, no = node.body, node.orelse
            return self.of(
                node.test, lambda test: ast.IfExp(test, self.of(yes, then), self.of(no, then))
            )
        if isinstance(node, ast.BoolOp):
            return self._either(node.values, isinstance(node.op, ast.Or), then)
        if isinstance(node, ast.Compare) and len(node.ops) > 1:
            return self.of(_as_and(node), then)
        if not _has_conditions(node):
            self.count += 1
            if self.count > _CASES:
                raise TooMany
            return then(node)
        node = unshared(node)
        return self._parts(node, _places(node), then)

    def _either(self, values: list[ast.expr], is_or: bool, then: _Then) -> ast.expr:
        first, *others = values
        if not others:
            return self.of(first, then)

        def branch(value: ast.expr) -> ast.expr:
            rest = self._either(others, is_or, then)
            own = then(unshared(value))
            return ast.IfExp(value, *((own, rest) if is_or else (rest, own)))

        return self.of(first, branch)

    def _parts(self, node: ast.expr, places: list[_Place], then: _Then) -> ast.expr:
        """The parts of an expression one after the other; ``places`` are those that are left."""
        if not places:
            return then(unshared(node))
        (holder, place, part), *others = places

        def put(value: ast.expr) -> ast.expr:
            if isinstance(holder, list):
                holder[place] = value
            else:
                setattr(holder, place, value)
            return self._parts(node, others, then)

        return self.of(part, put)


def _as_and(node: ast.Compare) -> ast.expr:
    """``a < b < c`` as ``a < b and b < c``."""
    sides = [node.left, *node.comparators]
    return ast.BoolOp(
        ast.And(),
        [
            ast.Compare(sides[index], [operation], [unshared(sides[index + 1])])
            for index, operation in enumerate(node.ops)
        ],
    )


def _places(node: ast.AST) -> list[_Place]:
    """The parts of an expression that are expressions themselves, in the order of evaluation."""
    if isinstance(node, ast.Dict):
        return [
            (holder, index, part)
            for index in range(len(node.values))
            for holder in (node.keys, node.values)
            if (part := holder[index]) is not None
        ]
    if isinstance(node, _COMPREHENSIONS):
        first = node.generators[0]
        return [(first, "iter", first.iter)]
    found: list[_Place] = []
    for name, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            found.append((node, name, value))
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if isinstance(item, ast.expr):
                    found.append((value, index, item))
                elif isinstance(item, ast.keyword):
                    found.append((item, "value", item.value))
    return found


def _simplified(node: ast.expr, known: dict[str, bool]) -> ast.expr:
    """The cases without tests whose outcome is known from above."""
    if not isinstance(node, ast.IfExp):
        return node
    while isinstance(node.test, ast.UnaryOp) and isinstance(node.test.op, ast.Not):
        node = ast.IfExp(node.test.operand, node.orelse, node.body)
    test = ast.dump(node.test)
    outcome = known.get(test)
    value = constant(node.test)
    if outcome is None and isinstance(node.test, ast.Constant):
        outcome = bool(value)
    if outcome is not None:
        return _simplified(node.body if outcome else node.orelse, known)
    yes = _simplified(node.body, {**known, test: True})
    no = _simplified(node.orelse, {**known, test: False})
    if isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], (ast.NotIn, ast.IsNot)):
        return ast.IfExp(negated(node.test), no, yes)
    return ast.IfExp(node.test, yes, no)
