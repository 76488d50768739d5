"""The rules by which all releases of Keras say the same: one file a subject, each rule a ``Rule``.

A rule takes away a difference of *encoding* and nothing else, and it holds for Keras' own classes only.
When a new release writes a setting in another way, the rule goes where the class of the setting is:

- ``every_layer``: what all layers write; ``inputs``: ``InputLayer``
- ``activations``: activation functions and their layers
- ``attention``, ``convolution``, ``normalization``, ``pooling``, ``recurrent``, ``wrappers``
- ``core``: ``Dense``, ``Embedding``, ``Lambda``, ``Dot`` and others of Keras' ``core`` and ``merging``
- ``dropout``: everything that drops or adds noise
- ``images``: preprocessing and augmentation of images
- ``lookups``: text, categories and numbers made into indices
- ``objects``: initializers and other objects that layers hold

A setting that configs leave out is ``read`` from the layer. ``docs/rules.md`` is made of the rules by
``python examples/rules.py``.
"""

from __future__ import annotations

import functools

from pytest_layersnap.extract.rules import (
    activations,
    attention,
    convolution,
    core,
    dropout,
    every_layer,
    images,
    inputs,
    lookups,
    normalization,
    objects,
    pooling,
    recurrent,
    wrappers,
)
from pytest_layersnap.extract.rules.rule import EVERY, Rule, Rules

__all__ = ["EVERY", "SUBJECTS", "Rule", "Rules", "rules_of"]

#: All rules, by what the docs call their subject.
SUBJECTS: dict[str, tuple[Rule, ...]] = {
    "Every layer": every_layer.RULES,
    "Inputs": inputs.RULES,
    "Core layers": core.RULES,
    "Activations": activations.RULES,
    "Convolutions": convolution.RULES,
    "Pooling": pooling.RULES,
    "Normalization": normalization.RULES,
    "Dropout and noise": dropout.RULES,
    "Recurrent layers": recurrent.RULES,
    "Wrappers": wrappers.RULES,
    "Attention": attention.RULES,
    "Images": images.RULES,
    "Lookups": lookups.RULES,
    "Objects that layers hold": objects.RULES,
}


@functools.lru_cache(maxsize=1_000)
def rules_of(class_name: str) -> Rules:
    """The rules that hold for one of Keras' classes."""
    found = [
        rule
        for rules in SUBJECTS.values()
        for rule in rules
        if class_name in rule.classes or EVERY in rule.classes
    ]
    return Rules(
        drops=frozenset(key for rule in found for key in rule.drops),
        defaults={key: default for rule in found for key, default in rule.defaults.items()},
        renames={key: name for rule in found for key, name in rule.renames.items()},
        reads={key: paths for rule in found for key, paths in rule.reads.items()},
        respells=tuple(rule.respells for rule in found if rule.respells),
    )
