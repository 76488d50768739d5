"""What people use instead: the text of a config, the text of a summary, and a notebook's rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def to_json(model: Any) -> Any:
    """``model.to_json()``, as it would be held by syrupy."""
    return model.to_json()


def summary(model: Any) -> Any:
    """``model.summary()`` with all that it can show, on lines wide enough for it."""
    lines: list[str] = []
    known = inspect.signature(model.summary).parameters
    wanted = {"expand_nested": True, "show_trainable": True, "line_length": 250}
    arguments = {name: value for name, value in wanted.items() if name in known}

    def note(text: str, line_break: bool = False) -> None:
        lines.append(text)

    model.summary(print_fn=note, **arguments)
    return "\n".join(lines)


def notebook(model: Any) -> Any:
    """The rows that a notebook collects over ``model.layers``."""
    return [
        {
            "layer_name": layer.name,
            "layer_type": type(layer).__name__,
            "output_shape": str(_output_shape(layer)),
            "parameters": layer.count_params(),
            "is_trainable": layer.trainable,
            "layer_attributes": str(layer.get_config()),
        }
        for layer in model.layers
    ]


def _output_shape(layer: Any) -> Any:
    try:
        return layer.output_shape if hasattr(layer, "output_shape") else layer.output.shape
    except Exception:  # a layer without one output; the notebook writes "multiple"
        return "multiple"


PEERS: dict[str, Callable[[Any], Any]] = {
    "to_json() as text": to_json,
    "summary() as text": summary,
    "notebook's rows and DeepDiff": notebook,
}


def capture(model: Any) -> dict[str, Any]:
    """What each peer sees of a model; None where it fails."""
    found: dict[str, Any] = {}
    for name, look in PEERS.items():
        try:
            found[name] = look(model)
        except Exception:  # the peer can't read this model
            found[name] = None
    return found


def reported(before: dict[str, Any], after: dict[str, Any]) -> dict[str, bool]:
    """Which peers see a difference; one that can't read the model sees none.

    DeepDiff of equal rows is empty and of unequal rows is not, so that it need not run.
    """
    return {name: after[name] is not None and before[name] != after[name] for name in PEERS}
