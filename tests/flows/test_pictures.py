"""What is written of stages and blocks: tables, flowcharts, pictures, the command."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from pytest_layersnap import LayerTable, flow
from pytest_layersnap.cli import main

from .test_stages import ALL, SNAPSHOTS, recorded

ROOT = SNAPSHOTS.parent
TABLES = Path(__file__).parent / "tables"
_SVG = "{http://www.w3.org/2000/svg}"
#: The limits of Mermaid's renderers.
_EDGES, _LETTERS = 500, 50_000


def texts(svg: str) -> list[str]:
    """All text in a picture."""
    return [
        "".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{_SVG}text")
    ]


def hostile() -> LayerTable:
    """A network whose names are markup, control characters, and wide letters."""
    name = '<script>&"]]>\x07\n深度残差网络|`'
    table = recorded("zoo/skip_connection")
    return LayerTable(
        tuple(
            replace(layer, model=name, layer_name=f"{name}{layer.layer_name}", inbound_layers="[]")
            for layer in table
        )
    )


def test_the_readme_is_up_to_date() -> None:
    """Its picture and its table are what the script makes."""
    command = [sys.executable, str(ROOT / "examples" / "pictures.py"), "--check"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("name", ["applications/resnet50", "zoo/subclassed", "keras_hub/t5"])
def test_svg_stands_for_itself(name: str) -> None:
    """Well-formed, with nothing to load, and no style that reaches into a page around it."""
    svg = flow(recorded(name)).to_svg()
    root = ElementTree.fromstring(svg)
    assert not {"script", "image", "use", "a", "foreignObject"} & {
        element.tag.removeprefix(_SVG) for element in root.iter()
    }
    assert not re.search(r"href|url\(|@import", svg)
    style = root.findtext(f"{_SVG}style") or ""
    rules = style.replace("@media (prefers-color-scheme:dark){", "")
    assert all(rule.strip().startswith(".lsf-") for rule in re.findall(r"([^{}]+)\{", rules))


def test_svg_draws_the_block_of_resnet50() -> None:
    """The main branch, the projection, the sum, and the activation."""
    drawn = texts(flow(recorded("applications/resnet50")).to_svg())
    block = drawn[drawn.index("conv4_x: residual") :]
    assert block == [
        *("conv4_x: residual", "1 of 6 blocks", "1×1", "3×3", "1×1"),
        *("1×1", "projection", "Add", "relu", "(14, 14, 1024)"),
    ]


def test_svg_tells_frozen_blocks_from_trained_ones() -> None:
    """By the colour of a bar, which is explained where there are both; no way leads past a stage."""
    svg = flow(recorded("resnet50")).to_svg()
    assert svg.count('class="lsf-frozen"') == 9 + 1
    assert svg.count('class="lsf-trained"') == 2 + 1
    assert "lsf-way lsf-skip" not in svg
    assert "lsf-frozen" not in flow(recorded("applications/resnet50")).to_svg().split("</style>")[1]


@pytest.mark.parametrize("name", ALL)
def test_every_stage_and_block_is_drawn(name: str) -> None:
    """A picture of any table is well-formed, and tells each stage's shape and parameters."""
    found = flow(LayerTable.read_csv(SNAPSHOTS / name))
    drawn = texts(found.to_svg())
    for stage in found.stages:
        for repeat in stage.repeats:
            number = f"{repeat.parameters:,}"
            assert not repeat.parameters or {number, f"{number} frozen"} & set(drawn)
    mermaid = found.to_mermaid()
    assert mermaid.count("-->") < _EDGES
    assert len(mermaid) < _LETTERS


def test_names_are_no_markup() -> None:
    """Names of layers and models can't break a page, a table or a flowchart."""
    found = flow(hostile())
    svg, mermaid, markdown = found.to_svg(), found.to_mermaid(), found.to_markdown()
    assert any("<script>" in text for text in texts(svg))
    assert not re.search(r"<script|\x07", svg + mermaid)
    quoted = [line.count('"') for line in mermaid.splitlines()]
    assert set(quoted) <= {0, 2}
    rows = [line for line in markdown.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {6}
    assert "\x07" not in found.to_text()


def test_long_names_are_broken_between_their_parts() -> None:
    """Between words and the names of a path first; what is longer than a line, inside."""
    drawn = texts(flow(LayerTable.read_csv(TABLES / "deeplab_v3.csv")).to_svg())
    assert "deep_lab_v3_backbone/functional/" in drawn
    assert "stack1_x" in drawn
    drawn = texts(flow(LayerTable.read_csv(TABLES / "swin.csv")).to_svg())
    assert [text for text in drawn if text.endswith(("0–5:", "Block"))] == [
        "stage_2/blocks_0–5:",
        "SwinTransformerBlock",
    ]
    table = recorded("zoo/skip_connection")
    layers = (replace(layer, layer_type="深" * 40) for layer in table)
    drawn = texts(flow(LayerTable(tuple(layers))).to_svg())
    assert max(text.count("深") for text in drawn) <= 26


def test_mermaid() -> None:
    """A subgraph for each stage, a node for each line of the table."""
    lines = flow(recorded("applications/vgg16")).to_mermaid().splitlines()
    assert lines[:8] == [
        "flowchart TB",
        '  input(["(224, 224, 3)"])',
        '  subgraph s0["block1 · (224, 224, 64)"]',
        "    direction TB",
        '    s0b0["2 × (3×3 conv, 64)"]',
        '    s0b1["2×2 max pool, stride=2"]',
        "    s0b0 --> s0b1",
        "  end",
    ]


@pytest.mark.parametrize(
    "name",
    ["`**a**`", "%%{init}%%", "$$x$$", "fa:fa-car", r"a\nb", "&lt;#35;", "1. a", "- a", '"#<>'],
)
def test_mermaid_takes_no_name_for_markup(name: str) -> None:
    """Each of these is a string of Markdown, a directive, a formula, … or no string to Mermaid 11."""
    table = recorded("zoo/skip_connection")
    first, *layers = table.layers
    table = LayerTable((first, *(replace(layer, layer_type=name) for layer in layers)))
    (line,) = {
        line.strip()
        for line in flow(table).to_mermaid().splitlines()
        if line.startswith("    s0b0[")
    }
    label = line.removeprefix('s0b0["').removesuffix('"]')
    assert not set(label) & set('`%${}"<>&\\:*')
    assert not re.search(r"#(?!\d+;)|[.-] ", label)
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label) in (
        f"2 × {name}",
        f"2 × ({name})",
    )


def arrows(mermaid: str) -> str:
    """The arrows between stages."""
    lines = (line.strip() for line in mermaid.splitlines() if not line.startswith("    "))
    return " ".join(line.replace(" --> ", ">") for line in lines if "-->" in line)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("applications/vgg16", "input>s0 s0>s1 s1>s2 s2>s3 s3>s4 s4>s5"),
        ("zoo/subclassed", "input>s0 s0>s1 s1>s2 s1>s3 s0>s4"),
        # Each cell reads what the two before it made.
        ("applications/nasnetmobile", "input>s0 s0>s1 s0>s2 s1>s2 s2>s3 s3>s4 s4>s5"),
        # The decoder (s5 to s7) has an input and a mask of its own, and attends to the encoder (s4).
        (
            "keras_hub/whisper",
            "input>s0 s0>s1 s1>s2 s2>s3 s3>s4 input>s5 input>s6 s4>s6 s5>s6 s6>s7",
        ),
    ],
)
def test_mermaid_connects_stages_as_their_layers_are(name: str, expected: str) -> None:
    """Not each with the next alone."""
    assert arrows(flow(recorded(name)).to_mermaid()) == expected


@pytest.mark.parametrize("form", ["table", "markdown", "mermaid", "svg"])
def test_command(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A snapshot by its name, from any folder below, or by its file; printed or written."""
    monkeypatch.chdir(ROOT / "tests" / "flows")
    assert main(["flow", "applications/vgg16", "--format", form]) == 0
    printed = capsys.readouterr().out
    target = tmp_path / "out"
    file = str(SNAPSHOTS / "applications" / "vgg16.csv")
    assert main(["flow", file, "--format", form, "--output", str(target)]) == 0
    assert target.read_bytes().decode() == printed
    assert capsys.readouterr().out == ""


def test_command_that_finds_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says what was looked for, and where."""
    monkeypatch.chdir(tmp_path)
    assert main(["flow", "resnet50"]) == 2
    assert "no snapshot is called 'resnet50'" in capsys.readouterr().err
    (tmp_path / "broken.csv").write_text("layer_name\nx\n")
    assert main(["flow", "broken.csv"]) == 2


def test_command_imports_nothing_heavy() -> None:
    """It works from the file alone."""
    code = (
        "import sys; from pytest_layersnap.cli import main; "
        "main(['flow', 'resnet50', '--format', 'svg']); "
        "print({'keras', 'tensorflow', 'pandas', 'numpy', 'deepdiff'} & sys.modules.keys())"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.endswith("set()\n")
