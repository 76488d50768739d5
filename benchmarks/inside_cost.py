"""What reading a subclassed model costs: beside one symbolic call of it, and beside building it.

tox exec -e keras2 -- python benchmarks/inside_cost.py

The model is a stack of pre-norm transformer blocks; one symbolic call is one on a ``keras.Input`` of
unknown sizes. Each figure is the best of several rounds, in seconds of the processor.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from pytest_layersnap import layer_table
from pytest_layersnap.extract import keras2, keras3
from tests.extract.inside_models import encoder, layer


def stack(keras: ModuleType, blocks: int) -> Any:
    """A subclassed model of some encoder blocks, called once."""

    def made(self: Any) -> None:
        self.embed = keras.layers.Embedding(1_000, 6, name="embed")
        self.blocks = [encoder(keras, name=f"encoder_{at}") for at in range(blocks)]
        self.head = keras.layers.Dense(1_000, name="head")

    def call(self: Any, tokens: Any) -> Any:
        x = self.embed(tokens)
        for block in self.blocks:
            x = block(x)
        return self.head(x)

    net = layer(keras, made, call, "Model")(name="net")
    net(keras.Input((None,), dtype="int32"))
    return net


def best(work: Callable[[], Any], rounds: int) -> float:
    """The least processor time that some work took."""

    def once() -> float:
        started = time.process_time()
        work()
        return time.process_time() - started

    return min(once() for _ in range(rounds))


def main() -> None:
    """Print what building, one symbolic call and reading take."""
    options = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    options.add_argument("--blocks", type=int, default=12)
    options.add_argument("--rounds", type=int, default=5)
    asked = options.parse_args()
    warnings.simplefilter("ignore")
    # Keras 2 under its newer name, where that is asked for.
    legacy = os.environ.get("TF_USE_LEGACY_KERAS")
    keras = import_module("tf_keras" if legacy else "keras")
    reader: Any = keras3 if hasattr(keras, "ops") else keras2
    stack(keras, 1)
    build = best(lambda: stack(keras, asked.blocks), asked.rounds)
    model = stack(keras, asked.blocks)
    given = keras.Input((None,), dtype="int32")
    call = best(lambda: model(given), asked.rounds)
    model = stack(keras, asked.blocks)
    read = best(lambda: layer_table(model), asked.rounds)
    rows = len(layer_table(model))
    print(f"{reader.versions(model)}: {asked.blocks} blocks, {rows} rows")
    print(f"build {build:.2f} s, one symbolic call {call:.2f} s, reading {read:.2f} s: ", end="")
    print(f"{read / call:.1f} symbolic calls, {read / build:.1f} builds")


if __name__ == "__main__":
    main()
