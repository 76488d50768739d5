"""The verdict on saved weights against what Keras really does with them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from itertools import pairwise, permutations
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from pytest_layersnap import LayerTable, compare, layer_table
from pytest_layersnap.comparison.known_changes import release
from pytest_layersnap.comparison.weights import WAYS, Loading
from pytest_layersnap.drift import Drift

from .pairs import GROUPS, PAIRS, Build
from .tables import chain, changed, dense, entry, mlp, table
from .tables import row as row_of

#: Releases of Keras 3 that load nothing by name.
_NOT_BY_NAME = {(3, minor) for minor in range(8)}


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


def _layers(holder: Any) -> list[Any]:
    """The layers that have rows below that of a model, or of a layer that somebody wrote."""
    if hasattr(holder, "layers"):
        return list(holder.layers)
    if type(holder).__module__.partition(".")[0] in ("keras", "tf_keras"):
        return [holder.layer] if hasattr(getattr(holder, "layer", None), "layers") else []
    return list(holder._flatten_layers(include_self=False, recursive=False))


def _weights(holder: Any, rows: dict[str, int], prefix: str = "") -> Iterator[list[Any]]:
    """The weights of each layer below one, in the order of the rows."""
    layers = _layers(holder)
    if all(prefix + layer.name in rows for layer in layers):
        layers.sort(key=lambda layer: rows[prefix + layer.name])  # in that of calls
    for layer in layers:
        below = list(_weights(layer, rows, f"{prefix}{layer.name}/"))
        elsewhere = {id(weight) for weights in below for weight in weights}
        yield [weight for weight in layer.weights if id(weight) not in elsewhere]
        yield from below


class Saved:
    """A model with its table and its files, and a value for each of its weights."""

    def __init__(self, keras: ModuleType, build: Build) -> None:
        """Build a model, and find the weights of each row."""
        self.model = build(keras)
        self.table = layer_table(self.model)
        self.keras3 = hasattr(keras, "ops")
        self._files: dict[str, Path | None] = {}
        found = [row for row, layer in enumerate(self.table) if layer.weight_shapes != "[]"]
        rows = {layer.layer_name: row for row, layer in enumerate(self.table)}
        weights = [each for each in _weights(self.model, rows) if each]
        shapes = [[list(weight.shape) for weight in each] for each in weights]
        assert shapes == [json.loads(self.table.layers[row].weight_shapes) for row in found]
        self.weights = dict(zip(found, weights, strict=True))

    def mark(self, sign: int) -> None:
        """Give each weight a value that tells where it is first."""
        seen = set()
        for row, weights in self.weights.items():
            for place, weight in enumerate(weights):
                if id(weight) not in seen:
                    seen.add(id(weight))
                    value = sign * (1 + 10 * row + place)
                    weight.assign(np.full(tuple(weight.shape), value, dtype="float32"))

    def values(self) -> dict[tuple[int, int], int]:
        """The value of each place of each row."""
        return {
            (row, place): int(np.ravel(np.asarray(weight))[0])
            for row, weights in self.weights.items()
            for place, weight in enumerate(weights)
        }

    def file(self, way: str, folder: Path) -> Path | None:
        """The file of that way, with marked values; None where this release can't write it."""
        if way not in self._files:
            self.mark(1)
            try:
                self._files[way] = save(self.model, folder, way, self.keras3)
            except (NotImplementedError, ValueError):  # subclassed; two weights of one name
                self._files[way] = None
        return self._files[way]


def check(
    drift: Drift, way: str, source: dict[tuple[int, int], int], after: Saved, file: Path
) -> Loading:
    """What is said is what Keras does: whether weights load, and where to, weight by weight.

    Args:
        drift: from the table of the model that was saved to that of the one that loads.
        way: how it was saved.
        source: the value of each place of each row that was saved.
        after: the model that loads.
        file: what it loads.
    """
    said = verdict(drift, way)
    after.mark(-1)
    loads = load(after.model, file, way)
    assert said.loads is None or loads == said.loads, said
    assert said.loads is not False or said.why
    if said.loads:
        _check_places(drift, said, source, after.values())
    return said


def checked(before: Saved, after: Saved, folder: Path) -> Iterator[Loading]:
    """What is said of each way in which this release saves a model."""
    drift = compare(before.table, after.table)
    folder.mkdir(exist_ok=True)
    for way in WAYS:
        if file := before.file(way, folder):
            before.mark(1)
            yield check(drift, way, before.values(), after, file)


def _check_places(
    drift: Drift,
    said: Loading,
    source: dict[tuple[int, int], int],
    values: dict[tuple[int, int], int],
) -> None:
    partner = {new: old for old, new in drift.pairs}
    wrong, fresh, loaded = set(), set(), set()
    for (row, place), value in values.items():
        path = drift.current.layers[row].layer_name
        if value < 0:
            fresh.add(path.partition("/")[0])
            continue
        loaded.add(path.partition("/")[0])
        if source.get((partner.get(row, -1), place)) != value:
            wrong.add(path)
    assert {path for path, _ in said.misplaced} == wrong, said
    assert set(said.fresh) == fresh - loaded, said
    held: dict[str, set[int]] = defaultdict(set)
    for (row, _), value in source.items():
        held[drift.recorded.layers[row].layer_name].add(value)
    rows = {layer.layer_name: row for row, layer in enumerate(drift.current)}
    for path, whose in said.misplaced:
        assert held[whose] & {value for (row, _), value in values.items() if row == rows[path]}


@pytest.mark.once_a_generation
@pytest.mark.filterwarnings("ignore")  # HDF5 is called legacy, and numpy's protocol deprecated
@pytest.mark.parametrize("name", PAIRS)
def test_verdict(keras: ModuleType, tmp_path: Path, name: str) -> None:
    """Loads, loads not, or can't be told; and where to, weight by weight: as Keras does it."""
    pair = PAIRS[name]
    before, after = Saved(keras, pair.before), Saved(keras, pair.after)
    for said in checked(before, after, tmp_path):
        by_name = release(after.table.recorded_with) not in _NOT_BY_NAME or said.way != WAYS[2]
        assert (said.loads is None) == (said.way in pair.unknown and by_name), said


@pytest.mark.once_a_generation
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", GROUPS)
def test_verdict_on_shared_held_and_frozen_layers(
    keras: ModuleType, tmp_path: Path, name: str
) -> None:
    """Of some models each loads what each other has saved."""
    models = {}
    for each, build in GROUPS[name].items():
        # Keras 3.3 builds no TimeDistributed around a model.
        with suppress(NotImplementedError):
            models[each] = Saved(keras, build)
    assert len(models) > 1
    for before, after in permutations(models, 2):
        for said in checked(models[before], models[after], tmp_path / before):
            assert said.loads is not None, said


def _block(widths: list[int], attributes: str, names: list[str]) -> LayerTable:
    """A layer of somebody's, which calls layers one after the other."""
    paths = ["mine", *(f"mine/{name}" for name in names)]
    rows = table(
        entry(widths[0]),
        row_of("mine", "Block", ["input_layer"]),
        *(
            dense(path, before, taken, made)
            for (before, path), (taken, made) in zip(pairwise(paths), pairwise(widths), strict=True)
        ),
    )
    for at, attribute in enumerate(attributes, start=2):
        rows = changed(rows, at, config={"attribute": attribute})
    return rows


def test_layers_are_saved_in_the_order_in_which_they_are_held() -> None:
    """By attribute they meet in any order; that of holding is said where it is not that of calling."""
    recorded = _block([8] * 3, "ab", ["p", "q"])
    exchanged = _block([8] * 3, "ba", ["q", "p"])
    drift = compare(recorded, exchanged)
    assert [said.loads for said in drift.consequences.weights] == [True, True, True]
    assert verdict(drift, ".h5").misplaced == (("mine/q", "mine/p"), ("mine/p", "mine/q"))
    drift = compare(recorded, changed(exchanged, 1, config={"saved_order": ["p", "q"]}))
    assert not verdict(drift, ".h5").misplaced


def test_the_order_in_which_layers_are_held_is_no_drift() -> None:
    """The same is computed; where something else drifts, the row says nothing of it."""
    recorded = _block([8] * 3, "ab", ["p", "q"])
    current = changed(recorded, 1, config={"saved_order": ["q", "p"]})
    drift = compare(recorded, current)
    assert not drift
    assert verdict(drift, ".h5").misplaced
    drift = compare(recorded, changed(current, 2, is_trainable=False))
    assert [change.layer for change in drift.changes] == ["mine/p"]


def test_the_catalogue_is_large_enough_and_seldom_open() -> None:
    """Nothing is open but names that Keras counts."""
    held = sum(len(group) * (len(group) - 1) for group in GROUPS.values())
    assert (len(PAIRS), held) >= (84, 350)
    assert {way for pair in PAIRS.values() for way in pair.unknown} == {WAYS[2]}
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
    """Keras 3 finds what Keras 2 has saved of wrapped layers; the other way round is open."""
    recorded = replace(mlp(8, 4, 2), recorded_with="keras 2.15.0")
    current = replace(mlp(8, 4, 2), recorded_with="keras 3.15.1")
    assert verdict(compare(recorded, current), ".weights.h5").loads

    def wrapped(recorded_with: str, activation: str) -> LayerTable:
        layer = replace(dense("both", "input_layer", 8, 4), layer_type="Bidirectional")
        return LayerTable((entry(8), replace(layer, activation_function=activation)), recorded_with)

    drift = compare(wrapped("keras 3.15.1", "relu"), wrapped("keras 2.15.0", "tanh"))
    assert verdict(drift, ".weights.h5").loads is None
    for earlier in ("keras 2.15.0", "keras 3.3.0"):
        drift = compare(wrapped(earlier, "relu"), wrapped("keras 3.15.1", "tanh"))
        assert verdict(drift, ".weights.h5").loads


@pytest.mark.parametrize(
    "config",
    [{"lora_rank": 4}, {"quantization_config": {}, "lora_rank": 1}],
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
