"""All of ``keras.applications``: one recorded table each, held under every Keras.

What some release really builds differently is drift, and all of it is explained.
"""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table

SNAPSHOTS = Path(__file__).parent.parent / "snapshots" / "applications"

#: The constructors of Keras 3; Keras 2 has these and more.
# fmt: off
NAMES = (
    "ConvNeXtBase", "ConvNeXtLarge", "ConvNeXtSmall", "ConvNeXtTiny", "ConvNeXtXLarge",
    "DenseNet121", "DenseNet169", "DenseNet201", "EfficientNetB0", "EfficientNetB1",
    "EfficientNetB2", "EfficientNetB3", "EfficientNetB4", "EfficientNetB5", "EfficientNetB6",
    "EfficientNetB7", "EfficientNetV2B0", "EfficientNetV2B1", "EfficientNetV2B2",
    "EfficientNetV2B3", "EfficientNetV2L", "EfficientNetV2M", "EfficientNetV2S",
    "InceptionResNetV2", "InceptionV3", "MobileNet", "MobileNetV2", "MobileNetV3Large",
    "MobileNetV3Small", "NASNetLarge", "NASNetMobile", "ResNet50", "ResNet50V2", "ResNet101",
    "ResNet101V2", "ResNet152", "ResNet152V2", "VGG16", "VGG19", "Xception",
)
# fmt: on

#: Networks that Keras 2 and Keras 3 build differently.
DIFFERENT = frozenset({"MobileNetV3Large", "MobileNetV3Small"})

#: What Keras refuses to build on a backend, with the reason.
NOT_BUILT = {("torch", "NASNetMobile"): "Keras itself refuses NASNetMobile on PyTorch"}


@pytest.mark.parametrize("name", NAMES)
def test_application(keras: ModuleType, layersnap: Any, name: str) -> None:
    """The recorded table holds, or all that differs is known."""
    if reason := NOT_BUILT.get((keras.backend.backend(), name)):
        pytest.skip(reason)
    keras.backend.clear_session()
    model = getattr(keras.applications, name)(weights=None)
    if name not in DIFFERENT or hasattr(keras, "ops"):
        layersnap.check(model, name=f"applications/{name.lower()}")
        return
    recorded = LayerTable.read_csv(SNAPSHOTS / f"{name.lower()}.csv")
    drift = compare(recorded, layer_table(model, name=f"applications/{name.lower()}"))
    assert drift
    explained = sum(len(explanation.changes) for explanation in drift.explanations)
    assert explained == len(drift.changes)
    assert "hard-swish of MobileNetV3" in drift.to_text()
