"""The layer tables that a command line names."""

from __future__ import annotations

import re
from pathlib import Path

from pytest_layersnap import csvfile, git
from pytest_layersnap.cli.terminal import CommandError
from pytest_layersnap.snapshots.lookup import find, locate
from pytest_layersnap.table import LayerTable

#: How ``table_of`` reads a text, for the help.
NAMES = "a snapshot, or module:builder, or a .keras or .h5 file"
#: What only Keras can read: a saved model, and ``package.module:function``, which builds one.
_MODEL = re.compile(r".*\.(keras|h5)|[\w.]+:[\w.]+", re.IGNORECASE | re.DOTALL)


def table_of(text: str) -> LayerTable:
    """The table of a snapshot, or of a model that is built or loaded.

    Raises:
        CommandError: the text names several snapshots, or what it names can't be read.
        UnknownSnapshot, TableError: there is no such snapshot, or it is broken.
        OSError: a file can't be read.
    """
    if is_model(text):
        from pytest_layersnap.builders import BuilderError
        from pytest_layersnap.builders import table_of as built

        try:
            return built(text)
        except BuilderError as error:
            raise CommandError(str(error)) from None
    found = find(Path.cwd(), [text])
    if len(found) > 1:
        raise CommandError(
            f"{text} holds {len(found)} snapshots; name one of them, as in {next(iter(found))}"
        )
    return next(iter(found.values()))


def is_model(text: str) -> bool:
    """Whether a text names a model, not a snapshot."""
    return _MODEL.fullmatch(text) is not None


def table_at(revision: str, text: str) -> LayerTable:
    """The table of a snapshot as git has it in a revision.

    Args:
        revision: a branch, a tag, or a commit.
        text: the snapshot, which need not exist any more where the command runs.

    Raises:
        CommandError: git has no such revision or file.
        TableError: the snapshot is broken there.
    """
    try:
        data = git.contents(locate(Path.cwd(), text), revision)
    except git.GitError as error:
        raise CommandError(f"git has no {text} in {revision}: {error}") from None
    return csvfile.load(data, source=f"{revision}:{text}")
