"""Names of snapshots: paths below the folder of all snapshots, with slashes: ``a/b.csv``.

No two names share a path; each part is made safe for every file system (``filenames``).
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import PurePosixPath

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.filenames import safe

SUFFIX = ".csv"

_DRIVE = re.compile(r"[A-Za-z]:")


class SnapshotNameError(LayersnapError, ValueError):
    """A name that no snapshot can have; the message says why."""

    __module__ = "pytest_layersnap"


def derived(test_file: PurePosixPath, test: str, number: int = 0) -> str:
    """The path of an unnamed snapshot.

    Args:
        test_file: the test's file, relative to the root directory.
        test: the test's name with its classes and parameters: ``TestHead.test_x[resnet50]``.
        number: how many unnamed checks the test has made before.

    Returns:
        ``tests/test_a/TestHead.test_x-resnet50.csv``; of the test's second check
        ``tests/test_a/TestHead.test_x-resnet50@1.csv``. (A second call is spelled ``@1`` in tables
        too; ``.1`` would meet the first check of ``test_x[0.1]`` in that of ``test_x[0]``.)
    """
    repeat = f"@{number}" if number else ""
    return "/".join([folder(test_file), f"{_safe_test(test)}{repeat}{SUFFIX}"])


@cache
def folder(test_file: PurePosixPath) -> str:
    """The folder of a test file's unnamed snapshots: ``tests/test_a``."""
    path = test_file.with_suffix("") if test_file.suffix == ".py" else test_file
    return "/".join(map(safe, path.parts))


def owner(snapshot: str) -> str:
    """The first unnamed snapshot of the test that an unnamed snapshot belongs to."""
    base, at, number = snapshot.removesuffix(SUFFIX).rpartition("@")
    return f"{base}{SUFFIX}" if at and number.isdigit() else snapshot


def is_explicit(snapshot: str, name: str) -> bool:
    """Whether a check that gives this name has this snapshot."""
    return not _refusal(name) and explicit(name) == snapshot


def explicit(name: str) -> str:
    """The path of the snapshot that a check names: ``transfer/resnet50.csv``.

    Raises:
        SnapshotNameError: the name is no string, is empty, or would leave the folder of all
            snapshots.
    """
    if reason := _refusal(name):
        raise SnapshotNameError(
            f"name={name!r} {reason}; a name is a path of plain parts, as in 'transfer/resnet50'"
        )
    return "/".join(map(safe, name.split("/"))) + SUFFIX


def stays_inside(snapshot: str) -> bool:
    """Whether a path that someone else wrote stays in the folder that it is joined to."""
    parts = snapshot.split("/")
    return all(part not in ("", ".", "..") for part in parts) and not _refusal(snapshot)


def _refusal(name: object) -> str:
    if not isinstance(name, str):
        return "is no string"
    if not name.strip():
        return "is empty"
    if "\\" in name:
        return "has a backslash"
    if name.startswith("/"):
        return "is absolute"
    if _DRIVE.match(name):
        return "names a drive"
    parts = name.split("/")
    if ".." in parts:
        return "leaves the folder of the snapshots"
    if not all(part.strip() for part in parts) or "." in parts:
        return "has an empty part"
    return ""


def _safe_test(test: str) -> str:
    base, bracket, parameters = test.partition("[")
    if bracket and test.endswith("]") and "-" not in base:
        # Nothing is lost: the first "-" is where the parameters begin. (Excel opens no file with
        # brackets in its name, and shells expand them.)
        return safe(f"{base}-{parameters[:-1]}", whole=test)
    return safe(test, keep="-" not in test)
