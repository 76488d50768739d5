"""What a trace says of the rows inside one layer: who is called when, with what, and fed by whom."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from pytest_layersnap.extract.graph import BoundCall
from pytest_layersnap.extract.reader import NotedTensor, mapped
from pytest_layersnap.extract.traced import Inner, Trace, is_wrapper
from pytest_layersnap.references import Reference


@dataclass(slots=True)
class Told:
    """What a trace says of a row.

    Args:
        calls: the calls that are told apart.
        equal: those that are like one of them, but perhaps for their shapes.
        feeds: for each of the calls, for each tensor that it was given, what that comes from.
    """

    calls: list[BoundCall] = field(default_factory=list)
    equal: list[BoundCall] = field(default_factory=list)
    feeds: list[list[list[str]]] = field(default_factory=list)


#: A container and what it holds, by their ids: there is a row for it.
_Key = tuple[int, int]
#: What a tensor comes from: a call, which of its outputs, and whether it is that which the call was given.
_Source = tuple[Inner, int, bool]


class Inside:
    """The rows inside one layer that was traced, as far as they are known.

    First all of them are placed, then they can be told of: a call may be fed by any of them.
    """

    def __init__(self, trace: Trace, path: str) -> None:
        """What a trace tells of the layer whose row is ``path``."""
        self._tape = trace.tape
        self._root = trace.roots[0].layer
        self._containers = {id(self._root): self._root}
        self._paths = {id(self._root): path}
        self._order = {call: place for place, call in enumerate(_all(trace.roots))}
        self._calls: dict[int, list[Inner]] = {}
        for call in self._order:
            self._calls.setdefault(id(call.layer), []).append(call)
        self._rows: dict[_Key, str] = {}
        self._first: dict[int, _Key] = {}
        self._told: dict[_Key, Told] = {}
        self._returns: dict[int, list[list[list[str]]]] = {}
        self._references: dict[Inner, Reference] = {}
        self._inner: dict[Inner, list[Inner]] = {}
        self._known: dict[Inner, dict[int, _Source]] = {}

    def begin(self, path: str) -> None:
        """Give the layer that was traced another path."""
        self._paths[id(self._root)] = path

    def in_order(self, container: Any, members: list[Any]) -> list[Any]:
        """The members of a container in the order of their first calls inside it, then the others."""
        ids = frozenset(map(id, members))
        met = (
            id(inner.layer)
            for call in self._calls.get(id(container), ())
            for inner in _first_below(call, ids)
        )
        places = {key: place for place, key in enumerate(dict.fromkeys(met))}
        return sorted(members, key=lambda member: places.get(id(member), len(places)))

    def place(self, container: Any, member: Any, path: str) -> None:
        """Say which row a member of a container has; rows are placed in their order."""
        key = id(container), id(member)
        self._containers.setdefault(id(container), container)
        self._paths.setdefault(id(member), path)
        self._rows[key] = path
        self._first.setdefault(id(member), key)
        self._told[key] = Told()

    def is_called(self, layer: Any) -> bool:
        """Whether a layer was called at all."""
        return id(layer) in self._calls

    def calls_of(self, layer: Any) -> list[BoundCall]:
        """All calls of a layer."""
        return [call.bound for call in self._calls.get(id(layer), ())]

    def outputs(self) -> list[str]:
        """The labels of what the layer gives that was traced."""
        (call, *_) = self._calls[id(self._root)]
        return [str(Reference(str(at), 0, at)) for at in range(len(call.bound.outputs))]

    def told(self, container: Any, member: Any) -> Told:
        """What is told of a member of a container."""
        self._settle()
        return self._told[id(container), id(member)]

    def returns(self, layer: Any) -> list[list[list[str]]]:
        """What the outputs of a layer come from, for each way in which it calls what it holds.

        Empty where it is simply what the last call inside gives.
        """
        self._settle()
        return self._returns.get(id(layer), [])

    # --- how it is found out ------------------------------------------------------------------

    def _settle(self) -> None:
        """Find out all at once, when all rows have been placed."""
        if self._inner:
            return
        for key in self._containers:
            for call in self._calls.get(key, ()):
                self._inner[call] = _first_below(call, self._first)
        kept: list[Inner] = []
        alike: list[tuple[Inner, Inner]] = []
        for key, container in self._containers.items():
            seen: dict[Any, Inner] = {}
            for call in self._calls.get(key, ()):
                if is_wrapper(container):
                    self._wrapped(key, call)
                elif (like := seen.setdefault(self._signature(call), call)) is call:
                    kept.append(call)
                else:
                    alike += zip(self._inner[call], self._inner[like], strict=True)
        inner = [(call, each) for call in kept for each in self._inner[call]]
        # What a layer does with what it holds comes before what others do with that.
        inner.sort(key=lambda pair: (id(pair[0].layer), id(pair[1].layer)) not in self._rows)
        for call, each in inner:
            self._refer(each, self._key(call, each))
        for each, like in alike:
            self._references[each] = self._references[like]
            self._told[self._key(each.around, each)].equal.append(each.bound)
        for call, each in inner:
            feeds = [self._texts(call, given.tensor) for given in each.given]
            self._told[self._key(call, each)].feeds.append(feeds)
        for call in kept:
            self._returned(call)

    def _key(self, call: Inner | None, inner: Inner) -> _Key:
        """The row that a call belongs to which is made inside another."""
        key = id(call.layer if call else None), id(inner.layer)
        return key if key in self._rows else self._first[id(inner.layer)]

    def _refer(self, inner: Inner, key: _Key) -> None:
        told = self._told[key]
        self._references[inner] = Reference(self._rows[key], len(told.calls))
        told.calls.append(inner.bound)

    def _wrapped(self, key: int, call: Inner) -> None:
        """What one of Keras' own layers holds: it is fed by what that was given, as its config says."""
        for each in self._inner[call]:
            told = self._told[row := self._key(call, each)]
            if told.calls:
                self._references[each] = Reference(self._rows[row])
                told.equal.append(each.bound)
            else:
                self._refer(each, row)
                told.feeds.append([[self._paths[key]]])

    def _signature(self, call: Inner) -> Any:
        """How a call calls what it holds, without the shapes."""
        places = {each: place for place, each in enumerate(self._inner[call])}

        def plain(tensor: Any) -> Any:
            return [
                ("given" if source is call else places.get(source, id(source)), output, given)
                for source, output, given in self._sources(call, tensor)
            ]

        said = [
            (
                id(each.layer),
                repr(mapped(_without_tensors, each.bound.arguments)),
                [plain(given.tensor) for given in each.given],
            )
            for each in self._inner[call]
        ]
        return repr((said, [plain(tensor) for tensor in call.made]))

    def _returned(self, call: Inner) -> None:
        inner = self._inner[call]
        sources = [self._sources(call, tensor) for tensor in call.made]
        if not inner or sources != [[(inner[-1], 0, False)]]:
            texts = [self._texts(call, tensor) for tensor in call.made]
            self._returns.setdefault(id(call.layer), []).append(texts)

    def _texts(self, call: Inner, tensor: Any) -> list[str]:
        found = []
        for source, output, given in self._sources(call, tensor):
            of = Reference(self._paths[id(source.layer)]) if given else self._references[source]
            found.append(str(of._replace(output=output)))
        return list(dict.fromkeys(found))

    def _sources(self, call: Inner, tensor: Any) -> list[_Source]:
        """What a tensor inside a call comes from, by whatever arithmetic."""
        around = list(_outwards(call))
        known = [self._known_in(each) for each in around if each in self._inner]
        found: set[_Source] = set()
        todo, seen = [tensor], {id(tensor)}
        while todo:
            one = todo.pop()
            source = next((level[id(one)] for level in known if id(one) in level), None)
            # What a call gives in the end comes from what is inside.
            if source and (source[2] or source[0] not in around):
                found.add(source)
                continue
            for other in self._tape.made_of(one):
                if id(other) not in seen:
                    seen.add(id(other))
                    todo.append(other)
        return sorted(found, key=lambda it: (not it[2], self._order[it[0]], it[1]))

    def _known_in(self, call: Inner) -> dict[int, _Source]:
        """The tensors that have a name inside a call: what it was given, and what is called there gives."""
        if call not in self._known:
            known = self._known[call] = {}
            for place, given in enumerate(call.given):
                known.setdefault(id(given.tensor), (call, place, True))
            for each in self._inner[call]:
                for place, made in enumerate(each.bound.outputs):
                    known[id(made.tensor)] = (each, place, False)
        return self._known[call]


def _without_tensors(leaf: Any) -> Any:
    return "<tensor>" if isinstance(leaf, NotedTensor) else leaf


def _outwards(call: Inner) -> Iterator[Inner]:
    each: Inner | None = call
    while each:
        yield each
        each = each.around


def _all(calls: Iterable[Inner]) -> Iterator[Inner]:
    for call in calls:
        yield call
        yield from _all(call.inside)


def _first_below(call: Inner, layers: Any) -> list[Inner]:
    """The calls of some layers inside a call, but not inside one of them."""
    found = []
    for inner in call.inside:
        found += [inner] if id(inner.layer) in layers else _first_below(inner, layers)
    return found
