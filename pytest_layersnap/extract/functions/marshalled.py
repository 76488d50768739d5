"""Functions as Keras writes them into a config: byte code in base 64, with defaults and closure."""

from __future__ import annotations

import base64
import marshal
import types
from typing import Any


def loaded(written: Any) -> types.FunctionType | None:
    """The function of a ``__lambda__`` in a config, which is not run; None where it can't be read.

    Only configs of live objects come here: their code was written by this very Python.

    Args:
        written: ``(code, defaults, closure)``, or a dict of them.
    """
    if isinstance(written, dict):
        written = written.get("value", written)
    if isinstance(written, dict):
        written = [written.get(name) for name in ("code", "defaults", "closure")]
    try:
        text, defaults, closure = written
        code = marshal.loads(base64.b64decode(text))
        cells = tuple(map(types.CellType, closure or ()))
        function = types.FunctionType(code, {}, code.co_name, tuple(defaults or ()), cells)
    except (TypeError, ValueError, EOFError):
        return None
    return function
