"""Functions and their texts, which are the same in every Python; run as a script it prints them as JSON.

It needs nothing but the package, so that any Python on the machine can be asked.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

_RECORDED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
#: Sources, and the texts that all Pythons give them, with the source and without.
TEXTS: dict[str, str] = _RECORDED["read"]
#: Sources that are read from their text alone; without it the byte code says less.
READ_FROM_SOURCE: dict[str, str] = _RECORDED["read from source"]


def value(raw: Any) -> Any:
    """Plain values of plain things, as ``canonical`` has them."""
    from pytest_layersnap.extract.functions import function_text

    if isinstance(raw, (list, tuple)):
        return list(map(value, raw))
    if isinstance(raw, dict):
        return {key: value(item) for key, item in raw.items()}
    return function_text(raw, value) if callable(raw) else raw


def functions(source: str, folder: Path, number: int) -> Iterator[types.FunctionType]:
    """The function of a source, with a file that has it and without one."""
    text = source if source.startswith(("def", "async")) else f"f = {source}"
    path = folder / f"module_{number}.py"
    path.write_text(f"{text}\n", encoding="utf-8")
    for name in (str(path), "<nowhere>"):
        known: dict[str, Any] = {"__name__": "module", "__file__": name, "K": 3, "H": {"w": [1]}}
        exec(compile("import math\ndef helper(x, k=1): return x * k", "<helper>", "exec"), known)
        exec(compile(f"{text}\n", name, "exec"), known)
        yield known["f"]


def texts() -> dict[str, list[str]]:
    """The texts of all sources in this Python, with the source and without."""
    with TemporaryDirectory() as folder:
        return {
            source: [value(function) for function in functions(source, Path(folder), number)]
            for number, source in enumerate([*TEXTS, *READ_FROM_SOURCE])
        }


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))
    print(json.dumps(texts()))
