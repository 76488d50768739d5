"""The flag training=False in the call of a layer."""

from __future__ import annotations

from typing import Any, Final

from pytest_layersnap.comparison.changes import ABSENT, Change
from pytest_layersnap.comparison.known_changes.known import KnownChange, each

#: An explicit flag in the calls of a layer, alone and beside other arguments.
_FLAG: Final = {"training": False}


def _is_overridden_flag(change: Change) -> bool:
    """A False that was given and is no longer recorded, because it would say nothing."""
    return bool(change.differences) and all(
        difference.current is ABSENT
        and (
            (difference.path == "call_arguments" and _are_flags(difference.recorded))
            or (difference.path == "call_arguments.training" and difference.recorded is False)
        )
        for difference in change.differences
    )


def _are_flags(arguments: Any) -> bool:
    """Whether the one call of a layer, or some of its calls, are given the flag and nothing else."""
    calls = arguments if isinstance(arguments, list) else [arguments]
    return all(call in (_FLAG, {}) for call in calls)


CHANGES: Final = (
    KnownChange(
        "Keras 3 overrides training=False in the call of a layer by the flag of the model, and does not"
        " tell it from the default of Dropout and others",
        "keras-team/keras#20285",
        (3, 0),
        each(_is_overridden_flag),
    ),
    KnownChange(
        "Keras 3.0 to 3.9 do not tell training=False in the call of a layer from its default where the"
        " layer takes masks, either, as LSTM does",
        "keras-team/keras#21204",
        (3, 0),
        each(_is_overridden_flag),
        until=(3, 10),
    ),
)
