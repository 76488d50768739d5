"""Numbers of rows: what is noise and what is not, and what is said of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare
from pytest_layersnap.comparison.behavior import TOLERANCES, settled, tolerance_of
from pytest_layersnap.table import COLUMNS, Layer

from .tables import dense, entry, plain

NUMBERS = [2.0, 0.5, -1.0, 0.25, 3.0, -0.5, 0.75, 1.5]
KERAS3 = "keras 3.15.1, tensorflow 2.21.0, pytest-layersnap 0.1.0"


def off(by: float) -> list[float]:
    """The numbers, one of which is off by a share of their root mean square."""
    return [*NUMBERS[:-1], NUMBERS[-1] + by * NUMBERS[0]]


def told(numbers: Any = NUMBERS, **others: Any) -> str:
    """A cell that tells the numbers of inference, and others."""
    return json.dumps({"inference": numbers, **others})


def table(cell: str, version: str = KERAS3, **cells: Any) -> LayerTable:
    """Two layers, the second of which tells something."""
    head = replace(plain("head", "Activation", ["body"], activation="relu"), **cells)
    rows = (entry(8), dense("body", "input_layer", 8, 64), replace(head, behavior=cell))
    return LayerTable(tuple(replace(row, behavior=row.behavior or "{}") for row in rows), version)


def labels(recorded: str, current: str, **options: Any) -> list[str]:
    """What is told to differ."""
    drift = compare(table(recorded), table(current), **options)
    return [d.path.removeprefix("behavior.") for c in drift.changes for d in c.differences]


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16", "bfloat16", "int8_from_float32"])
def test_the_tolerance_of_a_dtype(dtype: str) -> None:
    """What is within it is noise, what is beyond it is told, and a project may widen it."""
    tolerance = tolerance_of(dtype)
    for share, expected in ((0.9, False), (1.1, True)):
        one, other = table(told(), dtype=dtype), table(told(off(share * tolerance)), dtype=dtype)
        assert bool(compare(one, other)) is bool(compare(other, one)) is expected
        assert not compare(one, other, tolerance=2)
    assert tolerance >= TOLERANCES["float32"]


@pytest.mark.parametrize(
    ("recorded", "current", "expected"),
    [
        (told(), told(off(0.1)), ["inference"]),
        (told(training=off(0.2)), told(training=off(0.3)), ["training"]),
        (told(training=off(0.2)), told(), ["training"]),
        (told(training=off(1e-6)), told(), []),
        (told(training="random"), told(training=off(0.2)), []),
        (told(training="random"), told(**{"training losses": NUMBERS}), []),
        (told("random"), told(), []),
        (told("random"), told("random", **{"inference:1": NUMBERS}), []),
        (told(), told(**{"inference:1": NUMBERS}), ["inference:1"]),
        (told(), told(**{"inference@1": off(1e-6)}), []),
        (told(), told(**{"inference@1": off(0.1)}), ["inference@1"]),
        (told(), told(**{"inference losses": NUMBERS}), ["inference losses"]),
        (told(), told(shape="(2, 1, 10)"), ["shape"]),
        (told(), json.dumps({"not told": "it fails"}), []),
        (told(), told(off(0.1), inputs=4), []),
        (told(), told(**{"class": "mine.Head"}), []),
        (told(), "{}", ["inference"]),
        (told([0.0] * 8), told([0.0] * 8), []),
        (told([0.0] * 8), told(), ["inference"]),
    ],
)
def test_what_is_compared(recorded: str, current: str, expected: list[str]) -> None:
    """Numbers with numbers; nothing is said of what one side could not tell, or was not asked."""
    assert labels(recorded, current) == labels(current, recorded) == expected


def test_a_row_that_is_asked_something_else() -> None:
    """With an input of another shape other numbers say nothing."""
    one = table(told())
    other = table(told(off(0.5)), input_shape="(None, 32)")
    assert compare(one, other).categories == {"shape"}


@pytest.mark.parametrize("ignore", ["behavior", ["behavior", "shape"]])
def test_selection(ignore: Any) -> None:
    """The numbers are a category and a column."""
    one, other = table(told()), table(told(off(0.1)))
    assert not compare(one, other, ignore=ignore)
    assert not compare(one, other, only="config")
    assert compare(one, other, only="behavior").categories == {"behavior"}


def test_settled() -> None:
    """Numbers that are as good as the recorded ones are the recorded ones; others stay."""
    recorded = table(told())
    near, far = table(told(off(1e-6))), table(told(off(1e-2)))
    assert settled(recorded, near) == recorded
    assert settled(recorded, far) == far
    with_reason = table(json.dumps({"not told": "it fails"}))
    assert settled(with_reason, near) == near
    assert settled(recorded, with_reason) == with_reason


def test_a_table_that_was_not_asked() -> None:
    """It is compared as ever, and looks as ever."""
    asked = table(told())
    unasked = LayerTable(tuple(replace(layer, behavior="") for layer in asked), KERAS3)
    assert not compare(asked, unasked)
    assert not compare(unasked, asked)
    assert unasked.columns == COLUMNS
    assert "behavior" not in (unasked.to_csv() or "")
    assert LayerTable.from_frame(asked.to_frame()) == asked
    assert LayerTable.from_frame(unasked.to_frame()) == unasked


def test_the_report() -> None:
    """It says first that nothing but numbers is new; how far they are off, where, and whose code it is."""
    one = table(told(training=off(0.3)))
    other = table(told(off(0.13), training=off(0.5), **{"class": "mine.Head"}))
    text = compare(one, other).to_text()
    assert text.startswith("net: same architecture, other numbers: 1 layer changed (behavior)")
    assert "computes  other numbers: 13 % to 20 % off in inference and in training" in text
    assert "code of   mine.Head" in text
    assert "mine.Head" in compare(one, other).to_html()
    silent = compare(table(json.dumps({"not told": "it fails"})), table(told(off(0.1)), "other"))
    assert not silent
    drift = compare(one, table(json.dumps({"not told": "it fails"}), dtype="float16"))
    assert "what 1 layers compute: head" in drift.to_text()


HARD = {"layer_attributes": '{"activation": "hard_sigmoid"}'}
CUBIC = {"layer_type": "UpSampling2D", "layer_attributes": '{"interpolation": "bicubic"}'}
STRIDED = {
    "layer_type": "Conv2DTranspose",
    "layer_attributes": '{"padding": "same", "strides": [2, 2]}',
}


@pytest.mark.parametrize(
    ("cells", "versions", "source"),
    [
        (HARD, ("keras 2.15.0, tensorflow 2.15.1", KERAS3), "keras#19477"),
        (HARD, ("keras 3.3.3, tensorflow 2.16", KERAS3), None),
        (STRIDED, ("keras 3.13.0, torch 2.9", "keras 3.15.1, torch 2.13"), "keras#22876"),
        (STRIDED, ("keras 3.13.0, torch 2.9", KERAS3), "keras#22876"),
        (STRIDED, ("keras 3.13.0, tensorflow 2.19", KERAS3), None),
        (CUBIC, ("keras 3.15.1, torch 2.13", KERAS3), "torch/image.py"),
        (CUBIC, ("keras 3.15.1, jax 0.7", KERAS3), None),
    ],
)
def test_known_changes(
    cells: dict[str, str], versions: tuple[str, str], source: str | None
) -> None:
    """Keras' own changes of numbers are named, between the Kerases that they lie between."""
    one, other = table(told(), versions[0], **cells), table(told(off(0.1)), versions[1], **cells)
    for drift in (compare(one, other), compare(other, one)):
        assert drift.categories == {"behavior"}
        assert [source] * len(drift.explanations) == [
            source for each in drift.explanations if (source or "") in each.known.source
        ]
        assert bool(drift.explanations) is (source is not None)
        assert ("through Keras alone" in drift.to_text()) is (source is not None)


def test_another_cause_beside_the_numbers() -> None:
    """A known change of settings is known with the numbers that follow, too."""

    def lstm(setting: str, numbers: list[float], version: str) -> LayerTable:
        layer = Layer(
            model="m",
            layer_name="conv_lstm2d",
            layer_type="ConvLSTM2D",
            layer_attributes=json.dumps({"recurrent_activation": setting}),
            behavior=told(numbers),
        )
        return LayerTable((layer,), version)

    drift = compare(
        lstm("hard_sigmoid", NUMBERS, "keras 2.15.0"), lstm("sigmoid", off(0.1), KERAS3)
    )
    assert drift.categories == {"config", "behavior"}
    assert [each.known.source for each in drift.explanations] == [
        "keras-team/keras, layers/rnn/conv_lstm.py, 2.15 and 3.0"
    ]


def test_one_side_was_asked() -> None:
    """That nothing is said of numbers is no word about them."""
    asked = table(told())
    rows = tuple(replace(row, behavior="") for row in asked)
    for drift in (compare(LayerTable(rows), asked), compare(asked, LayerTable(rows))):
        assert "whether the numbers are the same: one side was not asked" in drift.to_text()
