"""The settings of one run, as plain data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pytest_layersnap.scope import Scope

if TYPE_CHECKING:
    from pytest_layersnap.exports.files import Destination

#: What to do about snapshots that no test uses.
Unused = Literal["warn", "error", "ignore"]


# A named tuple, as every start of pytest defines it: a dataclass takes several times as long.
class Settings(NamedTuple):
    """The settings of one run.

    Args:
        rootdir: pytest's root directory.
        directory: the folder of all snapshots, inside ``rootdir``.
        update: whether ``--snapshot-update`` was given.
        unused: what to do about snapshots that no test uses.
        report: the folder, or the ``.html`` file, to write the reports of the run to, if any.
        export: where to write the tables that checks saw, if anywhere.
        scope: what all checks compare where neither their marker nor they themselves say.
        tolerance: what the tolerances for numbers are multiplied by.
    """

    rootdir: Path
    directory: Path
    update: bool
    unused: Unused
    report: Path | None
    export: Destination | None
    scope: Scope
    tolerance: float

    @property
    def shown(self) -> str:
        """The folder as messages name it: relative to ``rootdir``, with slashes."""
        return self.directory.relative_to(self.rootdir).as_posix()


def unusual(settings: Settings) -> str:
    """What makes the checks of this run see less, or change files; empty for an ordinary run."""
    parts = ["snapshots are recorded"] if settings.update else []
    for name, words in (("only", "comparing only"), ("ignore", "ignoring")):
        if names := getattr(settings.scope, name):
            parts.append(f"{words} {', '.join(sorted(names))}")
    if settings.tolerance != 1:
        parts.append(f"numbers may differ by {settings.tolerance:g} times as much as usual")
    if settings.unused == "ignore":
        parts.append("unused snapshots are left alone")
    return f"layersnap: {'; '.join(parts)}" if parts else ""
