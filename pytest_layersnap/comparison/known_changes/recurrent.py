"""Recurrent layers: their defaults, and the layers inside of their cells."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import (
    KnownChange,
    each,
    layer_type,
    what_differs,
)
from pytest_layersnap.table import LayerTable


def _is_convlstm_activation(change: Change) -> bool:
    is_convlstm = re.fullmatch(r"ConvLSTM\dD", layer_type(change)) is not None
    return is_convlstm and what_differs(change) == {
        "recurrent_activation": ("hard_sigmoid", "sigmoid")
    }


def _cells(changes: Sequence[Change], current: LayerTable) -> list[Change]:
    """Rows below an RNN that have lost all weights, and perhaps shapes, and nothing else."""
    networks = {row.layer_name for row in current if row.layer_type in ("RNN", "StackedRNNCells")}
    return [
        change
        for change in changes
        if any(change.layer.startswith(f"{network}/") for network in networks)
        and change.current_row is not None
        and change.current_row.weight_shapes == "[]"
        and all(
            now in ([], 0, "")
            for path, (_, now) in what_differs(change).items()
            if path != "is_trainable"
        )
    ]


CHANGES: Final = (
    KnownChange(
        "Keras 3 has sigmoid for the default recurrent_activation of ConvLSTM (Keras 2: hard_sigmoid)",
        "keras-team/keras, layers/rnn/conv_lstm.py, 2.15 and 3.0",
        (3, 0),
        each(_is_convlstm_activation),
    ),
    KnownChange(
        "Keras 3 leaves layers inside a cell of an RNN without weights until the first call with data,"
        " where the cell does not build them",
        "keras-team/keras, layers/rnn/rnn.py, 2.15 and 3.0",
        (3, 0),
        _cells,
    ),
)
