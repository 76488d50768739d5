"""One call: its inputs and weights made, evaluated in both modes, and told in numbers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from pytest_layersnap.extract.as_before import as_before
from pytest_layersnap.extract.behavior import values
from pytest_layersnap.extract.behavior.carried import Carried, Shape, declared_shape
from pytest_layersnap.extract.behavior.numbers import stand_for
from pytest_layersnap.extract.behavior.outcome import Outcome
from pytest_layersnap.extract.graph import BoundCall, tensors
from pytest_layersnap.extract.randomness import random_states
from pytest_layersnap.extract.reader import Reader, Spec, flatten, is_a, is_built_in, is_mask
from pytest_layersnap.table import INFERENCE, INPUTS, SHAPE, TRAINING

#: What is said in place of numbers of what differs each time.
RANDOM: Final = "random"
#: No more numbers than these are made for one call: two gigabytes in single precision.
_MOST_NUMBERS: Final = 500_000_000
#: Layers whose weights are kept by another library, where no other values can take their place.
_OF_OTHERS: Final = ("TorchModuleWrapper", "TFSMLayer")
#: Weights that are places in another one, by their names.
_PLACES: Final = ("g_idx",)
#: Settings that say how many whole numbers a layer knows.
_BOUNDS: Final = ("input_dim", "num_tokens", "num_classes", "depth", "vocabulary_size")


#: Layers that take whole numbers, whatever the dtype of what they are given.
_OF_WHOLE: Final = ("Embedding", "CategoryEncoding")

#: Layers that do the same at every place of an image or sequence, however large it is.
_LOCAL: Final = re.compile(
    r"(Depthwise|Separable)?Conv\dD(Transpose)?|(Max|Average)Pooling\dD|Global\w+Pooling\dD|ZeroPadding\dD"
    r"|Cropping\dD|UpSampling\dD|BatchNormalization|Activation|\w*ReLU|Dropout|SpatialDropout\dD|Rescaling"
    r"|Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate"
)


class Way(NamedTuple):
    """How inputs are made.

    Args:
        sizes: the sizes that take the place of unknown ones.
        whole: whether they are whole numbers.
        shrunk: whether large images are made smaller.
    """

    sizes: values.Sizes
    whole: bool
    shrunk: bool

    def of(self, shape: Sequence[int | None]) -> tuple[int, ...]:
        """A shape as it is evaluated."""
        return self.sizes.of(shape, shrunk=self.shrunk)


class Unprobed(Exception):
    """A call that can't be evaluated; the message says why."""


class Evaluation:
    """The evaluation of one call of a layer or operation."""

    def __init__(
        self, reader: Reader, backend: Any, carried: Carried, operation: Any, call: BoundCall
    ) -> None:
        """Evaluate one call.

        Args:
            reader: the reader of the generation.
            backend: how that generation evaluates (``keras2`` or ``keras3`` beside this module).
            carried: the masks that tensors carry.
            operation: the layer or operation.
            call: its call.
        """
        self._reader = reader
        self._backend = backend
        self._carried = carried
        self._operation = operation
        self._call = call
        owners = [] if reader.is_operation(operation) else list(_owners(reader, operation))
        self._weights = _weights(reader, owners)
        #: What a layer of Keras' writes, as it normalizes, say, is no code of somebody's.
        self._watched = _weights(reader, [one for one in owners if not is_built_in(one)])
        #: The shapes of the masks that its outputs carry, once it is told.
        self.masks: list[Shape | None] = []
        self._places: dict[int, int] = {}
        for tensor in (*tensors(reader, call.arguments), *self._leaves()):
            if self._is_tensor(tensor):
                self._places.setdefault(id(tensor), len(self._places))

    def told(self) -> Iterator[tuple[str, Any]]:
        """What the call gives in each mode: labels and numbers, or why there are none.

        Raises:
            Unprobed: it can't be evaluated.
        """
        self._require_possible()
        yield from self._called()
        yield from self._ruled()

    def _called(self) -> Iterator[tuple[str, Any]]:
        number, way, first = self._first()
        self.masks = self._masks(first)
        if self._differs(first, way):
            yield INFERENCE, RANDOM
            return
        told = dict(_labelled(INFERENCE, first))
        yield from told.items()
        if (shape := self._undeclared(first, way)) is not None:
            yield SHAPE, shape
        if number:
            yield INPUTS, number
        if not self._has_modes():
            return
        if _draws(self._reader, self._operation):
            yield TRAINING, RANDOM
            return
        trained = self._evaluated(way, training=True)
        if trained.random or self._differs(trained, way, training=True):
            yield TRAINING, RANDOM
            return
        for label, numbers in _labelled(TRAINING, trained):
            if numbers != told.get(label.replace(TRAINING, INFERENCE, 1)):
                yield label, numbers

    def _ruled(self) -> Iterator[tuple[str, Any]]:
        """What regularizers add to the loss, and what constraints make of the weights."""
        if not (rules := list(self._backend.rules(self._operation, self._weights))):
            return
        before = random_states()
        with as_before(self._operation), self._backend.lent(self._weights, self._values()):
            try:
                made = [(part, stand_for(self._backend.array(rule()))) for part, rule in rules]
            except Exception as error:  # whatever they raise
                reason = f"its regularizers or constraints fail ({type(error).__name__})"
                raise Unprobed(reason) from error
        is_random = random_states() != before
        for part in dict(made):
            found = [numbers for of, numbers in made if of == part]
            for number, numbers in enumerate(found):
                yield _label(f"{TRAINING} {part}", number), RANDOM if is_random else numbers

    def _is_tensor(self, leaf: Any) -> bool:
        """Whether a leaf is a tensor, or stands for one of which the shape and dtype are known."""
        return isinstance(leaf, Spec) or self._reader.is_tensor(leaf)

    def _leaves(self) -> list[Any]:
        return flatten([self._call.recorded.args, self._call.recorded.kwargs])

    def _require_possible(self) -> None:
        for name in _OF_OTHERS:
            if is_a(self._operation, name):
                raise Unprobed("its weights are kept outside Keras")
        described = [self._backend.shape_and_dtype(weight) for weight in self._weights]
        if sum(_size(shape) for shape, _ in described) > _MOST_NUMBERS:
            raise Unprobed("its weights are too large")

    def _first(self) -> tuple[int, Way, Outcome]:
        """The first way to make inputs that does not fail: its number, itself, and what it gives."""
        reason: Exception | None = None
        for number, way in enumerate(self._ways()):
            try:
                return number, way, self._evaluated(way)
            except Exception as error:  # whatever the layer raises
                reason = reason or error
        raise Unprobed(f"it fails with inputs made for it ({type(reason).__name__})")

    def _ways(self) -> Iterator[Way]:
        """How inputs can be made, the way that shows most first."""
        given = [leaf for leaf in self._leaves() if self._is_tensor(leaf)]
        kinds = [self._takes_whole()]
        if any("float" in _dtype(leaf) for leaf in given) and not kinds[0]:
            kinds.append(True)
        shapes = [_shape(leaf) for leaf in given]
        tried = values.SIZES if any(None in shape for shape in shapes) else values.SIZES[:1]
        if self._is_own() and sum(_size(tried[0].of(shape)[1:]) for shape in shapes) <= values.FEW:
            tried = (values.MANY, *tried)
        shrinks = [True, False] if self._is_local() else [False]
        for whole in kinds:
            for shrunk in shrinks:
                for sizes in tried:
                    yield Way(sizes, whole, shrunk)

    def _takes_whole(self) -> bool:
        """Whether whole numbers are meant, which Keras 3 does not say where it knows but shapes."""
        if any(isinstance(leaf, Spec) for leaf in self._leaves()):
            return _holds_whole(self._reader, self._operation)
        return _is_of_whole(self._operation)

    def _is_own(self) -> bool:
        """Whether somebody wrote the class."""
        return not (self._reader.is_operation(self._operation) or is_built_in(self._operation))

    def _is_local(self) -> bool:
        """Whether the layer does the same at every place, and has channels last.

        Not asked of operations, whose classes the two generations name otherwise.
        """
        return (
            not self._reader.is_operation(self._operation)
            and is_built_in(self._operation)
            and _LOCAL.fullmatch(type(self._operation).__name__) is not None
            and getattr(self._operation, "data_format", None) != "channels_first"
        )

    def _evaluated(self, way: Way, *, training: bool = False) -> Outcome:
        args, kwargs = self._given(way)
        if self._has_modes():
            kwargs["training"] = training
        before = random_states()
        with as_before(self._operation):
            made: Outcome = self._backend.evaluated(
                self._operation, args, kwargs, self._weights, self._values(), self._watched
            )
        return replace(made, random=made.random or random_states() != before)

    def _has_modes(self) -> bool:
        """Whether the layer, or one that it holds, is told whether it is trained, and not by the call."""
        if self._reader.is_operation(self._operation):
            return False
        if isinstance(self._call.arguments.get("training"), bool):
            return False
        return _takes_training(self._reader, self._operation)

    def _values(self) -> Iterator[Any]:
        for number, weight in enumerate(self._weights):
            shape, dtype = self._backend.shape_and_dtype(weight)
            if getattr(weight, "name", "") in _PLACES:
                yield values.places(shape)
            else:
                yield values.weight(shape, dtype, number)

    def _given(self, way: Way) -> tuple[list[Any], dict[str, Any]]:
        bound, padded = self._bound(), not self._reader.is_operation(self._operation)
        own = self._is_own()
        made: dict[int, Any] = {}

        def value(leaf: Any, is_a_mask: bool) -> Any:
            if not self._is_tensor(leaf):
                return leaf
            if id(leaf) not in made:
                shape, dtype = way.of(_shape(leaf)), _dtype(leaf)
                carried = self._carried.shape(leaf)
                if is_a_mask:  # also of numbers: what is neither 0 nor 1 is none
                    array = values.mask(shape)
                else:
                    given = bound if way.whole or "float" not in dtype else None
                    array = values.argument(
                        shape,
                        dtype,
                        self._places[id(leaf)],
                        whole=given,
                        # What is masked shows whether people's code leaves it out if it is not zero.
                        padded=padded and not (own and carried is not None),
                        small=own,
                    )
                made[id(leaf)] = self._backend.tensor(array, dtype)
                if carried is not None:
                    mask = values.mask(way.of(carried))
                    self._reader.carry_mask(made[id(leaf)], self._backend.tensor(mask, "bool"))
            return made[id(leaf)]

        recorded = self._call.recorded
        args = [_mapped(item, lambda leaf: value(leaf, False)) for item in recorded.args]
        kwargs = {
            name: _mapped(item, lambda leaf, name=name: value(leaf, is_mask(name)))
            for name, item in recorded.kwargs.items()
        }
        return args, kwargs

    def _bound(self) -> int | None:
        """How many whole numbers the call knows, as far as it says so."""
        given = (*vars(self._operation).items(), *self._call.recorded.kwargs.items())
        for name, value in given:
            if (
                name in _BOUNDS
                and isinstance(value, int)
                and not isinstance(value, bool)
                and value > 0
            ):
                return value
        shapes = [self._backend.shape_and_dtype(weight)[0] for weight in self._weights]
        sizes = [shape[0] for shape in shapes if len(shape) == 2]
        if not sizes:
            floats = [
                one for one in self._leaves() if self._is_tensor(one) and "float" in _dtype(one)
            ]
            sizes = [size for one in floats for size in _shape(one)[1:] if size is not None]
        return min(sizes, default=None)

    def _differs(self, outcome: Outcome, way: Way, *, training: bool = False) -> bool:
        """Whether a layer of somebody's own gives something else each time."""
        if outcome.random:
            return True
        if not self._is_own():
            return False
        again = self._evaluated(way, training=training)
        return dict(_labelled("", again)) != dict(_labelled("", outcome))

    def _masks(self, outcome: Outcome) -> list[Shape | None]:
        made = zip(outcome.carried, outcome.outputs, self._call.outputs, strict=False)
        return [
            None if mask is None else declared_shape(mask, output.shape, tuple(tensor.shape))
            for mask, output, tensor in made
        ]

    def _undeclared(self, outcome: Outcome, way: Way) -> str | None:
        """The shapes that come out, where they are not those that Keras infers."""
        declared = [_shape(tensor) for tensor in self._call.outputs]
        made = [tuple(output.shape) for output in outcome.outputs]
        if len(declared) != len(made) or None in declared or all(map(_fits, made, declared)):
            return None
        if way.shrunk and all(
            len(one) == len(other) for one, other in zip(made, declared, strict=True)
        ):
            return None
        return ", ".join(map(str, made))


def _labelled(mode: str, outcome: Outcome) -> Iterator[tuple[str, list[float]]]:
    """The numbers of all parts of an outcome, each with its label."""
    for number, output in enumerate(outcome.outputs):
        yield _label(mode, number), stand_for(output)
    for part in ("masks", "losses", "updates"):
        for number, value in enumerate(getattr(outcome, part)):
            yield _label(f"{mode} {part}", number), stand_for(value)


def _label(part: str, number: int) -> str:
    """The label of one of several: the first has no number."""
    return f"{part}:{number}" if number else part


def _owners(reader: Reader, layer: Any) -> Iterator[Any]:
    """A layer and all that it holds, in the order of saving."""
    yield layer
    for child in reader.children(layer):
        yield from _owners(reader, child)


def _weights(reader: Reader, owners: Sequence[Any]) -> list[Any]:
    """All weights of layers, each once."""
    found = (reader.own_weights(one) for one in owners)
    return list({id(weight): weight for pair in found for own in pair for weight in own}.values())


def _draws(reader: Reader, layer: Any) -> bool:
    """Whether a layer of Keras 2, or one in it, would draw random numbers, which nothing could put back."""
    rates = [getattr(layer, name, None) for name in ("rate", "dropout", "recurrent_dropout")]
    told = [rate for rate in rates if rate is not None]
    if is_a(layer, "BaseRandomLayer") and (any(told) or not told):
        return True
    return any(_draws(reader, child) for child in reader.children(layer))


def _is_of_whole(layer: Any) -> bool:
    return any(is_a(layer, name) for name in _OF_WHOLE)


def _holds_whole(reader: Reader, layer: Any) -> bool:
    """Whether a layer, or one in it, takes whole numbers."""
    return _is_of_whole(layer) or any(
        _holds_whole(reader, child) for child in reader.children(layer)
    )


def _takes_training(reader: Reader, layer: Any) -> bool:
    return "training" in _arguments(layer) or any(
        _takes_training(reader, child) for child in reader.children(layer)
    )


def _arguments(operation: Any) -> Sequence[str]:
    try:
        return list(inspect.signature(operation.call).parameters)
    except (TypeError, ValueError, AttributeError):
        return ()


def _mapped(item: Any, value: Any) -> Any:
    if isinstance(item, dict):
        return {key: _mapped(one, value) for key, one in item.items()}
    if isinstance(item, tuple) and hasattr(item, "_fields"):
        return type(item)(*(_mapped(one, value) for one in item))
    if isinstance(item, (list, tuple)):
        return type(item)(_mapped(one, value) for one in item)
    if isinstance(item, slice):
        return slice(*(_mapped(one, value) for one in (item.start, item.stop, item.step)))
    return value(item)


def _shape(tensor: Any) -> tuple[int | None, ...]:
    if getattr(tensor.shape, "rank", 0) is None:
        raise Unprobed("the rank of what it takes is not known")
    return tuple(None if size is None else int(size) for size in tensor.shape)


def _dtype(tensor: Any) -> str:
    return str(getattr(tensor.dtype, "name", tensor.dtype))


def _fits(made: Sequence[int], declared: Sequence[int | None]) -> bool:
    return len(made) == len(declared) and all(
        size in (None, one) for one, size in zip(made, declared, strict=True)
    )


def _size(shape: Sequence[int]) -> int:
    size = 1
    for one in shape:
        size *= one
    return size
