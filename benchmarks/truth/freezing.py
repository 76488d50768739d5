"""Mutations of what an optimizer may train, made to the base itself and taken back."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random
from typing import Any

from .bases import Base
from .mutations import Mutated, mutation

Freeze = Callable[[Base, list[Any], Random], str | None]


def freezing(name: str) -> Callable[[Freeze], Freeze]:
    """Add a mutation that sets flags; what it changed is told by Keras' own list of trained weights."""

    def add(freeze: Freeze) -> Freeze:
        def mutate(base: Base, random: Random) -> Mutated | None:
            found = [(chain, layer) for chain, layer in base.layers() if hasattr(layer, "weights")]
            undo = _undo(base.model)
            before = _trained(base.model, found)
            place = freeze(base, [layer for _, layer in found], random)
            after = _trained(base.model, found)
            changed = [chain for chain in before if before[chain] != after[chain]]
            if place is None or not changed:
                undo()
                return None
            expected = {base.paths[chain]: {"trainability"} for chain in changed}
            return Mutated(base.model, expected, False, place, undo=undo)

        mutation(name)(mutate)
        return freeze

    return add


def _undo(model: Any) -> Callable[[], None]:
    """Puts back the flags of all layers and, where they have one of their own, of all variables.

    The setters would not do: that of a container sets the flags of all that it contains.
    """
    layers = [(layer, layer._trainable) for layer in model._flatten_layers(include_self=True)]
    variables = [
        (variable, variable.trainable)
        for layer, _ in layers
        for variable in getattr(layer, "_trainable_variables", ())
    ]

    def undo() -> None:
        for layer, flag in layers:
            layer._trainable = flag
        for variable, flag in variables:
            variable.trainable = flag

    return undo


def _trained(model: Any, found: list[tuple[Any, Any]]) -> dict[Any, int]:
    """How many numbers the model trains in each layer without layers of its own."""
    trained = {id(weight) for weight in model.trainable_weights}
    return {
        chain: sum(math.prod(w.shape) for w in layer.weights if id(w) in trained)
        for chain, layer in found
        if not getattr(layer, "layers", None)
    }


def _weighted(layers: list[Any]) -> list[Any]:
    return [layer for layer in layers if layer.weights and not getattr(layer, "layers", None)]


@freezing("freeze or unfreeze one layer")
def one(base: Base, layers: list[Any], random: Random) -> str | None:
    """The flag of one layer with weights."""
    found = _weighted(layers)
    if not found:
        return None
    layer = random.choice(found)
    layer.trainable = not layer.trainable
    return str(layer.name)


@freezing("freeze all but the last")
def all_but_last(base: Base, layers: list[Any], random: Random) -> str | None:
    """As before training a new head."""
    count = random.choice((1, 2, 3))
    for layer in base.model.layers[:-count]:
        layer.trainable = False
    return f"all but {count}"


@freezing("unfreeze the last")
def last(base: Base, layers: list[Any], random: Random) -> str | None:
    """As in fine-tuning."""
    count = random.choice((2, 5, 20))
    for layer in base.model.layers[-count:]:
        layer.trainable = True
    return f"last {count}"


@freezing("freeze all")
def everything(base: Base, layers: list[Any], random: Random) -> str | None:
    """The flag of the model."""
    base.model.trainable = False
    return "model"


@freezing("unfreeze all")
def nothing(base: Base, layers: list[Any], random: Random) -> str | None:
    """The flag of the model, the other way; Keras 3 passes it on only where it changes."""
    base.model.trainable = False
    base.model.trainable = True
    return "model"


@freezing("freeze a nested model")
def nested(base: Base, layers: list[Any], random: Random) -> str | None:
    """The flag of one model within the model."""
    found = [layer for layer in layers if getattr(layer, "layers", None)]
    if not found:
        return None
    layer = random.choice(found)
    layer.trainable = not layer.trainable
    return str(layer.name)


@freezing("freeze batch normalisation only")
def normalization(base: Base, layers: list[Any], random: Random) -> str | None:
    """Statistics stay as they are."""
    for layer in layers:
        if type(layer).__name__ == "BatchNormalization":
            layer.trainable = False
    return "BatchNormalization"


@freezing("freeze the parent, then unfreeze a child")
def parent_then_child(base: Base, layers: list[Any], random: Random) -> str | None:
    """The generations differ in what this trains; both must be told from the model as it was."""
    found = [layer for layer in layers if getattr(layer, "layers", None)]
    if not found:
        return None
    parent = random.choice(found)
    parent.trainable = False
    children = [layer for layer in parent.layers if layer.weights]
    if not children:
        return None
    random.choice(children).trainable = True
    return str(parent.name)


@freezing("freeze each second layer")
def each_second(base: Base, layers: list[Any], random: Random) -> str | None:
    """A pattern that no roll-up may swallow."""
    found = _weighted(layers)[::2]
    for layer in found:
        layer.trainable = not layer.trainable
    return f"{len(found)} layers"
