"""One line a model pins its whole architecture."""

import pytest
from models import BACKBONES, build_classifier


@pytest.mark.parametrize("backbone", BACKBONES)
def test_classifier(layersnap, backbone):
    layersnap.check(build_classifier(backbone), name=backbone)
