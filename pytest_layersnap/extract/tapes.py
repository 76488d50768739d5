"""What a tensor was computed from, while Keras only infers shapes: told alike on every backend.

TensorFlow keeps it in its graph. JAX and PyTorch do not, so there each operation is put on record while
it runs. Operations that look at the shape of a tensor alone do not count: TensorFlow has them in its graph,
the others ask for a number in Python.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

from pytest_layersnap.extract import asked, keras3
from pytest_layersnap.extract.reader import flatten, mapped
from pytest_layersnap.extract.replaced import InThread, eagerly

#: The tapes that run in this thread and in others.
_TAPES = InThread()


def _places() -> dict[tuple[Any, str], Any]:
    """Where Keras 3 tells the values of variables, and where it takes one of two branches."""
    places = dict.fromkeys(asked.variables(sys.modules["keras"]), _refusing)
    return {**places, (keras3.core(), "cond"): _both_branches}


def _refusing(tells: Any) -> Any:
    """Tells somebody's code no value in threads in which a tape runs."""

    @functools.wraps(tells)
    def refusing(*args: Any, **kwargs: Any) -> Any:
        if (tape := _TAPES.mine) is not None and not tape.tells(args[0]):
            asked.refuse()
        return tells(*args, **kwargs)

    return refusing


def _both_branches(cond: Any) -> Any:
    """As TensorFlow does it: one branch where it is known which, else both."""

    @functools.wraps(cond)
    def both(pred: Any, true_fn: Any, false_fn: Any) -> Any:
        tape = _TAPES.mine
        if tape is None:
            return cond(pred, true_fn, false_fn)
        if not tape.is_tensor(pred):
            return true_fn() if pred else false_fn()
        return tape.either(pred, true_fn, false_fn)

    return both


def _as_one_step(vectorized_map: Any) -> Any:
    """On PyTorch what happens inside happens to stand-ins for rows."""

    @functools.wraps(vectorized_map)
    def mapping(function: Any, elements: Any) -> Any:
        tape = _TAPES.mine
        if tape is None:
            return vectorized_map(function, elements)
        return tape.whole(lambda: vectorized_map(function, elements), flatten(elements))

    return mapping


def _repeating(repeat: Any) -> Any:
    """Keras' own fails without numbers, and what it falls back on computes the layer, with weights."""

    @functools.wraps(repeat)
    def repeating(x: Any, repeats: Any, axis: Any = None) -> Any:
        if (
            _TAPES.mine is None
            or not isinstance(repeats, int)
            or not hasattr(x, "repeat_interleave")
        ):
            return repeat(x, repeats, axis)
        return x.repeat_interleave(repeats, dim=axis)

    return repeating


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

    def is_dense(self, value: Any) -> bool:
        """Whether a value is a tensor that a shape and a dtype describe."""

    def empty_like(self, tensor: Any) -> Any:
        """A tensor of the shape and dtype of a dense one."""


def runs() -> bool:
    """Whether a tape runs in this thread."""
    return _TAPES.mine is not None


def tape_of(backend: str) -> Tape:
    """A new tape for a backend of Keras."""
    tapes: dict[str, type[Tape]] = {"tensorflow": _TensorFlow, "jax": _JAX, "torch": _Torch}
    return tapes[backend]()


class _TensorFlow:
    def __init__(self) -> None:
        self._tf = sys.modules["tensorflow"]

    @contextmanager
    def running(self) -> Iterator[None]:
        """Functions that were traced before would not call anything again."""
        place = self._tf.__internal__.FuncGraph, "_create_op_internal"
        with eagerly(self._tf), _TAPES.having(self, {place: _not_counting}):
            yield

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

    def is_dense(self, value: Any) -> bool:
        return isinstance(value, self._tf.Tensor)

    def empty_like(self, tensor: Any) -> Any:
        return self._tf.compat.v1.placeholder(tensor.dtype, tensor.shape)


def _not_counting(create: Any) -> Any:
    @functools.wraps(create)
    def creating(graph: Any, op_type: str, *args: Any, **kwargs: Any) -> Any:
        if asked.is_counting(op_type) and _TAPES.mine is not None:
            asked.refuse_to_count()
        return create(graph, op_type, *args, **kwargs)

    return creating


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

    def is_dense(self, value: Any) -> bool:
        return self.is_tensor(value)

    def made_of(self, tensor: Any) -> Iterable[Any]:
        return self._made.get(id(tensor), ())

    def empty_like(self, tensor: Any) -> Any:
        """A tensor of the same shape and dtype."""
        raise NotImplementedError

    def again(self, tensor: Any) -> Any:
        """The same tensor as another object."""
        raise NotImplementedError

    def tells(self, value: Any) -> bool:
        """Whether the value of a tensor or variable is known in every environment."""
        return False

    def either(self, choice: Any, one: Any, other: Any) -> Any:
        """What one of two functions gives, when both have run; it comes from what they took."""

        def both() -> Any:
            made = mapped(lambda leaf: self.again(leaf) if self.is_tensor(leaf) else leaf, one())
            other()
            return made

        return self.whole(both, [choice])

    def whole(self, work: Any, given: list[Any]) -> Any:
        """What some work gives: it comes from what that was given, and from all that it took besides."""
        known = set(self._made)
        made = work()
        inside = self._made.keys() - known
        taken = [tensor for key in inside for tensor in self._made[key] if id(tensor) not in inside]
        for leaf in flatten(made):
            self._kept.append(leaf)
            self._made[id(leaf)] = [*given, *taken]
        return made


class _JAX(_Recorded):
    def __init__(self) -> None:
        super().__init__()
        from jax.core import Tracer  # type: ignore[import-not-found,unused-ignore]

        self._jax = sys.modules["jax"]
        # Most are tracers, of which that is found out sooner.
        self.kind = (Tracer, self._jax.Array)

    def running(self) -> AbstractContextManager[None]:
        from jax.core import Tracer  # type: ignore[import-not-found,unused-ignore]
        from jax.extend.core import Primitive  # type: ignore[import-not-found,unused-ignore]

        rows = dict.fromkeys([(Tracer, "__iter__"), (Tracer, "__len__")], _refusing)
        return _TAPES.having(self, {(Primitive, "bind"): _reporting, **_places(), **rows})

    def again(self, tensor: Any) -> Any:
        return self._jax.numpy.copy(tensor)

    def empty_like(self, tensor: Any) -> Any:
        return self._jax.numpy.empty_like(tensor)


def _reporting(bind: Any) -> Any:
    def reporting(primitive: Any, *args: Any, **params: Any) -> Any:
        made = bind(primitive, *args, **params)
        if (tape := _TAPES.mine) is not None:
            tape.record(args, made if isinstance(made, (list, tuple)) else (made,))
        return made

    return reporting


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
        # Most of what is asked of a tensor gives none: its device, its dtype.
        tellers = (self.kind, list, tuple)

        class Recording(TorchFunctionMode):  # type: ignore[misc,unused-ignore]
            def __torch_function__(
                self, function: Any, types: Any, args: Any = (), kwargs: Any = None
            ) -> Any:
                name = getattr(function, "__name__", "")
                if asked.is_asked(name, args) and not tape.tells(args[0]):
                    asked.refuse()
                if asked.is_counting(name, args):
                    asked.refuse_to_count()
                made = function(*args, **(kwargs or {}))
                if made is None or (isinstance(made, tellers) and not name.endswith(_LIKE)):
                    given = [*_leaves(args), *_leaves(list((kwargs or {}).values()))]
                    # What gives nothing back, as ``x[0] = y``, changes its first argument.
                    tape.record(given, _leaves(args[:1] if made is None else made))
                return made

        places = {
            **_places(),
            (self.kind, "__iter__"): _refusing,
            (keras3.core(), "vectorized_map"): _as_one_step,
            (keras3.numpy(), "repeat"): _repeating,
        }
        with _TAPES.having(self, places), Recording():
            yield

    def tells(self, value: Any) -> bool:
        """That of a tensor that was there before."""
        return self.is_tensor(value) and id(value) not in self._made

    def again(self, tensor: Any) -> Any:
        return tensor.clone()

    def empty_like(self, tensor: Any) -> Any:
        return self._torch.empty_like(tensor)


def _leaves(value: Any) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]
