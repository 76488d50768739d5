"""Which names Keras made by itself, in either generation."""

from __future__ import annotations

import functools
import re


@functools.lru_cache(maxsize=1_000)
def snake_case(name: str) -> str:
    """The name that Keras makes from a class name (``Conv2DTranspose`` → ``conv2d_transpose``)."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def _keras2_snake_case(name: str) -> str:
    """Keras 2 keeps digits with the word that they end (``MyV2Layer``: ``my_v2_layer``)."""
    name = re.sub(r"(.)([A-Z][a-z0-9]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


#: Auto names that do not follow from the class: implicit models and inputs of either generation.
_OTHER_AUTO_NAMES = {"Functional": "model", "Model": "model", "InputLayer": "input"}
_OF_INPUTS = re.compile(r"(?:keras_tensor(?:_\d+)?(?:CLONE)?|.+_input)(?:_\d+)?")
_COUNTER = re.compile(r"_\d+\Z")


def auto_name(name: str, class_name: str) -> str | None:
    """The stem of a name that Keras made by itself, or None for a name that a person gave.

    Keras appends a counter which is global to the process, so the number says what else was built
    before and nothing about the model. A person's ``dense_2`` can't be told from Keras' own.
    """
    spellings = _spellings(class_name)
    if (
        name in spellings
        or _COUNTER.sub("", name) in spellings
        or (class_name == "InputLayer" and _OF_INPUTS.fullmatch(name))
    ):
        return snake_case(class_name)
    return None


@functools.lru_cache(maxsize=1_000)
def _spellings(class_name: str) -> frozenset[str]:
    """Auto names of a class without their counters."""
    spellings = {snake_case(class_name), _keras2_snake_case(class_name)}
    return frozenset(spellings | {_OTHER_AUTO_NAMES.get(class_name, "")} - {""})
