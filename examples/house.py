"""Write the floors of the package into ``docs/design.md``: ``python examples/house.py``."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HOUSE = ROOT / "pytest_layersnap"
PAGE = ROOT / "docs" / "design.md"
#: The imports that lead back up: what a table is, and the files that hold one, know each other.
BACK = (("table", "csvfile"), ("table", "workbook"))

_BEFORE = """\
`python examples/house.py` draws the floors: a room imports from the floors below it alone.

```text
"""
_AFTER = "```\n"

Graph = Mapping[str, set[str]]


def imports(path: Path) -> Iterator[str]:
    """What a file imports, wherever it does."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules() -> dict[str, set[str]]:
    """By module of ours the modules that it imports, also for types alone; a package is one, too."""
    paths = {
        ".".join(path.relative_to(HOUSE).with_suffix("").parts).removesuffix(".__init__"): path
        for path in HOUSE.rglob("*.py")
    }
    del paths[
        "__init__"
    ]  # the face of the package: it imports public names when they are asked for
    found: dict[str, set[str]] = {module: set() for module in paths}
    for module, path in paths.items():
        for name in imports(path):
            home, _, imported = name.partition(".")
            while imported and imported not in paths:
                imported = imported.rpartition(".")[0]
            if imported and home == HOUSE.name:
                found[module].add(imported)
    return found


def rooms(modules: Graph) -> dict[str, set[str]]:
    """By room, a module or a package of the top level, the rooms that it imports."""
    found: dict[str, set[str]] = {}
    for module, imported in modules.items():
        room = module.partition(".")[0]
        found.setdefault(room, set()).update(name.partition(".")[0] for name in imported)
        found[room].discard(room)
    return found


def one_way(graph: Graph) -> TopologicalSorter[str]:
    """The graph without the imports that lead back up.

    Raises:
        graphlib.CycleError: others lead in a circle, which it names.
    """
    rest = {
        importer: {name for name in imported if (importer, name) not in BACK}
        for importer, imported in graph.items()
    }
    sorter = TopologicalSorter(rest)
    sorter.prepare()
    return sorter


def floors() -> str:
    """The rooms by floor, the highest one first."""
    sorter = one_way(rooms(modules()))
    lines: list[str] = []
    while ready := sorter.get_ready():
        lines.append(f"{len(lines) + 1:2}  {', '.join(sorted(ready))}\n")
        sorter.done(*ready)
    return "".join(reversed(lines))


def page() -> str:
    """``docs/design.md`` with the floors as they are."""
    before, mark, rest = PAGE.read_text(encoding="utf-8").partition(_BEFORE)
    _, after, end = rest.partition(_AFTER)
    return f"{before}{mark}{floors()}{after}{end}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
