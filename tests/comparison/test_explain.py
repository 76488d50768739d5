"""The smallest explanation wins, also where many rows look alike."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import product
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table
from pytest_layersnap.comparison.explain import explain
from pytest_layersnap.references import snake_case

from .tables import chain, dense, entry, mlp, plain, renumbered, resnet

_PATHS, _DEPTH = 3, 3
_Place = tuple[int, int]


def parallel(keras: ModuleType, feeds: dict[_Place, _Place]) -> LayerTable:
    """Three parallel paths of three equal Dense layers, but that some are fed from elsewhere."""
    inputs = keras.Input((8,))
    made: dict[_Place, Any] = {}

    def output(path: int, step: int) -> Any:
        if (path, step) not in made:
            feed = feeds.get((path, step), (path, step - 1))
            tensor = inputs if feed[1] < 0 else output(*feed)
            made[path, step] = keras.layers.Dense(8)(tensor)
        return made[path, step]

    x = keras.layers.Add()([output(path, _DEPTH - 1) for path in range(_PATHS)])
    return layer_table(keras.Model(inputs, keras.layers.Dense(2)(x)))


def rewirings() -> list[tuple[_Place, _Place]]:
    """Each layer, fed by any layer but the last ones that is not fed by it."""
    places = list(product(range(_PATHS), range(_DEPTH)))
    return [
        (layer, feed)
        for layer in places
        for feed in places
        if feed[1] < _DEPTH - 1
        and feed != (layer[0], layer[1] - 1)
        and (feed[0] != layer[0] or feed[1] < layer[1])
    ]


@pytest.mark.once_a_generation
def test_one_edge_among_parallel_equal_paths_is_one_finding(keras: ModuleType) -> None:
    """Beside the layers that feed nothing any more: however Keras orders and numbers the rows."""
    recorded = parallel(keras, {})
    assert len(rewirings()) > 35
    for layer, feed in rewirings():
        current = parallel(keras, {layer: feed})
        changes = compare(recorded, current).changes
        removed = [change for change in changes if change.kind == "removed"]
        assert len(removed) == len(recorded) - len(current)
        assert len(changes) - len(removed) <= 1, (layer, feed)


def edited(rows: int, seed: int) -> tuple[LayerTable, LayerTable, list[int | None]]:
    """A long auto-named table; the same with a tenth changed, twenty rows deleted and twenty
    inserted; and for each of its rows the one that it was."""
    chance = random.Random(seed)
    recorded = resnet(rows // 7)
    current: list[tuple[int | None, Any]] = list(enumerate(recorded))
    for place in chance.sample(range(1, len(recorded)), len(recorded) // 10):
        marked = json.dumps({**recorded[place].attributes, "mark": chance.randrange(5)})
        current[place] = place, replace(recorded[place], layer_attributes=marked)
    gone = set(chance.sample(range(1, len(recorded)), 20))
    current = [item for item in current if item[0] not in gone]
    for number in range(20):
        at = chance.randrange(1, len(current))
        feed = current[at - 1][1].layer_name
        new = dense(f"dense_{number}", feed, 64, 64)
        if number % 2:
            new = plain(f"activation_{90_000 + number}", "Activation", [feed], activation="gelu")
        current.insert(at, (None, new))
    return (
        LayerTable(tuple(recorded)),
        renumbered([layer for _, layer in current]),
        [place for place, _ in current],
    )


@pytest.mark.parametrize("seed", [1, 2])
def test_ten_thousand_renumbered_rows_are_paired_rightly(seed: int) -> None:
    """99 of 100 at least, a tenth of them changed, with rows inserted and deleted."""
    recorded, current, truth = edited(10_000, seed)
    found = {new: old for old, new in explain(recorded, current).alignment.pairs}
    wanted = {new: old for new, old in enumerate(truth) if old is not None}
    right = sum(found.get(new) == old for new, old in wanted.items())
    assert right >= 0.99 * len(wanted)


def test_going_back_pairs_the_same_rows() -> None:
    """Whichever of several equal layers is taken for the one that is gone."""
    three, two = mlp(8, 8, 8, 8), mlp(8, 8, 8)
    there, back = explain(three, two).alignment, explain(two, three).alignment
    assert {(new, old) for old, new in there.pairs} == set(back.pairs)
    assert (there.removed, there.added) == (back.added, back.removed)


def counted(letters: str) -> LayerTable:
    """A chain of rows that Keras names: Dense, BatchNormalization, Activation, and Dropout."""
    classes = {"d": "Dense", "b": "BatchNormalization", "a": "Activation", "o": "Dropout"}
    kinds = [classes[letter] for letter in letters]
    rows = (plain(f"{snake_case(kind)}_{place}", kind, []) for place, kind in enumerate(kinds))
    return renumbered(chain(entry(64), *rows))


@pytest.mark.parametrize("way", [1, -1])
def test_a_row_that_passes_rows_like_its_own_is_one_that_moved(way: int) -> None:
    """The first of two Dense went behind what follows the second: no two that each moved less."""
    changes = compare(*[counted("dbadbadbao"), counted("dbabadbado")][::way]).changes
    assert [change.kind for change in changes] == ["moved"]
