"""All constructors of ``keras.applications``, with and without top, each with the name of its snapshot."""

from __future__ import annotations

from types import ModuleType
from typing import Any

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

#: What Keras refuses to build on a backend, with the reason.
NOT_BUILT = {("torch", "NASNetMobile"): "Keras itself refuses NASNetMobile on PyTorch"}


def snapshots(name: str) -> dict[str, bool]:
    """The snapshots of an application, each with whether it has its top."""
    return {f"applications/{name.lower()}": True, f"applications/without_top/{name.lower()}": False}


def build(keras: ModuleType, name: str, *, top: bool) -> Any:
    """One application without weights, all else being the constructor's own default.

    Without a top most of them take images of any size, so that these snapshots also hold what Keras
    makes of sizes that are not known (another padding in strided convolutions, for one).
    """
    keras.backend.clear_session()
    return getattr(keras.applications, name)(weights=None, include_top=top)
