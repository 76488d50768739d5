"""Who imports what, drawn from the code: docs/design.md says which way imports go."""

from __future__ import annotations

import re

from examples import house

#: The modules that know pytest; those in a package are named by it.
RIM = {"plugin", "settings", "update_flag", "snapshots.session"}


def importing(*wanted: str) -> set[str]:
    """The modules of ours that import one of these, or something in it, also for types alone."""
    return {
        ".".join(path.relative_to(house.HOUSE).with_suffix("").parts)
        for path in house.HOUSE.rglob("*.py")
        if any(f"{name}.".startswith(f"{one}.") for name in house.imports(path) for one in wanted)
    }


def rooms(modules: set[str], known: set[str]) -> set[str]:
    """The rooms that the modules lie in: a known one, or else the module itself."""
    return {
        next((room for room in known if f"{name}.".startswith(f"{room}.")), name)
        for name in modules
    }


def test_only_the_rim_knows_pytest() -> None:
    """What is decided about snapshots is decided from plain facts."""
    assert rooms(importing("pytest", "_pytest", "pluggy", "xdist"), RIM) == RIM


def test_only_one_room_touches_keras() -> None:
    """All others work from tables alone; what is imported by a name at run time is no way around."""
    frameworks = importing("keras", "tf_keras", "tensorflow", "jax", "torch")
    assert rooms(frameworks, {"extract"}) <= {"extract"}
    by_name = importing("importlib.import_module")
    # Our own public names, and the module that the command line names.
    assert rooms(by_name, {"extract"}) == {"extract", "__init__", "builders"}


def test_imports_run_one_way() -> None:
    """No circle of modules, and none of rooms, but for the one that is named."""
    modules = house.modules()
    assert all(upper in modules[lower] for lower, upper in house.BACK)
    for graph in (modules, house.rooms(modules)):
        house.one_way(graph)  # raises where they lead in a circle


def test_the_floors_are_drawn() -> None:
    """docs/design.md shows the rooms as they are: ``python examples/house.py``."""
    assert house.page() == house.PAGE.read_text(encoding="utf-8")


def test_every_module_has_its_line() -> None:
    """The tree in docs/design.md names each module, but for those that are one a subject, or a verb."""
    tree = house.PAGE.read_text(encoding="utf-8").partition("```text")[2].partition("```")[0]
    named = set(re.findall(r"\b(\w+)(?:\.py\b|/)", tree))
    alike = set(re.findall(r"\b(\w+)/ .* an? (?:file|module) a ", tree))
    missing = {
        module
        for module in house.modules()
        if not named.issuperset(module.split(".")) and alike.isdisjoint(module.split("."))
    }
    assert missing == {"__main__"}
