"""More situations that a snapshot must survive: of other plugins' tests, and of tests that are not seen.

In each, a project records, then something changes or is left out, and an update follows. Beside what
it records lie two snapshots that nothing uses, ``OLD`` and ``NAMED_OLD``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

OLD, NAMED_OLD = "tests/test_old/test_x.csv", "named/old.csv"
BOTH = frozenset({OLD, NAMED_OLD})
NOTHING: frozenset[str] = frozenset()

HEAD = "import os\nfrom pathlib import Path\nimport pytest\nfrom tables import table\n"
READ = "Path(__file__).parents[1] / 'snapshots' / 'golden.csv'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """One situation.

    Args:
        name: what it is called.
        files: the files of the project.
        first: the arguments with which it records.
        then: files that change afterwards; ``None`` deletes one.
        arguments: the arguments of the update.
        setting: an environment variable that is set for the first run alone.
        plugins: other plugins of both runs.
        ini: further lines of ``pytest.ini`` in the first run, and of the second where it differs.
        ini_then: further lines of ``pytest.ini`` in the second run.
        golden: whether there is a snapshot ``golden`` that tests read.
        links: links, each with where it leads.
        forgets: whether pytest's cache is lost in between.
        start: what pytest is given first: another way to the project.
        dead: what the update must delete.
        status: the exit code of the update.
        reason: a part of why the rest is not judged.
        workers: whether it is also run over workers.
    """

    name: str
    files: Mapping[str, str]
    first: tuple[str, ...] = ()
    then: Mapping[str, str | None] = field(default_factory=dict)
    arguments: tuple[str, ...] = ()
    setting: str = ""
    plugins: tuple[str, ...] = ()
    ini: str = ""
    ini_then: str | None = None
    golden: bool = False
    links: Mapping[str, str] = field(default_factory=dict)
    forgets: bool = False
    start: str = ""
    dead: frozenset[str] = NOTHING
    status: int = 0
    reason: str = ""
    workers: bool = True


def checks(body: str, head: str = "") -> str:
    """A file with a test that takes the fixture, and whatever else."""
    return f"{HEAD}{head}\ndef test_x(layersnap):\n    layersnap.check(table())\n\n{body}\n"


def reader(body: str = "", decorator: str = "", path: str = READ) -> str:
    """A file with a test that reads a snapshot, and one that checks."""
    return checks(
        f"{decorator}\ndef test_reader():\n    {body or 'pass'}\n    open({path}).close()"
    )


PLAIN = {"tests/test_a.py": checks("")}
NAMED = checks("def test_named(layersnap):\n    layersnap.check(table(), name='named/m')")
OTHER = {"tests/test_b.py": NAMED}
GOLDEN = PLAIN | {"tests/test_r.py": reader()}

BDD = {
    "tests/x.feature": "Feature: F\n  Scenario: one\n    Then it holds\n"
    "  Scenario: two\n    Then it holds\n",
    "tests/test_bdd.py": "from pytest_bdd import scenarios, then\nfrom tables import table\n"
    'scenarios("x.feature")\n@then("it holds")\ndef _(layersnap):\n    layersnap.check(table())\n',
}
DOC = (
    '>>> from tables import table\n>>> getfixture("layersnap").check(table(), name="guide")\n'
    '>>> getfixture("layersnap").check(table())\n'
)
YAML_CONFTEST = """
import os, pytest
from tables import table

def pytest_collect_file(file_path, parent):
    if file_path.suffix == ".yaml" and not os.environ.get("NO_YAML"):
        return YamlFile.from_parent(parent, path=file_path)

class YamlFile(pytest.File):
    def collect(self):
        for line in self.path.read_text().split():
            yield YamlItem.from_parent(self, name=line)

class YamlItem(pytest.Item):
    def runtest(self):
        if self.name == "skips":
            pytest.skip("no")
        open(self.config.rootpath / "snapshots" / "golden.csv").close()
"""
YAML = PLAIN | {"conftest.py": YAML_CONFTEST, "tests/a.yaml": "reads\n"}
UNITTEST = HEAD + (
    "import unittest\nclass Case(unittest.TestCase):\n"
    "    @pytest.fixture(autouse=True)\n    def snap(self, layersnap):\n        self.snap = layersnap\n"
    "    def test_u(self):\n        self.snap.check(table())\n"
    "    def test_v(self):\n        self.snap.check(table(), name='named/v')\n"
)
CONDITIONAL = "if os.environ.get('GPU'):\n    "
ASKS = (
    "def test_asks(request):\n    if os.environ.get('GPU'):\n"
    "        request.getfixturevalue('layersnap').check(table(), name='named/asks')"
)
CHOSEN = PLAIN | {
    "conftest.py": "def pytest_addoption(parser): parser.addoption('--model')\n"
    "def pytest_generate_tests(metafunc):\n    if 'n' in metafunc.fixturenames:\n"
    "        metafunc.parametrize('n', [1] if metafunc.config.option.model else [1, 2])\n",
    "tests/test_g.py": HEAD + "def test_g(layersnap, n): layersnap.check(table(n))\n",
}
EMPTY = HEAD + (
    "@pytest.mark.parametrize('n', [1, 2] if os.environ.get('GPU') else [])\n"
    "def test_g(layersnap, n):\n    layersnap.check(table(n))\n"
)
NESTED = {
    "tests/test_a.py": checks(""),
    "inner/pytest.ini": "[pytest]\npythonpath = ..\n",
    "inner/test_i.py": checks(""),
}
SUBPROCESS = f"""
    import subprocess, sys
    path = str({READ})
    subprocess.run([sys.executable, "-c", f"open({{path!r}}).read()"], check=True)"""

NOTEBOOK = PLAIN | {
    "guide.ipynb": json.dumps(
        {
            "cells": [
                {
                    "cell_type": "code",
                    "execution_count": 1,
                    "metadata": {},
                    "outputs": [],
                    "source": '_ = open("snapshots/golden.csv").read()',
                }
            ],
            "metadata": {"kernelspec": {"display_name": "", "name": "python3"}},
            "nbformat": 4,
            "nbformat_minor": 4,
        }
    )
}
SUBTESTS = PLAIN | {
    "tests/test_s.py": HEAD + "def test_s(layersnap, subtests):\n    for n in (0, 1):\n"
    "        with subtests.test(n=n):\n            pass\n"
    "            layersnap.check(table(n), name=f'named/s{n}')\n"
}


def _instead(hook: str, arguments: str, item: str) -> str:
    """A conftest that does what pytest does for a test, but for one of them: nothing."""
    return (
        "import pytest\n@pytest.hookimpl(tryfirst=True)\n"
        f"def pytest_{hook}({arguments}):\n"
        f"    return True if {item}.name == 'test_named' else None\n"
    )


SITUATIONS = (
    Situation(name="all run", files=PLAIN, dead=BOTH),
    Situation(name="all run, nothing remembered", files=PLAIN, dead=BOTH, forgets=True),
    Situation(name="--setup-plan", files=PLAIN, arguments=("--setup-plan",), reason="did not run"),
    Situation(name="--setup-only", files=PLAIN, arguments=("--setup-only",), reason="did not run"),
    Situation(name="--setup-show", files=PLAIN, arguments=("--setup-show",), dead=BOTH),
    Situation(
        name="--collect-only", files=GOLDEN, golden=True, arguments=("--collect-only",), status=0
    ),
    Situation(
        name="--import-mode=importlib",
        files=PLAIN | OTHER,
        arguments=("--import-mode=importlib",),
        dead=BOTH,
    ),
    Situation(
        name="--import-mode=append",
        files=PLAIN | OTHER,
        arguments=("--import-mode=append",),
        dead=BOTH,
    ),
    Situation(
        name="-p no:cacheprovider",
        files=PLAIN | OTHER,
        arguments=("-p", "no:cacheprovider"),
        dead=BOTH,
    ),
    Situation(name="--cache-clear", files=PLAIN | OTHER, arguments=("--cache-clear",), dead=BOTH),
    # Readers.
    Situation(name="a reader", files=GOLDEN, golden=True, dead=BOTH),
    Situation(
        name="a reader that is deselected",
        files=GOLDEN,
        golden=True,
        arguments=("-k", "not reader"),
        reason="deselected",
    ),
    Situation(
        name="a reader that was never run",
        files=GOLDEN,
        golden=True,
        first=("-k", "test_x"),
        arguments=("-k", "test_x"),
        forgets=True,
        reason="deselected",
    ),
    Situation(
        name="a reader that is skipped",
        files=GOLDEN,
        golden=True,
        forgets=True,
        then={"tests/test_r.py": reader(decorator="@pytest.mark.skip")},
        dead=frozenset({OLD}),
        reason="skipped",
    ),
    Situation(
        name="a reader that fails",
        files=GOLDEN,
        golden=True,
        forgets=True,
        then={"tests/test_r.py": reader(body="assert False")},
        status=1,
        reason="failed",
    ),
    Situation(
        name="a reader that fails as expected",
        files=GOLDEN,
        golden=True,
        forgets=True,
        then={"tests/test_r.py": reader("assert False", "@pytest.mark.xfail")},
        dead=frozenset({OLD}),
        reason="skipped",
    ),
    Situation(
        name="a reader that reads on a condition",
        golden=True,
        setting="GPU",
        files=PLAIN | {"tests/test_r.py": reader(body="if not os.environ.get('GPU'): return")},
        dead=BOTH,
        reason="used none",
    ),
    Situation(
        name="a reader in a file that is ignored",
        files=GOLDEN,
        golden=True,
        arguments=("--ignore=tests/test_r.py",),
        reason="not collected",
    ),
    Situation(
        name="a module that reads",
        golden=True,
        dead=BOTH,
        files=PLAIN | {"tests/test_r.py": checks("", f"GOLDEN = open({READ}).read()")},
    ),
    Situation(
        name="a fixture that reads",
        golden=True,
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_r.py": checks(
                "@pytest.fixture(scope='session')\ndef golden():\n"
                f"    return open({READ}).read()\n\ndef test_g(golden): pass"
            )
        },
    ),
    Situation(
        name="read by a bytes path",
        golden=True,
        dead=BOTH,
        files=PLAIN | {"tests/test_r.py": reader(path=f"os.fsencode({READ})")},
    ),
    Situation(
        name="read over a link",
        golden=True,
        dead=BOTH,
        links={"alias": "snapshots"},
        files=PLAIN | {"tests/test_r.py": reader(path=READ.replace("snapshots", "alias"))},
    ),
    Situation(
        name="read over a hard link",
        golden=True,
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_r.py": reader(
                f"p = Path(__file__).with_suffix('.link'); p.exists() or os.link({READ}, p)",
                path="Path(__file__).with_suffix('.link')",
            )
        },
    ),
    Situation(
        name="read below a folder",
        golden=True,
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_r.py": reader(
                f"d = os.open(({READ}).parent, os.O_RDONLY)",
                path="os.open('golden.csv', os.O_RDONLY, dir_fd=d)",
            )
        },
    ),
    Situation(
        name="read by a relative path",
        golden=True,
        dead=BOTH,
        files=PLAIN
        | {"tests/test_r.py": reader(f"os.chdir(({READ}).parent)", path="'golden.csv'")},
    ),
    Situation(
        name="read by a subprocess",
        golden=True,
        files=PLAIN | {"tests/test_r.py": checks(f"def test_s():\n    {SUBPROCESS}")},
        dead=BOTH,
        forgets=True,
    ),
    Situation(
        name="read by a fork",
        golden=True,
        files=PLAIN
        | {
            "tests/test_r.py": reader(
                "pid = os.fork()\n    if pid: os.waitpid(pid, 0); return",
                path=f"{READ}).read(); os._exit(0",
            )
        },
        dead=BOTH,
        forgets=True,
    ),
    # Tests that ask at run time.
    Situation(
        name="getfixturevalue on a condition",
        files=PLAIN | {"tests/test_g.py": checks(ASKS)},
        setting="GPU",
        dead=frozenset({OLD}),
    ),
    Situation(
        name="getfixturevalue on a condition, nothing remembered",
        setting="GPU",
        files=PLAIN | {"tests/test_g.py": checks(ASKS)},
        forgets=True,
        dead=frozenset({OLD}),
        reason="made no check",
    ),
    Situation(
        name="the marker on a condition",
        setting="GPU",
        forgets=True,
        files=PLAIN | {"tests/test_g.py": checks("@pytest.mark.layersnap\n" + ASKS)},
        dead=frozenset({OLD}),
        reason="made no check",
    ),
    Situation(
        name="a fixture that asks on a condition",
        setting="GPU",
        forgets=True,
        files=PLAIN
        | {
            "tests/test_g.py": checks(
                "@pytest.fixture\ndef snap(request):\n    if os.environ.get('GPU'):\n"
                "        return request.getfixturevalue('layersnap')\n\n"
                "def test_f(snap):\n    if snap: snap.check(table(), name='named/f')"
            )
        },
        dead=frozenset({OLD}),
        reason="made no check",
    ),
    Situation(
        name="a helper that asks on a condition",
        setting="GPU",
        files=PLAIN
        | {
            "helper.py": HEAD + "def check(request):\n    if os.environ.get('GPU'):\n"
            "        request.getfixturevalue('layersnap').check(table(), name='named/h')\n",
            "tests/test_g.py": checks("import helper\ndef test_h(request): helper.check(request)"),
        },
        dead=BOTH,
        reason="used none",
    ),
    Situation(
        name="a test that is defined on a condition",
        setting="GPU",
        forgets=True,
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_g.py": HEAD
            + CONDITIONAL
            + "def test_gpu(layersnap): layersnap.check(table())\n"
        },
        reason="not collected",
    ),
    Situation(
        name="a named check in a test that is defined on a condition",
        setting="GPU",
        files=PLAIN
        | {
            "tests/test_g.py": HEAD
            + CONDITIONAL
            + "def test_gpu(layersnap): layersnap.check(table(), name='named/g')\n"
        },
        dead=BOTH,
        reason="did not run",
    ),
    # pytest-bdd.
    Situation(name="bdd", files=BDD, plugins=("pytest-bdd",), dead=BOTH),
    Situation(
        name="bdd, a step deselected",
        files=BDD,
        plugins=("pytest-bdd",),
        forgets=True,
        arguments=("-k", "not two"),
        reason="deselected",
    ),
    Situation(
        name="bdd, a scenario skipped",
        files=BDD,
        plugins=("pytest-bdd",),
        forgets=True,
        then={
            "tests/conftest.py": "import pytest\ndef pytest_collection_modifyitems(items):\n"
            "    items[0].add_marker(pytest.mark.skip)\n"
        },
        dead=frozenset({OLD}),
        reason="skipped",
    ),
    Situation(
        name="bdd, a scenario deleted",
        files=BDD,
        plugins=("pytest-bdd",),
        then={"tests/x.feature": "Feature: F\n  Scenario: one\n    Then it holds\n"},
        dead=BOTH | {"tests/test_bdd/test_two.csv"},
    ),
    # Doctests.
    Situation(
        name="a doctest",
        files=PLAIN | {"guide.txt": DOC},
        first=("--doctest-glob=*.txt",),
        arguments=("--doctest-glob=*.txt",),
        dead=BOTH,
    ),
    Situation(
        name="a doctest that is not asked for",
        files=PLAIN | {"guide.txt": DOC},
        first=("--doctest-glob=*.txt",),
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="a doctest that is not asked for, nothing remembered",
        dead=BOTH,
        forgets=True,
        files=PLAIN | {"guide.txt": DOC},
        first=("--doctest-glob=*.txt",),
        reason="not collected",
    ),
    Situation(
        name="a doctest in Markdown",
        files=PLAIN | {"guide.md": DOC},
        first=("--doctest-glob=*.md",),
        dead=BOTH,
        forgets=True,
        reason="not collected",
    ),
    Situation(
        name="a doctest that is deselected",
        files=PLAIN | {"guide.txt": DOC},
        first=("--doctest-glob=*.txt",),
        forgets=True,
        arguments=("--doctest-glob=*.txt", "--deselect", "guide.txt::guide.txt"),
        reason="deselected",
    ),
    Situation(
        name="a doctest whose file is gone",
        files=PLAIN | {"guide.txt": DOC},
        first=("--doctest-glob=*.txt",),
        then={"guide.txt": None},
        dead=BOTH | {"guide.csv", "guide.txt/guide.txt.csv"},
    ),
    Situation(
        name="a doctest in a module",
        dead=BOTH,
        reason="did not run",
        files=PLAIN
        | {
            "tests/test_d.py": f'def f():\n    """\n    {DOC.splitlines()[0]}\n'
            f'    {DOC.splitlines()[1]}\n    """\n\ndef test_f(): f()\n'
        },
        first=("--doctest-modules", "--ignore=models.py"),
    ),
    # Items of a conftest.
    Situation(name="YAML items", files=YAML, golden=True, dead=BOTH),
    Situation(
        name="YAML items that are not collected",
        files=YAML,
        golden=True,
        dead=BOTH,
        then={"conftest.py": YAML_CONFTEST.replace('get("NO_YAML")', 'get("PATH")')},
        reason="did not run",
    ),
    Situation(
        name="a YAML item that is skipped",
        files=YAML | {"tests/a.yaml": "reads\nskips\n"},
        golden=True,
        dead=frozenset({OLD}),
        reason="skipped",
    ),
    Situation(
        name="a YAML item that is deselected",
        files=YAML,
        golden=True,
        forgets=True,
        arguments=("-k", "test_x"),
        reason="deselected",
    ),
    # unittest.
    Situation(name="unittest", files=PLAIN | {"tests/test_u.py": UNITTEST}, dead=BOTH),
    Situation(
        name="-p no:unittest",
        files=PLAIN | {"tests/test_u.py": UNITTEST},
        dead=BOTH,
        arguments=("-p", "no:unittest"),
        reason="did not run",
    ),
    Situation(
        name="-p no:unittest, nothing remembered",
        dead=BOTH,
        forgets=True,
        files=PLAIN | {"tests/test_u.py": UNITTEST.split("    def test_v")[0]},
        arguments=("-p", "no:unittest"),
        reason="not collected",
    ),
    Situation(
        name="a unittest that skips",
        dead=frozenset({OLD}),
        reason="skipped",
        forgets=True,
        files=PLAIN | {"tests/test_u.py": UNITTEST},
        then={
            "tests/test_u.py": UNITTEST.replace(
                "    def test_v", "    @unittest.skip('')\n    def test_v"
            )
        },
    ),
    # asyncio, subtests, notebooks.
    Situation(
        name="asyncio",
        plugins=("pytest_asyncio.plugin",),
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_s.py": HEAD + "@pytest.mark.asyncio\nasync def test_s(layersnap):\n"
            "    layersnap.check(table())\n"
        },
    ),
    Situation(
        name="nbval",
        plugins=("nbval.plugin",),
        files=NOTEBOOK,
        golden=True,
        first=("--nbval",),
        arguments=("--nbval",),
        dead=BOTH,
    ),
    Situation(
        name="a notebook that is not asked for",
        plugins=("nbval.plugin",),
        files=NOTEBOOK,
        golden=True,
        first=("--nbval",),
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="a notebook that is not asked for, nothing remembered",
        plugins=("nbval.plugin",),
        files=NOTEBOOK,
        golden=True,
        forgets=True,
        dead=BOTH,
        reason="not collected",
    ),
    Situation(
        name="a cell that is deselected",
        plugins=("nbval.plugin",),
        files=NOTEBOOK,
        golden=True,
        arguments=("--nbval", "-k", "test_x"),
        reason="deselected",
    ),
    Situation(
        name="a notebook that is gone",
        plugins=("nbval.plugin",),
        files=NOTEBOOK,
        golden=True,
        first=("--nbval",),
        arguments=("--nbval",),
        then={"guide.ipynb": None},
        dead=BOTH | {"golden.csv"},
    ),
    Situation(
        name="a reader in another process, not asked for",
        golden=True,
        ini="python_files = test_*.py check_*.py",
        ini_then="",
        files=PLAIN | {"tests/check_r.py": f"{HEAD}\ndef test_s():\n    {SUBPROCESS}\n"},
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="a reader that is not asked for, nothing remembered",
        golden=True,
        forgets=True,
        ini="python_files = test_*.py check_*.py",
        ini_then="",
        files=PLAIN
        | {"tests/check_r.py": f"{HEAD}\ndef test_reader():\n    open({READ}).close()\n"},
        dead=BOTH,
        reason="not collected",
    ),
    Situation(name="subtests", files=SUBTESTS, dead=BOTH),
    Situation(
        name="a subtest that fails",
        files=SUBTESTS,
        then={"tests/test_s.py": SUBTESTS["tests/test_s.py"].replace("pass", "assert n")},
        status=1,
        reason="failed",
    ),
    Situation(
        name="a subtest that skips",
        files=SUBTESTS,
        forgets=True,
        then={
            "tests/test_s.py": SUBTESTS["tests/test_s.py"].replace("pass", "n or pytest.skip('')")
        },
        dead=frozenset({OLD}),
        reason="skipped",
    ),
    # Repeaters.
    Situation(
        name="pytest-repeat",
        files=PLAIN | OTHER,
        plugins=("pytest_repeat",),
        arguments=("--count=2",),
        dead=BOTH,
    ),
    Situation(
        name="pytest-repeat of parameters",
        plugins=("pytest_repeat",),
        dead=BOTH,
        arguments=("--count=3",),
        files=PLAIN
        | {
            "tests/test_p.py": HEAD + "@pytest.mark.parametrize('a, b', [(0, 1), (1, 2)])\n"
            "@pytest.mark.parametrize('c', [0, 1])\n"
            "def test_p(layersnap, a, b, c): layersnap.check(table(a + b + c))\n"
        },
    ),
    Situation(
        name="flakefinder",
        files=PLAIN | OTHER,
        plugins=("pytest_flakefinder",),
        arguments=("--flake-finder", "--flake-runs=2"),
        dead=BOTH,
    ),
    Situation(
        name="rerunfailures",
        plugins=("pytest_rerunfailures",),
        dead=BOTH,
        arguments=("--reruns=2",),
        files=PLAIN
        | {
            "tests/test_f.py": HEAD
            + "TIMES = []\ndef test_f(layersnap):\n    layersnap.check(table())\n"
            "    TIMES.append(1)\n    assert len(TIMES) > 1 or 'PYTEST_FIRST' in os.environ\n"
        },
        first=("--reruns=2",),
    ),
    Situation(
        name="parameters that count",
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_p.py": HEAD + "@pytest.mark.parametrize('n', range(3))\n"
            "def test_p(layersnap, n): layersnap.check(table(n))\n"
        },
    ),
    Situation(
        name="parameters of a fixture that count",
        dead=BOTH,
        files=PLAIN
        | {
            "tests/test_p.py": HEAD
            + "@pytest.fixture(params=range(3), autouse=True)\ndef n(request):\n"
            "    return request.param\n\n"
            "def test_p(layersnap, request): layersnap.check(table(request.param_index))\n".replace(
                "request.param_index", "request.getfixturevalue('n')"
            )
        },
    ),
    # Links and other paths.
    Situation(
        name="a linked folder that is left out",
        files={"shared/test_b.py": NAMED} | PLAIN,
        links={"tests/b": "../shared"},
        ini="testpaths = tests",
        arguments=("tests/test_a.py",),
        reason="not collected",
    ),
    Situation(
        name="a linked folder",
        files={"shared/test_b.py": NAMED} | PLAIN,
        links={"tests/b": "../shared"},
        ini="testpaths = tests",
        dead=BOTH,
    ),
    Situation(
        name="a link that leads back",
        files=PLAIN,
        dead=BOTH,
        links={"tests/loop": "."},
        first=("tests/test_a.py",),
        arguments=("tests/test_a.py",),
    ),
    Situation(name="a linked checkout", files=PLAIN | OTHER, start="link", dead=BOTH),
    Situation(
        name="a linked checkout, a reader left out",
        files=GOLDEN,
        golden=True,
        start="link",
        arguments=("-k", "not reader"),
        reason="deselected",
    ),
    Situation(
        name="other python_files",
        ini="python_files = test_*.py check_*.py",
        ini_then="",
        files=PLAIN | {"tests/check_b.py": NAMED},
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="other python_files, nothing remembered",
        ini_then="",
        forgets=True,
        ini="python_files = test_*.py check_*.py",
        files=PLAIN | {"tests/check_b.py": NAMED},
        dead=BOTH,
        reason="not collected",
    ),
    Situation(
        name="other python_functions",
        ini="python_functions = test_* check_*",
        ini_then="",
        files=PLAIN
        | {"tests/test_c.py": HEAD + "def check_c(layersnap):\n    layersnap.check(table())\n"},
        dead=BOTH,
        forgets=True,
        reason="not collected",
    ),
    Situation(
        name="other python_classes",
        ini="python_classes = Test Check",
        ini_then="",
        files=PLAIN
        | {
            "tests/test_c.py": HEAD + "class Check:\n    def test_c(self, layersnap):\n"
            "        layersnap.check(table(), name='named/c')\n"
        },
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="other testpaths",
        ini="testpaths = tests more",
        ini_then="testpaths = tests",
        files=PLAIN | {"more/test_b.py": NAMED},
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="other testpaths, nothing remembered",
        ini="testpaths = tests more",
        ini_then="testpaths = tests",
        forgets=True,
        files=PLAIN | {"more/test_b.py": NAMED},
        dead=BOTH,
        reason="not collected",
    ),
    Situation(
        name="other norecursedirs",
        ini_then="norecursedirs = more",
        files=PLAIN
        | {"more/test_b.py": HEAD + "def test_x(layersnap): layersnap.check(table())\n"},
        dead=BOTH,
        forgets=True,
        reason="not collected",
    ),
    Situation(name="a nested root", files=NESTED, dead=BOTH),
    Situation(
        name="the outer root alone", files=NESTED, arguments=("tests",), reason="not collected"
    ),
    Situation(
        name="a set of parameters that is empty for now",
        setting="GPU",
        files=PLAIN | {"tests/test_g.py": EMPTY},
        dead=frozenset({OLD}),
        reason="did not run",
    ),
    Situation(
        name="a set of parameters that is empty for now, nothing remembered",
        setting="GPU",
        files=PLAIN | {"tests/test_g.py": EMPTY},
        forgets=True,
        dead=frozenset({OLD}),
        reason="not collected in full",
    ),
    Situation(
        name="parameters that an option chooses",
        files=CHOSEN,
        arguments=("--model", "1"),
        dead=BOTH,
        reason="did not run",
    ),
    Situation(
        name="parameters that an option chooses, nothing remembered",
        files=CHOSEN,
        arguments=("--model=1",),
        forgets=True,
        dead=BOTH,
        reason="not collected in full",
    ),
    Situation(
        name="parameters that an option chooses, of an inherited test",
        files=CHOSEN
        | {
            "tests/base.py": HEAD + "class Base:\n    def test_g(self, layersnap, n):\n"
            "        layersnap.check(table(n))\n",
            "tests/test_g.py": "from base import Base\nclass TestG(Base): pass\n",
        },
        arguments=("--model=1",),
        forgets=True,
        dead=BOTH,
        reason="not collected in full",
    ),
    # Plugins that run tests, and tell what became of them, in their own way.
    Situation(
        name="pytest.exit with 0",
        files=PLAIN | OTHER,
        then={"tests/test_a.py": HEAD + "def test_x():\n    pytest.exit('enough', returncode=0)\n"},
        forgets=True,
        workers=False,  # pytest-xdist stops with an error of its own
    ),
    Situation(
        name="a protocol that leaves out a test",
        files=PLAIN | OTHER,
        then={"conftest.py": _instead("runtest_protocol", "item, nextitem", "item")},
        forgets=True,
        reason="did not run",
    ),
    Situation(
        name="a call that leaves out a test",
        files=PLAIN | OTHER,
        then={"conftest.py": _instead("pyfunc_call", "pyfuncitem", "pyfuncitem")},
        forgets=True,
        dead=frozenset({OLD}),
        reason="made no check",
    ),
    Situation(
        name="an exit code that hides a failure",
        files=PLAIN | OTHER,
        then={
            "tests/test_b.py": checks("def test_named(layersnap): assert False"),
            "conftest.py": "import pytest\n@pytest.hookimpl(tryfirst=True)\n"
            "def pytest_sessionfinish(session): session.exitstatus = 0\n",
        },
        forgets=True,
        reason="failed",
    ),
    Situation(
        name="a test that can't use anything any more",
        files=PLAIN | OTHER,
        then={"tests/test_b.py": checks("def test_named(): pass")},
        dead=BOTH,
        reason="used none",
    ),
    # What is really gone.
    Situation(
        name="a moved file",
        files=PLAIN | OTHER,
        then={"tests/test_b.py": None, "tests/sub/test_b.py": NAMED},
        status=0,
        dead=BOTH | {"tests/test_b/test_x.csv"},
    ),
    Situation(
        name="a renamed test",
        files=PLAIN | OTHER,
        then={"tests/test_b.py": NAMED.replace("test_x", "test_y")},
        dead=BOTH | {"tests/test_b/test_x.csv"},
    ),
    Situation(
        name="another name",
        files=PLAIN | OTHER,
        then={"tests/test_b.py": NAMED.replace("named/m", "named/n")},
        dead=BOTH | {"named/m.csv"},
    ),
    Situation(
        name="a test less",
        files=PLAIN | OTHER,
        then={"tests/test_b.py": checks("")},
        dead=BOTH | {"named/m.csv"},
    ),
    Situation(
        name="a file less",
        files=PLAIN | OTHER,
        then={"tests/test_b.py": None},
        dead=BOTH | {"named/m.csv", "tests/test_b/test_x.csv"},
    ),
    Situation(
        name="a reader that is gone",
        files=GOLDEN,
        golden=True,
        then={"tests/test_r.py": None},
        dead=BOTH | {"golden.csv", "tests/test_r/test_x.csv"},
    ),
)
