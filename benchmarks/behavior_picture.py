"""Noise against changes, drawn: what environments differ by in the same models, and what releases change.

python benchmarks/behavior_picture.py build/behavior/keras3-* build/behavior/keras2 --into docs/behavior.svg

The folders are those that ``behavior_noise.py`` writes, the first of which is what the others are compared
with. The changes are the figures in the table of docs/keras-releases.md that ``behavior_sweep.py`` writes.
"""

from __future__ import annotations

import argparse
import math
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.behavior_noise import distances
from pytest_layersnap.comparison.behavior import TOLERANCES

PAGE = Path(__file__).resolve().parents[1] / "docs" / "keras-releases.md"
#: The axis, in powers of ten, each in so many bars.
_FIRST, _LAST, _BARS = -8, 1, 2
_LEFT, _DECADE, _ROW, _TALLEST = 190, 64, 52, 40
_STYLE = (
    "text{font:13px sans-serif;fill:#555}rect{fill:#6b8fb5}.change{fill:#c2663f}line{stroke:#999}"
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw the picture."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", type=Path, nargs="+", help="what behavior_noise.py wrote")
    parser.add_argument("--into", type=Path, required=True, metavar="FILE", help="the picture")
    options = parser.parse_args(arguments)
    first, *others = options.folders
    rows = [
        (folder.name, "noise", [found[3] for found in distances(first, folder)])
        for folder in others
        if folder != first
    ]
    rows.append(("what releases change", "change", changes(PAGE.read_text(encoding="utf-8"))))
    options.into.write_text(picture(rows), encoding="utf-8")


def changes(page: str) -> list[float]:
    """The distances in the table of the sweep."""
    table = page.partition("<!-- sweep -->")[2].partition("<!-- end of sweep -->")[0]
    return [float(figure) / 100 for figure in re.findall(r"([\d.]+) %", table)]


def picture(rows: Sequence[tuple[str, str, Sequence[float]]]) -> str:
    """Rows of distances, each with its name and kind, over one logarithmic axis."""
    width, height = _place(10**_LAST) + 20, _ROW * len(rows) + 40
    tolerance = _place(TOLERANCES["float32"])
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height}">',
            f"<style>{_STYLE}</style>",
            *(part for at, row in enumerate(rows) for part in _row(at * _ROW + _ROW, *row)),
            f'<line x1="{tolerance:.0f}" x2="{tolerance:.0f}" y1="4" y2="{height - 30}"/>',
            f'<text x="{tolerance + 4:.0f}" y="14">tolerance</text>',
            *(
                f'<text x="{_place(10**power) - 14:.0f}" y="{height - 10}">1e{power}</text>'
                for power in range(_FIRST, _LAST + 1)
            ),
            "</svg>\n",
        ]
    )


def _row(base: int, name: str, kind: str, found: Sequence[float]) -> Iterator[str]:
    """A name, how many distances it has, and bars of their logarithms; zero stands at the left end."""
    yield f'<text x="4" y="{base - 16}">{escape(name)}</text>'
    yield f'<text x="4" y="{base}">{len(found):,}</text>'
    counts = Counter(
        max(_FIRST * _BARS, math.floor(math.log10(one) * _BARS)) if one else _FIRST * _BARS
        for one in found
    )
    # By their roots, so that few are seen beside many.
    most = math.sqrt(max(counts.values()))
    for bar, count in sorted(counts.items()):
        tall = max(2.0, _TALLEST * math.sqrt(count) / most)
        yield (
            f'<rect class="{kind}" x="{_place(10 ** (bar / _BARS)):.0f}" y="{base - tall:.0f}" '
            f'width="{_DECADE / _BARS - 2:.0f}" height="{tall:.0f}"/>'
        )


def _place(distance: float) -> float:
    return _LEFT + _DECADE * (math.log10(distance) - _FIRST)


if __name__ == "__main__":
    main()
