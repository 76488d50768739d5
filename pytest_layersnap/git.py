"""What git knows of files."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from pytest_layersnap.errors import LayersnapError


class GitError(LayersnapError):
    """Something that git does not have; the message is git's."""


def contents(path: Path, revision: str) -> bytes:
    """The bytes of a file in a branch, a tag, or a commit; the file need not exist any more.

    Raises:
        GitError: git has no such revision or file, or there is no git.
    """
    folder = next(folder for folder in path.absolute().parents if folder.is_dir())
    inside = path.absolute().relative_to(folder).as_posix()
    try:
        done = _git(folder, "show", f"{revision}:./{inside}")
    except OSError as error:
        raise GitError(f"git can't be run: {error.strerror or error}; install git") from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip()
        raise GitError(said.removeprefix("fatal: "))
    return done.stdout


def ignored(folder: Path, paths: Sequence[str]) -> list[str]:
    """Which of some files git ignores; none where there is no git.

    Args:
        folder: a folder of the checkout.
        paths: the files, relative to it.
    """
    try:
        done = _git(folder, "check-ignore", "-z", "--stdin", given="\0".join(paths).encode())
    except OSError:
        return []
    return [path for path in done.stdout.decode(errors="replace").split("\0") if path]


def commit(folder: Path) -> str:
    """The commit that is checked out, and whether files differ from it; empty where there is none.

    Args:
        folder: a folder of the checkout.
    """
    try:
        head = _git(folder, "rev-parse", "--short=10", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except OSError:
        return ""
    if head.returncode:
        return ""
    return f"{head.stdout.decode().strip()}{', with changes' if changed.stdout else ''}"


def _git(folder: Path, *arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], input=given, capture_output=True, check=False
    )
