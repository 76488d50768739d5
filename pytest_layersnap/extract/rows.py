"""The rows of a layer table: a walk over a model and all that is nested in it."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pytest_layersnap.extract import (
    addresses,
    canonical,
    constants,
    dtypes,
    masking,
    names,
    operations,
    readable,
)
from pytest_layersnap.extract.contract import ModelError
from pytest_layersnap.extract.graph import BoundCall, Graph, read_graph, tensors
from pytest_layersnap.extract.inside import Inside, Told
from pytest_layersnap.extract.reader import (
    Call,
    Reader,
    Source,
    dtype_name,
    flatten,
    has_call,
    is_a,
    is_built_in,
    is_mask,
    is_revived,
)
from pytest_layersnap.extract.traced import UNKNOWN, WITHOUT_CLASS, NotTraced, is_wrapper, trace
from pytest_layersnap.references import Reference, parent
from pytest_layersnap.table import UNKNOWN_EDGES, Layer

#: By the paths of rows, the layer or operation and its calls.
Calls = dict[str, tuple[Any, Sequence[BoundCall]]]


@dataclass(slots=True)
class Walk:
    """What one walk over a model knows: the model's name, what Keras counts, what was met so far.

    ``counted`` are the model's weights and ``trained`` those that an optimizer updates, as Keras says
    in public; ``trainable`` those that were made to be trained. ``owners`` maps a weight to the path of
    the row that counts it and to its place there, ``sizes`` a path to how many weights its row has.
    ``borrowed`` are the weights that calls take as constants, by the path of the row.
    All go by the ids of weights and layers.
    """

    reader: Reader
    model_name: str
    counted: dict[int, Any]
    trained: frozenset[int]
    trainable: set[int] = field(default_factory=set)
    owners: dict[int, tuple[str, int]] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    graphs: dict[int, Graph | None] = field(default_factory=dict)
    held: dict[int, list[Any]] = field(default_factory=dict)
    adopted: dict[int, list[Any]] = field(default_factory=dict)
    weights: dict[int, dict[int, Any]] = field(default_factory=dict)
    borrowed: dict[str, list[int]] = field(default_factory=dict)
    calls: Calls = field(default_factory=dict)

    def graph_of(self, layer: Any) -> Graph | None:
        """The graph of a functional or Sequential model; None for whatever has none."""
        if id(layer) not in self.graphs:
            functional = _functional(self.reader, layer)
            graph = None if functional is None else read_graph(self.reader, functional)
            self.graphs[id(layer)] = graph
        return self.graphs[id(layer)]

    def children(self, layer: Any) -> list[Any]:
        """The layers that a layer holds itself."""
        if id(layer) not in self.held:
            plain = self.reader.is_operation(layer)
            self.held[id(layer)] = [] if plain else self.reader.children(layer)
        return self.held[id(layer)]

    def all_weights(self, layer: Any) -> dict[int, Any]:
        """All weights at or below a layer by their ids, in the order of saving.

        What a layer holds and Keras does not count is none: a layer may say which weights it has.
        """
        if id(layer) not in self.weights:
            found = {id(weight): weight for weight in self.own_weights(layer)}
            for child in self.children(layer):
                found |= self.all_weights(child)
            self.weights[id(layer)] = found
        return self.weights[id(layer)]

    def own_weights(self, layer: Any) -> list[Any]:
        """The weights of a layer without those of the layers it holds; twice what it keeps twice."""
        if self.reader.is_operation(layer):
            return []
        trainable, others = self.reader.own_weights(layer)
        self.trainable.update(map(id, trainable))
        own = (*trainable, *others, *self.adopted.get(id(layer), ()))
        return [weight for weight in own if id(weight) in self.counted]

    def adopt(self, layer: Any, missing: dict[int, Any]) -> None:
        """Give weights that no layer keeps where layers keep them to those that say they have them.

        Each goes to the innermost such layer below ``layer``, whose ``weights`` hold all the ``missing``.
        """
        for child in self.children(layer):
            said = {id(weight): weight for weight in child.weights if id(weight) in missing}
            if said:
                self.adopt(child, said)
                missing = {key: item for key, item in missing.items() if key not in said}
        self.trainable.update(key for key, weight in missing.items() if weight.trainable)
        self.adopted.setdefault(id(layer), []).extend(missing.values())


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
    if missing := {key: counted[key] for key in lacking if _size(_weight_shape(counted[key]))}:
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
                itself.mark = {"model_output": outputs}
    below = [_row(walk, place) for place in places]
    first = _row(walk, itself)
    _require_sum(walk, model)
    if walk.borrowed:
        below = [_with_owners(walk, row) for row in below]
    if has_graph:
        # A model that somebody wrote around a graph may hold weights and settings itself.
        if first.weight_shapes == "[]" and not first.attributes:
            return below, walk.calls
        first = replace(first, input_shape="", output_shape="")
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
    if not _listed_below(walk, layer):
        return
    why = WITHOUT_CLASS if _is_revived(walk, layer) else UNKNOWN
    for calls in filter(None, ways if why == UNKNOWN else ()):
        try:
            found = trace(walk.reader, layer, calls, lambda inner: _is_open(walk, inner))
        except NotTraced as error:
            why = str(error)
        else:
            place.below = Inside(found, place.path)
            return
    place.mark = {**place.mark, "not_traced": why}


def _is_revived(walk: Walk, layer: Any) -> bool:
    """Whether a layer, or one inside it, has lost its class: what it calls is not to be seen."""
    return is_revived(layer) or any(_is_revived(walk, one) for one in _listed_below(walk, layer))


def _as_given(call: BoundCall) -> Call:
    """A recorded call without what Keras filled in by itself."""
    recorded = call.recorded
    kwargs = {name: item for name, item in recorded.kwargs.items() if name in call.arguments}
    return Call(recorded.args, kwargs, recorded.outputs)


def _is_open(walk: Walk, layer: Any) -> bool:
    """Whether it matters what a layer calls inside: not where a graph tells it."""
    has_graph = not is_a(layer, "Sequential") and _functional(walk.reader, layer) is not None
    return not has_graph and bool(_listed_below(walk, layer))


def _require_sum(walk: Walk, model: Any) -> None:
    """Refuse rows that have other weights than Keras counts, or trains, in the whole model."""
    unknown = [key for key in walk.trained if key not in walk.counted]
    missing = [
        weight
        for key, weight in walk.counted.items()
        if key not in walk.owners and _size(_weight_shape(weight))
    ]
    if unknown or missing:
        lacking = "its `weights` lack some of its `trainable_weights`"
        if missing:
            names = ", ".join(repr(str(weight.name)) for weight in missing[:3])
            lacking = f"no layer says that it has {len(missing)} of its weights ({names})"
        raise ModelError(
            f"the layers of the model {model.name!r} do not add up to it: {lacking}; a layer of it that "
            "overrides `weights`, `trainable_weights` or `non_trainable_weights` may say so wrongly"
        )


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


def _functional(reader: Reader, layer: Any) -> Any | None:
    return reader.functional(layer) if is_a(layer, "Model") else None


def _listed_below(walk: Walk, layer: Any) -> list[Any]:
    """The layers that get rows of their own below a layer without a graph.

    A model and a layer that somebody wrote list what they hold. Keras' own layers are fully described
    by their config, but for models and people's layers which they wrap.
    """
    if is_a(layer, "Model") or not is_built_in(layer) or is_revived(layer):
        return walk.children(layer)
    found = []
    for child in walk.children(layer):
        if is_a(child, "Model") or (not is_built_in(child) and walk.children(child)):
            found.append(child)
        else:
            found += _listed_below(walk, child)
    return found


def _level(walk: Walk, around: Place, prefix: str, above: Mapping[str, str]) -> Iterator[Place]:
    """The rows below a container, each followed by the rows of what is nested in it."""
    container = around.operation
    inside = around.below
    # A Sequential that was built by a call inside has the shapes of whatever that call was given.
    graph = None if inside else walk.graph_of(container)
    members = _members(walk, container, graph)
    if inside:
        members = inside.in_order(container, members)
    level = [_named(walk.reader, member, container) for member in members]
    found = names.row_names(level, above, lambda place: _names_below(walk, members[place]))
    paths = {id(member): prefix + name for member, name in zip(members, found, strict=True)}
    spellings = names.spellings(level, names.numbered(level))
    marks = _marks(walk.reader, graph) if graph else {}
    if graph and members and is_a(container, "Sequential"):
        marks.setdefault(id(members[0]), {}).update(_sequential_input(graph, members[0]))
    if graph is None and not is_built_in(container):
        held = addresses.attributes(container)
        marks = {
            id(member): {"attribute": attributes if len(attributes) > 1 else attributes[0]}
            for member, name in zip(members, found, strict=True)
            if (attributes := held.get(id(member), [name])) != [name]
        }
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
        if graph is not None:
            calls = place.calls = graph.calls.get(id(operation), [])
            place.edges = _edges(walk.reader, graph, operation, paths)
            if is_a(container, "Sequential"):
                place.calls = [_without_settings(walk.reader, call) for call in calls]
            if _is_open(walk, operation) and not walk.graph_of(operation):
                _trace(walk, place, [[_as_given(call) for call in calls]])
        elif inside:
            inside.place(container, operation, place.path)
            if _is_open(walk, operation):
                place.below = inside
        else:
            place.edges = UNKNOWN_EDGES
            if is_a(container, "Sequential"):
                place.edges = json.dumps([previous] if previous else [], ensure_ascii=False)
            if not has_call(container) and _is_open(walk, operation):
                ways = walk.reader.built_with(operation)
                _trace(walk, place, [[call] for call in ways])
        previous = place.path
        yield place
        if walk.children(operation):
            inner = above
            if (spelled := spellings.get(operation.name)) is not None:
                inner = {**above, operation.name: spelled}
            yield from _level(walk, place, f"{place.path}/", inner)


def _without_settings(reader: Reader, call: BoundCall) -> BoundCall:
    """A call that a Sequential makes: what it passes besides tensors, nobody gave.

    Keras 3 writes there what the flag was in the call that built it.
    """
    given = call.arguments.items()
    passed = {name: item for name, item in given if any(map(reader.is_tensor, flatten(item)))}
    return replace(call, arguments=passed)


def _members(walk: Walk, container: Any, graph: Graph | None) -> list[Any]:
    """What gets a row below a container, in row order."""
    members = list(graph.operations) if graph else _listed_below(walk, container)
    if is_a(container, "Sequential"):
        # As in model.layers: a Sequential's input is no layer of its own.
        return [layer for layer in members if not is_a(layer, "InputLayer")]
    if graph:
        members += _beside_the_graph(walk, container, members)
    return members


def _beside_the_graph(walk: Walk, container: Any, listed: list[Any]) -> list[Any]:
    """Layers with weights that a subclass of a functional model holds and its graph never calls.

    Not those whose weights are listed already: a model may hold a part of one of its layers by name.
    """
    ids = set(map(id, listed))
    others = [layer for layer in walk.children(container) if id(layer) not in ids]
    if not others:
        return []
    known = {weight for layer in listed for weight in walk.all_weights(layer)}
    return [layer for layer in others if not walk.all_weights(layer).keys() <= known]


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
    members = _members(walk, layer, walk.graph_of(layer)) or walk.children(layer)
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
    reader, operation, path = walk.reader, place.operation, place.path
    calls, edges, mark = place.calls, place.edges, dict(place.mark)
    shown = calls
    walk.calls[path] = operation, calls
    if place.within:
        told = place.within.told(place.container, operation)
        calls, shown = told.calls, [*told.calls, *told.equal]
        edges = _told_edges(told)
        mark |= _told_marks(place, told)
    elif place.below and place.container is None:
        shown = place.below.calls_of(operation)
    if place.below and (returns := place.below.returns(operation)):
        mark["returns"] = _unpacked([_unpacked(way) for way in returns])
    shapes = [_call_shapes(reader, operation, call) for call in shown] or [
        _own_shapes(walk, operation)
    ]
    rank = _rank(shapes[0][0]) if shown else _built_rank(operation)
    if reader.is_operation(operation):
        layer_type, attributes = _operation(reader, operation, calls)
    else:
        layer_type = type(operation).__name__
        attributes = canonical.attributes_of(operation, rank)
        if arguments := _call_arguments(reader, calls):
            attributes["call_arguments"] = arguments
    if borrowed := [
        id(leaf)
        for call in calls
        for leaf in flatten(list(call.arguments.values()))
        if id(leaf) in walk.counted
    ]:
        walk.borrowed[path] = borrowed
    attributes |= mark
    if not reader.is_operation(operation):
        attributes |= masking.settings(operation)
    if dtypes.is_uncast(reader, operation):
        attributes["autocast"] = False
    weights = _weights(walk, operation)
    dtype = dtypes.of_row(reader, operation)
    inside = walk.children(operation) and dtypes.inside(reader, walk.children, operation, dtype)
    if inside:
        attributes["inner_dtypes"] = inside
    if of_weights := dtypes.of_weights(operation, weights, mixed=bool(inside)):
        attributes["weight_dtypes"] = of_weights
    if _bears_name_of_base(operation):
        attributes["defined_in"] = type(operation).__module__.partition(".")[0]
    attributes |= _frozen(walk, operation, weights) | _ties(walk, operation, path, weights)
    weight_shapes = [_weight_shape(weight) for weight in weights]
    counted = {
        id(weight): _size(shape)
        for weight, shape in zip(weights, weight_shapes, strict=True)
        if walk.owners[id(weight)][0] == path
    }
    below = walk.all_weights(operation)
    flag = not walk.trained.isdisjoint(below) if below else place.enabled
    input_shape, output_shape = _shapes(shapes)
    return Layer(
        model=walk.model_name,
        layer_name=path,
        layer_type=layer_type,
        input_shape=input_shape,
        output_shape=output_shape,
        parameters=sum(counted.values()),
        is_trainable=flag,
        layer_attributes=_json(attributes),
        trainable_parameters=sum(size for key, size in counted.items() if key in walk.trained),
        weight_shapes=_json(weight_shapes),
        dtype=dtype,
        inbound_layers=edges,
        **readable.readable(layer_type, attributes),
    )


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


def _operation(
    reader: Reader, operation: Any, calls: list[BoundCall]
) -> tuple[str, dict[str, Any]]:
    """An operation's type, and what it computes with besides tensors."""
    symbol, _ = reader.operation_call(operation)
    layer_type = operations.operation_name(symbol)
    settings = reader.operation_settings(operation)
    settings = {name: _without_tensors(reader, item) for name, item in settings.items()}
    called = [
        operations.operation_settings(layer_type, settings | _operands(reader, symbol, call))
        for call in calls
    ]
    if all(canonical.same(one, called[0]) for one in called):
        return layer_type, called[0] if called else {}
    return layer_type, {"call_arguments": called}


def _operands(reader: Reader, symbol: str, call: BoundCall) -> dict[str, Any]:
    """What one call of an operation computes with, constants in their place among the tensors.

    Where a constant decides the dtype of what comes out, that is said, too: ``1`` and ``1.0`` look alike.
    """
    found: dict[str, Any] = {}
    decides = False
    chosen = _chosen(reader, call)
    for name, argument in call.arguments.items():
        if argument is None and call.defaults.get(name, ...) is None:
            continue
        leaves, plain = flatten(argument), _without_tensors(reader, argument)
        tensors_alone = bool(leaves) and all(map(reader.is_tensor, leaves))
        if tensors_alone and name not in chosen:
            continue
        name = operations.operation_argument(symbol, name)
        found[name] = plain
        is_constant = operations.is_operand(name) or any(map(constants.is_array, leaves))
        decides |= not tensors_alone and is_constant
    if decides and (made := _dtype_of_constants(reader, call)):
        found["output_dtype"] = made
    return found


def _dtype_of_constants(reader: Reader, call: BoundCall) -> str | None:
    """The dtype of what a call gives where none of the tensors that go in has it."""
    given = {dtype_name(tensor) for tensor in tensors(reader, call.arguments)}
    made = {dtype_name(tensor) for tensor in call.outputs} - given - {"bool"}
    return next(iter(made), None)


def _call_arguments(reader: Reader, calls: list[BoundCall]) -> Any:
    """Call arguments that are no tensors and not at their default; a list where there are several calls.

    ``training`` is there also at its default, for Keras 2 takes the model's own flag where nobody gives
    one. Tensors are in the edges; here it is said which of the optional arguments they are.
    """
    found = []
    for call in calls:
        plain, chosen = {}, _chosen(reader, call)
        for name, argument in call.arguments.items():
            leaves = flatten(argument)
            if leaves and all(map(reader.is_tensor, leaves)) and name not in chosen:
                continue
            item = canonical.value(_without_tensors(reader, argument))
            default = canonical.value(call.defaults.get(name))
            if item is not None and (name == "training" or not canonical.same(item, default)):
                plain[name] = item
        found.append(plain)
    if not any(found):
        return None
    return found[0] if len(found) == 1 else found


def _chosen(reader: Reader, call: BoundCall) -> set[str]:
    """The arguments that are tensors where another could be: ``value_mask`` or ``key_mask``.

    Those are masks, and optional arguments behind one that was left out; not the state of a recurrent
    layer, which Keras 2 takes as one of the inputs.
    """
    if call.defaults.keys().isdisjoint(call.arguments):
        return set()
    chosen, left_out = set(), False
    for name, default in call.defaults.items():
        given = call.arguments.get(name)
        if not any(map(reader.is_tensor, flatten(given))):
            left_out |= default is None and name != "training" and not is_mask(name)
        elif is_mask(name) or left_out:
            chosen.add(name)
    return chosen - {"initial_state"}


def _without_tensors(reader: Reader, argument: Any) -> Any:
    if isinstance(argument, dict):
        return {key: _without_tensors(reader, item) for key, item in argument.items()}
    if isinstance(argument, (list, tuple)):
        return [_without_tensors(reader, item) for item in argument]
    return "<tensor>" if reader.is_tensor(argument) else argument


# --- weights ----------------------------------------------------------------------------------


def _weights(walk: Walk, layer: Any) -> list[Any]:
    """The weights of a row: those of the layer without those of layers listed below it."""
    if not walk.children(layer):
        return list(walk.all_weights(layer).values())
    listed = _members(walk, layer, walk.graph_of(layer))
    elsewhere = {weight for child in listed for weight in walk.all_weights(child)}
    return [weight for key, weight in walk.all_weights(layer).items() if key not in elsewhere]


def _uses(walk: Walk, layer: Any) -> list[int]:
    """The ids of the weights at or below a layer, as often as they are used there.

    Not what a wrapper holds of the layer that it wraps, under a name of its own.
    """
    below = [use for child in walk.children(layer) for use in _uses(walk, child)]
    return [*(key for key in map(id, walk.own_weights(layer)) if key not in below), *below]


def _ties(walk: Walk, layer: Any, path: str, weights: list[Any]) -> dict[str, Any]:
    """Which of its weights a row uses more than once, and whose they are where another row counts them.

    Which are which only where they are not simply all weights of the other row: for each of the other
    rows the pairs of the weights' places here and there.
    """
    found: dict[str, Any] = {}
    if not weights:
        return found
    walk.sizes[path] = len(weights)
    pairs: dict[str, list[list[int]]] = {}
    for place, weight in enumerate(weights):
        owner, there = walk.owners.setdefault(id(weight), (path, place))
        if owner != path:
            pairs.setdefault(owner, []).append([place, there])
    if pairs:
        found["shares_weights_with"] = shared = sorted(pairs)
        whole = [[place, place] for place in range(len(weights))]
        if not all(pairs[owner] == whole and walk.sizes[owner] == len(weights) for owner in shared):
            found["tied_weights"] = [pairs[owner] for owner in shared]
    if walk.children(layer) and is_built_in(layer) and not is_a(layer, "Model"):
        uses = _uses(walk, layer)
        if len(uses) > len(weights):
            places = {id(weight): place for place, weight in enumerate(weights)}
            found["weight_uses"] = [places[use] for use in uses if use in places]
    return found


def _frozen(walk: Walk, layer: Any, weights: list[Any]) -> dict[str, Any]:
    """Which of a row's weights are trained, where it is neither all nor none of those made for it.

    And the flag of a layer where no weight shows it: a BatchNormalization normalizes by what it has
    learned where it is frozen, and a layer that somebody wrote may ask for its flag as well.
    """
    if not weights:
        return {}
    made = [place for place, weight in enumerate(weights) if id(weight) in walk.trainable]
    trained = [place for place, weight in enumerate(weights) if id(weight) in walk.trained]
    found: dict[str, Any] = {}
    if trained and trained != made:
        found["trained_weights"] = trained
    asks = is_a(layer, "BatchNormalization") or not is_built_in(layer)
    if asks and bool(layer.trainable) != (bool(trained) or not made):
        found["trainable_flag"] = bool(layer.trainable)
    return found


def _bears_name_of_base(layer: Any) -> bool:
    """Whether somebody's ``Dense`` derives from Keras' own, so that its type and config tell nothing."""
    name = type(layer).__name__
    return not is_built_in(layer) and is_a(layer, name) and name not in ("Layer", "Model")


def _weight_shape(weight: Any) -> list[int | None] | None:
    """The sizes of a weight; None for one that is not fixed, and for a weight of any rank."""
    shape = _shape(weight)
    return None if shape == "unknown" else list(shape)


def _size(shape: list[int | None] | None) -> int:
    """How many numbers are in a weight: none that Keras could count where its size is not fixed."""
    sizes = [0] if shape is None else [size or 0 for size in shape]
    return math.prod(sizes)


# --- shapes -----------------------------------------------------------------------------------


def _shape(tensor: Any) -> Any:
    shape = getattr(tensor, "shape", None)
    if shape is None or getattr(shape, "rank", 0) is None:
        return "unknown"
    return tuple([None if size is None else int(size) for size in shape])


def _call_shapes(reader: Reader, operation: Any, call: BoundCall) -> tuple[Any, Any]:
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
    return _shape(value)


def _shapes(pairs: list[tuple[Any, Any]]) -> tuple[str, str]:
    """``input_shape`` and ``output_shape``; calls of different shapes are set apart by ``|``."""
    ins = dict.fromkeys(readable.shape_text(given) for given, _ in pairs if given is not None)
    outs = dict.fromkeys(readable.shape_text(made) for _, made in pairs if made is not None)
    return " | ".join(ins), " | ".join(outs)


def _own_shapes(walk: Walk, layer: Any) -> tuple[Any, Any]:
    """The shapes of a layer whose calls are not known: a model with a graph says them itself."""
    functional = _functional(walk.reader, layer)
    if functional is None or is_a(layer, "Sequential"):
        return None, None
    ends = (walk.reader.inputs(functional), walk.reader.outputs(functional))
    given, made = (_map_shapes(walk.reader, _only(end)) for end in ends)
    return given, made


def _built_rank(layer: Any) -> int | None:
    """The rank of what a layer was built for."""
    try:
        given = canonical.value((layer.get_build_config() or {}).get("input_shape"))
    except Exception:  # an operation has none, and a layer of the user's may refuse
        return None
    return None if given is None else _rank(_as_shape(given))


def _only(end: Any) -> Any:
    return end[0] if isinstance(end, (list, tuple)) and len(end) == 1 else end


def _as_shape(plain: Any) -> Any:
    if isinstance(plain, dict):
        return {key: _as_shape(item) for key, item in plain.items()}
    if isinstance(plain, list) and not all(item is None or isinstance(item, int) for item in plain):
        return [_as_shape(item) for item in plain]
    return tuple(plain)


def _rank(given: Any) -> int | None:
    """The rank of what a layer takes in, where all that it takes has one."""
    shapes = given if isinstance(given, list) else [given]
    ranks = {len(shape) if isinstance(shape, tuple) else None for shape in shapes}
    return ranks.pop() if len(ranks) == 1 else None
