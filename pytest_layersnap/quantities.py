"""How many and how large, in words."""

from __future__ import annotations


def counted(number: int, one: str, many: str) -> str:
    """A number and its noun: ``1 layer``, ``2 layers``."""
    return f"{number:,} {one if number == 1 else many}"


def size_text(size: int) -> str:
    """A number of bytes as Keras' own summary prints it."""
    if size < 1024:
        return f"{size} B"
    power = min((size.bit_length() - 1) // 10, 3)
    return f"{size / 1024**power:.2f} {('KB', 'MB', 'GB')[power - 1]}"
