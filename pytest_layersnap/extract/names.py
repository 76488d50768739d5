"""Which names Keras made by itself, in either generation."""

from __future__ import annotations

import re

from pytest_layersnap.references import is_auto_name, snake_case

__all__ = ["auto_name", "snake_case"]

_OF_INPUTS = re.compile(r"(?:keras_tensor(?:_\d+)?(?:CLONE)?|.+_input)(?:_\d+)?")


def auto_name(name: str, class_name: str) -> str | None:
    """The stem of a name that Keras made by itself, or None for a name that a person gave.

    Keras appends a counter which is global to the process, so the number says what else was built
    before and nothing about the model.
    """
    if is_auto_name(name, class_name) or (
        class_name == "InputLayer" and _OF_INPUTS.fullmatch(name)
    ):
        return snake_case(class_name)
    return None
