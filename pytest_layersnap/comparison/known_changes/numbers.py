"""Rows that are the same, and compute something else."""

from __future__ import annotations

import re
from typing import Final

from pytest_layersnap.comparison.changes import Change
from pytest_layersnap.comparison.known_changes.known import KnownChange, each, layer_type


def _computes_hard_sigmoid(change: Change) -> bool:
    """Whether a row, or a layer that it wraps, has the activation."""
    row = change.current_row
    return row is not None and '"hard_sigmoid"' in row.layer_attributes


def _is_transposed(change: Change) -> bool:
    row = change.current_row
    return (
        row is not None
        and re.fullmatch(r"Conv\dDTranspose", row.layer_type) is not None
        and row.attributes.get("padding") == "same"
    )


def _is_cubic(change: Change) -> bool:
    row = change.current_row
    return row is not None and row.attributes.get("interpolation") == "bicubic"


def _is_loss_of_activity(change: Change) -> bool:
    """Whether nothing but the loss of a row differs, which regularizes what it gives."""
    row = change.current_row
    return (
        row is not None
        and (row.layer_type == "ActivityRegularization" or "activity_regularizer" in row.attributes)
        and all("losses" in difference.path for difference in change.differences)
    )


def _is_median(change: Change) -> bool:
    return layer_type(change) == "op:median"


CHANGES: Final = (
    KnownChange(
        "hard_sigmoid is relu6(x + 3) / 6 in Keras 3 (Keras 2: 0.2 x + 0.5, cut at 0 and 1)",
        "keras-team/keras#19477",
        (3, 0),
        each(_computes_hard_sigmoid),
        numeric=True,
    ),
    KnownChange(
        'Keras before 3.15 shifts what a transposed convolution with padding="same" gives on PyTorch by a'
        " pixel, with many sizes of kernels and strides",
        "keras-team/keras#22876",
        (3, 0),
        each(_is_transposed),
        until=(3, 15),
        backends=frozenset({"torch"}),
        numeric=True,
    ),
    KnownChange(
        "PyTorch interpolates with another cubic function than TensorFlow (a = -0.75, not -0.5)",
        "keras-team/keras, backend/torch/image.py and backend/tensorflow/image.py, 3.15",
        (3, 0),
        each(_is_cubic),
        backends=frozenset({"torch"}),
        numeric=True,
    ),
    KnownChange(
        "Keras 3.0 to 3.13 do not divide the loss of an activity_regularizer by the size of the batch",
        "keras-team/keras#22018, #22021",
        (3, 0),
        each(_is_loss_of_activity),
        until=(3, 14),
        numeric=True,
    ),
    KnownChange(
        "Keras before 3.15 takes the lower one of two medians on PyTorch, not their mean",
        "keras-team/keras#23013",
        (3, 0),
        each(_is_median),
        until=(3, 15),
        backends=frozenset({"torch"}),
        numeric=True,
    ),
)
