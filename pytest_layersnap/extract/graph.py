"""The graph of a functional model, in the canonical order of its rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any

from pytest_layersnap.extract.operations import operation_name
from pytest_layersnap.extract.reader import (
    Call,
    Reader,
    Source,
    dtype_name,
    flatten,
    labelled,
)
from pytest_layersnap.extract.signatures import remembered


@dataclass(frozen=True, slots=True)
class BoundCall:
    """One call: its arguments by name, in the order of the callable's signature, and as it was recorded."""

    arguments: dict[str, Any]
    defaults: dict[str, Any]
    outputs: list[Any]
    recorded: Call


@dataclass(slots=True)
class Graph:
    """Operations in row order, the calls of each, and what goes in and out.

    ``calls`` is keyed by the id of the operation; ``call_numbers`` maps an operation's id and Keras'
    index of a call to the place of that call in ``calls``.
    """

    operations: list[Any] = field(default_factory=list)
    calls: dict[int, list[BoundCall]] = field(default_factory=dict)
    call_numbers: dict[tuple[int, int], int] = field(default_factory=dict)
    inputs: list[tuple[str, Source]] = field(default_factory=list)
    outputs: list[tuple[str, Source]] = field(default_factory=list)


def read_graph(reader: Reader, functional: Any) -> Graph:
    """The graph that a model's outputs depend on.

    Operations come in the order of Keras' own ``layers`` (distance from the outputs, ties by the
    order in which a walk from the outputs meets them), worked out anew so that it depends on the
    structure alone: masks that Keras passes on by itself are no part of the walk.
    """
    nodes = {}
    numbers: dict[int, int] = {}
    for node in reader.nodes(functional):
        operation = reader.node_operation(node)
        nodes[id(operation), reader.call_number(node)] = node
        numbers.setdefault(id(operation), len(numbers))
    parameters = remembered(_parameters)
    bound = {
        key: _bind(reader, reader.node_operation(node), reader.call(node), parameters)
        for key, node in nodes.items()
    }
    if casts := dict(_casts(reader, nodes, bound)):
        bound = {
            key: _without_casts(reader, reader.node_operation(nodes[key]), call, casts)
            for key, call in bound.items()
        }
    inputs = [
        (label, reader.source(tensor)) for label, tensor in labelled(reader.inputs(functional))
    ]
    outputs = [
        (label, reader.source(tensor)) for label, tensor in labelled(reader.outputs(functional))
    ]
    feeds = {
        key: [
            ((id(source.operation), source.call), source.output)
            for source in map(reader.source, tensors(reader, call.arguments))
            if (id(source.operation), source.call) in nodes
        ]
        for key, call in bound.items()
    }
    parents = {key: [parent for parent, _ in found] for key, found in feeds.items()}
    roots = [(id(source.operation), source.call) for _, source in (*outputs, *inputs)]
    # Layers of add_loss and add_metric (Keras 2) are in the model but feed no output.
    roots += [
        key for key, node in nodes.items() if not reader.is_operation(reader.node_operation(node))
    ]
    first_met, finished = _walk(roots, parents)
    entries = [id(source.operation) for _, source in inputs]
    order = _order(first_met, finished, parents, entries)

    graph = Graph(inputs=inputs, outputs=outputs)
    by_id = {key[0]: reader.node_operation(node) for key, node in nodes.items()}
    graph.operations = [by_id[key] for key in order]
    for key in _call_order(finished, feeds, entries):
        calls = graph.calls.setdefault(key[0], [])
        graph.call_numbers[key] = len(calls)
        calls.append(bound[key])
    return graph


def tensors(reader: Reader, arguments: dict[str, Any]) -> list[Any]:
    """The tensors among a call's arguments, in argument order."""
    return [
        leaf for value in arguments.values() for leaf in flatten(value) if reader.is_tensor(leaf)
    ]


@dataclass(frozen=True, slots=True)
class _Parameters:
    """What a function takes: its signature, the defaults in it, and the name of its ``**kwargs``."""

    signature: inspect.Signature
    defaults: dict[str, Any]
    others: str | None


def _parameters(function: Callable[..., Any]) -> _Parameters:
    signature = inspect.signature(function)
    every = signature.parameters.values()
    return _Parameters(
        signature,
        {one.name: one.default for one in every if one.default is not one.empty},
        next((one.name for one in every if one.kind is one.VAR_KEYWORD), None),
    )


def _bind(
    reader: Reader, operation: Any, call: Call, parameters_of: Callable[[Any], _Parameters]
) -> BoundCall:
    """Give arguments their names, so that ``f(x, key=k)`` and ``f(x, k)`` are the same call."""
    is_operation = reader.is_operation(operation)
    function = reader.operation_call(operation)[1] if is_operation else operation.call
    try:
        parameters = parameters_of(function)
        arguments = dict(parameters.signature.bind_partial(*call.args, **call.kwargs).arguments)
    except (TypeError, ValueError):
        positional = {f"argument_{index}": value for index, value in enumerate(call.args)}
        return BoundCall({**positional, **call.kwargs}, {}, call.outputs, call)
    if parameters.others in arguments:
        arguments.update(arguments.pop(parameters.others))
    defaults = parameters.defaults
    if not is_operation:
        for name in list(reader.filled_in(arguments, defaults)):
            arguments.pop(name, None)
    return BoundCall(arguments, defaults, call.outputs, call)


_Key = tuple[int, int]


def _casts(
    reader: Reader, nodes: Mapping[_Key, Any], calls: Mapping[_Key, BoundCall]
) -> Iterator[tuple[_Key, Any]]:
    """The calls of operations that cast floats, and what they cast."""
    for key, node in nodes.items():
        operation = reader.node_operation(node)
        if not reader.is_operation(operation):
            continue
        if operation_name(reader.operation_call(operation)[0]) == "op:cast":
            (given,) = tensors(reader, calls[key].arguments)
            if "float" in dtype_name(given):
                yield key, given


def _without_casts(
    reader: Reader, operation: Any, call: BoundCall, casts: Mapping[_Key, Any]
) -> BoundCall:
    """The call of a layer with what was cast for it as it was before, where the layer casts so itself.

    Keras 3.5 to 3.9 put an operation into the graph for each such cast of a layer. It stays where it loses
    a mask, as theirs do, too: without one the layer computes something else.
    """
    dtype = None if reader.is_operation(operation) else reader.casts_to(operation)
    if dtype is None:
        return call

    def uncast(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: uncast(item) for key, item in value.items()}
        if isinstance(value, (list, tuple)):
            return [uncast(item) for item in value]
        if not reader.is_tensor(value) or dtype_name(value) != dtype:
            return value
        source = reader.source(value)
        given = casts.get((id(source.operation), source.call), value)
        return given if reader.mask_of(given) is reader.mask_of(value) else value

    return replace(call, arguments={name: uncast(item) for name, item in call.arguments.items()})


def _walk(
    roots: Iterable[_Key], parents: dict[_Key, list[_Key]]
) -> tuple[dict[int, int], list[_Key]]:
    """Walk from the outputs: when each operation is first met, and the order in which calls finish.

    Iterative, because networks are deeper than Python's stack.
    """
    first_met: dict[int, int] = {}
    finished: dict[_Key, None] = {}
    started: set[_Key] = set()
    for root in roots:
        stack = [root] if root in parents else []
        while stack:
            key = stack[-1]
            if key in finished:
                stack.pop()
            elif key in started:
                finished[key] = None
                stack.pop()
            else:
                started.add(key)
                first_met.setdefault(key[0], len(first_met))
                stack.extend(parent for parent in reversed(parents[key]) if parent not in started)
    return first_met, list(finished)


def _call_order(
    finished: list[_Key], feeds: dict[_Key, list[tuple[_Key, int]]], inputs: list[int]
) -> list[_Key]:
    """Calls by the input of the model that they begin at, their distance from it, and what feeds them.

    Numbered from there, the calls of a shared layer keep their numbers when what they feed changes:
    swapping the inputs of a difference is seen at the difference.
    """
    places = {operation: place for place, operation in enumerate(inputs)}
    begins: dict[_Key, int] = {}
    levels: dict[_Key, int] = {}
    for key in finished:
        above = [parent for parent, _ in feeds[key]]
        own = places.get(key[0], len(places))
        begins[key] = min((begins[parent] for parent in above), default=own)
        levels[key] = 1 + max((levels[parent] for parent in above), default=-1)
    ranks: dict[_Key, int] = {}

    def origin(key: _Key) -> tuple[Any, ...]:
        return begins[key], *((ranks[parent], output) for parent, output in feeds[key])

    for _, level in groupby(sorted(finished, key=levels.__getitem__), key=levels.__getitem__):
        for _, equal in groupby(sorted(level, key=origin), key=origin):
            ranks.update(dict.fromkeys(equal, len(ranks)))
    return sorted(ranks, key=lambda key: (begins[key], levels[key], ranks[key]))


def _order(
    first_met: dict[int, int],
    finished: list[_Key],
    parents: dict[_Key, list[_Key]],
    inputs: list[int],
) -> list[int]:
    """Operations by distance from the outputs; what feeds nothing comes last, inputs of that kind first."""
    depths: dict[_Key, int] = {}
    operation_depths: dict[int, int] = {}
    for key in reversed(finished):
        depth = max(depths.get(key, 0), operation_depths.get(key[0], 0))
        depths[key] = operation_depths[key[0]] = depth
        for parent in parents[key]:
            depths[parent] = max(depth + 1, depths.get(parent, 0))
    used = {parent[0] for key in finished for parent in parents[key]}
    unused_inputs = {key for key in inputs if key not in used}
    return sorted(
        operation_depths,
        key=lambda key: (-operation_depths[key], key not in unused_inputs, first_met[key]),
    )
