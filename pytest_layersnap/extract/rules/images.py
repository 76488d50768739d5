"""Preprocessing and augmentation of images."""

from __future__ import annotations

from typing import Any

from pytest_layersnap.extract.rules.rule import Rule


def _both_ways(plain: dict[str, Any], _: int | None) -> None:
    for key in ("factor", "height_factor", "width_factor"):
        if isinstance(plain.get(key), (int, float)):
            plain[key] = [-plain[key], plain[key]]


def _from_nothing(plain: dict[str, Any], _: int | None) -> None:
    if isinstance(plain.get("factor"), (int, float)):
        plain["factor"] = [0, plain["factor"]]


RULES = (
    Rule(
        classes=("RandomCrop",),
        releases="3.x",
        reason="Keras 3 draws a seed where none is given, and writes it as if it had been given",
        source="keras/src/layers/preprocessing/image_preprocessing/random_crop.py",
        written=({"height": 3, "seed": 17}, {"height": 3, "seed": None}),
        changed={"height": 4, "seed": 17},
        code=("RandomCrop(3, 3)", "RandomCrop(4, 3)"),
        drops=("seed",),
    ),
    Rule(
        classes=("RandomGrayscale",),
        releases="3.8 and newer",
        reason="configs leave the seed out, the layer has it",
        source="keras/src/layers/preprocessing/image_preprocessing/random_grayscale.py, get_config",
        written=({"factor": 0.5}, {"factor": 0.5, "seed": 1}),
        changed={"factor": 0.5, "seed": 2},
        code=("RandomGrayscale(0.5, seed=1)", "RandomGrayscale(0.5, seed=2)"),
        reads={"seed": ("seed",)},
    ),
    Rule(
        classes=("MaxNumBoundingBoxes",),
        releases="3.8 and newer",
        reason="configs leave it out, the layer has it",
        source="keras/src/layers/preprocessing/image_preprocessing/max_num_bounding_box.py",
        written=({"max_number": 3}, {"max_number": 3, "fill_value": -1}),
        changed={"max_number": 3, "fill_value": 0},
        code=("MaxNumBoundingBoxes(3)", "MaxNumBoundingBoxes(3, fill_value=0)"),
        reads={"fill_value": ("fill_value",)},
    ),
    Rule(
        classes=("RandomContrast",),
        releases="2.x, 3.x",
        reason="3.x writes both ends of the range",
        source="keras/src/layers/preprocessing/image_preprocessing/random_contrast.py",
        written=({"factor": 0.1}, {"factor": [0, 0.1]}),
        changed={"factor": [0.1, 0.1]},
        respells=_from_nothing,
    ),
    Rule(
        classes=("RandomRotation", "RandomZoom"),
        releases="2.x, 3.x",
        reason="3.x writes both ends of the range",
        source="keras/src/layers/preprocessing/image_preprocessing/random_rotation.py",
        written=({"factor": 0.1}, {"factor": [-0.1, 0.1]}),
        changed={"factor": [0, 0.1]},
        code=("RandomRotation(0.1)", "RandomRotation((0., 0.1))"),
        respells=_both_ways,
    ),
    Rule(
        classes=("Resizing",),
        releases="2.x, 3.0, 3.1 and newer, 3.14 and newer",
        reason="settings that newer releases write; off is the default",
        source="keras/src/layers/preprocessing/image_preprocessing/resizing.py, get_config",
        written=(
            {"height": 3},
            {
                "height": 3,
                "antialias": False,
                "pad_to_aspect_ratio": False,
                "fill_mode": "constant",
                "fill_value": 0,
            },
        ),
        changed={"height": 3, "pad_to_aspect_ratio": True},
        code=("Resizing(3, 3)", "Resizing(3, 3, pad_to_aspect_ratio=True)"),
        defaults={
            "antialias": False,
            "pad_to_aspect_ratio": False,
            "fill_mode": "constant",
            "fill_value": 0,
        },
    ),
    Rule(
        classes=("RandomRotation", "RandomTranslation", "RandomZoom", "RandomShear"),
        releases="2.x, 3.x",
        reason="zero is the default for what is outside the image",
        source="keras/src/layers/preprocessing/image_preprocessing/random_rotation.py",
        written=({}, {"fill_value": 0}),
        changed={"fill_value": 1},
        code=("RandomRotation(0.1)", "RandomRotation(0.1, fill_value=1.)"),
        defaults={"fill_value": 0},
    ),
    Rule(
        classes=("RandomBrightness", "RandomContrast", "RandomRotation"),
        releases="2.x, 3.0 to 3.5, 3.6 and newer",
        reason="written by some releases; images of bytes are the default",
        source="keras/src/layers/preprocessing/image_preprocessing/random_contrast.py",
        written=({}, {"value_range": [0, 255]}),
        changed={"value_range": [0, 1]},
        defaults={"value_range": [0, 255]},
    ),
)
