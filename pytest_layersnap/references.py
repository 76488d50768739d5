"""What a layer table calls things: paths, references to the outputs of calls, and auto names.

- A *path* is the names from the outermost model inwards, joined by ``/``, which no name holds.
- A *reference* is a path, ``@`` and the number of a call, ``:`` and the number of an output; what is 0 is
  left out. After a path that itself ends like one (a layer may be called ``stage:1``) both are written out:
  ``stage:1@0:0``.
- An *auto name* is one that Keras made: the class in snake case, and a counter behind ``_``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

#: More digits are part of a name.
_NUMBER = "[0-9]{1,9}"
_REFERENCE = re.compile(
    f"(?P<path>.*?)(?:@(?P<call>{_NUMBER}))?(?::(?P<output>{_NUMBER}))?", re.DOTALL
)
_ENDS_LIKE_A_REFERENCE = re.compile(rf"[@:]{_NUMBER}\Z")
_COUNTER = re.compile(r"_[0-9]+\Z")


class Reference(NamedTuple):
    """One output of one call of a layer.

    Args:
        path: the path of the layer.
        call: which of its calls.
        output: which output of the call.
    """

    path: str
    call: int = 0
    output: int = 0

    def __str__(self) -> str:
        """The reference as ``inbound_layers`` holds it; ``parse`` reads it back."""
        if _ENDS_LIKE_A_REFERENCE.search(self.path):
            return f"{self.path}@{self.call}:{self.output}"
        call = f"@{self.call}" if self.call else ""
        return self.path + call + (f":{self.output}" if self.output else "")

    @classmethod
    @lru_cache(maxsize=65_536)
    def parse(cls, text: str) -> Reference:
        """The reference that a text is; any text is one."""
        if "@" not in text and ":" not in text:
            return cls(text)
        match = _REFERENCE.fullmatch(text)
        assert match, "all three parts may be empty"
        return cls(match["path"], int(match["call"] or 0), int(match["output"] or 0))


# --- paths ------------------------------------------------------------------------------------


def segment(name: str) -> str:
    """The name of a layer as a part of a path.

    Keras 3 forbids the slash in names and renamed the layers of its applications for it.
    """
    return name.replace("/", "_")


def parent(path: str) -> str | None:
    """The path of what holds a layer; None for the outermost ones."""
    above, slash, _ = path.rpartition("/")
    return above if slash else None


def own_name(path: str) -> str:
    """The last part of a path."""
    return path.rpartition("/")[2]


def holders(path: str) -> Iterator[str]:
    """The paths that hold a path, from the inside out: ``a/b/c`` is held by ``a/b`` and ``a``."""
    above = parent(path)
    while above is not None:
        yield above
        above = parent(above)


# --- auto names -------------------------------------------------------------------------------


@lru_cache(maxsize=4_096)
def snake_case(name: str) -> str:
    """The name that Keras makes from a class name (``Conv2DTranspose`` → ``conv2d_transpose``)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _keras2_snake_case(name: str) -> str:
    """Keras 2 keeps digits with the word that they end, and has a word for what begins with ``_``.

    ``MyV2Layer`` is ``my_v2_layer``, ``_Block`` is ``private__block``
    (``to_snake_case`` in Keras 2.15's ``generic_utils.py``).
    """
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    name = re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()
    return f"private{name}" if name.startswith("_") else name


#: Auto names that do not follow from the class: implicit models and inputs of either generation.
_OTHER_AUTO_NAMES = {"Functional": "model", "Model": "model", "InputLayer": "input"}
#: Nested models have no row of their own in some tables; these are the names Keras gives them.
_OF_MODELS = frozenset({"functional", "model", "sequential"})


@lru_cache(maxsize=4_096)
def auto_stems(kind: str) -> frozenset[str]:
    """The auto names that a class or operation may have, without counters.

    Args:
        kind: the name of the class, or the ``layer_type`` of an operation (``op:add``).
    """
    if kind.startswith("op:"):
        stem = kind.removeprefix("op:")
        return frozenset({stem, snake_case(stem), snake_case(re.split("[./]", stem)[-1])})
    return frozenset(
        {snake_case(kind), _keras2_snake_case(kind), _OTHER_AUTO_NAMES.get(kind, snake_case(kind))}
    )


@lru_cache(maxsize=4_096)
def without_number(name: str) -> str:
    """A name without the counter that Keras appends (``dense_7`` → ``dense``)."""
    return _COUNTER.sub("", name) or name


def is_auto_name(name: str, kind: str) -> bool:
    """Whether Keras made up this name of a layer or operation.

    A person's ``dense_2`` can't be told from Keras' own.

    Args:
        name: the name, without the path before it.
        kind: the ``layer_type``, as in ``auto_stems``.
    """
    stems = auto_stems(kind)
    return name in stems or without_number(name) in stems


def is_auto_model_name(name: str) -> bool:
    """Whether Keras made up the name of this model (``functional_1``, ``sequential``)."""
    return without_number(name) in _OF_MODELS


def replaced(
    name: str, spellings: Mapping[str, str], at_start: Mapping[str, str] | None = None
) -> str:
    """A name with other spellings of the names that it contains as whole words, the longest first.

    Args:
        name: a name that may be put together from others (``dense_3_relu``).
        spellings: the names to look for, and what to write for them.
        at_start: more of them, which count at the start alone.
    """
    found, at = "", 0
    if at_start and (at := _longest(name, 0, at_start)):
        found = at_start[name[:at]]
    while at < len(name):
        end = _longest(name, at, spellings) if not (at and name[at - 1].isalnum()) else at
        found += spellings[name[at:end]] if end > at else name[at]
        at = max(end, at + 1)
    return found


def first_words(name: str, names: Container[str]) -> str | None:
    """The longest of some names that a name begins with, as whole words."""
    return name[: _longest(name, 0, names)] or None


def _longest(name: str, at: int, names: Container[str]) -> int:
    """Where the longest of the names ends that stand here; ``at`` if none does."""
    for end in range(len(name), at, -1):
        if (end == len(name) or not name[end].isalnum()) and name[at:end] in names:
            return end
    return at
