"""One model read in many ways, which must all say the same."""

from __future__ import annotations

import json
import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from pytest_layersnap import ModelError, compare, csvfile, layer_table, weightless

#: The ways in which a model is read, but for the first; the words are those of the docs.
WAYS = ("exception", "sums", "second reading", "rebuilt", "weightless", "CSV")


@dataclass
class Judged:
    """What was found of a model.

    Attributes:
        table: its table as CSV; empty where there is none.
        config: its config as a file has it, for another Keras; empty where that could not read it, or
            where a model of it is another.
        wrong: what is wrong, by the way of reading.
        untried: why a way was not gone: Keras refuses, or we say why there is no table.
    """

    table: str = ""
    config: str = ""
    wrong: dict[str, str] = field(default_factory=dict)
    untried: dict[str, str] = field(default_factory=dict)


def is_ours(error: BaseException) -> bool:
    """Whether an exception comes from the package and is none of its messages."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = any("pytest_layersnap" in frame.filename for frame in frames)
    return ours and not isinstance(error, ModelError)


def read(model: Any) -> Judged:
    """The table of a model, and whether it adds up to what Keras says of its weights."""
    found = Judged()
    try:
        table = layer_table(model)
    except Exception as error:
        _note(found, "exception", error)
        return found
    found.table = str(table.to_csv())
    ours = table.parameters, table.trainable_parameters
    theirs = (
        model.count_params(),
        sum(math.prod(weight.shape) for weight in model.trainable_weights),
    )
    if ours != theirs:
        found.wrong["sums"] = f"{ours}, and Keras says {theirs}"
    return found


def read_again(keras: ModuleType, model: Any, found: Judged) -> None:
    """Read a model once more, from its config, without weights, and from its CSV."""
    table = csvfile.load(found.table.encode(), source="first")
    if table.to_csv() != found.table:
        found.wrong["CSV"] = "written again, it is another text"
    classes = [type(one) for one in model._flatten_layers()]
    own = {kind.__name__: kind for kind in classes if kind.__module__.endswith("_test")}
    try:
        config = json.dumps(keras.saving.serialize_keras_object(model))
    except Exception as error:
        _note(found, "rebuilt", error)
        config = ""
    ways: dict[str, Callable[[], Any]] = {
        "second reading": lambda: model,
        "rebuilt": lambda: rebuilt(keras, config, own),
        "weightless": lambda: _weightless(keras, config, own),
    }
    for way, again in ways.items() if config else [("second reading", ways["second reading"])]:
        try:
            other = again()
            drift = compare(table, layer_table(other))
        except Exception as error:
            _note(found, way, error)
            continue
        if drift and _weights(model) != _weights(other):
            found.untried[way] = "Keras gives a model with other weights"
        elif drift:
            found.wrong[way] = drift.to_text()
    is_another = "rebuilt" in {**found.wrong, **found.untried}
    found.config = "" if own or is_another else config


def _note(found: Judged, way: str, error: Exception) -> None:
    if is_ours(error):
        found.wrong[way] = "".join(traceback.format_exception(error)[-4:])
    else:
        found.untried[way] = f"{type(error).__name__}: {error}"[:300].replace("\n", " ")


def _weights(model: Any) -> list[Any]:
    """What Keras says in public of the weights of a model."""
    return [(tuple(one.shape), str(one.dtype), one.trainable) for one in model.weights]


def _weightless(keras: ModuleType, config: str, own: dict[str, Any]) -> Any:
    with weightless():
        return rebuilt(keras, config, own)


def rebuilt(keras: ModuleType, config: str, own: dict[str, Any] | None = None) -> Any:
    """The model that a config gives, with classes of a test's own.

    Raises:
        Exception: Keras can't read it.
    """
    return keras.saving.deserialize_keras_object(
        json.loads(config), custom_objects=own or {}, safe_mode=False
    )


def uncompiled(config: str) -> str:
    """A model's config without its optimizer, whose class may be one of the backend alone."""
    written = json.loads(config)
    written.pop("compile_config", None)
    return json.dumps(written)
