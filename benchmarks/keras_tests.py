"""Every layer and model that Keras' own tests build, read in many ways that must all say the same.

The wheels of newer releases of Keras 3 ship the tests. What was built there is built again, from its
config, on other backends, and layers by what they were made with also in releases without those tests.

python benchmarks/keras_tests.py --out build/keras_tests/keras3-torch.json
python benchmarks/keras_tests.py --like build/keras_tests/keras3-torch.json --out …/keras3-jax.json
python benchmarks/keras_tests.py layers/core
python -m benchmarks.corpus.page build/keras_tests
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.corpus.judge import Judged, read, read_again, rebuilt, uncompiled
from benchmarks.corpus.recipes import Recipe, cooked, recipes
from benchmarks.corpus.watch import Seen, Watch, files


class Corpus:
    """What was found, as it is written to the file.

    Attributes:
        models: what was found of each model, by the test and its place in it.
        layers: what was found of each layer that other releases may have, by its recipe.
    """

    def __init__(self, keras: ModuleType) -> None:
        """Nothing yet."""
        self.keras = keras
        self.models: dict[str, Judged] = {}
        self.layers: dict[str, Judged] = {}
        self._known: set[str] = set()

    def take(self, name: str, seen: Seen) -> None:
        """Take what a test has built."""
        for place, model in enumerate(seen.models(self.keras)):
            if isinstance(model, Exception):
                found = Judged(untried={"around": f"{type(model).__name__}: {model}"[:300]})
            else:
                found = self._judged(model)
            self.models[f"{name} {place}"] = found
        for recipe in recipes(self.keras, seen):
            self.cook(recipe)

    def take_like(self, file: Path) -> None:
        """Build what another run has found, from configs and recipes."""
        other = json.loads(file.read_text(encoding="utf-8"))
        for name, found in other["models"].items():
            if found["config"]:
                try:
                    self.models[name] = read(rebuilt(self.keras, uncompiled(found["config"])))
                except Exception as error:
                    self.models[name] = Judged(
                        untried={"rebuilt": f"{type(error).__name__}: {error}"[:300]}
                    )
        for recipe in other["layers"]:
            self.cook(json.loads(recipe))

    def cook(self, recipe: Recipe) -> None:
        """Take a layer by its recipe."""
        key = json.dumps(recipe, sort_keys=True)
        if key in self.layers:
            return
        try:
            self.layers[key] = self._judged(cooked(self.keras, recipe))
        except Exception as error:
            self.layers[key] = Judged(untried={"layer": f"{type(error).__name__}: {error}"[:300]})

    def _judged(self, model: Any) -> Judged:
        found = read(model)
        if found.table and found.table not in self._known:
            self._known.add(found.table)
            read_again(self.keras, model, found)
        return found

    def write(self, file: Path) -> None:
        """Write it all as JSON."""
        parts = {"models": self.models, "layers": self.layers}
        plain = {
            name: {key: vars(one) for key, one in part.items()} for name, part in parts.items()
        }
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(plain, indent=0), encoding="utf-8")

    def say(self) -> None:
        """Print what is wrong, and how much there is."""
        counts: Counter[str] = Counter()
        for name, found in {**self.models, **self.layers}.items():
            counts.update(f"wrong: {way}" for way in found.wrong)
            counts.update(f"untried: {way}" for way in found.untried)
            for way, what in found.wrong.items():
                print("WRONG", way, name, what, sep="\n")
        print(len(self.models), "models,", len(self.layers), "layers,", len(self._known), "tables")
        print(dict(counts))


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the tests of the Keras in use, or build the layers of another run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("only", nargs="*", help="parts of the paths of test files")
    parser.add_argument(
        "--like", type=Path, help="what another run wrote: build that, without tests"
    )
    parser.add_argument("--out", type=Path, help="where to write what was found")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    import keras

    corpus = Corpus(keras)
    if options.like:
        corpus.take_like(options.like)
    else:
        chosen = [
            str(file)
            for file in files(keras)
            if not options.only or any(part in file.as_posix() for part in options.only)
        ]
        quiet = "-q -p no:layersnap -p no:cacheprovider --continue-on-collection-errors --tb=no -W ignore"
        pytest.main([*chosen, *quiet.split()], plugins=[Watch(keras, corpus.take)])
    corpus.say()
    if options.out:
        corpus.write(options.out)
    sys.exit(any(found.wrong for found in [*corpus.models.values(), *corpus.layers.values()]))


if __name__ == "__main__":
    main()
