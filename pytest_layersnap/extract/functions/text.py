"""The text of a function."""

from __future__ import annotations

import ast
import functools
import hashlib
import json
import re
import sys
import sysconfig
import types
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from pytest_layersnap.extract.functions.branches import branched
from pytest_layersnap.extract.functions.bytecode import read
from pytest_layersnap.extract.functions.captured import Surroundings, Taken, at_home
from pytest_layersnap.extract.functions.instructions import operators
from pytest_layersnap.extract.functions.normal import blocks, folded, tidied
from pytest_layersnap.extract.functions.scopes import (
    FIXED,
    OWN,
    TAKEN,
    arguments,
    identifiers,
    original,
    resolve,
    walk,
)
from pytest_layersnap.extract.functions.source import Definition, definition, unshared
from pytest_layersnap.extract.functions.stack import Unreadable
from pytest_layersnap.extract.functions.writing import written
from pytest_layersnap.table import UNREADABLE

#: What makes plain values of the things that a function captured.
Describe = Callable[[Any], Any]

#: Libraries whose functions are known by their names.
KNOWN = frozenset({"keras", "tf_keras", "tensorflow", "numpy", "jax", "jaxlib", "torch"})
#: Parameters that Keras passes by name to the functions of Lambda layers.
_PASSED_BY_NAME = frozenset({"mask", "training"})
#: How deep functions that functions captured are described; below, their names have to do.
_DEPTH = 3
#: So much code is remembered.
_CODES = 10_000
#: Longer texts end in a digest.
_LENGTH = 2_000

_described: ContextVar[tuple[types.FunctionType, ...]] = ContextVar("described", default=())
_given: ContextVar[dict[int, frozenset[str]]] = ContextVar("given", default={})  # noqa: B039


def function_text(function: Any, value: Describe) -> str:
    """A function as text.

    Args:
        function: anything that can be called.
        value: what makes plain values of what it captured.
    """
    if isinstance(function, functools.partial):
        return _partial_text(function, value)
    if isinstance(function, types.MethodType):
        return _bound_text(function, value)
    if isinstance(function, types.FunctionType):
        return _function_text(function, value)
    if isinstance(function, type):
        return f"<class {_full_name(function)}>"
    kind = type(function)
    if (wrapped := _compiled(function)) is not None:
        return f"<{kind.__module__.partition('.')[0]} function of {safely(value, wrapped)}>"
    owner = getattr(function, "__self__", None)
    if owner is not None and not isinstance(owner, (type, types.ModuleType)):
        return f"<bound to {as_json(safely(value, owner))}: <function {_full_name(function)}>>"
    if isinstance(function, types.BuiltinFunctionType) or kind.__module__ == "numpy":
        return f"<function {_full_name(function)}>"
    if isinstance(code := getattr(function, "code", None), str):  # of a graph that keeps its source
        return _cut(f"<{kind.__module__}.{kind.__qualname__} {' '.join(code.split())}>")
    return f"<{kind.__module__}.{kind.__qualname__}, {UNREADABLE}>"


def _compiled(function: Any) -> Any:
    """The function that a library made another of; None of any other object."""
    for attribute in ("__wrapped__", "python_function", "pyfunc"):
        if callable(wrapped := getattr(function, attribute, None)):
            return wrapped
    return None


def is_compiled(function: Any) -> bool:
    """Whether a library made this of somebody's function: ``tf.function``, ``jax.jit``."""
    return _compiled(function) is not None


def _full_name(function: Any) -> str:
    module = getattr(function, "__module__", None) or type(function).__module__
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", "")
    return f"{module}.{name}"


def _cut(text: str) -> str:
    """A text that is not too long for a table, and still its own."""
    if len(text) <= _LENGTH:
        return text
    digest = hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]
    return f"{text[: _LENGTH // 2]}… {digest}>"


def _partial_text(partial: Any, value: Describe) -> str:
    known = {"args": list(partial.args), "keywords": partial.keywords}
    with given_by_name(partial.func, partial.keywords):
        return f"<partial {value(partial.func)} {as_json(safely(value, known))}>"


@contextmanager
def given_by_name(function: Any, names: Iterable[str]) -> Iterator[None]:
    """Describe a function whose arguments of these names are given by name.

    ``Lambda(f, arguments={"k": 2})`` tells ``f(x, k, l)`` from ``f(x, l, k)``; elsewhere the names of
    parameters have no part in what a function does.
    """
    token = _given.set({**_given.get(), id(function): frozenset(names)})
    try:
        yield
    finally:
        _given.reset(token)


def _bound_text(method: types.MethodType, value: Describe) -> str:
    text = function_text(method.__func__, value)
    return f"<bound to {as_json(safely(value, method.__self__))}: {text}>"


def as_json(plain: Any) -> str:
    """Plain values as JSON, equal values as equal texts."""
    return json.dumps(plain, sort_keys=True, ensure_ascii=False)


def safely(value: Describe, item: Any) -> Any:
    """The plain value of something; what can't be looked at, as when a property fails, by its class."""
    try:
        return value(item)
    except Exception:
        return f"<{type(item).__module__}.{type(item).__qualname__}>"


# --- Python's own functions -----------------------------------------------------------------------


def _function_text(function: types.FunctionType, value: Describe) -> str:
    above = _described.get()
    if _is_known(function):
        inner = _unwrapped(function)
        if inner is not function and not _is_known(inner):
            return f"<{_root(function)} function of {value(inner)}>"
        return f"<function {_full_name(function)}>"
    if any(function is other for other in above) or len(above) >= _DEPTH:
        return f"<function {function.__name__}>"
    if above and not _is_own(function, above[-1]):
        return f"<function {_full_name(function)}>"
    token = _described.set((*above, function))
    try:
        return _cut(_text(function, value, _given.get().get(id(function), frozenset())))
    finally:
        _described.reset(token)


def _unwrapped(function: Any) -> Any:
    for _ in range(100):
        if not isinstance(function, types.FunctionType) or "__wrapped__" not in vars(function):
            break
        function = vars(function)["__wrapped__"]
    return function


def _root(function: types.FunctionType) -> str:
    return str(function.__globals__.get("__name__", "")).partition(".")[0]


def _is_known(function: Any) -> bool:
    """Whether a function is of a library whose functions are known by their names."""
    if not isinstance(function, types.FunctionType) or function.__code__.co_name == "<lambda>":
        return False
    root = _root(function)
    return (root in KNOWN or root in sys.stdlib_module_names) and at_home(function)


def _is_own(function: types.FunctionType, other: types.FunctionType) -> bool:
    """Whether a function is of the same package as another one, or of no installed one."""
    return _root(function) == _root(other) or not _is_installed(function.__code__.co_filename)


@functools.lru_cache(maxsize=1_000)
def _is_installed(file: str) -> bool:
    parts = file.replace("\\", "/").split("/")
    return (
        not {"site-packages", "dist-packages"}.isdisjoint(parts)
        or file.startswith(sysconfig.get_paths()["stdlib"])
        or file.startswith("<frozen")
    )


def _text(function: types.FunctionType, value: Describe, named: frozenset[str]) -> str:
    tree = _code(function)
    surroundings = Surroundings(function)
    taken = Taken(
        surroundings,
        lambda item: _name(item, function, value),
        lambda item: (
            isinstance(item, types.FunctionType) and not _is_known(item) and _is_own(item, function)
        ),
    )
    if tree is None:
        return _unreadable(function, taken, value)
    tree = taken.visit(unshared(tree))
    _set_defaults(tree, function, taken)
    if taken.wrote:
        tree = _in_form(tree)
    names = _rename(tree, named | _PASSED_BY_NAME, taken)
    if not isinstance(tree, ast.Lambda):
        tree.name = function.__name__
    text = written(tree)
    known = {names[key]: _value(taken, key, value) for key in taken.values if key in names}
    return f"<{text} with {as_json(known)}>" if known else f"<{text}>"


def _value(taken: Taken, key: str, value: Describe) -> Any:
    item = taken.values[key]
    with given_by_name(item, taken.called_with[key]):
        return safely(value, item)


_NAMED = re.compile(r"<(?:function|class) ([A-Za-z_][\w.]*)>|([A-Za-z_][\w.]*)")


def _name(item: Any, function: types.FunctionType, value: Describe) -> str | None:
    """The name of a function or class that is known by it; one's own classes have no module."""
    if isinstance(item, type):
        root = item.__module__.partition(".")[0]
        file = getattr(sys.modules.get(item.__module__), "__file__", None) or "<nowhere>"
        own = root == _root(function) or (root != "builtins" and not _is_installed(file))
        return item.__name__ if own else _full_name(item)
    if not isinstance(item, (types.FunctionType, types.BuiltinFunctionType)) and not (
        callable(item) and hasattr(type(item), "__name__") and type(item).__module__ == "numpy"
    ):
        return None
    if isinstance(item, types.FunctionType) and item in _described.get():
        return None
    described = safely(value, item)
    match = _NAMED.fullmatch(described) if isinstance(described, str) else None
    return (match[1] or match[2]) if match else None


#: By the code and its file, which has no part in the equality of code.
_codes: dict[tuple[types.CodeType, str], Definition | None] = {}


def _code(function: types.FunctionType) -> Definition | None:
    """The resolved code of a function, from its source or else from its byte code; each read once."""
    code = function.__code__
    key = code, code.co_filename
    if key not in _codes:
        if len(_codes) > _CODES:
            _codes.clear()
        _codes[key] = _resolved(code, function.__globals__)
    return _codes[key]


def _resolved(code: types.CodeType, module: dict[str, Any]) -> Definition | None:
    try:
        tree = resolve(_in_form(tidied(definition(code, module) or read(code))))
    except (Unreadable, RecursionError):
        return None
    tree.args.defaults, tree.args.kw_defaults = [], [None for _ in tree.args.kwonlyargs]
    return tree


def _in_form(tree: Definition) -> Any:
    return folded(branched(blocks(folded(tree))))


def _set_defaults(tree: Definition, function: types.FunctionType, taken: Taken) -> None:
    """Defaults as the function has them now."""
    args = tree.args
    given = function.__defaults__ or ()
    args.defaults = [taken.put(f"default {index}", item) for index, item in enumerate(given)]
    by_name = function.__kwdefaults__ or {}
    args.kw_defaults = [
        taken.put(f"default {name}", by_name[name]) if name in by_name else None
        for name in (original(arg.arg) for arg in args.kwonlyargs)
    ]


def _unreadable(function: types.FunctionType, taken: Taken, value: Describe) -> str:
    """What stands in for code that can't be read: what it names, computes with and takes from outside."""
    parts = list(_parts(function.__code__))
    names = sorted({name for part in parts for name in (*part.co_freevars, *part.co_names)})
    constants = {
        repr(item)
        for part in parts
        for item in part.co_consts
        if isinstance(item, (int, float, complex, str, bytes, tuple))
        and "<locals>" not in repr(item)
    }
    for name in names:
        taken.visit(ast.Name(TAKEN + name, ast.Load()))
    known = {
        "constants": sorted(constants),
        "names": names,
        "operators": sorted(frozenset().union(*map(operators, parts))),
        "values": {key.removeprefix(TAKEN): _value(taken, key, value) for key in taken.values},
    }
    kind = "lambda" if function.__name__ == "<lambda>" else f"def {function.__name__}"
    return (
        f"<{kind}, {UNREADABLE}, with {as_json({key: known[key] for key in known if known[key]})}>"
    )


def _parts(code: types.CodeType) -> Iterator[types.CodeType]:
    """A code object and those of its inner functions."""
    yield code
    for item in code.co_consts:
        if isinstance(item, types.CodeType):
            yield from _parts(item)


# --- names ----------------------------------------------------------------------------------------


def _rename(tree: Definition, named: frozenset[str], taken: Taken) -> dict[str, str]:
    """Give variables names by the order in which they appear; return those of what is captured."""
    found = list(_identifiers(tree))
    called = frozenset().union(*taken.called_with.values())
    outer = {arg.arg for arg in arguments(tree.args)}
    inner = {
        arg.arg
        for node in ast.walk(tree)
        if isinstance(node, (ast.Lambda, ast.FunctionDef, ast.AsyncFunctionDef))
        for arg in arguments(node.args)
    }
    new: dict[str, str] = {}
    for _, _, identifier in found:
        if identifier.startswith(FIXED):
            new[identifier] = identifier.removeprefix(FIXED)
        elif identifier in inner and original(identifier) in (
            named if identifier in outer else called
        ):
            new[identifier] = original(identifier)
    taken_names = {name.partition(".")[0] for name in new.values()}
    free = (name for name in _letters() if name not in taken_names)
    for node, field, identifier in found:
        if identifier not in new:
            new[identifier] = next(free)
        setattr(node, field, new[identifier])
    return {key: name for key, name in new.items() if key.startswith(TAKEN)}


def _identifiers(tree: ast.AST) -> Iterator[tuple[ast.AST, str, str]]:
    for node in walk(tree):
        for field, identifier in identifiers(node):
            if node is not tree and identifier[:1] in (OWN, TAKEN, FIXED):
                yield node, field, identifier


def _letters() -> Iterator[str]:
    letters = "xyzabcdefghijkmnpqrstuvw"
    yield from letters
    number = 1
    while True:
        yield from (f"{letter}{number}" for letter in letters)
        number += 1
