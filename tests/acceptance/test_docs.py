"""The examples in the docs run, and their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from examples import reference
from pytest_layersnap.cli import parser

from .project import Project

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(kind: str) -> dict[str, str]:
    """The blocks of code that open with this line, by page and line."""
    return {
        f"{page.name}:{text[: match.start()].count(chr(10)) + 1}": match[1]
        for page in PAGES
        for text in [page.read_text(encoding="utf-8")]
        for match in re.finditer(rf"^```{kind}\n(.*?)^```", text, re.M | re.S)
    }


@pytest.mark.usefixtures("keras")
@pytest.mark.parametrize("example", blocks("python"))
def test_example(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plain example runs as it stands, in the root of the repository."""
    monkeypatch.chdir(ROOT)
    exec(compile(blocks("python")[example], example, "exec"), {})


@pytest.mark.once_a_generation
@pytest.mark.usefixtures("keras")
def test_examples_of_the_fixture(project: Project) -> None:
    """Those that need a test run inside of one."""
    lines = ["import pytest", "from models import build, keras"]
    lines += ["build_model = build_classifier = build"]
    lines += blocks("python in-a-module").values()
    for number, body in enumerate(blocks("python in-a-test").values()):
        lines.append(f"def test_{number}(layersnap):")
        lines.append("    model = one = other = build()")
        lines.append(textwrap.indent(body, "    "))
    project.write(test_docs="\n".join(lines))
    tests = sum(line.count("def test_") for line in lines)
    project.run("--snapshot-update").assert_outcomes(passed=tests)
    project.run().assert_outcomes(passed=tests)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands(page: Path) -> None:
    """What a page has people, or their CI, type is what the command takes."""
    text = page.read_text(encoding="utf-8").replace("\\\n", " ")
    for command in re.findall(r"^(?:\$ | {6,}|- run: )(?:[A-Z_]+=\S+ )*layersnap (.*)", text, re.M):
        first, *_ = re.split(r" \|\| | && |; ", command)
        parser().parse_args(shlex.split(first, comments=True))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links(page: Path) -> None:
    """What a page links to is there."""
    for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_reference() -> None:
    """The page of options, settings and verbs has what the plugin and the command declare."""
    assert (ROOT / "docs" / "reference.md").read_text(encoding="utf-8") == reference.page()
