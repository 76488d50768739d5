"""The stages of a network that have changed, as a Mermaid flowchart."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Final

from pytest_layersnap.flows.mermaid import quoted
from pytest_layersnap.report.html.beside import Line, Panel, panels
from pytest_layersnap.report.html.rows import rows

if TYPE_CHECKING:
    from pytest_layersnap.comparison.comparing import Comparison

#: A stage, and its lines if something has happened in it.
_Stage = tuple[Panel, tuple[Line, ...]]
#: A chart of more boxes shows nothing any more.
_MOST: Final = 40
#: How boxes are framed by what has happened to them, which they also say; changed where it is not here.
_FRAMES: Final = {"added": "#2da44e", "removed": "#cf222e", "changed": "#bf8700"}


def changed_stages(drift: Comparison) -> str:
    """The text of the flowchart: stages that have changed with their blocks, the others folded up.

    Returns:
        Nothing where no stage has changed, or so much that it is no picture any more.
    """
    columns = panels(drift, rows(drift, 0))
    if len(columns) == 1:
        return ""
    pairs = zip(*columns.values(), strict=True)
    stages = [stage for recorded, current in pairs if (stage := _stage(recorded, current))]
    changed = [lines for _, lines in stages if lines]
    if not changed or sum(map(len, changed)) > _MOST:
        return ""
    boxes = "\n".join(_boxes(stages))
    return "\n".join(["flowchart TB", boxes, *_classes(boxes)])


def _stage(recorded: Panel | None, current: Panel | None) -> _Stage | None:
    gone = tuple(line for line in recorded.lines if line.kind == "removed") if recorded else ()
    if current is None:  # what was left of it went into other stages
        return (recorded, gone) if recorded and gone else None
    return current, () if current.is_calm and not gone else (*current.lines, *gone)


def _boxes(stages: Sequence[_Stage]) -> Iterator[str]:
    number, before = 0, None
    for is_changed, group in groupby(stages, lambda stage: bool(stage[1])):
        together = list(group)
        for each in [[stage] for stage in together] if is_changed else [together]:
            (first, lines), (last, _) = each[0], each[-1]
            yield from _changed(number, first, lines) if is_changed else _calm(number, first, last)
            if not is_changed or any(line.kind != "removed" for line in lines):
                if before is not None and not first.is_apart:
                    yield f"  s{before} --> s{number}"
                before = number
            number += 1


def _calm(number: int, first: Panel, last: Panel) -> Iterator[str]:
    names = first.name if first is last else f"{first.name} … {last.name}"
    yield f"  s{number}[{quoted(f'{names}: unchanged')}]"


def _changed(number: int, panel: Panel, lines: Sequence[Line]) -> Iterator[str]:
    title = quoted(" · ".join(text for text in (panel.name, panel.shape) if text))
    yield f"  subgraph s{number}[{title}]"
    yield "    direction TB"
    boxes = [f"s{number}b{place}" for place in range(len(lines))]
    for box, line in zip(boxes, lines, strict=True):
        look = line.kind if line.kind in _FRAMES else "changed"
        yield f"    {box}[{quoted(_text(line))}]" + (f":::{look}" if line.kind else "")
    stays = [box for box, line in zip(boxes, lines, strict=True) if line.kind != "removed"]
    if len(stays) > 1:
        yield f"    {' --> '.join(stays)}"
    yield "  end"


def _text(line: Line) -> str:
    if not line.kind:
        return line.text
    notes = f" ({', '.join(line.notes)})" if line.notes else ""
    return f"{line.text} · {line.kind}{notes}"


def _classes(boxes: str) -> Iterator[str]:
    for kind, color in _FRAMES.items():
        if f":::{kind}" in boxes:
            dashed = ",stroke-dasharray:6" if kind == "removed" else ""
            yield f"  classDef {kind} stroke:{color},stroke-width:3px{dashed}"
