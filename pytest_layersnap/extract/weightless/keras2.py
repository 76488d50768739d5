"""Variables of Keras 2 that wait for their value.

TensorFlow lets a scope create variables in its own way (``tf.variable_creator_scope``). Ours makes the
handle of a resource, with a shape and a dtype, and runs the initializer when the handle is first used
outside of the graphs in which Keras calls layers symbolically.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any

from pytest_layersnap.extract.weightless.memory import SMALL, current
from pytest_layersnap.extract.weightless.replaced import is_second, replaced
from pytest_layersnap.extract.weightless.tracing import in_keras_graph

_LOCK = threading.RLock()
_INITIAL = "_pytest_layersnap_initial"  # of a waiting variable: its initializer and its scope


def patches(package: str) -> Iterator[AbstractContextManager[None]]:
    """The way into Keras 2; none into Keras 3.

    Raises:
        ImportError, AttributeError: this release keeps things elsewhere.
    """
    if not is_second(package):
        return
    tf = import_module("tensorflow")
    resources = import_module("tensorflow.python.ops.resource_variable_ops")
    create = functools.partial(_create, tf, resources)

    def waiting(original: Any) -> Any:
        @functools.wraps(original)
        def make_variable(*args: Any, **kwargs: Any) -> Any:
            if current() is None:
                return original(*args, **kwargs)
            # Not around the builder: clear_session() forgets such scopes.
            with tf.variable_creator_scope(create):
                return original(*args, **kwargs)

        return make_variable

    yield replaced(
        import_module(f"{package}.src.engine.base_layer_utils"), "make_variable", waiting
    )


def _create(tf: Any, resources: Any, following: Callable[..., Any], **kwargs: Any) -> Any:
    memory = current()
    assert memory is not None
    if not (memory.lazy and _can_wait(tf, **kwargs)):
        variable = following(**kwargs)
        if variable.shape.is_fully_defined():
            memory.add(variable.name, variable.shape, variable.dtype.name)
        return variable
    arguments = {
        name: kwargs.get(name)
        for name in ("trainable", "name", "dtype", "constraint", "synchronization", "aggregation")
    }
    variable = resources.UninitializedVariable(shape=tf.TensorShape(kwargs["shape"]), **arguments)
    vars(variable)[_INITIAL] = kwargs["initial_value"], memory
    variable.__class__ = _waiting(tf, resources)
    memory.waited += 1
    return variable


def _can_wait(tf: Any, **kwargs: Any) -> bool:
    """Not without a shape and dtype, not in somebody's graph, not where a strategy places variables."""
    shape = tf.TensorShape(kwargs.get("shape"))
    return (
        callable(kwargs.get("initial_value"))
        and kwargs.get("dtype") is not None
        and shape.is_fully_defined()
        and shape.num_elements() > SMALL
        and kwargs.get("caching_device") is None
        and tf.executing_eagerly()
        and not tf.distribute.has_strategy()
    )


@functools.cache
def _waiting(tf: Any, resources: Any) -> Any:
    """The class of variables that wait; they become ``ResourceVariable``, which it derives from."""

    def handle(self: Any) -> Any:
        if not in_keras_graph(tf):
            _initialize(self, tf, resources)
        return self._handle

    base = resources.ResourceVariable
    namespace = {
        "__module__": base.__module__,
        "handle": property(handle),
        "device": property(lambda self: self._handle.device),
    }
    return type(base)(base.__name__, (base,), namespace)


def _initialize(variable: Any, tf: Any, resources: Any) -> None:
    with _LOCK:
        if _INITIAL not in vars(variable):
            return
        initial_value, memory = vars(variable)[_INITIAL]
        with tf.init_scope():
            value = tf.convert_to_tensor(initial_value(), dtype=variable.dtype)
            tf.raw_ops.AssignVariableOp(resource=variable._handle, value=value)
        del vars(variable)[_INITIAL]
        variable.__class__ = resources.ResourceVariable
        memory.add(variable.name, variable.shape, variable.dtype.name)
