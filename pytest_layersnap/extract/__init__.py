"""The rooms that touch Keras objects: from a model to its layer table."""

from __future__ import annotations

import inspect
import os
import warnings
from collections.abc import Callable, Iterator
from importlib import metadata
from typing import Any

from pytest_layersnap.extract import files, rows, weightless
from pytest_layersnap.extract.addresses import held
from pytest_layersnap.extract.collector import collected_less_often
from pytest_layersnap.extract.contract import ModelError, reader_of
from pytest_layersnap.extract.reader import Reader, has_call, is_a
from pytest_layersnap.extract.serializer import without_tensorflow
from pytest_layersnap.table import LayerTable

__all__ = ["ModelError", "layer_table"]

# What a builder of the user's raises is shown where it raises it; our frames would say nothing more.
__tracebackhide__ = True


def layer_table(
    model_or_builder: Any | Callable[[], Any] | str | os.PathLike[str],
    *,
    name: str | None = None,
    behavior: bool = False,
) -> LayerTable:
    """The layer table of a Keras model, of either generation and any backend.

    Args:
        model_or_builder: a built model; a function without arguments that gives one, which is called
            inside ``weightless()``, so that its weights are not allocated; or the path of a ``.keras`` or
            ``.h5`` file, of which the architecture alone is read, with Keras' safe mode on.
        name: what the column ``model`` holds; by default the model's own name, where an auto name such
            as ``functional_3`` loses its number.
        behavior: whether to evaluate the layers, too, so that the column ``behavior`` tells what they
            compute; nothing of the model is changed by it.

    Raises:
        ModelError: it is no Keras model; the model is not built, so that it has no shapes yet; or the
            file can't be read.
    """
    with collected_less_often(), without_tensorflow():
        return _table(model_or_builder, name, behavior=behavior)


def _table(model: Any, name: str | None, *, behavior: bool) -> LayerTable:
    if files.is_file(model):
        model = _read(model)
    elif not is_a(model, "Layer") and callable(model):
        _require_builder(model)
        model = weightless.build(model)
    if not is_a(model, "Model"):
        raise ModelError(_no_model(model))
    reader = reader_of(model)
    _require_built(reader, model)
    versions = f"{reader.versions(model)}, pytest-layersnap {metadata.version('pytest-layersnap')}"
    with warnings.catch_warnings():
        # A call or a config that warns says the same where warnings are errors.
        warnings.simplefilter("ignore")
        layers, calls = rows.rows(reader, model, name)
        if not layers:
            raise ModelError(f"the model {model.name!r} has no layers; add one before the check")
        if behavior:
            # Not at the top: nobody pays for it who does not ask.
            from pytest_layersnap.extract.behavior import filled

            layers = filled(reader, model, layers, calls)
    return LayerTable(layers=tuple(layers), recorded_with=versions)


def _read(path: str | os.PathLike[str]) -> Any:
    try:
        return files.read(path)
    except files.FileError as error:
        raise ModelError(str(error)) from error.__cause__


def _require_builder(value: Any) -> None:
    """Refuse what can be called and builds no model: a function of arguments, a module of PyTorch."""
    if not isinstance(value, type) and hasattr(value, "forward"):
        raise ModelError(_no_model(value))
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # some callables written in C have none
        return
    needed = [
        one.name
        for one in parameters
        if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    if needed:
        name = getattr(value, "__name__", type(value).__name__)
        raise ModelError(
            f"{name} needs {', '.join(needed)}: "
            f"give a function without arguments, as in lambda: build({needed[0]}=…)"
        )


def _no_model(value: Any) -> str:
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    hint = "give a keras.Model, or a function without arguments that builds one"
    if is_a(value, "Layer"):
        hint = "a single layer has no architecture to pin: put it into a keras.Sequential"
    return f"not a Keras model but {kind}: {hint}"


def _require_built(reader: Reader, model: Any) -> None:
    """Refuse a model without shapes: its table would say that it has no parameters.

    ``model.build(shape)`` of a subclassed model may leave its layers unbuilt (keras#19535), so the
    flag of the model alone does not tell.
    """
    if is_a(model, "Sequential"):
        if not model.built:
            raise ModelError(
                f"the Sequential model {model.name!r} is not built, so its shapes are not known: "
                "begin it with keras.Input(shape=…), or call model.build(input_shape)"
            )
        return
    if is_a(model, "Functional"):
        return
    layers = [layer for layer in _below(reader, model) if not layer.built]
    if not has_call(model):
        if layers or not model.weights:
            parts = sorted(name for name, part in held(model).items() if is_a(part, "Layer"))
            named = ", ".join(f'"{name}": model.{name}' for name in parts)
            raise ModelError(
                f"the model {model.name!r} ({type(model).__name__}) has no call(), and its parts are not "
                f"all built: build each, or check those that are: check_all({{{named}}})"
            )
        return
    if not model.built or (layers and not model.weights):
        unbuilt = f" ({layers[0].name!r} and {len(layers) - 1} more are not)" if layers else ""
        raise ModelError(
            f"the model {model.name!r} ({type(model).__name__}) is not built{unbuilt}: "
            "call it once before the check, model(keras.Input(shape=…)) or model(an_array); "
            "model.build(shape) may leave its layers without weights"
        )


def _below(reader: Reader, layer: Any) -> Iterator[Any]:
    """All layers that a layer holds, at any depth."""
    for child in reader.children(layer):
        yield child
        yield from _below(reader, child)
