"""Byte code read back into Python, as far as it is one expression or some assignments and one.

This is for functions whose source can't be read: those that were loaded from a model file, entered by
hand, or edited since. Nothing is run; instructions are followed with expressions in place of values.
"""

from __future__ import annotations

import ast
import dis
import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from pytest_layersnap.extract.functions.branches import SKIPPED
from pytest_layersnap.extract.functions.normal import formatted, formatted_value, literal, negated
from pytest_layersnap.extract.functions.source import Definition, unshared, with_fields

#: So many cases and instructions at most are followed.
_STEPS = 5_000


class Unreadable(Exception):
    """The byte code is more than is read here: loops, generators, handlers of exceptions, ``with``."""


def read(code: types.CodeType) -> Definition:
    """The definition of a function from its code alone, without the defaults.

    Raises:
        Unreadable: the code is more than expressions, conditions and assignments.
    """
    if code.co_flags & _OTHER_KINDS:
        raise Unreadable
    try:
        body = unshared(_Code(code).statements())
    except (AttributeError, IndexError, KeyError, TypeError, ValueError, RecursionError) as error:
        raise Unreadable from error  # an instruction where none was expected
    if any(isinstance(node, _PASSING) for statement in body for node in ast.walk(statement)):
        raise Unreadable
    args = _arguments(code)
    if code.co_name == "<lambda>":
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            raise Unreadable
        return ast.Lambda(args, body[0].value)
    return with_fields(  # type: ignore[no-any-return]
        ast.FunctionDef, name=code.co_name, args=args, body=body
    )


def operators(code: types.CodeType) -> set[str]:
    """The operators in code of any kind."""
    found: set[str] = set()
    for step in _steps(code):
        kind, _, rest = step.name.partition("_")
        if step.name == "BINARY_OP":
            found.add(step.repr)
        elif kind in ("BINARY", "INPLACE") and rest in _OLD_BINARY:
            found.add(_OLD_BINARY[rest] + "=" * (kind == "INPLACE"))
        elif kind == "UNARY":
            found.add(rest.lower())
        elif step.name == "COMPARE_OP":
            found.add(step.argval)
        elif step.name in ("IS_OP", "CONTAINS_OP"):
            found.add(("is", "in")[kind == "CONTAINS"] + " not" * step.arg)
    return found - {"[]"}


_OTHER_KINDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR


def _arguments(code: types.CodeType) -> ast.arguments:
    names = [ast.arg(name) for name in code.co_varnames]
    count, only = code.co_argcount, code.co_kwonlyargcount
    rest = names[count + only :]
    vararg = rest.pop(0) if code.co_flags & inspect.CO_VARARGS else None
    kwarg = rest.pop(0) if code.co_flags & inspect.CO_VARKEYWORDS else None
    return ast.arguments(
        posonlyargs=names[: code.co_posonlyargcount],
        args=names[code.co_posonlyargcount : count],
        vararg=vararg,
        kwonlyargs=names[count : count + only],
        kw_defaults=[None] * only,
        kwarg=kwarg,
        defaults=[],
    )


# --- what may lie on the stack besides expressions ------------------------------------------------


class _Marker(ast.expr):
    """Something that is no value: an empty place, a name's former value, the code of a function."""


class _InPlace(ast.BinOp):
    """The right side of ``a += b``, not yet stored."""


class _CodeOf(ast.expr):
    """The code of an inner function, not yet a function."""

    def __init__(self, code: types.CodeType) -> None:
        super().__init__()
        self.code = code


class _Loop(ast.expr):
    """An inner function that is a comprehension, which is called with what it goes through."""

    def __init__(self, code: types.CodeType) -> None:
        super().__init__()
        self.code = code


class _Defined(ast.expr):
    """An inner function that is no lambda, not yet stored under its name."""

    def __init__(self, node: ast.FunctionDef) -> None:
        super().__init__()
        self.node = node
        self.args = node.args


#: What must not be left in the end.
_PASSING = (_Marker, _CodeOf, _Loop, _InPlace, _Defined)

_Stack = tuple[ast.expr, ...]
_NOTHING: _Stack = ()


@dataclass(frozen=True, slots=True)
class _End:
    """How one way through the code ends: ``return``, ``store``, … with a value.

    Args:
        kind: in which way.
        value: what is returned, stored, …
        target: where it is stored.
        next: the instruction with which the code goes on.
        left: what lies on the stack then.
    """

    kind: str
    value: ast.expr
    target: ast.expr | None = None
    next: int = 0
    left: _Stack = ()

    def alike(self, other: _End) -> bool:
        """Whether another way comes to the same end, but for the value."""
        one_target, other_target = (end.target and ast.dump(end.target) for end in (self, other))
        return (self.kind, one_target, self.next, self.left) == (
            other.kind,
            other_target,
            other.next,
            other.left,
        )


@dataclass(slots=True)
class _Step:
    """One instruction; those of newer releases that do two things are two."""

    name: str
    arg: int
    argval: Any
    repr: str
    offset: int


_PAIRS = {
    "LOAD_FAST_LOAD_FAST": ("LOAD_FAST", "LOAD_FAST"),
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW": ("LOAD_FAST", "LOAD_FAST"),
    "STORE_FAST_LOAD_FAST": ("STORE_FAST", "LOAD_FAST"),
    "STORE_FAST_STORE_FAST": ("STORE_FAST", "STORE_FAST"),
}

_IGNORED = frozenset(
    {
        "CACHE",
        "COPY_FREE_VARS",
        "EXTENDED_ARG",
        "GEN_START",
        "GET_ITER",
        "MAKE_CELL",
        "NOP",
        "NOT_TAKEN",
        "PRECALL",
        "RESUME",
        "TO_BOOL",
    }
)

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
#: 3.10 has an instruction for each operator.
_OLD_BINARY = {
    "ADD": "+",
    "SUBTRACT": "-",
    "MULTIPLY": "*",
    "MATRIX_MULTIPLY": "@",
    "TRUE_DIVIDE": "/",
    "FLOOR_DIVIDE": "//",
    "MODULO": "%",
    "POWER": "**",
    "LSHIFT": "<<",
    "RSHIFT": ">>",
    "AND": "&",
    "OR": "|",
    "XOR": "^",
}
_COMPARE: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    ">": ast.Gt,
    ">=": ast.GtE,
}
_COMPREHENSIONS: dict[str, type[ast.expr]] = {
    "<listcomp>": ast.ListComp,
    "<setcomp>": ast.SetComp,
    "<dictcomp>": ast.DictComp,
    "<genexpr>": ast.GeneratorExp,
}


def _steps(code: types.CodeType) -> list[_Step]:
    steps: list[_Step] = []
    for found in dis.get_instructions(code):
        names = _PAIRS.get(found.opname)
        if names is None:
            steps.append(
                _Step(found.opname, found.arg or 0, found.argval, found.argrepr, found.offset)
            )
            continue
        values = found.argval
        if not isinstance(values, tuple):
            number = found.arg or 0
            values = (code.co_varnames[number >> 4], code.co_varnames[number & 15])
        for name, item in zip(names, values, strict=True):
            steps.append(_Step(name, 0, item, "", found.offset))
    return steps


class _Code:
    """One code object that is followed."""

    def __init__(self, code: types.CodeType) -> None:
        self.code = code
        self.steps = _steps(code)
        self.at = {step.offset: number for number, step in reversed(list(enumerate(self.steps)))}
        self.count = 0

    def statements(self) -> list[ast.stmt]:
        """The code as statements, the last of which is a ``return``."""
        if any(step.name == "PUSH_EXC_INFO" for step in self.steps):
            raise Unreadable  # handlers of exceptions are not on any way from the start
        found: list[ast.stmt] = []
        number, left = 0, _NOTHING
        while True:
            end = self._merged(self._follow(number, left))
            if end.kind == "return":
                return [*found, ast.Return(end.value)]
            if end.kind == "expression":
                found.append(ast.Expr(end.value))
            elif end.kind == "store" and end.target is not None:
                found.append(_stored(end.target, end.value))
            else:
                raise Unreadable
            number, left = end.next, end.left

    def _merged(self, tree: Any) -> _End:
        """All ways through an expression as one, which is conditional; they must end alike."""
        if isinstance(tree, _End):
            return tree
        test, yes, no = tree
        one, other = self._merged(yes), self._merged(no)
        if not one.alike(other):
            raise Unreadable
        return replace(one, value=ast.IfExp(test, one.value, other.value))

    def _follow(self, number: int, stack: _Stack, loop: int | None = None) -> Any:
        """Follow the code to the end of a statement: an end, or a test with the two ways from it.

        Args:
            number: the instruction to begin with.
            stack: what lies on the stack.
            loop: the instruction that begins the loop of a comprehension, inside of one.
        """
        while True:
            self.count += 1
            if self.count > _STEPS:
                raise Unreadable
            if number == loop or number >= len(self.steps):
                return _End("next", ast.Name(SKIPPED, ast.Load()))
            step = self.steps[number]
            name = step.name
            number += 1
            if name in _IGNORED:
                continue
            if name in ("RETURN_VALUE", "RETURN_CONST"):
                value = literal(step.argval) if name == "RETURN_CONST" else stack[-1]
                return _End("return", value)
            if name in ("STORE_FAST", "STORE_DEREF", "UNPACK_SEQUENCE"):
                value, stack = stack[-1], stack[:-1]
                if isinstance(value, _Marker):
                    continue
                target, number = self._target(number - 1)
                if all(isinstance(item, _Marker) for item in stack):
                    return _End("store", value, target, number, stack)
                if not self._follows_copy(step) or not isinstance(target, ast.Name):
                    raise Unreadable
                stack = (*stack[:-1], ast.NamedExpr(target, value))
                continue
            if name == "POP_TOP":
                value, stack = stack[-1], stack[:-1]
                if not stack and not self._follows_test(step):
                    return _End("expression", value, None, number)
                continue
            if name in ("LIST_APPEND", "SET_ADD", "MAP_ADD", "YIELD_VALUE") and loop is not None:
                if name == "MAP_ADD":
                    return _End("next", ast.Tuple(list(stack[-2:]), ast.Load()))
                return _End("next", stack[-1])
            if name == "FOR_ITER":
                if loop is not None and len(stack) == 2:
                    return _End("loop", stack[-1], None, number - 1)
                number, stack = self._comprehension(number - 1, stack)
                continue
            if "JUMP" in name:
                jump = self._jump(step, number, stack, loop)
                if isinstance(jump, tuple) and len(jump) == 2:
                    number, stack = jump
                    continue
                return jump
            stack = self._do(step, stack)

    def _follows_copy(self, step: _Step) -> bool:
        """Whether the instruction before this one copied a value."""
        return self._name_before(step) in ("DUP_TOP", "COPY")

    def _follows_test(self, step: _Step) -> bool:
        """Whether a value is taken off the stack because a test had left it there."""
        name = self._name_before(step)
        return "JUMP" in name or name in ("NOT_TAKEN", "ROT_TWO", "SWAP")

    def _name_before(self, step: _Step) -> str:
        number = next(number for number, other in enumerate(self.steps) if other is step)
        return self.steps[number - 1].name if number else ""

    # --- jumps and loops ---

    def _jump(self, step: _Step, number: int, stack: _Stack, loop: int | None) -> Any:
        target = self.at[step.argval]
        name = step.name.replace("_FORWARD", "").replace("_BACKWARD", "")
        if name in ("JUMP", "JUMP_ABSOLUTE", "JUMP_NO_INTERRUPT"):
            if target < number and target != loop:
                raise Unreadable
            return target, stack
        top, rest = stack[-1], stack[:-1]
        if target < number and target != loop:
            raise Unreadable
        ways = (rest, stack if name.endswith("_OR_POP") else rest)
        if name.endswith("_NONE"):
            top = ast.Compare(top, [ast.Is()], [ast.Constant(None)])
        on_true = "TRUE" in name or name.endswith("IF_NONE")
        stay = self._follow(number, ways[0], loop)
        go = self._follow(target, ways[1], loop)
        return (top, go, stay) if on_true else (top, stay, go)

    def _comprehension(self, number: int, stack: _Stack) -> tuple[int, _Stack]:
        """A loop that stands in the code itself (from 3.12 on); where it goes on, with the result."""
        *below, container, through = stack
        if not isinstance(container, (ast.List, ast.Set, ast.Dict)):
            raise Unreadable
        kind: Any = {ast.List: ast.ListComp, ast.Set: ast.SetComp, ast.Dict: ast.DictComp}
        node = self.loop(kind[type(container)], number, through)
        number = self.at[self.steps[number].argval]
        if self.steps[number].name == "END_FOR":
            number += 1
        if self.steps[number].name in ("POP_TOP", "POP_ITER") and sys.version_info >= (3, 13):
            number += 1
        return number, (*below, node)

    def loop(self, kind: Any, number: int, through: ast.expr) -> ast.expr:
        """The comprehension whose (first) loop begins with this instruction."""
        generators = []
        while True:
            target, begin = self._target(number + 1)
            tree = self._follow(begin, (ast.Name("?", ast.Load()),), number)
            generator = ast.comprehension(target, through, [], 0)
            generators.append(generator)
            while isinstance(tree, tuple):
                test, yes, no = tree
                if _goes_on(no) and not _goes_on(yes):
                    generator.ifs.append(test)
                    tree = yes
                elif _goes_on(yes) and not _goes_on(no):
                    generator.ifs.append(negated(test))
                    tree = no
                else:
                    break
            if not isinstance(tree, _End) or tree.kind != "loop":
                break
            through, number = tree.value, tree.next
        element = self._merged(tree)
        if element.kind != "next":
            raise Unreadable
        if kind is not ast.DictComp:
            return kind(element.value, generators)  # type: ignore[no-any-return]
        if not isinstance(element.value, ast.Tuple):
            raise Unreadable
        key, item = element.value.elts
        return ast.DictComp(key=key, value=item, generators=generators)

    def _target(self, number: int) -> tuple[ast.expr, int]:
        """What a loop gives its values to, and where the code goes on."""
        step = self.steps[number]
        if step.name in ("STORE_FAST", "STORE_DEREF"):
            return ast.Name(step.argval, ast.Store()), number + 1
        if step.name == "UNPACK_SEQUENCE":
            targets: list[ast.expr] = []
            number += 1
            for _ in range(step.arg):
                target, number = self._target(number)
                targets.append(target)
            return ast.Tuple(targets, ast.Store()), number
        raise Unreadable

    # --- instructions that make values ---

    def _do(self, step: _Step, stack: _Stack) -> _Stack:
        name = step.name
        for prefix, method in _METHODS:
            if name.startswith(prefix):
                return method(self, step, stack)
        raise Unreadable

    def load(self, step: _Step, stack: _Stack) -> _Stack:
        name = step.name
        if name in ("LOAD_CONST", "LOAD_SMALL_INT"):
            return (*stack, self._constant(step.argval))
        if name in ("LOAD_ATTR", "LOAD_METHOD"):
            attribute = ast.Attribute(stack[-1], step.argval, ast.Load())
            is_method = name == "LOAD_METHOD" or (sys.version_info >= (3, 12) and step.arg & 1)
            return (*stack[:-1], attribute, _Marker()) if is_method else (*stack[:-1], attribute)
        if name == "LOAD_FAST_AND_CLEAR":
            return (*stack, _Marker())
        if name == "LOAD_GLOBAL":
            found = ast.Name(step.argval, ast.Load())
            if sys.version_info < (3, 11) or not step.arg & 1:
                return (*stack, found)
            is_below = sys.version_info < (3, 13)
            return (*stack, _Marker(), found) if is_below else (*stack, found, _Marker())
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

    def binary(self, step: _Step, stack: _Stack) -> _Stack:
        *below, left, right = stack
        name = step.name
        if name in ("BINARY_SUBSCR", "BINARY_SUBSCRIPT") or step.repr == "[]":
            return (*below, ast.Subscript(left, right, ast.Load()))
        if name == "BINARY_SLICE":
            *below, left, start, end = stack
            return (*below, ast.Subscript(left, ast.Slice(start, end), ast.Load()))
        symbol = step.repr if name == "BINARY_OP" else _OLD_BINARY[name.partition("_")[2]]
        operation = _BINARY[symbol.removesuffix("=")]()
        if symbol.endswith("=") or name.startswith("INPLACE"):
            return (*below, _InPlace(left, operation, right))
        return (*below, ast.BinOp(left, operation, right))

    def unary(self, step: _Step, stack: _Stack) -> _Stack:
        return (*stack[:-1], ast.UnaryOp(_UNARY[step.name](), stack[-1]))

    def compare(self, step: _Step, stack: _Stack) -> _Stack:
        *below, left, right = stack
        if step.name == "COMPARE_OP":
            operation: ast.cmpop = _COMPARE[step.argval]()
        elif step.name == "IS_OP":
            operation = ast.IsNot() if step.arg else ast.Is()
        else:
            operation = ast.NotIn() if step.arg else ast.In()
        return (*below, ast.Compare(left, [operation], [right]))

    def build(self, step: _Step, stack: _Stack) -> _Stack:
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

    def extend(self, step: _Step, stack: _Stack) -> _Stack:
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

    def tuple_of_list(self, step: _Step, stack: _Stack) -> _Stack:
        if step.name == "CALL_INTRINSIC_1" and step.arg == 5:
            return (*stack[:-1], ast.UnaryOp(ast.UAdd(), stack[-1]))
        if step.name == "CALL_INTRINSIC_1" and step.arg != 6:
            raise Unreadable
        *below, item = stack
        if not isinstance(item, ast.List):
            raise Unreadable
        return (*below, ast.Tuple(item.elts, ast.Load()))

    def arrange(self, step: _Step, stack: _Stack) -> _Stack:
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
            items.append(_Marker())
        return tuple(items)

    def format(self, step: _Step, stack: _Stack) -> _Stack:
        name = step.name
        if name == "FORMAT_VALUE":
            conversion = {0: -1, 1: 115, 2: 114, 3: 97}[step.arg & 3]
            spec = stack[-1] if step.arg & 4 else None
            below = stack[:-2] if step.arg & 4 else stack[:-1]
            item = stack[-2] if step.arg & 4 else stack[-1]
            return (*below, formatted_value(item, conversion, spec))
        if name == "CONVERT_VALUE":
            self._converted = {1: 115, 2: 114, 3: 97}[step.arg]
            inner = formatted_value(stack[-1], self._converted, None)
            return (*stack[:-1], inner.args[0])  # type: ignore[attr-defined]
        if name == "FORMAT_SIMPLE":
            return (*stack[:-1], formatted_value(stack[-1], -1, None))
        if name == "FORMAT_WITH_SPEC":
            return (*stack[:-2], formatted_value(stack[-2], -1, stack[-1]))
        raise Unreadable

    # --- calls and inner functions ---

    def keyword_names(self, step: _Step, stack: _Stack) -> _Stack:
        """``KW_NAMES`` of 3.11 and 3.12, for the call that follows."""
        self._keywords = tuple(self.code.co_consts[step.arg])
        return stack

    _keywords: tuple[str, ...] = ()

    def call(self, step: _Step, stack: _Stack) -> _Stack:
        name, count = step.name, step.arg
        if name.startswith("CALL_INTRINSIC"):
            return self.tuple_of_list(step, stack)
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
            if isinstance(other, _Marker) or isinstance(one, _Marker):
                function = one if isinstance(other, _Marker) else other
            else:
                function, items = one, [other, *items]
        return (*below, self._called(function, items, keywords))

    def _called(
        self, function: ast.expr, items: list[ast.expr], keywords: tuple[str, ...]
    ) -> ast.expr:
        if isinstance(function, _Loop):
            return _comprehended(function.code, items[0])
        if any(isinstance(item, (_Marker, _CodeOf, _Loop)) for item in [function, *items]):
            raise Unreadable
        split = len(items) - len(keywords)
        named = [
            ast.keyword(name, item) for name, item in zip(keywords, items[split:], strict=True)
        ]
        return ast.Call(function, items[:split], named)

    def _call_with_all(self, step: _Step, stack: _Stack) -> _Stack:
        """A call with ``*args`` or ``**kwargs``."""
        keywords: list[ast.keyword] = []
        if step.arg & 1 or sys.version_info >= (3, 14):
            *rest, given = stack
            stack = tuple(rest)
            if isinstance(given, ast.Dict):
                for key, item in zip(given.keys, given.values, strict=True):
                    if key is None:
                        keywords.append(ast.keyword(None, item))
                    elif isinstance(key, ast.Constant) and isinstance(key.value, str):
                        keywords.append(ast.keyword(key.value, item))
                    else:
                        keywords.append(ast.keyword(None, ast.Dict([key], [item])))
            elif not isinstance(given, _Marker):
                keywords.append(ast.keyword(None, given))
        *below, positional = stack
        function = below.pop()
        if isinstance(function, _Marker):
            function = below.pop()
        elif below and isinstance(below[-1], _Marker):
            below.pop()
        args: list[ast.expr] = [ast.Starred(positional, ast.Load())]
        if isinstance(positional, ast.Tuple):
            args = positional.elts
        return (*below, ast.Call(function, args, keywords))

    def make_function(self, step: _Step, stack: _Stack) -> _Stack:
        function: Any
        if step.name == "SET_FUNCTION_ATTRIBUTE":
            *below, given, function = stack
            return (*below, _with_attribute(function, step.arg, given))
        if sys.version_info < (3, 11):
            stack = stack[:-1]  # its name
        *below, code = stack
        if not isinstance(code, _CodeOf):
            raise Unreadable
        inner = code.code
        function = _Loop(inner) if inner.co_name in _COMPREHENSIONS else read(inner)
        if isinstance(function, ast.FunctionDef):
            function = _Defined(function)
        for flag in (8, 4, 2, 1):
            if sys.version_info < (3, 13) and step.arg & flag:
                function = _with_attribute(function, flag, below.pop())
        return (*below, function)


def _stored(target: ast.expr, value: ast.expr) -> ast.stmt:
    """The statement that stores a value under a name."""
    name = target.id if isinstance(target, ast.Name) else None
    if isinstance(value, _Defined) and value.node.name == name:
        return value.node
    if isinstance(value, _InPlace) and isinstance(value.left, ast.Name) and value.left.id == name:
        return ast.AugAssign(target, value.op, value.right)  # type: ignore[arg-type]
    return ast.Assign([target], value)


def _load(node: ast.AST) -> list[ast.expr_context]:
    return [ast.Load()] if isinstance(node, ast.List) else []


def _goes_on(tree: Any) -> bool:
    """Whether a way through a loop leaves the element out."""
    value = getattr(tree, "value", None)
    return isinstance(value, ast.Name) and value.id == SKIPPED


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


def _comprehended(code: types.CodeType, through: ast.expr) -> ast.expr:
    """A comprehension that is a function of its own: all up to 3.11, later only generators."""
    inner = _Code(code)
    first = next((n for n, step in enumerate(inner.steps) if step.name == "FOR_ITER"), None)
    if first is None:
        raise Unreadable
    return inner.loop(_COMPREHENSIONS[code.co_name], first, through)


_METHODS: tuple[tuple[str, Callable[[_Code, _Step, _Stack], _Stack]], ...] = (
    ("LOAD_", _Code.load),
    ("BINARY_", _Code.binary),
    ("INPLACE_", _Code.binary),
    ("UNARY_", _Code.unary),
    ("COMPARE_OP", _Code.compare),
    ("IS_OP", _Code.compare),
    ("CONTAINS_OP", _Code.compare),
    ("BUILD_", _Code.build),
    ("LIST_TO_TUPLE", _Code.tuple_of_list),
    ("LIST_", _Code.extend),
    ("SET_UPDATE", _Code.extend),
    ("SET_ADD", _Code.extend),
    ("DICT_", _Code.extend),
    ("DUP_", _Code.arrange),
    ("COPY", _Code.arrange),
    ("SWAP", _Code.arrange),
    ("ROT_", _Code.arrange),
    ("PUSH_NULL", _Code.arrange),
    ("FORMAT_", _Code.format),
    ("CONVERT_", _Code.format),
    ("KW_NAMES", _Code.keyword_names),
    ("CALL", _Code.call),
    ("MAKE_FUNCTION", _Code.make_function),
    ("SET_FUNCTION_ATTRIBUTE", _Code.make_function),
)
