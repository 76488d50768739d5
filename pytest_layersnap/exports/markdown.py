"""Layer tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_layersnap.exports import printed
from pytest_layersnap.exports.printed import Printed
from pytest_layersnap.markdown import code, literal
from pytest_layersnap.table import LayerTable


def render(tables: Sequence[LayerTable]) -> bytes:
    """A page with the totals of all models, and a section a model."""
    parts = [_grid(printed.totals(tables))]
    for table in tables:
        shown = printed.layers(table)
        parts += [f"## {literal(shown.title)}", _grid(shown)]
    return ("\n\n".join(parts) + "\n").encode()


def is_ours(data: bytes) -> bool:
    """Whether a file begins as such a page does."""
    return data.startswith(f"{_line(printed.totals([]).header)}\n".encode())


def _grid(shown: Printed) -> str:
    return "\n".join(_lines(shown))


def _lines(shown: Printed) -> Iterator[str]:
    yield _line(shown.header)
    yield _line("---:" if right else "---" for right in shown.is_number)
    for first, *others in shown.rows:
        yield _line([code(first).replace("|", "\\|"), *map(literal, others)])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
