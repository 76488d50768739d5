"""Snapshots on disk: their names, their files, and what a pytest run does with them."""

from pytest_layersnap.errors import LayersnapError


class MissingSnapshot(LayersnapError, AssertionError):
    """A check has no snapshot to compare with; the message shows what would be recorded."""

    __module__ = "pytest_layersnap"
