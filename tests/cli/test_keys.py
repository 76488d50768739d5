"""Keys at a terminal that goes away, and on Windows."""

from __future__ import annotations

import os
import sys
import tty
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from pytest_layersnap.cli import keys


@pytest.fixture
def theirs(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Somebody's end of a terminal whose other end is the standard input."""
    theirs, ours = os.openpty()
    tty.setraw(ours)
    with os.fdopen(ours, "rb", buffering=0) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield theirs
    os.close(theirs)


@pytest.mark.parametrize(
    ("sent", "key"), [(b"a", "a"), (b"\x1b[A", ""), (b"ab", ""), (b"a\r", "a")]
)
def test_a_press(theirs: int, sent: bytes, key: str) -> None:
    """What stands for one character decides; arrows and pasted text do not."""
    os.write(theirs, sent)
    assert keys.press() == key


@pytest.mark.parametrize("goes", [0, 1])
def test_a_terminal_that_goes_away(monkeypatch: pytest.MonkeyPatch, goes: int) -> None:
    """The input has ended, whether reading gives nothing or an error."""
    ends = os.openpty()
    os.close(ends[goes])
    with os.fdopen(ends[1 - goes], "rb", buffering=0) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(keys.EndOfInput):
            keys.press()


def test_a_key_that_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is none, and then the input has ended."""
    ours, theirs = os.pipe()
    os.write(theirs, b"\x1b")
    os.close(theirs)
    with os.fdopen(ours, "rb", buffering=0) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert keys.press() == ""
        with pytest.raises(keys.EndOfInput):
            keys.press()


@pytest.mark.parametrize(("sent", "key"), [("a", "a"), ("\xe0H", ""), ("ab", ""), ("\r", "")])
def test_a_press_on_windows(monkeypatch: pytest.MonkeyPatch, sent: str, key: str) -> None:
    """The same, by the functions of that system, which here give what was sent."""
    waiting = list(sent)
    console = SimpleNamespace(getwch=lambda: waiting.pop(0), kbhit=lambda: bool(waiting))
    monkeypatch.setitem(sys.modules, "msvcrt", console)
    monkeypatch.setattr(keys, "os", SimpleNamespace(name="nt"))
    with keys.terminal():
        assert keys.press() == key
    waiting[:] = "\x1a"
    with pytest.raises(keys.EndOfInput):
        keys.press()
