"""The weights of rows: which row counts each, which are trained, and which several rows have."""

from __future__ import annotations

import math
from typing import Any

from pytest_layersnap.extract import shapes
from pytest_layersnap.extract.contract import ModelError
from pytest_layersnap.extract.reader import is_a, is_built_in
from pytest_layersnap.extract.walk import Walk, members_of


def require_sum(walk: Walk, model: Any) -> None:
    """Refuse rows that have other weights than Keras counts, or trains, in the whole model."""
    unknown = [key for key in walk.trained if key not in walk.counted]
    missing = [
        weight
        for key, weight in walk.counted.items()
        if key not in walk.owners and size(weight_shape(weight))
    ]
    if unknown or missing:
        lacking = "its `weights` lack some of its `trainable_weights`"
        if missing:
            names = ", ".join(repr(str(weight.name)) for weight in missing[:3])
            lacking = f"no layer says that it has {len(missing)} of its weights ({names})"
        raise ModelError(
            f"the layers of the model {model.name!r} do not add up to it: {lacking}; a layer of it that "
            "overrides `weights`, `trainable_weights` or `non_trainable_weights` may say so wrongly"
        )


def weights_of(walk: Walk, layer: Any) -> list[Any]:
    """The weights of a row: those of the layer without those of layers listed below it."""
    if not walk.children(layer):
        return list(walk.all_weights(layer).values())
    listed = members_of(walk, layer, walk.graph_of(layer))
    elsewhere = {weight for child in listed for weight in walk.all_weights(child)}
    return [weight for key, weight in walk.all_weights(layer).items() if key not in elsewhere]


def _uses(walk: Walk, layer: Any) -> list[int]:
    """The ids of the weights at or below a layer, as often as they are used there.

    Not what a wrapper holds of the layer that it wraps, under a name of its own.
    """
    below = [use for child in walk.children(layer) for use in _uses(walk, child)]
    return [*(key for key in map(id, walk.own_weights(layer)) if key not in below), *below]


def ties(walk: Walk, layer: Any, path: str, weights: list[Any]) -> dict[str, Any]:
    """Which of its weights a row uses more than once, and whose they are where another row counts them.

    Which are which only where they are not simply all weights of the other row: for each of the other
    rows the pairs of the weights' places here and there.
    """
    found: dict[str, Any] = {}
    if not weights:
        return found
    walk.sizes[path] = len(weights)
    pairs: dict[str, list[list[int]]] = {}
    for place, weight in enumerate(weights):
        owner, there = walk.owners.setdefault(id(weight), (path, place))
        if owner != path:
            pairs.setdefault(owner, []).append([place, there])
    if pairs:
        found["shares_weights_with"] = shared = sorted(pairs)
        whole = [[place, place] for place in range(len(weights))]
        if not all(pairs[owner] == whole and walk.sizes[owner] == len(weights) for owner in shared):
            found["tied_weights"] = [pairs[owner] for owner in shared]
    if walk.children(layer) and is_built_in(layer) and not is_a(layer, "Model"):
        uses = _uses(walk, layer)
        if len(uses) > len(weights):
            places = {id(weight): place for place, weight in enumerate(weights)}
            found["weight_uses"] = [places[use] for use in uses if use in places]
    return found


def frozen(walk: Walk, layer: Any, weights: list[Any]) -> dict[str, Any]:
    """Which of a row's weights are trained, where it is neither all nor none of those made for it.

    And the flag of a layer where no weight shows it: a BatchNormalization normalizes by what it has
    learned where it is frozen, and a layer that somebody wrote may ask for its flag as well.
    """
    if not weights:
        return {}
    made = [place for place, weight in enumerate(weights) if id(weight) in walk.trainable]
    trained = [place for place, weight in enumerate(weights) if id(weight) in walk.trained]
    found: dict[str, Any] = {}
    if trained and trained != made:
        found["trained_weights"] = trained
    asks = is_a(layer, "BatchNormalization") or not is_built_in(layer)
    if asks and bool(layer.trainable) != (bool(trained) or not made):
        found["trainable_flag"] = bool(layer.trainable)
    return found


def weight_shape(weight: Any) -> list[int | None] | None:
    """The sizes of a weight; None for one that is not fixed, and for a weight of any rank."""
    shape = shapes.shape_of(weight)
    return None if shape == "unknown" else list(shape)


def size(shape: list[int | None] | None) -> int:
    """How many numbers are in a weight: none that Keras could count where its size is not fixed."""
    sizes = [0] if shape is None else [size or 0 for size in shape]
    return math.prod(sizes)
