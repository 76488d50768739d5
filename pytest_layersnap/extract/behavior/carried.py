"""The masks that tensors carry: those that Keras notes in a graph, and those that it finds as it runs.

A graph is noted before anybody calls it. What masks come into a nested model, and what becomes of them in
it and behind it, is known where it is called.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from pytest_layersnap.extract.graph import BoundCall, tensors
from pytest_layersnap.extract.reader import Reader, flatten

Shape = tuple[int | None, ...]


class Carried:
    """The shapes of the masks that the tensors of a model carry."""

    def __init__(self, reader: Reader) -> None:
        """Know what Keras notes.

        Args:
            reader: the reader of the generation.
        """
        self._reader = reader
        self._found: dict[int, Shape] = {}

    def shape(self, tensor: Any) -> Shape | None:
        """The shape of the mask that a tensor carries; None where it carries none."""
        mask = self._reader.mask_of(tensor)
        if mask is None:
            return self._found.get(id(tensor))
        return tuple(None if size is None else int(size) for size in mask.shape)

    def follow(
        self,
        calls: Sequence[tuple[Any, BoundCall]],
        passed_on: Callable[[Any, BoundCall], Sequence[Shape | None]],
    ) -> None:
        """Find the masks that Keras does not note.

        Args:
            calls: layers, operations and models with a graph, each with its calls.
            passed_on: the shapes of the masks that the outputs of a call carry.
        """
        nested = [
            (graph, call)
            for operation, call in calls
            if not self._reader.is_operation(operation)
            and (graph := self._reader.functional(operation)) is not None
        ]
        models = {id(call) for _, call in nested}
        others = [one for one in calls if id(one[1]) not in models]
        while self._note(pair for graph, call in nested for pair in self._through(graph, call)):
            while self._note(
                pair
                for operation, call in others
                if any(map(self.shape, tensors(self._reader, call.arguments)))
                and not all(map(self.shape, call.outputs))
                for pair in zip(call.outputs, passed_on(operation, call), strict=False)
            ):
                pass

    def _through(self, graph: Any, call: BoundCall) -> Iterator[tuple[Any, Shape | None]]:
        """What a model is given stands for its inputs, its outputs for what it gives."""
        given = tensors(self._reader, call.arguments)
        for inside, outside in zip(flatten(self._reader.inputs(graph)), given, strict=False):
            yield inside, self.shape(outside)
        for inside, outside in zip(
            flatten(self._reader.outputs(graph)), call.outputs, strict=False
        ):
            yield outside, self.shape(inside)

    def _note(self, found: Iterable[tuple[Any, Shape | None]]) -> bool:
        """Note masks of tensors; whether one of them is new."""
        before = len(self._found)
        for tensor, shape in found:
            if shape is not None and self.shape(tensor) is None:
                self._found[id(tensor)] = shape
        return len(self._found) > before


def declared_shape(mask: Any, made: Any, output: Any) -> Shape:
    """The shape of a mask where the sizes of its tensor may not be known.

    Args:
        mask: the shape of a mask that a call gave.
        made: the shape of the output that carries it.
        output: the shape that the graph has for it.
    """
    known = zip(mask, (*made, *mask[len(made) :]), (*output, *mask[len(output) :]), strict=False)
    return tuple(size_there if size == size_made else size for size, size_made, size_there in known)
