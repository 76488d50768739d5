"""Functions as text that says what they do and is the same in every process and Python release."""

from __future__ import annotations

import ast
import inspect
import json
import textwrap
import types
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

#: What makes plain values of the things that a function captured.
Describe = Callable[[Any], Any]


def _json(plain: Any) -> str:
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def function_text(function: Any, value: Describe) -> str:
    """A function as text: with its module, a lambda by its source.

    What a closure captured and the plain globals that a lambda reads are part of the text, as they
    change what it does. Byte code is never used: it differs between Python releases and holds paths.
    """
    module = getattr(function, "__module__", None) or ""
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", "")
    kind = "class" if isinstance(function, type) else "function"
    if not isinstance(function, types.FunctionType):
        return f"<{kind} {module}.{name}>".replace(" .", " ")
    known = _captured_once(function, value)
    suffix = f" with {_json(known)}" if known else ""
    if function.__name__ == "<lambda>":
        return f"<{_lambda_source(function, value) or 'lambda'}{suffix}>"
    return f"<{kind} {module}.{name}{suffix}>"


#: How deep functions that functions captured are described; below, their names have to do.
_DEPTH = 3
_described: ContextVar[tuple[types.FunctionType, ...]] = ContextVar("described", default=())


def _captured_once(function: types.FunctionType, value: Describe) -> dict[str, Any]:
    """What a function captured, but for functions that hold each other, as TensorFlow's decorators do."""
    above = _described.get()
    if len(above) >= _DEPTH or any(function is other for other in above):
        return {}
    token = _described.set((*above, function))
    try:
        return _captured(function, value)
    finally:
        _described.reset(token)


def _captured(function: types.FunctionType, value: Describe) -> dict[str, Any]:
    """Free variables with their values, defaults, and for a lambda the plain globals that it reads."""
    known: dict[str, Any] = {}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=False):
        try:
            known[name] = value(cell.cell_contents)
        except ValueError:  # a cell that is still empty
            continue
    if function.__defaults__:
        known["defaults"] = value(function.__defaults__)
    if function.__kwdefaults__:
        known["keyword defaults"] = value(function.__kwdefaults__)
    if function.__name__ == "<lambda>":
        for name in function.__code__.co_names:
            if isinstance(function.__globals__.get(name), (bool, int, float, str, tuple)):
                known[name] = value(function.__globals__[name])
    return known


def _lambda_source(function: types.FunctionType, value: Describe) -> str | None:
    """``lambda x: x * 2`` as Python itself would write it, or None where no source can be read."""
    code = function.__code__
    try:
        lines = inspect.getsourcelines(code)[0]
    except (OSError, TypeError):
        return _code_digest(code, value)
    source = textwrap.dedent("".join(lines))
    candidates: set[str] = set()
    for text in (source, f"({source.strip().rstrip(',')})"):
        try:
            tree = ast.parse(text)
        except SyntaxError:
            continue
        candidates = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Lambda)}
        break
    if len(candidates) > 1:  # several lambdas on these lines
        candidates = {text for text in candidates if _does(_compiled(text)) == _does(code)}
    return candidates.pop() if len(candidates) == 1 else _code_digest(code, value)


def _compiled(source: str) -> types.CodeType:
    """The code of a lambda written as text; it is compiled, never run."""
    module = compile(source, "<lambda>", "eval")
    return next(const for const in module.co_consts if isinstance(const, types.CodeType))


def _does(code: types.CodeType) -> tuple[Any, ...]:
    plain = tuple(const for const in code.co_consts if not isinstance(const, types.CodeType))
    return (plain, code.co_names, code.co_code)


def _code_digest(code: types.CodeType, value: Describe) -> str:
    """What stands in for a lambda without source: names and constants, the same in every Python."""
    plain = [const for const in code.co_consts if not isinstance(const, types.CodeType)]
    known = {"names": list(code.co_names), "constants": value([c for c in plain if c is not None])}
    return f"lambda {_json(known)}"
