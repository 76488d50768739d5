"""The rules by which both Keras generations and all backends say the same.

A rule removes a difference of *encoding* between releases and nothing else: each says why it holds and
which releases it bridges. Release numbers are those in which the difference was measured.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import struct
import types
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from pytest_layersnap.extract.functions import function_text
from pytest_layersnap.extract.reader import KERAS, classes_of_keras, is_a, is_built_in

# --- values --------------------------------------------------------------------------------------

#: Arrays up to this many numbers are written out; larger ones by shape and digest.
_LISTED_NUMBERS = 64

_POLICY_CLASSES = ("Policy", "DTypePolicy", "FloatDTypePolicy")
_ALIASES = {
    "swish": "silu",
    "hard_swish": "hard_silu",
    "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}


def value(raw: Any) -> Any:
    """Anything that a config or call holds, as JSON's plain values; never fails.

    Numbers have one spelling: integral floats are integers (``Dropout(0)`` is ``Dropout(0.0)``), and a
    float32 written out as a float64 is the shortest number that float32 rounds to. What can't be
    serialised becomes a stable, readable stand-in.
    """
    try:
        return _value(raw)
    except RecursionError:
        return _stand_in(raw)


def _value(raw: Any) -> Any:
    if raw is None or isinstance(raw, bool):
        return raw
    if isinstance(raw, str):
        return _ALIASES.get(raw, str(raw))
    if isinstance(raw, int):
        return int(raw)
    if isinstance(raw, float):
        return _number(float(raw))
    if isinstance(raw, bytes):
        return raw.decode("utf-8", "backslashreplace")
    if isinstance(raw, slice):
        return "slice({}, {}, {})".format(*map(_value, (raw.start, raw.stop, raw.step)))
    if raw is Ellipsis:
        return "..."
    if isinstance(raw, (list, tuple)):
        return [_value(item) for item in raw]
    if isinstance(raw, (dict, Mapping)):
        return _mapping(raw)
    if isinstance(raw, (set, frozenset)):
        return sorted(map(_value, raw), key=as_json)
    return _object(raw)


def _number(number: float) -> Any:
    if number != number or number in (float("inf"), float("-inf")):
        return str(number)
    if number.is_integer() and abs(number) < 2**53:
        return int(number)
    try:
        as_float32 = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return number
    if as_float32 != number:
        return number
    return next(
        short
        for short in (float(f"{number:.{digits}g}") for digits in range(1, 18))
        if struct.unpack("f", struct.pack("f", short))[0] == number
    )


def _mapping(raw: Mapping[Any, Any]) -> Any:
    """A dict; Keras' tagged dicts (serialised objects, policies, functions) in their plain form."""
    keys = set(raw)
    if keys == {"start", "stop", "step"}:
        return _value(slice(raw["start"], raw["stop"], raw["step"]))
    if "class_name" in keys and "items" in keys:
        return _value(raw["items"])
    if "class_name" in keys and "config" in keys:
        return serialized(raw)
    if "class_name" in keys and "inner_config" in keys:
        return _value(raw["inner_config"])
    return {
        str(_ALIASES.get(key, key) if isinstance(key, str) else key): plain
        for key, item in raw.items()
        if (plain := _value(item)) is not None
    }


def serialized(raw: Mapping[str, Any]) -> Any:
    """An object in Keras' serialised form: its class and canonical config.

    Keras 3 adds ``module``, ``registered_name`` and ``build_config``, Keras 2.12+ some of them; none
    is architecture.
    """
    name, config = str(raw["class_name"]), raw["config"]
    name = name.rpartition(">")[2]
    if name in ("__tuple__", "__set__"):
        return _value(config)
    if name == "__numpy__" or name == "__tensor__":
        return _array(config.get("value"))
    if name == "function":
        return f"<function {config}>"
    if name == "__lambda__":
        return "<lambda>"
    if name.endswith(_POLICY_CLASSES):
        return str(config.get("name", "")) if isinstance(config, Mapping) else str(config)
    if not isinstance(config, Mapping):
        return {"class_name": name, "config": _value(config)}
    if name in ("Functional", "Sequential"):
        return {"class_name": name}  # its layers have rows of their own
    return {"class_name": _ALIASES.get(name, name), "config": attributes(name, config)}


def _object(raw: Any) -> Any:
    if isinstance(raw, functools.partial):
        arguments = {"args": list(raw.args), "keywords": raw.keywords}
        return f"<partial {_value(raw.func)} {as_json(_value(arguments))}>"
    if isinstance(raw, (types.FunctionType, types.BuiltinFunctionType, types.MethodType, type)):
        return _function(raw)
    if hasattr(raw, "as_list") and type(raw).__name__ == "TensorShape":
        return None if raw.rank is None else _value(raw.as_list())
    if type(raw).__name__ == "DType" or type(raw).__module__ == "numpy.dtypes":
        return str(raw.name)
    if type(raw).__name__.endswith(_POLICY_CLASSES):
        return str(raw.name)
    if hasattr(raw, "shape") and (hasattr(raw, "numpy") or hasattr(raw, "__array__")):
        return _array(raw)
    if hasattr(raw, "item") and type(raw).__module__ == "numpy":
        return _value(raw.item())
    get_config = getattr(raw, "get_config", None)
    if callable(get_config):
        return {"class_name": type(raw).__name__, "config": attributes_of(raw)}
    if callable(raw) and hasattr(raw, "__name__"):
        return _function(raw)
    return _stand_in(raw)


def _array(raw: Any) -> Any:
    """Constants: short ones as lists, long ones by shape and digest, in float32's spelling."""
    import numpy as np

    try:
        array = np.asarray(raw)
    except Exception:  # a symbolic or sealed tensor of any backend
        return _stand_in(raw)
    if array.dtype == object:
        return _value(array.tolist())
    if array.size <= _LISTED_NUMBERS:
        return _value(array.tolist())
    if array.dtype.kind == "f":
        array = array.astype("<f4")
    digest = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]
    return f"<array {tuple(array.shape)} {digest}>"


def _stand_in(raw: Any) -> str:
    return f"<{type(raw).__module__}.{type(raw).__qualname__}>"


_ENCODER = json.JSONEncoder(sort_keys=True, ensure_ascii=False)


def same(one: Any, other: Any) -> bool:
    """Whether two plain values are equal as JSON: ``true`` is not ``1``."""
    if isinstance(one, (bool, int, float, str)):  # most are, and JSON takes longer
        return type(one) is type(other) and bool(one == other)
    return bool(one == other) and as_json(one) == as_json(other)


def as_json(plain: Any) -> str:
    """Plain values as JSON, equal values as equal texts."""
    return _ENCODER.encode(plain)


def _function(raw: Any) -> str:
    """Keras' own functions are known by their name, also below the decorators of Keras 2.

    Where a function was really defined tells whose it is: ``functools.wraps`` lends it another's name.
    """
    is_function = isinstance(raw, types.FunctionType)
    home = raw.__globals__.get("__name__", "") if is_function else getattr(raw, "__module__", None)
    if str(home).partition(".")[0] in KERAS | {"tensorflow"}:
        inner = inspect.unwrap(raw)
        module = str(getattr(inner, "__module__", None))
        # Keras 2 takes some of its activations from TensorFlow as they are.
        if module.partition(".")[0] in KERAS or module.startswith("tensorflow.python.ops.nn"):
            name = str(inner.__name__)
            return _ALIASES.get(name, name)
    return function_text(raw, value)


# --- configs -------------------------------------------------------------------------------------

#: Keys that are no architecture, in whatever class: identity, flags with a column of their own, and how
#: Keras stores or runs a layer.
_DROPPED = frozenset(
    {
        "name",
        "trainable",
        "dtype",
        "dtype_policy",
        "module",
        "registered_name",
        "build_config",
        "build_input_shape",
        "shared_object_id",
        "autocast",
        "batch_input_shape",
        "dynamic",  # Keras 2: run eagerly
    }
)

_RECURRENT = ("implementation", "time_major")  # how Keras 2 executes it
_INPUT = ("batch_shape", "shape", "batch_size")  # columns tell

#: The same in single classes of Keras: what shapes repeat, and how Keras executes a layer.
_CLASS_DROPPED: dict[str, tuple[str, ...]] = {
    "InputLayer": _INPUT,
    "Lambda": ("function_type", "output_shape_type", "output_shape_module"),
    "MultiHeadAttention": ("query_shape", "key_shape", "value_shape"),
    "GroupedQueryAttention": ("query_shape", "key_shape", "value_shape"),
    **dict.fromkeys(
        ("LSTM", "GRU", "SimpleRNN", "RNN", "LSTMCell", "GRUCell", "SimpleRNNCell"), _RECURRENT
    ),
    **dict.fromkeys(("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D", "Bidirectional"), _RECURRENT),
}

#: A key at a documented default that some release leaves out of its configs.
_DEFAULTS: dict[str, Any] = {
    "groups": 1,
    "synchronized": False,
    "renorm": False,
    "renorm_momentum": 0.99,
    "renorm_clipping": {},
    "fused": True,
    "ragged": False,
    "sparse": False,
    "optional": False,
    "rms_scaling": False,
    "pad_to_aspect_ratio": False,
    "antialias": False,
    "fill_mode": "constant",
    "fill_value": 0,
    "oov_method": "floormod",
    "zero_output_for_mask": False,
    "use_gate": False,
    "unroll": False,
    "arguments": {},
    "keepdims": False,
    "rng_type": "stateful",
    "quantization_config": {  # written from 3.13 on; the dtype policy says what it is for
        "class_name": "Int8QuantizationConfig",
        "config": {
            "activation_quantizer": {
                "class_name": "AbsMaxQuantizer",
                "config": {"epsilon": 1e-7, "output_dtype": "int8", "value_range": [-127, 127]},
            }
        },
    },
    "softmax_robust_masking": False,
    "value_range": [0, 255],
}

#: The same for single classes.
_CLASS_DEFAULTS: dict[str, dict[str, Any]] = {
    "Conv3DTranspose": {"dilation_rate": [1, 1, 1]},  # in configs from 3.0
    "Identity": {"gain": 1},  # 3.x leaves it out, whatever it is
}

#: Settings that configs of some releases leave out: the layer itself still has them.
_UNWRITTEN: dict[str, tuple[str, ...]] = {
    "AlphaDropout": ("noise_shape",),  # 2.15
    "BatchNormalization": ("synchronized",),  # 2.15
    "LayerNormalization": ("rms_scaling",),  # 3.0 to 3.8
    "ELU": ("alpha",),  # 3.0 to 3.11
    **dict.fromkeys(  # 3.0 to 3.14
        ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose"), ("output_padding",)
    ),
}

_RENAMED = {"LeakyReLU": {"alpha": "negative_slope"}}

#: Keras 2's separable and depthwise convolutions inherit settings that they never use.
_DEAD = {
    "SeparableConv1D": ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "groups"),
    "SeparableConv2D": ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "groups"),
    "DepthwiseConv1D": ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"),
    "DepthwiseConv2D": ("kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"),
}

#: Layers whose ``seed`` Keras draws anew in each process where none is given (3.x).
_DRAWS_SEED = frozenset({"RandomCrop"})


def attributes(
    class_name: str, config: Mapping[str, Any], rank: int | None = None
) -> dict[str, Any]:
    """The canonical config of a layer or of an object that a layer's config holds.

    Args:
        class_name: the class of Keras whose rules hold; ``Layer`` for what somebody wrote from the ground.
        config: what ``get_config`` gave.
        rank: the rank of the layer's input, where known: it makes a negative axis absolute.
    """
    renamed = _RENAMED.get(class_name, {})
    dropped, defaults = _left_out(class_name)
    plain: dict[str, Any] = {}
    for key, raw in config.items():
        key = renamed.get(str(key), str(key))
        if key in dropped:
            continue
        item = value(raw)
        if item is None or (key in defaults and same(item, defaults[key])):
            continue
        plain[key] = item
    _shape_up(class_name, plain, rank)
    return plain


@functools.lru_cache(maxsize=1_000)
def _left_out(class_name: str) -> tuple[frozenset[str], dict[str, Any]]:
    """The keys that a class never has in its attributes, and those that it has not at their defaults."""
    dropped = {*_DROPPED, *_CLASS_DROPPED.get(class_name, ()), *_DEAD.get(class_name, ())}
    if class_name in _DRAWS_SEED:
        dropped.add("seed")
    defaults = {} if class_name == "Layer" else _DEFAULTS | _CLASS_DEFAULTS.get(class_name, {})
    return frozenset(dropped), {key: value(default) for key, default in defaults.items()}


def _shape_up(class_name: str, plain: dict[str, Any], rank: int | None) -> None:
    """The rules that are about single settings."""
    if plain.get("data_format") in ("channels_last", "default"):
        # The default of the configuration file; 2.x writes it into every layer, 3.x not into all.
        del plain["data_format"]
    if "axis" in plain and ("Normalization" in class_name or class_name in _ALONG_AN_AXIS):
        plain["axis"] = _axis(plain["axis"], rank)
    if class_name == "Dot" and "axes" in plain:
        plain["axes"] = _axis(plain["axes"], rank)
    if class_name == "RandomContrast" and isinstance(plain.get("factor"), (int, float)):
        plain["factor"] = [0, plain["factor"]]  # as 3.x writes it
    if class_name.startswith(("RandomRotation", "RandomZoom")):
        for key in ("factor", "height_factor", "width_factor"):
            if isinstance(plain.get(key), (int, float)):
                plain[key] = [-plain[key], plain[key]]
    if plain.get("lora_alpha") == plain.get("lora_rank"):
        plain.pop("lora_alpha", None)  # its default; written from 3.13 on
    if class_name == "MultiHeadAttention" and isinstance(plain.get("output_shape"), int):
        plain["output_shape"] = [plain["output_shape"]]  # as 3.x writes it
    if class_name == "Bidirectional":
        _shape_up_bidirectional(plain)


def _shape_up_bidirectional(plain: dict[str, Any]) -> None:
    """3.x writes the backward layer also where it was derived, and sets a flag in both (2.x in none)."""
    for layer in (plain.get("layer"), plain.get("backward_layer")):
        if layer:
            layer["config"].pop("zero_output_for_mask", None)
    forward, backward = plain.get("layer"), plain.get("backward_layer")
    if not (forward and backward and forward["class_name"] == backward["class_name"]):
        return
    flipped = {**forward["config"], "go_backwards": not forward["config"].get("go_backwards")}
    if same(flipped, backward["config"]):
        del plain["backward_layer"]


#: Layers besides the normalizations for which ``-1`` and the last axis are the same.
_ALONG_AN_AXIS = frozenset({"Concatenate", "Softmax"})


def _axis(axis: Any, rank: int | None) -> Any:
    """One absolute number, or a list of several.

    2.x writes ``[3]`` into a BatchNormalization once it is built, 3.x ``-1`` or ``3``; a Concatenate
    comes out of an HDF5 file of 3.3 with ``-1`` where it had ``3``.
    """
    axes = axis if isinstance(axis, list) else [axis]
    if rank is not None:
        axes = [item + rank if isinstance(item, int) and item < 0 else item for item in axes]
    return axes[0] if len(axes) == 1 else axes


def attributes_of(layer: Any, rank: int | None = None) -> dict[str, Any]:
    """The canonical config of a live layer; its plain attributes where it has no config."""
    if is_a(layer, "Functional") or is_a(layer, "Sequential"):
        return {}
    name = _nearest_class(layer)
    if not _has_own_config(layer):
        return attributes(name, _kept_settings(layer) | _activity_regularizer(layer), rank)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of lambdas, which matter to saving alone
            config = dict(layer.get_config())
    except Exception:  # get_config is the user's code, or refuses an activation without a name
        config = _kept_settings(layer)
    for key in _UNWRITTEN.get(name, ()):
        if config.get(key) is None:
            config[key] = getattr(layer, key, None)
    config = {key: _live(layer, key, config[key]) for key in config if key not in _DROPPED}
    return attributes(name, config | _activity_regularizer(layer), rank)


def _activity_regularizer(layer: Any) -> dict[str, Any]:
    """Every layer takes it and adds to the loss for it; most configs leave it out (2.15, 3.0 to 3.3).

    A wrapper of 2.15 shows that of the layer which it wraps.
    """
    regularizer = getattr(layer, "activity_regularizer", None)
    if regularizer is None or is_a(layer, "Wrapper"):
        return {}
    return {"activity_regularizer": regularizer}


def _nearest_class(layer: Any) -> str:
    """The class of Keras that an object is of or derives from: a namesake of it obeys no rules."""
    kind: Any = type(layer)
    return next(iter(classes_of_keras(kind)), "Layer")


def _live(layer: Any, key: str, item: Any) -> Any:
    """A function or wrapped layer itself where the config holds its serialised form, with byte code."""
    live = getattr(layer, key, None)
    if isinstance(live, (types.FunctionType, functools.partial)):
        return live
    is_layer = is_a(live, "Layer") and not is_a(live, "Model")
    return live if is_layer and isinstance(item, Mapping) else item


def _has_own_config(layer: Any) -> bool:
    """Whether ``get_config`` is more than Keras' base class: 2.x raises there, 3.x records arguments."""
    if is_built_in(layer):
        return True
    owner = next((base for base in type(layer).__mro__ if "get_config" in vars(base)), None)
    return owner is not None and owner.__name__ not in ("Layer", "Operation", "Model", "Module")


#: What Keras itself keeps in public attributes of layers and models.
_KERAS_ATTRIBUTES = frozenset(
    {
        "activity_regularizer",
        "autocast",
        "build",
        "built",
        "call_signature_parameters",
        "compiled",
        "compiled_loss",
        "compiled_metrics",
        "dtype_policy",
        "history",
        "input_names",
        "input_spec",
        "inputs",
        "loss",
        "name",
        "optimizer",
        "output_names",
        "outputs",
        "predict_function",
        "quantize",
        "stateful",
        "steps_per_execution",
        "stop_training",
        "supports_jit",
        "supports_masking",
        "test_function",
        "train_function",
        "train_tf_function",
        "training",
        "trainable",
        "unrolled_steps_per_execution",
    }
)


def _kept_settings(layer: Any) -> dict[str, Any]:
    """What a layer without a config keeps of its settings, in attributes.

    Keras 3 records constructor arguments by itself, Keras 2 does not; attributes are the same in both.
    """
    kind: Any = type(layer)
    parameters = _constructor_arguments(kind)
    weights = {id(weight) for weight in getattr(layer, "weights", ())}
    kept: dict[str, Any] = {}
    for name, item in vars(layer).items():
        public = name.removeprefix("_")
        if public in _KERAS_ATTRIBUTES or not (
            public in parameters
            or (public == name and not is_built_in(layer) and _is_setting(item))
        ):
            continue
        if id(item) not in weights and not is_a(item, "Layer"):
            kept.setdefault(public, item)
    return kept


@functools.lru_cache(maxsize=1_000)
def _constructor_arguments(kind: Any) -> frozenset[str]:
    try:
        return frozenset(inspect.signature(kind.__init__).parameters)
    except (TypeError, ValueError):
        return frozenset()


def _is_setting(item: Any) -> bool:
    """Whether an attribute is a plain setting: layers and weights have rows and columns of their own."""
    if isinstance(item, (bool, int, float, str, bytes, types.FunctionType, functools.partial)):
        return True
    if isinstance(item, Mapping):
        return bool(item) and all(map(_is_setting, item.values()))
    if isinstance(item, (list, tuple, set, frozenset)):
        return bool(item) and all(map(_is_setting, item))
    return type(item).__module__ == "numpy"


def built_shape(layer: Any, plain: Any, *, made: bool = False) -> Any:
    """A shape that a layer outside any graph was built for, or ``made`` by it, as far as it is its own.

    That is the sizes which its weights depend on. The others are those of the tensor that happened to
    build it, and each backend tells them in its own way: behind a reshape TensorFlow does not know
    them, and PyTorch builds with 83 for every size that is not known.
    """
    if isinstance(plain, dict):
        return {key: built_shape(layer, item, made=made) for key, item in plain.items()}
    if not isinstance(plain, (list, tuple)):
        return None
    if not all(item is None or isinstance(item, int) for item in plain):
        return [built_shape(layer, item, made=made) for item in plain]
    axes = {axis % len(plain) for axis in _own_axes(layer, made)} if plain else set()
    return tuple(size if axis in axes else None for axis, size in enumerate(plain))


def _own_axes(layer: Any, made: bool) -> list[int]:
    """The axes whose sizes a layer's weights depend on."""
    if is_a(layer, "Embedding") and not made:
        return []
    if (
        "Normalization" in type(layer).__name__
        and (axis := getattr(layer, "axis", None)) is not None
    ):
        return list(axis) if isinstance(axis, (list, tuple)) else [axis]
    return [1] if getattr(layer, "data_format", None) == "channels_first" else [-1]


#: Layers whose dtype policy says nothing: they take and give strings or integers.
LOOKUPS = frozenset(
    {
        "StringLookup",
        "IntegerLookup",
        "TextVectorization",
        "Hashing",
        "HashedCrossing",
        "Discretization",
    }
)


# --- readable copies -----------------------------------------------------------------------------


def _tuple_text(plain: Any) -> str:
    if isinstance(plain, list):
        items = [_tuple_text(item) for item in plain]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    return str(plain)


def _activation_text(plain: Any) -> str:
    if isinstance(plain, Mapping):
        return str(plain.get("class_name", as_json(plain)))
    return str(plain)


_Rule = tuple[str, str, Callable[[Any], str]]
_COPIES: tuple[_Rule, ...] = (
    ("activation_function", "activation", _activation_text),
    ("kernel_size", "kernel_size", _tuple_text),
    ("use_bias", "use_bias", str),
    ("padding", "padding", _tuple_text),
    ("strides", "strides", _tuple_text),
    ("pooling_size", "pool_size", _tuple_text),
    ("reshape_target_shape", "target_shape", _tuple_text),
)


def readable(class_name: str, plain: Mapping[str, Any]) -> dict[str, str]:
    """The columns that repeat settings of ``layer_attributes`` for readers."""
    copies = {column: text(plain[key]) for column, key, text in _COPIES if key in plain}
    if "Dropout" in class_name and "rate" in plain:
        copies["dropout_rate"] = str(plain["rate"])
    if "Normalization" in class_name:
        if "momentum" in plain:
            copies["normalization_momentum"] = str(plain["momentum"])
        if "axis" in plain:
            copies["normalization_axis"] = _tuple_text(plain["axis"])
    return copies


def shape_text(shape: Any) -> str:
    """``(None, 8)``; a list or dict of shapes as such."""
    if isinstance(shape, dict):
        return "{" + ", ".join(f"{key!r}: {shape_text(item)}" for key, item in shape.items()) + "}"
    if isinstance(shape, list):
        return "[" + ", ".join(map(shape_text, shape)) + "]"
    return str(shape)
