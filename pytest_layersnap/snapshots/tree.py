"""The files of a project that could use snapshots, whether or not pytest collected them."""

from __future__ import annotations

import ast
import glob
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pytest_layersnap.snapshots import naming

#: Files that hold no tests, among them what reports of a run are made of.
_NO_TESTS = re.compile(
    r"\.(bin|bz2|csv|gif|gz|h5|html|jpg|js|json|keras|lock|log|npy|npz|pdf|pkl|png|pt|pyc|pyi|pyd|so|"
    r"svg|whl|xlsx|xml|zip)$",
    re.IGNORECASE,
)
_LARGEST = 2_000_000
#: Files that mark a folder as a virtual environment, or as a cache (pytest's own names snapshots).
_NOT_THE_PROJECTS = ("pyvenv.cfg", "CACHEDIR.TAG")


class Project(NamedTuple):
    """Where pytest looks for tests: its root directory, and its ini options of these names.

    ``options`` are what it was given that tests may depend on.
    """

    root: Path
    testpaths: Sequence[str]
    python_files: Sequence[str]
    norecursedirs: Sequence[str]
    options: Sequence[str]


class Tree:
    """The project below pytest's root directory."""

    def __init__(self, project: Project, snapshots: str) -> None:
        """Look for the files of a project, outside of its folder of ``snapshots``."""
        self._project = project
        self._root = os.fspath(project.root)
        self._snapshots = os.path.realpath(snapshots)

    def exists(self, file: str) -> bool:
        """Whether a file, relative to the root, is there."""
        return os.path.lexists(os.path.join(self._root, file))

    def uncollected(self, files: Iterable[str]) -> list[str]:
        """The project's test files that are not among ``files``, as paths relative to the root.

        The project's test files are those below ``testpaths`` (without it, below the root
        directory) that match ``python_files``, outside of ``norecursedirs``, virtual
        environments and caches. A file that was collected by another path, over a link, is collected.
        """
        collected = {os.path.realpath(os.path.join(self._root, file)) for file in files}
        starts = [
            path
            for entry in self._project.testpaths
            for path in glob.glob(os.path.join(self._root, entry), recursive=True)
        ]
        return sorted(
            path
            for start in starts or [self._root]
            for path in self._below(start)
            if path.endswith(".py")
            and any(
                _matches(PurePosixPath(path), pattern) for pattern in self._project.python_files
            )
            and os.path.realpath(os.path.join(self._root, path)) not in collected
        )

    def mentioning(
        self, snapshots: Mapping[str, bool], *, collected: Iterable[str], imported: Iterable[str]
    ) -> dict[str, tuple[str, ...]]:
        """By snapshot, the files that may use it and of which nothing was collected.

        Args:
            snapshots: the snapshots, each with whether a check named it.
            collected: the files that were collected.
            imported: those that were imported; they have had their chance.
        """
        seen = {*collected, *imported}
        words = {snapshot: _spelled(snapshot, named) for snapshot, named in snapshots.items()}
        found: dict[str, list[str]] = {}
        folders: dict[str, list[str]] = {}
        for file in self._below(self._root):
            if file in seen:
                continue
            folders.setdefault(naming.folder(PurePosixPath(file)), []).append(file)
            text = self._text(file) if words else ""
            for snapshot, pattern in words.items():
                if snapshot.rpartition("/")[2].removesuffix(naming.SUFFIX) in text and re.search(
                    pattern, text
                ):
                    found.setdefault(snapshot, []).append(file)
        collected = set(collected)
        for snapshot, named in snapshots.items():
            folder = snapshot.rpartition("/")[0]
            if not named and folder:
                # Where nobody looks for tests there may be one nevertheless.
                beside = {*folders.get(folder, ()), f"{folder}.py", folder} - collected
                there = [file for file in beside if os.path.isfile(os.path.join(self._root, file))]
                found.setdefault(snapshot, []).extend(there)
        return {snapshot: tuple(sorted(set(files))) for snapshot, files in found.items() if files}

    def defines(self, file: str) -> frozenset[str]:
        """The names of the functions and classes in a Python file: ``TestHead.test_x``."""
        if not file.endswith(".py"):
            return frozenset()
        try:
            return frozenset(_defined(ast.parse(self._text(file)), ""))
        except (SyntaxError, ValueError, RecursionError):
            return frozenset()

    def _text(self, file: str) -> str:
        path = os.path.join(self._root, file)
        try:
            if _NO_TESTS.search(file) or os.path.getsize(path) > _LARGEST:
                return ""
            if not os.path.isfile(path):  # to open a pipe is to wait for its other end
                return ""
            with open(path, encoding="utf-8", errors="replace") as opened:
                return opened.read()
        except OSError:
            return ""

    def _below(self, start: str) -> Iterator[str]:
        """The files below a folder where pytest would look, relative to the root."""
        for file in self._walk(start):
            yield os.path.relpath(file, self._root).replace(os.sep, "/")

    def _walk(self, start: str) -> Iterator[str]:
        if os.path.isfile(start):
            yield start
            return
        without = self._project.norecursedirs
        # By folder, the real folders around it: a link may lead back to one of them.
        around = {start: frozenset({os.path.realpath(start)})}
        for folder, subfolders, names in os.walk(start, followlinks=True):
            yield from (os.path.join(folder, name) for name in names)
            above = around.pop(folder)
            kept = []
            for name in subfolders:
                path = os.path.join(folder, name)
                real = os.path.realpath(path)
                if (
                    name == "__pycache__"
                    or real in above
                    or real == self._snapshots
                    or any(os.path.isfile(os.path.join(path, mark)) for mark in _NOT_THE_PROJECTS)
                    or any(fnmatch(name, pattern) for pattern in without)
                ):
                    continue
                around[path] = above | {real}
                kept.append(name)
            subfolders[:] = kept


def _spelled(snapshot: str, named: bool) -> re.Pattern[str]:
    """A snapshot as code or data spells it: the end of a path in quotes, or the name of a check.

    The name stands in quotes, or as a value that stands alone.
    """
    path = rf"""(?<![\w.-]){re.escape(snapshot.rpartition("/")[2])}\\?["']"""
    if not named:
        return re.compile(path)
    name = re.escape(snapshot.removesuffix(naming.SUFFIX))
    return re.compile(
        rf"""{path}|(?:["']|^\s*|[:=|-][ \t]+){name}(?:\\?["']|\s*$|[ \t]*\|)""", re.MULTILINE
    )


def _matches(path: PurePosixPath, pattern: str) -> bool:
    """Whether a pattern of ``python_files`` takes a path: one with a slash means the end of it."""
    if "/" in pattern:
        return fnmatch(f"/{path}", f"*/{pattern}")
    return fnmatch(path.name, pattern)


def _defined(node: ast.AST, prefix: str) -> Iterator[str]:
    """The names that a module or a class defines, on whatever condition."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield f"{prefix}{child.name}"
        elif isinstance(child, ast.ClassDef):
            yield f"{prefix}{child.name}"
            yield from _defined(child, f"{prefix}{child.name}.")
        elif isinstance(child, ast.Assign):
            yield from (f"{prefix}{one.id}" for one in child.targets if isinstance(one, ast.Name))
        elif isinstance(child, (ast.stmt, ast.ExceptHandler)):
            yield from _defined(child, prefix)
