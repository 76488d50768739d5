"""All of ``keras.applications``: recorded tables, with and without top, held under every Keras.

What some release really builds differently is drift, and all of it is explained.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table

from .applications import NAMES, NOT_BUILT, build, snapshots

ROOT = Path(__file__).parent.parent / "snapshots"

#: Networks that Keras 2 and Keras 3 build differently.
DIFFERENT = frozenset({"MobileNetV3Large", "MobileNetV3Small"})


@pytest.mark.parametrize("name", NAMES)
def test_application(keras: ModuleType, layersnap: Any, name: str) -> None:
    """The recorded tables hold, or all that differs is known."""
    if reason := NOT_BUILT.get((keras.backend.backend(), name)):
        pytest.skip(reason)
    builders = {path: partial(build, keras, name, top=top) for path, top in snapshots(name).items()}
    if name not in DIFFERENT or hasattr(keras, "ops"):
        layersnap.check_all(builders)
        return
    for path, builder in builders.items():
        drift = compare(LayerTable.read_csv(ROOT / f"{path}.csv"), layer_table(builder, name=path))
        assert drift
        explained = [change for known in drift.explanations for change in known.changes]
        assert len(explained) == len(drift.changes)
        assert "hard-swish of MobileNetV3" in drift.to_text()
