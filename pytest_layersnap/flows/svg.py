"""Stages and blocks as a picture: the network as a column, and one block of it in detail.

The SVG stands for itself: no script, no font, nothing to load. Its classes begin with ``lsf-``, so
that it can be put into a page as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from pytest_layersnap.flows.feeds import INPUT, sources
from pytest_layersnap.flows.model import Block, Network, Repeat, Section, Stage
from pytest_layersnap.flows.text import repeat_text, title
from pytest_layersnap.printable import printable

_COLUMN = 470
_MARGIN = 16
_LINE = 18
_GAP = 20
#: How far apart ways beside the column are, and how wide a bar is.
_LANE, _BAR = 10, 4
#: A box of the detail, and what stands between two of them.
_BOX, _BESIDE, _BETWEEN = 84, 10, 16
#: Letters that fit beside each other, at the sizes of the style.
_IN_LINE, _IN_SHAPE, _IN_BOX = 52, 18, 12

#: Where a text is broken: between words (no ``2 ×``), then between the names of a path, the words of
#: a name (``MultiHeadAttention``), and letters.
_BREAKS = tuple(
    re.compile(f".*?(?:{end}|$)", re.DOTALL)
    for end in ("(?<!×) (?!×)", "/+", "[_-]+|(?<=[a-z])(?=[A-Z])", "(?<=.)")
)

_STYLE = """
.lsf-page{fill:#fff}.lsf-card{fill:#f6f8fa;stroke:#d0d7de}.lsf-box{fill:#ddf4ff;stroke:#54aeff}
.lsf-side{fill:#fff8c5;stroke:#d4a72c}.lsf-merge{fill:#dafbe1;stroke:#4ac26b}
.lsf-way{fill:none;stroke:#6e7781;stroke-width:1.5}.lsf-tip{fill:#6e7781}
.lsf-skip{stroke:#8250df}.lsf-trained{fill:#2da44e}.lsf-frozen{fill:#8c959f}
.lsf-text{fill:#1f2328;font:12px ui-sans-serif,system-ui,'DejaVu Sans',sans-serif}
.lsf-name{font-weight:600;font-size:13px}.lsf-dim{fill:#59636e}.lsf-small{font-size:11px}
.lsf-end{text-anchor:end}.lsf-middle{text-anchor:middle}
@media (prefers-color-scheme:dark){.lsf-page{fill:#0d1117}.lsf-card{fill:#161b22;stroke:#3d444d}
.lsf-box{fill:#121d2f;stroke:#316dca}.lsf-side{fill:#272115;stroke:#9e6a03}
.lsf-merge{fill:#12261e;stroke:#238636}.lsf-way{stroke:#9198a1}.lsf-tip{fill:#9198a1}
.lsf-text{fill:#e6edf3}.lsf-dim{fill:#9198a1}.lsf-skip{stroke:#ab7df8}.lsf-trained{fill:#3fb950}
.lsf-frozen{fill:#6e7681}}
"""


@dataclass(frozen=True, slots=True)
class _Drawing:
    """Elements, and the place that they take."""

    elements: tuple[str, ...]
    width: float
    height: float


def as_svg(flow: Network) -> str:
    """The text of the picture."""
    column = _column(flow)
    chosen = _chosen(flow)
    detail = _detail(*chosen) if chosen else _Drawing((), 0, 0)
    width = _MARGIN + column.width + (detail.width + 2 * _MARGIN if chosen else _MARGIN)
    height = max(column.height, detail.height) + 2 * _MARGIN
    label = escape(printable(title(flow)), {'"': "&quot;"})
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
            f'viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">',
            f"<style>{_STYLE}</style>",
            f'<rect class="lsf-page" width="{width:g}" height="{height:g}"/>',
            _placed(column.elements, _MARGIN, _MARGIN),
            _placed(detail.elements, 2 * _MARGIN + column.width, _MARGIN),
            "</svg>",
        ]
    )


def _column(flow: Network) -> _Drawing:
    """The input, a card for each stage, and beside them the ways that lead past stages."""
    elements = [_text(title(flow), 0, 12, "lsf-name")]
    totals = f"{flow.parameters:,} parameters, {flow.trainable_parameters:,} trainable"
    elements.append(_text(totals, 0, 30, "lsf-dim"))
    if len({style for repeat in _repeats(flow) if (style := _trained(repeat))}) > 1:
        elements += _legend()
    y = 42.0
    places: list[tuple[float, float]] = []
    skips: list[tuple[int, int]] = []
    for number, (stage, feeds) in enumerate(zip(flow.stages, sources(flow), strict=True)):
        card = _card(stage)
        if number:
            if number - 1 in feeds:
                elements += _arrow(_COLUMN / 2, y, y + _GAP)
            y += _GAP
        skips += ((feed, number) for feed in feeds if feed not in (INPUT, number - 1))
        elements.append(_placed(card.elements, 0, y))
        places.append((y, card.height))
        y += card.height
    beside = [*_skips(skips, places)]
    return _Drawing((*elements, *beside), _COLUMN + _lanes(skips) * _LANE, y)


def _repeats(flow: Network) -> Iterator[Repeat]:
    for stage in flow.stages:
        yield from stage.repeats


def _legend() -> Iterator[str]:
    """What the colours of the bars mean."""
    for style, name, x in (("trained", "trained", 116), ("frozen", "frozen", 52)):
        yield _bar(f"lsf-{style}", _COLUMN - x, 20, 12)
        yield _text(name, _COLUMN - x + 8, 30, "lsf-dim lsf-small")


def _lanes(skips: Sequence[tuple[int, int]]) -> int:
    """How many ways stand beside each other."""
    return max((lane + 1 for lane in _in_lanes(skips)), default=0)


def _in_lanes(skips: Sequence[tuple[int, int]]) -> list[int]:
    """For each way its lane: the first that is free, short ways next to the column."""
    lanes = [0] * len(skips)
    taken: list[list[tuple[int, int]]] = []
    for place in sorted(range(len(skips)), key=lambda place: skips[place][1] - skips[place][0]):
        start, end = skips[place]
        free = (
            lane
            for lane, others in enumerate(taken)
            if all(end <= other or start >= stop for other, stop in others)
        )
        lanes[place] = next(free, len(taken))
        if lanes[place] == len(taken):
            taken.append([])
        taken[lanes[place]].append((start, end))
    return lanes


def _skips(
    skips: Sequence[tuple[int, int]], places: Sequence[tuple[float, float]]
) -> Iterator[str]:
    """Ways that lead past stages, at the right of the column."""
    for (start, end), lane in zip(skips, _in_lanes(skips), strict=True):
        x = _COLUMN + (lane + 1) * _LANE
        (top, height), (below, _) = places[start], places[end]
        leaves, enters = top + height - 10, below + 10
        path = f"M{_COLUMN} {leaves:g}H{x}V{enters:g}H{_COLUMN + 5}"
        yield f'<path class="lsf-way lsf-skip" d="{path}"/>'
        yield f'<path class="lsf-tip" d="M{_COLUMN + 6} {enters - 4:g}v8l-6 -4z"/>'


def _card(stage: Stage) -> _Drawing:
    shapes = _lines(stage.output_shape, _IN_SHAPE)
    names = _lines(stage.name, _IN_LINE - max(map(len, shapes)) - 2)
    elements = [_text(line, 12, 20 + place * _LINE, "lsf-name") for place, line in enumerate(names)]
    elements += [
        _text(line, _COLUMN - 12, 20 + place * _LINE, "lsf-dim lsf-end")
        for place, line in enumerate(shapes)
    ]
    y = 20 + max(len(names), len(shapes)) * _LINE
    for repeat in stage.repeats:
        elements.append(_text(_number(repeat), _COLUMN - 12, y, "lsf-dim lsf-small lsf-end"))
        lines = _lines(repeat_text(repeat), _IN_LINE)
        if style := _trained(repeat):
            elements.append(_bar(style, 2, y - _LINE + 5, len(lines) * _LINE - 2))
        for place, line in enumerate(lines):
            elements.append(_text(line, 28 if place else 12, y, ""))
            y += _LINE
    height = y - 6
    return _Drawing((_rectangle("lsf-card", 0, 0, _COLUMN, height), *elements), _COLUMN, height)


def _trained(repeat: Repeat) -> str:
    """The colour that says whether blocks are trained; none without parameters."""
    if not repeat.parameters:
        return ""
    return "lsf-trained" if repeat.trainable_parameters else "lsf-frozen"


def _bar(style: str, x: float, y: float, height: float) -> str:
    return f'<rect class="{style}" x="{x:g}" y="{y:g}" width="{_BAR}" height="{height:g}"/>'


def _number(repeat: Repeat) -> str:
    if repeat.parameters and not repeat.trainable_parameters:
        return f"{repeat.parameters:,} frozen"
    return f"{repeat.parameters:,}" if repeat.parameters else ""


def _chosen(flow: Network) -> tuple[Stage, Block] | None:
    """The block that is drawn: of the stage that has the most, one with a projection, or the usual."""
    stages = [stage for stage in flow.stages if any(map(_is_composed, stage.blocks))]
    if not stages:
        return None
    stage = max(stages, key=lambda stage: sum(map(_is_composed, stage.blocks)))
    blocks = [block for block in stage.blocks if _is_composed(block)]
    looks = Counter(block.look for block in blocks)
    return stage, max(blocks, key=lambda block: (block.projection, looks[block.look]))


def _is_composed(block: Block) -> bool:
    return len(block.units) > 1 and block.kind != "cell"


def _detail(stage: Stage, block: Block) -> _Drawing:
    """A block as its branches, from top to bottom."""
    same = sum(other.look == block.look for other in stage.blocks)
    heading = f"{stage.name}: {block.kind}"
    count = len(stage.blocks)
    note = f"{'each' if same == count else same} of {count} blocks" if count > 1 else ""
    sections = [_section(section) for section in block.sections]
    width = max(3 * _BOX, *(section.width for section in sections))
    titles = [*_lines(heading, 32), *([note] if note else [])]
    elements = [
        _text(line, 0, 12 + place * _LINE, "lsf-dim" if line == note else "lsf-name")
        for place, line in enumerate(titles)
    ]
    y = len(titles) * _LINE + 8.0
    for section in sections:
        elements += _arrow(width / 2, y, y + _BETWEEN)
        y += _BETWEEN
        elements.append(_placed(section.elements, (width - section.width) / 2, y))
        y += section.height
    for text in [block.activation] if block.activation else []:
        elements += _arrow(width / 2, y, y + _BETWEEN)
        pill = _box("lsf-merge", text)
        elements.append(_placed(pill.elements, (width - pill.width) / 2, y + _BETWEEN))
        y += _BETWEEN + pill.height
    elements += _arrow(width / 2, y, y + _BETWEEN)
    y += _BETWEEN + 14
    elements.append(_text(block.output_shape, width / 2, y, "lsf-dim lsf-middle"))
    return _Drawing(tuple(elements), width, y + 4)


def _section(section: Section) -> _Drawing:
    """Branches beside each other, the shortcut at the right of them, and the merge."""
    columns = [_chain("lsf-box", branch) for branch in section.branches]
    if section.shortcut is not None:
        units = section.shortcut
        if section.has_projection:
            units = (*units[:-1], f"{units[-1]} projection")
        columns.append(_chain("lsf-side", units))
    if not section.merge:
        return columns[0]
    height = max(column.height for column in columns)
    width = len(columns) * (_BOX + _BESIDE) - _BESIDE
    elements, middle = [], width / 2
    for place, column in enumerate(columns):
        x = place * (_BOX + _BESIDE)
        center = x + _BOX / 2
        elements.append(_way((middle, 0), (center, 0), (center, _BETWEEN)))
        elements.append(_placed(column.elements, x, _BETWEEN))
        below = _BETWEEN + column.height
        elements.append(
            _way((center, below), (center, _BETWEEN + height + 8), (middle, _BETWEEN + height + 8))
        )
    y = height + _BETWEEN + 8
    elements += _arrow(middle, y, y + _BETWEEN)
    merge = _box("lsf-merge", section.merge)
    elements.append(_placed(merge.elements, (width - merge.width) / 2, y + _BETWEEN))
    return _Drawing(tuple(elements), width, y + _BETWEEN + merge.height)


def _chain(style: str, units: Iterable[str]) -> _Drawing:
    """Boxes below each other; where there are none, the bare way."""
    elements: list[str] = []
    y = 0.0
    for unit in units:
        if y:
            elements += _arrow(_BOX / 2, y, y + _BETWEEN)
            y += _BETWEEN
        box = _box(style, unit)
        elements.append(_placed(box.elements, 0, y))
        y += box.height
    return _Drawing(tuple(elements), _BOX, y)


def _box(style: str, text: str) -> _Drawing:
    lines = _lines(text, _IN_BOX)
    height = len(lines) * 14 + 10
    texts = [
        _text(line, _BOX / 2, 17 + place * 14, "lsf-small lsf-middle")
        for place, line in enumerate(lines)
    ]
    return _Drawing((_rectangle(style, 0, 0, _BOX, height), *texts), _BOX, height)


def _lines(text: str, width: int) -> list[str]:
    """A text in lines."""
    lines = [""]
    for part in _parts(printable(text), width, _BREAKS):
        if lines[-1] and _length(lines[-1] + part.rstrip()) > width:
            lines.append("")
        lines[-1] += part
    return [line.strip() for line in lines]


def _parts(text: str, width: int, breaks: Sequence[re.Pattern[str]]) -> Iterator[str]:
    """A text in parts that fit into a line, as large as they can be."""
    for part in breaks[0].findall(text):
        if _length(part.rstrip()) <= width:
            yield part
        else:
            yield from _parts(part, width, breaks[1:])


def _length(text: str) -> int:
    """How many letters it is as wide as; wide ones count twice."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _text(text: str, x: float, y: float, style: str) -> str:
    classes = f"lsf-text {style}".strip()
    return f'<text class="{classes}" x="{x:g}" y="{y:g}">{escape(printable(text))}</text>'


def _rectangle(style: str, x: float, y: float, width: float, height: float) -> str:
    size = f'width="{width:g}" height="{height:g}"'
    return f'<rect class="{style}" x="{x:g}" y="{y:g}" {size} rx="6"/>'


def _arrow(x: float, start: float, end: float) -> Iterator[str]:
    yield _way((x, start), (x, end - 5))
    yield f'<path class="lsf-tip" d="M{x - 4:g} {end - 6:g}h8l-4 6z"/>'


def _way(*points: tuple[float, float]) -> str:
    path = "L".join(f"{x:g} {y:g}" for x, y in points)
    return f'<path class="lsf-way" d="M{path}"/>'


def _placed(elements: Sequence[str], x: float, y: float) -> str:
    return f'<g transform="translate({x:g} {y:g})">{"".join(elements)}</g>'
