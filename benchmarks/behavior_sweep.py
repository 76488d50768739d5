"""What computes something else since when: models of one layer each, in several releases and on backends.

tox exec -e keras2 -- python benchmarks/behavior_sweep.py --write build/sweep/keras2.json
PYTHONPATH=build/keras-3.13 python benchmarks/behavior_sweep.py --write build/sweep/torch-3.13.json
python benchmarks/behavior_sweep.py build/sweep/*.json --into docs/keras-releases.md

Another release of Keras is put before the installed one by ``pip install --no-deps --target``. All are
compared with the first of the files; what differs by more than the tolerance is a row.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib import import_module
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.applications import markdown_table, replaced
from pytest_layersnap import layer_table
from pytest_layersnap.comparison.behavior import Apart, parts, tolerance_of
from pytest_layersnap.report.words import percent
from pytest_layersnap.table import Layer

#: Shapes of what layers take.
VECTOR, SEQUENCE, IMAGE, VOLUME, FILM = (10,), (6, 4), (9, 8, 4), (5, 6, 7, 2), (3, 8, 8, 2)
BY_RANK = {1: SEQUENCE, 2: IMAGE, 3: VOLUME}
# fmt: off
ACTIVATIONS = (
    "celu", "elu", "exponential", "gelu", "glu", "hard_shrink", "hard_sigmoid", "hard_silu",
    "hard_tanh", "leaky_relu", "linear", "log_sigmoid", "log_softmax", "mish", "relu", "relu6",
    "selu", "sigmoid", "silu", "soft_shrink", "softmax", "softplus", "softsign", "sparse_plus",
    "sparsemax", "squareplus", "swish", "tanh", "tanh_shrink", "threshold",
)
#: Operations of Keras 3 that take one tensor, and those that take two.
UNARY = (
    "abs", "absolute", "all", "any", "arccosh", "arcsinh", "arctan", "argmax", "argmin", "argsort",
    "average", "ceil", "corrcoef", "cos", "cosh", "count_nonzero", "cumprod", "cumsum", "diff",
    "erf", "erfinv", "exp", "expand_dims", "expm1", "flip", "floor", "imag", "isfinite", "isinf",
    "isnan", "log1p", "log_softmax", "logical_not", "logsumexp", "max", "mean", "median", "min",
    "moveaxis", "ndim", "negative", "nonzero", "norm", "ones_like", "prod", "ravel", "real",
    "reciprocal", "relu", "relu6", "round", "rsqrt", "selu", "sigmoid", "sign", "silu", "sin",
    "sinh", "softmax", "softplus", "sort", "sqrt", "square", "squeeze", "std", "sum", "tan", "tanh",
    "transpose", "tril", "triu", "trunc", "var", "zeros_like", "unstack", "exp2", "angle",
    "nan_to_num", "cbrt", "deg2rad", "gelu", "elu", "celu", "hard_sigmoid", "hard_silu",
    "hard_tanh", "mish", "normalize", "squareplus", "sparsemax",
)
BINARY = (
    "add", "arctan2", "divide", "divide_no_nan", "equal", "floor_divide", "fmod", "greater",
    "greater_equal", "less", "less_equal", "logaddexp", "logical_and", "logical_or", "logical_xor",
    "maximum", "minimum", "mod", "multiply", "not_equal", "power", "subtract", "true_divide",
    "hypot", "cross", "heaviside",
)
# fmt: on
RULES = {
    "regularizer": ("l1", "l2", "l1_l2", "orthogonal_regularizer"),
    "constraint": ("max_norm", "min_max_norm", "non_neg", "unit_norm"),
}
IMAGES = ("bilinear", "nearest", "bicubic", "lanczos3", "lanczos5", "area")

Builder = Callable[[ModuleType], Any]


def layers() -> Iterator[tuple[str, str, tuple[int, ...], dict[str, Any]]]:
    """The layers: a name, the class, the shape of what it takes, and its settings."""
    for name in ACTIVATIONS:
        yield f"Activation({name!r})", "Activation", SEQUENCE, {"activation": name}
    for rank, padding, strides in product((1, 2, 3), ("same", "valid"), (1, 2, 3)):
        settings = {"strides": strides, "padding": padding}
        shown = f"strides={strides}, padding={padding!r}"
        for kind in ("Conv", "Conv{}DTranspose", "Depthwise", "Separable"):
            if kind == "Conv":
                yield (
                    f"Conv{rank}D({shown})",
                    f"Conv{rank}D",
                    BY_RANK[rank],
                    {"filters": 3, "kernel_size": 3, **settings},
                )
            elif "Transpose" in kind:
                name = kind.format(rank)
                for size in (2, 3, 4):
                    yield (
                        f"{name}({size}, {shown})",
                        name,
                        BY_RANK[rank],
                        {"filters": 3, "kernel_size": size, **settings},
                    )
            elif rank < 3:
                name = f"{kind}Conv{rank}D"
                first = {"filters": 3} if kind == "Separable" else {"depth_multiplier": 2}
                yield (
                    f"{name}({shown})",
                    name,
                    BY_RANK[rank],
                    {**first, "kernel_size": 3, **settings},
                )
        for kind in ("Max", "Average"):
            name = f"{kind}Pooling{rank}D"
            yield f"{name}({shown})", name, BY_RANK[rank], {"pool_size": 2, **settings}
    for rank, dilation in product((1, 2, 3), (2, 3)):
        yield (
            f"Conv{rank}D(dilation_rate={dilation})",
            f"Conv{rank}D",
            BY_RANK[rank],
            {"filters": 3, "kernel_size": 2, "dilation_rate": dilation, "padding": "same"},
        )
    yield (
        "Conv1D(padding='causal')",
        "Conv1D",
        SEQUENCE,
        {"filters": 3, "kernel_size": 3, "padding": "causal"},
    )
    yield "Conv2D(groups=2)", "Conv2D", IMAGE, {"filters": 4, "kernel_size": 3, "groups": 2}
    for kind, rank, keeps in product(("Max", "Average"), (1, 2, 3), (True, False)):
        yield (
            f"Global{kind}Pooling{rank}D(keepdims={keeps})",
            f"Global{kind}Pooling{rank}D",
            BY_RANK[rank],
            {"keepdims": keeps},
        )
    for size, kind in product((2, 3), IMAGES):
        yield (
            f"UpSampling2D({size}, interpolation={kind!r})",
            "UpSampling2D",
            IMAGE,
            {"size": size, "interpolation": kind},
        )
    for kind, sides, crop in product(IMAGES, ((5, 5), (12, 16)), (True, False)):
        yield (
            f"Resizing{sides}({kind!r}, crop_to_aspect_ratio={crop})",
            "Resizing",
            IMAGE,
            {
                "height": sides[0],
                "width": sides[1],
                "interpolation": kind,
                "crop_to_aspect_ratio": crop,
            },
        )
    yield "CenterCrop(4, 5)", "CenterCrop", IMAGE, {"height": 4, "width": 5}
    yield "CenterCrop(12, 12)", "CenterCrop", IMAGE, {"height": 12, "width": 12}
    for rank in (1, 3):
        yield f"UpSampling{rank}D(2)", f"UpSampling{rank}D", BY_RANK[rank], {"size": 2}
    for rank in (1, 2, 3):
        yield f"ZeroPadding{rank}D(2)", f"ZeroPadding{rank}D", BY_RANK[rank], {"padding": 2}
        yield f"Cropping{rank}D(1)", f"Cropping{rank}D", BY_RANK[rank], {"cropping": 1}
    for name, activation, gate, back in product(
        ("LSTM", "GRU", "SimpleRNN"), ("tanh", "relu"), ("sigmoid", "hard_sigmoid"), (True, False)
    ):
        settings = {
            "units": 3,
            "activation": activation,
            "go_backwards": back,
            "return_sequences": True,
        }
        if name != "SimpleRNN":
            settings["recurrent_activation"] = gate
        elif gate == "hard_sigmoid":
            continue
        yield f"{name}({activation!r}, {gate!r}, go_backwards={back})", name, SEQUENCE, settings
    for after in (True, False):
        yield f"GRU(reset_after={after})", "GRU", SEQUENCE, {"units": 3, "reset_after": after}
    yield "LSTM(unroll=True)", "LSTM", SEQUENCE, {"units": 3, "unroll": True}
    yield (
        "ConvLSTM2D(2, 3)",
        "ConvLSTM2D",
        FILM,
        {"filters": 2, "kernel_size": 3, "recurrent_activation": "sigmoid"},
    )
    for center, scale in product((True, False), repeat=2):
        settings = {"center": center, "scale": scale}
        for name in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
            more = {"groups": 2} if name.startswith("Group") else {}
            yield f"{name}(center={center}, scale={scale})", name, IMAGE, {**settings, **more}
    yield "LayerNormalization(axis=1)", "LayerNormalization", SEQUENCE, {"axis": 1}
    yield "LayerNormalization(axis=[1, 2])", "LayerNormalization", IMAGE, {"axis": [1, 2]}
    yield (
        "LayerNormalization(rms_scaling=True)",
        "LayerNormalization",
        SEQUENCE,
        {"rms_scaling": True},
    )
    yield "RMSNormalization()", "RMSNormalization", SEQUENCE, {}
    yield "UnitNormalization()", "UnitNormalization", SEQUENCE, {}
    yield "UnitNormalization(axis=1)", "UnitNormalization", SEQUENCE, {"axis": 1}
    yield "SpectralNormalization", "Dense", VECTOR, {"units": 3}
    for slope in (0.1, 0.3):
        yield f"LeakyReLU({slope})", "LeakyReLU", VECTOR, {"negative_slope": slope}
        yield f"ELU({slope})", "ELU", VECTOR, {"alpha": slope}
        yield (
            f"ReLU(3, {slope}, 1)",
            "ReLU",
            VECTOR,
            {"max_value": 3, "negative_slope": slope, "threshold": 1},
        )
    yield "PReLU()", "PReLU", SEQUENCE, {}
    yield "Softmax(axis=1)", "Softmax", SEQUENCE, {"axis": 1}
    for name in ("relu", "gelu", "softmax", "hard_sigmoid", "swish"):
        yield f"Dense({name!r})", "Dense", SEQUENCE, {"units": 3, "activation": name}
    yield (
        "EinsumDense('abc,cd->abd')",
        "EinsumDense",
        SEQUENCE,
        {"equation": "abc,cd->abd", "output_shape": (6, 3)},
    )
    for name in (
        "Flatten",
        "Permute",
        "RepeatVector",
        "Reshape",
        "Identity",
        "Dropout",
        "SpatialDropout1D",
    ):
        given: dict[str, dict[str, object]] = {
            "Permute": {"dims": (2, 1)},
            "RepeatVector": {"n": 3},
            "Reshape": {"target_shape": (4, 6)},
            "Dropout": {"rate": 0.5},
            "SpatialDropout1D": {"rate": 0.5},
        }
        shape = VECTOR if name == "RepeatVector" else SEQUENCE
        yield f"{name}()", name, shape, given.get(name, {})
    yield "Masking(0.0)", "Masking", SEQUENCE, {}
    yield "Rescaling(0.5, 1)", "Rescaling", IMAGE, {"scale": 0.5, "offset": 1}
    yield "Embedding(20, 3)", "Embedding", (6,), {"input_dim": 20, "output_dim": 3}
    for mode in ("one_hot", "multi_hot", "count"):
        for shape in ((1,), (6,)):
            if mode != "one_hot" or shape == (1,):
                yield (
                    f"CategoryEncoding({mode!r}) of {shape}",
                    "CategoryEncoding",
                    shape,
                    {"num_tokens": 10, "output_mode": mode},
                )
    for mode in ("int", "one_hot", "multi_hot"):
        yield (
            f"Discretization({mode!r})",
            "Discretization",
            (1,),
            {"bin_boundaries": [-1.0, 0.0, 2.0], "output_mode": mode},
        )
    for name in ("CenterCrop", "RandomCrop"):
        yield f"{name}(5, 5)", name, IMAGE, {"height": 5, "width": 5}
    for name in ("ActivityRegularization",):
        yield f"{name}(0.1, 0.1)", name, VECTOR, {"l1": 0.1, "l2": 0.1}
    for part, names in RULES.items():
        for name in names:
            yield (
                f"Dense(kernel_{part}={name!r})",
                "Dense",
                VECTOR,
                {"units": 3, f"kernel_{part}": name},
            )
    yield (
        "Dense(activity_regularizer='l2')",
        "Dense",
        VECTOR,
        {"units": 3, "activity_regularizer": "l2"},
    )


def joins() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Layers that take two tensors."""
    for name in ("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate"):
        yield f"{name}()", name, {}
    yield "Dot(axes=2, normalize=True)", "Dot", {"axes": 2, "normalize": True}
    for name, score in (("Attention", "dot"), ("Attention", "concat"), ("AdditiveAttention", "")):
        yield f"{name}({score!r})", name, {"score_mode": score} if score else {}
    for name in ("MultiHeadAttention", "GroupQueryAttention"):
        yield (
            f"{name}()",
            name,
            {"num_heads": 2, "key_dim": 3}
            if name[0] == "M"
            else {"num_query_heads": 4, "num_key_value_heads": 2, "head_dim": 3},
        )


def cases() -> Iterator[tuple[str, Builder]]:
    """All models of one layer by their names."""

    def single(
        kind: str, shape: tuple[int, ...], settings: dict[str, Any], wrapper: str = ""
    ) -> Builder:
        def build(keras: ModuleType) -> Any:
            layer = getattr(keras.layers, kind)(**settings)
            if wrapper:
                layer = getattr(keras.layers, wrapper)(layer)
            given = keras.Input(shape)
            return keras.Model(given, layer(given))

        return build

    def two(kind: str, settings: dict[str, Any]) -> Builder:
        def build(keras: ModuleType) -> Any:
            one, other = keras.Input(SEQUENCE), keras.Input(SEQUENCE)
            layer = getattr(keras.layers, kind)(**settings)
            made = layer(one, other) if "Head" in kind or "Group" in kind else layer([one, other])
            return keras.Model([one, other], made)

        return build

    def operation(name: str, takes: int) -> Builder:
        def build(keras: ModuleType) -> Any:
            given = [keras.Input(SEQUENCE) for _ in range(takes)]
            settings = (
                {"axis": 1}
                if name == "expand_dims"
                else {"source": 1, "destination": 2}
                if name == "moveaxis"
                else {}
            )
            return keras.Model(given, getattr(keras.ops, name)(*given, **settings))

        return build

    for name, kind, shape, settings in layers():
        yield (
            name,
            single(
                kind, shape, settings, "SpectralNormalization" if name[:8] == "Spectral" else ""
            ),
        )
    for kind, settings in (("LSTM", {"units": 3}), ("GRU", {"units": 3, "return_sequences": True})):
        yield f"Bidirectional({kind})", single(kind, SEQUENCE, settings, "Bidirectional")
    yield "TimeDistributed(Dense)", single("Dense", SEQUENCE, {"units": 3}, "TimeDistributed")
    for name, kind, settings in joins():
        yield name, two(kind, settings)
    for name in UNARY:
        yield f"ops.{name}", operation(name, 1)
    for name in BINARY:
        yield f"ops.{name}(x, y)", operation(name, 2)


def write(file: Path) -> None:
    """Evaluate all that this Keras can build, and write what it computes."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    keras = import_module("tf_keras" if os.environ.get("TF_USE_LEGACY_KERAS") else "keras")
    found: dict[str, Any] = {}
    for name, build in cases():
        try:
            table = layer_table(lambda build=build: build(keras), behavior=True)  # type: ignore[misc]
        except Exception as error:  # not in this release, or refused by it
            found[name] = f"{type(error).__name__}: {str(error)[:80]}"
            continue
        rows = [row for row in table if row.layer_type != "InputLayer"]
        found[name] = [rows[-1].input_shape, rows[-1].weight_shapes, rows[-1].behaves]
        found[""] = table.recorded_with.rpartition(",")[0]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(found, indent=1), encoding="utf-8")


def differences(files: Sequence[Path]) -> str:
    """What differs from the first of the files, as a Markdown table, equal rows together."""
    first, *others = [json.loads(file.read_text(encoding="utf-8")) for file in files]
    rows: dict[tuple[Any, ...], dict[str, list[list[Apart]]]] = defaultdict(dict)
    compared = 0
    for name in filter(None, first):
        cells: list[list[Apart]] = []
        for other in others:
            one, two = first[name], other.get(name, "")
            told = not (isinstance(one, str) or isinstance(two, str))
            compared += told
            found = parts(_row(one), _row(two)) if told else ()
            cells.append([part for part in found if part.distance > tolerance_of("float32")])
        if any(cells):
            kinds = tuple(tuple(part.label for part in cell) for cell in cells)
            rows[re.sub(r"\W.*", "", name.removeprefix("ops.")), kinds][name] = cells
    header = ("what", *(other[""] for other in others))
    told_rows = [
        (
            "<br>".join(f"`{name}`" for name in named),
            *map(_amounts, zip(*named.values(), strict=True)),
        )
        for named in rows.values()
    ]
    models = sum(not isinstance(value, str) for name, value in first.items() if name)
    extent = (
        f"{models} models of one layer under {first['']}; {compared:,} comparisons with others."
    )
    return f"{extent}\n\n{markdown_table(header, told_rows)}"


def _amounts(cells: Sequence[Sequence[Apart]]) -> str:
    """How far models of one class are off, part by part."""
    told = []
    for several in zip(*cells, strict=True):
        amounts = sorted(several, key=lambda part: part.distance)
        ends = dict.fromkeys(_amount(amounts[place]) for place in (0, -1))
        told.append(f"{several[0].label} {' to '.join(ends)}")
    return "; ".join(told)


def _amount(part: Apart) -> str:
    return str(part.current or "as inferred") if part.label == "shape" else percent(part.distance)


def _row(found: Sequence[Any]) -> Layer:
    row = Layer(
        model="", layer_name="", layer_type="", input_shape=found[0], weight_shapes=found[1]
    )
    return replace(row, behavior=json.dumps(found[2]))


def main() -> None:
    """Write what this environment computes, or compare what several do."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "files", type=Path, nargs="*", help="what --write wrote; the first is compared with"
    )
    parser.add_argument("--write", type=Path, metavar="FILE", help="write what this Keras computes")
    parser.add_argument("--into", type=Path, metavar="PAGE", help="put the table into this page")
    options = parser.parse_args()
    if options.write:
        write(options.write)
    elif options.into:
        page = options.into.read_text(encoding="utf-8")
        options.into.write_text(
            replaced(page, "sweep", differences(options.files)), encoding="utf-8"
        )
    else:
        print(differences(options.files))


if __name__ == "__main__":
    main()
