"""Variables of Keras 2 that wait for their value.

TensorFlow lets a scope create variables in its own way (``tf.variable_creator_scope``). Ours have a shape
and a dtype. In the graphs in which Keras calls layers symbolically their value is a placeholder; when
their handle is first used elsewhere, the initializer is run.
"""

from __future__ import annotations

import functools
import threading
import weakref
from collections.abc import Callable
from importlib import import_module
from typing import Any

from pytest_layersnap.extract.weightless.memory import SMALL, current
from pytest_layersnap.extract.weightless.tracing import (
    as_nobody_said,
    in_keras_graph,
    on_usual_device,
)

_LOCK = threading.RLock()
_INITIAL = "_pytest_layersnap_initial"  # of a waiting variable: its initializer and its scope


def make_variable(original: Any) -> Any:
    """``make_variable``, which gives variables that wait if they can.

    Raises:
        ImportError, AttributeError: this release of TensorFlow keeps things elsewhere.
    """
    tf = import_module("tensorflow")
    resources = import_module("tensorflow.python.ops.resource_variable_ops")
    _require_known(tf, resources)
    create = functools.partial(_create, tf, resources)

    @functools.wraps(original)
    def make_waiting_variable(*args: Any, **kwargs: Any) -> Any:
        if current() is None:
            return original(*args, **kwargs)
        # Not around the builder: clear_session() forgets such scopes.
        with tf.variable_creator_scope(create):
            return original(*args, **kwargs)

    return make_waiting_variable


def _create(tf: Any, resources: Any, following: Callable[..., Any], **kwargs: Any) -> Any:
    memory = current()
    assert memory is not None
    if not (memory.lazy and _can_wait(tf, **kwargs)):
        variable = following(**kwargs)
        if variable.shape.is_fully_defined():
            memory.add(variable.name, variable.shape, variable.dtype.name)
        return variable
    variable = _constructed(tf, resources, **kwargs)
    vars(variable)[_INITIAL] = kwargs["initial_value"], memory
    memory.waited += 1
    return variable


def _require_known(tf: Any, resources: Any) -> None:
    """Refuse a TensorFlow that makes variables in another way."""
    _constructed(tf, resources, name="probe", shape=(1,), dtype=tf.float32)
    resources.record.could_possibly_record()


def _constructed(tf: Any, resources: Any, **kwargs: Any) -> Any:
    """A variable as by ``UninitializedVariable``, but for a handle, which takes most of the time there."""
    kind = _waiting(tf, resources)
    variable = kind.__new__(kind)
    ops = resources.ops
    arguments = {
        name: kwargs.get(name)
        for name in ("trainable", "constraint", "synchronization", "aggregation", "shape", "dtype")
    }
    with (
        ops.init_scope(),
        ops.name_scope(kwargs.get("name"), "Variable", skip_on_eager=False) as name,
    ):
        handle_name = ops.name_from_scope_name(name)
        resources.BaseResourceVariable.__init__(
            variable,
            handle_name=handle_name,
            unique_id=f"{handle_name}_{ops.uid()}",
            in_graph_mode=False,
            **arguments,
        )
    return variable


def _can_wait(tf: Any, **kwargs: Any) -> bool:
    """Not without a shape and dtype, not in somebody's graph, not where somebody says on which device."""
    shape = tf.TensorShape(kwargs.get("shape"))
    return (
        callable(kwargs.get("initial_value"))
        and kwargs.get("dtype") is not None
        and shape.is_fully_defined()
        and shape.num_elements() > SMALL
        and kwargs.get("caching_device") is None
        and tf.executing_eagerly()
        and on_usual_device(tf)
    )


@functools.cache
def _waiting(tf: Any, resources: Any) -> Any:
    """The class of variables that wait; they become ``ResourceVariable``, which it derives from."""

    base = resources.ResourceVariable

    # TensorFlow's Python asks for ``handle``, which is ``_handle``; its C++ for that one: where eager
    # operations take a variable, and where tapes watch it.
    def handle(self: Any) -> Any:
        if not in_keras_graph(tf):
            _initialize(self, tf, resources)
        return _handle(self, tf, resources)

    def set_handle(self: Any, value: Any) -> None:
        vars(self)["_handle"] = value

    def read(self: Any, *args: Any, **kwargs: Any) -> Any:
        # Gradients lead to the handle.
        if in_keras_graph(tf) and not resources.record.could_possibly_record():
            return tf.compat.v1.placeholder(self.dtype, self.shape)
        return base._read_variable_op(self, *args, **kwargs)

    namespace = {
        "__module__": base.__module__,
        "_handle": property(handle, set_handle),
        "device": property(lambda self: _handle(self, tf, resources).device),
        "_read_variable_op": read,
    }
    return type(base)(base.__name__, (base,), namespace)


def _handle(variable: Any, tf: Any, resources: Any) -> Any:
    """The handle of a variable, made when it is first asked for.

    An empty variable of TensorFlow's lends us that of a resource without a value.
    """
    with _LOCK:
        handle = vars(variable)["_handle"]
        if handle is None:
            with as_nobody_said(tf):
                empty = resources.UninitializedVariable(
                    name=variable.name.partition(":")[0], shape=variable.shape, dtype=variable.dtype
                )
            handle = vars(variable)["_handle"] = empty.handle
            handle._parent_trackable = weakref.ref(variable)
            handle._unique_id = variable._unique_id
        return handle


def _initialize(variable: Any, tf: Any, resources: Any) -> None:
    with _LOCK:
        if _INITIAL not in vars(variable):
            return
        initial_value, memory = vars(variable)[_INITIAL]
        with as_nobody_said(tf):
            value = tf.convert_to_tensor(initial_value(), dtype=variable.dtype)
            tf.raw_ops.AssignVariableOp(resource=_handle(variable, tf, resources), value=value)
        del vars(variable)[_INITIAL]
        variable.__class__ = resources.ResourceVariable
        memory.add(variable.name, variable.shape, variable.dtype.name)
