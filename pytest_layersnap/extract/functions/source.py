"""The source of a function, where it can be read and is really the function's."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import types
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

#: A function as Python's parser gives it.
Definition = ast.Lambda | ast.FunctionDef | ast.AsyncFunctionDef

#: The flags of a code object that say what the file imports from ``__future__``.
_FUTURE = 0x1FE0000
#: Those that say how arguments are taken, and generators and coroutines.
_KINDS = (
    inspect.CO_VARARGS
    | inspect.CO_VARKEYWORDS
    | inspect.CO_GENERATOR
    | inspect.CO_COROUTINE
    | inspect.CO_ASYNC_GENERATOR
)


def definition(code: types.CodeType, module: dict[str, Any]) -> Definition | None:
    """The definition whose compiled code is this code, or None where no file has it.

    The file may have changed since it was imported. What is compiled from it is therefore compared
    with the code itself; equal code does the same, wherever in the file it stands.

    Args:
        code: the function's code.
        module: the globals of the function; files in archives are found by them.
    """
    linecache.checkcache(code.co_filename)
    file = _read("".join(linecache.getlines(code.co_filename, module)))
    does = _does(code)
    candidates = file.definitions.get(code.co_name, ())
    for found in sorted(candidates, key=lambda found: abs(found.line - code.co_firstlineno)):
        compiled = _compiled(found, file.imports, code)
        if compiled is not None and _does(compiled) == does:
            node: Definition = unshared(found.node)
            return cast(Definition, _Private(found.owner).visit(node)) if found.owner else node
    return None


class _Private(ast.NodeTransformer):
    """Names such as ``__size`` as the compiler has them in a class."""

    def __init__(self, owner: str) -> None:
        self.prefix = "_" + owner.lstrip("_")

    def generic_visit(self, node: ast.AST) -> ast.AST:
        for name in ("id", "attr", "arg", "name"):
            found = getattr(node, name, None)
            if isinstance(found, str) and found.startswith("__") and not found.endswith("__"):
                setattr(node, name, self.prefix + found)
        return super().generic_visit(node)


@dataclass(frozen=True, slots=True)
class _Found:
    """A definition, its first line, and the class in which it stands: it has a say in private names."""

    node: Definition
    line: int
    owner: str | None


@dataclass(frozen=True, slots=True)
class _File:
    """What a file imports, and all functions that it defines, by the names of their code."""

    imports: list[ast.stmt] = field(default_factory=list)
    definitions: dict[str, list[_Found]] = field(default_factory=dict)


@functools.lru_cache(maxsize=100)
def _read(text: str) -> _File:
    file = _File()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the file's own doubtful escapes
            tree = ast.parse(text)
        file.imports.extend(_imports(tree))
        _collect(tree, None, file.definitions)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _File()
    return file


def _imports(node: ast.AST) -> Iterator[ast.stmt]:
    """Imports of the module itself: the compiler calls the functions of modules in another way."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.Import, ast.ImportFrom)):
            if getattr(child, "module", None) != "__future__":
                yield child
        elif not isinstance(child, (ast.expr, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield from _imports(child)


def _collect(node: ast.AST, owner: str | None, found: dict[str, list[_Found]]) -> None:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Lambda):
            found.setdefault("<lambda>", []).append(_Found(child, child.lineno, owner))
        elif isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            line = min([child.lineno, *(decorator.lineno for decorator in child.decorator_list)])
            found.setdefault(child.name, []).append(_Found(child, line, owner))
        _collect(child, child.name if isinstance(child, ast.ClassDef) else owner, found)


def _compiled(
    found: _Found, imports: list[ast.stmt], like: types.CodeType
) -> types.CodeType | None:
    """The code of one definition, compiled where the names that it takes from outside are known."""
    is_lambda = isinstance(found.node, ast.Lambda)
    inside = [ast.Expr(found.node) if isinstance(found.node, ast.Lambda) else _bare(found.node)]
    if found.owner:
        inside = [with_fields(ast.ClassDef, name=found.owner, body=inside)]
    names = {found.owner or ("" if is_lambda else like.co_name)} - {"", *like.co_freevars}
    if names:  # it may speak of itself
        inside.insert(0, ast.Global(list(names)))
    captured = with_fields(ast.arguments, args=[ast.arg(name) for name in like.co_freevars])
    outer = with_fields(ast.FunctionDef, name="outer", args=captured, body=inside)
    module = ast.fix_missing_locations(ast.Module([*imports, outer], []))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            code: types.CodeType | None = compile(
                module, "<source>", "exec", like.co_flags & _FUTURE, dont_inherit=True
            )
    except (SyntaxError, ValueError, RecursionError):
        return None
    for name in ("outer", found.owner, like.co_name):
        code = _inside(code, name) if name else code
    return code


def _bare(node: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    """A definition without what has no part in its code."""
    fields = {name: getattr(node, name) for name in node._fields}
    bare = type(node)(**{**fields, "decorator_list": [], "returns": None})
    if "type_params" in node._fields:  # from 3.12 on
        setattr(bare, "type_params", [])  # noqa: B010
    return ast.copy_location(bare, node)


def with_fields(kind: Any, **fields: Any) -> Any:
    """A node with these fields; its other ones are empty lists or nothing."""
    empty: dict[str, Any] = {
        name: None if name in ("vararg", "kwarg", "returns", "type_comment") else []
        for name in kind._fields
    }
    return kind(**{**empty, **fields})


def unshared(node: Any) -> Any:
    """A copy of some code in which no part is in two places, as it may have been."""
    if isinstance(node, list):
        return [unshared(item) for item in node]
    if not isinstance(node, ast.AST) or not node._fields:  # operators are what they are
        return node
    kind: Any = type(node)
    copied = kind.__new__(kind)
    vars(copied).update({name: unshared(item) for name, item in vars(node).items()})
    return copied


def _inside(code: types.CodeType | None, name: str) -> types.CodeType | None:
    found = [
        item
        for item in (code.co_consts if code else ())
        if isinstance(item, types.CodeType) and item.co_name == name
    ]
    return found[-1] if found else None  # defaults, which may hold lambdas, come first


def _does(code: types.CodeType) -> tuple[Any, ...]:
    """All that a code object does, without where it stands."""
    return (
        code.co_code,
        tuple(map(_constant, code.co_consts)),
        code.co_names,
        code.co_varnames,
        code.co_freevars,
        code.co_cellvars,
        code.co_argcount,
        code.co_posonlyargcount,
        code.co_kwonlyargcount,
        code.co_flags & _KINDS,
    )


def _constant(item: Any) -> Any:
    """A constant that is equal only to constants of its type: ``1`` is not ``1.0``, nor ``True``."""
    if isinstance(item, types.CodeType):
        return _does(item)
    if isinstance(item, tuple):
        return ("tuple", *map(_constant, item))
    if isinstance(item, frozenset):
        return ("frozenset", frozenset(map(_constant, item)))
    if isinstance(item, slice):
        return ("slice", *map(_constant, (item.start, item.stop, item.step)))
    if isinstance(item, str) and "<locals>" in item:  # 3.10: the name of an inner function
        return item.rpartition(".")[2]
    return (type(item).__name__, repr(item))
