"""Layers that normalize."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.rule import Rule


def one_axis(axis: Any, rank: int | None) -> Any:
    """An axis as one number, or as a list of several, counted from the front where the rank is known."""
    axes = axis if isinstance(axis, list) else [axis]
    if rank is not None:
        axes = [item + rank if isinstance(item, int) and item < 0 else item for item in axes]
    return axes[0] if len(axes) == 1 else axes


def _axis(plain: dict[str, Any], rank: int | None) -> None:
    if "axis" in plain:
        plain["axis"] = one_axis(plain["axis"], rank)


RULES = (
    Rule(
        classes=(
            "BatchNormalization",
            "SyncBatchNormalization",
            "LayerNormalization",
            "GroupNormalization",
            "RMSNormalization",
            "UnitNormalization",
            "Normalization",
        ),
        releases="2.x, 3.x",
        reason="2.x writes [3] once the layer is built, 3.x writes -1 or 3",
        source="keras/layers/normalization/batch_normalization.py of 2.15, build",
        written=({"axis": [3]}, {"axis": -1}),
        changed={"axis": 1},
        code=("BatchNormalization()", "BatchNormalization(axis=1)"),
        respells=_axis,
    ),
    Rule(
        classes=("BatchNormalization",),
        releases="2.x, 3.0 and newer",
        reason="configs of 2.x leave it out, the layer has it; not synchronized is the default",
        source="keras/layers/normalization/batch_normalization.py of 2.15, get_config",
        written=({}, {"synchronized": False}),
        changed={"synchronized": True},
        code=("BatchNormalization()", "BatchNormalization(synchronized=True)"),
        defaults={"synchronized": False},
        reads={"synchronized": ("synchronized",)},
    ),
    Rule(
        classes=("BatchNormalization",),
        releases="2.x, 3.14 and newer",
        reason="written by 3.14 and newer; off is the default",
        source="keras/src/layers/normalization/batch_normalization.py, get_config",
        written=({}, {"renorm": False, "renorm_momentum": 0.99, "renorm_clipping": {}}),
        changed={"renorm": True, "renorm_momentum": 0.9},
        defaults={"renorm": False, "renorm_momentum": 0.99, "renorm_clipping": {}, "fused": True},
    ),
    Rule(
        classes=("LayerNormalization",),
        releases="2.x, 3.0 to 3.4",
        reason="configs leave it out, the layer has it; off is the default",
        source="keras/src/layers/normalization/layer_normalization.py of 3.3, get_config",
        written=({}, {"rms_scaling": False}),
        changed={"rms_scaling": True},
        code=("LayerNormalization()", "LayerNormalization(rms_scaling=True)"),
        defaults={"rms_scaling": False},
        reads={"rms_scaling": ("rms_scaling",)},
    ),
)
