"""The pytest rim of the snapshots; beyond it nothing knows pytest.

The process that runs a test puts what its checks found on the test's last report, as plain JSON.
The process that controls the run (under pytest-xdist another one) gathers the reports, and when the
run is over decides, writes, and says what it wrote.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_layersnap.snapshots.session.checks import Record

#: What the checks of a test have found, at the test.
RECORD: pytest.StashKey[Record] = pytest.StashKey()
