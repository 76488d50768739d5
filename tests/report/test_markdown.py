"""The Markdown report."""

from __future__ import annotations

import re
from dataclasses import replace

from pytest_layersnap.drift import compare

from ..comparison.tables import chain, entry, mlp, plain


def test_a_report_in_full() -> None:
    """Heading, findings, totals and circumstances, and the command."""
    recorded = replace(mlp(8, 4), recorded_with="keras 3.3.3")
    current = replace(mlp(8, 4, 2), recorded_with="keras 3.9.0")
    assert compare(recorded, current).to_markdown(accept="layersnap accept") == (
        "<details>\n"
        "<summary>net has drifted: 1 layer added</summary>\n"
        "\n"
        "- **changed** the model itself\n"
        "  - outputs: `(None, 4)` → `(None, 2)`\n"
        "  - weights: .weights.h5: no longer load: dense\\_1 finds no weights in the file\n"
        "  - weights: .h5: no longer load: dense\\_1 is not in the file (2 layers have weights, 1 in the"
        " file)\n"
        "- **added** `dense_1 (Dense)`, after dense\n"
        "  - (None, 4) → (None, 2), 10 parameters\n"
        "\n"
        "```mermaid\n"
        "flowchart TB\n"
        '  subgraph s0["Dense · (2)"]\n'
        "    direction TB\n"
        '    s0b0["Dense, 4"]\n'
        '    s0b1["Dense, 2 · added"]:::added\n'
        "    s0b0 --> s0b1\n"
        "  end\n"
        "  classDef added stroke:#2da44e,stroke-width:3px\n"
        "```\n"
        "\n"
        "- parameters: 36 → 46 (+10)\n"
        "- trainable: 36 → 46 (+10)\n"
        "- memory: 144 B → 184 B\n"
        "- recorded: with keras 3.3.3\n"
        "- now: with keras 3.9.0\n"
        "\n"
        "If this is what you want, accept it with\n"
        "\n"
        "    layersnap accept\n"
        "\n"
        "</details>\n"
    )


def test_names_can_not_break_out_of_their_code_span() -> None:
    """Backticks, line breaks and markup of free text stay text."""
    recorded = chain(entry(8), plain("`a`\n# <b>", "Lambda", [], text="x|y"))
    current = chain(entry(8), plain("`a`\n# <b>", "Lambda", [], text="``z"))
    text = compare(recorded, current).to_markdown(accept=None)
    assert (
        "- **changed** ```` `a`\\n# <b> (Lambda)````" in text
        or "`` `a`\\n# <b> (Lambda) ``" in text
    )
    assert "  - text: `x|y` → ``` ``z ```" in text
    assert "accept" not in text


def test_sentences_are_no_code() -> None:
    """A name alone is code; how many there are, and where, is not."""
    recorded = mlp(8, 8, 8, names="abc")
    current = mlp(8, 8, 8, 8, 8, names="axybc")
    text = compare(recorded, current).to_markdown()
    assert not [
        span for span in re.findall(r"`([^`\n]+)`", text) if re.search("layers|between", span)
    ]
