"""Names of snapshots: paths that every file system takes, and that no two names share.

A snapshot's path is relative to the folder of all snapshots and has slashes: ``a/b.csv``. A part
that is safe stays as it is. One that is not loses what is unsafe and gains a hash of the whole, so
that different parts never become the same one. Case is kept, as most test classes and parameters
have capitals; names which differ by nothing else are told apart by whoever sees both (``fold``).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from functools import cache
from pathlib import PurePosixPath

from pytest_layersnap.errors import LayersnapError

SUFFIX = ".csv"

# A file name has 100 characters at most: the part, "@" and five digits, the suffix.
_LONGEST = 90
_UNSAFE = re.compile(r"[^A-Za-z0-9_.,=+-]+")
_HASHED = re.compile(r"-[0-9a-f]{8}$")
# Windows opens a device by these names, whatever the suffix and the case.
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)", re.IGNORECASE)
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
    return "/".join(map(_safe, path.parts))


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
    return "/".join(map(_safe, name.split("/"))) + SUFFIX


def stem(name: str) -> str:
    """A file name without suffix for any text; slashes become underscores."""
    return _safe(name.replace("/", "_")) or "_"


def stays_inside(snapshot: str) -> bool:
    """Whether a path that someone else wrote stays in the folder that it is joined to."""
    parts = snapshot.split("/")
    return all(part not in ("", ".", "..") for part in parts) and not _refusal(snapshot)


def fold(path: str) -> str:
    """What a file system that ignores case makes of a path."""
    return path.casefold()


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
        return _safe(f"{base}-{parameters[:-1]}", whole=test)
    return _safe(test, keep="-" not in test)


def _safe(part: str, *, whole: str | None = None, keep: bool = True) -> str:
    """``part``, or what is safe of it and a hash of ``whole``, from which it was made."""
    # macOS may hand out a name decomposed that was typed composed.
    part = unicodedata.normalize("NFC", part)
    safe = _UNSAFE.sub("_", part)
    if _DEVICE.match(safe):
        safe = f"_{safe}"
    safe = safe[:_LONGEST].rstrip(".")
    if keep and safe == part and not _HASHED.search(safe):
        return safe
    text = unicodedata.normalize("NFC", part if whole is None else whole)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{safe[: _LONGEST - 9]}-{digest}"
