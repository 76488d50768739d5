"""Which names Keras made by itself, in either generation, and what is written for them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_layersnap.references import (
    auto_stems,
    first_words,
    is_auto_name,
    replaced,
    segment,
    snake_case,
    without_number,
)

_OF_INPUTS = re.compile(r"keras_tensor(?:_\d+)?(?:CLONE)?(?:_\d+)?")
#: How Keras 2 begins the auto names of classes that begin with an underscore.
_PRIVATE = "private__"
_MAY_HOLD_ANOTHER = re.compile(rf"_[0-9]|{_PRIVATE}")


def auto_name(name: str, class_name: str, feeds: Iterable[str] = ()) -> str | None:
    """The stem of a name that Keras made by itself, or None for a name that a person gave.

    Keras appends a counter which is global to the process, so the number says what else was built
    before and nothing about the model.

    Args:
        name: the name.
        class_name: the class of what bears it.
        feeds: the names of what it feeds; Keras 2 names the input of a Sequential after its first layer.
    """
    if is_auto_name(name, class_name) or (
        class_name == "InputLayer"
        and (_OF_INPUTS.fullmatch(name) or name in {f"{fed}_input" for fed in feeds})
    ):
        return snake_case(class_name)
    return None


def wrapped_stem(name: str, class_name: str) -> str | None:
    """The stem of a name that Bidirectional made of the auto name of what it wraps, else None."""
    direction, underscore, wrapped = name.partition("_")
    stem = auto_name(wrapped, class_name) if direction in ("forward", "backward") else None
    return stem and direction + underscore + stem


@dataclass(frozen=True, slots=True)
class Named:
    """A layer or operation by its name.

    Args:
        name: as Keras has it.
        stem: the stem of an auto name, None where a person gave the name.
        kind: the ``layer_type``.
    """

    name: str
    stem: str | None
    kind: str


def numbered(level: Iterable[Named]) -> list[str | None]:
    """The auto names of one level, numbered in row order; None for those that a person gave."""
    counts: Counter[str] = Counter()
    found: list[str | None] = []
    for each in level:
        number = counts[each.stem] if each.stem else 0
        found.append(f"{each.stem}_{number}" if number else each.stem)
        counts.update([each.stem] if each.stem else [])
    return found


def spellings(level: Sequence[Named], canonical: Sequence[str | None]) -> dict[str, str]:
    """What is written for the auto names of a level where they stand inside of other names.

    Names without a counter say nothing that another build would not say; a person writes them too.
    """
    found: dict[str, str] = {}
    for each, spelled in zip(level, canonical, strict=True):
        stem = without_number(each.name)
        if spelled is None or not (stem != each.name or stem.startswith(_PRIVATE)):
            continue
        if not stem.startswith(_PRIVATE):
            spelled = stem + spelled.removeprefix(without_number(spelled))
        found[each.name] = spelled
    return found


def row_names(
    level: Sequence[Named],
    above: Mapping[str, str],
    below: Callable[[int], Mapping[str, str]],
) -> list[str]:
    """The names of the rows of one level, without what depends on what else was built.

    People make names of other names (``self.name + "_dense"``, ``layer.name + "_relu"``). So a name holds
    the canonical spelling of the auto names in it: of what holds the layer and what it holds, and of its
    neighbours, but for those of its own type further in: a person may number ``head_dense_1``, a Dense.

    Args:
        level: the layers and operations of the level, in row order.
        above: the spellings of what holds them.
        below: gives those of what a layer holds.
    """
    canonical = numbered(level)
    beside = spellings(level, canonical)
    found = []
    for place, (each, spelled) in enumerate(zip(level, canonical, strict=True)):
        if spelled is None:
            spelled = segment(each.name)
            if _MAY_HOLD_ANOTHER.search(spelled):
                own = auto_stems(each.kind)
                others = {
                    name: to for name, to in beside.items() if without_number(name) not in own
                }
                spelled = replaced(spelled, {**others, **above, **below(place)}, beside)
        found.append(spelled)
    return told_apart(_like_their_neighbours(level, canonical, found))


def model_name(name: str, below: Callable[[], Mapping[str, str]]) -> str:
    """The name that a person gave to a model, without what depends on what else was built.

    Args:
        name: the name.
        below: gives the spellings of the auto names of all that the model holds.
    """
    return replaced(name, below()) if _MAY_HOLD_ANOTHER.search(name) else name


def _like_their_neighbours(
    level: Sequence[Named], canonical: Sequence[str | None], found: list[str]
) -> list[str]:
    """Names made of a neighbour without a counter, where others were made in the same way.

    ``dense_relu`` and ``dense_1_relu``: whoever made the second made the first.
    """
    autos = {each.name: spelled for each, spelled in zip(level, canonical, strict=True) if spelled}
    if all(autos[name] == name for name in autos if without_number(name) == name):
        return found
    made = [
        (beginning, each.name.removeprefix(beginning)) if beginning else None
        for each in level
        for beginning in [None if each.stem else first_words(each.name, autos)]
    ]
    ways = {
        (without_number(start), end) for start, end in filter(None, made) if start[-1].isdigit()
    }
    return [
        autos[each[0]] + each[1] if each in ways else name
        for each, name in zip(made, found, strict=True)
    ]


def told_apart(found: list[str]) -> list[str]:
    """Names of which none occurs twice: layers that hold layers do not ask for that."""
    taken = set(found)
    if len(taken) == len(found):
        return found
    met: Counter[str] = Counter()
    apart = []
    for name in found:
        other = name
        while met[name] and other in taken:
            other = f"{name}_{met[name]}"
            met[name] += 1
        met[name] = met[name] or 1
        taken.add(other)
        apart.append(other)
    return apart
