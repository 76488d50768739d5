"""Byte code read back into Python, as far as it is one expression or some assignments and one.

This is for functions whose source can't be read: those that were loaded from a model file, entered by
hand, or edited since. Nothing is run; instructions are followed with expressions in place of values.
"""

from __future__ import annotations

import ast
import inspect
import sys
import types
from dataclasses import dataclass, replace
from typing import Any

from pytest_layersnap.extract.functions.branches import SKIPPED
from pytest_layersnap.extract.functions.instructions import IGNORED, Step, steps
from pytest_layersnap.extract.functions.normal import literal, negated
from pytest_layersnap.extract.functions.source import Definition, unshared, with_fields
from pytest_layersnap.extract.functions.stack import (
    COMPREHENSIONS,
    PASSING,
    Defined,
    InPlace,
    Instructions,
    Marker,
    Stack,
    Unreadable,
)

#: So many cases and instructions at most are followed.
_STEPS = 5_000
_NOTHING: Stack = ()


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
    if any(isinstance(node, PASSING) for statement in body for node in ast.walk(statement)):
        raise Unreadable
    args = _arguments(code)
    if code.co_name == "<lambda>":
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None:
            raise Unreadable
        return ast.Lambda(args, body[0].value)
    return with_fields(  # type: ignore[no-any-return]
        ast.FunctionDef, name=code.co_name, args=args, body=body
    )


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
    left: Stack = ()

    def alike(self, other: _End) -> bool:
        """Whether another way comes to the same end, but for the value."""
        one_target, other_target = (end.target and ast.dump(end.target) for end in (self, other))
        return (self.kind, one_target, self.next, self.left) == (
            other.kind,
            other_target,
            other.next,
            other.left,
        )


class _Code(Instructions):
    """One code object that is followed."""

    def __init__(self, code: types.CodeType) -> None:
        super().__init__(code)
        self.steps = steps(code)
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

    def _follow(self, number: int, stack: Stack, loop: int | None = None) -> Any:
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
            if name in IGNORED:
                continue
            if name in ("RETURN_VALUE", "RETURN_CONST"):
                value = literal(step.argval) if name == "RETURN_CONST" else stack[-1]
                return _End("return", value)
            if name in ("STORE_FAST", "STORE_DEREF", "UNPACK_SEQUENCE"):
                value, stack = stack[-1], stack[:-1]
                if isinstance(value, Marker):
                    continue
                target, number = self._target(number - 1)
                if all(isinstance(item, Marker) for item in stack):
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
            stack = self.do(step, stack)

    def _follows_copy(self, step: Step) -> bool:
        """Whether the instruction before this one copied a value."""
        return self._name_before(step) in ("DUP_TOP", "COPY")

    def _follows_test(self, step: Step) -> bool:
        """Whether a value is taken off the stack because a test had left it there."""
        name = self._name_before(step)
        return "JUMP" in name or name in ("NOT_TAKEN", "ROT_TWO", "SWAP")

    def _name_before(self, step: Step) -> str:
        number = next(number for number, other in enumerate(self.steps) if other is step)
        return self.steps[number - 1].name if number else ""

    # --- jumps and loops ---

    def _jump(self, step: Step, number: int, stack: Stack, loop: int | None) -> Any:
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

    def _comprehension(self, number: int, stack: Stack) -> tuple[int, Stack]:
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

    # --- inner functions ---

    def function(self, code: types.CodeType) -> Definition:
        """Read from its code, too."""
        return read(code)

    def comprehension(self, code: types.CodeType, through: ast.expr) -> ast.expr:
        """All up to 3.11, later only generators."""
        inner = _Code(code)
        first = next((n for n, step in enumerate(inner.steps) if step.name == "FOR_ITER"), None)
        if first is None:
            raise Unreadable
        return inner.loop(COMPREHENSIONS[code.co_name], first, through)


def _stored(target: ast.expr, value: ast.expr) -> ast.stmt:
    """The statement that stores a value under a name."""
    name = target.id if isinstance(target, ast.Name) else None
    if isinstance(value, Defined) and value.node.name == name:
        return value.node
    if isinstance(value, InPlace) and isinstance(value.left, ast.Name) and value.left.id == name:
        return ast.AugAssign(target, value.op, value.right)  # type: ignore[arg-type]
    return ast.Assign([target], value)


def _goes_on(tree: Any) -> bool:
    """Whether a way through a loop leaves the element out."""
    value = getattr(tree, "value", None)
    return isinstance(value, ast.Name) and value.id == SKIPPED
