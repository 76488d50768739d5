"""What a tensor was computed from, while Keras only infers shapes: told alike on every backend.

TensorFlow keeps it in its graph. JAX and PyTorch do not, so there each operation is put on record while
it runs. Operations that look at the shape of a tensor alone do not count: TensorFlow has them in its graph,
the others ask for a number in Python.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Any, Protocol

from pytest_layersnap.extract.replaced import eagerly, replaced

#: What depends on shapes and dtypes alone: operations of TensorFlow, and how names of PyTorch's end.
#: Not ``empty_like``, by which Keras puts a tensor on another device.
_SHAPES_ALONE = frozenset({"Shape", "ShapeN", "Size", "Rank", "ZerosLike", "OnesLike"})
_LIKE = (
    "zeros_like",
    "ones_like",
    "full_like",
    "rand_like",
    "randn_like",
    "new_zeros",
    "new_ones",
    "new_full",
)


class Tape(Protocol):
    """How a backend tells what its tensors were computed from."""

    def running(self) -> AbstractContextManager[None]:
        """Around the operations that are to be told."""

    def is_tensor(self, value: Any) -> bool:
        """Whether a value is a tensor of the backend; a variable is none."""

    def made_of(self, tensor: Any) -> Iterable[Any]:
        """The tensors that one was computed from, by one operation."""

    def again(self, tensor: Any) -> Any:
        """The same tensor as another object."""


def tape_of(backend: str) -> Tape:
    """A new tape for a backend of Keras."""
    tapes: dict[str, type[Tape]] = {"tensorflow": _TensorFlow, "jax": _JAX, "torch": _Torch}
    return tapes[backend]()


class _TensorFlow:
    def __init__(self) -> None:
        self._tf = sys.modules["tensorflow"]

    def running(self) -> AbstractContextManager[None]:
        """Functions that were traced before would not call anything again."""
        return eagerly(self._tf)

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, (self._tf.Tensor, self._tf.RaggedTensor, self._tf.SparseTensor))

    def made_of(self, tensor: Any) -> Iterable[Any]:
        if not isinstance(tensor, self._tf.Tensor):
            parts: list[Any] = self._tf.nest.flatten(tensor, expand_composites=True)
            return parts
        if not hasattr(tensor, "graph") or tensor.op.type in _SHAPES_ALONE:
            return ()
        if tensor.op.type == "Placeholder":
            # What a graph within a graph, as of a loop, takes from outside.
            captures = getattr(tensor.graph, "captures", ())
            return [outer for outer, inner in captures if inner is tensor]
        inputs: Iterable[Any] = tensor.op.inputs
        return inputs

    def again(self, tensor: Any) -> Any:
        return self._tf.identity(tensor)


class _Recorded:
    """A tape on which operations are put while they run; it keeps their tensors alive, so that ids hold."""

    #: What is a tensor.
    kind: Any

    def __init__(self) -> None:
        self._made: dict[int, list[Any]] = {}
        self._kept: list[Any] = []

    def record(self, given: Iterable[Any], made: Iterable[Any]) -> None:
        """Note that tensors were computed from others; what is changed in place keeps what it was."""
        inputs = [item for item in given if isinstance(item, self.kind)]
        for item in made:
            if isinstance(item, self.kind):
                self._kept.append(item)
                known = self._made.setdefault(id(item), [])
                known += [one for one in inputs if one is not item]

    def is_tensor(self, value: Any) -> bool:
        return isinstance(value, self.kind)

    def made_of(self, tensor: Any) -> Iterable[Any]:
        return self._made.get(id(tensor), ())


class _JAX(_Recorded):
    def __init__(self) -> None:
        super().__init__()
        self._jax = sys.modules["jax"]
        self.kind = self._jax.Array

    def running(self) -> AbstractContextManager[None]:
        return _BINDING.told_to(self)

    def again(self, tensor: Any) -> Any:
        return self._jax.numpy.copy(tensor)


class _Binding(threading.local):
    """The tape of this thread, which all primitives of JAX report to while one is open in any thread."""

    tape: _Recorded | None = None
    lock = threading.Lock()
    open = 0
    undo = ExitStack()

    @contextmanager
    def told_to(self, tape: _Recorded) -> Iterator[None]:
        from jax.extend.core import Primitive  # type: ignore[import-not-found,unused-ignore]

        kind = _Binding
        with kind.lock:
            if not kind.open:
                kind.undo.enter_context(replaced(Primitive, "bind", self._reporting))
            kind.open += 1
        self.tape = tape
        try:
            yield
        finally:
            self.tape = None
            with kind.lock:
                kind.open -= 1
                if not kind.open:
                    kind.undo.close()

    def _reporting(self, bind: Any) -> Any:
        def reporting(primitive: Any, *args: Any, **params: Any) -> Any:
            made = bind(primitive, *args, **params)
            if self.tape is not None:
                self.tape.record(args, made if isinstance(made, (list, tuple)) else (made,))
            return made

        return reporting


_BINDING = _Binding()


class _Torch(_Recorded):
    def __init__(self) -> None:
        super().__init__()
        self._torch = sys.modules["torch"]
        self.kind = self._torch.Tensor

    @contextmanager
    def running(self) -> Iterator[None]:
        from torch.overrides import (  # type: ignore[import-not-found,unused-ignore]
            TorchFunctionMode,
        )

        tape = self

        class Recording(TorchFunctionMode):  # type: ignore[misc,unused-ignore]
            def __torch_function__(
                self, function: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                made = function(*args, **(kwargs or {}))
                if not getattr(function, "__name__", "").endswith(_LIKE):
                    given = [*_leaves(args), *_leaves(list((kwargs or {}).values()))]
                    # What gives nothing back, as ``x[0] = y``, changes its first argument.
                    tape.record(given, _leaves(args[:1] if made is None else made))
                return made

        with Recording():
            yield

    def again(self, tensor: Any) -> Any:
        return tensor.clone()


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
