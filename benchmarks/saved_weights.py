"""Weights that one Keras has saved, loaded by another: what is said of it, and what happens.

``python benchmarks/saved_weights.py save DIR`` writes the weights of all models in
``tests/comparison/pairs.py``, and ``… load DIR``, in another environment, loads them into the models that
these are paired with. It prints what is said wrongly, and how many verdicts are right, wrong and open.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from itertools import permutations
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from pytest_layersnap import LayerTable, compare
from pytest_layersnap.comparison.weights import WAYS
from tests.comparison.pairs import GROUPS, PAIRS, Build
from tests.comparison.test_weights import Saved, check


def models() -> dict[str, Build]:
    """Every model that saves or loads, by a name."""
    return {
        **{f"{name}, before": pair.before for name, pair in PAIRS.items()},
        **{f"{name}, after": pair.after for name, pair in PAIRS.items()},
        **{f"{group}, {name}": made for group in GROUPS for name, made in GROUPS[group].items()},
    }


def meetings() -> Iterator[tuple[str, str]]:
    """Which model loads the weights of which."""
    yield from ((f"{name}, before", f"{name}, after") for name in PAIRS)
    for group, made in GROUPS.items():
        yield from (
            (f"{group}, {one}", f"{group}, {other}") for one, other in permutations(made, 2)
        )


def _file(folder: Path, way: str) -> Path:
    return folder / ("model.weights.h5" if way == WAYS[0] else "model.h5")


def main(mode: str, folder: Path) -> None:
    """Save or load."""
    warnings.simplefilter("ignore")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    folders = {name: folder / str(number) for number, name in enumerate(models())}
    built = {name: Saved(keras, build) for name, build in models().items()}
    if mode == "save":
        for name, model in built.items():
            folders[name].mkdir(parents=True, exist_ok=True)
            model.table.to_csv(folders[name] / "table.csv")
            for way in WAYS:
                if model.file(way, folders[name]) is None:
                    _file(folders[name], way).unlink(missing_ok=True)  # cut off where saving failed
        return
    counts: Counter[str] = Counter()
    for before, after in meetings():
        table = LayerTable.read_csv(folders[before] / "table.csv")
        drift = compare(table, built[after].table)
        built[before].mark(1)
        source = built[before].values()
        for way in WAYS:
            file = _file(folders[before], way)
            if not file.exists():
                continue
            try:
                said = check(drift, way, source, built[after], file)
                counts["open" if said.loads is None else "right"] += 1
            except AssertionError as error:
                counts["wrong"] += 1
                print(before, "->", after, way, str(error).splitlines()[0], flush=True)
    print(dict(counts))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
