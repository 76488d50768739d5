"""The grammar of paths, references and auto names, there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_layersnap.references import (
    Reference,
    holders,
    is_auto_name,
    own_name,
    parent,
    replaced,
    segment,
)

#: Names that are hard to tell from the grammar around them, among any others.
NAMES = st.one_of(
    st.text(alphabet="a1:@/0 _", max_size=8), st.text(max_size=8), st.sampled_from(["", "x@1:2"])
)
NUMBERS = st.integers(0, 30)


@given(path=NAMES, call=NUMBERS, output=NUMBERS)
def test_references_are_read_as_they_were_written(path: str, call: int, output: int) -> None:
    """Whatever a layer is called."""
    assert Reference.parse(str(Reference(path, call, output))) == (path, call, output)


@given(text=NAMES)
def test_any_text_is_a_reference(text: str) -> None:
    """And what is written of it means the same."""
    found = Reference.parse(text)
    assert Reference.parse(str(found)) == found


@pytest.mark.parametrize(
    ("reference", "text"),
    [
        (("conv",), "conv"),
        (("split", 0, 1), "split:1"),
        (("shared", 2), "shared@2"),
        (("shared", 2, 1), "shared@2:1"),
        (("stage:1",), "stage:1@0:0"),
        (("x@1", 0, 3), "x@1@0:3"),
        (("head@home", 1), "head@home@1"),
        (("a:b", 0, 1), "a:b:1"),
    ],
)
def test_only_what_is_ambiguous_is_longer(reference: tuple[str, int, int], text: str) -> None:
    """Names that nobody could misread are written as they always were."""
    assert str(Reference(*reference)) == text


@given(names=st.lists(NAMES, min_size=1, max_size=4))
def test_paths_are_taken_apart_as_they_were_joined(names: list[str]) -> None:
    """Empty names among them."""
    parts = list(map(segment, names))
    path = "/".join(parts)
    assert own_name(path) == parts[-1]
    assert parent(path) == ("/".join(parts[:-1]) if parts[1:] else None)
    assert [own_name(holder) for holder in holders(path)] == parts[-2::-1]


@pytest.mark.parametrize(
    ("name", "kind", "auto"),
    [
        ("dense", "Dense", True),
        ("dense_12", "Dense", True),
        ("dense_", "Dense", False),
        ("dense_1_2", "Dense", False),
        ("my_dense", "Dense", False),
        ("private__block_1", "_Block", True),
        ("__block", "_Block", True),
        ("_block", "_Block", False),
        ("my_v2_layer", "MyV2Layer", True),
        ("model_1", "Functional", True),
        ("input_2", "InputLayer", True),
        ("add_1", "op:add", True),
        ("add", "Dense", False),
    ],
)
def test_auto_names(name: str, kind: str, auto: bool) -> None:
    """Keras makes them of the class, and a counter."""
    assert is_auto_name(name, kind) is auto


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("dense_3_relu", "dense_relu"),
        ("pre_dense_3", "pre_dense"),
        ("a_dense_3_b_dense_4_c", "a_dense_b_dense_1_c"),
        ("dense_31", "dense_31"),
        ("subdense_3", "subdense_3"),
        ("conv2d_3_relu", "conv2d_3_relu"),
    ],
)
def test_names_inside_of_names(name: str, found: str) -> None:
    """Whole words only."""
    assert replaced(name, {"dense_3": "dense", "dense_4": "dense_1", "d_3": "x"}) == found
