"""Outcomes in words, and the requirement that keeps a network."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.version import Version

from pytest_layersnap import LayerTable, compare
from pytest_layersnap.cli import main
from pytest_layersnap.releases.answer import Answer, to_data, to_markdown, to_text
from pytest_layersnap.releases.page import to_html
from pytest_layersnap.releases.trials import Outcome, Verdict
from pytest_layersnap.releases.words import advice, requirement, sentence
from pytest_layersnap.table import Layer

RELEASES = [
    Version(f"3.{patch}")
    for patch in ("9.0", "9.2", "10.0", "11.0", "11.1", "11.3", "12.0", "12.1")
]
LETTERS: dict[str, Verdict] = {"h": "holds", "d": "drifts", "f": "fails", "n": "not tried"}


def outcomes(letters: str) -> list[Outcome]:
    """Outcomes of the first releases, a letter each; of a dot nothing is known."""
    return [
        Outcome(release, LETTERS[letter])
        for release, letter in zip(RELEASES, letters, strict=False)
        if letter != "."
    ]


@pytest.mark.parametrize(
    ("letters", "said", "required"),
    [
        ("h", "holds under 3.9.0", "keras>=3.9.0"),
        ("hhhhhhhh", "holds under 3.9.0–3.12.1", "keras>=3.9.0"),
        (
            "hhhdddhh",
            "holds under 3.9.0–3.10.0, drifts in 3.11.0–3.11.3, holds again from 3.12.0",
            "keras>=3.9.0,!=3.11.*",
        ),
        (
            "h.hd.dhh",
            "holds under 3.9.0–3.10.0, drifts in 3.11.0–3.11.3, holds again from 3.12.0",
            "keras>=3.9.0,!=3.11.*",
        ),
        (
            "hhhhdhhh",
            "holds under 3.9.0–3.11.0, drifts in 3.11.1, holds again from 3.11.3",
            "keras>=3.9.0,!=3.11.1",
        ),
        (
            "fnhhhhhd",
            "fails under 3.9.0, could not be tried under 3.9.2, holds under 3.10.0–3.12.0, "
            "drifts in 3.12.1",
            "keras>=3.10.0,<3.12.1",
        ),
        ("dd", "drifts in 3.9.0–3.9.2", ""),
    ],
)
def test_said(letters: str, said: str, required: str) -> None:
    """Ranges, and what comes of them; what a bisection left out is as its neighbours."""
    found = outcomes(letters)
    assert sentence(found) == said
    assert requirement(found, RELEASES[: len(letters)]) == required


@given(st.text(alphabet=list(LETTERS), min_size=1, max_size=len(RELEASES)))
def test_the_requirement_is_met_by_what_holds(letters: str) -> None:
    """By all that holds, and by nothing that drifts or fails."""
    required = requirement(outcomes(letters), RELEASES[: len(letters)])
    for release, letter in zip(RELEASES, letters, strict=False):
        if letter != "n":
            met = bool(required) and release in Requirement(required).specifier
            assert met == (letter == "h"), release


def test_newer_than_known() -> None:
    """A release that came after this package is judged, and said to be unknown."""
    newer = Version("3.999.0")
    told = advice([Outcome(newer, "holds")], [newer])
    assert any("3.999.0 is newer than the newest" in line for line in told)
    assert not any("newer" in line for line in advice(outcomes("h"), RELEASES[:1]))


def dense(units: int) -> LayerTable:
    """The table of one layer."""
    return LayerTable((Layer(model="m", layer_name="a|b", layer_type="Dense", parameters=units),))


def answers() -> Sequence[Answer]:
    """One that drifts once, by nothing that is known."""
    drift = compare(dense(1), dense(2))
    found = [
        Outcome(RELEASES[0], "holds", drift=compare(dense(1), dense(1))),
        Outcome(RELEASES[1], "drifts", drift.summary, drift),
        Outcome(
            RELEASES[2],
            "fails",
            "ValueError: <no|table>",
            details="Traceback\nValueError: <no|table>",
        ),
    ]
    return [Answer("models:build", "resnet50", "jax", found, RELEASES[:3])]


def test_text() -> None:
    """A row a release, then what it comes to and what to do."""
    assert to_text(answers()).splitlines() == [
        "models:build, compared with resnet50: 3 releases of Keras, jax",
        "",
        "  keras   verdict  finding",
        "  3.9.0   holds",
        "  3.9.2   drifts   1 layer changed (parameters)",
        "  3.10.0  fails    ValueError: <no|table>",
        "",
        "holds under 3.9.0, drifts in 3.9.2, fails under 3.10.0",
        "to stay with what holds, require keras>=3.9.0,<3.9.2",
        "to accept the network of keras 3.9.2, run pytest --snapshot-update under it",
        "no known change of Keras explains all of this: look at it with layersnap diff, "
        "and report it if it is not your own",
    ]


def test_markdown_and_page_are_safe() -> None:
    """What comes from a model or its errors breaks neither a table nor a page."""
    assert (
        "| 3.10.0 | fails | ValueError: &lt;no\\|table&gt; |" in to_markdown(answers()).splitlines()
    )
    page = to_html(answers())
    assert "ValueError: &lt;no|table&gt;" in page
    assert "<no|table>" not in page
    assert "href=#drift-1" in page
    assert page.count("id=drift-") == 1


def test_data() -> None:
    """For programs: everything, the drift of each release too."""
    (told,) = json.loads(json.dumps(to_data(answers())))["answers"]
    assert told["requirement"] == "keras>=3.9.0,<3.9.2"
    assert [each["verdict"] for each in told["releases"]] == ["holds", "drifts", "fails"]
    assert [bool(each["drift"]) for each in told["releases"]] == [False, True, False]
    assert told["releases"][2]["details"].startswith("Traceback")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["bisect", "a:build", "b:build"], "bisect takes one model, not 2; matrix takes several"),
        (["bisect", "a:build", "--run", "pytest"], "--run stands alone: leave out the model"),
        (
            ["matrix", "resnet50", "vgg16", "a:build"],
            "after resnet50, name the function that builds it",
        ),
        (["matrix"], "name a model: package.module:function"),
        (["matrix", "a:build", "--keras", "3.8"], "--keras 3.8: write a range as in '>=3.8,<3.12'"),
    ],
)
def test_wrong_use(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said before anything is installed."""
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith(f"layersnap: {said}")
