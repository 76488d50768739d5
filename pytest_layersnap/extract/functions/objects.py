"""Objects that are no data of Keras' own, as text: by their class and what they hold."""

from __future__ import annotations

import enum
import sys
import types
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any

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
        return f"<{kind.__name__}.{raw.name} {as_json(safely(value, raw.value))}>"
    above = _above.get()
    root = kind.__module__.partition(".")[0]
    if root in KNOWN - KERAS and callable(raw):  # a compiled function, or a module of PyTorch
        spelled = _spelled(raw)
        return function_text(raw, value) if spelled == stand_in(raw) else spelled
    if root in KNOWN or id(raw) in above or len(above) >= _DEPTH:
        return stand_in(raw)
    token = _above.set((*above, id(raw)))
    try:
        held = {name: safely(value, item) for name, item in sorted(_held(raw))}
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


def _spelled(raw: Any) -> str:
    """``range(0, 2)``, ``Fraction(1, 2)``, … as Python spells them, without addresses and paths."""
    try:
        text = repr(raw)
    except Exception:
        return stand_in(raw)
    is_spelling = text[:1] not in "<" and " at 0x" not in text and not hasattr(raw, "__fspath__")
    return f"<{text}>" if is_spelling else stand_in(raw)


def _held(raw: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of an object itself; properties are not asked."""
    names = [
        name
        for kind in type(raw).__mro__
        for name in _listed(vars(kind).get("__slots__", ()))
        if isinstance(vars(kind).get(name), types.MemberDescriptorType)
    ]
    held = {name: getattr(raw, name) for name in names if hasattr(raw, name)}
    own = getattr(raw, "__dict__", None)
    if isinstance(own, dict):
        held |= own
    for name, item in held.items():
        if not str(name).startswith("__"):
            yield str(name), item


def _listed(slots: Any) -> list[str]:
    return [slots] if isinstance(slots, str) else list(slots)
