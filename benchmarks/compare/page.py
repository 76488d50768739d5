"""The figures as a page for the docs: tables, and a plot of how they grow."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape

from benchmarks.compare.measure import Cell

#: A cell of the page by case, method and number of rows.
Figures = Mapping[tuple[str, str, int], Cell]
#: How many functions ours calls, by case and number of rows.
Work = Mapping[tuple[str, int], int]

_COLORS = ("#c1121f", "#1d3557", "#457b9d", "#7fb7d6", "#2a9d8f", "#e09f3e", "#6a4c93", "#999999")
_WIDTH, _HEIGHT, _MARGIN = 300, 200, 46


def page(
    figures: Figures,
    cases: Sequence[str],
    methods: Sequence[str],
    sizes: Sequence[int],
    limit: float,
    work: Work,
) -> str:
    """The page in Markdown."""
    lines = [
        "# How fast, and how much to read",
        "",
        "Made by `tox run -e benchmark` in one run on one machine: trust the ratios. Each cell is the",
        "processor time (the best of several runs, all but the first without the garbage collector, as",
        "`timeit` measures), the memory at the peak of the first run beyond the two tables, and the number",
        "of items reported. A method that took longer than "
        f"{limit:g} s was cut off, and not tried on longer tables.",
        "",
        "![Seconds over rows, both on logarithmic scales](benchmarks.svg)",
        "",
        "pytest-regressions stops at the first column of another length, and pandas abridges its tables;",
        "its items are the lines of its message.",
    ]
    for case in cases:
        lines += ["", f"## {case}", "", "| | " + " | ".join(f"{n:,} rows" for n in sizes) + " |"]
        lines.append("|---" * (len(sizes) + 1) + "|")
        for method in methods:
            cells = (_cell(figures[case, method, size], limit) for size in sizes)
            lines.append(f"| {method} | " + " | ".join(cells) + " |")
    return "\n".join([*lines, "", *_growth(figures, cases, sizes, work)]) + "\n"


def _cell(cell: Cell, limit: float) -> str:
    if cell.seconds is None:
        return f"> {limit:g} s"
    return f"{cell.seconds:.3g} s, {cell.megabytes:.0f} MB, {cell.items:,}"


def _growth(
    figures: Figures, cases: Sequence[str], sizes: Sequence[int], work: Work
) -> Iterator[str]:
    """How the cost of ours grows between the last two sizes, against n log n."""
    small, large = sizes[-2:]
    allowed = large * math.log(large) / (small * math.log(small))
    yield "## Growth"
    yield ""
    yield f"From {small:,} to {large:,} rows n log n grows {allowed:.1f}-fold. layersnap, in processor time"
    yield "(which long tables outside of the processor's caches swell) and in functions called:"
    yield ""
    for case in cases:
        seconds = [figures[case, "layersnap", size].seconds for size in (small, large)]
        if None not in seconds:
            time = (seconds[1] or 0) / (seconds[0] or 1)
            yield f"- {case}: {time:.1f}-fold, {work[case, large] / work[case, small]:.1f}-fold"


def plot(
    figures: Figures, cases: Sequence[str], methods: Sequence[str], sizes: Sequence[int]
) -> str:
    """Small multiples: seconds over rows, a panel for each case and a line for each method."""
    columns = 3
    height = (len(cases) + columns - 1) // columns * _HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {columns * _WIDTH} {height + 40}" '
        'font-family="sans-serif" font-size="11">',
        '<rect width="100%" height="100%" fill="white"/>',
    ]
    for number, case in enumerate(cases):
        x, y = number % columns * _WIDTH, number // columns * _HEIGHT
        parts.append(f'<g transform="translate({x} {y})">')
        parts += _panel(figures, case, methods, sizes)
        parts.append("</g>")
    for number, method in enumerate(methods):
        x, y = number % 4 * 220 + 20, height + 14 + number // 4 * 16
        parts.append(
            f'<path d="M{x} {y - 4}h18" stroke="{_COLORS[number]}" stroke-width="2"/>'
            f'<text x="{x + 24}" y="{y}">{escape(method)}</text>'
        )
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(
    figures: Figures, case: str, methods: Sequence[str], sizes: Sequence[int]
) -> Iterator[str]:
    def x(size: int) -> float:
        share = math.log(size / sizes[0]) / math.log(sizes[-1] / sizes[0])
        return _MARGIN + share * (_WIDTH - _MARGIN - 20)

    def y(seconds: float) -> float:
        share = math.log10(max(seconds, 1e-4) / 1e-4) / 6  # from 0.1 ms to 100 s
        return _HEIGHT - 26 - share * (_HEIGHT - 56)

    yield f'<text x="{_WIDTH / 2}" y="18" text-anchor="middle" font-weight="bold">{escape(case)}</text>'
    for power in range(-4, 3):
        line = y(10.0**power)
        yield f'<path d="M{_MARGIN} {line:.1f}H{_WIDTH - 20}" stroke="#ddd"/>'
        yield f'<text x="{_MARGIN - 4}" y="{line + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>'
    for size in sizes:
        yield f'<text x="{x(size):.1f}" y="{_HEIGHT - 10}" text-anchor="middle">{size:,}</text>'
    for number, method in enumerate(methods):
        points = [
            f"{x(size):.1f} {y(seconds):.1f}"
            for size in sizes
            if (seconds := figures[case, method, size].seconds) is not None
        ]
        if points:
            width = 3 if method == "layersnap" else 1.5
            yield (
                f'<path d="M{" L".join(points)}" fill="none" stroke="{_COLORS[number]}" '
                f'stroke-width="{width}"/>'
            )
