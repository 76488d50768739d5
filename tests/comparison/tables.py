"""Small layer tables, made by hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from pytest_layersnap.table import UNKNOWN_EDGES, Layer, LayerTable


def row(
    name: str,
    layer_type: str,
    feeds: Sequence[Any] = (),
    *,
    config: dict[str, Any] | None = None,
    **cells: Any,
) -> Layer:
    """A row that is fed by the paths ``feeds`` (lists of paths: several calls)."""
    return Layer(
        model=cells.pop("model", "net"),
        layer_name=name,
        layer_type=layer_type,
        layer_attributes=json.dumps(config or {}, sort_keys=True),
        inbound_layers=json.dumps(list(feeds)),
        **cells,
    )


def dense(name: str, feed: str, takes: int, units: int) -> Layer:
    """A Dense row, as Keras would count it."""
    parameters = takes * units + units
    return row(
        name,
        "Dense",
        [feed],
        config={"activation": "relu", "units": units},
        activation_function="relu",
        input_shape=f"(None, {takes})",
        output_shape=f"(None, {units})",
        parameters=parameters,
        trainable_parameters=parameters,
        weight_shapes=json.dumps([[takes, units], [units]]),
        dtype="float32",
    )


def entry(units: int, name: str = "input_layer") -> Layer:
    """An InputLayer row."""
    shape = f"(None, {units})"
    return row(name, "InputLayer", input_shape=shape, output_shape=shape, dtype="float32")


def plain(name: str, layer_type: str, feeds: Sequence[Any], size: int = 64, **config: Any) -> Layer:
    """A row without weights that keeps the shape."""
    shape = f"(None, {size})"
    return row(
        name,
        layer_type,
        feeds,
        config=config,
        input_shape=shape,
        output_shape=shape,
        dtype="float32",
        dropout_rate=str(config.get("rate", "")),
        activation_function=str(config.get("activation", "")),
    )


def table(*layers: Layer) -> LayerTable:
    """A table of these rows."""
    return LayerTable(layers)


def mlp(*units: int, names: Iterable[str] | None = None) -> LayerTable:
    """Dense layers in a chain, the first number being the input; auto-named without ``names``."""
    layers = [entry(units[0])]
    given = iter(names) if names else iter(auto("dense", number) for number in range(len(units)))
    for takes, made in pairwise(units):
        layers.append(dense(next(given), layers[-1].layer_name, takes, made))
    return LayerTable(tuple(layers))


def chain(*layers: Layer) -> LayerTable:
    """The rows in a chain: each is fed by the one before."""
    linked = [layers[0]]
    for layer in layers[1:]:
        linked.append(replace(layer, inbound_layers=json.dumps([linked[-1].layer_name])))
    return LayerTable(tuple(linked))


def auto(stem: str, number: int) -> str:
    """The name that Keras gives to the layer of a number."""
    return f"{stem}_{number}" if number else stem


def renumbered(layers: Iterable[Layer]) -> LayerTable:
    """The rows with auto names in order of appearance, edges along with them."""
    from pytest_layersnap.references import is_auto_name, without_number

    counts: dict[str, int] = {}
    names: dict[str, str] = {}
    layers = list(layers)
    for layer in layers:
        name = layer.layer_name
        if is_auto_name(name, layer.layer_type):
            stem = without_number(name)
            names[name] = auto(stem, counts.get(stem, 0))
            counts[stem] = counts.get(stem, 0) + 1
    return LayerTable(
        tuple(
            replace(
                layer,
                layer_name=names.get(layer.layer_name, layer.layer_name),
                inbound_layers=json.dumps([names.get(n, n) for n in layer.calls[0]]),
            )
            for layer in layers
        )
    )


def resnet(blocks: int, *, named: bool = False, width: int = 64, auto_from: int = 0) -> list[Layer]:
    """Rows of residual blocks: conv, batch normalisation, activation twice, and a sum."""
    layers = [entry(width)]
    numbers = {"conv": auto_from, "norm": auto_from, "act": auto_from, "add": auto_from}

    def name(kind: str, stem: str, given: str) -> str:
        numbers[kind] += 1
        return given if named else auto(stem, numbers[kind] - 1)

    for block in range(blocks):
        start = last = layers[-1].layer_name
        size = width * (1 + block * 4 // max(blocks, 1))
        for step in (1, 2):
            convolution = row(
                name("conv", "conv2d", f"block{block}_{step}_conv"),
                "Conv2D",
                [last],
                config={"filters": size, "kernel_size": [3, 3], "use_bias": False},
                kernel_size="(3, 3)",
                input_shape=f"(None, 8, 8, {size})",
                output_shape=f"(None, 8, 8, {size})",
                parameters=9 * size * size,
                trainable_parameters=9 * size * size,
                weight_shapes=json.dumps([[3, 3, size, size]]),
                dtype="float32",
            )
            norm = row(
                name("norm", "batch_normalization", f"block{block}_{step}_bn"),
                "BatchNormalization",
                [convolution.layer_name],
                config={"axis": 3, "epsilon": 1.001e-05, "momentum": 0.99},
                input_shape=f"(None, 8, 8, {size})",
                output_shape=f"(None, 8, 8, {size})",
                parameters=4 * size,
                trainable_parameters=2 * size,
                weight_shapes=json.dumps([[size]] * 4),
                dtype="float32",
            )
            activation = plain(
                name("act", "activation", f"block{block}_{step}_relu"),
                "Activation",
                [norm.layer_name],
                size,
                activation="relu",
            )
            layers += [convolution, norm, activation]
            last = activation.layer_name
        layers.append(plain(name("add", "add", f"block{block}_add"), "Add", [last, start], size))
    return layers


def changed(table: LayerTable, at: int, **cells: Any) -> LayerTable:
    """The table with other cells in one row; ``config`` updates ``layer_attributes``."""
    layer = table.layers[at]
    if "config" in cells:
        attributes = {**layer.attributes, **cells.pop("config")}
        cells["layer_attributes"] = json.dumps(attributes, sort_keys=True)
    layers = list(table.layers)
    layers[at] = replace(layer, **cells)
    return LayerTable(tuple(layers), table.recorded_with)


def without_topology(table: LayerTable) -> LayerTable:
    """The table as that of a subclassed model."""
    return LayerTable(
        tuple(replace(layer, inbound_layers=UNKNOWN_EDGES) for layer in table), table.recorded_with
    )


def told(drift: Any) -> list[tuple[str, str]]:
    """The kinds and layers of all changes."""
    return [(change.kind, change.layer) for change in drift.changes]
