"""What is left of the paths of a table without the names that Keras made up."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_layersnap.references import (
    is_auto_model_name,
    is_auto_name,
    own_name,
    parent,
)
from pytest_layersnap.table import Layer

#: Stands for a name that Keras made up; no layer of a person is called so.
AUTO = "\0"


def stems(layers: Iterable[Layer]) -> list[str]:
    """The path of each row with ``AUTO`` for every part that Keras made up.

    Two rows with the same stem differ in name by nothing but a counter.
    """
    layers = list(layers)
    types = {layer.layer_name: layer.layer_type for layer in layers}
    known: dict[str, str] = {}

    def of_parent(path: str) -> str:
        if path not in known:
            known[path] = of_path(path, types.get(path))
        return known[path]

    def of_path(path: str, layer_type: str | None) -> str:
        above, name = parent(path), own_name(path)
        bare = name
        if above is not None and types.get(above) == "Bidirectional":
            bare = name.removeprefix("forward_").removeprefix("backward_")
        auto = is_auto_name(bare, layer_type) if layer_type else is_auto_model_name(bare)
        return ("" if above is None else f"{of_parent(above)}/") + (AUTO if auto else name)

    return [of_path(layer.layer_name, layer.layer_type) for layer in layers]
