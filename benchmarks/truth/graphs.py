"""Mutations of the graph: layers that come, go, trade places or are fed by others."""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any

from pytest_layersnap.comparison.names import stems

from .bases import Base, Chain, Reference, entry_name, levels, map_references, node, references
from .mutations import Mutated, mutation


@dataclass(eq=False)
class Level:
    """One functional model in a config: the outermost, or one nested in it."""

    base: Base
    chain: Chain
    config: dict[str, Any]

    @cached_property
    def names(self) -> set[str]:
        """The names of its layers."""
        return {entry_name(entry) for entry in self.config["layers"]}

    @cached_property
    def by_name(self) -> dict[str, dict[str, Any]]:
        """The configs of its layers."""
        return {entry_name(entry): entry for entry in self.config["layers"]}

    def path(self, name: str) -> str:
        """The path of one of its layers in the recorded table."""
        chain = (*self.chain, name)
        return self.base.paths[chain]

    def row(self, name: str) -> Any:
        """The recorded row of one of its layers."""
        return self.base.rows[self.path(name)]

    @property
    def is_trainable(self) -> bool:
        """Whether a layer that is added is trained, as its model is.

        Keras 2 loses the flag of a nested model on the way through its config.
        """
        return not self.chain or bool(self.base.rows[self.base.paths[self.chain]].is_trainable)

    def has_row(self, name: str) -> bool:
        """Whether one of its layers is in the recorded table."""
        return (*self.chain, name) in self.base.paths

    @cached_property
    def fed(self) -> dict[str, list[Reference]]:
        """What feeds each layer, over all its calls."""
        return {
            name: references(entry["inbound_nodes"], self.names)
            for name, entry in self.by_name.items()
        }

    def sources(self, entry: dict[str, Any]) -> list[Reference]:
        """What feeds a layer, over all its calls."""
        return self.fed[entry_name(entry)]

    def outputs(self) -> list[Reference]:
        """What the model gives."""
        return _output_references(self.config["output_layers"])

    @cached_property
    def consumers(self) -> dict[str, list[str]]:
        """Which layers each layer feeds; an output counts as one that has no name."""
        found: dict[str, list[str]] = {name: [] for name in self.names}
        for entry in self.config["layers"]:
            for source in self.sources(entry):
                found[source[0]].append(entry_name(entry))
        for source in self.outputs():
            found[source[0]].append("")
        return found

    def redirect(self, change: Callable[[Reference], Reference], *, but: str = "") -> None:
        """Change every reference in the model, but for those of one layer."""
        names = self.names
        for entry in self.config["layers"]:
            if entry_name(entry) != but:
                entry["inbound_nodes"] = map_references(entry["inbound_nodes"], names, change)
        self.config["output_layers"] = map_references(self.config["output_layers"], names, change)
        self._forget("fed", "consumers")

    def _forget(self, *found: str) -> None:
        """What was found of the config holds no more."""
        for name in found:
            self.__dict__.pop(name, None)

    def rename(self, old: str, new: str) -> None:
        """Give a layer another name, wherever the config says it."""

        def change(ref: Reference) -> Reference:
            return (new, *ref[1:]) if ref[0] == old else ref

        self.config["input_layers"] = map_references(
            self.config["input_layers"], self.names, change
        )
        self.redirect(change)
        entry = self.by_name[old]
        entry["name"] = entry["config"]["name"] = new
        self._forget("names", "by_name", "fed", "consumers")

    def drop_unused(self) -> None:
        """Leave out what feeds no output any more; Keras 2 keeps it otherwise."""
        used = {name for ref in self.outputs() for name in self.upstream(ref[0])}
        used |= {ref[0] for ref in _output_references(self.config["input_layers"])}
        self.config["layers"] = [
            entry for entry in self.config["layers"] if entry_name(entry) in used
        ]
        self._forget("names", "by_name", "fed", "consumers")

    def upstream(self, name: str) -> set[str]:
        """All layers that a layer depends on, itself included."""
        by_name, found, todo = self.by_name, set(), [name]
        while todo:
            current = todo.pop()
            if current not in found:
                found.add(current)
                todo += [source[0] for source in self.sources(by_name[current])]
        return found


def _output_references(value: Any) -> list[Reference]:
    """References in ``output_layers``: one, a list or a dict of them."""
    if isinstance(value, dict):
        return [found for item in value.values() for found in _output_references(item)]
    if isinstance(value, (list, tuple)):
        if len(value) == 3 and isinstance(value[0], str):
            return [(value[0], value[1], value[2])]
        return [found for item in value for found in _output_references(item)]
    return []


def _levels(base: Base) -> tuple[dict[str, Any] | None, list[Level]]:
    config = base.config
    if config is None:
        return None, []
    found = [Level(base, chain, level) for chain, level in levels(config)]
    return config, [level for level in found if "output_layers" in level.config]


def _once(level: Level, entry: dict[str, Any]) -> bool:
    """Whether a layer is called once, with one tensor, and gives the shape that it takes."""
    name = entry_name(entry)
    if not level.has_row(name) or len(level.sources(entry)) != 1:
        return False
    row = level.row(name)
    return bool(row.input_shape) and row.input_shape == row.output_shape


def _shape_keeping(base: Base) -> tuple[dict[str, Any] | None, list[tuple[Level, str]]]:
    config, found = _levels(base)
    places = [
        (level, entry_name(entry))
        for level in found
        for entry in level.config["layers"]
        # Keras 3 writes the mask of a Masking into the calls of other layers: it can't be cut out.
        if entry["class_name"] not in ("InputLayer", "Masking") and _once(level, entry)
    ]
    return config, places


def _float_outputs(level: Level) -> Iterator[str]:
    """Layers with one float output of known shape, after which something may be inserted."""
    for entry in level.config["layers"]:
        name = entry_name(entry)
        if not level.has_row(name):
            continue
        row = level.row(name)
        plain = row.output_shape.startswith("(") and "|" not in row.output_shape
        tokens = entry["class_name"] == "InputLayer" and "int" in row.dtype
        if plain and not tokens and entry["class_name"] not in ("Embedding", "Masking"):
            yield name


def _inserted(class_name: str, settings: dict[str, Any]) -> Callable[[Base, Random], Any]:
    def insert(base: Base, random: Random) -> Mutated | None:
        config, found = _levels(base)
        places = [
            (level, name)
            for level in found
            for name in _float_outputs(level)
            if _feeds(level, name)
            and not _beside(level, name, class_name)
            and not _has_output(level, name)
        ]
        if config is None or not places:
            return None
        level, name = random.choice(places)
        new = f"inserted_{class_name.lower()}"
        level.redirect(lambda ref: (new, 0, 0) if ref == (name, 0, 0) else ref)
        entry = {
            "class_name": class_name,
            "config": {"name": new, **settings, "trainable": level.is_trainable},
            "name": new,
            "inbound_nodes": node(base.keras, (name, 0, 0)),
        }
        if hasattr(base.keras, "ops"):
            entry |= {"module": "keras.layers", "registered_name": None}
        # right after its source, as some releases build in this order
        place = [entry_name(each) for each in level.config["layers"]].index(name)
        level.config["layers"].insert(place + 1, entry)
        model = base.rebuild(config)
        return Mutated(model, {}, True, f"after {level.path(name)}", added=((*level.chain, new),))

    return insert


def _feeds(level: Level, name: str) -> bool:
    """Whether the first call of a layer feeds any other."""
    return any((name, 0, 0) in level.sources(entry) for entry in level.config["layers"])


def _beside(level: Level, name: str, class_name: str) -> bool:
    by_name = level.by_name
    near = [name, *filter(None, level.consumers[name])]
    return any(by_name[each]["class_name"] == class_name for each in near)


def _has_output(level: Level, name: str) -> bool:
    return "" in level.consumers[name]


_INSERTED: dict[str, dict[str, Any]] = {
    "Dropout": {"rate": 0.15},
    "BatchNormalization": {},
    "LayerNormalization": {},
    "Activation": {"activation": "tanh"},
    "GaussianNoise": {"stddev": 0.2},
    "ReLU": {},
}
for _name, _settings in _INSERTED.items():
    mutation(f"insert {_name}")(_inserted(_name, _settings))


@mutation("remove a layer")
def remove(base: Base, random: Random) -> Mutated | None:
    """A layer that keeps the shape goes; what it fed is fed by what fed it."""
    config, places = _shape_keeping(base)
    places = [
        (level, name)
        for level, name in places
        if not _has_output(level, name) and not _twins(level, name)
    ]
    if config is None or not places:
        return None
    level, name = random.choice(places)
    entry = level.by_name[name]
    (source,) = level.sources(entry)
    level.redirect(lambda ref: source if ref[0] == name else ref)
    level.config["layers"].remove(entry)
    path = level.path(name)
    return Mutated(base.rebuild(config), {path: {"layers"}}, True, path)


def _twins(level: Level, name: str) -> bool:
    """Whether a neighbour is of the same class, so that nobody can tell which one went."""
    by_name = level.by_name
    near = [source[0] for source in level.sources(by_name[name])]
    near += filter(None, level.consumers[name])
    return any(by_name[each]["class_name"] == by_name[name]["class_name"] for each in near)


#: Classes that take the same settings, or others' defaults.
_REPLACEMENTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "MaxPooling2D": ("AveragePooling2D", ("pool_size", "padding", "strides")),
    "AveragePooling2D": ("MaxPooling2D", ("pool_size", "padding", "strides")),
    "GlobalAveragePooling2D": ("GlobalMaxPooling2D", ("keepdims",)),
    "GlobalMaxPooling2D": ("GlobalAveragePooling2D", ("keepdims",)),
    "GlobalAveragePooling1D": ("GlobalMaxPooling1D", ("keepdims",)),
    "Dropout": ("GaussianDropout", ("rate",)),
    "SpatialDropout2D": ("Dropout", ("rate",)),
    "BatchNormalization": ("LayerNormalization", ()),
    "LayerNormalization": ("BatchNormalization", ()),
    "Add": ("Multiply", ()),
    "Subtract": ("Add", ()),
    "Multiply": ("Average", ()),
    "Average": ("Maximum", ()),
    "LSTM": ("GRU", ("units", "return_sequences")),
    "GRU": ("LSTM", ("units", "return_sequences")),
    "ReLU": ("LeakyReLU", ()),
    "Activation": ("ReLU", ()),
    "UpSampling2D": ("UpSampling2D", ()),
}


@mutation("replace a layer")
def replace(base: Base, random: Random) -> Mutated | None:
    """A layer becomes one of another class under the same name."""
    return _replace(base, random, keep_name=True)


@mutation("replace a layer and its name")
def replace_and_rename(base: Base, random: Random) -> Mutated | None:
    """A layer becomes one of another class, with the name that Keras would give it."""
    return _replace(base, random, keep_name=False)


def _replace(base: Base, random: Random, *, keep_name: bool) -> Mutated | None:
    config, found = _levels(base)
    places = [
        (level, entry)
        for level in found
        for entry in level.config["layers"]
        if _REPLACEMENTS.get(entry["class_name"], ("",))[0] not in ("", entry["class_name"])
        and level.has_row(entry_name(entry))
    ]
    if config is None or not places:
        return None
    level, entry = random.choice(places)
    name = entry_name(entry)
    class_name, kept = _REPLACEMENTS[entry["class_name"]]
    inner = {key: entry["config"][key] for key in kept if key in entry["config"]}
    new = name if keep_name else f"{_snake(class_name)}_777"
    inner["trainable"] = entry["config"].get("trainable", True)
    for field in ("build_config", "build_input_shape"):
        entry.pop(field, None)
    level.rename(name, new)
    entry.update({"class_name": class_name, "config": {"name": new, **inner}})
    path = level.path(name)
    wanted = {"type"} if keep_name else set()
    return Mutated(base.rebuild(config), {path: wanted}, False, f"{path} → {class_name}")


def _snake(class_name: str) -> str:
    spelled = {"LeakyReLU": "leaky_re_lu", "ReLU": "re_lu", "LSTM": "lstm", "GRU": "gru"}
    if class_name in spelled:
        return spelled[class_name]
    parts = "".join(f"_{c.lower()}" if c.isupper() else c for c in class_name).lstrip("_")
    return parts.replace("2_d", "2d").replace("1_d", "1d")


@mutation("two layers change places")
def reorder(base: Base, random: Random) -> Mutated | None:
    """Batch normalisation after the activation rather than before it."""
    config, places = _shape_keeping(base)
    swaps = []
    for level, name in places:
        consumers = level.consumers
        if len(consumers[name]) != 1 or not consumers[name][0]:
            continue
        other = consumers[name][0]
        if (level, other) not in places or _has_output(level, other):
            continue
        by_name = level.by_name
        if by_name[name]["class_name"] == by_name[other]["class_name"]:
            continue
        if _twins(level, name) or _twins(level, other):
            continue
        swaps.append((level, name, other))
    if config is None or not swaps:
        return None
    level, first, second = random.choice(swaps)
    by_name = level.by_name
    (source,) = level.sources(by_name[first])
    # x → first → second → y becomes x → second → first → y
    level.redirect(lambda ref: (first, *ref[1:]) if ref[0] == second else ref)
    names = level.names
    by_name[second]["inbound_nodes"] = map_references(
        by_name[second]["inbound_nodes"], names, lambda ref: source
    )
    by_name[first]["inbound_nodes"] = map_references(
        by_name[first]["inbound_nodes"], names, lambda ref: (second, 0, 0)
    )
    expected: dict[str, set[str]] = {level.path(first): set(), level.path(second): set()}
    place = " ↔ ".join(expected)
    return Mutated(base.rebuild(config), expected, True, place)


@mutation("rename a layer")
def rename(base: Base, random: Random) -> Mutated | None:
    """A layer gets another name, by hand."""
    config, found = _levels(base)
    places = [
        (level, entry)
        for level in found
        for entry in level.config["layers"]
        if level.has_row(entry_name(entry)) and "layers" not in entry["config"]
    ]
    if config is None or not places:
        return None
    level, entry = random.choice(places)
    old, new = entry_name(entry), "renamed_by_hand"
    level.rename(old, new)
    path = level.path(old)
    # A subclassed model takes the paths of its layers along.
    alone = not any(row.layer_name.startswith(f"{path}/") for row in base.table)
    return Mutated(base.rebuild(config), {path: {"name"}}, alone, path)


@mutation("rename a nested model")
def rename_nested(base: Base, random: Random) -> Mutated | None:
    """The paths of all its layers change with it."""
    config, found = _levels(base)
    places = [
        (level, entry)
        for level in found
        for entry in level.config["layers"]
        if isinstance(entry["config"].get("layers"), list) and level.has_row(entry_name(entry))
    ]
    if config is None or not places:
        return None
    level, entry = random.choice(places)
    old, new = entry_name(entry), "renamed_by_hand"
    level.rename(old, new)
    path = level.path(old)
    return Mutated(base.rebuild(config), {path: {"name"}}, False, path)


@mutation("rename the model")
def rename_model(base: Base, random: Random) -> Mutated | None:
    """The model gets another name, by hand."""
    config = base.config
    if config is None:
        return None
    config["name"] = "renamed_by_hand"
    return Mutated(base.rebuild(config), {"renamed_by_hand": {"name"}}, True, "model")


@mutation("rewire")
def rewire(base: Base, random: Random) -> Mutated | None:
    """One argument of a layer comes from another layer of equal shape."""
    config, found = _levels(base)
    places = list(_rewirings(found))
    if config is None or not places:
        return None
    level, name, old, new = random.choice(places)
    entry = level.by_name[name]
    done: list[Reference] = []

    def swap(ref: Reference) -> Reference:
        if ref == old and not done:
            done.append(ref)
            return new
        return ref

    entry["inbound_nodes"] = map_references(entry["inbound_nodes"], level.names, swap)
    path = level.path(name)
    place = f"{path}: {old[0]} → {new[0]}"
    return Mutated(base.rebuild(config), {path: {"topology"}}, False, place)


def _rewirings(found: list[Level]) -> Iterator[tuple[Level, str, Reference, Reference]]:
    """Edges that may start elsewhere: nothing becomes unused, and no loop arises."""
    for level in found:
        consumers = level.consumers
        by_shape: dict[str, list[str]] = {}
        for name in level.names:
            if level.has_row(name) and level.row(name).output_shape.startswith("("):
                by_shape.setdefault(level.row(name).output_shape, []).append(name)
        upstream: dict[str, set[str]] = {}
        for entry in level.config["layers"]:
            name = entry_name(entry)
            if not level.has_row(name) or len(entry["inbound_nodes"]) != 1:
                continue
            for old in level.sources(entry):
                if len(consumers[old[0]]) < 2 or not level.has_row(old[0]) or old[1] or old[2]:
                    continue
                shape = level.row(old[0]).output_shape
                for other in sorted(by_shape.get(shape, ())):
                    if other == old[0]:
                        continue
                    if other not in upstream:
                        upstream[other] = level.upstream(other)
                    if name not in upstream[other]:
                        yield level, name, old, (other, 0, 0)


@mutation("swap the inputs of a merge")
def swap_inputs(base: Base, random: Random) -> Mutated | None:
    """``a - b`` becomes ``b - a``; a concatenation in another order."""
    config, found = _levels(base)
    places = []
    for level in found:
        for entry in level.config["layers"]:
            sources = level.sources(entry)
            one_call = len(entry["inbound_nodes"]) == 1
            if (
                one_call
                and len(set(sources)) == len(sources) >= 2
                and level.has_row(entry_name(entry))
                and not _alike_to_the_roots(level, *sources[:2])
            ):
                places.append((level, entry, sources))
    if config is None or not places:
        return None
    level, entry, sources = random.choice(places)
    first, second = sources[:2]
    turned = {first: second, second: first}
    entry["inbound_nodes"] = map_references(
        entry["inbound_nodes"], level.names, lambda ref: turned.get(ref, ref)
    )
    path = level.path(entry_name(entry))
    return Mutated(base.rebuild(config), {path: {"topology"}}, False, path)


def _alike_to_the_roots(level: Level, one: Reference, other: Reference) -> bool:
    """Whether equal auto-named layers made two tensors: one network, whichever comes first."""
    if one == other:
        return True
    if one[1:] != other[1:] or not (level.has_row(one[0]) and level.has_row(other[0])):
        return False
    rows = [level.row(reference[0]) for reference in (one, other)]
    bodies = [
        dataclasses.replace(row, layer_name=stems([row])[0], inbound_layers="") for row in rows
    ]
    feeds = [level.fed[reference[0]] for reference in (one, other)]
    return (
        bodies[0] == bodies[1]
        and len(feeds[0]) == len(feeds[1]) > 0
        and all(_alike_to_the_roots(level, *pair) for pair in zip(*feeds, strict=True))
    )


@mutation("share instead of copy")
def share(base: Base, random: Random) -> Mutated | None:
    """A second layer with equal settings goes, and the first is called in its place."""
    config, found = _levels(base)
    places = []
    for level in found:
        single = [
            entry
            for entry in level.config["layers"]
            if len(entry["inbound_nodes"]) == 1
            and level.has_row(entry_name(entry))
            and level.row(entry_name(entry)).parameters
            and "layers" not in entry["config"]
        ]
        for index, one in enumerate(single):
            for other in single[index + 1 :]:
                rows = level.row(entry_name(one)), level.row(entry_name(other))
                equal = one["class_name"] == other["class_name"] and _alike(*rows)
                if equal and entry_name(other) not in level.upstream(entry_name(one)):
                    places.append((level, entry_name(one), entry_name(other)))
    if config is None or not places:
        return None
    level, kept, gone = random.choice(places)
    by_name = level.by_name
    nodes = by_name[kept]["inbound_nodes"]
    by_name[kept]["inbound_nodes"] = type(nodes)([*nodes, *by_name[gone]["inbound_nodes"]])
    level.redirect(lambda ref: (kept, 1, ref[2]) if ref[0] == gone else ref)
    level.config["layers"].remove(by_name[gone])
    expected = {level.path(kept): {"topology"}}
    place = f"{level.path(kept)} for {level.path(gone)}"
    return Mutated(base.rebuild(config), expected, False, place)


def _alike(one: Any, other: Any) -> bool:
    return (one.layer_attributes, one.input_shape, one.weight_shapes, one.is_trainable) == (
        other.layer_attributes,
        other.input_shape,
        other.weight_shapes,
        other.is_trainable,
    )


@mutation("copy instead of share")
def unshare(base: Base, random: Random) -> Mutated | None:
    """The last call of a shared layer becomes a layer of its own."""
    config, found = _levels(base)
    places = [
        (level, entry)
        for level in found
        for entry in level.config["layers"]
        if len(entry["inbound_nodes"]) > 1
        and level.has_row(entry_name(entry))
        # Keras 2 counts the calls of a nested model from 1, and never ends on a call that is not there.
        and "layers" not in entry["config"]
    ]
    if config is None or not places:
        return None
    level, entry = random.choice(places)
    name, last = entry_name(entry), len(entry["inbound_nodes"]) - 1
    new = copy.deepcopy(entry)
    new["name"] = new["config"]["name"] = "copied_by_hand"
    new["inbound_nodes"] = new["inbound_nodes"][last:]
    entry["inbound_nodes"] = entry["inbound_nodes"][:last]
    level.config["layers"].append(new)
    level.redirect(lambda ref: ("copied_by_hand", 0, ref[2]) if ref[:2] == (name, last) else ref)
    path = level.path(name)
    return Mutated(base.rebuild(config), {path: {"topology"}}, False, path)


@mutation("another output")
def other_output(base: Base, random: Random) -> Mutated | None:
    """The model ends at a layer further up; what came after it is gone."""
    config, found = _levels(base)
    level = next((level for level in found if not level.chain), None)
    if config is None or level is None or len(level.outputs()) != 1:
        return None
    (end,) = level.outputs()
    names = [name for name in _float_outputs(level) if name in level.upstream(end[0])]
    names = [
        name
        for name in names
        if name != end[0]
        and level.by_name[name]["class_name"] != "InputLayer"
        and level.path(name).count("/") == 0
        and all(source in level.upstream(name) for source in _inputs(level))
    ]
    if not names:
        return None
    name = random.choice(sorted(names))
    config["output_layers"] = map_references(
        config["output_layers"], level.names, lambda ref: (name, 0, 0)
    )
    level.drop_unused()
    gone = level.path(end[0])
    return Mutated(base.rebuild(config), {gone: {"layers"}}, False, f"{gone} → {level.path(name)}")


def _inputs(level: Level) -> list[str]:
    return [ref[0] for ref in _output_references(level.config["input_layers"])]


@mutation("one output more")
def further_output(base: Base, random: Random) -> Mutated | None:
    """A layer inside becomes an output too."""
    config, found = _levels(base)
    level = next((level for level in found if not level.chain), None)
    if config is None or level is None or isinstance(config["output_layers"], dict):
        return None
    ends = level.outputs()
    names = [name for name in _float_outputs(level) if name not in {end[0] for end in ends}]
    if not names:
        return None
    name = random.choice(sorted(names))
    config["output_layers"] = [*map(list, ends), [name, 0, 0]]
    path = level.path(name)
    return Mutated(base.rebuild(config), {path: {"topology"}}, False, path)


@mutation("outputs change places")
def swapped_outputs(base: Base, random: Random) -> Mutated | None:
    """The second output comes first."""
    config, found = _levels(base)
    places = [level for level in found if isinstance(level.config["output_layers"], list)]
    places = [level for level in places if len(level.outputs()) > 1]
    if config is None or not places:
        return None
    level = random.choice(places)
    outputs = level.config["output_layers"]
    outputs[0], outputs[1] = outputs[1], outputs[0]
    ends = _output_references(outputs)[:2]
    if ends[0] == ends[1]:
        return None
    # Of equal heads it may be told as names that changed places, of a nested model by its rows.
    expected: dict[str, set[str]] = {level.path(end[0]): set() for end in ends}
    return Mutated(base.rebuild(config), expected, False, " ↔ ".join(expected))


def _input_change(change: Callable[[list[Any], dict[str, Any]], Any], category: str) -> Any:
    def mutate(base: Base, random: Random) -> Mutated | None:
        config = base.config
        if config is None:
            return None
        places = [
            (entry, key)
            for entry in config["layers"]
            for key in ("batch_shape", "batch_input_shape")
            if entry["class_name"] == "InputLayer" and key in entry["config"]
        ]
        if not places:
            return None
        entry, key = random.choice(places)
        shape = list(entry["config"][key])
        before = str(shape)
        if not change(shape, entry["config"]):
            return None
        entry["config"][key] = shape
        model = base.rebuild(config)
        path = base.paths.get((entry_name(entry),))
        if path is None:  # a Sequential's input has no row; its first layer has the shape
            path, category_ = base.table.layers[0].layer_name, category
            if category != "shape":
                return None
            return Mutated(model, {path: {category_}}, False, before)
        return Mutated(model, {path: {category}}, False, f"{path}: {before} → {shape}")

    return mutate


def _larger(shape: list[Any], inner: dict[str, Any]) -> bool:
    if len(shape) < 2 or any(size is None for size in shape[1:]):
        return False
    for axis in range(1, max(2, len(shape) - 1)):
        shape[axis] += 4 if len(shape) < 4 else 8
    return True


def _more_channels(shape: list[Any], inner: dict[str, Any]) -> bool:
    if len(shape) < 3 or shape[-1] is None:
        return False
    shape[-1] += 1
    return True


def _fixed_batch(shape: list[Any], inner: dict[str, Any]) -> bool:
    shape[0] = 3 if shape[0] != 3 else 4
    return True


def _unknown_size(shape: list[Any], inner: dict[str, Any]) -> bool:
    if len(shape) < 3 or shape[1] is None:
        return False
    shape[1] = None
    return True


def _other_dtype(shape: list[Any], inner: dict[str, Any]) -> bool:
    old = inner.get("dtype")
    inner["dtype"] = "float16" if old == "float32" else "int64"
    return old in ("float32", "int32")


mutation("larger input")(_input_change(_larger, "shape"))
mutation("more channels in the input")(_input_change(_more_channels, "shape"))
mutation("fixed batch")(_input_change(_fixed_batch, "shape"))
mutation("unknown input size")(_input_change(_unknown_size, "shape"))
mutation("dtype of the input")(_input_change(_other_dtype, "dtype"))


def _call_argument(class_names: tuple[str, ...], key: str, value: Any) -> Any:
    def mutate(base: Base, random: Random) -> Mutated | None:
        config, found = _levels(base)
        places = [
            (level, entry)
            for level in found
            for entry in level.config["layers"]
            if entry["class_name"] in class_names
            and len(entry["inbound_nodes"]) == 1
            and level.has_row(entry_name(entry))
        ]
        if config is None or not places:
            return None
        level, entry = random.choice(places)
        (call,) = entry["inbound_nodes"]
        arguments = call["kwargs"] if isinstance(call, dict) else call[0][3]
        if arguments.get(key) == value:
            return None
        arguments[key] = value
        path = level.path(entry_name(entry))
        return Mutated(base.rebuild(config), {path: {"config"}}, True, path)

    return mutate


_TRAINED = ("Dropout", "BatchNormalization", "SpatialDropout2D", "Functional", "Sequential")
mutation("training=False in a call")(_call_argument(_TRAINED, "training", False))
mutation("training=True in a call")(_call_argument(_TRAINED[:3], "training", True))
mutation("causal mask")(_call_argument(("MultiHeadAttention",), "use_causal_mask", True))
