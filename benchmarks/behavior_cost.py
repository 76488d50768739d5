"""What a check with ``behavior=True`` costs beside building the model: processor seconds and memory.

tox exec -e keras3-torch -- python benchmarks/behavior_cost.py
tox exec -e keras3-torch -- python benchmarks/behavior_cost.py ResNet50 VGG16 "Llama-2 70B"

Every model has a process of its own, in which Keras was imported and a small model evaluated before. Memory
is the peak of what is resident above what was resident when the model was there (Linux only), and is set
beside the weights of its largest layer, and of what is read from its builder, in absolute figures. Without
names all applications are measured.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.weightless import builders, resident
from pytest_layersnap import LayerTable, layer_table
from tests import applications

#: Never built with its weights.
_LARGEST = "Llama-2 70B"
_MEGABYTE = 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the figures of each model, and of all together."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="the models; all applications by default")
    parser.add_argument("--one", metavar="MODEL", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.one:
        print(json.dumps(measured(options.one)))
        return
    built, read = 0.0, 0.0
    for name in options.names or applications.NAMES:
        command = [sys.executable, __file__, "--one", name]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        found = json.loads(output.splitlines()[-1])
        print(f"{name}: {_told(found)}", flush=True)
        built, read = built + found.get("built", 0), read + found["read"]
    print(f"together: built {built:.1f} s, read {read:.1f} s: {_ratio(read, built)}")


def measured(name: str) -> dict[str, float]:
    """Processor seconds of building and reading a model, and the megabytes that reading takes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    layer_table(_small(keras), behavior=True)
    found: dict[str, float] = {}
    (model,) = builders(keras, name)
    if name != _LARGEST:
        began = time.process_time()
        model = model()
        found["built"] = time.process_time() - began
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    began = time.process_time()
    table = layer_table(model, behavior=True)
    found["read"] = time.process_time() - began
    found["peak"] = (resident("VmHWM") - before) * 1024 / _MEGABYTE
    return found | {"largest": _largest(table), "rows": len(table)}


def _small(keras: Any) -> Any:
    """A model that has what libraries prepare once."""
    layers = keras.layers
    return keras.Sequential(
        [
            keras.Input((12, 12, 3)),
            layers.Conv2D(4, 3),
            layers.DepthwiseConv2D(3),
            layers.BatchNormalization(),
            layers.GlobalAveragePooling2D(),
            layers.Dense(2, activation="softmax"),
        ]
    )


def _largest(table: LayerTable) -> float:
    """The megabytes of the weights of the largest layer, in single precision."""
    shapes = (json.loads(layer.weight_shapes) for layer in table)
    return max(4 * sum(map(math.prod, of)) for of in shapes) / _MEGABYTE


def _told(found: dict[str, float]) -> str:
    built = f"built {found['built']:.2f} s, " if "built" in found else ""
    ratio = f" ({_ratio(found['read'], found['built'])})" if built else ""
    return (
        f"{found['rows']} rows, {built}read {found['read']:.2f} s{ratio}, peak {found['peak']:.0f} MB: "
        f"{_ratio(found['peak'], found['largest'])} its largest layer ({found['largest']:.0f} MB)"
    )


def _ratio(one: float, other: float) -> str:
    return f"{one / other:.1f} ×" if other else "–"


if __name__ == "__main__":
    main()
