"""The option ``--snapshot-update``, shared with the other snapshot plugins.

syrupy, pytest-snapshot and snapshottest declare it too, and pytest refuses an option that two
plugins declare. So we declare it last, and only when nobody else has; whoever owns it, its value is
read by the option string.
"""

from __future__ import annotations

import pytest

FLAG = "--snapshot-update"


def declare_if_free(parser: pytest.Parser) -> None:
    """Declare the flag unless a plugin that spoke before has.

    Call it when every plugin and initial conftest has spoken: after this, a second declaration
    is an error that names both.
    """
    if not _is_declared(parser):
        parser.getgroup("layersnap", "snapshots of layer tables").addoption(
            FLAG,
            action="store_true",
            # A destination that another plugin uses would be overwritten by its default.
            dest="layersnap_update",
            help="Record the snapshots of the tests that run (shared with other snapshot plugins).",
        )


def loaded_by_conftest(pluginmanager: pytest.PytestPluginManager) -> bool:
    """Whether conftests are being loaded already, so that no late hook will reach us."""
    return any(
        (getattr(plugin, "__file__", None) or "").endswith("conftest.py")
        for plugin in pluginmanager.get_plugins()
    )


def is_given(config: pytest.Config) -> bool:
    """Whether this run records snapshots."""
    return bool(config.getoption(FLAG, default=False))


def _is_declared(parser: pytest.Parser) -> bool:
    # pytest has no public question for this (pytest#12915); both names hold from 8.0 to 9.2.
    return any(
        FLAG in option.names()
        for group in (parser._anonymous, *parser._groups)
        for option in group.options
    )
