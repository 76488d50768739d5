"""The private places of Keras that are replaced while models are built without weights, and what for.

All are looked up before the first is replaced. Those of one purpose are replaced together or not at all:
where a release keeps one elsewhere, or does other things with it, models are built as ever as far as that
purpose goes, and that is said.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, NamedTuple

from pytest_layersnap.extract.replaced import is_second, replaced
from pytest_layersnap.extract.weightless import (
    applications,
    attributes,
    keras2,
    keras3,
    presets,
    repeated,
    structures,
)


class Place(NamedTuple):
    """Attributes of one module or class.

    Args:
        module: the module; ``{keras}`` is ``keras`` or ``tf_keras``.
        names: the attributes in it, ``Layer.__setattr__`` where a class has it.
        wrap: takes what they are and gives what they become, both in the order of the names.
        backend: the backend of Keras 3 that has the place; empty where all have it.
    """

    module: str
    names: tuple[str, ...]
    wrap: Callable[..., tuple[Any, ...]]
    backend: str = ""

    def replaced(self, package: str) -> Iterator[AbstractContextManager[None]]:
        """What replaces the attributes in a Keras.

        Raises:
            ImportError, AttributeError: this release keeps things elsewhere.
            LookupError, RuntimeError: it does other things with them.
        """
        owners, names = [], []
        for name in self.names:
            owner: Any = import_module(self.module.format(keras=package))
            *holders, attribute = name.split(".")
            for holder in holders:
                owner = getattr(owner, holder)
            if attribute not in vars(owner):
                raise AttributeError(f"{owner.__name__} has no {attribute}")
            owners.append(owner)
            names.append(attribute)
        ours = self.wrap(*(vars(owner)[name] for owner, name in zip(owners, names, strict=True)))
        for owner, name, one in zip(owners, names, ours, strict=True):
            yield replaced(owner, name, _becomes(one))


class Seam(NamedTuple):
    """Places that serve one purpose.

    Args:
        without: what a Keras does where they are not as we know them.
        places: the places.
        loaded: whether Keras has them only where it has loaded their modules.
    """

    without: str
    places: tuple[Place, ...]
    loaded: bool = False


def _becomes(ours: Any) -> Callable[[Any], Any]:
    return lambda original: ours


def _one(module: str, name: str, wrap: Callable[[Any], Any], backend: str = "") -> Place:
    return Place(module, (name,), lambda original: (wrap(original),), backend)


_WITH_WEIGHTS = "builds models with their weights"
_FETCHES = "fetches and loads the weights of its applications"
_LATER = "takes longer to build models"

KERAS_3 = (
    Seam(
        _WITH_WEIGHTS,
        (
            _one("{keras}.src.backend.common", "KerasVariable.__init__", keras3.waiting_init),
            _one(
                "{keras}.src.backend.torch.layer",
                "TorchLayer._post_build",
                keras3.without_scope,
                "torch",
            ),
        ),
    ),
    Seam(
        _FETCHES,
        (
            _one("{keras}.src.utils.file_utils", "get_file", applications.get_file),
            _one("{keras}.src.models.model", "Model.load_weights", applications.load_weights),
        ),
    ),
    Seam(
        _LATER,
        (
            _one("{keras}.src.layers.layer", "inspect", repeated.signatures_once),
            _one("{keras}.src.ops.operation", "inspect", repeated.signatures_once),
        ),
    ),
    Seam(
        _LATER,
        (_one("{keras}.src.layers.layer", "Layer.__setattr__", attributes.set_directly),),
    ),
    Seam(
        _LATER,
        (
            _one("{keras}.src.backend", "is_tensor", repeated.symbolic_is_no_tensor),
            _one("{keras}.src.backend", "core.is_tensor", repeated.symbolic_is_no_tensor),
        ),
    ),
    # Where optree is installed, Keras takes that.
    Seam(
        _LATER,
        (
            Place(
                "{keras}.src.tree.torchtree_impl",
                ("is_nested", "flatten", "map_structure"),
                structures.shortcuts,
                "torch",
            ),
        ),
        loaded=True,
    ),
    Seam(
        "loads the weights of the presets of keras-hub",
        (
            _one("keras_hub.models", "Backbone.from_preset", presets.from_preset),
            _one("keras_hub.models", "Task.from_preset", presets.from_preset),
        ),
        loaded=True,
    ),
)
KERAS_2 = (
    Seam(
        _WITH_WEIGHTS,
        (_one("{keras}.src.engine.base_layer_utils", "make_variable", keras2.make_variable),),
    ),
    Seam(
        _FETCHES,
        (
            _one("{keras}.src.utils.data_utils", "get_file", applications.get_file),
            _one("{keras}.src.engine.training", "Model.load_weights", applications.load_weights),
        ),
    ),
    Seam(
        _LATER,
        (_one("{keras}.src.engine.base_layer", "tf_inspect", repeated.signatures_once),),
    ),
)


def of(package: str) -> Iterator[tuple[Seam, Iterator[AbstractContextManager[None]]]]:
    """The seams of a Keras, each with what replaces its places."""
    for seam in KERAS_2 if is_second(package) else KERAS_3:
        modules = {place.module.format(keras=package) for place in seam.places}
        if not seam.loaded or modules <= sys.modules.keys():
            yield seam, _replaced(seam, package)


def _replaced(seam: Seam, package: str) -> Iterator[AbstractContextManager[None]]:
    for place in seam.places:
        if not place.backend or place.backend == _backend(package):
            yield from place.replaced(package)


def _backend(package: str) -> str:
    name: str = import_module(f"{package}.src.backend").backend()
    return name
