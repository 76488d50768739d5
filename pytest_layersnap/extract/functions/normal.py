"""Code brought to one form: that which it has after the compiler has read it."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable
from typing import Any

from pytest_layersnap.extract.functions.scopes import FIXED
from pytest_layersnap.extract.functions.source import Definition, unshared

_MISSING = object()
#: What the compiler does not compute beforehand either: its results would be too long.
_BITS, _ITEMS, _LETTERS = 128, 256, 4096
#: So many conditions at most are made one.
_DEPTH = 12

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Mod: operator.mod,
    ast.Pow: operator.pow,
    ast.LShift: operator.lshift,
    ast.RShift: operator.rshift,
    ast.BitAnd: operator.and_,
    ast.BitOr: operator.or_,
    ast.BitXor: operator.xor,
}
_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.Invert: operator.invert,
    ast.Not: operator.not_,
}
_OPPOSITES: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


# --- what has no part in the code -----------------------------------------------------------------


class _Tidy(ast.NodeTransformer):
    """Without annotations, docstrings and statements that do nothing; formatted strings as calls."""

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg(node.arg)

    def visit_FunctionDef(self, node: Any) -> ast.AST:
        self.generic_visit(node)
        node.returns = node.type_comment = None
        if hasattr(node, "type_params"):
            node.type_params = []
        return node  # type: ignore[no-any-return]

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        self.generic_visit(node)
        return ast.Assign([node.target], node.value) if node.value else None

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        self.generic_visit(node)
        return None if isinstance(node.value, ast.Constant) else node

    def visit_Pass(self, node: ast.Pass) -> None:
        """Nothing is left of it."""

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return ast.Constant(node.value)  # without a prefix

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        self.generic_visit(node)
        return formatted(list(node.values))

    def visit_FormattedValue(self, node: ast.FormattedValue) -> ast.AST:
        self.generic_visit(node)
        return formatted_value(node.value, node.conversion, node.format_spec)


def formatted(parts: list[ast.expr]) -> ast.expr:
    """``f"…"`` as a call, which is written in one way in all Python releases."""
    texts = [part.value if isinstance(part, ast.Constant) else None for part in parts]
    parts = [part for part, text in zip(parts, texts, strict=True) if text != ""]
    if len(parts) < 2:
        return parts[0] if parts else ast.Constant("")
    return ast.Call(ast.Name(FIXED + "fstring", ast.Load()), parts, [])


def formatted_value(item: ast.expr, conversion: int, spec: ast.expr | None) -> ast.expr:
    """One value in an ``f"…"``; ``conversion`` is the letter after ``!``, as a number."""
    name = {115: "str", 114: "repr", 97: "ascii"}.get(conversion)
    if name:
        item = ast.Call(ast.Name(FIXED + name, ast.Load()), [item], [])
    if isinstance(spec, ast.Call) and all(isinstance(part, ast.Constant) for part in spec.args):
        spec = ast.Constant("".join(part.value for part in spec.args))  # type: ignore[attr-defined]
    return ast.Call(ast.Name(FIXED + "format", ast.Load()), [item, *([spec] if spec else [])], [])


def tidied(node: Definition) -> Definition:
    """The definition without what has no part in the code; it is changed in place."""
    tidy = _Tidy().visit(node)
    if not isinstance(tidy, ast.Lambda):
        tidy.decorator_list = []
    for inner in ast.walk(tidy):
        for name in ("body", "orelse", "finalbody"):
            if getattr(inner, name, None) == [] and (name == "body" or isinstance(inner, ast.Try)):
                setattr(inner, name, [ast.Pass()] if name == "body" else [])
    return tidy  # type: ignore[no-any-return]


# --- what the compiler computes -------------------------------------------------------------------


def constant(node: ast.AST | None) -> Any:
    """The value of an expression that is a constant, else ``_MISSING``."""
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        inner = node.operand
        if isinstance(inner, ast.Constant) and isinstance(inner.value, (int, float)):
            return _MISSING if isinstance(inner.value, bool) else -inner.value
    if isinstance(node, ast.Tuple):
        items = [constant(item) for item in node.elts]
        return _MISSING if _MISSING in items else tuple(items)
    return _MISSING


def literal(value: Any) -> ast.expr:
    """A constant as the one expression that stands for it."""
    if isinstance(value, tuple):
        return ast.Tuple(list(map(literal, value)), ast.Load())
    if isinstance(value, frozenset):
        return ast.Set(list(map(literal, sorted(value, key=repr))))
    if isinstance(value, slice):
        ends = (value.start, value.stop, value.step)
        return ast.Slice(*(None if end is None else literal(end) for end in ends))
    if isinstance(value, (int, float)) and not isinstance(value, bool) and _is_negative(value):
        return ast.UnaryOp(ast.USub(), ast.Constant(-value))
    return ast.Constant(value)


def _is_negative(value: float) -> bool:
    return value < 0 or (value == 0 and str(value).startswith("-"))


def negated(node: ast.expr) -> ast.expr:
    """``not node``, without a double negation."""
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return node.operand
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and type(node.ops[0]) in _OPPOSITES:
        return ast.Compare(node.left, [_OPPOSITES[type(node.ops[0])]()], node.comparators)
    return ast.UnaryOp(ast.Not(), node)


class _Fold(ast.NodeTransformer):
    """Constant expressions computed, as far as any release's compiler does it."""

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        item = constant(node.operand)
        if isinstance(node.op, ast.Not) and item is _MISSING:
            inner = node.operand
            if isinstance(inner, ast.Compare) and len(inner.ops) == 1:
                return negated(inner)
            return node
        if item is _MISSING or (isinstance(item, tuple) and not isinstance(node.op, ast.Not)):
            return node
        return self._computed(node, lambda: _SIGNS[type(node.op)](item))

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        left, right = constant(node.left), constant(node.right)
        if left is _MISSING or right is _MISSING or type(node.op) not in _OPERATORS:
            return node
        if isinstance(node.op, ast.Mod) and isinstance(left, (str, bytes)):
            return node
        if not _is_small(node.op, left, right):
            return node
        return self._computed(node, lambda: _OPERATORS[type(node.op)](left, right))

    @staticmethod
    def _computed(node: ast.expr, compute: Callable[[], Any]) -> ast.expr:
        try:
            value = compute()
        except Exception:  # what fails, fails when it runs
            return node
        if isinstance(value, int) and value.bit_length() > _BITS:
            return node
        return literal(value)

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        left, index = constant(node.value), constant(node.slice)
        if _MISSING in (left, index) or not isinstance(node.ctx, ast.Load):
            return node
        return self._computed(node, lambda: left[index])

    def visit_Slice(self, node: ast.Slice) -> ast.AST:
        self.generic_visit(node)
        ends = {name: getattr(node, name) for name in ("lower", "upper", "step")}
        for name, end in ends.items():
            if isinstance(end, ast.Constant) and end.value is None:
                setattr(node, name, None)
        return node

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        last = node.comparators[-1]
        if isinstance(node.ops[-1], (ast.In, ast.NotIn)):
            node.comparators[-1] = _container(last)
        return node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        node.iter = _container(node.iter)
        return node

    def visit_comprehension(self, node: ast.comprehension) -> ast.AST:
        self.generic_visit(node)
        node.iter = _container(node.iter)
        return node

    def _elements(self, node: Any) -> ast.AST:
        """``[*(1, 2)]`` is how the compiler writes ``[1, 2]``."""
        self.generic_visit(node)
        elements: list[ast.expr] = []
        for item in node.elts:
            if isinstance(item, ast.Starred) and isinstance(item.value, (ast.Tuple, ast.Set)):
                elements += item.value.elts
            else:
                elements.append(item)
        node.elts = elements
        return node  # type: ignore[no-any-return]

    visit_List = visit_Set = visit_Tuple = _elements

    def visit_Dict(self, node: ast.Dict) -> ast.AST:
        self.generic_visit(node)
        pairs: list[tuple[ast.expr | None, ast.expr]] = []
        for key, item in zip(node.keys, node.values, strict=True):
            if key is None and isinstance(item, ast.Dict):
                pairs += zip(item.keys, item.values, strict=True)
            else:
                pairs.append((key, item))
        return ast.Dict([key for key, _ in pairs], [item for _, item in pairs])

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        keywords: list[ast.keyword] = []
        for keyword in node.keywords:
            given = keyword.value
            names = [constant(key) for key in given.keys] if isinstance(given, ast.Dict) else [0]
            if keyword.arg is None and all(isinstance(name, str) for name in names):
                keywords += map(ast.keyword, names, given.values)  # type: ignore[attr-defined,arg-type]
            else:
                keywords.append(keyword)
        node.keywords = keywords
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        test = constant(node.test)
        if test is not _MISSING:
            return node.body if test else node.orelse
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        is_or = isinstance(node.op, ast.Or)
        kept: list[ast.expr] = []
        for item in node.values:
            value = constant(item)
            kept.append(item)
            if value is _MISSING:
                continue
            if bool(value) == is_or:
                break
            if item is not node.values[-1]:
                kept.pop()
        node.values = kept
        return kept[0] if len(kept) == 1 else node

    def visit_If(self, node: ast.If) -> Any:
        self.generic_visit(node)
        test = constant(node.test)
        if test is not _MISSING:
            return (node.body if test else node.orelse) or None
        return node

    def visit_While(self, node: ast.While) -> Any:
        self.generic_visit(node)
        test = constant(node.test)
        if test is not _MISSING and not test:
            return node.orelse or None
        return node


def _is_small(operation: ast.operator, left: Any, right: Any) -> bool:
    """Whether the compiler computes it, as the result can't be long."""
    if isinstance(left, int) and isinstance(right, int):
        return _bits(operation, left, right) <= _BITS
    if isinstance(operation, ast.Mult):
        for one, other in ((left, right), (right, left)):
            if isinstance(one, int) and isinstance(other, (str, bytes, tuple)):
                most = _ITEMS if isinstance(other, tuple) else _LETTERS
                return 0 <= one * len(other) <= most
    return True


def _bits(operation: ast.operator, left: int, right: int) -> int:
    """How many bits the compiler expects of a result; none where it does not ask."""
    bits = left.bit_length()
    if not (left and right):
        return 0
    if isinstance(operation, ast.Mult):
        return bits + right.bit_length()
    if isinstance(operation, ast.LShift):
        return bits + right
    return bits * right if isinstance(operation, ast.Pow) else 0


def _container(node: ast.expr) -> ast.expr:
    """What is only looked through: a list of constants is a tuple, a set has no order."""
    if isinstance(node, ast.List) and constant(ast.Tuple(node.elts, ast.Load())) is not _MISSING:
        return ast.Tuple(node.elts, ast.Load())
    if isinstance(node, ast.Set):
        items = [constant(item) for item in node.elts]
        if _MISSING not in items:
            return literal(frozenset(items))
    return node


def folded(node: Any) -> Any:
    """The code with its constant expressions computed; it is changed in place."""
    return _Fold().visit(node)


# --- statements -----------------------------------------------------------------------------------


def blocks(node: Any) -> Any:
    """The code with its statements in one form; it is changed in place.

    What follows a ``return`` is left out, and so is ``return None`` at the end; statements that only
    choose what is returned are one ``return`` of a conditional expression.
    """
    if isinstance(node, ast.Lambda):
        return node
    is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    for name in ("body", "orelse", "finalbody"):
        found = getattr(node, name, None)
        if isinstance(found, list):
            body = _block([blocks(statement) for statement in found], is_function)
            setattr(node, name, body or ([ast.Pass()] if name == "body" else []))
    for inner in [*getattr(node, "handlers", ()), *getattr(node, "cases", ())]:
        blocks(inner)
    return node


_ENDS = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_NOTHING = ast.Return(ast.Constant(None))


def _block(body: list[ast.stmt], is_function: bool) -> list[ast.stmt]:
    kept: list[ast.stmt] = []
    for statement in body:
        if not isinstance(statement, ast.Pass):
            kept.append(statement)
        if isinstance(statement, _ENDS):
            break
    for index in range(len(kept)):
        returned = _returned(kept[index:], _NOTHING if is_function else None)
        if returned is not None:
            kept[index:] = [returned]
            break
    last = kept[-1] if kept and is_function else None
    if isinstance(last, ast.Return) and (last.value is None or constant(last.value) is None):
        kept.pop()
    return kept


def _returned(body: list[ast.stmt], after: ast.Return | None, depth: int = 0) -> ast.Return | None:
    """Statements that only choose what is returned as one ``return``; ``after`` follows them."""
    if not body:
        return after
    first, *rest = body
    if isinstance(first, ast.Return):
        return ast.Return(first.value or ast.Constant(None))
    if not isinstance(first, ast.If) or depth > _DEPTH:
        return None
    yes = _returned([*first.body, *rest], after, depth + 1)
    no = _returned([*first.orelse, *rest], after, depth + 1)
    if yes is None or no is None or yes.value is None or no.value is None:
        return None
    return ast.Return(ast.IfExp(*unshared([first.test, yes.value, no.value])))
