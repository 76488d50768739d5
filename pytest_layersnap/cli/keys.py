"""Keys at a terminal: one press is one key, whatever bytes it sends."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sys
from collections.abc import Iterator
from types import FrameType
from typing import Any

#: How long the rest of what one press sends, or of a text that is pasted, may take (in seconds).
_TOGETHER = 0.02
#: The same where more is sure to come, also over a slow line.
_UNFINISHED = 0.5
#: The beginning of what arrow keys and others send, and Alt before any key.
_BEGINS = re.compile(rb"\x1b(O|\[[\d;?<=>]*)?")
#: A key that ends a line does not take the key before it back.
_KEY = re.compile(rb"([^\x00-\x1f\x7f-\xff])[\r\n]?")
#: What ends the input, as Ctrl-D does.
_ENDS = (b"", b"\x04")


class EndOfInput(Exception):
    """Nobody will press a key any more."""


@contextlib.contextmanager
def terminal() -> Iterator[None]:
    """Let ``press`` read keys as they are pressed; the terminal is put back however this ends."""
    if os.name == "nt":
        yield
        return
    import termios
    import tty

    file = sys.stdin.fileno()
    before = termios.tcgetattr(file)

    def ended(number: int, frame: FrameType | None) -> None:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
        signal.signal(number, signal.SIG_DFL)
        signal.raise_signal(number)

    handlers: dict[int, Any] = {}
    try:
        for number in (signal.SIGTERM, signal.SIGHUP):
            handlers[number] = signal.signal(number, ended)
        tty.setcbreak(file, termios.TCSADRAIN)  # what was typed already counts
        yield
    finally:
        termios.tcsetattr(file, termios.TCSADRAIN, before)
        for signaled, handler in handlers.items():
            signal.signal(signaled, handler)


def press() -> str:
    """The next key that stands for a character; empty for any other key, and for a pasted text.

    Raises:
        EndOfInput: there will be none.
    """
    if os.name == "nt":
        return _press_on_windows()
    from select import select

    file = sys.stdin.fileno()
    data = _read(file)
    if data in _ENDS:
        raise EndOfInput
    while select([file], [], [], _UNFINISHED if _BEGINS.fullmatch(data) else _TOGETHER)[0]:
        more = _read(file)
        if not more:
            break
        data += more
    found = _KEY.fullmatch(data)
    return found[1].decode() if found else ""


def _read(file: int) -> bytes:
    try:
        return os.read(file, 4096)
    except OSError:  # the terminal is gone
        return b""


def _press_on_windows() -> str:
    import msvcrt

    read: Any = msvcrt.getwch  # type: ignore[attr-defined,unused-ignore]
    waits: Any = msvcrt.kbhit  # type: ignore[attr-defined,unused-ignore]
    keys = read()
    if keys in ("\x04", "\x1a"):
        raise EndOfInput
    while waits():  # the rest of a key that stands for no character, or of a pasted text
        keys += read()
    return keys if len(keys) == 1 and keys.isprintable() else ""
