"""Where Keras 2.15 and tf_keras keep shapes, calls, weights and configs.

The functions here and in ``keras3`` have the same names and meanings (``reader.Reader``).
"""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pytest_layersnap.extract.reader import (
    Call,
    NotedTensor,
    Source,
    Spec,
    carries,
    flatten,
    is_a,
    is_built_in,
    is_of_keras,
    mapped,
)


def functional(model: Any) -> Any | None:
    """The object that holds the graph of a model, or None where a model has no graph."""
    return model if is_a(model, "Functional") and model._is_graph_network else None


def nodes(graph: Any) -> list[Any]:
    """The calls that belong to a model's graph; a layer may have others, made for other models."""
    return [node for depth in graph._nodes_by_depth.values() for node in depth]


def node_operation(node: Any) -> Any:
    """The layer or operation that was called."""
    return node.layer


def consumers(operation: Any) -> list[Any]:
    """The layers and operations that one feeds, also in other models."""
    return [node_operation(node) for node in operation._outbound_nodes]


def call_number(node: Any) -> int:
    """Which of all calls of its layer a node is."""
    number: int = node.layer._inbound_nodes.index(node)
    return number


def source(tensor: Any) -> Source:
    """The call and output that a symbolic tensor comes from."""
    history = tensor._keras_history
    return Source(history.layer, history.node_index, history.tensor_index)


def is_tensor(value: Any) -> bool:
    """Whether a call argument is a tensor of the graph."""
    return isinstance(value, NotedTensor) or hasattr(value, "_keras_history")


def call(node: Any) -> Call:
    """The arguments and outputs of a call."""
    return Call(tuple(node.call_args), dict(node.call_kwargs), flatten(node.outputs))


def filled_in(arguments: dict[str, Any], defaults: dict[str, Any]) -> Iterator[str]:
    """The arguments of a layer's call which say no more than Keras itself fills in.

    That is a mask that travels with the tensors anyway. Keras 2 records nothing that nobody gave.
    """
    first = next(iter(arguments.values()), None)
    if "mask" in arguments and carries(_carried(first), arguments["mask"], operator.is_):
        yield "mask"


def _carried(value: Any) -> list[Any]:
    """The masks that the tensors of an argument carry with them; None for those without."""
    return list(map(mask_of, flatten(value)))


def mask_of(tensor: Any) -> Any:
    """The mask that a tensor carries with it; None where it has none."""
    return getattr(tensor, "_keras_mask", None)


def carry_mask(tensor: Any, mask: Any) -> None:
    """Have a tensor carry a mask with it."""
    tensor._keras_mask = mask


def inputs(graph: Any) -> Any:
    """The inputs of a graph, as they were given: a tensor, list or dict."""
    return graph._nested_inputs


def outputs(graph: Any) -> Any:
    """The outputs of a graph, as they were given."""
    return graph._nested_outputs


def children(layer: Any) -> list[Any]:
    """The layers that a layer holds itself, in the order in which they were assigned."""
    return [module for module in _modules(layer) if is_a(module, "Layer")]


def own_weights(layer: Any) -> tuple[list[Any], list[Any]]:
    """The weights of a layer without those of the layers it holds.

    First those that were made to be trained, whether or not they are frozen now, then the others; a
    ``tf.Module`` that a layer holds is a part of it. ``layer.weights`` would not do: it lists all
    trainable ones first, so that freezing reorders it. What Keras' own lookups have learned is no
    weight in Keras 3; here it is one that grows.
    """
    trainable, others = [*layer._trainable_weights], [*layer._non_trainable_weights]
    if others and is_built_in(layer):
        others = [
            weight
            for weight in others
            if hasattr(weight, "shape") and weight.shape.is_fully_defined()
        ]
    for module in _modules(layer):
        if not is_a(module, "Layer"):
            trainable += module.trainable_variables
            others += module.non_trainable_variables
    return trainable, others


def _modules(layer: Any) -> list[Any]:
    return list(layer._flatten_modules(recursive=False, include_self=False))


def autocast(layer: Any) -> bool:
    """Whether a layer casts what it is given to its dtype."""
    return bool(layer._autocast)


def casts_to(layer: Any) -> str | None:
    """The dtype to which a layer casts the floats that it is called with; None where it takes all."""
    return layer.compute_dtype if layer._autocast else None


def metric_weights(model: Any) -> list[Any]:
    """The weights of metrics, which are layers here and count among the model's weights."""
    return [
        weight for module in model.submodules if is_a(module, "Metric") for weight in module.weights
    ]


def is_operation(layer: Any) -> bool:
    """Whether this is a node of the graph that a person would not call a layer."""
    return type(layer).__name__ in {
        "TFOpLambda",
        "SlicingOpLambda",
        "ClassMethod",
        "InstanceMethod",
        "InstanceProperty",
    }


def operation_call(operation: Any) -> tuple[str, Any]:
    """An operation's name, and the callable whose signature its calls follow."""
    function = getattr(operation, "function", None)
    if function is None:
        name = getattr(operation, "method_name", None) or operation.attr_name
        return name, operation.call
    return operation.symbol or function.__name__, function


def operation_settings(operation: Any) -> dict[str, Any]:
    """What an operation was made with: nothing in Keras 2, the call tells all."""
    return {}


def spec(tensor: Any) -> Spec:
    """Shape and dtype of a symbolic tensor."""
    kind = type(getattr(tensor, "type_spec", None)).__name__
    if kind == "RaggedTensorSpec":
        return Spec(None, "")
    return Spec(_plain_shape(tensor.shape), tensor.dtype.name, kind == "SparseTensorSpec")


def _plain_shape(shape: Any) -> tuple[int | None, ...] | None:
    return None if shape.rank is None else tuple(shape.as_list())


def built_with(layer: Any) -> list[Call]:
    """What a layer was first called with; the batch that happened to build it says nothing about it.

    Of a call with numbers the first argument alone: of others Keras 3 does not remember the shapes.
    """
    if layer._inbound_nodes:
        return [call(layer._inbound_nodes[0])]
    saved = layer._get_save_spec(dynamic_batch=False, inputs_only=False)
    if saved is None:
        # Loaded from a file: it was built for a shape, of floats or of integers.
        shape = (layer.get_build_config() or {}).get("input_shape")
        if not shape or not all(isinstance(size, (int, type(None))) for size in shape):
            return []
        return [Call((Spec((None, *shape[1:]), kind),), {}, []) for kind in ("float32", "int32")]

    def plain(leaf: Any) -> Any:
        shape = getattr(leaf, "shape", None)
        if shape is None:
            return leaf
        sizes = _plain_shape(shape)
        return Spec((None, *sizes[1:]) if sizes else sizes, leaf.dtype.name)

    given: list[Any] = [*saved[0], *saved[1].values()]
    return [Call((mapped(plain, given[0]),), {}, [])]


def base(layer: Any) -> Any:
    """Keras' own class of all layers, whose ``__call__`` every call of a layer passes."""
    kinds: Any = type(layer).__mro__
    return next(kind for kind in kinds if kind.__name__ == "Layer" and is_of_keras(kind))


def backend(layer: Any) -> str:
    """The backend that computes a layer."""
    return "tensorflow"


def symbolically(layer: Any, call: Callable[..., None], given: list[Spec]) -> None:
    """Call a function as Keras calls layers to infer shapes.

    Without AutoGraph, which Keras 3 has not: conditions and loops over tensors would be traced here alone.
    """
    tf = sys.modules["tensorflow"]
    call = tf.autograph.experimental.do_not_convert(call)
    with tf.__internal__.FuncGraph(f"{layer.name}_scratch_graph").as_default():
        call(
            *(
                (tf.compat.v1.sparse_placeholder if one.sparse else tf.compat.v1.placeholder)(
                    one.dtype, one.shape
                )
                for one in given
            )
        )


def called_directly(layer: Any) -> list[Any]:
    """The layers whose ``call`` one calls past their ``__call__``: none here."""
    return []


@contextmanager
def counters_as_they_were(layer: Any) -> Iterator[None]:
    """Keras 2 counts names by graph, so those made in a graph that is thrown away do not count."""
    yield


def versions(model: Any) -> str:
    """Keras and the backend that built a model."""
    package = next(
        base.__module__.split(".")[0]
        for base in type(model).__mro__
        if base.__name__ == "Layer" and base.__module__.startswith(("keras.", "tf_keras."))
    )
    return (
        f"{package} {sys.modules[package].__version__}, "
        f"tensorflow {sys.modules['tensorflow'].__version__}"
    )


def rehearse(keras: Any) -> None:
    """Read a small model by all private names of this module.

    It leaves no trace: everything is named, so that no counter of auto names moves.

    Raises:
        AttributeError: this Keras has no such name.
    """
    given = keras.Input((1, 1), name="probe_input")
    made = keras.layers.Masking(name="probe")(given)
    made._keras_mask  # noqa: B018  # most tensors have none
    model = keras.Model(given, made, name="probe_model")
    graph = functional(model)
    for end in (*flatten(inputs(graph)), *flatten(outputs(graph))):
        source(end)
    for node in nodes(graph):
        consumers(node_operation(node)), call_number(node), call(node)
    own_weights(model), children(model), autocast(model), casts_to(model), built_with(model)
