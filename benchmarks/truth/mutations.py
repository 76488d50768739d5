"""Real changes to a model, each a small function, and what the drift must say of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from .bases import Base, Chain, entries

#: For each layer that must be reported, the categories that it must be reported under.
Expected = dict[str, set[str]]


@dataclass
class Mutated:
    """A changed model.

    Args:
        model: the model after the change.
        expected: what must be reported, by path (in the recorded or the current table).
        alone: whether nothing but the expected layers may be reported.
        place: where the change was made, for the list of misses.
        added: chains of layers that must be reported as added; their paths are known from the
            changed model alone.
        undo: takes back a change that was made to the base itself.
    """

    model: Any
    expected: Expected
    alone: bool = False
    place: str = ""
    added: tuple[Chain, ...] = ()
    undo: Callable[[], None] = field(default=lambda: None)


#: Makes one change at a random place; None where the model has no place for it.
Mutation = Callable[[Base, Random], "Mutated | None"]

#: Every mutation by its name.
MUTATIONS: dict[str, Mutation] = {}


def mutation(name: str) -> Callable[[Mutation], Mutation]:
    """Add a mutation to the catalogue."""

    def add(function: Mutation) -> Mutation:
        assert name not in MUTATIONS, name
        MUTATIONS[name] = function
        return function

    return add


class Skip(Exception):
    """This layer is no place for the mutation."""


#: From the old value, the layer's config and class to the new value.
Change = Callable[[Any, dict[str, Any], Random], Any]

_CONVOLUTIONS = ("Conv1D", "Conv2D", "Conv3D", "Conv2DTranspose", "Conv1DTranspose")
_POOLING = ("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling2D")
_RECURRENT = ("LSTM", "GRU", "SimpleRNN")
_CONFIG = frozenset({"config"})


def setting(
    name: str,
    key: str,
    change: Change,
    categories: frozenset[str] = _CONFIG,
    *,
    classes: tuple[str, ...] = (),
    alone: bool = False,
) -> None:
    """Add the mutation that changes one setting of one layer, wherever a layer has it."""

    def change_setting(base: Base, random: Random) -> Mutated | None:
        config = base.config
        if config is None:
            return None
        places = []
        for chain, entry in entries(config):
            inner = entry["config"]
            if chain not in base.paths or key not in inner:
                continue
            if classes and entry["class_name"] not in classes:
                continue
            try:
                value = change(inner[key], {**inner, "class_name": entry["class_name"]}, random)
            except Skip:
                continue
            places.append((chain, inner, value))
        if not places:
            return None
        chain, inner, value = random.choice(places)
        place = f"{base.paths[chain]}: {key} {inner[key]} → {value}"
        inner[key] = value
        expected = {base.paths[chain]: set(categories)}
        return Mutated(base.rebuild(config), expected, alone, place)

    mutation(name)(change_setting)


def _times(factor: float) -> Change:
    return lambda old, config, random: _number(old) * factor


def _number(old: Any) -> Any:
    if isinstance(old, bool) or not isinstance(old, (int, float)) or not old:
        raise Skip
    return old


def _plus(step: Any) -> Change:
    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        if isinstance(old, bool) or not isinstance(old, (int, float)):
            raise Skip
        return old + step

    return change


def _each_plus(step: int) -> Change:
    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        if isinstance(old, int):
            return old + step
        if not isinstance(old, (list, tuple)) or not all(isinstance(item, int) for item in old):
            raise Skip
        return [item + step for item in old]

    return change


def _first_plus(step: int) -> Change:
    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        if not isinstance(old, (list, tuple)) or not isinstance(old[0], int) or len(old) < 2:
            raise Skip
        return [old[0] + step, *old[1:]]

    return change


def _not(old: Any, config: dict[str, Any], random: Random) -> Any:
    if not isinstance(old, bool):
        raise Skip
    return not old


def _other(*values: Any) -> Change:
    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        same = ("silu", "swish") if old in ("silu", "swish") else (old,)
        if isinstance(old, dict):
            raise Skip
        return random.choice([value for value in values if value not in same])

    return change


def _not_of(class_name: str, change: Change) -> Change:
    def change_others(old: Any, config: dict[str, Any], random: Random) -> Any:
        if config["class_name"] == class_name:
            raise Skip
        return change(old, config, random)

    return change_others


def _to(value: Any) -> Change:
    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        if old == value:
            raise Skip
        return value

    return change


def _policy(name: str) -> Change:
    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        if (old["config"]["name"] if isinstance(old, dict) else old) == name:
            raise Skip
        return name

    return change


def _within(inner: str, value: Any) -> Change:
    """Changes a setting of a serialised object."""

    def change(old: Any, config: dict[str, Any], random: Random) -> Any:
        if not isinstance(old, dict) or inner not in old.get("config", {}):
            raise Skip
        before = old["config"][inner]
        after = value(before) if callable(value) else value
        if after == before:
            raise Skip
        return {**old, "config": {**old["config"], inner: after}}

    return change


def _padded(old: Any, config: dict[str, Any], random: Random) -> Any:
    if old not in ("same", "valid"):
        raise Skip
    return "valid" if old == "same" else "same"


def _split_groups(old: Any, config: dict[str, Any], random: Random) -> Any:
    # The number of input channels must be a multiple; whatever is not fails to build.
    return {1: 2, 2: 1}.get(old, 1)


def _dilated(old: Any, config: dict[str, Any], random: Random) -> Any:
    strides = config.get("strides", 1)
    if any(item != 1 for item in (strides if isinstance(strides, (list, tuple)) else [strides])):
        raise Skip
    return _each_plus(1)(old, config, random)


_SIZED = frozenset({"config", "parameters"})
_WIDTH = frozenset({"config", "parameters", "shape"})

# widths and geometry
setting("filters", "filters", _plus(4), _WIDTH)
setting("filters halved", "filters", lambda o, c, r: _number(o) // 2 or 3, _WIDTH)
setting("units", "units", _plus(1), _WIDTH)
setting("kernel size", "kernel_size", _each_plus(1), _SIZED)
setting("kernel size on one axis", "kernel_size", _first_plus(1), _SIZED)
setting("strides", "strides", _each_plus(1), classes=(*_CONVOLUTIONS, *_POOLING))
setting("dilation", "dilation_rate", _dilated)
# Keras 2 keeps the groups of a transposed convolution and never uses them.
setting("groups", "groups", _split_groups, _SIZED, classes=("Conv1D", "Conv2D", "Conv3D"))
setting("padding", "padding", _padded)
setting("depth multiplier", "depth_multiplier", _plus(1), _SIZED)
setting("pool size", "pool_size", _each_plus(1))
setting("no bias, or one", "use_bias", _not, _SIZED, classes=(*_CONVOLUTIONS, "Dense"))
setting("upsampling size", "size", _each_plus(1), _CONFIG | {"shape"}, classes=("UpSampling2D",))
setting("interpolation", "interpolation", _other("nearest", "bilinear"), alone=True)
setting("repeats", "n", _plus(1), _CONFIG | {"shape"})
setting(
    "crop or zero padding on one side",
    "padding",
    lambda o, c, r: [[o[0][0] + 1, o[0][1]], list(o[1])],
    _CONFIG | {"shape"},
    classes=("ZeroPadding2D",),
)
setting("permutation", "dims", lambda o, c, r: [o[1], o[0], *o[2:]])
setting(
    "target shape",
    "target_shape",
    lambda o, c, r: [*o, 1],
    frozenset({"shape"}),
)
setting("kept dimensions", "keepdims", _not, _CONFIG | {"shape"})

# activations and dropout
_ACTIVATIONS = ("relu", "tanh", "gelu", "elu", "sigmoid", "softplus")
setting("activation", "activation", _other(*_ACTIVATIONS), alone=True)
setting("recurrent activation", "recurrent_activation", _other("sigmoid", "tanh"), alone=True)
setting("ReLU's ceiling", "max_value", _to(5.5), classes=("ReLU",), alone=True)
setting("ReLU's slope", "negative_slope", _plus(0.05), alone=True)
setting("ReLU's threshold", "threshold", _plus(0.5), alone=True)
setting("slope or scale alpha", "alpha", _plus(0.05), alone=True)
setting("dropout rate", "rate", lambda o, c, r: 0.25 if o != 0.25 else 0.3, alone=True)
setting("dropout rate by little", "rate", _plus(1e-4), alone=True)
setting("dropout inside", "dropout", _plus(0.05), alone=True)
setting("recurrent dropout", "recurrent_dropout", _plus(0.05), alone=True)
setting("seed of a dropout", "seed", _to(11), classes=("Dropout", "SpatialDropout2D"), alone=True)
setting("noise", "stddev", _plus(0.05), alone=True)

# normalisation
setting("momentum", "momentum", lambda o, c, r: 0.9 if o != 0.9 else 0.95, alone=True)
setting("momentum by little", "momentum", lambda o, c, r: o - 1e-4, alone=True)
setting("epsilon", "epsilon", _times(2), alone=True)
setting("epsilon by little", "epsilon", _times(1.001), alone=True)
setting("center", "center", _not, _SIZED)
setting("scale", "scale", _not, _SIZED, classes=("BatchNormalization", "LayerNormalization"))
setting(
    "axis of a normalisation",
    "axis",
    lambda o, c, r: [-2] if isinstance(o, (list, tuple)) else -2,
    classes=("BatchNormalization", "LayerNormalization"),
)
setting("groups of a normalisation", "groups", _to(4), classes=("GroupNormalization",), alone=True)

# initializers, regularizers, constraints
_HE = {"class_name": "HeUniform", "config": {"seed": None}}
_L2 = {"class_name": "L2", "config": {"l2": 0.003}}
_NORM = {"class_name": "MaxNorm", "config": {"max_value": 3, "axis": 0}}
# Keras 2 gives separable and depthwise convolutions kernel settings that they never use.
_KERNELS = (*_CONVOLUTIONS, "Dense", *_RECURRENT, "MultiHeadAttention")
setting("kernel initializer", "kernel_initializer", _to(_HE), classes=_KERNELS, alone=True)
setting("depthwise initializer", "depthwise_initializer", _to(_HE), alone=True)
setting(
    "seed of an initializer", "kernel_initializer", _within("seed", 5), classes=_KERNELS, alone=True
)
setting(
    "scale of an initializer",
    "kernel_initializer",
    _within("scale", 1.5),
    classes=_KERNELS,
    alone=True,
)
setting(
    "bias initializer",
    "bias_initializer",
    _to({"class_name": "Constant", "config": {"value": 0.01}}),
    alone=True,
)
setting(
    "gamma initializer", "gamma_initializer", _to({"class_name": "Zeros", "config": {}}), alone=True
)
setting("kernel regularizer", "kernel_regularizer", _to(_L2), classes=_KERNELS, alone=True)
setting(
    "factor of a regularizer",
    "kernel_regularizer",
    _within("l2", lambda o: o * 1.5),
    classes=_KERNELS,
    alone=True,
)
setting("bias regularizer", "bias_regularizer", _to(_L2), alone=True)
# Keras 3.3's SimpleRNN takes no notice of it.
setting("activity regularizer", "activity_regularizer", _not_of("SimpleRNN", _to(_L2)), alone=True)
setting("kernel constraint", "kernel_constraint", _to(_NORM), classes=_KERNELS, alone=True)
setting("bias constraint", "bias_constraint", _to(_NORM), alone=True)
setting(
    "embedding initializer",
    "embeddings_initializer",
    _to({"class_name": "RandomNormal", "config": {"mean": 0.0, "stddev": 0.02, "seed": None}}),
    alone=True,
)

# dtype
setting(
    "half precision",
    "dtype",
    _policy("mixed_float16"),
    frozenset({"dtype"}),
    classes=(*_CONVOLUTIONS, "Dense", "BatchNormalization"),
)
setting(
    "double precision",
    "dtype",
    _policy("float64"),
    frozenset({"dtype"}),
    classes=("Dense", "Conv2D"),
)

# merging, constants
setting("axis of a concatenation", "axis", _to(-2), classes=("Concatenate",))
setting("axes of a product", "axes", lambda o, c, r: _of_matrices(o), classes=("Dot",))
setting("normalised product", "normalize", _not, alone=True)
setting("axis of a softmax", "axis", _to(0), classes=("Softmax",), alone=True)
setting("scale of Rescaling", "scale", _times(2), classes=("Rescaling",), alone=True)
setting("offset of Rescaling", "offset", _plus(0.25), classes=("Rescaling",), alone=True)
setting("boundaries", "bin_boundaries", lambda o, c, r: [*o[:-1], o[-1] + 0.5])
setting("vocabulary of an embedding", "input_dim", _plus(1), _SIZED, alone=True)
setting("width of an embedding", "output_dim", _plus(2), _WIDTH)
setting("mask_zero", "mask_zero", _not)
setting("value of Masking", "mask_value", _plus(1.0), alone=True)
setting("factor of an augmentation", "factor", lambda o, c, r: _wider(o), alone=True)
setting("direction of a flip", "mode", _to("vertical"), classes=("RandomFlip",), alone=True)
setting("size of a crop or resize", "height", _plus(-1), _CONFIG | {"shape"})
setting("mean of Normalization", "mean", lambda o, c, r: _mean(o), classes=("Normalization",))


def _of_matrices(old: Any) -> Any:
    if old != 2:  # of vectors, -1 and 1 are the same axis
        raise Skip
    return 1


def _wider(old: Any) -> Any:
    return [old[0], old[1] + 0.05] if isinstance(old, (list, tuple)) else old + 0.05


def _mean(old: Any) -> Any:
    if old is None:
        raise Skip
    return [1.0, 2.5, 3.0]


# recurrent layers and attention
setting("last output only, or all", "return_sequences", _not, _CONFIG | {"shape"})
setting("backwards", "go_backwards", _not, classes=_RECURRENT, alone=True)
setting("reset_after", "reset_after", _not, _SIZED, alone=True)
setting("unit_forget_bias", "unit_forget_bias", _not, alone=True)
setting("merge mode", "merge_mode", _other("sum", "mul", "ave", "concat"))
setting("key_dim", "key_dim", _plus(1), _SIZED, alone=True)
setting("value_dim", "value_dim", lambda o, c, r: (o or 4) + 1, _SIZED, alone=True)
setting("heads", "num_heads", _plus(1), _SIZED, alone=True)
setting("scaled attention", "use_scale", _not, _SIZED, alone=True)
setting("steps of power iteration", "power_iterations", _plus(1), alone=True)


@mutation("heads with an equal count of parameters")
def heads_of_equal_count(base: Base, random: Random) -> Mutated | None:
    """Twice the heads of half the width: every sum is as before."""
    config = base.config
    found = [
        (chain, entry["config"])
        for chain, entry in entries(config or {"layers": []})
        if entry["class_name"] == "MultiHeadAttention" and not entry["config"]["key_dim"] % 2
    ]
    if config is None or not found:
        return None
    chain, inner = random.choice(found)
    inner["num_heads"] *= 2
    inner["key_dim"] //= 2
    inner["value_dim"] = inner["key_dim"]
    return Mutated(base.rebuild(config), {base.paths[chain]: set(_SIZED)}, True, base.paths[chain])


@mutation("setting of a wrapped layer")
def wrapped_setting(base: Base, random: Random) -> Mutated | None:
    """The activation of the layer in a TimeDistributed, the units of that in a SpectralNormalization."""
    config = base.config
    found = [
        (chain, entry["config"]["layer"]["config"])
        for chain, entry in entries(config or {"layers": []})
        if entry["class_name"] in ("TimeDistributed", "SpectralNormalization")
        and "activation" in entry["config"]["layer"]["config"]
    ]
    if config is None or not found:
        return None
    chain, inner = random.choice(found)
    inner["activation"] = "elu"
    return Mutated(base.rebuild(config), {base.paths[chain]: {"config"}}, True, base.paths[chain])
