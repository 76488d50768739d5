"""Tables of any length, made of the rows of a real network, and what may happen to them."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from pytest_layersnap.references import is_auto_name, without_number
from pytest_layersnap.table import Layer, LayerTable

_NETWORK = Path(__file__).parents[2] / "snapshots" / "residual_network.csv"


def network(rows: int, *, counted: int = 0) -> LayerTable:
    """Residual blocks one after the other, all named by Keras.

    Args:
        rows: how many rows.
        counted: how many layers of each class Keras has counted before.
    """
    recorded = LayerTable.read_csv(_NETWORK)
    block = recorded.layers[1:-2]
    layers, feed = [recorded.layers[0]], recorded.layers[0].layer_name
    counts: Counter[str] = Counter()
    while len(layers) < rows:
        names = {recorded.layers[0].layer_name: feed}
        for layer in block[: rows - len(layers)]:
            stem = without_number(layer.layer_name)
            names[layer.layer_name] = _numbered(stem, counts[stem] + counted)
            counts[stem] += 1
            feeds = json.dumps([names[path] for path in layer.calls[0]])
            layers.append(replace(layer, layer_name=names[layer.layer_name], inbound_layers=feeds))
        feed = layers[-1].layer_name
    return LayerTable(tuple(layers), recorded.recorded_with)


def _numbered(stem: str, number: int) -> str:
    return f"{stem}_{number}" if number else stem


def _with_layer_in_front(table: LayerTable) -> LayerTable:
    """One more layer behind the input; the names of all others stay."""
    first, second, *others = table.layers
    new = Layer(
        model=first.model,
        layer_name="augmentation",
        layer_type="GaussianNoise",
        input_shape=first.output_shape,
        output_shape=first.output_shape,
        layer_attributes='{"stddev": 0.1}',
        dtype="float32",
        inbound_layers=json.dumps([first.layer_name]),
    )
    moved = replace(second, inbound_layers=json.dumps([new.layer_name]))
    return replace(table, layers=(first, new, moved, *others))


def _with_a_tenth_changed(table: LayerTable) -> LayerTable:
    """Every tenth row, at random, is frozen."""
    chance = random.Random(0)
    chosen = set(chance.sample(range(1, len(table)), len(table) // 10))
    return replace(
        table,
        layers=tuple(
            replace(layer, is_trainable=False, trainable_parameters=0) if row in chosen else layer
            for row, layer in enumerate(table)
        ),
    )


def _with_one_cell_changed(table: LayerTable) -> LayerTable:
    layers = list(table.layers)
    middle = len(layers) // 2
    layers[middle] = replace(layers[middle], is_trainable=not layers[middle].is_trainable)
    return replace(table, layers=tuple(layers))


def _with_layer_inserted_and_renumbered(table: LayerTable) -> LayerTable:
    """One more convolution behind the first, which renumbers all that follow."""
    layers = list(table.layers)
    place = next(row for row, layer in enumerate(layers) if layer.layer_type == "Conv2D") + 1
    before = layers[place - 1].layer_name
    new = replace(layers[place - 1], layer_name="new", inbound_layers=json.dumps([before]))
    follower = json.loads(layers[place].inbound_layers)
    fed = ["new" if path == before else path for path in follower]
    layers[place : place + 1] = [new, replace(layers[place], inbound_layers=json.dumps(fed))]
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for layer in layers:
        stem = "conv2d" if layer is new else without_number(layer.layer_name)
        if layer is new or is_auto_name(layer.layer_name, layer.layer_type):
            names[layer.layer_name] = _numbered(stem, counts[stem])
            counts[stem] += 1
    return replace(
        table,
        layers=tuple(
            replace(
                layer,
                layer_name=names.get(layer.layer_name, layer.layer_name),
                inbound_layers=json.dumps([names.get(path, path) for path in layer.calls[0]]),
            )
            for layer in layers
        ),
    )


#: What happens to a table, by how it is called on the page.
CASES: dict[str, Callable[[LayerTable], LayerTable]] = {
    "identical": lambda table: replace(table, layers=tuple(map(replace, table.layers))),
    "one cell": _with_one_cell_changed,
    "insert in front": _with_layer_in_front,
    "10 %": _with_a_tenth_changed,
    "renumbered": lambda table: network(len(table), counted=1),
    "renumbered + insert": _with_layer_inserted_and_renumbered,
}
