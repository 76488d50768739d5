"""A model as it was: its table, where its layers are in it, and its config to edit."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import ModuleType
from typing import Any

from pytest_layersnap import LayerTable, compare, layer_table

#: The names of a layer and of the models around it, from the outermost inwards.
Chain = tuple[str, ...]
#: Layer, call, output: what an edge in a config says in both generations.
Reference = tuple[str, int, int]


@dataclass(eq=False)
class Base:
    """A built model with what mutations and judges need to know of it."""

    name: str
    keras: ModuleType
    model: Any
    table: LayerTable = field(init=False)
    paths: dict[Chain, str] = field(init=False)

    def __post_init__(self) -> None:
        """Read the model once."""
        self.table = layer_table(self.model)
        self.paths = paths(self.model, self.table)

    @cached_property
    def rows(self) -> dict[str, Any]:
        """The rows by their paths."""
        return {layer.layer_name: layer for layer in self.table}

    @cached_property
    def _config(self) -> dict[str, Any] | None:
        """The config, if the same model can be built from it again."""
        try:
            config: dict[str, Any] = self.model.get_config()
            again = self.rebuild(copy.deepcopy(config))
            if compare(self.table, layer_table(again)):
                return None
        except Exception:  # whatever Keras or a layer raises: it can't be edited this way
            return None
        return config if "layers" in config else None

    @property
    def config(self) -> dict[str, Any] | None:
        """A copy of the config that may be edited; None if the model can't be built from one."""
        return copy.deepcopy(self._config)

    def rebuild(self, config: dict[str, Any]) -> Any:
        """The model that a config describes."""
        return type(self.model).from_config(config, custom_objects=self._custom_objects)

    @cached_property
    def _custom_objects(self) -> dict[str, Any]:
        layers = self.model._flatten_layers()
        return {
            type(layer).__name__: type(layer)
            for layer in layers
            if not type(layer).__module__.startswith(("keras.", "tf_keras."))
        }

    def layers(self) -> Iterator[tuple[Chain, Any]]:
        """All layers with rows of their own, each once."""
        for chain, layer in live_layers(self.model):
            if chain in self.paths:
                yield chain, layer


def live_layers(model: Any, chain: Chain = (), seen: set[int] | None = None) -> Any:
    """The layers and operations of a model and of what is nested in it."""
    seen = set() if seen is None else seen
    for layer in getattr(model, "operations", None) or getattr(model, "layers", None) or ():
        if id(layer) in seen:
            continue
        seen.add(id(layer))
        yield (*chain, layer.name), layer
        if hasattr(layer, "layers"):
            yield from live_layers(layer, (*chain, layer.name), seen)


def _rename(layer: Any, name: str) -> None:
    attribute = "_name" if hasattr(layer, "_name") else "name"
    setattr(layer, attribute, name)


def paths(model: Any, table: LayerTable) -> dict[Chain, str]:
    """The path of each layer in the table of its model.

    Found without knowing how auto names are numbered: every layer gets another name for a moment, and
    a second table, row by row beside the first, tells which one it is.
    """
    found = list(live_layers(model))
    probes = {f"probe{index}x": chain for index, (chain, _) in enumerate(found)}
    for probe, (_, layer) in zip(probes, found, strict=True):
        _rename(layer, probe)
    try:
        probed = layer_table(model)
    finally:
        for chain, layer in found:
            _rename(layer, chain[-1])
    pairs = zip(table, probed, strict=True)
    return {
        probes[key]: row.layer_name
        for row, other in pairs
        if (key := other.layer_name.rpartition("/")[2]) in probes
    }


# --- configs that both generations understand -------------------------------------------------


def entry_name(entry: dict[str, Any]) -> str:
    """The name of a layer in a config of a model."""
    return str(entry.get("name") or entry["config"]["name"])


def levels(config: dict[str, Any], chain: Chain = ()) -> Iterator[tuple[Chain, dict[str, Any]]]:
    """The config of a model and of each model that is nested in it."""
    yield chain, config
    for entry in config["layers"]:
        if isinstance(entry["config"].get("layers"), list):
            yield from levels(entry["config"], (*chain, entry_name(entry)))


def entries(config: dict[str, Any]) -> Iterator[tuple[Chain, dict[str, Any]]]:
    """All layers of a config, those of nested models included."""
    for chain, level in levels(config):
        for entry in level["layers"]:
            yield (*chain, entry_name(entry)), entry


def map_references(value: Any, names: set[str], change: Callable[[Reference], Reference]) -> Any:
    """The same value with every reference to one of the named layers changed."""
    if isinstance(value, dict):
        return {key: map_references(item, names, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        kind = type(value)
        if (
            len(value) >= 3
            and isinstance(value[0], str)
            and value[0] in names
            and all(isinstance(item, int) for item in value[1:3])
        ):
            rest = [map_references(item, names, change) for item in value[3:]]
            return kind([*change((value[0], value[1], value[2])), *rest])
        return kind([map_references(item, names, change) for item in value])
    return value


def references(value: Any, names: set[str]) -> list[Reference]:
    """All references in a value, in order."""
    found: list[Reference] = []

    def note(reference: Reference) -> Reference:
        found.append(reference)
        return reference

    map_references(value, names, note)
    return found


def node(keras: ModuleType, source: Reference) -> Any:
    """``inbound_nodes`` of a layer that is called once with one tensor."""
    if not hasattr(keras, "ops"):
        return [[[*source, {}]]]
    tensor = {"shape": [None, 1], "dtype": "float32", "keras_history": list(source)}
    return [{"args": [{"class_name": "__keras_tensor__", "config": tensor}], "kwargs": {}}]


def calls(keras: ModuleType, entry: dict[str, Any]) -> int:
    """How often a layer is called in its model."""
    del keras
    return len(entry.get("inbound_nodes", ()))
