"""What instructions do to the stack, with expressions in place of values.

A few things lie there that are no values in the source: what is called, a function's code, marks.
"""

from __future__ import annotations

import ast
import sys
import types
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

from pytest_layersnap.extract.functions.instructions import OLD_BINARY, Step
from pytest_layersnap.extract.functions.normal import formatted, formatted_value, literal
from pytest_layersnap.extract.functions.source import Definition


class Unreadable(Exception):
    """The byte code is more than is read here: loops, generators, handlers of exceptions, ``with``."""


class Marker(ast.expr):
    """Something that is no value: an empty place, a name's former value, the code of a function."""


class InPlace(ast.BinOp):
    """The right side of ``a += b``, not yet stored."""


class _CodeOf(ast.expr):
    """The code of an inner function, not yet a function."""

    def __init__(self, code: types.CodeType) -> None:
        super().__init__()
        self.code = code


class Loop(ast.expr):
    """An inner function that is a comprehension, which is called with what it goes through."""

    def __init__(self, code: types.CodeType) -> None:
        """Hold its code."""
        super().__init__()
        self.code = code


class Defined(ast.expr):
    """An inner function that is no lambda, not yet stored under its name."""

    def __init__(self, node: ast.FunctionDef) -> None:
        """Hold its definition."""
        super().__init__()
        self.node = node
        self.args = node.args


#: What must not be left in the end.
PASSING = (Marker, _CodeOf, Loop, InPlace, Defined)

Stack = tuple[ast.expr, ...]

_UNARY = {
    "UNARY_NEGATIVE": ast.USub,
    "UNARY_POSITIVE": ast.UAdd,
    "UNARY_INVERT": ast.Invert,
    "UNARY_NOT": ast.Not,
}
_BINARY: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "@": ast.MatMult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "<<": ast.LShift,
    ">>": ast.RShift,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
}
_COMPARE: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    ">": ast.Gt,
    ">=": ast.GtE,
}
COMPREHENSIONS: dict[str, type[ast.expr]] = {
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
    "<genexpr>": ast.GeneratorExp,
}


class Instructions(ABC):
    """The instructions of a code object that make values of values."""

    def __init__(self, code: types.CodeType) -> None:
        """Begin with no keywords for a call."""
        self.code = code
        self._keywords: tuple[str, ...] = ()

    @abstractmethod
    def function(self, code: types.CodeType) -> Definition:
        """The definition of an inner function."""

    @abstractmethod
    def comprehension(self, code: types.CodeType, through: ast.expr) -> ast.expr:
        """A comprehension that is a function of its own."""

    def do(self, step: Step, stack: Stack) -> Stack:
        """The stack after an instruction.

        Raises:
            Unreadable: the instruction is none of those that make values.
        """
        name = step.name
        for prefix, method in self._METHODS:
            if name.startswith(prefix):
                return method(self, step, stack)
        raise Unreadable

    def _load(self, step: Step, stack: Stack) -> Stack:
        name = step.name
        if name in ("LOAD_CONST", "LOAD_SMALL_INT"):
            return (*stack, self._constant(step.argval))
        if name in ("LOAD_ATTR", "LOAD_METHOD"):
            attribute = ast.Attribute(stack[-1], step.argval, ast.Load())
            is_method = name == "LOAD_METHOD" or (sys.version_info >= (3, 12) and step.arg & 1)
            return (*stack[:-1], attribute, Marker()) if is_method else (*stack[:-1], attribute)
        if name == "LOAD_FAST_AND_CLEAR":
            return (*stack, Marker())
        if name == "LOAD_GLOBAL":
            found = ast.Name(step.argval, ast.Load())
            if sys.version_info < (3, 11) or not step.arg & 1:
                return (*stack, found)
            is_below = sys.version_info < (3, 13)
            return (*stack, Marker(), found) if is_below else (*stack, found, Marker())
        if name in (
            "LOAD_CLOSURE",
            "LOAD_FAST",
            "LOAD_FAST_CHECK",
            "LOAD_FAST_BORROW",
            "LOAD_DEREF",
        ):
            return (*stack, ast.Name(step.argval, ast.Load()))
        raise Unreadable

    def _constant(self, value: Any) -> ast.expr:
        return _CodeOf(value) if isinstance(value, types.CodeType) else literal(value)

    def _binary(self, step: Step, stack: Stack) -> Stack:
        *below, left, right = stack
        name = step.name
        if name in ("BINARY_SUBSCR", "BINARY_SUBSCRIPT") or step.repr == "[]":
            return (*below, ast.Subscript(left, right, ast.Load()))
        if name == "BINARY_SLICE":
            *below, left, start, end = stack
            return (*below, ast.Subscript(left, ast.Slice(start, end), ast.Load()))
        symbol = step.repr if name == "BINARY_OP" else OLD_BINARY[name.partition("_")[2]]
        operation = _BINARY[symbol.removesuffix("=")]()
        if symbol.endswith("=") or name.startswith("INPLACE"):
            return (*below, InPlace(left, operation, right))
        return (*below, ast.BinOp(left, operation, right))

    def _unary(self, step: Step, stack: Stack) -> Stack:
        return (*stack[:-1], ast.UnaryOp(_UNARY[step.name](), stack[-1]))

    def _compare(self, step: Step, stack: Stack) -> Stack:
        *below, left, right = stack
        if step.name == "COMPARE_OP":
            operation: ast.cmpop = _COMPARE[step.argval]()
        elif step.name == "IS_OP":
            operation = ast.IsNot() if step.arg else ast.Is()
        else:
            operation = ast.NotIn() if step.arg else ast.In()
        return (*below, ast.Compare(left, [operation], [right]))

    def _build(self, step: Step, stack: Stack) -> Stack:
        name, count = step.name, step.arg
        if name == "BUILD_CONST_KEY_MAP":
            *below, keys = stack
            values = below[len(below) - count :]
            found = ast.Dict(list(keys.elts), values)  # type: ignore[attr-defined]
            return (*below[: len(below) - count], found)
        if name == "BUILD_MAP":
            items = list(stack[len(stack) - 2 * count :])
            pairs = ast.Dict(list(items[::2]), items[1::2])
            return (*stack[: len(stack) - 2 * count], pairs)
        items = list(stack[len(stack) - count :])
        below_ = stack[: len(stack) - count]
        if name == "BUILD_TUPLE":
            return (*below_, ast.Tuple(items, ast.Load()))
        if name == "BUILD_LIST":
            return (*below_, ast.List(items, ast.Load()))
        if name == "BUILD_SET":
            return (*below_, ast.Set(items))
        if name == "BUILD_SLICE":
            return (*below_, ast.Slice(*items))
        if name == "BUILD_STRING":
            return (*below_, formatted(items))
        raise Unreadable

    def _extend(self, step: Step, stack: Stack) -> Stack:
        """``LIST_EXTEND`` and its like, which are how ``[*a, b]`` is built."""
        name = step.name
        *below, into, item = stack
        if step.arg != 1:
            raise Unreadable
        if name in ("LIST_EXTEND", "SET_UPDATE") and isinstance(into, (ast.List, ast.Set)):
            return (*below, type(into)([*into.elts, ast.Starred(item, ast.Load())], *_load(into)))
        if name in ("LIST_APPEND", "SET_ADD") and isinstance(into, (ast.List, ast.Set)):
            return (*below, type(into)([*into.elts, item], *_load(into)))
        if name in ("DICT_UPDATE", "DICT_MERGE") and isinstance(into, ast.Dict):
            return (*below, ast.Dict([*into.keys, None], [*into.values, item]))
        raise Unreadable

    def _tuple_of_list(self, step: Step, stack: Stack) -> Stack:
        if step.name == "CALL_INTRINSIC_1" and step.arg == 5:
            return (*stack[:-1], ast.UnaryOp(ast.UAdd(), stack[-1]))
        if step.name == "CALL_INTRINSIC_1" and step.arg != 6:
            raise Unreadable
        *below, item = stack
        return (*below, ast.Tuple(item.elts, ast.Load()))  # type: ignore[attr-defined]

    def _arrange(self, step: Step, stack: Stack) -> Stack:
        name, items = step.name, list(stack)
        if name == "DUP_TOP":
            items.append(items[-1])
        elif name == "COPY":
            items.append(items[-step.arg])
        elif name == "DUP_TOP_TWO":
            items += items[-2:]
        elif name == "SWAP":
            items[-1], items[-step.arg] = items[-step.arg], items[-1]
        elif name.startswith("ROT_"):
            depth = {"ROT_TWO": 2, "ROT_THREE": 3, "ROT_FOUR": 4}.get(name, step.arg)
            items.insert(len(items) - depth, items.pop())
        elif name == "PUSH_NULL":
            items.append(Marker())
        return tuple(items)

    def _format(self, step: Step, stack: Stack) -> Stack:
        name = step.name
        if name == "FORMAT_VALUE":
            conversion = {0: -1, 1: 115, 2: 114, 3: 97}[step.arg & 3]
            spec = stack[-1] if step.arg & 4 else None
            below = stack[:-2] if step.arg & 4 else stack[:-1]
            item = stack[-2] if step.arg & 4 else stack[-1]
            return (*below, formatted_value(item, conversion, spec))
        if name == "CONVERT_VALUE":
            conversion = {1: 115, 2: 114, 3: 97}[step.arg]
            inner = formatted_value(stack[-1], conversion, None)
            return (*stack[:-1], inner.args[0])  # type: ignore[attr-defined]
        if name == "FORMAT_SIMPLE":
            return (*stack[:-1], formatted_value(stack[-1], -1, None))
        if name == "FORMAT_WITH_SPEC":
            return (*stack[:-2], formatted_value(stack[-2], -1, stack[-1]))
        raise Unreadable

    # --- calls and inner functions ---

    def _keyword_names(self, step: Step, stack: Stack) -> Stack:
        """``KW_NAMES`` of 3.11 and 3.12, for the call that follows."""
        self._keywords = tuple(self.code.co_consts[step.arg])
        return stack

    def _call(self, step: Step, stack: Stack) -> Stack:
        name, count = step.name, step.arg
        if name.startswith("CALL_INTRINSIC"):
            return self._tuple_of_list(step, stack)
        keywords, self._keywords = self._keywords, ()
        if name == "CALL_FUNCTION_EX":
            return self._call_with_all(step, stack)
        if name in ("CALL_KW", "CALL_FUNCTION_KW"):
            keywords = tuple(item.value for item in stack[-1].elts)  # type: ignore[attr-defined]
            stack = stack[:-1]
        items = list(stack[len(stack) - count :])
        below = stack[: len(stack) - count]
        if name in ("CALL_FUNCTION", "CALL_FUNCTION_KW"):
            function, below = below[-1], below[:-1]
        else:
            one, other = below[-2:]
            below = below[:-2]
            if isinstance(other, Marker) or isinstance(one, Marker):
                function = one if isinstance(other, Marker) else other
            else:
                function, items = one, [other, *items]
        return (*below, self._called(function, items, keywords))

    def _called(
        self, function: ast.expr, items: list[ast.expr], keywords: tuple[str, ...]
    ) -> ast.expr:
        if isinstance(function, Loop):
            return self.comprehension(function.code, items[0])
        if any(isinstance(item, (Marker, _CodeOf, Loop)) for item in [function, *items]):
            raise Unreadable
        split = len(items) - len(keywords)
        named = [
            ast.keyword(name, item) for name, item in zip(keywords, items[split:], strict=True)
        ]
        return ast.Call(function, items[:split], named)

    def _call_with_all(self, step: Step, stack: Stack) -> Stack:
        """A call with ``*args`` or ``**kwargs``."""
        keywords: list[ast.keyword] = []
        if step.arg & 1 or sys.version_info >= (3, 14):
            given: Any
            *rest, given = stack
            stack = tuple(rest)
            # Else it is a dict that the compiler has made, whose own keys are all names.
            if not isinstance(given, Marker):
                names = [None if key is None else key.value for key in given.keys]
                keywords = list(map(ast.keyword, names, given.values))
        *below, positional = stack
        function = below.pop()
        if isinstance(function, Marker):
            function = below.pop()
        elif below and isinstance(below[-1], Marker):
            below.pop()
        args: list[ast.expr] = [ast.Starred(positional, ast.Load())]
        if isinstance(positional, ast.Tuple):
            args = positional.elts
        return (*below, ast.Call(function, args, keywords))

    def _make_function(self, step: Step, stack: Stack) -> Stack:
        function: Any
        if step.name == "SET_FUNCTION_ATTRIBUTE":
            *below, given, function = stack
            return (*below, _with_attribute(function, step.arg, given))
        if sys.version_info < (3, 11):
            stack = stack[:-1]  # its name
        *below, code = stack
        inner: types.CodeType = code.code  # type: ignore[attr-defined]
        function = Loop(inner) if inner.co_name in COMPREHENSIONS else self.function(inner)
        if isinstance(function, ast.FunctionDef):
            function = Defined(function)
        for flag in (8, 4, 2, 1):
            if sys.version_info < (3, 13) and step.arg & flag:
                function = _with_attribute(function, flag, below.pop())
        return (*below, function)

    _METHODS: ClassVar[tuple[tuple[str, Callable[[Any, Step, Stack], Stack]], ...]] = (
        ("LOAD_", _load),
        ("BINARY_", _binary),
        ("INPLACE_", _binary),
        ("UNARY_", _unary),
        ("COMPARE_OP", _compare),
        ("IS_OP", _compare),
        ("CONTAINS_OP", _compare),
        ("BUILD_", _build),
        ("LIST_TO_TUPLE", _tuple_of_list),
        ("LIST_", _extend),
        ("SET_UPDATE", _extend),
        ("SET_ADD", _extend),
        ("DICT_", _extend),
        ("DUP_", _arrange),
        ("COPY", _arrange),
        ("SWAP", _arrange),
        ("ROT_", _arrange),
        ("PUSH_NULL", _arrange),
        ("FORMAT_", _format),
        ("CONVERT_", _format),
        ("KW_NAMES", _keyword_names),
        ("CALL", _call),
        ("MAKE_FUNCTION", _make_function),
        ("SET_FUNCTION_ATTRIBUTE", _make_function),
    )


def _load(node: ast.AST) -> list[ast.expr_context]:
    return [ast.Load()] if isinstance(node, ast.List) else []


def _with_attribute(function: Any, flag: int, given: ast.expr) -> Any:
    """An inner function with its defaults; its closure and annotations are in the code already."""
    if flag == 1:
        function.args.defaults = list(given.elts)  # type: ignore[attr-defined]
    elif flag == 2:
        names = [arg.arg for arg in function.args.kwonlyargs]
        keys = [key.value for key in given.keys]  # type: ignore[attr-defined]
        defaults = dict(zip(keys, given.values, strict=True))  # type: ignore[attr-defined]
        function.args.kw_defaults = [defaults.get(name) for name in names]
    return function
