"""What is left of the paths of a table without the names that Keras made up."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import lru_cache

from pytest_layersnap.references import (
    holders,
    is_auto_model_name,
    is_auto_name,
    own_name,
    parent,
    replaced,
)
from pytest_layersnap.table import Layer

#: Stands for a name that Keras made up; no layer of a person is called so.
AUTO = "\0"


def stems(layers: Iterable[Layer]) -> list[str]:
    """The path of each row with ``AUTO`` for all that Keras made up, also inside of people's names.

    Two rows with the same stem differ in name by nothing but a counter.
    """
    return [*_stems(tuple((layer.layer_name, layer.layer_type) for layer in layers))]


@lru_cache(maxsize=32)  # both sides of a drift mostly have the same names
def _stems(rows: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    types = dict(rows)
    beside: dict[str | None, dict[str, str]] = defaultdict(dict)
    below: dict[str, dict[str, str]] = defaultdict(dict)
    auto: dict[str, bool] = {}

    def is_auto(path: str) -> bool:
        if path not in auto:
            auto[path] = _is_auto(path, types.get(path), types)
        return auto[path]

    for path, layer_type in rows:
        if _is_auto(path, layer_type, types):
            name = own_name(path)
            beside[parent(path)][name] = AUTO
            for holder in holders(path):
                below[holder][name] = AUTO
    known: dict[str, str] = {}

    def of_parent(path: str) -> str:
        if path not in known:
            known[path] = of_path(path, types.get(path))
        return known[path]

    def of_path(path: str, layer_type: str | None) -> str:
        above, name = parent(path), own_name(path)
        if _is_auto(path, layer_type, types):
            name = AUTO
        else:
            held = below.get(path, {}) | {
                own_name(holder): AUTO for holder in holders(path) if is_auto(holder)
            }
            if held or above in beside:
                name = replaced(name, held, beside.get(above))
        return name if above is None else f"{of_parent(above)}/{name}"

    return tuple(of_path(*row) for row in rows)


def _is_auto(path: str, layer_type: str | None, types: dict[str, str]) -> bool:
    name, above = own_name(path), parent(path)
    if layer_type is None:
        return is_auto_model_name(name)
    if above is not None and types.get(above) == "Bidirectional":
        name = name.removeprefix("forward_").removeprefix("backward_")
    return is_auto_name(name, layer_type)
