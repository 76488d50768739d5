"""The shapes that go into and come out of rows."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract import canonical, readable
from pytest_layersnap.extract.graph import BoundCall, tensors
from pytest_layersnap.extract.reader import Reader, flatten, is_a
from pytest_layersnap.extract.walk import Walk, functional_of


def shape_of(tensor: Any) -> Any:
    """The sizes of a tensor; ``"unknown"`` where not even its rank is known."""
    shape = getattr(tensor, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return "unknown"
    return tuple([None if size is None else int(size) for size in shape])


def call_shapes(reader: Reader, operation: Any, call: BoundCall) -> tuple[Any, Any]:
    """The shapes that go into and come out of one call."""
    given: Any = tensors(reader, call.arguments)
    first = next((value for value in call.arguments.values() if flatten(value)), None)
    if isinstance(first, dict) and len(flatten(first)) == len(given):
        given = {key: first[key] for key in sorted(first, key=str)}
    elif len(given) == 1:
        given = given[0]
    outputs: Any = call.outputs[0] if len(call.outputs) == 1 else list(call.outputs)
    if is_a(operation, "InputLayer"):
        given = outputs
    return _map_shapes(reader, given), _map_shapes(reader, outputs)


def _map_shapes(reader: Reader, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _map_shapes(reader, item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not reader.is_tensor(value):
        return [_map_shapes(reader, item) for item in value]
    return shape_of(value)


def as_text(pairs: list[tuple[Any, Any]]) -> tuple[str, str]:
    """``input_shape`` and ``output_shape``; calls of different shapes are set apart by ``|``."""
    ins = dict.fromkeys(readable.shape_text(given) for given, _ in pairs if given is not None)
    outs = dict.fromkeys(readable.shape_text(made) for _, made in pairs if made is not None)
    return " | ".join(ins), " | ".join(outs)


def own_shapes(walk: Walk, layer: Any) -> tuple[Any, Any]:
    """The shapes of a layer whose calls are not known: a model with a graph says them itself."""
    functional = functional_of(walk.reader, layer)
    if functional is None or is_a(layer, "Sequential"):
        return None, None
    ends = (walk.reader.inputs(functional), walk.reader.outputs(functional))
    given, made = (_map_shapes(walk.reader, _only(end)) for end in ends)
    return given, made


def built_rank(layer: Any) -> int | None:
    """The rank of what a layer was built for."""
    try:
        given = canonical.value((layer.get_build_config() or {}).get("input_shape"))
    except Exception:  # an operation has none, and a layer of the user's may refuse
        return None
    return None if given is None else rank_of(_as_shape(given))


def _only(end: Any) -> Any:
    return end[0] if isinstance(end, (list, tuple)) and len(end) == 1 else end


def _as_shape(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: _as_shape(item) for key, item in plain.items()}
    if isinstance(plain, list) and not all(item is None or isinstance(item, int) for item in plain):
        return [_as_shape(item) for item in plain]
    return tuple(plain)


def rank_of(given: Any) -> int | None:
    """The rank of what a layer takes in, where all that it takes has one."""
    shapes = given if isinstance(given, list) else [given]
    ranks = {len(shape) if isinstance(shape, tuple) else None for shape in shapes}
    return ranks.pop() if len(ranks) == 1 else None
