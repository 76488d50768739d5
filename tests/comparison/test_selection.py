"""``only=`` and ``ignore=``."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from pytest_layersnap.drift import compare
from pytest_layersnap.table import LayerTable

from .tables import chain, changed, entry, mlp, plain, told


def test_only_keeps_categories() -> None:
    """Fields of other categories leave the change, and with the last one the change goes."""
    drift = compare(mlp(8, 4, 2), mlp(8, 6, 2), only="shape")
    assert drift.categories == {"shape"}
    assert [set(change.fields) for change in drift.changes] == [{"output_shape"}, {"input_shape"}]
    assert drift.hidden == 2


def test_ignore_drops_categories() -> None:
    """What is left is told as if there were nothing else."""
    drift = compare(mlp(8, 4, 2), mlp(8, 6, 2), ignore={"shape", "parameters"})
    assert told(drift) == [("changed", "dense")]
    assert drift.categories == {"config"}
    assert drift.hidden == 2


def test_columns_can_be_named() -> None:
    """A column is narrower than its category."""
    drift = compare(mlp(8, 4, 2), mlp(8, 6, 2), only=["output_shape"])
    assert [set(change.fields) for change in drift.changes] == [{"output_shape"}]
    drift = compare(mlp(8, 4, 2), mlp(8, 6, 2), ignore=["output_shape", "weight_shapes"])
    assert "output_shape" not in drift.changes[0].fields
    assert "weight_shapes" not in drift.changes[0].fields


@pytest.mark.parametrize("name", ["dropout_rate", "config"])
def test_ignoring_a_readable_column_ignores_the_key_it_repeats(name: str) -> None:
    """One difference must not come back under its other name."""
    recorded = chain(entry(8), plain("drop", "Dropout", [], rate=0.5))
    current = chain(entry(8), plain("drop", "Dropout", [], rate=0.3))
    assert not compare(recorded, current, ignore=name)
    assert compare(recorded, current, only=name)


def test_ignoring_the_attributes_leaves_the_readable_columns() -> None:
    """They are columns of their own."""
    recorded = chain(entry(8), plain("drop", "Dropout", [], rate=0.5, seed=1))
    current = chain(entry(8), plain("drop", "Dropout", [], rate=0.3, seed=2))
    (change,) = compare(recorded, current, ignore="layer_attributes").changes
    assert change.fields == {"dropout_rate": ("0.5", "0.3")}


@pytest.mark.parametrize(
    ("category", "current"),
    [("layers", "abxc"), ("layers", "ac"), ("order", "acb"), ("name", "abn")],
)
def test_kinds_have_their_category(category: str, current: str) -> None:
    """Added and removed, moved, renamed."""
    looks = {"a": "1", "b": "2", "c": "3", "n": "3", "x": "4"}

    def table_of(names: str) -> LayerTable:
        return chain(entry(8), *(plain(n, "Dropout", [], which=looks[n]) for n in names))

    assert compare(table_of("abc"), table_of(current)).categories == {category}
    assert compare(table_of("abc"), table_of(current), only=category)
    assert not compare(table_of("abc"), table_of(current), ignore=category)


def test_a_change_without_its_move_is_a_mere_change() -> None:
    """The kind follows from what counts."""
    recorded = chain(*(plain(n, "Dropout", [], which=n) for n in "abcd"))
    current = changed(chain(*(plain(n, "Dropout", [], which=n) for n in "acdb")), 3, dtype="x")
    (change,) = compare(recorded, current).changes
    assert change.kind == "moved"
    assert change.categories == {"order", "dtype"}
    (change,) = compare(recorded, current, ignore="order").changes
    assert change.kind == "changed"
    assert change.categories == {"dtype"}


@pytest.mark.parametrize("argument", ["only", "ignore"])
@pytest.mark.parametrize("names", ["shapes", ["shape", "colour"], {"recorded_with"}])
def test_unknown_names_are_an_error_that_names_the_known(
    argument: str, names: Iterable[str]
) -> None:
    """Also where the tables are equal: a typo must not wait for a drift to be seen."""
    with pytest.raises(ValueError, match=f"{argument}= does not know") as caught:
        compare(mlp(8, 4), mlp(8, 4), **{argument: names})  # type: ignore[arg-type]
    assert "trainability" in str(caught.value)
    assert "kernel_size" in str(caught.value)


def test_an_empty_only_is_an_error() -> None:
    """It would compare nothing, for ever."""
    with pytest.raises(ValueError, match="names nothing"):
        compare(mlp(8, 4), mlp(8, 4), only=[])


def test_nothing_hidden_is_said_so() -> None:
    """``hidden`` counts changes from which something was left out."""
    assert compare(mlp(8, 4), mlp(8, 5), ignore="dtype").hidden == 0
    assert compare(mlp(8, 4), mlp(8, 5)).hidden == 0


def test_an_added_layer_with_weights_counts_as_parameters() -> None:
    """Whoever asks for parameters alone must still learn of a layer that brings some."""
    recorded, current = mlp(8, 4, 2), mlp(8, 4, 4, 2)
    assert compare(recorded, current, only="parameters")
    assert compare(recorded, current, only="trainability")
    assert not compare(recorded, current, only="dtype")
    assert not compare(recorded, current, only="parameters", ignore="layers")
