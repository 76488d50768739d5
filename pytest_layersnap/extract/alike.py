"""Layers of Keras that are alike: what the first gives, the others give, as far as shapes go.

A network repeats its blocks, and each layer that need not be run makes it quicker to read.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_layersnap.extract.reader import Reader, flatten, is_a, is_built_in, mapped
from pytest_layersnap.extract.tapes import Tape

#: What a layer can be called with besides tensors, and is told apart by how it is written.
_PLAIN = (str, int, float, type(None))


class Alike:
    """The calls of one run that only asks for shapes."""

    def __init__(self, reader: Reader, tape: Tape) -> None:
        """No call is known."""
        self._reader = reader
        self._tape = tape
        self._known: dict[str, Any] = {}

    def made(self, layer: Any, args: Any, kwargs: Any, run: Callable[[], Any]) -> Any:
        """What a call gives: by ``run``, or empty tensors of the shapes that a call like it gave."""
        key = self._key(layer, [*args, kwargs])
        if key in self._known:
            return mapped(self._tape.empty_like, self._known[key])
        made = run()
        if key and all(map(self._is_simple, flatten(made))):
            self._known[key] = made
        return made

    def _key(self, layer: Any, given: Any) -> str | None:
        """Tells calls of layers apart; None where it can't be told what else there is to a call."""
        if not self._is_described(layer):
            return None
        if not all(isinstance(leaf, _PLAIN) or self._is_simple(leaf) for leaf in flatten(given)):
            return None
        try:
            config = layer.get_config()
        except Exception:  # an argument of it can't be written down
            return None
        config = {name: item for name, item in config.items() if name != "name"}
        return repr((type(layer), config, mapped(self._plain, given)))

    def _is_described(self, layer: Any) -> bool:
        """Whether config and arguments tell all: of Keras' own layers, but for models and functions."""
        of_keras = is_built_in(layer) and not is_a(layer, "Model") and not is_a(layer, "Lambda")
        return of_keras and all(map(self._is_described, self._reader.children(layer)))

    def _is_simple(self, value: Any) -> bool:
        return self._tape.is_dense(value) and self._reader.mask_of(value) is None

    def _plain(self, leaf: Any) -> Any:
        is_plain = isinstance(leaf, _PLAIN)
        return leaf if is_plain else ("tensor", tuple(leaf.shape), str(leaf.dtype))
