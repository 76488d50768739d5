"""Variables of Keras 3 that wait for their value.

Inside a scope a variable is constructed as Keras does it under ``keras.StatelessScope``: with a shape, an
initializer and no value. Until the value is read its class is one that derives from its own and has
``_value`` as a property; reading it gives a placeholder while Keras infers shapes, and otherwise has the
variable initialised, which then is what it would have been.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pytest_layersnap.extract import tapes
from pytest_layersnap.extract.weightless.memory import SMALL, current, is_lazy
from pytest_layersnap.extract.weightless.tracing import (
    as_nobody_said,
    in_keras_graph,
    on_usual_device,
)

_LOCK = threading.RLock()
_MEMORY = "_pytest_layersnap_memory"  # the attribute of a waiting variable that holds its scope


@dataclass(frozen=True, slots=True)
class Backend:
    """What differs between the backends of Keras 3.

    Args:
        usual: whether what is allocated now goes where it would go by default.
        infers: whether Keras only infers shapes now.
        placeholder: a tensor of a shape and dtype that has no storage, to infer shapes with.
        really: a context in which tensors get values, whatever is traced around it.
    """

    usual: Callable[[], bool]
    infers: Callable[[], bool]
    placeholder: Callable[[tuple[int, ...], str], Any]
    really: Callable[[], AbstractContextManager[Any]]


def waiting_init(original: Any) -> Any:
    """``KerasVariable.__init__``, after which variables wait that can.

    Raises:
        ImportError, AttributeError, LookupError: this release keeps things elsewhere.
        RuntimeError: it does other things with them.
    """
    keras = import_module("keras.src.backend")
    _require_known(keras.Variable)
    return _waiting_init(_backend(keras.backend()), original)


def _waiting_init(backend: Backend, original: Any) -> Any:
    """``keras.Variable.__init__``, after which the variable waits if it can."""

    @functools.wraps(original)
    def __init__(self: Any, initializer: Any, shape: Any = None, *args: Any, **kwargs: Any) -> None:
        memory = current()
        if memory is None:
            original(self, initializer, shape, *args, **kwargs)
        elif memory.lazy and _can_wait(self, initializer, shape) and backend.usual():
            with _without_value(self):
                original(self, initializer, shape, *args, **kwargs)
            memory.waited += 1
            setattr(self, _MEMORY, memory)
            kind: Any = type(self)
            self.__class__ = _waiting(kind, backend)
        else:
            original(self, initializer, shape, *args, **kwargs)
            memory.add(self.path, self._shape, self._dtype)

    return __init__


@contextmanager
def _without_value(variable: Any) -> Iterator[None]:
    """Where Keras constructs a variable and leaves its value for later."""
    common = _common()
    with common.stateless_scope.StatelessScope(initialize_variables=False):
        yield
    pending = common.global_state.get_global_attribute("uninitialized_variables")
    if pending and pending[-1] is variable:
        pending.pop()  # or Keras would initialize it when it next leaves such a scope


@functools.cache
def _common() -> Any:
    return import_module("keras.src.backend.common")


def _require_known(kind: Any) -> None:
    """Refuse a Keras that keeps the value of a variable, or the lack of it, in another way."""
    variable = object.__new__(kind)
    with _without_value(variable):
        variable.__init__("zeros", shape=(1,), name="probe")
    state = vars(variable)
    if state.get("_value", ...) is not None or not callable(state.get("_initializer")):
        raise RuntimeError("a variable without a value looks different")


def _can_wait(variable: Any, initializer: Any, shape: Any) -> bool:
    """Not without a shape, and not where a class keeps the value in its own way (Flax' NNX)."""
    if not (callable(initializer) or isinstance(initializer, str)) or shape is None:
        return False
    sizes = (
        tuple(shape) if isinstance(shape, (tuple, list)) or hasattr(shape, "__iter__") else (shape,)
    )
    return (
        all(isinstance(size, int) for size in sizes)
        and math.prod(sizes) > SMALL
        and not hasattr(type(variable), "_value")
    )


@functools.cache
def _waiting(kind: Any, backend: Backend) -> type:
    """The class of variables of this kind that wait."""

    def get(self: Any) -> Any:
        if backend.infers():
            return backend.placeholder(self._shape, self._dtype)
        return _initialized(self, kind, backend)._value

    def set_(self: Any, value: Any) -> None:
        _settle(self, kind, {"_value": value})

    def reduce(self: Any, protocol: Any) -> Any:
        return _initialized(self, kind, backend).__reduce_ex__(protocol)

    def set_trainable(self: Any, value: bool) -> None:
        self._trainable = bool(value)  # Keras' own for torch asks the value

    return type(
        kind.__name__,
        (kind,),
        {
            "__module__": kind.__module__,
            "__reduce_ex__": reduce,
            "_value": property(get, set_),
            "trainable": property(kind.trainable.fget, set_trainable),
        },
    )


def _initialized(variable: Any, kind: type, backend: Backend) -> Any:
    """The variable, which waits no more."""
    with _LOCK:
        if type(variable) is not kind:
            # On a twin, so that the variable is never seen without a value by other threads.
            twin: Any = object.__new__(kind)
            vars(twin).update(vars(variable))
            with _outside(), backend.really():
                twin._deferred_initialize()
            _settle(variable, kind, vars(twin))
    return variable


def _settle(variable: Any, kind: type, state: dict[str, Any]) -> None:
    memory = vars(variable).pop(_MEMORY)
    vars(variable).update({name: value for name, value in state.items() if name != _MEMORY})
    variable.__class__ = kind
    memory.add(variable.path, variable._shape, variable._dtype)


@contextmanager
def _outside() -> Iterator[None]:
    """Outside the scopes in which Keras defers values."""
    state = import_module("keras.src.backend.common.global_state")
    names = ("stateless_scope", "symbolic_scope")
    scopes = {name: state.get_global_attribute(name) for name in names}
    try:
        for name in names:
            state.set_global_attribute(name, None)
        yield
    finally:
        for name, scope in scopes.items():
            state.set_global_attribute(name, scope)


def without_scope(original: Any) -> Any:
    """``TorchLayer._post_build``, which reads all values; left to when PyTorch asks for them."""

    @functools.wraps(original)
    def _post_build(self: Any) -> None:
        if is_lazy():
            self.register_state_dict_pre_hook(_track)
            self.register_load_state_dict_pre_hook(_track)
        else:
            original(self)

    return _post_build


def _track(layer: Any, *_: Any) -> None:
    layer.torch_params  # noqa: B018  (Keras makes them when they are first asked for)


def _tensorflow() -> Backend:
    tf = import_module("tensorflow")
    return Backend(
        usual=lambda: on_usual_device(tf),
        infers=lambda: in_keras_graph(tf),
        placeholder=lambda shape, dtype: tf.compat.v1.placeholder(dtype, shape),
        really=lambda: as_nobody_said(tf),
    )


def _jax() -> Backend:
    jax = import_module("jax")
    symbolic = import_module("keras.src.backend.common.symbolic_scope")
    distribution = import_module("keras.src.distribution.distribution_lib").distribution
    return Backend(
        usual=lambda: distribution() is None and jax.config.jax_default_device is None,
        infers=symbolic.in_symbolic_scope,
        placeholder=jax.numpy.zeros,  # traced, so nothing is computed
        really=jax.ensure_compile_time_eval,
    )


def _torch() -> Backend:
    torch = import_module("torch")
    core = import_module("keras.src.backend.torch.core")

    @contextmanager
    def really() -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(core.device_scope(core.DEFAULT_DEVICE))
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            yield

    def placeholder(shape: tuple[int, ...], dtype: str) -> Any:
        kind, device = core.to_torch_dtype(dtype), core.get_device()
        if device == "meta":
            return torch.empty(shape, dtype=kind, device=device)
        # Where Keras can't infer shapes without numbers it computes with some: these take no memory.
        return torch.zeros((), dtype=kind, device=device).expand(shape)

    return Backend(
        usual=lambda: core.get_device() in (core.DEFAULT_DEVICE, "meta"),
        infers=lambda: core.get_device() == "meta" or tapes.runs(),
        placeholder=placeholder,
        really=really,
    )


@functools.cache
def _backend(name: str) -> Backend:
    known = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
    if name not in known:
        raise LookupError(f"its backend is {name}")
    return known[name]()
