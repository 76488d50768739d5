"""How a verb is declared."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any, TypeAlias

#: What argparse gives for the verbs of a command.
Verbs: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def declare(
    verbs: Verbs, name: str, run: Callable[[Any], int], text: str
) -> argparse.ArgumentParser:
    """Declare a verb.

    Args:
        verbs: where to.
        name: as it is typed.
        run: does it; takes the parsed arguments and gives the exit code.
        text: what it does, for the help.
    """
    added = verbs.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}.")
    added.set_defaults(run=run)
    return added
