"""Where Keras 3 (3.3 and newer) keeps shapes, calls, weights and configs.

The functions here and in ``keras2`` have the same names and meanings (``reader.Reader``).
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from pytest_layersnap.extract import kept
from pytest_layersnap.extract.reader import (
    Call,
    NotedTensor,
    Source,
    Spec,
    carries,
    flatten,
    is_a,
    is_mask,
    is_of_keras,
)


def functional(model: Any) -> Any | None:
    """The object that holds the graph of a model, or None where a model has no graph."""
    if is_a(model, "Sequential"):
        return model._functional
    return model if is_a(model, "Functional") else None


def nodes(graph: Any) -> list[Any]:
    """The calls that belong to a model's graph; a layer may have others, made for other models."""
    return [node for depth in graph._nodes_by_depth.values() for node in depth]


def node_operation(node: Any) -> Any:
    """The layer or operation that was called."""
    return node.operation


def consumers(operation: Any) -> list[Any]:
    """The layers and operations that one feeds, also in other models."""
    return [node_operation(node) for node in operation._outbound_nodes]


def call_number(node: Any) -> int:
    """Which of all calls of its operation a node is."""
    number: int = node.operation._inbound_nodes.index(node)
    return number


def source(tensor: Any) -> Source:
    """The call and output that a symbolic tensor comes from."""
    operation, call, output = tensor._keras_history
    return Source(operation, call, output)


def is_tensor(value: Any) -> bool:
    """Whether a call argument is a tensor of the graph."""
    return isinstance(value, NotedTensor) or hasattr(value, "_keras_history")


def call(node: Any) -> Call:
    """The arguments and outputs of a call."""
    return Call(tuple(node.arguments.args), dict(node.arguments.kwargs), node.outputs)


def filled_in(arguments: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    """The arguments of a layer's call which say no more than Keras itself fills in.

    Keras 3 writes the masks that travel with tensors into the recorded arguments, and with them the
    operations which compute them; and the default of ``training``. There a person's False is told from
    Keras' own only by the mask that Keras writes beside it (where the layer takes one); it changes
    nothing that could be computed.
    """
    given = {
        name: value
        for name, value in arguments.items()
        if not is_mask(name) and any(map(is_tensor, flatten(value)))
    }
    masked = {"mask" if len(given) == 1 else f"{name}_mask": value for name, value in given.items()}
    for name, value in masked.items():
        if name in arguments and carries(_carried(value), arguments[name], _same_computation):
            yield name
    is_default = arguments.get("training") is defaults.get("training")
    if is_default and not ("mask" in masked and "mask" in defaults and "mask" not in arguments):
        yield "training"


def _same_computation(one: Any, other: Any) -> bool:
    """Whether two tensors are one, or come from equal operations on one tensor.

    A model made from a config gets its masks twice: from the recorded calls and from its layers.
    """
    if one is other:
        return True
    if not (is_tensor(one) and is_tensor(other)):
        return False
    ends = source(one), source(other)
    if ends[0] == ends[1]:
        return True
    operations = [end.operation for end in ends]
    if type(operations[0]) is not type(operations[1]) or not all(map(is_operation, operations)):
        return False
    found = [end.operation._inbound_nodes[end.call].arguments.keras_tensors for end in ends]
    return len(found[0]) == len(found[1]) and all(map(_same_computation, *found))


def _carried(value: Any) -> list[Any]:
    """The masks that the tensors of an argument carry with them; None for those without."""
    return list(map(mask_of, flatten(value)))


def mask_of(tensor: Any) -> Any:
    """The mask that a tensor carries with it; None where it has none."""
    return getattr(tensor, "_keras_mask", None)


def carry_mask(tensor: Any, mask: Any) -> None:
    """Have a tensor carry a mask with it, where its kind can."""
    backend = sys.modules["keras.src.backend"]
    if hasattr(backend, "set_keras_mask"):
        backend.set_keras_mask(tensor, mask)
    else:  # before Keras 3.6
        with suppress(AttributeError):
            tensor._keras_mask = mask


def inputs(graph: Any) -> Any:
    """The inputs of a graph, as they were given: a tensor, list or dict."""
    return graph._inputs_struct


def outputs(graph: Any) -> Any:
    """The outputs of a graph, as they were given."""
    return graph._outputs_struct


def children(layer: Any) -> list[Any]:
    """The layers that a layer holds itself, in the order in which they were assigned."""
    return list(layer._layers)


def own_weights(layer: Any) -> tuple[list[Any], list[Any]]:
    """The weights of a layer without those of the layers it holds; random state is no weight.

    First those that were made to be trained, whether or not they are frozen now, then the others.
    """
    return layer._trainable_variables, layer._non_trainable_variables


def autocast(layer: Any) -> bool:
    """Whether a layer casts what it is given to its dtype."""
    return bool(layer.autocast)


def casts_to(layer: Any) -> str | None:
    """The dtype to which a layer casts the floats that it is called with; None where it takes all."""
    casts = layer._convert_input_args and layer.autocast
    return str(layer.compute_dtype) if casts else None


def metric_weights(model: Any) -> list[Any]:
    """The weights of metrics among the model's weights: there are none."""
    return []


def is_operation(layer: Any) -> bool:
    """Whether this is a node of the graph that is no layer."""
    return not is_a(layer, "Layer")


def operation_call(operation: Any) -> tuple[str, Any]:
    """An operation's name, and the callable whose signature its calls follow."""
    return type(operation).__name__, operation.call


def operation_settings(operation: Any) -> dict[str, Any]:
    """What an operation was made with; None only where it is not the default."""
    try:
        config = operation.get_config()
    except Exception:  # it holds what can't be written to a file: arrays, functions, tensors
        config = kept.settings(operation)
    kind: Any = type(operation)
    defaults = _defaults(kind)
    return {
        name: value
        for name, value in config.items()
        if name != "name" and (value is not None or defaults.get(name) is not None)
    }


@functools.lru_cache(maxsize=1_000)
def _defaults(kind: Any) -> dict[str, Any]:
    """The defaults of a class's constructor."""
    try:
        parameters = inspect.signature(kind.__init__).parameters
    except (TypeError, ValueError):
        return {}
    return {
        name: parameter.default
        for name, parameter in parameters.items()
        if parameter.default is not parameter.empty
    }


def spec(tensor: Any) -> Spec:
    """Shape and dtype of a symbolic tensor.

    Only an input is surely sparse: Keras takes for it what was multiplied by a number, too.
    """
    sparse = bool(getattr(tensor, "sparse", False)) and is_a(source(tensor).operation, "InputLayer")
    return Spec(tuple(tensor.shape), str(tensor.dtype), sparse)


def built_with(layer: Any) -> list[Call]:
    """What a layer was first called or built with, in the ways in which it can have been.

    Where nothing but shapes is known, a tensor may have been of floats or of integers.
    """
    if layer._inbound_nodes:
        return [call(layer._inbound_nodes[0])]
    shapes = layer._build_shapes_dict
    if not shapes:
        return []
    first, *_ = shapes
    if len(shapes) == 1 and not first.endswith("_shape"):
        shapes = {"input_shape": shapes[first]}
    count = len(list(_shapes_in(shapes)))
    found = []
    for dtypes in _ways(count):
        left = iter(dtypes)
        given = {name.removesuffix("_shape"): _specs(item, left) for name, item in shapes.items()}
        alone = len(given) == 1
        found.append(Call(tuple(given.values()) if alone else (), {} if alone else given, []))
    return found


def _ways(count: int) -> Iterator[list[str]]:
    """The dtypes that some tensors may have had: all the same, or one of them another."""
    yield ["float32"] * count
    yield ["int32"] * count
    for one in range(count) if count > 1 else ():
        for here, others in (("int32", "float32"), ("float32", "int32")):
            yield [here if at == one else others for at in range(count)]


def _is_shape(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and all(
        size is None or isinstance(size, int) for size in value
    )


def _shapes_in(value: Any) -> Iterator[Any]:
    if _is_shape(value):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _shapes_in(item)


def _specs(value: Any, dtypes: Iterator[str]) -> Any:
    """Specs in place of shapes; the batch that happened to build a layer says nothing about it."""
    if _is_shape(value):
        return Spec((None, *value[1:]) if value else (), next(dtypes))
    if isinstance(value, dict):
        return {key: _specs(item, dtypes) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_specs(item, dtypes) for item in value]
    return value


def base(layer: Any) -> Any:
    """Keras' own class of all layers, whose ``__call__`` every call of a layer passes."""
    kinds: Any = type(layer).__mro__
    return next(kind for kind in kinds if kind.__name__ == "Layer" and is_of_keras(kind))


def backend(layer: Any) -> str:
    """The backend that computes a layer."""
    found: str = sys.modules["keras"].config.backend()
    return found


def core() -> Any:
    """The module in which Keras branches and loops as its backend does."""
    return sys.modules["keras.src.backend"].core


def numpy() -> Any:
    """The module in which its backend does what NumPy does."""
    return sys.modules["keras.src.backend"].numpy


def symbolically(layer: Any, call: Callable[..., None], given: list[Spec]) -> None:
    """Call a function as Keras calls layers to infer shapes.

    It may be called twice: with numbers, where PyTorch can't do without.
    """
    keras = sys.modules["keras"]
    tensors = [keras.KerasTensor(one.shape, one.dtype, one.sparse) for one in given]
    sys.modules["keras.src.backend"].compute_output_spec(call, *tensors)


def called_directly(layer: Any) -> list[Any]:
    """The layers whose ``call`` one calls past their ``__call__``."""
    return [layer.layer] if is_a(layer, "TimeDistributed") else []


@contextmanager
def counters_as_they_were(layer: Any) -> Iterator[None]:
    """The numbers in the names that Keras makes up go on as if nothing had been made in between.

    And weights that are made in a layer that was never built are not given values later.
    """
    state = sys.modules["keras.src.backend.common.global_state"]
    counted = dict(state.get_global_attribute("object_name_uids") or {})
    waiting = list(state.get_global_attribute("uninitialized_variables") or [])
    try:
        yield
    finally:
        if (now := state.get_global_attribute("object_name_uids")) is not None:
            now.clear()
            now.update(counted)
        if (now := state.get_global_attribute("uninitialized_variables")) is not None:
            now[:] = waiting


def versions(model: Any) -> str:
    """Keras and the backend that built a model."""
    keras = sys.modules["keras"]
    backend = keras.config.backend()
    module = sys.modules.get(backend)
    return f"keras {keras.__version__}, {backend} {getattr(module, '__version__', '')}".rstrip()


def rehearse(keras: Any) -> None:
    """Read a small model by all private names of this module.

    It leaves no trace: everything is named, so that no counter of auto names moves.

    Raises:
        AttributeError: this Keras has no such name.
    """

    class Probe(keras.layers.Layer):  # type: ignore[misc]
        def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
            return keras.KerasTensor(inputs.shape, name="probe_made")

        def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
            return inputs

    given = keras.Input((1,), name="probe_input")
    made = Probe(name="probe")(given)
    made._keras_mask  # noqa: B018  # most tensors have none
    model = keras.Model(given, made, name="probe_model")
    sequential = keras.Sequential([given, Probe(name="probe")], name="probe_sequential")
    for graph in (functional(model), functional(sequential)):
        ends = [*flatten(inputs(graph)), *flatten(outputs(graph))]
        for node in (*nodes(graph), *(source(end).operation._inbound_nodes[0] for end in ends)):
            consumers(node_operation(node)), call_number(node), call(node)
    own_weights(model), children(model), autocast(model), casts_to(model), built_with(model)
    core().cond, core().vectorized_map
