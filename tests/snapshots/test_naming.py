"""Names of snapshots."""

from __future__ import annotations

import re
import unicodedata
from pathlib import PurePosixPath

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from pytest_layersnap.filenames import fold
from pytest_layersnap.snapshots.naming import SnapshotNameError, derived, explicit

FILE = PurePosixPath("tests/test_a.py")

parts = st.text(min_size=1, max_size=120).filter(
    lambda text: text.strip() and not set(text) & set("/\\") and text not in (".", "..")
)
names = (
    st.lists(parts, min_size=1, max_size=3)
    .map("/".join)
    .filter(lambda name: not re.match("[A-Za-z]:", name))
)
identifiers = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
tests = st.builds(
    lambda classes, name, parameters: ".".join([*classes, name]) + parameters,
    st.lists(identifiers, max_size=2),
    identifiers,
    st.one_of(st.just(""), st.text(max_size=120).map("[{}]".format)),
)


def is_safe(path: str) -> bool:
    """Whether every file system we know takes a path."""
    return all(
        re.fullmatch(r"[A-Za-z0-9_.,=+@-]{1,100}", part)
        and not part.endswith(".")
        and not re.match(r"(con|prn|aux|nul|com\d|lpt\d)(\.|$)", part, re.IGNORECASE)
        for part in path.split("/")
    )


@pytest.mark.parametrize(
    ("test", "number", "path"),
    [
        ("test_x", 0, "tests/test_a/test_x.csv"),
        ("test_x", 1, "tests/test_a/test_x@1.csv"),
        ("TestHead.test_x[resnet50]", 0, "tests/test_a/TestHead.test_x-resnet50.csv"),
        ("TestHead.test_x[resnet50]", 12, "tests/test_a/TestHead.test_x-resnet50@12.csv"),
        ("test_x[rate=0.5,relu-3]", 0, "tests/test_a/test_x-rate=0.5,relu-3.csv"),
    ],
)
def test_derived(test: str, number: int, path: str) -> None:
    """A test's file and name make a path that people recognise."""
    assert derived(FILE, test, number) == path


def test_derived_from_a_file_that_is_no_module() -> None:
    """Only ``.py`` is left out of the path."""
    assert derived(PurePosixPath("a.b/test_a.yaml"), "x") == "a.b/test_a.yaml/x.csv"


def test_derived_in_the_root() -> None:
    """A test file in the root directory makes one folder."""
    assert derived(PurePosixPath("test_a.py"), "test_x") == "test_a/test_x.csv"


@pytest.mark.parametrize("test", ["test_x[a/b]", "test_x[<]", "test_x[é]", "test_größe", "con"])
def test_a_hash_is_added_where_something_is_lost(test: str) -> None:
    """What a file system might refuse is replaced, and a hash tells the names apart."""
    stem = PurePosixPath(derived(FILE, test)).stem
    assert re.fullmatch(r"[\w.-]+-[0-9a-f]{8}", stem, re.ASCII)


def test_hashes_are_stable() -> None:
    """A file keeps its name in every process, on every system, in every release."""
    assert derived(FILE, "test_x[a/b]") == "tests/test_a/test_x-a_b-804c3669.csv"
    assert explicit("nul") == "_nul-99e62427.csv"


def test_unicode_forms_are_one_name() -> None:
    """macOS may hand out the decomposed form of a name that was typed composed."""
    assert explicit(unicodedata.normalize("NFD", "größe")) == explicit("größe")


@given(tests, st.integers(0, 99_999))
@example("test_x[" + "x" * 300 + "]", 99_999)
@example("test_x[ ]", 0)
@example("test_x[..]", 0)
@example("test_x[\ud800]", 0)
def test_derived_names_are_safe(test: str, number: int) -> None:
    """Whatever a parameter's id holds, its snapshot's path is one every file system takes."""
    assert is_safe(derived(FILE, test, number))


@given(tests, tests, st.integers(0, 2), st.integers(0, 2))
@example("test_x[<]", "test_x[>]", 0, 0)
@example("test_x[0]", "test_x[0.1]", 1, 0)
@example("test_x[0]", "test_x[0@1]", 1, 0)
@example("test_x[x-12345678]", "test_x-x[12345678]", 0, 0)
@example("test_x[a]", "test_x-a", 0, 0)
@example("test_x[" + "x" * 300 + "]", "test_x[" + "x" * 301 + "]", 0, 0)
def test_derived_names_never_meet(a: str, b: str, i: int, j: int) -> None:
    """Two checks share a path only if they are the same check of the same test."""
    assume((unicodedata.normalize("NFC", a), i) != (unicodedata.normalize("NFC", b), j))
    assert derived(FILE, a, i) != derived(FILE, b, j)


@pytest.mark.parametrize(
    ("name", "path"),
    [("resnet50", "resnet50.csv"), ("transfer/resnet50", "transfer/resnet50.csv")],
)
def test_explicit(name: str, path: str) -> None:
    """A plain name is the path itself."""
    assert explicit(name) == path


@given(names)
@example("a. /b")
@example("COM1.x/lpt9")
def test_explicit_names_are_safe(name: str) -> None:
    """Whatever a name holds, its path is one every file system takes."""
    assert is_safe(explicit(name))


@given(names, names)
@example("a b", "a_b")
@example("a b", "a_b-" + explicit("a b")[-12:-4])
@example("a.", "a")
def test_explicit_names_never_meet(a: str, b: str) -> None:
    """Two names share a path only if they are the same name."""
    assume(unicodedata.normalize("NFC", a) != unicodedata.normalize("NFC", b))
    assert explicit(a) != explicit(b)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("..", "leaves the folder"),
        ("../x", "leaves the folder"),
        ("a/../../x", "leaves the folder"),
        ("/etc/x", "is absolute"),
        ("//server/x", "is absolute"),
        ("C:/x", "names a drive"),
        ("c:x", "names a drive"),
        ("a\\b", "has a backslash"),
        ("..\\x", "has a backslash"),
        ("a//b", "has an empty part"),
        ("a/", "has an empty part"),
        ("./a", "has an empty part"),
        (3, "is no string"),
    ],
)
def test_refused_names(name: str, reason: str) -> None:
    """A name that leaves the folder, or means nothing, is refused and quoted."""
    with pytest.raises(SnapshotNameError, match=reason) as error:
        explicit(name)
    assert repr(name) in str(error.value)


@given(st.text(max_size=30))
def test_no_name_leaves_the_folder(name: str) -> None:
    """Any text is refused or becomes a path below the folder."""
    try:
        path = explicit(name)
    except SnapshotNameError:
        return
    assert is_safe(path)


def test_fold_is_what_a_file_system_without_case_sees() -> None:
    """Names that differ by case alone are the same file on Windows and macOS."""
    assert fold(derived(FILE, "test_x[A]")) == fold(derived(FILE, "test_x[a]"))
