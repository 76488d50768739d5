"""The report on real changes to real models, in full."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType

import pytest

from pytest_layersnap import compare, layer_table

from .. import models
from .cases import CASES, recorded

pytestmark = pytest.mark.once_a_generation

README = Path(__file__).parents[2] / "README.md"
GOLDENS = Path(__file__).parent / "goldens"
VERSIONS = "keras 3.15.1, tensorflow 2.21.0, pytest-layersnap 0.1.0"


@pytest.mark.parametrize("name", CASES)
def test_report(keras: ModuleType, name: str) -> None:
    """Word for word, under every Keras, and on one screen."""
    recorded, current = CASES[name](keras)
    if name != "another_generation":  # whoever runs the tests, the report names one Keras
        recorded = replace(recorded, recorded_with=VERSIONS)
        current = replace(current, recorded_with=VERSIONS)
    text = compare(recorded, current).to_text(accept="pytest --snapshot-update test_models.py")
    assert f"{text}\n" == (GOLDENS / f"{name}.txt").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 40


def test_the_readme_shows_the_report(keras: ModuleType) -> None:
    """As it really is."""
    base = models.backbone(keras, "resnet50")
    for layer in base.layers[-4:]:
        layer.trainable = True
    current = layer_table(models.head(keras, base, units=512), name="resnet50")
    drift = compare(recorded("resnet50"), replace(current, recorded_with=VERSIONS))
    accept = "pytest --snapshot-update 'test_models.py::test_classifier[resnet50]'"
    shown = f"snapshots/resnet50.csv: {drift.to_text(accept=accept)}\n```\n"
    assert shown in README.read_text(encoding="utf-8")
