"""What a project sets: the ini options, read once and checked, and the marker."""

from __future__ import annotations

import math
import os
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

import pytest

import pytest_layersnap.update_flag as update_flag
from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.snapshots.scope import Scope, ScopeError

if TYPE_CHECKING:
    from pytest_layersnap.exports.files import Destination

MARKER = (
    "layersnap(only=None, ignore=None, behavior=None): "
    "compare only these categories or columns, or all but these, in the checks of the test; "
    "behavior=True also compares what the layers compute."
)


#: What to do about snapshots that no test uses.
Unused = Literal["warn", "error", "ignore"]


# A named tuple, as every start of pytest defines it: a dataclass takes several times as long.
class Settings(NamedTuple):
    """The settings of one run.

    Args:
        rootdir: pytest's root directory.
        directory: the folder of all snapshots, inside ``rootdir``.
        update: whether ``--snapshot-update`` was given.
        unused: what to do about snapshots that no test uses.
        report: the folder, or the ``.html`` file, to write the reports of the run to, if any.
        export: where to write the tables that checks saw, if anywhere.
        scope: what all checks compare where neither their marker nor they themselves say.
        tolerance: what the tolerances for numbers are multiplied by.
    """

    rootdir: Path
    directory: Path
    update: bool
    unused: Unused
    report: Path | None
    export: Destination | None
    scope: Scope
    tolerance: float

    @property
    def shown(self) -> str:
        """The folder as messages name it: relative to ``rootdir``, with slashes."""
        return self.directory.relative_to(self.rootdir).as_posix()


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
        "Whether checks also compare what the layers compute: true, or false (the default), where only "
        "snapshots that were recorded with it are compared so.",
        type="bool",
        default=False,
    )
    parser.addini(
        "layersnap_behavior_tolerance",
        "What the tolerances for what layers compute are multiplied by, 1 by default.",
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


def unusual(settings: Settings) -> str:
    """What makes the checks of this run see less, or change files; empty for an ordinary run."""
    parts = ["snapshots are recorded"] if settings.update else []
    for name, words in (("only", "comparing only"), ("ignore", "ignoring")):
        if names := getattr(settings.scope, name):
            parts.append(f"{words} {', '.join(sorted(names))}")
    if settings.tolerance != 1:
        parts.append(f"numbers may differ by {settings.tolerance:g} times as much as usual")
    if settings.unused == "ignore":
        parts.append("unused snapshots are left alone")
    return f"layersnap: {'; '.join(parts)}" if parts else ""


def in_ci() -> bool:
    """Whether this is a run of a CI, as pytest tells it."""
    return any(os.environ.get(name) for name in ("CI", "BUILD_NUMBER"))


def tells(config: pytest.Config, settings: Settings) -> bool:
    """Whether anybody is told what a run finds about each snapshot: a quiet update counts them alone."""
    return bool(
        not settings.update
        or config.getoption("verbose", default=0) >= 0
        or settings.report
        or os.environ.get("GITHUB_STEP_SUMMARY")
        or config.getoption("xmlpath", default=None)
    )


def color(config: pytest.Config) -> bool:
    """Whether the terminal that shows failures is colored; a worker of pytest-xdist is told so."""
    if (worker := getattr(config, "workerinput", None)) is not None:
        return bool(worker["layersnap_color"])
    if config.getoption("xmlpath", default=None):  # a JUnit report repeats the message as it is
        return False
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    return reporter is not None and bool(reporter.hasmarkup)


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


def marked(item: pytest.Item, scope: Scope) -> Scope:
    """What the ``layersnap`` markers of a test make of the scope of all; the closest one wins.

    Raises:
        pytest.UsageError: a marker has an argument that it does not take.
    """
    for mark in reversed(list(item.iter_markers("layersnap"))):
        if mark.args or not {"only", "ignore", "behavior"}.issuperset(mark.kwargs):
            given = ", ".join([*map(repr, mark.args), *mark.kwargs])
            raise pytest.UsageError(
                "@pytest.mark.layersnap takes only=, ignore= and behavior=, and nothing else; "
                f"got {given}"
            )
        try:
            scope = scope.refined(Scope.of(**mark.kwargs))
        except ScopeError as error:
            raise pytest.UsageError(f"@pytest.mark.layersnap: {error}") from None
    return scope
