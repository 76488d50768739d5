"""The tools that make environments, and read the package index: uv, or venv and pip."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, Protocol

from packaging.version import InvalidVersion, Version

from pytest_layersnap.errors import LayersnapError
from pytest_layersnap.releases.cache import Cache
from pytest_layersnap.releases.processes import Ended, Processes

#: The same setting, as pip and as uv call it, and what stands between several values.
_SETTINGS: Final = (
    ("PIP_INDEX_URL", "UV_DEFAULT_INDEX", " "),
    ("PIP_EXTRA_INDEX_URL", "UV_INDEX", " "),
    ("PIP_FIND_LINKS", "UV_FIND_LINKS", ","),
    ("PIP_CONSTRAINT", "UV_CONSTRAINT", " "),
    ("PIP_NO_INDEX", "UV_OFFLINE", " "),
)
_FULL_DISK: Final = re.compile(
    r"No space left on device|os error (28|112)\b|Disk quota exceeded|WinError 112"
)
_UNREACHABLE: Final = re.compile(
    r"NewConnectionError|ConnectTimeoutError|ReadTimeoutError|ProxyError|SSLError|NameResolutionError"
    r"|Connection refused|error sending request|Failed to fetch|client error \(Connect\)"
)
_OTHER_INDEX: Final = "PIP_INDEX_URL or PIP_FIND_LINKS name another one"
#: What pip says between naming a conflict and how to get help about it.
_CAUSED: Final = re.compile(r"The conflict is caused by:\n(.*?)\n\s*\n", re.DOTALL)


class ToolError(LayersnapError):
    """Something that a tool could not do; the message says why."""


class FullDisk(ToolError):
    """No environment can be made any more."""


@contextlib.contextmanager
def noticing_full_disks() -> Iterator[None]:
    """Raise ``FullDisk`` where a file can't be written because of that."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise FullDisk("the disk is full") from None
        raise


class Tool(Protocol):
    """What is asked of either tool; all of it raises ToolError."""

    def has(self, python: str) -> bool:
        """Whether there is a Python of that minor version."""

    def releases(self, python: str) -> list[Version]:
        """The final releases of Keras in the index that a Python can have, oldest first."""

    def create(self, folder: Path, python: str, requirements: Sequence[str], scratch: Path) -> None:
        """Make an environment and install requirements, as pip takes them."""

    def add(self, folder: Path, requirement: str, scratch: Path) -> None:
        """Put one package into a folder, without what it requires."""


def tool(processes: Processes, cache: Cache) -> Tool:
    """The tool that is there: uv, or venv and pip, which come with Python."""
    uv = shutil.which("uv")
    return Pip(processes, cache) if uv is None else Uv(uv, processes)


def interpreter(folder: Path) -> Path:
    """The Python of an environment."""
    return folder / "Scripts" / "python.exe" if os.name == "nt" else folder / "bin" / "python"


class Pip:
    """venv and pip."""

    def __init__(self, processes: Processes, cache: Cache) -> None:
        """Both run as processes; a pip to read the index with is kept in the cache."""
        self._processes = processes
        self._cache = cache

    def has(self, python: str) -> bool:
        """Whether there is a Python of that minor version."""
        return self._found(python) is not None

    def _found(self, python: str) -> str | None:
        if python == "{}.{}".format(*sys.version_info):
            return sys.executable
        path = shutil.which(f"python{python}") or shutil.which("py" if os.name == "nt" else "")
        if path is None:
            return None
        # What is called so may be a stand-in that starts another one, or none.
        tells = [path, "-c", "import sys; print('%d.%d' % sys.version_info[:2], sys.executable)"]
        if Path(path).stem == "py":
            tells.insert(1, f"-{python}")
        ended = self._processes.run(tells, os.environ)
        version, _, executable = ended.text.strip().partition(" ")
        return executable if ended.code == 0 and version == python else None

    def releases(self, python: str) -> list[Version]:
        """The final releases of Keras in the index that a Python can have, oldest first."""
        command = [*self._reader(), "index", "versions", "keras", "--python-version", python]
        with scratched() as scratch:
            return _listed(self._processes.run(command, settings(os.environ, scratch)))

    def _reader(self) -> list[str]:
        def make(made: Path, scratch: Path) -> None:
            self._venv(made, sys.executable, scratch)

        return _pip(self._cache.get("pip", make))

    def create(self, folder: Path, python: str, requirements: Sequence[str], scratch: Path) -> None:
        """Make an environment and install requirements, as pip takes them."""
        found = self._found(python)
        if found is None:
            raise ToolError(f"there is no Python {python}; install it, or uv, which fetches it")
        self._venv(folder, found, scratch)
        install = ["install", "--no-compile", "--progress-bar", "off", *requirements]
        _require(self._processes.run([*_pip(folder), *install], settings(os.environ, scratch)))

    def _venv(self, folder: Path, python: str, scratch: Path) -> None:
        variables = settings(os.environ, scratch)
        _require(
            self._processes.run([python, "-m", "venv", "--without-pip", str(folder)], variables)
        )
        # By itself, as venv does not pass on what it says when it fails.
        ensure = [str(interpreter(folder)), "-m", "ensurepip", "--default-pip"]
        _require(self._processes.run(ensure, variables))

    def add(self, folder: Path, requirement: str, scratch: Path) -> None:
        """Put one package into a folder, without what it requires."""
        install = ["install", "--no-compile", "--progress-bar", "off", "--no-deps"]
        # Not for this Python alone: the others take it from the same folder.
        anywhere = ["--ignore-requires-python", "--target", str(folder), requirement]
        command = [*self._reader(), *install, *anywhere]
        _require(self._processes.run(command, settings(os.environ, scratch)))


def _pip(environment: Path) -> list[str]:
    return [str(interpreter(environment)), "-m", "pip", "--disable-pip-version-check"]


class Uv:
    """uv, which fetches Pythons too."""

    def __init__(self, uv: str, processes: Processes) -> None:
        """The program at ``uv`` runs as a process."""
        self._uv = uv
        self._processes = processes

    def _run(self, *arguments: str, scratch: Path) -> Ended:
        return self._processes.run([self._uv, *arguments], settings(os.environ, scratch))

    def has(self, python: str) -> bool:
        """Whether there is a Python of that minor version."""
        with scratched() as scratch:
            return self._run("python", "find", python, scratch=scratch).code == 0

    def releases(self, python: str) -> list[Version]:
        """The final releases of Keras in the index that a Python can have, oldest first."""
        # uv itself lists no releases.
        asked = ("pip", "index", "versions", "keras", "--python-version", python)
        with scratched() as scratch:
            return _listed(self._run("tool", "run", *asked, scratch=scratch))

    def create(self, folder: Path, python: str, requirements: Sequence[str], scratch: Path) -> None:
        """Make an environment and install requirements, as pip takes them."""
        _require(self._run("venv", "--clear", "--python", python, str(folder), scratch=scratch))
        install = ("pip", "install", "--python", str(interpreter(folder)))
        _require(self._run(*install, *requirements, scratch=scratch))

    def add(self, folder: Path, requirement: str, scratch: Path) -> None:
        """Put one package into a folder, without what it requires."""
        install = ("pip", "install", "--no-deps", "--target", str(folder), requirement)
        _require(self._run(*install, scratch=scratch))


@contextlib.contextmanager
def scratched() -> Iterator[Path]:
    """A folder for the temporary files of another program, which may be stopped before it removes them."""
    with tempfile.TemporaryDirectory(prefix="layersnap-") as folder:
        yield Path(folder)


def settings(environment: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """Environment variables for either tool, in which one's index is the other's too.

    Args:
        environment: those of this process.
        scratch: where temporary files go.
    """
    given = dict(environment)
    for pip, uv, between in _SETTINGS:
        if pip in given and uv not in given:
            given[uv] = between.join(given[pip].split())
        elif uv in given and pip not in given:
            given[pip] = " ".join(given[uv].split(between))
    given |= temporary(scratch)
    # What would install elsewhere, or ask questions.
    for name in (
        "PIP_TARGET",
        "PIP_PREFIX",
        "PIP_USER",
        "PIP_REQUIRE_VIRTUALENV",
        "PYTHONPATH",
        "PYTHONHOME",
    ):
        given.pop(name, None)
    return given | {"PIP_NO_INPUT": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"}


def temporary(folder: Path) -> dict[str, str]:
    """The environment variables that have a program put its temporary files into a folder."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder))


def _listed(ended: Ended) -> list[Version]:
    """What ``pip index versions`` tells."""
    found = re.search(r"^Available versions: (.*)$", ended.text, re.MULTILINE)
    if found is None:
        why = failure(ended.text)
        if _UNREACHABLE.search(ended.text) or isinstance(why, FullDisk):
            raise why
        raise ToolError(
            f"the package index can't be reached, or has no Keras ({why}); {_OTHER_INDEX}"
        )
    versions = []
    for text in found[1].split(", "):
        try:
            versions.append(Version(text))
        except InvalidVersion:
            continue
    return sorted(version for version in versions if not version.is_prerelease)


def _require(ended: Ended) -> None:
    """Make sure that a tool has done its work."""
    if ended.code:
        raise failure(ended.text)


def failure(text: str) -> ToolError:
    """Of all that a tool wrote before it failed, why it did."""
    if _FULL_DISK.search(text):
        return FullDisk("the disk is full")
    if _UNREACHABLE.search(text):
        return ToolError(f"the package index can't be reached; {_OTHER_INDEX}")
    if caused := _CAUSED.search(text):
        reasons = "; ".join(line.strip() for line in caused[1].splitlines())
        return ToolError(f"the requirements conflict: {reasons}")
    _, is_conflict, caused_by = text.partition("No solution found")
    if is_conflict:
        return ToolError(
            f"the requirements can't be met: {' '.join(caused_by.partition(':')[2].split())}"
        )
    said = _errors(text) or text.strip().splitlines() or ["it said nothing"]
    return ToolError(said[-1])


def _errors(text: str) -> list[str]:
    return re.findall(r"^(?:ERROR|error|Error): (.+)$", text, re.MULTILINE)
