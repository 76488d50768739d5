"""The dtypes in a row: policies at every depth, and those of weights."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pytest_layersnap.extract import kept, names
from pytest_layersnap.extract.reader import Reader, is_a, is_built_in
from pytest_layersnap.extract.rules import lookups

_COUNTER = re.compile(r"_\d+\Z")

#: What Keras chooses where nobody chose another.
_USUAL = "float32"


def of_row(reader: Reader, operation: Any) -> str:
    """The dtype policy of a layer that computes; the tensor's dtype of an input.

    Of a lookup where it gives other than integers or texts, and not the usual float.
    """
    if reader.is_operation(operation) or is_a(operation, "Model"):
        return ""
    if is_a(operation, "InputLayer"):
        return name(operation.dtype)
    dtype = policy(operation)
    if type(operation).__name__ in lookups.LOOKUPS:
        indices = getattr(operation, "output_mode", "int") == "int"
        return "" if indices or dtype == _USUAL else dtype
    return dtype


def name(dtype: Any) -> str:
    """The name of a dtype, given as such, by its name, or as a backend's own."""
    return str(getattr(dtype, "name", dtype)).removeprefix("torch.")


def policy(layer: Any) -> str:
    """The name of a layer's policy; where it is a map, or has no name, of what it says of this layer."""
    found = getattr(layer, "dtype_policy", None)
    own = getattr(found, "name", "")
    # A map takes the names of its policies away for good where it is asked for its config.
    if own is not None and not is_a(found, "DTypePolicyMap"):
        return str(own)
    made, kept = layer.compute_dtype, layer.variable_dtype
    quantized = f"{layer.quantization_mode}_from_" if layer.quantization_mode else ""
    return quantized + (made if made == kept else f"mixed_{made}")


def is_uncast(reader: Reader, layer: Any) -> bool:
    """Whether somebody told a layer not to cast what it is given to its dtype, which no config says."""
    if reader.is_operation(layer) or reader.autocast(layer):
        return False
    kind: Any = type(layer)
    is_graph = is_a(layer, "Functional") or is_a(layer, "Sequential")
    return not (is_graph or kept.is_decided(kind, "autocast"))


def inside(
    reader: Reader,
    children: Callable[[Any], list[Any]],
    layer: Any,
    around: str,
    prefix: str = "",
) -> dict[str, str]:
    """The policies of the layers inside one of Keras' own that differ from the policy around them.

    Args:
        reader: of the generation of the layer.
        children: gives the layers that a layer holds.
        layer: the layer whose config tells what is inside; what has rows of its own is left out.
        around: the name of its policy.
        prefix: where it is.

    Returns:
        Policies, and whether inputs are not cast to them, by the names of layers, without the counters
        that Keras appends to them.
    """
    if not is_built_in(layer) or is_a(layer, "Model") or type(layer).__name__ in lookups.LOOKUPS:
        return {}
    members = children(layer)
    places = names.told_apart([_COUNTER.sub("", str(member.name)) for member in members])
    found = {}
    for place, member in zip(places, members, strict=True):
        if is_a(member, "Model") or (not is_built_in(member) and children(member)):
            continue
        own = policy(member)
        if is_uncast(reader, member):
            found[prefix + place] = f"{own} without autocast"
        elif own != around:
            found[prefix + place] = own
        found |= inside(reader, children, member, own, f"{prefix}{place}/")
    return found


def of_weights(layer: Any, weights: list[Any], *, mixed: bool) -> list[str]:
    """The dtypes of weights where the policy does not say them.

    That is in layers that somebody wrote, and in ``mixed`` ones of Keras: those with other policies inside.
    The default integer is 32 bits wide on some backends and 64 on others: integers of both are ``int``.
    """
    if not weights or (is_built_in(layer) and not mixed):
        return []
    dtypes = [_of_any_width(name(weight.dtype)) for weight in weights]
    expected = getattr(getattr(layer, "dtype_policy", None), "variable_dtype", None)
    return [] if set(dtypes) == {_of_any_width(name(expected))} else dtypes


def _of_any_width(dtype: str) -> str:
    return "int" if dtype in ("int32", "int64") else dtype
