"""Initializers and other objects that layers hold."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

#: Keras' classes that had another name in some releases.
NAMES = {
    "IdentityInitializer": "Identity",
    "OrthogonalInitializer": "Orthogonal",
}

RULES = (
    Rule(
        classes=("Identity",),
        releases="3.x",
        reason="configs leave the gain out, the initializer has it",
        source="keras/src/initializers/constant_initializers.py, get_config",
        written=({}, {"gain": 1}),
        changed={"gain": 2},
        code=("initializers.Identity()", "initializers.Identity(2.)"),
        defaults={"gain": 1},
        reads={"gain": ("gain",)},
    ),
)
