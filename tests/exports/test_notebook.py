"""Exports against what the code of a notebook collects from the same models under Keras 3."""

from __future__ import annotations

import json
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import layer_table
from pytest_layersnap.exports import export
from pytest_layersnap.extract.names import auto_name
from pytest_layersnap.table import NOTEBOOK_COLUMNS

from .. import models, notebook

pytestmark = pytest.mark.once_a_generation

#: What a config says and a table does not: what other columns hold, what only encodes, what does
#: nothing, and settings at the default that some release leaves out. Docs/export.md lists them.
LEFT_OUT = {
    *("name", "trainable", "dtype", "batch_shape", "data_format", "seed"),
    *("groups", "keepdims", "optional", "ragged", "renorm", "renorm_momentum", "sparse"),
    "synchronized",
}


@pytest.mark.parametrize("name", models.TRANSFER)
def test_the_sixteen_columns(keras: ModuleType, own_model: Any, tmp_path: Any, name: str) -> None:
    """Cell by cell they are equal, but for the differences that are named here."""
    if not hasattr(keras, "ops"):
        pytest.skip("Keras 2 spells shapes and configs in another way")
    pd = pytest.importorskip("pandas")
    model = own_model(name)
    theirs = tmp_path / "notebook.csv"
    pd.DataFrame(notebook.rows(model, name)).to_csv(theirs, index=False)
    (ours,) = export([layer_table(model, name=name)], tmp_path / "ours.csv")
    frames = [pd.read_csv(path, keep_default_na=False, dtype=str) for path in (theirs, ours)]
    assert [tuple(frame.columns) for frame in frames] == [NOTEBOOK_COLUMNS] * 2
    rows = [frame.to_dict("records") for frame in frames]
    assert len(rows[0]) == len(rows[1]) == len(model.layers)
    for their, our, layer in zip(*rows, model.layers, strict=True):
        different = {column for column in NOTEBOOK_COLUMNS if their[column] != our[column]}
        if auto_name(their["layer_name"], their["layer_type"]) == our["layer_name"].rstrip("_1"):
            different.discard("layer_name")  # numbered by what else was built before
        if their["layer_type"] == "InputLayer":
            assert (their["input_shape"], our["input_shape"]) == ("[]", our["output_shape"])
            different.discard("input_shape")
        assert different <= {"layer_attributes"}, (their, our)
        rank = len(layer.output.shape)
        assert_same_config(layer.get_config(), json.loads(our["layer_attributes"]), rank)


def assert_same_config(theirs: Any, ours: Any, rank: int) -> None:
    """Nothing is in ours that is not in theirs, and only what says nothing is left out."""
    theirs = json.loads(json.dumps(theirs))
    assert ours.keys() <= theirs.keys()
    assert {key for key in theirs.keys() - ours.keys() if theirs[key] is not None} <= LEFT_OUT
    for key, value in ours.items():
        their = theirs[key]
        if key == "axis":  # a list of one, or counted from the end
            their = (their[0] if isinstance(their, list) else their) % rank
        if isinstance(value, dict) and "class_name" in value:
            assert value["class_name"] == their["class_name"]
            assert value["config"].items() <= their["config"].items()
        else:
            assert value == their
