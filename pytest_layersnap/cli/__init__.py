"""The command ``layersnap``: received tables, shards, and what is in snapshots.

It needs neither pytest nor Keras; only a model that a verb is given is read with Keras. A verb is a module
here whose ``add`` declares it; adding one takes that module and its place in ``_VERBS``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pytest_layersnap import __version__
from pytest_layersnap.cli import diff, export, flow, merge, received, releases, show
from pytest_layersnap.cli.terminal import flush, go_silent, prepare_streams, wrong
from pytest_layersnap.errors import LayersnapError

#: In the order of the help.
_VERBS = (received, diff, show, export, flow, merge, releases)

_EPILOG = """\
examples:
  layersnap review                            decide on what the last run received
  layersnap diff resnet50 --against main      a snapshot here and on a branch
  layersnap diff resnet50 my_pkg.models:build a snapshot and what a function builds now
  layersnap show my_pkg.models:build          the layers of a model
  layersnap flow resnet50 --output flow.svg   its stages and blocks, drawn
  layersnap matrix resnet50 my_pkg.models:build
                                              whether each release of Keras gives the snapshot

exit codes: 0 the same, 1 drift, 2 wrong use or input that can't be read
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: those of the command line, if not the process's own.

    Returns:
        The exit code: 0 for the same, 1 for drift, 2 for wrong use or input that can't be read.
    """
    prepare_streams()
    parsed = parser().parse_args(arguments)
    try:
        code: int = parsed.run(parsed)
        flush()
    except LayersnapError as error:
        return wrong(str(error))
    except OSError as error:
        go_silent()  # it may be the output that can't be written
        return wrong(f"{error.filename or ''}: {error.strerror or error}".removeprefix(": "))
    except KeyboardInterrupt:
        return wrong("interrupted")
    return code


def parser() -> argparse.ArgumentParser:
    """The command line, for ``main`` and for programs that complete it in shells."""
    whole = argparse.ArgumentParser(
        prog="layersnap",
        description="Review what checks have received; compare, show and export snapshots.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    whole.add_argument("--version", action="version", version=f"layersnap {__version__}")
    verbs = whole.add_subparsers(metavar="command", required=True)
    for verb in _VERBS:
        verb.add(verbs)
    return whole
