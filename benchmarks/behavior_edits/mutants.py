"""Edits of sources, one at a time: operators, constants, functions, order, steps left out."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from itertools import combinations
from random import Random
from typing import Any, Final, NamedTuple

_OPERATORS: Final[dict[type[ast.AST], tuple[type[ast.AST], ...]]] = {
    ast.Add: (ast.Sub, ast.Mult),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Add, ast.Div),
    ast.Div: (ast.Mult,),
    ast.Gt: (ast.Lt, ast.GtE),
    ast.Lt: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq, ast.Gt),
}
#: Functions that people take for each other.
_FUNCTIONS: Final = {
    "relu": ("elu", "relu6", "softplus"),
    "elu": ("relu", "selu"),
    "tanh": ("sigmoid", "sin"),
    "sigmoid": ("tanh", "hard_sigmoid"),
    "softmax": ("sigmoid",),
    "softplus": ("relu",),
    "mean": ("max", "sum"),
    "sum": ("mean",),
    "max": ("mean", "min"),
    "min": ("max",),
    "maximum": ("minimum",),
    "minimum": ("maximum",),
    "sqrt": ("square",),
    "square": ("abs",),
    "abs": ("square",),
    "sin": ("tanh",),
    "exp": ("softplus",),
    "zeros_like": ("ones_like",),
    "logical_and": ("logical_or",),
}
#: What a number is multiplied by.
_FACTORS: Final = (0.5, 0.9, 0.99, 1.01, 1.1, 2.0)
_UNEDITED: Final = ("__init__", "build", "compute_output_shape", "make")


class Mutant(NamedTuple):
    """An edit of a source.

    Args:
        kind: what kind of edit it is.
        what: what was there and what is there now.
        source: the edited source.
    """

    kind: str
    what: str
    source: str


def mutants(source: str, random: Random) -> Iterator[Mutant]:
    """All edits of a source, each by itself; where numbers change, by how much is drawn."""
    tree = ast.parse(source)
    for place, node in enumerate(ast.walk(tree)):
        for kind, replacement in _edits(node, random):
            edited = _replaced(source, place, replacement)
            what = f"{ast.unparse(node)} → {ast.unparse(replacement)}"
            if not _is_unedited(tree, node):
                yield Mutant(kind, what, ast.unparse(edited))
    yield from _orders(source, tree)
    yield from _left_out(source, tree)


def _edits(node: ast.AST, random: Random) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.BinOp):
        for other in _OPERATORS.get(type(node.op), ()):
            yield "operator", _changed(node, op=other())
        yield "operand left out", node.left
        yield "operand left out", node.right
    elif isinstance(node, ast.Compare):
        for other in _OPERATORS.get(type(node.ops[0]), ()):
            yield "comparison", _changed(node, ops=[other()])
    elif isinstance(node, ast.Constant):
        yield from (("constant", ast.Constant(value)) for value in _values(node.value, random))
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        for name in _FUNCTIONS.get(node.func.attr, ()):
            yield "function", _changed(node, func=_changed(node.func, attr=name))
        if node.args and not isinstance(node.args[0], ast.List):
            yield "call left out", node.args[0]


def _values(value: Any, random: Random) -> Iterator[Any]:
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield value + 1
        yield value - 1
    elif isinstance(value, float):
        yield value * random.choice(_FACTORS)
        yield value + random.choice((-1.0, 0.05, 1.0))


def _orders(source: str, tree: ast.AST) -> Iterator[Mutant]:
    """Two layers that take each other's place."""
    calls = [
        (place, node.func.attr)
        for place, node in enumerate(ast.walk(tree))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "self"
        and not _is_unedited(tree, node)
    ]
    for (one, first), (two, second) in combinations(calls, 2):
        if first != second:
            edited = ast.parse(source)
            nodes: Any = list(ast.walk(edited))
            nodes[one].func.attr, nodes[two].func.attr = second, first
            yield Mutant("order", f"{first} ↔ {second}", ast.unparse(edited))


def _left_out(source: str, tree: ast.AST) -> Iterator[Mutant]:
    """Statements that are no longer there."""
    for place, node in enumerate(ast.walk(tree)):
        if not isinstance(node, ast.FunctionDef) or node.name in _UNEDITED:
            continue
        for number, statement in enumerate(node.body[:-1]):
            edited = ast.parse(source)
            found: Any = list(ast.walk(edited))[place]
            del found.body[number]
            yield Mutant("statement left out", ast.unparse(statement), ast.unparse(edited))


def _changed(node: Any, **fields: Any) -> Any:
    made = copy.deepcopy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _replaced(source: str, place: int, replacement: ast.AST) -> ast.AST:
    tree = ast.parse(source)
    target = list(ast.walk(tree))[place]

    class Replaced(ast.NodeTransformer):
        def visit(self, node: ast.AST) -> Any:
            return replacement if node is target else self.generic_visit(node)

    edited: ast.AST = ast.fix_missing_locations(Replaced().visit(tree))
    return edited


def _is_unedited(tree: ast.AST, node: ast.AST) -> bool:
    """Whether a node stands where tables of shapes and configs look, or in what is no code."""
    return any(
        isinstance(outer, ast.FunctionDef)
        and outer.name in _UNEDITED
        and any(one is node for one in ast.walk(outer))
        for outer in ast.walk(tree)
    )
