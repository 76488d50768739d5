"""What a table costs when the model is built with its weights, and without: seconds and memory.

tox exec -e keras3-jax -- python benchmarks/weightless.py --write build/keras3-jax.json
tox exec -e keras3-jax -- python benchmarks/weightless.py --write build/keras3-jax.json VGG16
python benchmarks/weightless.py build/*.json --into docs/weightless.md

Every figure is of a process of its own, in which Keras was imported and a small model built before. Memory
is the peak of what is resident above what was resident then (Linux only). The last row is different: all
of a run of pytest, with a test for each network. With names, as in the second line, those models alone are
measured and the other figures kept. Llama-2 7B with weights takes 14 GB.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.applications import markdown_table, replaced
from pytest_layersnap import layer_table
from tests import applications

_LLAMA_7B = {
    "vocabulary_size": 32000,
    "num_layers": 32,
    "num_query_heads": 32,
    "num_key_value_heads": 32,
    "hidden_dim": 4096,
    "intermediate_dim": 11008,
    "dtype": "bfloat16",
}
_LLAMA_70B = {
    "vocabulary_size": 32000,
    "num_layers": 80,
    "num_query_heads": 64,
    "num_key_value_heads": 8,
    "hidden_dim": 8192,
    "intermediate_dim": 28672,
}
_BERT_LARGE = {
    "vocabulary_size": 30522,
    "num_layers": 24,
    "num_heads": 16,
    "hidden_dim": 1024,
    "intermediate_dim": 4096,
}

#: What is built: the constructor in ``keras.applications``, or the one in keras-hub and its arguments.
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "VGG16": ("VGG16", {}),
    "EfficientNetB7": ("EfficientNetB7", {}),
    "ConvNeXtXLarge": ("ConvNeXtXLarge", {}),
    "BERT large": ("BertBackbone", _BERT_LARGE),
    "Llama-2 7B": ("LlamaBackbone", _LLAMA_7B),
    "Llama-2 70B": ("LlamaBackbone", _LLAMA_70B),
}
ALL = "all of keras.applications"
GUARD = "pytest with a test for each of them, in all"
WAYS = ("normal", "weightless")

#: What the last row runs.
TESTS = """
import os
from functools import partial
from importlib import import_module

import pytest

from tests import applications

keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")


@pytest.mark.parametrize("name", applications.NAMES)
def test_application(layersnap, name):
    if reason := applications.NOT_BUILT.get((keras.backend.backend(), name)):
        pytest.skip(reason)
    build = partial(getattr(keras.applications, name), weights=None)
    layersnap.check(build if os.environ["WAY"] == "weightless" else build())
"""


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure in this environment, or show what was measured in several."""
    options = _options(arguments)
    if options.one:
        print(json.dumps(measured(*options.one)))
    elif options.write:
        write(options.write, options.names or [*MODELS, ALL, GUARD])
    else:
        part = page_part([Path(name) for name in options.names])
        if options.into:
            page = options.into.read_text(encoding="utf-8")
            options.into.write_text(replaced(page, "weightless", part), encoding="utf-8")
        else:
            print(part)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", help="models with --write; else what --write wrote")
    parser.add_argument("--write", type=Path, metavar="FILE", help="measure, and write the figures")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="put the table into this page")
    parser.add_argument("--one", nargs=2, metavar=("MODEL", "WAY"), help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def write(file: Path, names: Sequence[str]) -> None:
    """Measure these models, each way in a process of its own."""
    found = json.loads(file.read_text()) if file.exists() else {}
    for name in names:
        for way in WAYS:
            if not _is_built(name, way):
                continue
            found.setdefault(name, {})[way] = guarded(way) if name == GUARD else _apart(name, way)
            print(name, way, found[name][way], flush=True)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _apart(name: str, way: str) -> Any:
    command = [sys.executable, __file__, "--one", name, way]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(output.splitlines()[-1])


def _is_built(name: str, way: str) -> bool:
    """Not what needs keras-hub where there is none, and nothing of 280 GB with its weights."""
    if name in MODELS and MODELS[name][0].endswith("Backbone") and not find_spec("keras_hub"):
        return False
    return (name, way) != ("Llama-2 70B", "normal")


def measured(name: str, way: str) -> dict[str, float]:
    """Seconds, processor seconds and megabytes of building and reading a model."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    made = builders(keras, name)
    layer_table(keras.Sequential([keras.Input((4,)), keras.layers.Dense(32)]))
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    clock, processor = time.perf_counter(), time.process_time()
    rows = sum(len(layer_table(build if way == "weightless" else build())) for build in made)
    return {
        "rows": rows,
        "seconds": time.perf_counter() - clock,
        "processor": time.process_time() - processor,
        "megabytes": (resident("VmHWM") - before) / 1000,
    }


def guarded(way: str) -> dict[str, float]:
    """Seconds, processor seconds and megabytes of a process of pytest that checks what another recorded."""
    with TemporaryDirectory() as folder:
        (Path(folder) / "test_all.py").write_text(TESTS, encoding="utf-8")
        _pytest(folder, "weightless", "--snapshot-update")
        start = time.perf_counter()
        usage = _pytest(folder, way)
        return {
            "seconds": time.perf_counter() - start,
            "processor": usage.ru_utime + usage.ru_stime,
            "megabytes": usage.ru_maxrss / 1000,
        }


def _pytest(folder: str, way: str, *arguments: str) -> Any:
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", *arguments],
        cwd=folder,
        env={**os.environ, "WAY": way, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        stdout=sys.stderr,
    )
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"pytest ended with {status}")
    return usage


def builders(keras: Any, name: str) -> list[Callable[[], Any]]:
    """What builds the model of this name, or all applications."""
    names = applications.NAMES if name == ALL else [name]
    constructor, arguments = MODELS.get(name, (name, {}))
    if constructor.endswith("Backbone"):
        backbone = getattr(import_module("keras_hub").models, constructor)
        return [lambda: backbone(**arguments)]
    backend = keras.backend.backend()
    return [
        partial(getattr(keras.applications, name), weights=None)
        for name in names
        if (backend, name) not in applications.NOT_BUILT
    ]


def resident(field: str) -> int:
    """Memory in kB, now (``VmRSS``) or at its peak (``VmHWM``)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def page_part(files: Sequence[Path]) -> str:
    """Models × environments as Markdown."""
    figures = {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}
    rows = [
        (name, *(_cell(of.get(name, {})) for of in figures.values()))
        for name in [*MODELS, ALL, GUARD]
    ]
    return markdown_table(("", *figures), rows)


def _cell(found: dict[str, dict[str, float]]) -> str:
    shown = [
        f"{found[way]['seconds']:.2f} s, {max(found[way]['megabytes'], 0):,.0f} MB"
        if way in found
        else "–"
        for way in WAYS
    ]
    if "weightless" not in found:
        return ""
    if "normal" in found:
        ratio = found["normal"]["seconds"] / found["weightless"]["seconds"]
        shown[1] += f" ({ratio:,.{0 if ratio >= 10 else 1}f}×)"
    return " → ".join(shown)


if __name__ == "__main__":
    main()
