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

#: Networks that Keras 2 and Keras 3 build differently, and by what that is explained.
DIFFERENT = {
    "applications/mobilenetv3large": "hard-swish of MobileNetV3",
    "applications/mobilenetv3small": "hard-swish of MobileNetV3",
    "applications/without_top/mobilenetv3large": "hard-swish of MobileNetV3",
    "applications/without_top/mobilenetv3small": "hard-swish of MobileNetV3",
    "applications/without_top/nasnetmobile": "NASNetMobile without top",
}


@pytest.mark.parametrize("name", NAMES)
def test_application(keras: ModuleType, layersnap: Any, name: str) -> None:
    """The recorded tables hold, or all that differs is known."""
    if reason := NOT_BUILT.get((keras.backend.backend(), name)):
        pytest.skip(reason)
    builders = {path: partial(build, keras, name, top=top) for path, top in snapshots(name).items()}
    different = (
        {}
        if hasattr(keras, "ops")
        else {path: DIFFERENT[path] for path in builders if path in DIFFERENT}
    )
    same = {path: builder for path, builder in builders.items() if path not in different}
    if same:
        layersnap.check_all(same)
    for path, reason in different.items():
        recorded = LayerTable.read_csv(ROOT / f"{path}.csv")
        drift = compare(recorded, layer_table(builders[path], name=path))
        (explanation,) = drift.explanations
        assert reason in explanation.known.what
        assert len(explanation.changes) == len(drift.changes)
