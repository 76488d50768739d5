"""The form that every rule has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

Config = Mapping[str, Any]

#: Stands in ``Rule.classes`` for every class that Keras itself has written.
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Rule:
    """A difference of encoding between releases that is no difference between networks.

    Attributes:
        classes: the classes of Keras it holds for, by name.
        releases: those that write the setting differently.
        reason: why it is no architecture, in one sentence.
        source: where in Keras' source the difference stands.
        written: one and the same setting as two releases write it into their configs.
        changed: a real change of the same setting, which has to stay visible.
        code: Python that builds the first of the classes with the setting, and with the change; None where
            only a file of another release holds it.
        drops: keys that go, whatever they say.
        defaults: keys that go where they have this canonical value.
        renames: keys and their canonical names.
        reads: settings that some configs leave out, and the attributes of the layer that still have them.
        respells: brings the canonical config to one spelling, given the rank of the input or None.
    """

    classes: tuple[str, ...]
    releases: str
    reason: str
    source: str
    written: tuple[Config, Config]
    changed: Config
    code: tuple[str, str] | None = None
    drops: tuple[str, ...] = ()
    defaults: Config = field(default_factory=dict)
    renames: Mapping[str, str] = field(default_factory=dict)
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    respells: Callable[[dict[str, Any], int | None], None] | None = None


@dataclass(frozen=True, slots=True)
class Rules:
    """All that holds for one class, put together; the fields are those of ``Rule``."""

    drops: frozenset[str]
    defaults: Config
    renames: Mapping[str, str]
    reads: Mapping[str, tuple[str, ...]]
    respells: tuple[Callable[[dict[str, Any], int | None], None], ...]
