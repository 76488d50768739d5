"""What Keras itself changed is named, between the releases that it lies between, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_layersnap import compare
from pytest_layersnap.comparison.known_changes import KNOWN_CHANGES, release
from pytest_layersnap.table import Layer, LayerTable


@pytest.mark.parametrize(
    ("recorded_with", "expected"),
    [
        ("keras 3.15.1, tensorflow 2.21.0, pytest-layersnap 0.1.0", (3, 15)),
        ("keras 2.15.0, tensorflow 2.15.1, pytest-layersnap 0.1.0", (2, 15)),
        ("tf_keras 2.21.0, tensorflow 2.21.0, pytest-layersnap 0.1.0", (2, 16)),
        ("", None),
        ("something else", None),
    ],
)
def test_release(recorded_with: str, expected: tuple[int, int] | None) -> None:
    """The release of Keras is read from what recorded a table; tf_keras is none of Keras 2."""
    assert release(recorded_with) == expected


SOFT = '{"recurrent_activation": "sigmoid"}'
HARD = '{"recurrent_activation": "hard_sigmoid"}'


def table(version: str, attributes: str = SOFT) -> LayerTable:
    """A table of one convolutional LSTM and a dense layer."""
    lstm = Layer(
        model="m",
        layer_name="conv_lstm2d",
        layer_type="ConvLSTM2D",
        layer_attributes=attributes,
    )
    dense = Layer(
        model="m", layer_name="dense", layer_type="Dense", inbound_layers='["conv_lstm2d"]'
    )
    return LayerTable((lstm, dense), f"keras {version}, tensorflow 2")


def test_a_change_of_keras_is_named() -> None:
    """Keras 2's ConvLSTM had another default; the drift stays, and says so."""
    drift = compare(table("2.15.0", HARD), table("3.15.1"))
    (explanation,) = drift.explanations
    assert "ConvLSTM" in explanation.known.what
    assert "explains all of it" in drift.to_text()
    assert drift.to_dict()["explanations"][0]["layers"] == ["conv_lstm2d"]


@pytest.mark.parametrize("versions", [("3.15.1", "3.15.1"), ("3.3.3", "3.15.1")])
def test_the_same_change_between_other_releases_is_the_users(versions: tuple[str, str]) -> None:
    """Where Keras did not change, nobody is told that it did."""
    drift = compare(table(versions[0], HARD), table(versions[1]))
    assert drift.changes
    assert drift.explanations == ()


def test_a_change_beside_it_is_not_explained() -> None:
    """An explanation counts what it explains."""
    other = replace(table("3.15.1").layers[1], layer_attributes='{"units": 3}')
    now = LayerTable((table("3.15.1").layers[0], other), "keras 3.15.1, tensorflow 2")
    drift = compare(table("2.15.0", HARD), now)
    assert "explains 1 of 2 changes" in drift.to_text()


@pytest.mark.parametrize("known", KNOWN_CHANGES, ids=lambda known: known.what[:40])
def test_entries(known: object) -> None:
    """Each has a sentence and a source."""
    assert getattr(known, "what", "")
    assert getattr(known, "source", "").startswith(("keras-team/keras", "keras-team/tf-keras"))
