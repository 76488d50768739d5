"""One call in Keras 2, evaluated with other weights than the layer's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from itertools import chain
from typing import Any

import numpy as np

from pytest_layersnap.extract.behavior.outcome import Outcome, masks_of, shapes_of
from pytest_layersnap.extract.keras2 import mask_of
from pytest_layersnap.extract.reader import flatten, is_of_keras
from pytest_layersnap.extract.replaced import eagerly


def shape_and_dtype(weight: Any) -> tuple[tuple[int, ...], str]:
    """The shape and dtype of a weight, which is not read."""
    variable = _variable(weight)
    return tuple(variable.shape), variable.dtype.base_dtype.name


def tensor(values: Any, dtype: str) -> Any:
    """A tensor of a dtype."""
    tf = import_module("tensorflow")
    if dtype == "string":
        return tf.constant(values.tolist(), tf.string)
    return tf.cast(tf.convert_to_tensor(values), dtype)


@contextmanager
def evaluating() -> Iterator[None]:
    """Where functions of the user's are run as they are, and leave nothing compiled behind."""
    with eagerly(import_module("tensorflow")):
        yield


def rules(operation: Any, weights: Sequence[Any]) -> Iterator[tuple[str, Callable[[], Any]]]:
    """What weights are regularized and constrained by: which of the two, and a function that does it.

    Layers keep their regularizers among the losses that are functions, to which people add others.
    """
    for layer in operation._flatten_layers():
        for loss in layer._callable_losses:
            yield "regularizers", loss
    for weight in weights:
        if (constraint := getattr(weight, "constraint", None)) is not None:
            yield "constraints", partial(constraint, weight)


def evaluated(
    operation: Any,
    args: Sequence[Any],
    kwargs: dict[str, Any],
    weights: Sequence[Any],
    values: Iterator[Any],
    watched: Sequence[Any],
) -> Outcome:
    """What a call gives where the weights have these values, and writes to those that are watched.

    Nothing of the model is written to.
    """
    layers = list(operation._flatten_layers())
    before = [(layer, list(layer._eager_losses)) for layer in layers]
    # What RNNs remember is no weight; it is lent, too, empty.
    states = [one for layer in layers for one in flatten(getattr(layer, "states", None) or ())]
    states = [one for one in states if hasattr(one, "handle")]
    empty = (np.zeros(shape_and_dtype(one)[0]) for one in states)
    try:
        with (
            lent([*weights, *states], chain(values, empty)) as storage,
            _mode(operation, kwargs),
        ):
            made = operation(*args, **kwargs)
            losses = [array(loss) for layer in layers for loss in layer._eager_losses]
            leaves = [leaf for leaf in flatten(made) if leaf is not None]
            carried = list(map(mask_of, leaves))
            pairs = dict(zip(map(id, weights), storage, strict=False))
            seen = (map(array, pairs[id(one)]) for one in watched)
            updates = [now for given, now in seen if now.tobytes() != given.tobytes()]
            return Outcome(
                outputs=[array(leaf) for leaf in leaves],
                masks=masks_of(operation, carried, array),
                carried=shapes_of(carried),
                losses=losses,
                updates=updates,
            )
    finally:
        for layer, kept in before:
            layer._eager_losses = kept


@contextmanager
def _mode(operation: Any, kwargs: dict[str, Any]) -> Iterator[None]:
    """Where layers are told whether they are trained by one whose call takes no such argument."""
    if "training" not in kwargs or operation._expects_training_arg:
        yield
        return
    package = next(base for base in type(operation).__mro__ if is_of_keras(base)).__module__
    backend = import_module(f"{package.partition('.')[0]}.backend")
    with backend.learning_phase_scope(int(kwargs.pop("training"))):
        yield


@contextmanager
def lent(weights: Sequence[Any], values: Iterator[Any]) -> Iterator[list[tuple[Any, Any]]]:
    """Where the weights stand for other storage; their own is not touched, and need not be there."""
    tf = import_module("tensorflow")
    resources = import_module("tensorflow.python.ops.resource_variable_ops")
    before = []
    storage = []
    try:
        for weight, value in zip(weights, values, strict=True):
            variable = _variable(weight)
            dtype = variable.dtype.base_dtype
            value = tf.cast(tf.convert_to_tensor(value), dtype)
            other = tf.Variable(value, trainable=False, shape=variable.shape)
            before.append((variable, type(variable), dict(vars(variable))))
            variable.__class__ = resources.ResourceVariable
            vars(variable)["_handle"] = other.handle
            vars(variable)["_cached_value"] = None
            storage.append((value, other))
        yield storage
    finally:
        for variable, kind, state in before:
            vars(variable).clear()
            vars(variable).update(state)
            variable.__class__ = kind


def _variable(weight: Any) -> Any:
    """The variable itself, where a mixed policy has another around it."""
    while hasattr(weight, "_variable"):
        weight = weight._variable
    return weight


def array(value: Any) -> Any:
    """A tensor's numbers, or a plain value as it is."""
    tf = import_module("tensorflow")
    kind = type(value).__name__
    if kind == "RaggedTensor":
        value = value.to_tensor()
    elif kind == "SparseTensor":
        value = tf.sparse.to_dense(value)
    return value.numpy() if hasattr(value, "numpy") else np.asarray(value)
