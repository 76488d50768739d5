"""The instructions of byte code, in one list for all Pythons: what newer ones do at once is two steps."""

from __future__ import annotations

import dis
import types
from dataclasses import dataclass, replace
from typing import Any


@dataclass(slots=True)
class Step:
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

#: What changes nothing about the values.
IGNORED = frozenset(
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

#: 3.10 has an instruction for each operator.
OLD_BINARY = {
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


def steps(code: types.CodeType) -> list[Step]:
    """The instructions of a code object, in order."""
    listed: list[Step] = []
    for found in dis.get_instructions(code):
        names = _PAIRS.get(found.opname)
        if names is None:
            listed.append(
                Step(found.opname, found.arg or 0, found.argval, found.argrepr, found.offset)
            )
            continue
        values = found.argval
        if not isinstance(values, tuple):
            number = found.arg or 0
            values = (code.co_varnames[number >> 4], code.co_varnames[number & 15])
        for name, item in zip(names, values, strict=True):
            listed.append(Step(name, 0, item, "", found.offset))
    return [step for place in range(len(listed)) for step in _spelled_out(listed, place)]


def _spelled_out(listed: list[Step], place: int) -> list[Step]:
    """A step; where 3.13 makes a truth value that nothing asks for, ``not not`` as it was written."""
    step = listed[place]
    if step.name == "TO_BOOL":
        asks = next(one.name for one in listed[place + 1 :] if one.name != "EXTENDED_ARG")
        if not (asks.startswith("POP_JUMP") or asks == "UNARY_NOT"):
            return [replace(step, name="UNARY_NOT")] * 2
    return [step]


def operators(code: types.CodeType) -> set[str]:
    """The operators in code of any kind."""
    found: set[str] = set()
    for step in steps(code):
        kind, _, rest = step.name.partition("_")
        if step.name == "BINARY_OP":
            found.add(step.repr)
        elif kind in ("BINARY", "INPLACE") and rest in OLD_BINARY:
            found.add(OLD_BINARY[rest] + "=" * (kind == "INPLACE"))
        elif kind == "UNARY":
            found.add(rest.lower())
        elif step.name == "COMPARE_OP":
            found.add(step.argval)
        elif step.name in ("IS_OP", "CONTAINS_OP"):
            found.add(("is", "in")[kind == "CONTAINS"] + " not" * step.arg)
    return found - {"[]"}
