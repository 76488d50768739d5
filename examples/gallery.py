"""Real changes of real models: docs/gallery.md, its pictures, and the pages that they lead to.

python examples/gallery.py  # builds the models and writes the files
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from types import ModuleType

from pytest_layersnap import compare
from pytest_layersnap.drift import Drift
from pytest_layersnap.report.html.beside import Line, Panel, follows, panels
from pytest_layersnap.report.html.rows import SIGN_OF, rows
from pytest_layersnap.report.whole import verdict

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
VERSIONS = "keras 3.15.1, tensorflow 2.21.0, pytest-layersnap 0.1.0"

#: By the name of a case in tests/report/cases.py, what is to be said of it.
GALLERY = {
    "head_swapped": (
        "Another head",
        "A frozen ResNet50 that told two classes apart now tells ten, with a batch normalization.",
    ),
    "last_20_unfrozen": (
        "Unfreezing",
        "The last twenty layers of the backbone are trained now; weights saved before still load.",
    ),
    "block_removed": (
        "A block removed",
        "A ResNet50 whose layers Keras named; its fourth stage now has five blocks, not six.",
    ),
    "another_generation": (
        "Keras 2 to Keras 3",
        "MobileNetV3 as Keras 2.15 builds it, and as Keras 3 does: Keras made all the changes.",
    ),
}

_COLUMN, _MARGIN, _GAP, _LINE = 400, 16, 16, 20
#: As many letters fit beside each other.
_LETTERS = 60
_STYLE = """
.page{fill:#fff}.card{fill:#f6f8fa;stroke:#d0d7de}.way{stroke:#8c959f}
text{fill:#1f2328;font:12px ui-sans-serif,system-ui,'DejaVu Sans',sans-serif}
.name{font-weight:600}.dim{fill:#59636e}.small{font-size:11px}.end{text-anchor:end}
.sign{font:700 12px ui-monospace,'DejaVu Sans Mono',monospace;text-anchor:middle}
.changed{fill:#fff3cd}.added{fill:#dff6e4}.removed{fill:#ffe7e6}.moved,.renamed,.rewired{fill:#efeaff}
@media (prefers-color-scheme:dark){.page{fill:#0d1117}.card{fill:#161b22;stroke:#3d444d}
text{fill:#e6edf3}.dim{fill:#9198a1}.changed{fill:#392d10}.added{fill:#15331f}.removed{fill:#42191b}
.moved,.renamed,.rewired{fill:#292147}}
"""


def made(keras: ModuleType) -> dict[Path, str]:
    """The files, with what belongs into them.

    Args:
        keras: any Keras, as all build the same.
    """
    cases = importlib.import_module("tests.report.cases").CASES
    files: dict[Path, str] = {}
    page = [
        "# Gallery",
        "",
        "Real changes of real models, as the pages of `drift.to_html()` show them. The pictures show",
        "the part of each page that draws the networks. To see a whole page, download it and open it in",
        "a browser. `python examples/gallery.py` makes all of it.",
        "",
    ]
    for name, (title, sentence) in GALLERY.items():
        recorded, current = cases[name](keras)
        if name != "another_generation":  # whoever makes the files, they name one Keras
            recorded = replace(recorded, recorded_with=VERSIONS)
            current = replace(current, recorded_with=VERSIONS)
        drift = compare(recorded, current)
        files[DOCS / "gallery" / f"{name}.html"] = drift.to_html(accept=None)
        files[DOCS / "gallery" / f"{name}.svg"] = picture(drift) + "\n"
        page += [f"## {title}", "", sentence, ""]
        page += ["```text", verdict(drift), "```", ""]
        page += [f"![{title}: recorded beside current](gallery/{name}.svg)", ""]
        page += [f"[The page](gallery/{name}.html)", ""]
    files[DOCS / "gallery.md"] = "\n".join(page)
    return files


def picture(drift: Drift) -> str:
    """Both networks of a drift beside each other, as its page draws them."""
    networks = panels(drift, rows(drift, 0))
    heights = [
        max(_height(panel) for panel in beside) for beside in zip(*networks.values(), strict=True)
    ]
    width = _MARGIN + len(networks) * (_COLUMN + _MARGIN)
    height = 2 * _MARGIN + 20 + sum(heights) + len(heights) * _GAP
    elements = [
        element
        for place, (name, column) in enumerate(networks.items())
        for element in _column(name, column, heights, _MARGIN + place * (_COLUMN + _MARGIN))
    ]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(verdict(drift))}">',
            f"<style>{_STYLE}</style>",
            f'<rect class="page" width="{width}" height="{height}"/>',
            *elements,
            "</svg>",
        ]
    )


def _height(panel: Panel | None) -> int:
    return 0 if panel is None else 34 + sum(map(_line_height, panel.lines))


def _line_height(line: Line) -> int:
    """Twice as high where the notes would run into the text."""
    return _LINE * (2 if len(line.text) + len(", ".join(line.notes)) > _LETTERS else 1)


def _column(
    name: str, column: Sequence[Panel | None], heights: Sequence[int], x: int
) -> Iterator[str]:
    yield _text(name, x, _MARGIN + 10, "dim")
    y = _MARGIN + 20
    for at, (panel, height) in enumerate(zip(column, heights, strict=True)):
        if follows(column, at):
            start = y + _height(panel)
            yield f'<path class="way" d="M{x + 24} {start}V{y + height + _GAP}"/>'
        if panel is not None:
            yield from _card(panel, x, y)
        y += height + _GAP


def _card(panel: Panel, x: int, y: int) -> Iterator[str]:
    yield f'<rect class="card" x="{x}" y="{y}" width="{_COLUMN}" height="{_height(panel)}" rx="6"/>'
    yield _text(panel.name, x + 12, y + 19, "name dim" if panel.is_calm else "name")
    yield _text(panel.shape, x + _COLUMN - 12, y + 19, "dim small end")
    y += 19 + _LINE
    for line in panel.lines:
        yield from _entry(line, x + 8, y)
        y += _line_height(line)


def _entry(line: Line, x: int, y: int) -> Iterator[str]:
    height = _line_height(line)
    if line.kind:
        size = f'width="{_COLUMN - 16}" height="{height - 1}"'
        yield f'<rect class="{line.kind}" x="{x}" y="{y - 14}" {size} rx="3"/>'
        yield _text(SIGN_OF[line.kind], x + 10, y, "sign")
    yield _text(line.text, x + 22, y, "" if line.kind else "dim")
    yield _text(", ".join(line.notes), x + _COLUMN - 22, y + height - _LINE, "dim small end")


def _text(text: str, x: int, y: int, style: str) -> str:
    return f'<text class="{style}" x="{x}" y="{y}">{escape(text)}</text>' if text else ""


def main() -> None:
    """Write the files."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.path.insert(0, str(ROOT))  # the cases are those of the tests
    for path, text in made(importlib.import_module("keras")).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
