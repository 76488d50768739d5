"""What Keras' own layers take and leave out of their configs is in the table nevertheless."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks.unsaved_settings import layers, unsaved


@pytest.mark.filterwarnings("ignore")
def test_settings_that_configs_leave_out(keras: ModuleType) -> None:
    """All of them, in each release: found by the constructors' signatures."""
    found = [setting for kind in layers(keras) for setting in unsaved(keras, kind)]
    unread = [str(setting) for setting in found if not setting.read]
    assert not unread, "\n".join(unread)
    assert {("Dense", "autocast"), ("Dense", "activity_regularizer")} & {
        (setting.layer, setting.name) for setting in found
    }
