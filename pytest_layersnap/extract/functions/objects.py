"""Objects that are no data of Keras' own, as text: by their class and what they hold."""

from __future__ import annotations

import enum
import functools
import inspect
import pathlib
import re
import sys
import types
from collections.abc import Sequence, Set
from contextvars import ContextVar
from typing import Any

from pytest_layersnap.extract.functions.captured import module_name
from pytest_layersnap.extract.functions.text import (
    KNOWN,
    Describe,
    as_json,
    function_text,
    safely,
)
from pytest_layersnap.extract.reader import KERAS

#: How deep objects that objects hold are described.
_DEPTH = 3
_above: ContextVar[tuple[int, ...]] = ContextVar("above", default=())


def object_text(raw: Any, value: Describe) -> str:
    """An object as text: settings of a dataclass, a namespace or somebody's class, what calling it does.

    Args:
        raw: anything that is not described otherwise.
        value: what makes plain values of what it holds.
    """
    kind = type(raw)
    if isinstance(raw, enum.Enum):
        return f"<{kind.__name__}.{_member(raw)} {as_json(safely(value, raw.value))}>"
    if isinstance(raw, pathlib.PurePath):
        # Where the files of a machine are is none of the network's business.
        return f"<path {raw.name if raw.is_absolute() else raw.as_posix()}>"
    if isinstance(raw, re.Pattern):  # whose text Python cuts off
        return f"<pattern {as_json(safely(value, [raw.pattern, raw.flags]))}>"
    if isinstance(raw, types.ModuleType):
        return f"<module {module_name(raw)}>"
    above = _above.get()
    root = kind.__module__.partition(".")[0]
    if root in KNOWN - KERAS and callable(raw):  # a compiled function, or a module of PyTorch
        spelled = _spelled(raw)
        return function_text(raw, value) if spelled == stand_in(raw) else spelled
    if _only_works(raw, root):
        return _spelled(raw)
    if root in KNOWN or id(raw) in above or len(above) >= _DEPTH:
        return stand_in(raw)
    token = _above.set((*above, id(raw)))
    try:
        held = {
            name: safely(value, item)
            for name, item in sorted(held_by(raw).items())
            if not _is_computed(kind, name)
        }
        if isinstance(raw, (Sequence, Set)) and not isinstance(raw, range):
            held["items"] = safely(value, (set if isinstance(raw, Set) else list)(raw))
    finally:
        _above.reset(token)
    called = kind.__call__ if callable(raw) else None
    does = f" {function_text(called, value)}" if isinstance(called, types.FunctionType) else ""
    if held or does:
        return f"<{kind.__name__}{f' {as_json(held)}' if held else ''}{does}>"
    if root == "builtins" or root in sys.stdlib_module_names:
        return _spelled(raw)
    return stand_in(raw)


def stand_in(raw: Any) -> str:
    """An object by its class alone."""
    return f"<{type(raw).__module__}.{type(raw).__qualname__}>"


def _only_works(raw: Any, root: str) -> bool:
    """Whether this is a lock, a logger, a file: an object of Python's own that is like no other."""
    equal: Any = type(raw).__eq__
    return root in sys.stdlib_module_names and equal is object.__eq__ and not callable(raw)


def _spelled(raw: Any) -> str:
    """``range(0, 2)``, ``Fraction(1, 2)``, … as Python spells them, without addresses and paths."""
    try:
        text = repr(raw)
    except Exception:
        return stand_in(raw)
    is_spelling = text[:1] not in "<" and " at 0x" not in text and not hasattr(raw, "__fspath__")
    return f"<{text}>" if is_spelling else stand_in(raw)


def held_by(raw: Any) -> dict[str, Any]:
    """The attributes of an object itself; properties are not asked."""
    names = [
        name
        for kind in type(raw).__mro__
        for name in _listed(vars(kind).get("__slots__", ()))
        if isinstance(vars(kind).get(name), types.MemberDescriptorType)
    ]
    held = {name: getattr(raw, name) for name in names if hasattr(raw, name)}
    own = vars(raw) if isinstance(getattr(raw, "__dict__", None), dict) else {}
    return {name: item for name, item in (held | own).items() if not name.startswith("__")}


def _is_computed(kind: type, name: str) -> bool:
    """Whether an attribute is there only once somebody has asked for it."""
    return isinstance(inspect.getattr_static(kind, name, None), functools.cached_property)


def _member(raw: enum.Enum) -> str:
    """The name of a member; of several flags those of all, which older Pythons have no name for."""
    if not isinstance(raw, enum.Flag):
        return raw.name
    kind: Any = type(raw)
    return "|".join(
        name
        for name, one in kind.__members__.items()
        if one.value and one.value & raw.value == one.value
    )


def _listed(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else list(slots)
