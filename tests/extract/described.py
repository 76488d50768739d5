"""Functions and their texts, which are the same in every Python; run as a script it writes them to a file.

``python described.py FILE`` needs nothing but the package, so that any Python on the machine can be asked.
"""

from __future__ import annotations

import json
import sys
import types
from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from pytest_layersnap.extract import canonical
from tests.extract.lambdas import LAMBDAS, MODULE, PLACES

_RECORDED = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
#: Sources, and the texts that all Pythons give them, with the source and without.
TEXTS: dict[str, str] = _RECORDED["read"]
#: Sources that are read from their text alone; without it the byte code says less.
READ_FROM_SOURCE: dict[str, str] = _RECORDED["read from source"]


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


def written(folder: Path) -> Callable[[str, str], Any]:
    """What loads the function ``f`` that a lambda is in a new file of a folder, at a place in it."""
    numbers = iter(range(100_000))

    def load(source: str, place: str = "f = {}") -> Any:
        path = folder / f"module_{next(numbers)}.py"
        path.write_text(f"{MODULE}\n{place.replace('{}', source)}\n", encoding="utf-8")
        known = {"__name__": path.stem, "__file__": str(path)}
        exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), known)
        return known["f"]

    return load


def without_source(function: types.FunctionType) -> types.FunctionType:
    """The same function with code that was in no file."""
    copied = types.FunctionType(
        function.__code__.replace(co_filename="<nowhere>"),
        function.__globals__,
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copied.__kwdefaults__ = function.__kwdefaults__
    return copied


def texts(folder: Path) -> dict[str, list[Any]]:
    """The texts of all sources in this Python, with the source and without.

    Lambdas stand in files of the folder at one place after the other.
    """
    found = {
        source: [canonical.value(function) for function in functions(source, folder, number)]
        for number, source in enumerate([*TEXTS, *READ_FROM_SOURCE])
    }
    load, places = written(folder), cycle(PLACES)
    for lambdas in LAMBDAS:
        for source in (lambdas[0], *lambdas[1], *lambdas[2]):
            function = load(source, next(places))
            found[f"{MODULE}{source}"] = list(
                map(canonical.value, (function, without_source(function)))
            )
    return found


if __name__ == "__main__":
    with TemporaryDirectory() as made:
        Path(sys.argv[1]).write_text(json.dumps(texts(Path(made))), encoding="utf-8")
