"""The rows of a layer table: a walk over a model and all that is nested in it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_layersnap.extract import (
    addresses,
    arguments,
    canonical,
    dtypes,
    masking,
    names,
    operations,
    owners,
    readable,
    shapes,
)
from pytest_layersnap.extract.graph import BoundCall, Graph, tensors
from pytest_layersnap.extract.inside import Inside, Told
from pytest_layersnap.extract.reader import (
    Call,
    Reader,
    Source,
    flatten,
    has_call,
    is_a,
    is_built_in,
)
from pytest_layersnap.extract.traced import (
    LOOP,
    UNKNOWN,
    WITHOUT_CLASS,
    NotTraced,
    is_wrapper,
    trace,
)
from pytest_layersnap.extract.walk import (
    Calls,
    Walk,
    has_lost_its_class,
    is_around_a_loop,
    is_open,
    listed_below,
    members_of,
)
from pytest_layersnap.references import Reference, parent
from pytest_layersnap.table import SAVED_ORDER, UNKNOWN_EDGES, Layer


def rows(reader: Reader, model: Any, name: str | None) -> tuple[list[Layer], Calls]:
    """The rows of a built model, in canonical order, and the calls of each.

    Args:
        reader: the reader of the generation.
        model: the model.
        name: what the rows call it; None for its own name.

    Raises:
        ModelError: they do not add up to what Keras says of the model's weights.
    """
    # Keras 2 lists vocabularies among the weights, without a shape; Keras 3 does not.
    counted = {id(weight): weight for weight in model.weights if hasattr(weight, "shape")}
    walk = Walk(reader, "", counted, frozenset(map(id, model.trainable_weights)))
    kept = walk.all_weights(model)
    lacking = (key for key in counted if key not in kept)
    if missing := {
        key: counted[key] for key in lacking if owners.size(owners.weight_shape(counted[key]))
    }:
        # A metric is no part of an architecture, though Keras 2 counts its state.
        for weight in reader.metric_weights(model):
            counted.pop(id(weight), None)
            missing.pop(id(weight), None)
        walk.adopt(model, missing)
        walk.weights.clear()
    stem = _stem(reader, model)
    above = names.spellings([_named(reader, model)], [stem])
    path = stem or names.model_name(model.name, lambda: _names_below(walk, model))
    walk.model_name = path if name is None else name
    itself = Place(model, path, bool(model.trainable))
    has_graph = walk.graph_of(model) is not None
    if not has_graph:
        _trace(walk, itself, [[call] for call in reader.built_with(model)])
    places = list(_level(walk, itself, prefix="", above=above))
    if not has_graph:
        # Its row stands beside those of its layers, which refer to it as to what it was given.
        beside = [place.path for place in places if parent(place.path) is None]
        itself.path = names.told_apart([*beside, path])[-1]
        if itself.below:
            itself.below.begin(itself.path)
            outputs = itself.below.outputs()
            members = (place.operation for place in places if place.container is model)
            uncalled = (not itself.below.is_called(member) for member in members)
            # As in a graph: said where the rows that feed no other do not tell.
            if len(outputs) > 1 or itself.below.returns(model) or any(uncalled):
                itself.mark["model_output"] = outputs
    below = [_row(walk, place) for place in places]
    first = _row(walk, itself)
    owners.require_sum(walk, model)
    if walk.borrowed:
        below = [_with_owners(walk, row) for row in below]
    if has_graph:
        # A model that somebody wrote around a graph may hold weights and settings itself.
        if first.weight_shapes == "[]" and not first.attributes:
            return below, walk.calls
        first = replace(first, input_shape="", output_shape="")
    else:
        ways = reader.built_with(model)[:1]
        walk.calls[itself.path] = model, [BoundCall({}, {}, [], call) for call in ways]
    return [first, *below], walk.calls


@dataclass(slots=True)
class Place:
    """A row to be: all rows of a trace have their paths before one of them is written.

    Args:
        operation: the layer or operation.
        path: its path.
        enabled: whether its flag says that it is trained, and those of all around it.
        calls: its calls, where they stand in a graph.
        edges: what feeds them.
        mark: further attributes.
        container: what holds it.
        within: the trace that tells of its calls.
        below: the trace that tells of the calls inside it.
    """

    operation: Any
    path: str
    enabled: bool
    calls: list[BoundCall] = field(default_factory=list)
    edges: str = "[]"
    mark: dict[str, Any] = field(default_factory=dict)
    container: Any = None
    within: Inside | None = None
    below: Inside | None = None


def _trace(walk: Walk, place: Place, ways: list[list[Call]]) -> None:
    """Trace what a layer without a graph calls inside, or say why not.

    Args:
        walk: the walk.
        place: the layer.
        ways: its own calls; several where it is not known which of them they were.
    """
    layer = place.operation
    if not listed_below(walk, layer):
        return
    why = WITHOUT_CLASS if has_lost_its_class(walk, layer) else UNKNOWN
    for calls in filter(None, ways if why == UNKNOWN else ()):
        try:
            found = trace(walk.reader, layer, calls, lambda inner: is_open(walk, inner))
        except NotTraced as error:
            why = str(error)
        else:
            place.below = Inside(found, place.path)
            return
    place.mark = {**place.mark, "not_traced": why}


def _as_given(call: BoundCall) -> Call:
    """A recorded call without what Keras filled in by itself."""
    recorded = call.recorded
    kwargs = {name: item for name, item in recorded.kwargs.items() if name in call.arguments}
    return Call(recorded.args, kwargs, recorded.outputs)


def _with_owners(walk: Walk, row: Layer) -> Layer:
    """A row with the owners of the weights that its calls take as constants, and which those are."""
    found: dict[str, list[list[int]]] = {}
    for place, weight in enumerate(walk.borrowed.get(row.layer_name, ())):
        owner, there = walk.owners[weight]
        found.setdefault(owner, []).append([place, there])
    if not found:
        return row
    owners = sorted(found)
    tied = {"shares_weights_with": owners, "tied_weights": [found[owner] for owner in owners]}
    return replace(row, layer_attributes=_json(row.attributes | tied))


def _level(walk: Walk, around: Place, prefix: str, above: Mapping[str, str]) -> Iterator[Place]:
    """The rows below a container, each followed by the rows of what is nested in it."""
    container = around.operation
    inside = around.below
    # A Sequential that was built by a call inside has the shapes of whatever that call was given.
    graph = None if inside else walk.graph_of(container)
    members = held = members_of(walk, container, graph)
    if inside:
        members = inside.in_order(container, held)
    level = [_named(walk.reader, member, container) for member in members]
    found = names.row_names(level, above, lambda place: _names_below(walk, members[place]))
    paths = {id(member): prefix + name for member, name in zip(members, found, strict=True)}
    spellings = names.spellings(level, names.numbered(level))
    marks = _marks(walk.reader, graph) if graph else {}
    if graph and members and is_a(container, "Sequential"):
        marks.setdefault(id(members[0]), {}).update(_sequential_input(graph, members[0]))
    if graph is None and not is_built_in(container):
        kept_as = addresses.attributes(container)
        marks = {
            id(member): {"attribute": attributes if len(attributes) > 1 else attributes[0]}
            for member, name in zip(members, found, strict=True)
            if (attributes := kept_as.get(id(member), [name])) != [name]
        }
        own_names = dict(zip(map(id, members), found, strict=True))
        if inside and (order := _saved_order(walk, held, own_names)):
            around.mark = {**around.mark, SAVED_ORDER: order}
    for member in members:
        if is_a(member, "Model") and walk.graph_of(member) is None:
            marks.setdefault(id(member), {})["is_model"] = True
    previous: str | None = None
    for operation in members:
        own = around.enabled and bool(getattr(operation, "trainable", True))
        if walk.reader.is_operation(operation):
            own = around.enabled
        place = Place(operation, paths[id(operation)], own, container=container, within=inside)
        place.mark = marks.get(id(operation), {})
        if is_around_a_loop(operation):
            place.mark = {**place.mark, "not_traced": LOOP}
        if graph is not None:
            calls = place.calls = graph.calls.get(id(operation), [])
            place.edges = _edges(walk.reader, graph, operation, paths)
            if is_a(container, "Sequential"):
                place.calls = [_without_settings(walk.reader, call) for call in calls]
            if is_open(walk, operation) and not walk.graph_of(operation):
                _trace(walk, place, [[_as_given(call) for call in calls]])
        elif inside:
            inside.place(container, operation, place.path)
            if is_open(walk, operation):
                place.below = inside
        else:
            place.edges = UNKNOWN_EDGES
            if is_a(container, "Sequential"):
                place.edges = json.dumps([previous] if previous else [], ensure_ascii=False)
            if not has_call(container) and is_open(walk, operation):
                ways = walk.reader.built_with(operation)
                _trace(walk, place, [[call] for call in ways])
        previous = place.path
        yield place
        if walk.children(operation):
            inner = above
            if (spelled := spellings.get(operation.name)) is not None:
                inner = {**above, operation.name: spelled}
            yield from _level(walk, place, f"{place.path}/", inner)


def _saved_order(walk: Walk, held: list[Any], found: dict[int, str]) -> list[str]:
    """The layers with weights as their holder lists them, by name; empty where they are called so.

    Args:
        walk: the walk.
        held: the layers as Keras lists them, and saves their weights.
        found: their names by their ids, in the order of calls.
    """
    saved = [found[id(layer)] for layer in held if walk.all_weights(layer)]
    named = frozenset(saved)
    return [] if saved == [name for name in found.values() if name in named] else saved


def _without_settings(reader: Reader, call: BoundCall) -> BoundCall:
    """A call that a Sequential makes: what it passes besides tensors, nobody gave.

    Keras 3 writes there what the flag was in the call that built it.
    """
    given = call.arguments.items()
    passed = {name: item for name, item in given if any(map(reader.is_tensor, flatten(item)))}
    return replace(call, arguments=passed)


def _sequential_input(graph: Graph, first: Any) -> dict[str, Any]:
    """What the first row of a Sequential says of its input, which has no row.

    Nothing of a dtype that Keras chooses by itself: the usual float, or what the first layer computes.
    """
    (_, source), *_ = graph.inputs
    layer = source.operation
    settings = canonical.attributes_of(layer)
    if (dtype := dtypes.name(layer.dtype)) not in (
        "float32",
        getattr(first, "compute_dtype", None),
    ):
        settings["dtype"] = dtype
    return {"model_input": settings} if settings else {}


def _names_below(walk: Walk, layer: Any) -> dict[str, str]:
    """What is written for the auto names of all that a layer holds, also of what has no row."""
    if walk.reader.is_operation(layer):
        return {}
    members = members_of(walk, layer, walk.graph_of(layer)) or walk.children(layer)
    level = [_named(walk.reader, member, layer) for member in members]
    found = names.spellings(level, names.numbered(level))
    for member in members:
        found |= _names_below(walk, member)
    return found


def _named(reader: Reader, operation: Any, container: Any = None) -> names.Named:
    is_operation = reader.is_operation(operation)
    kind = operation_type(reader, operation) if is_operation else type(operation).__name__
    stem = _stem(reader, operation)
    if stem is None and is_a(container, "Bidirectional"):
        stem = names.wrapped_stem(operation.name, kind)
    return names.Named(operation.name, stem, kind)


def _stem(reader: Reader, operation: Any) -> str | None:
    """The stem of an operation's auto name, None where a person named it."""
    class_name = type(operation).__name__
    if not reader.is_operation(operation):
        feeds = reader.consumers(operation) if class_name == "InputLayer" else ()
        return names.auto_name(operation.name, class_name, (fed.name for fed in feeds))
    if operations.operation_stem(operation.name) or names.auto_name(operation.name, class_name):
        return operation_type(reader, operation).removeprefix("op:")
    return None


def operation_type(reader: Reader, operation: Any) -> str:
    """``layer_type`` of an operation."""
    return operations.operation_name(reader.operation_call(operation)[0])


def _edges(reader: Reader, graph: Graph, operation: Any, paths: dict[int, str]) -> str:
    """``inbound_layers``: for each call the rows that feed it."""
    calls = [
        [
            _reference(graph, source, paths[id(source.operation)])
            for source in map(reader.source, tensors(reader, call.arguments))
            if id(source.operation) in paths
        ]
        for call in graph.calls.get(id(operation), ())
    ]
    return json.dumps(calls[0] if len(calls) == 1 else calls, ensure_ascii=False)


def _reference(graph: Graph, source: Source, path: str) -> str:
    call = graph.call_numbers.get((id(source.operation), source.call), 0)
    return str(Reference(path, call, source.output))


def _marks(reader: Reader, graph: Graph) -> dict[int, dict[str, Any]]:
    """Which input and output of its model a row is, where the graph alone does not tell.

    It tells when a model has one input without a key, and one output which is the one row that feeds
    no other.
    """
    marks: dict[int, dict[str, Any]] = {}
    if [label or "0" for label, _ in graph.inputs] != ["0"]:
        for label, source in graph.inputs:
            marks.setdefault(id(source.operation), {}).setdefault("model_input", []).append(label)
    ends = [_reference(graph, source, label or "0") for label, source in graph.outputs]
    if ends != ["0"] or _feed_nothing(reader, graph) != [id(graph.outputs[0][1].operation)]:
        for end, (_, source) in zip(ends, graph.outputs, strict=True):
            marks.setdefault(id(source.operation), {}).setdefault("model_output", []).append(end)
    return marks


def _feed_nothing(reader: Reader, graph: Graph) -> list[int]:
    feeding = {
        id(reader.source(tensor).operation)
        for calls in graph.calls.values()
        for call in calls
        for tensor in tensors(reader, call.arguments)
    }
    return [key for key in graph.calls if key not in feeding]


def _row(walk: Walk, place: Place) -> Layer:
    """The row of a place: how it is used, what a person wrote of it, and the weights that it counts."""
    reader, operation, path = walk.reader, place.operation, place.path
    use = _use(walk, place)
    walk.calls[path] = operation, place.calls
    if borrowed := _borrowed(walk, use.calls):
        walk.borrowed[path] = borrowed
    pairs = [shapes.call_shapes(reader, operation, call) for call in use.shown]
    rank = shapes.rank_of(pairs[0][0]) if pairs else shapes.built_rank(operation)
    input_shape, output_shape = shapes.as_text(pairs or [shapes.own_shapes(walk, operation)])
    layer_type, attributes = _type_and_settings(reader, operation, use.calls, rank)
    weights = owners.weights_of(walk, operation)
    weight_shapes = [owners.weight_shape(weight) for weight in weights]
    dtype = dtypes.of_row(reader, operation)
    attributes |= use.mark | _beside_settings(walk, operation, weights, dtype)
    attributes |= owners.frozen(walk, operation, weights)
    attributes |= owners.ties(walk, operation, path, weights)
    counted = {
        id(weight): owners.size(shape)
        for weight, shape in zip(weights, weight_shapes, strict=True)
        if walk.owners[id(weight)][0] == path
    }
    below = walk.all_weights(operation)
    return Layer(
        model=walk.model_name,
        layer_name=path,
        layer_type=layer_type,
        input_shape=input_shape,
        output_shape=output_shape,
        parameters=sum(counted.values()),
        is_trainable=not walk.trained.isdisjoint(below) if below else place.enabled,
        layer_attributes=_json(attributes),
        trainable_parameters=sum(size for key, size in counted.items() if key in walk.trained),
        weight_shapes=_json(weight_shapes),
        dtype=dtype,
        inbound_layers=use.edges,
        **readable.readable(layer_type, attributes),
    )


@dataclass(frozen=True, slots=True)
class _Use:
    """How the model uses a row.

    Args:
        calls: those that it was given arguments in.
        shown: those whose shapes are shown.
        edges: what feeds it.
        mark: what else a row has to say of its calls.
    """

    calls: list[BoundCall]
    shown: list[BoundCall]
    edges: str
    mark: dict[str, Any]


def _use(walk: Walk, place: Place) -> _Use:
    """How the model uses a row, by the graph that it is in or by a trace of the layer that it is in."""
    calls, shown, edges = place.calls, place.calls, place.edges
    mark = dict(place.mark)
    if place.within:
        told = place.within.told(place.container, place.operation)
        calls, shown = told.calls, [*told.calls, *told.equal]
        edges = _told_edges(told)
        mark |= _told_marks(place, told)
    elif place.below and place.container is None:
        shown = place.below.calls_of(place.operation)
    if place.below and (returns := place.below.returns(place.operation)):
        mark["returns"] = _unpacked([_unpacked(way) for way in returns])
    return _Use(calls, shown, edges, mark)


def _borrowed(walk: Walk, calls: list[BoundCall]) -> list[int]:
    """The weights that a row is given as arguments."""
    leaves = (leaf for call in calls for leaf in flatten(list(call.arguments.values())))
    return [id(leaf) for leaf in leaves if id(leaf) in walk.counted]


def _type_and_settings(
    reader: Reader, operation: Any, calls: list[BoundCall], rank: int | None
) -> tuple[str, dict[str, Any]]:
    """The type of a row, and what a person set: in its config, and in its calls."""
    if reader.is_operation(operation):
        return arguments.of_operation(reader, operation, calls)
    settings = canonical.attributes_of(operation, rank)
    if given := arguments.of_calls(reader, calls):
        settings["call_arguments"] = given
    return type(operation).__name__, settings


def _beside_settings(walk: Walk, operation: Any, weights: list[Any], dtype: str) -> dict[str, Any]:
    """What decides about a row beside its settings: masks, dtypes, and another class of the same name."""
    reader = walk.reader
    found: dict[str, Any] = {}
    if not reader.is_operation(operation):
        found |= masking.settings(operation)
    if dtypes.is_uncast(reader, operation):
        found["autocast"] = False
    inside = walk.children(operation) and dtypes.inside(reader, walk.children, operation, dtype)
    if inside:
        found["inner_dtypes"] = inside
    if of_weights := dtypes.of_weights(operation, weights, mixed=bool(inside)):
        found["weight_dtypes"] = of_weights
    if _bears_name_of_base(operation):
        found["defined_in"] = type(operation).__module__.partition(".")[0]
    return found


def _told_edges(told: Told) -> str:
    calls = [[text for feeds in call for text in feeds] for call in told.feeds]
    return json.dumps(_unpacked(calls) if calls else [], ensure_ascii=False)


def _told_marks(place: Place, told: Told) -> dict[str, Any]:
    """What a trace tells of a row that its edges do not.

    That is from how many rows each tensor comes that it is given, where one comes from several or none.
    """
    if not told.calls:
        called = place.within and place.within.is_called(place.container)
        return {"never_called": True} if called and not is_wrapper(place.container) else {}
    counts = [[len(feeds) for feeds in call] for call in told.feeds]
    return {"tensors_from": _unpacked(counts)} if any(set(call) - {1} for call in counts) else {}


def _unpacked(items: list[Any]) -> Any:
    """What is in a list of one."""
    return items[0] if len(items) == 1 else items


def _json(value: Any) -> str:
    """As JSON; what repeats from block to block is kept once."""
    return sys.intern(canonical.as_json(value))


def _bears_name_of_base(layer: Any) -> bool:
    """Whether somebody's ``Dense`` derives from Keras' own, so that its type and config tell nothing."""
    name = type(layer).__name__
    return not is_built_in(layer) and is_a(layer, name) and name not in ("Layer", "Model")
