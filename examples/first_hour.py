"""What docs/first-hour.md tells, done: its files are written, its commands typed into a terminal.

python examples/first_hour.py          # writes what the commands print into the page
python examples/first_hour.py --check  # fails where that is not what stands there

The wheel is built from this checkout and installed into an environment that has nothing but the packages
beside this script, so that nothing is fetched. Those have to be keras with jax, mypy, ipykernel, nbclient,
openpyxl, and hatchling.
"""

from __future__ import annotations

import difflib
import json
import os
import re
import signal
import subprocess
import sys
import sysconfig
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "first-hour.md"
#: Programs that an installation would bring.
PROGRAMS = {"pytest": "pytest", "mypy": "mypy", "jupyter": "jupyter_core"}
#: The keys that give the answers of a review.
KEYS = {"accept": b"a", "reject": b"r", "skip": b"s", "quit": b"q"}
#: A file with its name; a cell of a notebook, which what it shows follows; commands and what they print.
_BLOCK = re.compile(
    r"^```python (?P<file>\S+\.py)\n(?P<text>.*?)^```\n"
    r"|^```python (?P<notebook>\S+)\n(?P<cell>.*?)^```\n\n```text\n(?P<shown>.*?)```\n"
    r"|^```console\n(?P<commands>.*?)^```\n",
    re.M | re.S,
)
_ASKS = re.compile(rb"quit \(q\)\? $")
_ANSWER = re.compile(r"quit \(q\)\? (\w+)$", re.M)
#: A command that takes as long (in seconds) waits for an answer that the page does not give.
_PATIENCE = 300
#: What is another one each time, or with each release of something.
_VARIES = re.compile(r"\d+\.\d+s\b|(?<=[a-z] )\d+\.\d+\.\d+\b|=+")


class Desk:
    """A folder of somebody who begins, with a terminal in it."""

    def __init__(self, folder: Path) -> None:
        """Build the wheel, and lay out what stands for the package index."""
        self.project = folder / "digits"
        self.project.mkdir()
        self._beside = folder / "beside"
        self._wheels = folder / "wheels"
        build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(self._wheels)]
        subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
        self._beside.mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not path.name.startswith("pytest_layersnap"):
                (self._beside / path.name).symlink_to(path)

    def write(self, name: str, text: str) -> None:
        """Write a file."""
        (self.project / name).write_text(text, encoding="utf-8")

    def shown(self, name: str, cell: str) -> str:
        """What a notebook shows below its one cell, as text; it has to show a picture, too."""
        one = {
            "cell_type": "code",
            "execution_count": None,
            "metadata": {},
            "outputs": [],
            "source": cell,
        }
        notebook = {"cells": [one], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}
        self.write(name, json.dumps(notebook))
        printed = self.run(f"jupyter execute --inplace {name}", [])
        (output,) = json.loads((self.project / name).read_bytes())["cells"][0]["outputs"] or [{}]
        shown = output.get("data", {})
        if "<svg" not in "".join(shown.get("text/html", "")):
            raise RuntimeError(f"the notebook shows no picture: {output}\n{printed}")
        return "".join(shown["text/plain"]) + "\n"

    def run(self, command: str, answers: list[str]) -> str:
        """What a command prints in a terminal where somebody gives these answers."""
        import pty

        self._lend()
        child, terminal = pty.fork()
        if not child:
            os.chdir(self.project)
            os.execvpe("sh", ["sh", "-c", command], self._variables())
        alarm = threading.Timer(_PATIENCE, os.killpg, (child, signal.SIGKILL))
        alarm.start()
        printed = b""
        while more := _read(terminal):
            printed += more
            if answers and _ASKS.search(printed):
                os.write(terminal, KEYS[answers.pop(0)])
        alarm.cancel()
        os.close(terminal)
        os.waitpid(child, 0)
        # What was written over is not seen.
        text = re.sub(r"^.*\r", "", printed.decode().replace("\r\n", "\n"), flags=re.M)
        return "".join(f"{line.rstrip()}\n" for line in text.splitlines())

    def _variables(self) -> dict[str, str]:
        unwanted = re.compile(r"PYTHON|PYTEST|CI$|BUILD_NUMBER$|GITHUB|VIRTUAL_ENV|PIP_|UV_|TOX")
        given = {name: text for name, text in os.environ.items() if not unwanted.match(name)}
        return given | {
            "PATH": os.pathsep.join([str(self.project / ".venv/bin"), given["PATH"]]),
            "COLUMNS": "100",
            "KERAS_BACKEND": "jax",
            "NO_COLOR": "1",
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_FIND_LINKS": str(self._wheels),
            "PIP_NO_INDEX": "1",
            "PYTEST_ADDOPTS": "--no-header",
            "TERM": "dumb",
        }

    def _lend(self) -> None:
        """Once there is an environment, let it have the packages beside this script, and their programs."""
        environment = self.project / ".venv"
        for folder in environment.glob("lib/*/site-packages"):
            (folder / "beside.pth").write_text(str(self._beside))
        if environment.exists():
            for program, module in PROGRAMS.items():
                path = environment / "bin" / program
                path.write_text(f'#!/bin/sh\nexec "{environment}/bin/python" -m {module} "$@"\n')
                path.chmod(0o755)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # the program has ended
        return b""


def played(page: str) -> str:
    """The page with what its commands print now."""
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder))

        def done(block: re.Match[str]) -> str:
            told = block.groupdict()
            if told["file"]:
                desk.write(told["file"], told["text"])
                return block[0]
            if told["notebook"]:
                shown = desk.shown(told["notebook"], told["cell"])
                return block[0].replace(f"```text\n{told['shown']}", f"```text\n{shown}")
            return f"```console\n{''.join(_typed(desk, told['commands']))}```\n"

        return _BLOCK.sub(done, page)


def _typed(desk: Desk, text: str) -> Iterator[str]:
    for command, stands in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M):
        printed = desk.run(command, _ANSWER.findall(stands))
        yield f"$ {command}\n"
        yield stands if _fixed(stands) == _fixed(printed) else printed


def _fixed(text: str) -> str:
    return _VARIES.sub("…", text)


def main() -> int:
    """Write the page, or tell how it is out of date."""
    stands = PAGE.read_text(encoding="utf-8")
    now = played(stands)
    if "--check" in sys.argv[1:]:
        changes = difflib.unified_diff(
            stands.splitlines(), now.splitlines(), str(PAGE), "now", lineterm=""
        )
        print("\n".join(changes))
        return 0 if now == stands else 1
    PAGE.write_text(now, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
