"""What a known change of Keras is, and how its changes of layers are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.references import Reference
from pytest_layersnap.table import Layer, LayerTable

#: A release of Keras as (major, minor); tf_keras is one after Keras 2.15 under every number.
Release = tuple[int, int]


#: What finds the changes of a kind among all of them, turned so that Keras made its change between the
#: recorded and the current side.
Finds = Callable[[Sequence[Change], LayerTable], Iterable[Change]]


class Keras(NamedTuple):
    """A release of Keras and the backend it runs on."""

    release: Release
    backend: str


@dataclass(frozen=True, slots=True)
class KnownChange:
    """One change of Keras.

    Args:
        what: what Keras does differently, in a sentence.
        source: where it is documented or discussed.
        first: the first release that does it.
        finds: which changes of layers are of that kind, given also the table of the release that does it.
        until: the first release that does it no longer.
        backends: the backends on which it does; None for all.
        numeric: whether it is about numbers alone, of rows that are the same in all else.
    """

    what: str
    source: str
    first: Release
    finds: Finds
    until: Release | None = None
    backends: frozenset[str] | None = None
    numeric: bool = False

    def between(self, one: Keras, other: Keras) -> bool:
        """Whether of two Kerases one does it and the other does not."""
        return self.has(one) != self.has(other)

    def has(self, keras: Keras) -> bool:
        """Whether a Keras does it."""
        return (
            self.first <= keras.release
            and (self.until is None or keras.release < self.until)
            and (self.backends is None or keras.backend in self.backends)
        )


@dataclass(frozen=True, slots=True)
class Explanation:
    """A known change and the changes of layers that it explains."""

    known: KnownChange
    changes: tuple[Change, ...]


def each(is_one: Callable[[Change], bool]) -> Finds:
    """Where each change tells by itself whether it is of the kind."""
    return lambda changes, _: filter(is_one, changes)


def spreading(starts: Callable[[Layer, Layer], bool]) -> Finds:
    """Layers that give another shape, and all rows that differ for no reason but these."""

    def find(changes: Sequence[Change], table: LayerTable) -> list[Change]:
        changed = {change.current_row.layer_name for change in changes if change.current_row}
        found: list[Change] = []
        reached: set[str] = set()
        for change in changes:
            recorded, current = change.recorded_row, change.current_row
            if not recorded or not current or not change.categories <= {"shape", "parameters"}:
                continue
            feeds = {Reference.parse(feed).path for call in current.calls for feed in call}
            causes = feeds & changed
            if (causes and causes <= reached) or starts(recorded, current):
                found.append(change)
                reached.add(current.layer_name)
        return found

    return find


def what_differs(change: Change) -> dict[str, tuple[Any, Any]]:
    """What differs, by path: the values without and with Keras' change."""
    return {
        difference.path: (difference.recorded, difference.current)
        for difference in change.differences
    }


def layer_type(change: Change) -> str:
    """The class of the row that a change is about."""
    row = change.current_row or change.recorded_row
    return row.layer_type if row else ""
