"""An environment for each release of Keras: one for its backend, and Keras itself put before it."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path

from packaging.version import Version

from pytest_layersnap.releases.cache import Cache
from pytest_layersnap.releases.pairings import Pairing
from pytest_layersnap.releases.tools import Tool, ToolError, interpreter

_PACKAGE = Path(__file__).parents[1]
#: What our own modules need in an environment, beside what Keras brings.
_OURS = ("packaging",)


@dataclass(frozen=True, slots=True)
class Environment:
    """A Python under which a release of Keras is imported.

    Args:
        python: its interpreter.
        variables: the environment variables to start it with.
    """

    python: Path
    variables: dict[str, str]


class Environments:
    """The environments of releases, made where they are not in the cache yet."""

    def __init__(
        self, cache: Cache, tool: Tool, requirements: Sequence[str], python: str | None
    ) -> None:
        """What all of them have in common.

        Args:
            cache: where they are kept.
            tool: what makes them.
            requirements: what people want installed, as pip takes it.
            python: the minor version of Python, where it is not to be chosen here.
        """
        self._cache = cache
        self._tool = tool
        self._requirements = tuple(requirements)
        self._python = python
        self._failed: dict[str, ToolError] = {}

    def get(self, release: Version, pairing: Pairing) -> Environment:
        """The environment of a release.

        Raises:
            ToolError: it can't be made; the message says why.
        """
        base = self._base(pairing)
        name = f"keras-{release}"
        requirement = f"keras=={release}"
        keras = self._cache.get(name, lambda made, rest: self._tool.add(made, requirement, rest))
        before = [str(keras), str(self._own), os.environ.get("PYTHONPATH", "")]
        compiled = self._cache.folder / "compiled"
        programs = [str(interpreter(base).parent), os.environ.get("PATH", "")]
        variables = dict(os.environ) | {
            "KERAS_BACKEND": pairing.backend,
            "PATH": os.pathsep.join(programs),
            "PYTHONPATH": os.pathsep.join(filter(None, before)),
            # Nothing is written beside the user's modules.
            "PYTHONPYCACHEPREFIX": str(compiled),
            # Keras 3.3 and 3.4 draw weights on JAX, which compiles that for each shape.
            "JAX_COMPILATION_CACHE_DIR": str(compiled / "jax"),
            "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0",
            "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "-1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "VIRTUAL_ENV": str(base),
        }
        for unwanted in ("PYTHONDONTWRITEBYTECODE", "PYTHONHOME", "TF_USE_LEGACY_KERAS"):
            variables.pop(unwanted, None)
        return Environment(interpreter(base), variables)

    def python(self, pairing: Pairing) -> str:
        """The Python that a pairing is run with: that of this process where it fits.

        Raises:
            ToolError: the one that was asked for does not fit.
        """
        running = "{}.{}".format(*sys.version_info)
        if self._python is None:
            fits = [running] if running in pairing.pythons else []
            fits += reversed(pairing.pythons)
            return next(filter(self._tool.has, fits), fits[0])
        if self._python not in pairing.pythons:
            raise ToolError(f"it needs Python {', '.join(pairing.pythons)}")
        return self._python

    def _base(self, pairing: Pairing) -> Path:
        """The environment with a backend, what Keras requires, and what people want."""
        python = self.python(pairing)
        # Some Keras 3 brings along what all of them need; which one is no matter.
        keras = "keras>=3" if pairing.backend != "tensorflow" else f"keras{pairing.releases}"
        asked = [*_OURS, keras, *pairing.requirements, *self._requirements]
        told = json.dumps([type(self._tool).__name__, python, asked, *_contents(asked)])
        name = f"{pairing.backend}-{python}-{hashlib.sha256(told.encode()).hexdigest()[:12]}"

        def make(made: Path, scratch: Path) -> None:
            if name in self._failed:  # all releases that share it would try in vain
                raise self._failed[name]
            try:
                self._tool.create(made, python, asked, scratch)
            except ToolError as error:
                self._failed[name] = error
                raise

        return self._cache.get(name, make)

    @cached_property
    def _own(self) -> Path:
        """This package, away from what is installed beside it here."""
        digest = hashlib.sha256()
        for path in sorted(_PACKAGE.rglob("*.py")):
            digest.update(path.read_bytes())
        return self._cache.get(f"layersnap-{digest.hexdigest()[:12]}", lambda made, _: _copy(made))


def _contents(asked: Sequence[str]) -> list[str]:
    """What is in the files among requirements: an edited one is another one."""
    return [
        Path(text).read_text(encoding="utf-8")
        for text in asked
        if re.search(r"\.(txt|in)$", text) and Path(text).is_file()
    ]


def _copy(folder: Path) -> None:
    """This package and its version."""
    shutil.copytree(_PACKAGE, folder / _PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    version = metadata.version("pytest-layersnap")
    about = folder / f"pytest_layersnap-{version}.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: pytest-layersnap\nVersion: {version}\n"
    )
