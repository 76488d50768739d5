"""The calls inside whatever has no graph of its own: layers that people wrote, and subclassed models.

Such a layer is run as Keras runs it to infer shapes: no number is computed and no weight is read. While it
runs, all calls of layers inside are noted. Every environment makes the same experiment: sizes that are not
known get the same numbers everywhere, twice, and are unknown again where the two runs differ.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pytest_layersnap.extract.alike import Alike
from pytest_layersnap.extract.as_before import as_before
from pytest_layersnap.extract.graph import BoundCall
from pytest_layersnap.extract.randomness import random_states_as_before
from pytest_layersnap.extract.reader import (
    Call,
    NotedTensor,
    Reader,
    Spec,
    flatten,
    has_call,
    is_a,
    is_built_in,
    mapped,
)
from pytest_layersnap.extract.replaced import InThread
from pytest_layersnap.extract.tapes import Tape, tape_of

#: What sizes that are not known are, in two runs: of the batch, and of all other axes. Tried in this order:
#: images that are halved five times, texts that may only be short, images and sounds that need to be large.
_SIZES = (
    ((4, 6), (64, 96)),
    ((4, 6), (8, 12)),
    ((4, 6), (512, 768)),
    ((2, 3), (2, 3)),
)


#: Why a call can't be run; whether numbers or arguments are lacking, not every Keras can tell.
UNKNOWN = "its call needs numbers, or arguments that are not known"
#: Why nothing is known of it: Keras 2 loads what somebody wrote without the code, as a function.
WITHOUT_CLASS = "it was loaded without its class"
#: Why nothing is told of the calls inside a class that derives from Keras' loops and has its own ``call``.
LOOP = "its call is around a loop of Keras', which every backend runs in its own way"


class NotTraced(Exception):
    """The calls inside can't be told; the message says why, in words that hold in every environment."""


@dataclass(slots=True, eq=False)
class Inner:
    """One call of a layer, made inside another.

    Args:
        layer: what was called.
        around: the call in which it was called; None for the one that was run.
        bound: its arguments by name and its outputs; tensors are ``NotedTensor``.
        made: the outputs as ``call`` gave them.
    """

    layer: Any
    around: Inner | None
    bound: BoundCall
    made: list[Any] = field(default_factory=list)
    inside: list[Inner] = field(default_factory=list)

    @property
    def given(self) -> list[NotedTensor]:
        """The tensors among its arguments, in argument order."""
        return [
            leaf
            for value in self.bound.arguments.values()
            for leaf in flatten(value)
            if isinstance(leaf, NotedTensor)
        ]


@dataclass(slots=True)
class Trace:
    """What was noted of some calls of one layer.

    Args:
        roots: the calls of the layer itself.
        tape: tells what tensors were computed from.
    """

    roots: list[Inner]
    tape: Tape


def trace(
    reader: Reader, layer: Any, calls: Sequence[Call], is_open: Callable[[Any], bool]
) -> Trace:
    """The calls that a layer makes in some calls of its own.

    Args:
        reader: reads the layer.
        layer: what has no graph.
        calls: its own calls; symbolic tensors stand for what it is given.
        is_open: whether it matters what a layer calls inside.

    Raises:
        NotTraced: it can't be told.
    """
    tape = tape_of(reader.backend(layer))
    known: list[tuple[Any, Inner]] = []
    with random_states_as_before(), as_before(layer), reader.counters_as_they_were(layer):
        for call in calls:
            if not any(_same_call(reader, call, other) for other, _ in known):
                known.append((call, _one(reader, layer, call, tape, is_open)))
    return Trace([root for _, root in known], tape)


def _same_call(reader: Reader, one: Call, other: Call) -> bool:
    def plain(call: Call) -> Any:
        given = [list(call.args), call.kwargs]
        return mapped(lambda leaf: _spec(reader, leaf) or leaf, given)

    return repr(plain(one)) == repr(plain(other))


def _one(
    reader: Reader, layer: Any, call: Call, tape: Tape, is_open: Callable[[Any], bool]
) -> Inner:
    """One call, run twice where a size is not known, in the first sizes with which it runs."""
    arguments = [list(call.args), call.kwargs]
    leaves = [leaf for leaf in flatten(arguments) if _spec(reader, leaf)]
    specs = [spec for spec in (_spec(reader, leaf) for leaf in leaves) if spec]
    if any(spec.shape is None for spec in specs):
        raise NotTraced("the rank of what it is given is not known")
    unknown = any(None in (spec.shape or ()) for spec in specs)
    for batch, sizes in _SIZES if unknown else _SIZES[:1]:
        try:
            runs = [
                _run(
                    _Run(reader, tape, is_open, shapes_alone=bool(at)),
                    layer,
                    arguments,
                    leaves,
                    [spec.filled(batch[at], sizes[at]) for spec in specs],
                )
                for at in range(2 if unknown else 1)
            ]
        except Exception:  # whatever the user's code raises
            continue
        return _merged(runs)
    raise NotTraced(UNKNOWN)


def _run(run: _Run, layer: Any, arguments: Any, leaves: list[Any], specs: list[Spec]) -> Inner:
    def call(*tensors: Any) -> None:
        run.begin()
        of = {id(leaf): tensor for leaf, tensor in zip(leaves, tensors, strict=True)}
        args, kwargs = mapped(lambda leaf: of.get(id(leaf), leaf), arguments)
        layer(*args, **kwargs)

    base = run.reader.base(layer)
    with _RUNS.having(run, {(base, "__call__"): _noting}), run.tape.running():
        run.reader.symbolically(layer, call, specs)
    root: Inner = run.root
    return root


class _Run:
    """One run of a layer: the calls noted so far, and the ones that are being made.

    Args:
        reader: reads the layer.
        tape: tells what tensors were computed from.
        is_open: whether it matters what a layer calls inside.
        shapes_alone: of a second run, in which what is fed by what is known.
    """

    def __init__(
        self, reader: Reader, tape: Tape, is_open: Callable[[Any], bool], shapes_alone: bool
    ) -> None:
        self.reader = reader
        self.tape = tape
        self._is_open = is_open
        self._shapes_alone = shapes_alone
        self.begin()

    def begin(self) -> None:
        """Forget what was noted: Keras begins anew where PyTorch can't do without numbers."""
        self.root: Any = None
        self._around: list[Inner] = []
        self._known: dict[int, Any] = {}
        self._closed = 0
        self._alike = Alike(self.reader, self.tape)

    def note(self, call: Callable[..., Any], layer: Any, args: Any, kwargs: Any) -> Any:
        """One call of a layer, which is made, and noted where it matters."""
        around = self._around[-1] if self._around else None
        if self._closed or (around and self._is_own_affair(around, layer)):
            # How often a wrapper or a recurrent layer calls what it holds is its own affair.
            with self._apart_from(1):
                return call(layer, *args, **kwargs)
        is_given = around is not None and not is_built_in(around.layer)
        inner = Inner(layer, around, self._bound(layer, args, kwargs, is_given))
        if around is None:
            if self.root is not None:
                raise RuntimeError("the run is over")
            self.root = inner
        else:
            around.inside.append(inner)
        self._around.append(inner)
        try:
            is_open = self._is_open(layer)
            args, kwargs = _handing_on(layer, args, kwargs, is_open, is_given)
            run = functools.partial(call, layer, *args, **kwargs)
            with self._apart_from(not is_open), self._direct(layer):
                quick = self._shapes_alone and not is_open
                made = self._alike.made(layer, args, kwargs, run) if quick else run()
        finally:
            self._around.pop()
        inner.made = [leaf for leaf in flatten(made) if self.tape.is_tensor(leaf)]
        made = mapped(self._apart, made)
        inner.bound.outputs.extend(
            self._noted(leaf) for leaf in flatten(made) if self.tape.is_tensor(leaf)
        )
        return made

    def _is_own_affair(self, around: Inner, layer: Any) -> bool:
        """Whether a wrapper's or recurrent layer's call is not noted: a second one, or of Keras' own cell.

        Where a backend computes a recurrent layer at once, Keras' cells are not called at all.
        """
        if not is_wrapper(around.layer):
            return False
        is_cell = is_a(around.layer, "RNN") and is_built_in(layer) and not self._is_open(layer)
        return is_cell or any(inner.layer is layer for inner in around.inside)

    @contextmanager
    def _apart_from(self, closed: int) -> Iterator[None]:
        """What is called inside is not noted, where ``closed``."""
        self._closed += closed
        try:
            yield
        finally:
            self._closed -= closed

    @contextmanager
    def _direct(self, wrapper: Any) -> Iterator[None]:
        """Note also what a wrapper calls past ``__call__``."""
        layers = self.reader.called_directly(wrapper)
        for layer in layers:
            noting = functools.partial(self._called_directly, layer.call, layer)
            vars(layer)["call"] = functools.wraps(layer.call)(noting)
        try:
            yield
        finally:
            for layer in layers:
                vars(layer).pop("call", None)

    def _called_directly(self, call: Any, layer: Any, *args: Any, **kwargs: Any) -> Any:
        return self.note(lambda _, *args, **kwargs: call(*args, **kwargs), layer, args, kwargs)

    def _bound(self, layer: Any, args: Any, kwargs: Any, is_given: bool) -> BoundCall:
        """A call's arguments by name, without a ``training`` that nobody gave but Keras."""
        args, kwargs = mapped(self._noted, (args, kwargs))
        signature = _signature(layer)
        try:
            arguments = dict(signature.bind_partial(*args, **kwargs).arguments) if signature else {}
        except TypeError:
            signature = None
        if signature is None:
            arguments = {f"argument_{at}": value for at, value in enumerate(args)} | dict(kwargs)
        defaults = {}
        for name, parameter in signature.parameters.items() if signature else ():
            if parameter.default is not parameter.empty:
                defaults[name] = parameter.default
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments.update(arguments.pop(name, {}))
        arguments = {
            name: value
            for name, value in arguments.items()
            if name != "training" or (is_given and value is not None and value is not _HANDED_ON)
        }
        return BoundCall(arguments, defaults, [], Call(args, kwargs, []))

    def _noted(self, value: Any) -> Any:
        """What is noted of a value: of a tensor its shape and itself."""
        if not self.tape.is_tensor(value):
            return value
        self._known[id(value)] = value
        return NotedTensor(_shape(value), value.dtype, value)

    def _apart(self, value: Any) -> Any:
        """An output as an object that is no other call's argument or output.

        Some layers give back what they were given, in one environment and not in another.
        """
        if not self.tape.is_tensor(value) or id(value) not in self._known:
            return value
        apart = self.tape.again(value)
        if (mask := self.reader.mask_of(value)) is not None:
            self.reader.carry_mask(apart, mask)
        return apart


class _HandedOn(int):
    """``training`` where nobody gave it: false, but no False that somebody wrote where it is handed on.

    What Keras fills in is None in one generation and False in the other.
    """


_HANDED_ON = _HandedOn(0)


def _handing_on(
    layer: Any, args: Any, kwargs: Any, is_open: bool, is_given: bool
) -> tuple[Any, Any]:
    """The arguments with which a layer is run: one that matters inside can tell what it hands on."""
    if not is_open or is_built_in(layer):
        plain: tuple[Any, Any] = mapped(
            lambda leaf: None if leaf is _HANDED_ON else leaf, (args, kwargs)
        )
        return plain
    signature = _signature(layer)
    parameter = signature.parameters.get("training") if signature else None
    if signature is None or parameter is None or parameter.default not in (None, False):
        return args, kwargs
    names = list(signature.parameters)
    if names.index("training") < len(args):
        return args, kwargs
    given = kwargs.get("training")
    if given is None or not (is_given or given):
        kwargs = {**kwargs, "training": _HANDED_ON}
    return args, kwargs


#: Keras' classes that call what they hold, each backend in its own way.
_WRAPPERS = ("RNN", "Bidirectional", "Wrapper")


def is_wrapper(layer: Any) -> bool:
    """Whether it is Keras' own code that calls what it holds, as its config says.

    So it is in people's classes that derive from a recurrent layer or a wrapper and leave ``call`` alone.
    """
    if is_built_in(layer):
        return not is_a(layer, "Model")
    return not has_call(layer) and any(is_a(layer, name) for name in _WRAPPERS)


def _shape(tensor: Any) -> tuple[int | None, ...] | None:
    shape = tensor.shape
    if getattr(shape, "rank", 0) is None:
        return None
    return tuple(None if size is None else int(size) for size in shape)


@functools.lru_cache(maxsize=1_000)
def _signature_of(kind: Any) -> inspect.Signature | None:
    try:
        found = inspect.signature(kind.call)
    except (TypeError, ValueError):
        return None
    first, *rest = found.parameters.values()
    return found.replace(parameters=rest) if first.name == "self" else found


def _signature(layer: Any) -> inspect.Signature | None:
    kind: Any = type(layer)
    return _signature_of(kind)


def _spec(reader: Reader, leaf: Any) -> Spec | None:
    """What is known of a tensor that a layer is to be given; None for another value."""
    if isinstance(leaf, Spec):
        return leaf
    return reader.spec(leaf) if reader.is_tensor(leaf) else None


# --- two runs as one --------------------------------------------------------------------------


def _merged(runs: list[Inner]) -> Inner:
    """The first run, in which the sizes that differ in the second are unknown.

    Raises:
        NotTraced: they do not make the same calls.
    """
    first = runs[0]
    for other in runs[1:]:
        _merge(first, other)
    return first


def _merge(one: Inner, other: Inner) -> None:
    pairs = [
        *zip(one.given, other.given, strict=False),
        *zip(one.bound.outputs, other.bound.outputs, strict=False),
    ]
    counts = [(len(each.given), len(each.bound.outputs), len(each.inside)) for each in (one, other)]
    # Layers made in a call are others in each run.
    if type(one.layer) is not type(other.layer) or counts[0] != counts[1]:
        raise NotTraced("which layers it calls depends on sizes that are not known")
    for here, there in pairs:
        here.shape = _common(here.shape, there.shape)
    for inner in zip(one.inside, other.inside, strict=True):
        _merge(*inner)


def _common(one: Any, other: Any) -> Any:
    if one is None or other is None or len(one) != len(other):
        return None
    return tuple(size if size == same else None for size, same in zip(one, other, strict=True))


# --- the hook ---------------------------------------------------------------------------------


def _noting(call: Callable[..., Any]) -> Callable[..., Any]:
    """``Layer.__call__`` while a run is open: it notes the calls in threads that have one."""

    @functools.wraps(call)
    def noting(layer: Any, *args: Any, **kwargs: Any) -> Any:
        run = _RUNS.mine
        return call(layer, *args, **kwargs) if run is None else run.note(call, layer, args, kwargs)

    return noting


_RUNS = InThread()
