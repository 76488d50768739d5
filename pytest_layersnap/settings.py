"""What a project sets: the ini options and those of the command line, read once and checked."""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, get_args

import pytest

import pytest_layersnap.update_flag as update_flag
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.scope import Scope, ScopeError
from pytest_layersnap.snapshots.settings import Settings, Unused

if TYPE_CHECKING:
    from pytest_layersnap.exports.files import Destination


def add_options(parser: pytest.Parser) -> None:
    """Declare the ini options, and the options of the command line that are ours alone."""
    parser.addini(
        "layersnap_dir",
        "Folder of the layer table snapshots, relative to the root directory.",
        type="string",
        default="snapshots",
    )
    parser.addini(
        "layersnap_unused",
        "Snapshots that no test uses: warn (the default), error, or ignore.",
        type="string",
        default="warn",
    )
    parser.addini(
        "layersnap_behavior",
        "Also compare the numbers that layers compute: true, or false (the default), where only "
        "snapshots recorded with them compare them.",
        type="bool",
        default=False,
    )
    parser.addini(
        "layersnap_behavior_tolerance",
        "Multiply the tolerances for computed numbers by this factor (default: 1).",
        type="string",
        default="1",
    )
    group = parser.getgroup("layersnap", "snapshots of layer tables")
    group.addoption(
        "--layersnap-report",
        metavar="OUT",
        help="Write what the run found to a folder (pages, report.json, report.md, and the tables; "
        "'layersnap merge' joins such folders), or all for people as one page to an .html file.",
    )
    group.addoption(
        "--layersnap-export",
        metavar="OUT",
        help="Write the tables that checks saw to a .csv, .xlsx, .md or .tex file, "
        "or as CSV to a folder.",
    )
    for name, what in (("only", "Compare nothing but"), ("ignore", "Do not compare")):
        parser.addini(
            f"layersnap_{name}",
            f"{what} these categories or columns of layer tables, one a line.",
            type="linelist",
            default=[],
        )


def read(config: pytest.Config) -> Settings:
    """The settings of this run.

    Raises:
        pytest.UsageError: an ini option has a value that can't be used.
    """
    directory = _directory(config)
    return Settings(
        rootdir=config.rootpath,
        directory=directory,
        update=update_flag.is_given(config),
        unused=_unused(config),
        report=_report(config, directory),
        export=_export(config),
        scope=_scope(config),
        tolerance=_tolerance(config),
    )


def _unused(config: pytest.Config) -> Unused:
    value = str(config.getini("layersnap_unused")).strip()
    for known in get_args(Unused):
        if value == known:
            return known  # type: ignore[no-any-return]
    raise pytest.UsageError(
        f"layersnap_unused = {value}: choose from {', '.join(get_args(Unused))}"
    )


def _report(config: pytest.Config, directory: Path) -> Path | None:
    value = config.getoption("--layersnap-report")
    if value is None:
        return None
    if not value.strip():
        raise pytest.UsageError(
            "--layersnap-report: the path is empty; name a folder or a .html file"
        )
    from pytest_layersnap.snapshots.reports import require_free

    report: Path = config.invocation_params.dir / value
    try:
        require_free(report, snapshots=directory)
    except (LayersnapError, OSError) as error:
        raise pytest.UsageError(f"--layersnap-report: {error}") from None
    return report


def _export(config: pytest.Config) -> Destination | None:
    value = config.getoption("--layersnap-export")
    if value is None:
        return None
    from pytest_layersnap.exports.files import destination, require_free

    try:
        # An empty one stays empty: joined, it would be the folder that pytest was started in.
        chosen = destination(value and os.path.join(config.invocation_params.dir, value))
        require_free(chosen)
        return chosen
    except (LayersnapError, ModuleNotFoundError, OSError) as error:
        raise pytest.UsageError(f"--layersnap-export: {error}") from None


def _scope(config: pytest.Config) -> Scope:
    only, ignore = (config.getini(f"layersnap_{name}") or None for name in ("only", "ignore"))
    try:
        return Scope.of(only, ignore, config.getini("layersnap_behavior") or None)
    except ScopeError as error:
        raise pytest.UsageError(f"layersnap_{error}") from None


def _tolerance(config: pytest.Config) -> float:
    value = str(config.getini("layersnap_behavior_tolerance")).strip()
    try:
        tolerance = float(value)
    except ValueError:
        tolerance = 0.0
    if not 0 < tolerance < math.inf:
        raise pytest.UsageError(
            f"layersnap_behavior_tolerance = {value}: it is a positive number, 1 by default"
        )
    return tolerance


def _directory(config: pytest.Config) -> Path:
    value = str(config.getini("layersnap_dir")).strip()
    if not value:
        raise pytest.UsageError("layersnap_dir is empty; leave it out to store in 'snapshots'")
    # normpath and not resolve(): the files are shown where the user put them.
    directory = Path(os.path.normpath(config.rootpath / value))
    # realpath and not resolve(), which fails where links lead in a circle.
    real = Path(os.path.realpath(directory))
    if real.is_symlink():
        raise pytest.UsageError(
            f"layersnap_dir = {value}: its symbolic links lead in a circle; delete them"
        )
    inside = real.is_relative_to(os.path.realpath(config.rootpath))
    if not inside or not directory.is_relative_to(config.rootpath):
        raise pytest.UsageError(
            f"layersnap_dir = {value} leaves the root directory {config.rootpath}; "
            "snapshots are stored inside it"
        )
    if config.pluginmanager.hasplugin("syrupy") and _belongs_to_syrupy(
        directory.relative_to(config.rootpath)
    ):
        raise pytest.UsageError(
            f"layersnap_dir = {value}: syrupy deletes the files of others in __snapshots__; "
            "choose another folder"
        )
    return directory


def _belongs_to_syrupy(directory: PurePath) -> bool:
    return "__snapshots__" in (part.casefold() for part in directory.parts)
