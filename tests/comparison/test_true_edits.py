"""Edits of random networks are reported as what they are; the benchmark of this name makes thousands."""

from __future__ import annotations

from types import ModuleType

import pytest

from benchmarks.true_edits.__main__ import reported
from benchmarks.true_edits.judge import case, judged
from pytest_layersnap import compare

from ..report.cases import CASES

pytestmark = pytest.mark.once_a_generation


def test_the_smallest_edit_is_found(keras: ModuleType) -> None:
    """With the names that Keras or people gave; one in such a sample may be told otherwise."""
    cases = [case(keras, 31_000_000 + number, 1) for number in range(12)]
    verdicts = [judged(each, reported) for each in cases]
    wrong = [
        (each.network, each.edits, verdict)
        for each, verdict in zip(cases, verdicts, strict=True)
        if not (verdict.right or verdict.smaller)
    ]
    assert len(wrong) <= 1, wrong


@pytest.mark.parametrize(
    "seed",
    [
        1_000_218,  # equal activations, three edges apart, exchange their partners
        101_000_260,  # norms go along with the dense layers that passed each other
        201_000_140,  # of two equal ends of a level that is gone the last is gone
        201_000_477,  # the first layer of a Sequential inside
        523_000_111,  # two residual blocks of other widths, which differ in every row
    ],
)
def test_what_was_told_at_length(keras: ModuleType, seed: int) -> None:
    """Cases that showed a kind of their own."""
    found = case(keras, seed, 1)
    verdict = judged(found, reported)
    assert verdict.right, (found.network, found.edits, verdict)


def test_what_is_between_the_same_pairs_is_filled(keras: ModuleType) -> None:
    """Two equal towers, a layer of one removed, one moved behind both: three rows once were nine."""
    verdict = judged(case(keras, 2_000_052, 2), reported)
    assert verdict.told <= 3


def test_a_level_of_an_encoder_is_removed_and_the_decoder_stays(keras: ModuleType) -> None:
    """Nine rows are gone, two have other weights; all behind has other shapes and nothing moved."""
    drift = compare(*CASES["encoder_level_removed"](keras))
    kinds = [change.kind for change in drift.changes]
    assert (kinds.count("removed"), kinds.count("changed")) == (9, 40)
    resized = [change for change in drift.changes if "parameters" in change.categories]
    assert [change.current_row and change.current_row.layer_type for change in resized] == [
        "Conv2DTranspose",
        "Conv2D",
    ]
    assert drift.categories == {"layers", "shape", "parameters"}
