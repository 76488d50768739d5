"""Code as text on one line, which is the same in all Python releases; ``ast.unparse`` is not."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import Any

_BINARY: dict[type[ast.AST], tuple[str, int]] = {
    ast.BitOr: ("|", 6),
    ast.BitXor: ("^", 7),
    ast.BitAnd: ("&", 8),
    ast.LShift: ("<<", 9),
    ast.RShift: (">>", 9),
    ast.Add: ("+", 10),
    ast.Sub: ("-", 10),
    ast.Mult: ("*", 11),
    ast.Div: ("/", 11),
    ast.FloorDiv: ("//", 11),
    ast.Mod: ("%", 11),
    ast.MatMult: ("@", 11),
    ast.Pow: ("**", 13),
}
_UNARY: dict[type[ast.AST], tuple[str, int]] = {
    ast.Not: ("not ", 4),
    ast.USub: ("-", 12),
    ast.UAdd: ("+", 12),
    ast.Invert: ("~", 12),
}
_COMPARE: dict[type[ast.AST], str] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Is: "is",
    ast.IsNot: "is not",
    ast.In: "in",
    ast.NotIn: "not in",
}
#: How closely the parts of an expression hold together; looser ones stand in brackets.
_LAMBDA, _TEST, _OR, _AND, _COMPARISON, _SIGN, _POWER, _ATOM = 0, 1, 2, 3, 5, 12, 13, 15


def written(node: ast.AST | list[Any] | None) -> str:
    """Code as text."""
    if isinstance(node, list):
        return _block(node)
    return _Writer().text(node) if node is not None else ""


def _block(body: list[Any]) -> str:
    return "; ".join(map(written, body)) or "pass"


def _braces(body: list[Any]) -> str:
    return f"{{ {_block(body)} }}"


class _Writer:
    def text(self, node: ast.AST, least: int = 0) -> str:
        """The node as text, in brackets where it holds together less closely than ``least``."""
        method = getattr(self, type(node).__name__, None)
        if method is None:
            return self.other(node)
        found: tuple[str, int] = method(node)
        text, level = found
        return f"({text})" if level < least else text

    def other(self, node: ast.AST) -> str:
        """Code that is rare in functions of networks: the names of Python's parser."""
        fields = []
        for name, item in ast.iter_fields(node):
            if item is None or item == [] or isinstance(item, ast.expr_context):
                continue
            if isinstance(item, ast.AST):
                item = self.text(item)
            elif isinstance(item, list):
                parts = [
                    self.text(part) if isinstance(part, ast.AST) else repr(part) for part in item
                ]
                item = f"{{ {'; '.join(parts)} }}"
            fields.append(f"{name}={item}")
        return f"{type(node).__name__}({', '.join(fields)})"

    def listed(self, nodes: Iterable[ast.AST]) -> str:
        return ", ".join(self.text(node, _TEST) for node in nodes)

    # --- expressions ---

    def Name(self, node: ast.Name) -> tuple[str, int]:
        return node.id, _ATOM

    def Constant(self, node: ast.Constant) -> tuple[str, int]:
        return "..." if node.value is ... else repr(node.value), _ATOM

    def Attribute(self, node: ast.Attribute) -> tuple[str, int]:
        left = self.text(node.value, _ATOM)
        is_number = isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
        return f"({left}).{node.attr}" if is_number else f"{left}.{node.attr}", _ATOM

    def Subscript(self, node: ast.Subscript) -> tuple[str, int]:
        index = node.slice
        inside = self.text(index)
        if isinstance(index, ast.Tuple) and index.elts:
            inside = self.listed(index.elts) + ("," if len(index.elts) == 1 else "")
        return f"{self.text(node.value, _ATOM)}[{inside}]", _ATOM

    def Slice(self, node: ast.Slice) -> tuple[str, int]:
        lower, upper, step = (
            "" if end is None else self.text(end, _TEST)
            for end in (node.lower, node.upper, node.step)
        )
        return f"{lower}:{upper}" + (f":{step}" if step else ""), _ATOM

    def Call(self, node: ast.Call) -> tuple[str, int]:
        given = [*(self.text(arg, _TEST) for arg in node.args), *map(self.text, node.keywords)]
        return f"{self.text(node.func, _ATOM)}({', '.join(given)})", _ATOM

    def keyword(self, node: ast.keyword) -> tuple[str, int]:
        item = self.text(node.value, _TEST)
        return (f"{node.arg}={item}" if node.arg else f"**{item}"), _ATOM

    def Starred(self, node: ast.Starred) -> tuple[str, int]:
        return f"*{self.text(node.value, _OR)}", _ATOM

    def BinOp(self, node: ast.BinOp) -> tuple[str, int]:
        symbol, level = _BINARY[type(node.op)]
        is_power = isinstance(node.op, ast.Pow)
        left = self.text(node.left, level + is_power)
        right = self.text(node.right, _SIGN if is_power else level + 1)
        return f"{left} {symbol} {right}", level

    def UnaryOp(self, node: ast.UnaryOp) -> tuple[str, int]:
        symbol, level = _UNARY[type(node.op)]
        return f"{symbol}{self.text(node.operand, level)}", level

    def BoolOp(self, node: ast.BoolOp) -> tuple[str, int]:
        word, level = ("or", _OR) if isinstance(node.op, ast.Or) else ("and", _AND)
        return f" {word} ".join(self.text(item, level + 1) for item in node.values), level

    def Compare(self, node: ast.Compare) -> tuple[str, int]:
        text = self.text(node.left, _COMPARISON + 1)
        for operation, item in zip(node.ops, node.comparators, strict=True):
            text += f" {_COMPARE[type(operation)]} {self.text(item, _COMPARISON + 1)}"
        return text, _COMPARISON

    def IfExp(self, node: ast.IfExp) -> tuple[str, int]:
        body, test = self.text(node.body, _OR), self.text(node.test, _OR)
        return f"{body} if {test} else {self.text(node.orelse, _TEST)}", _TEST

    def Lambda(self, node: ast.Lambda) -> tuple[str, int]:
        given = self.parameters(node.args)
        return f"lambda{' ' if given else ''}{given}: {self.text(node.body, _TEST)}", _LAMBDA

    def NamedExpr(self, node: ast.NamedExpr) -> tuple[str, int]:
        return f"({self.text(node.target)} := {self.text(node.value, _TEST)})", _ATOM

    def Tuple(self, node: ast.Tuple) -> tuple[str, int]:
        return f"({self.listed(node.elts)}{',' if len(node.elts) == 1 else ''})", _ATOM

    def List(self, node: ast.List) -> tuple[str, int]:
        return f"[{self.listed(node.elts)}]", _ATOM

    def Set(self, node: ast.Set) -> tuple[str, int]:
        return f"{{{self.listed(node.elts)}}}", _ATOM

    def Dict(self, node: ast.Dict) -> tuple[str, int]:
        items = [
            f"{self.text(key, _TEST)}: {self.text(item, _TEST)}"
            if key is not None
            else f"**{self.text(item, _OR)}"
            for key, item in zip(node.keys, node.values, strict=True)
        ]
        return f"{{{', '.join(items)}}}", _ATOM

    def ListComp(self, node: ast.ListComp) -> tuple[str, int]:
        return f"[{self.text(node.elt, _TEST)}{self.loops(node.generators)}]", _ATOM

    def SetComp(self, node: ast.SetComp) -> tuple[str, int]:
        return f"{{{self.text(node.elt, _TEST)}{self.loops(node.generators)}}}", _ATOM

    def GeneratorExp(self, node: ast.GeneratorExp) -> tuple[str, int]:
        return f"({self.text(node.elt, _TEST)}{self.loops(node.generators)})", _ATOM

    def DictComp(self, node: ast.DictComp) -> tuple[str, int]:
        pair = f"{self.text(node.key, _TEST)}: {self.text(node.value, _TEST)}"
        return f"{{{pair}{self.loops(node.generators)}}}", _ATOM

    def loops(self, generators: list[ast.comprehension]) -> str:
        text = ""
        for loop in generators:
            start = " async for" if loop.is_async else " for"
            text += f"{start} {self.text(loop.target)} in {self.text(loop.iter, _OR)}"
            text += "".join(f" if {self.text(test, _OR)}" for test in loop.ifs)
        return text

    def parameters(self, args: ast.arguments) -> str:
        positional = [*args.posonlyargs, *args.args]
        first = len(positional) - len(args.defaults)
        found = []
        for index, arg in enumerate(positional):
            default = args.defaults[index - first] if index >= first else None
            found.append(self.parameter(arg, default))
            if index + 1 == len(args.posonlyargs):
                found.append("/")
        if args.vararg:
            found.append(f"*{args.vararg.arg}")
        elif args.kwonlyargs:
            found.append("*")
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            found.append(self.parameter(arg, default))
        if args.kwarg:
            found.append(f"**{args.kwarg.arg}")
        return ", ".join(found)

    def parameter(self, arg: ast.arg, default: ast.expr | None) -> str:
        return arg.arg if default is None else f"{arg.arg}={self.text(default, _TEST)}"

    # --- statements ---

    def FunctionDef(self, node: ast.FunctionDef) -> tuple[str, int]:
        decorators = "".join(f"@{self.text(item, _ATOM)} " for item in node.decorator_list)
        body = _block(node.body) if _is_simple(node.body) else _braces(node.body)
        return f"{decorators}def {node.name}({self.parameters(node.args)}): {body}", _ATOM

    def AsyncFunctionDef(self, node: Any) -> tuple[str, int]:
        text, level = self.FunctionDef(node)
        return f"async {text}", level

    def Return(self, node: ast.Return) -> tuple[str, int]:
        return f"return {self.text(node.value)}" if node.value else "return", _ATOM

    def Expr(self, node: ast.Expr) -> tuple[str, int]:
        return self.text(node.value), _ATOM

    def Assign(self, node: ast.Assign) -> tuple[str, int]:
        return " = ".join(map(self.text, [*node.targets, node.value])), _ATOM

    def AugAssign(self, node: ast.AugAssign) -> tuple[str, int]:
        symbol = _BINARY[type(node.op)][0]
        return f"{self.text(node.target)} {symbol}= {self.text(node.value)}", _ATOM

    def Import(self, node: ast.Import) -> tuple[str, int]:
        return f"import {', '.join(map(self.text, node.names))}", _ATOM

    def ImportFrom(self, node: ast.ImportFrom) -> tuple[str, int]:
        names = ", ".join(map(self.text, node.names))
        return f"from {'.' * node.level}{node.module or ''} import {names}", _ATOM

    def alias(self, node: ast.alias) -> tuple[str, int]:
        return node.name + (f" as {node.asname}" if node.asname else ""), _ATOM

    def Pass(self, node: ast.Pass) -> tuple[str, int]:
        return "pass", _ATOM

    def Break(self, node: ast.Break) -> tuple[str, int]:
        return "break", _ATOM

    def Continue(self, node: ast.Continue) -> tuple[str, int]:
        return "continue", _ATOM

    def If(self, node: ast.If) -> tuple[str, int]:
        text = f"if {self.text(node.test)}: {_braces(node.body)}"
        return text + (f" else: {_braces(node.orelse)}" if node.orelse else ""), _ATOM

    def For(self, node: ast.For) -> tuple[str, int]:
        text = f"for {self.text(node.target)} in {self.text(node.iter)}: {_braces(node.body)}"
        return text + (f" else: {_braces(node.orelse)}" if node.orelse else ""), _ATOM

    def While(self, node: ast.While) -> tuple[str, int]:
        text = f"while {self.text(node.test)}: {_braces(node.body)}"
        return text + (f" else: {_braces(node.orelse)}" if node.orelse else ""), _ATOM


_COMPOUND = (
    ast.If,
    ast.For,
    ast.While,
    ast.Try,
    ast.With,
    ast.FunctionDef,
    ast.AsyncFunctionDef,
    ast.ClassDef,
    ast.AsyncFor,
    ast.AsyncWith,
)


def _is_simple(body: list[ast.stmt]) -> bool:
    return not any(isinstance(statement, _COMPOUND) for statement in body)
