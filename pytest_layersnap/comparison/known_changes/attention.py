"""The shape of the scores of attention."""

from __future__ import annotations

import re
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import (
    KnownChange,
    each,
    layer_type,
    what_differs,
)


def _is_attention_scores(change: Change) -> bool:
    """The scores of a query for each value, ``(N, heads, T, S)``, became ``(N, heads, T, T)``."""
    values = what_differs(change)
    if layer_type(change) != "MultiHeadAttention" or values.keys() != {"output_shape"}:
        return False
    recorded, current = (
        re.fullmatch(r"(\[.*, \(\w+, \w+, )(\w+), (\w+)(\)\])", text)
        for text in values["output_shape"]
    )
    if not recorded or not current or recorded.group(1, 2, 4) != current.group(1, 2, 4):
        return False
    return recorded[3] != current[3] == current[2]


CHANGES: Final = (
    KnownChange(
        "Keras 3 infers the shape of MultiHeadAttention's scores from the query alone",
        "keras-team/keras#19303",
        (3, 0),
        each(_is_attention_scores),
    ),
)
