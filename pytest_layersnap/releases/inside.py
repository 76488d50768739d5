"""What runs under each release, with the Python of its environment: builders become tables.

``python -m pytest_layersnap.releases.inside OUT TABLE BUILDER…`` writes a line of JSON for each builder to
OUT; TABLE is ``behavior`` where layers are evaluated, too, or else ``architecture``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pytest_layersnap import csvfile
from pytest_layersnap.builders import BuilderError, table_of


def main(out: str, table: str, builders: Sequence[str]) -> None:
    """Write what becomes of each builder: ``table``, or why it has none: ``unfit`` or ``failed``."""
    with Path(out).open("w", encoding="utf-8") as file:
        reasons = "; ".join(unmet())
        for builder in builders:
            # At once, as the next one may bring the process down.
            print(
                json.dumps({"unfit": reasons} if reasons else _built(builder, table == "behavior")),
                file=file,
                flush=True,
            )


def _built(builder: str, behavior: bool) -> dict[str, str]:
    try:
        return {"table": csvfile.dump(table_of(builder, behavior=behavior)).decode()}
    except BuilderError as error:
        return {"failed": str(error)}


def unmet() -> Iterator[str]:
    """Which requirements between Keras and what is installed beside it do not hold, in words.

    Keras was put before an environment that was made for all its releases, so that no tool has looked.
    """
    for distribution in metadata.distributions():
        name = canonicalize_name(distribution.name)
        for text in distribution.requires or ():
            needed = Requirement(text)
            other = canonicalize_name(needed.name)
            if "keras" not in (name, other) or (
                needed.marker and not needed.marker.evaluate({"extra": ""})
            ):
                continue
            if name == "keras" and distribution.version != metadata.version("keras"):
                continue  # the one behind it
            try:
                there = metadata.version(other)
            except metadata.PackageNotFoundError:
                yield f"{name} {distribution.version} requires {needed}"
                continue
            if not needed.specifier.contains(there, prereleases=True):
                yield f"{name} {distribution.version} requires {needed}, and {other} is {there}"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
