"""The verdict on saved weights against what Keras really does with them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import LayerTable, compare, layer_table
from pytest_layersnap.compare.drift import Drift
from pytest_layersnap.compare.known_changes import release
from pytest_layersnap.compare.weights import WAYS, Loading

from .pairs import PAIRS
from .tables import chain, changed, dense, entry, mlp, table
from .tables import row as row_of

#: Releases of Keras 3 that load nothing by name.
_NOT_BY_NAME = {(3, minor) for minor in range(8)}

_Row = tuple[int, list[Any]]


def save(model: Any, folder: Path, way: str, keras3: bool) -> Path:
    """The weights of a model in a file of that kind."""
    path = folder / ("model.weights.h5" if way == WAYS[0] else "model.h5")
    if keras3 and way != WAYS[0]:
        model.save(path)  # the only .h5 that Keras 3 still writes
    else:
        model.save_weights(path)
    return path


def load(model: Any, path: Path, way: str) -> bool:
    """Whether Keras loads the weights."""
    arguments = {"by_name": True} if way == WAYS[2] else {}
    try:
        model.load_weights(path, **arguments)
    except (ValueError, KeyError):
        return False
    return True


def verdict(drift: Drift, way: str) -> Loading:
    """What is said of one way."""
    return next(each for each in drift.consequences.weights if each.way == way)


def _weights(model: Any) -> Iterator[list[Any]]:
    """The weights of each layer at or below a model, in the order of the rows."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _weights(layer)
        else:
            yield layer.weights


def rows(model: Any, table: LayerTable) -> list[_Row] | None:
    """The rows that have weights, with these; None where the layers hold them in other ways."""
    found = [row for row, layer in enumerate(table) if layer.weight_shapes != "[]"]
    weights = [each for each in _weights(model) if each]
    shapes = [[list(weight.shape) for weight in each] for each in weights]
    if shapes != [json.loads(table.layers[row].weight_shapes) for row in found]:
        return None
    return list(zip(found, weights, strict=True))


def mark(model_rows: list[_Row], sign: int) -> None:
    """Give each weight a value that tells its row and its place there."""
    for row, weights in model_rows:
        for place, weight in enumerate(weights):
            value = sign * (1 + 10 * row + place)
            weight.assign(np.full(tuple(weight.shape), value, dtype="float32"))


def found_in(model_rows: list[_Row]) -> dict[tuple[int, int], int]:
    """For each row and place: the value there."""
    return {
        (row, place): int(np.ravel(np.asarray(weight))[0])
        for row, weights in model_rows
        for place, weight in enumerate(weights)
    }


@pytest.mark.filterwarnings("ignore")  # HDF5 is called legacy, and numpy's protocol deprecated
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("name", PAIRS)
def test_verdict(keras: ModuleType, tmp_path: Path, name: str, way: str) -> None:
    """Loads, loads not, or can't be told; and where to, layer by layer: as Keras does it."""
    pair = PAIRS[name]
    before, after = pair.before(keras), pair.after(keras)
    drift = compare(layer_table(before), layer_table(after))
    said = verdict(drift, way)
    by_name = release(drift.current.recorded_with) not in _NOT_BY_NAME or way != WAYS[2]
    assert (said.loads is None) == (way in pair.unknown and by_name), said
    before_rows, after_rows = rows(before, drift.recorded), rows(after, drift.current)
    if before_rows and after_rows:
        mark(before_rows, 1)
        mark(after_rows, -1)
    try:
        path = save(before, tmp_path, way, hasattr(keras, "ops"))
    except NotImplementedError:
        return  # a subclassed model, which this release saves in no .h5
    assert load(after, path, way) == said.loads or said.loads is None, said
    if not said.loads:
        assert said.why
        return
    if before_rows and after_rows:
        assert placed(drift, found_in(after_rows)) == (set(said.misplaced), set(said.fresh))


def placed(
    drift: Drift, values: dict[tuple[int, int], int]
) -> tuple[set[tuple[str, str]], set[str]]:
    """Which layers got the weights of others, and which kept their own."""
    partner = dict(drift.pairs)
    misplaced, fresh = set(), set()
    for (row, place), value in values.items():
        path = drift.current.layers[row].layer_name
        source, source_place = divmod(abs(value) - 1, 10)
        if value < 0:
            fresh.add(path.partition("/")[0])
        elif (partner.get(source), source_place) != (row, place):
            misplaced.add((path, drift.recorded.layers[source].layer_name))
    return misplaced, fresh


def test_the_catalogue_is_large_enough_and_seldom_open() -> None:
    """Sixty pairs at least; nearly all open verdicts are those on names that Keras counts."""
    assert len(PAIRS) >= 60
    assert sum(len(pair.unknown - {WAYS[2]}) for pair in PAIRS.values()) <= 2
    assert sum(WAYS[2] in pair.unknown for pair in PAIRS.values()) <= 10


def test_the_layer_that_stops_it_is_named() -> None:
    """And what it takes, and what the file has for it."""
    drift = compare(mlp(8, 4, 2, names=["a", "b"]), mlp(8, 4, 3, names=["a", "b"]))
    for way in WAYS:
        said = verdict(drift, way)
        assert (said.loads, said.layer) == (False, "b")
        assert said.why == "expects (4, 3), the file has (4, 2)"


def test_weights_that_fit_another_layer_are_told_apart() -> None:
    """They load without a word, into the wrong place."""
    drift = compare(mlp(8, 8, 8, names=["a", "b"]), mlp(8, 8, names=["b"]))
    assert verdict(drift, ".weights.h5") == Loading(
        ".weights.h5", loads=True, misplaced=(("b", "a"),)
    )
    assert verdict(drift, ".h5").why == "is only in the file (1 layer has weights, 2 in the file)"
    assert verdict(drift, ".h5").layer == "a"
    assert verdict(drift, ".h5 by name") == Loading(".h5 by name", loads=True)


def test_layers_that_are_not_in_the_file_keep_their_own_weights() -> None:
    """By name nothing else happens to them."""
    drift = compare(mlp(8, 8, names=["a"]), mlp(8, 8, 8, names=["a", "new"]))
    assert verdict(drift, ".h5 by name").fresh == ("new",)


def test_models_without_weights_have_no_verdict() -> None:
    """There is nothing to be loaded."""
    assert compare(chain(entry(8)), chain(entry(9))).consequences.weights == ()


def test_another_generation_is_told_as_far_as_it_is_the_same() -> None:
    """What wraps layers keeps them elsewhere."""
    recorded = replace(mlp(8, 4, 2), recorded_with="keras 2.15.0")
    current = replace(mlp(8, 4, 2), recorded_with="keras 3.15.1")
    assert verdict(compare(recorded, current), ".weights.h5").loads

    def wrapped(recorded_with: str, activation: str) -> LayerTable:
        layer = replace(dense("both", "input_layer", 8, 4), layer_type="Bidirectional")
        return LayerTable((entry(8), replace(layer, activation_function=activation)), recorded_with)

    drift = compare(wrapped("keras 2.15.0", "relu"), wrapped("keras 3.15.1", "tanh"))
    assert verdict(drift, ".weights.h5").loads is None
    drift = compare(wrapped("keras 3.3.0", "relu"), wrapped("keras 3.15.1", "tanh"))
    assert verdict(drift, ".weights.h5").loads


@pytest.mark.parametrize(
    "config",
    [{"lora_rank": 4}, {"shares_weights_with": ["a"]}, {"quantization_config": {}, "lora_rank": 1}],
)
def test_layers_that_save_in_a_way_of_their_own_are_open(config: dict[str, Any]) -> None:
    """Where their shapes differ; where they do not, nothing is amiss."""
    recorded = changed(mlp(8, 4, names=["a"]), 1, config=config)
    other = changed(recorded, 1, weight_shapes="[[8, 4], [4], [8, 4]]", parameters=68)
    assert verdict(compare(recorded, other), ".weights.h5").loads is None
    assert verdict(compare(recorded, other), ".h5").loads is None
    same = changed(recorded, 1, activation_function="tanh")
    assert verdict(compare(recorded, same), ".weights.h5").loads


def test_what_a_wrapper_wraps_counts() -> None:
    """Equal shapes under another path, or fewer of them, are left open."""

    def wrapper(shapes: str, *classes: str) -> LayerTable:
        cells = [{"class_name": name, "config": {}} for name in classes]
        layer = row_of("rnn", "RNN", ["input_layer"], config={"cell": cells}, weight_shapes=shapes)
        return table(entry(8), replace(layer, parameters=36))

    one, two = "[[8, 4], [4]]", "[[8, 4], [4], [4, 4], [4]]"
    drift = compare(wrapper(one, "LSTMCell"), wrapper(one, "StackedRNNCells"))
    assert verdict(drift, ".weights.h5").why == "wraps layers of another class"
    drift = compare(wrapper(two, "GRUCell"), wrapper(one, "GRUCell"))
    assert verdict(drift, ".weights.h5").why == "wraps another number of weights"
    drift = compare(wrapper(one, "GRUCell"), wrapper("[[8, 5], [5]]", "GRUCell"))
    assert verdict(drift, ".weights.h5").loads is False


def test_early_releases_load_nothing_by_name() -> None:
    """Whatever the names; the report does not blame the drift for it."""
    recorded = replace(mlp(8, 4, names=["a"]), recorded_with="keras 3.7.0")
    drift = compare(recorded, changed(recorded, 1, activation_function="tanh"))
    assert verdict(drift, ".h5 by name").loads is False
    assert "by name" not in drift.to_text()
    later = replace(drift.current, recorded_with="keras 3.8.0")
    assert verdict(compare(recorded, later), ".h5 by name").loads
