"""Changes of Keras itself between releases, so that a reader learns who changed the network.

Each was reproduced by building the same code under both releases. An explanation never hides a change:
the network really is another one. It is about whole changes of layers only: where somebody changed
something else about the same layer, too, nothing is explained.
"""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final, NamedTuple

from pytest_layersnap.compare.changes import ABSENT, Change, Kind, with_differences
from pytest_layersnap.references import Reference
from pytest_layersnap.table import Layer, LayerTable

#: A release of Keras as (major, minor); tf_keras is one after Keras 2.15 under every number.
Release = tuple[int, int]


#: What finds the changes of a kind among all of them, turned so that Keras made its change between the
#: recorded and the current side.
Finds = Callable[[Sequence[Change], LayerTable], Iterable[Change]]


class Keras(NamedTuple):
    """A release of Keras and the backend it runs on."""

    release: Release
    backend: str


@dataclass(frozen=True, slots=True)
class KnownChange:
    """One change of Keras.

    Args:
        what: what Keras does differently, in a sentence.
        source: where it is documented or discussed.
        first: the first release that does it.
        finds: which changes of layers are of that kind, given also the table of the release that does it.
        until: the first release that does it no longer.
        backends: the backends on which it does; None for all.
        numeric: whether it is about numbers alone, of rows that are the same in all else.
    """

    what: str
    source: str
    first: Release
    finds: Finds
    until: Release | None = None
    backends: frozenset[str] | None = None
    numeric: bool = False

    def between(self, one: Keras, other: Keras) -> bool:
        """Whether of two Kerases one does it and the other does not."""
        return self.has(one) != self.has(other)

    def has(self, keras: Keras) -> bool:
        """Whether a Keras does it."""
        return (
            self.first <= keras.release
            and (self.until is None or keras.release < self.until)
            and (self.backends is None or keras.backend in self.backends)
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """A known change and the changes of layers that it explains."""

    known: KnownChange
    changes: tuple[Change, ...]


def release(recorded_with: str) -> Release | None:
    """The release of Keras in a table's ``recorded_with``; None where it does not tell."""
    match = re.search(r"\b(tf_)?keras (\d+)\.(\d+)", recorded_with)
    if match is None:
        return None
    return (2, 16) if match[1] else (int(match[2]), int(match[3]))


def _keras(recorded_with: str) -> Keras | None:
    """The Keras of a table's ``recorded_with``; None where it does not tell."""
    found = release(recorded_with)
    backend = re.search(r"\b(tensorflow|jax|torch|numpy|openvino)\b", recorded_with)
    return None if found is None else Keras(found, backend[1] if backend else "")


def explanations(
    changes: Sequence[Change], recorded: LayerTable, current: LayerTable
) -> tuple[Explanation, ...]:
    """Which known changes of Keras explain changes of layers, each layer by the first that does.

    Args:
        changes: the changes of layers between the two tables.
        recorded: the table of the snapshot; what recorded it tells the release of Keras.
        current: the table now.
    """
    one, other = _keras(recorded.recorded_with), _keras(current.recorded_with)
    if one is None or other is None:
        return ()
    left = list(changes)
    found = []
    for known in KNOWN_CHANGES:
        if not known.between(one, other):
            continue
        of_kind = [c for c in left if not known.numeric or c.categories == {"behavior"}]
        sides = of_kind if known.numeric else list(map(_without_numbers, of_kind))
        turned = sides if known.has(other) else list(map(_turned, sides))
        wanted = set(map(id, known.finds(turned, current if known.has(other) else recorded)))
        explained = [
            change for change, side in zip(of_kind, turned, strict=True) if id(side) in wanted
        ]
        if explained:
            found.append(Explanation(known, tuple(explained)))
            taken = set(map(id, explained))
            left = [change for change in left if id(change) not in taken]
    return tuple(found)


def _without_numbers(change: Change) -> Change:
    """A change without the numbers that follow from what else is different."""
    others = tuple(d for d in change.differences if d.category != "behavior")
    if not others or len(others) == len(change.differences):
        return change
    return with_differences(change, others)


_OPPOSITE: Final[dict[Kind, Kind]] = {"added": "removed", "removed": "added"}


def _turned(change: Change) -> Change:
    """A change as it looks from the other side."""
    return replace(
        change,
        kind=_OPPOSITE.get(change.kind, change.kind),
        differences=tuple(
            replace(difference, recorded=difference.current, current=difference.recorded)
            for difference in change.differences
        ),
        recorded_row=change.current_row,
        current_row=change.recorded_row,
    )


def _each(is_one: Callable[[Change], bool]) -> Finds:
    """Where each change tells by itself whether it is of the kind."""
    return lambda changes, _: filter(is_one, changes)


def _values(change: Change) -> dict[str, tuple[Any, Any]]:
    """What differs: the values before and after Keras' change, by path."""
    return {
        difference.path: (difference.recorded, difference.current)
        for difference in change.differences
    }


def _layer_type(change: Change) -> str:
    row = change.current_row or change.recorded_row
    return row.layer_type if row else ""


# --- MobileNetV3 ------------------------------------------------------------------------------


def _mobilenet_v3(changes: Sequence[Change], _: LayerTable) -> list[Change]:
    """``x * (relu6(x + 3) * (1 / 6))`` is four rows in Keras 2; the sum's place is the activation's."""
    removed = {
        change.layer: row
        for change in changes
        if change.kind == "removed" and (row := change.recorded_row)
    }
    found, parts = [], set()
    for change in changes:
        if _is_hard_swish(change) and (rest := _rest_of_hard_swish(change, removed)):
            found.append(change)
            parts.update(rest)
    if not found:
        return []
    return [
        change
        for change in changes
        if change in found
        or (change.kind == "removed" and change.layer in parts)
        or _is_mobilenet_name(change)
    ]


def _is_hard_swish(change: Change) -> bool:
    """Whether a sum with 3 became the activation, and nothing else is different about the row."""
    before, after = change.recorded_row, change.current_row
    return (
        before is not None
        and after is not None
        and (before.layer_type, after.layer_type) == ("op:add", "Activation")
        and before.attributes == {"x2": 3}
        and after.attributes == {"activation": "hard_silu"}
        and _values(change).keys() <= _OF_ANOTHER_TYPE
    )


#: What differs between any operation and any layer that take and give the same.
_OF_ANOTHER_TYPE: Final = frozenset(
    {"layer_type", "activation_function", "dtype", "layer_name", "x2", "activation"}
)


def _rest_of_hard_swish(change: Change, removed: Mapping[str, Layer]) -> list[str]:
    """The three rows that follow the sum; nothing where they are not all there."""
    row = change.recorded_row
    chain: list[str] = []
    for is_next in (_is_relu6, _is_sixth, _is_product):
        last = row.layer_name if row else ""
        row = next(
            (
                other
                for other in removed.values()
                if is_next(other) and any(last in call for call in other.calls)
            ),
            None,
        )
        if row is None:
            return []
        chain.append(row.layer_name)
    return chain


def _is_relu6(row: Layer) -> bool:
    return row.layer_type == "ReLU" and row.attributes.get("max_value") == 6


def _is_sixth(row: Layer) -> bool:
    return row.layer_type == "op:multiply" and row.attributes == {"x2": 1 / 6}


def _is_product(row: Layer) -> bool:
    return row.layer_type == "Multiply" and len(row.calls) == 1 and len(row.calls[0]) == 2


def _is_mobilenet_name(change: Change) -> bool:
    """``expanded_conv/squeeze_excite/AvgPool`` became ``expanded_conv_squeeze_excite_avg_pool``."""
    if change.kind != "renamed" or change.recorded_layer is None:
        return False
    names = {_plain(change.layer), _plain(change.recorded_layer)}
    return len(names) == 1


def _plain(name: str) -> str:
    return name.lower().replace("batchnorm", "bn").replace("avgpool", "avg_pool")


# --- NASNetMobile -----------------------------------------------------------------------------

#: How many layers of each type NASNetMobile has more for a known size than for an unknown one.
_OF_KNOWN_SIZE: Final = {
    "Activation": 1,
    "AveragePooling2D": 8,
    "BatchNormalization": 1,
    "Concatenate": 4,
    "Conv2D": 5,
    "Cropping2D": 4,
    "ZeroPadding2D": 4,
}


def _nasnet_mobile(changes: Sequence[Change], after: LayerTable) -> list[Change]:
    """The input got a size, and with it what depends on the sizes of branches being equal."""
    is_nasnet = any(row.layer_name == "reduction_concat_stem_1" for row in after)
    if not is_nasnet or not any(map(_is_size_of_input, changes)):
        return []
    layers = [change for change in changes if change.kind in ("added", "removed")]
    more = Counter(_layer_type(change) for change in layers if change.kind == "added")
    more.subtract(_layer_type(change) for change in layers if change.kind == "removed")
    found = layers if {key: count for key, count in more.items() if count} == _OF_KNOWN_SIZE else []
    return [*found, *filter(_is_known_size, changes)]


def _is_size_of_input(change: Change) -> bool:
    return _layer_type(change) == "InputLayer" and _values(change).get("output_shape") == (
        "(None, None, None, 3)",
        "(None, 224, 224, 3)",
    )


def _is_known_size(change: Change) -> bool:
    """Whether sizes became known and channels stayed; edges and paddings follow from sizes."""
    values = _values(change)
    if _layer_type(change) == "Activation" and _is_between_blocks(values):
        return values.keys() <= {"inbound_layers", "input_shape", "output_shape"}
    follows = {"inbound_layers", *(["padding"] if _layer_type(change) == "ZeroPadding2D" else [])}
    shapes = [pair for path, pair in values.items() if path in ("input_shape", "output_shape")]
    return (
        bool(shapes)
        and values.keys() <= {"input_shape", "output_shape", *follows}
        and all(re.sub(r"\b\d+, (?=.*?\))", "None, ", now) == before for before, now in shapes)
    )


def _is_between_blocks(values: dict[str, tuple[Any, Any]]) -> bool:
    """Whether a row took the end of one block of NASNet, and now takes that of another."""
    ends = [feed for feeds in values.get("inbound_layers", ()) for feed in feeds]
    return len(ends) == 2 and all(
        re.fullmatch(r"(normal|reduction)_concat_\w+", str(end)) for end in ends
    )


# --- others -----------------------------------------------------------------------------------


def _spreading(starts: Callable[[Layer, Layer], bool]) -> Finds:
    """Layers that give another shape, and all rows that differ for no reason but these."""

    def find(changes: Sequence[Change], table: LayerTable) -> list[Change]:
        changed = {change.current_row.layer_name for change in changes if change.current_row}
        found: list[Change] = []
        reached: set[str] = set()
        for change in changes:
            before, after = change.recorded_row, change.current_row
            if not before or not after or not change.categories <= {"shape", "parameters"}:
                continue
            feeds = {Reference.parse(feed).path for call in after.calls for feed in call}
            causes = feeds & changed
            if (causes and causes <= reached) or starts(before, after):
                found.append(change)
                reached.add(after.layer_name)
        return found

    return find


def _is_rescaling(before: Layer, after: Layer) -> bool:
    return (
        before.layer_type == "Rescaling"
        and before.input_shape == after.input_shape
        and isinstance(before.attributes.get("scale"), list)
        and _is_one_channel(before.output_shape, after.output_shape)
    )


def _is_one_channel(before: str, after: str) -> bool:
    """Whether two shapes differ in their channels alone, which have become one."""
    *sizes, _ = before.strip("()").split(", ")
    return after == f"({', '.join([*sizes, '1'])})"


def _is_einsum(before: Layer, after: Layer) -> bool:
    """Sizes that were inferred are none that are known."""
    sizes = zip(before.output_shape.split(", "), after.output_shape.split(", "), strict=False)
    return (
        before.layer_type == "EinsumDense"
        and before.input_shape == after.input_shape
        and before.output_shape.count(",") == after.output_shape.count(",")
        and all(now in (size, "None") for size, now in sizes)
    )


def _is_discretization(before: Layer, after: Layer) -> bool:
    """The shape of the numbers is given for that of their encoding."""
    return (
        before.layer_type == "Discretization"
        and before.input_shape == after.input_shape == after.output_shape
    )


def _is_first_embedding(before: Layer, after: Layer) -> bool:
    """The first layer of a Sequential, which was built for sequences of any length."""
    return (
        before.layer_type == "Embedding"
        and not before.is_fed
        and before.input_shape == "(None, None)"
        and after.input_shape.count(",") == 1
    )


def _is_activation_without_weights(change: Change) -> bool:
    before, after = change.recorded_row, change.current_row
    return (
        before is not None
        and after is not None
        and _values(change).keys() <= {"parameters", "trainable_parameters", "weight_shapes"}
        and isinstance(after.attributes.get("activation"), dict)
        and after.attributes["activation"].get("class_name") == "PReLU"
        and json.loads(before.weight_shapes)[:-1] == json.loads(after.weight_shapes)
    )


def _is_scaling_operation(change: Change) -> bool:
    """A Rescaling became a multiplication by the same factors, in single precision."""
    before, after = change.recorded_row, change.current_row
    if not before or not after or not _values(change).keys() <= _OF_SCALING:
        return False
    scale, factors = before.attributes.get("scale"), after.attributes.get("x2")
    while isinstance(factors, list) and len(factors) == 1:
        factors = factors[0]
    return (
        (before.layer_type, after.layer_type) == ("Rescaling", "op:multiply")
        and before.attributes.get("offset") == 0
        and isinstance(scale, list)
        and isinstance(factors, list)
        and len(scale) == len(factors)
        and all(map(partial(math.isclose, rel_tol=1e-6), scale, factors))
    )


#: What differs between a Rescaling and an operation that takes and gives the same.
_OF_SCALING: Final = frozenset({"layer_type", "dtype", "layer_name", "scale", "offset", "x2"})


def _is_attention_scores(change: Change) -> bool:
    """The scores of a query for each value, ``(N, heads, T, S)``, became ``(N, heads, T, T)``."""
    values = _values(change)
    if _layer_type(change) != "MultiHeadAttention" or values.keys() != {"output_shape"}:
        return False
    before, after = (
        re.fullmatch(r"(\[.*, \(\w+, \w+, )(\w+), (\w+)(\)\])", text)
        for text in values["output_shape"]
    )
    if not before or not after or before.group(1, 2, 4) != after.group(1, 2, 4):
        return False
    return before[3] != after[3] == after[2]


def _is_convlstm_activation(change: Change) -> bool:
    is_convlstm = re.fullmatch(r"ConvLSTM\dD", _layer_type(change)) is not None
    return is_convlstm and _values(change) == {"recurrent_activation": ("hard_sigmoid", "sigmoid")}


def _is_int4_layout(change: Change) -> bool:
    """Weights in blocks, each with its own scale; what the layer computes is set by other keys."""
    before, after = change.recorded_row, change.current_row
    return (
        before is not None
        and after is not None
        and before.dtype.startswith("int4_from_")
        and after.dtype.startswith("int4/")
        and before.dtype.rpartition("_from_")[2] == after.dtype.rpartition("_from_")[2]
        and all(
            path in ("dtype", "parameters", "weight_shapes")
            or path.startswith("quantization_config")
            for path in _values(change)
        )
    )


def _cells(changes: Sequence[Change], after: LayerTable) -> list[Change]:
    """Rows below an RNN that have lost all weights, and perhaps shapes, and nothing else."""
    networks = {row.layer_name for row in after if row.layer_type in ("RNN", "StackedRNNCells")}
    return [
        change
        for change in changes
        if any(change.layer.startswith(f"{network}/") for network in networks)
        and change.current_row is not None
        and change.current_row.weight_shapes == "[]"
        and all(
            now in ([], 0, "")
            for path, (_, now) in _values(change).items()
            if path != "is_trainable"
        )
    ]


#: An explicit flag in the calls of a layer, alone and beside other arguments.
_FLAG: Final = {"training": False}


def _is_overridden_flag(change: Change) -> bool:
    """A False that was given and is no longer recorded, because it would say nothing."""
    return bool(change.differences) and all(
        difference.current is ABSENT
        and (
            (difference.path == "call_arguments" and _are_flags(difference.recorded))
            or (difference.path == "call_arguments.training" and difference.recorded is False)
        )
        for difference in change.differences
    )


def _are_flags(arguments: Any) -> bool:
    """Whether the one call of a layer, or some of its calls, are given the flag and nothing else."""
    calls = arguments if isinstance(arguments, list) else [arguments]
    return all(call in (_FLAG, {}) for call in calls)


# --- numbers ----------------------------------------------------------------------------------


def _is_cubic(change: Change) -> bool:
    row = change.current_row
    return row is not None and row.attributes.get("interpolation") == "bicubic"


def _is_median(change: Change) -> bool:
    return _layer_type(change) == "op:median"


def _is_loss_of_activity(change: Change) -> bool:
    """Whether nothing but the loss of a row differs, which regularizes what it gives."""
    row = change.current_row
    return (
        row is not None
        and (row.layer_type == "ActivityRegularization" or "activity_regularizer" in row.attributes)
        and all("losses" in difference.path for difference in change.differences)
    )


def _computes_hard_sigmoid(change: Change) -> bool:
    """Whether a row, or a layer that it wraps, has the activation."""
    row = change.current_row
    return row is not None and '"hard_sigmoid"' in row.layer_attributes


def _is_transposed(change: Change) -> bool:
    row = change.current_row
    return (
        row is not None
        and re.fullmatch(r"Conv\dDTranspose", row.layer_type) is not None
        and row.attributes.get("padding") == "same"
    )


KNOWN_CHANGES: Final = (
    KnownChange(
        "Keras 3 builds the hard-swish of MobileNetV3 as one activation (Keras 2: four operations) and"
        " names its layers without slashes and capitals; its weighted layers are the same",
        "keras-team/keras, applications/mobilenet_v3.py, 2.15 and 3.0",
        (3, 0),
        _mobilenet_v3,
    ),
    KnownChange(
        "Keras 3 builds NASNetMobile without top for images of 224 × 224 where no input_shape is given"
        " (Keras 2: of any size, which is another network)",
        "keras-team/keras, applications/nasnet.py, 2.15 and 3.0",
        (3, 0),
        _nasnet_mobile,
    ),
    KnownChange(
        "tf_keras scales the images of EfficientNet with the weights of ImageNet by an operation (Keras 2"
        " and 3: by a Rescaling of the same factors)",
        "keras-team/tf-keras, applications/efficientnet.py, 2.21",
        (2, 16),
        _each(_is_scaling_operation),
        until=(3, 0),
    ),
    KnownChange(
        "Keras 3.11 takes it that a Rescaling by several factors gives one channel, as in EfficientNet"
        " with the weights of ImageNet",
        "keras-team/keras#21529, #21692",
        (3, 11),
        _spreading(_is_rescaling),
        until=(3, 12),
    ),
    KnownChange(
        "Keras 3 infers the shape of MultiHeadAttention's scores from the query alone",
        "keras-team/keras#19303",
        (3, 0),
        _each(_is_attention_scores),
    ),
    KnownChange(
        "Keras 3 has sigmoid for the default recurrent_activation of ConvLSTM (Keras 2: hard_sigmoid)",
        "keras-team/keras, layers/rnn/conv_lstm.py, 2.15 and 3.0",
        (3, 0),
        _each(_is_convlstm_activation),
    ),
    KnownChange(
        "Keras 3 leaves layers inside a cell of an RNN without weights until the first call with data,"
        " where the cell does not build them",
        "keras-team/keras, layers/rnn/rnn.py, 2.15 and 3.0",
        (3, 0),
        _cells,
    ),
    KnownChange(
        "Keras 3 takes the output_shape of an EinsumDense as it is written (Keras 2: infers what it leaves"
        " open)",
        "keras-team/keras, layers/core/einsum_dense.py, 2.15 and 3.0",
        (3, 0),
        _spreading(_is_einsum),
    ),
    KnownChange(
        "Keras 3 builds a Sequential that begins with an Embedding for the shape that it is given (Keras 2:"
        " for sequences of any length)",
        "keras-team/keras, layers/core/embedding.py, 2.15 and 3.0",
        (3, 0),
        _spreading(_is_first_embedding),
    ),
    KnownChange(
        "Keras 3 lists no weights of a PReLU that is given as the activation of another layer",
        "keras-team/keras, layers/core/dense.py, 2.15 and 3.0",
        (3, 0),
        _each(_is_activation_without_weights),
    ),
    KnownChange(
        "Keras 3.0 to 3.13 give a Discretization that encodes the shape of its input",
        "keras-team/keras#22044, #22048",
        (3, 0),
        _spreading(_is_discretization),
        until=(3, 14),
    ),
    KnownChange(
        "Keras 3.14 stores int4 weights in blocks, each with its own scale",
        "keras-team/keras, layers/core/dense.py, 3.13 and 3.14",
        (3, 14),
        _each(_is_int4_layout),
    ),
    KnownChange(
        "Keras 3 overrides training=False in the call of a layer by the flag of the model, and does not"
        " tell it from the default of Dropout and others",
        "keras-team/keras#20285",
        (3, 0),
        _each(_is_overridden_flag),
    ),
    KnownChange(
        "Keras 3.0 to 3.9 do not tell training=False in the call of a layer from its default where the"
        " layer takes masks, either, as LSTM does",
        "keras-team/keras#21204",
        (3, 0),
        _each(_is_overridden_flag),
        until=(3, 10),
    ),
    KnownChange(
        "hard_sigmoid is relu6(x + 3) / 6 in Keras 3 (Keras 2: 0.2 x + 0.5, cut at 0 and 1)",
        "keras-team/keras#19477",
        (3, 0),
        _each(_computes_hard_sigmoid),
        numeric=True,
    ),
    KnownChange(
        'Keras before 3.15 shifts what a transposed convolution with padding="same" gives on PyTorch by a'
        " pixel, with many sizes of kernels and strides",
        "keras-team/keras#22876",
        (3, 0),
        _each(_is_transposed),
        until=(3, 15),
        backends=frozenset({"torch"}),
        numeric=True,
    ),
    KnownChange(
        "PyTorch interpolates with another cubic function than TensorFlow (a = -0.75, not -0.5)",
        "keras-team/keras, backend/torch/image.py and backend/tensorflow/image.py, 3.15",
        (3, 0),
        _each(_is_cubic),
        backends=frozenset({"torch"}),
        numeric=True,
    ),
    KnownChange(
        "Keras 3.0 to 3.13 do not divide the loss of an activity_regularizer by the size of the batch",
        "keras-team/keras#22018, #22021",
        (3, 0),
        _each(_is_loss_of_activity),
        until=(3, 14),
        numeric=True,
    ),
    KnownChange(
        "Keras before 3.15 takes the lower one of two medians on PyTorch, not their mean",
        "keras-team/keras#23013",
        (3, 0),
        _each(_is_median),
        until=(3, 15),
        backends=frozenset({"torch"}),
        numeric=True,
    ),
)
