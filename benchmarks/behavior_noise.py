"""How far apart the same computation is in different environments: what the tolerances stand on.

tox exec -e keras2 -- python benchmarks/behavior_noise.py --write build/behavior/keras2
python benchmarks/behavior_noise.py build/behavior/keras3-tensorflow build/behavior/*

The first folder is what the others are compared with. By dtype it says how many numbers were compared, the
largest distance of those within the tolerance, and how many times that goes into it; then all rows that are
further apart.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import Drift, LayerTable, compare, layer_table
from pytest_layersnap.comparison import behavior
from pytest_layersnap.report.words import percent
from tests import applications
from tests.zoo import NOT_BUILT, ONLY_KERAS3, ZOO

#: Applications that are small, and whose layers the others are made of.
SMALL = ("MobileNetV2", "ResNet50", "EfficientNetB0", "DenseNet121", "Xception", "ConvNeXtTiny")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the tables of this environment, or compare those of several environments."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="*", help="what --write wrote, one for each")
    parser.add_argument("--write", type=Path, metavar="FOLDER", help="write tables and do no more")
    parser.add_argument("--all", action="store_true", help="write all applications")
    options = parser.parse_args(arguments)
    if options.write:
        write(options.write, applications.NAMES if options.all else SMALL)
    else:
        print(told(options.folders[0], options.folders[1:]))


def write(folder: Path, names: Sequence[str]) -> None:
    """Evaluate the zoo and the applications under the Keras of this environment and write their tables."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    backend = keras.backend.backend() if hasattr(keras, "ops") else "tensorflow"
    release = "tf_keras" if keras.__name__ == "tf_keras" else keras.__version__.rpartition(".")[0]
    builders = {}
    for name, build in ZOO.items():
        if name in ONLY_KERAS3 and not hasattr(keras, "ops"):
            continue
        if (release, name) not in NOT_BUILT and (backend, name) not in NOT_BUILT:
            builders[f"zoo/{name}"] = partial(build, keras)
    for name in names:
        if (backend, name) not in applications.NOT_BUILT:
            builders[f"applications/{name.lower()}"] = partial(
                applications.build, keras, name, top=True
            )
    for path, build in builders.items():
        file = folder / f"{path}.csv"
        file.parent.mkdir(parents=True, exist_ok=True)
        model = build() if path.startswith("zoo/") else build
        began = time.perf_counter()
        table = layer_table(model, name=path, behavior=True)
        print(f"{time.perf_counter() - began:7.2f} s  {path}", file=sys.stderr)
        table.to_csv(file)


def told(first: Path, others: Sequence[Path]) -> str:
    """What the tables of several environments differ by."""
    lines = []
    for folder in others:
        largest: dict[str, float] = defaultdict(float)
        counts: Counter[str] = Counter()
        beyond = []
        untold: Counter[str] = Counter()
        for name, dtype, label, distance, tolerance in distances(first, folder):
            counts[dtype] += 1
            if distance > tolerance:
                beyond.append(f"  {name}: {label} {percent(distance)}")
            else:
                largest[dtype] = max(largest[dtype], distance)
        lines.append(f"{first.name} → {folder.name}")
        for dtype in sorted(counts):
            tolerance = behavior.tolerance_of(dtype)
            times = tolerance / largest[dtype] if largest[dtype] else float("inf")
            lines.append(
                f"  {dtype}: {counts[dtype]} numbers, largest {largest[dtype]:.1e}, "
                f"tolerance {tolerance:g}, {times:.0f} times"
            )
        lines += beyond
        for path in sorted(folder.rglob("*.csv")):
            for row in LayerTable.read_csv(path):
                if (why := row.behaves.get("not told")) and not why.startswith("part of"):
                    untold[f"{row.layer_type}: {why}"] += 1
        lines += [f"  not told  {count} × {what}" for what, count in untold.most_common()]
    return "\n".join(lines)


def distances(first: Path, folder: Path) -> Iterator[tuple[str, str, str, float, float]]:
    """Row, dtype, label, distance and tolerance of all that both have in numbers."""
    for path in sorted(folder.rglob("*.csv")):
        name = path.relative_to(folder)
        if not (first / name).exists():
            continue
        recorded, current = LayerTable.read_csv(first / name), LayerTable.read_csv(path)
        drift = compare(recorded, current)
        for old, new in drift.pairs:
            before, after = recorded.layers[old], current.layers[new]
            if {"config", "type"} & _categories(drift, after):
                continue
            for part in behavior.parts(before, after):
                where = f"{name.with_suffix('')} {after.layer_name} ({after.layer_type})"
                tolerance = behavior.tolerance_of(after.dtype)
                yield where, after.dtype, part.label, part.distance, tolerance


def _categories(drift: Drift, row: object) -> frozenset[str]:
    changes = (change for change in drift.changes if change.current_row is row)
    return next((change.categories for change in changes), frozenset())


if __name__ == "__main__":
    main()
