"""What Keras itself changed, reproduced: real models, beside tables that other releases recorded.

``comparison/recorded/without`` holds the tables of releases without the change, ``with`` those with it;
each release builds one of the two, and is told of the other that Keras builds it differently.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import Drift, LayerTable, compare, layer_table
from pytest_layersnap.comparison.known_changes import KNOWN_CHANGES
from pytest_layersnap.table import Layer

from .known_changes import MODELS, NUMBERS

RECORDED = Path(__file__).parent / "comparison" / "recorded"
SNAPSHOTS = Path(__file__).parents[1] / "snapshots"

#: Applications, whose tables with the change are snapshots.
APPLICATIONS = {
    "mobilenetv3small": "applications/mobilenetv3small",
    "nasnetmobile": "applications/without_top/nasnetmobile",
}

pytestmark = pytest.mark.filterwarnings("ignore")  # of layers that will not be built, or quantised


def both(name: str) -> tuple[LayerTable, LayerTable]:
    """The tables that a release without and one with the change recorded."""
    with_it = RECORDED / "with" / f"{name}.csv"
    if name in APPLICATIONS:
        with_it = SNAPSHOTS / f"{APPLICATIONS[name]}.csv"
    without = RECORDED / "without" / f"{name}.csv"
    return LayerTable.read_csv(without), LayerTable.read_csv(with_it)


def unexplained(drift: Drift) -> set[str]:
    """The rows whose change is not Keras' own."""
    explained = [change for known in drift.explanations for change in known.changes]
    return {change.layer for change in drift.changes if change not in explained}


def built(keras: ModuleType, name: str, **arguments: int) -> LayerTable:
    """The table of a model under this Keras."""
    try:
        return layer_table(MODELS[name][0](keras, **arguments), name=name)
    except (AttributeError, ValueError) as error:
        if name != "int4_weights":
            raise
        pytest.skip(f"this Keras has no int4: {error}")


@pytest.mark.parametrize("name", MODELS)
def test_named(keras: ModuleType, name: str) -> None:
    """This Keras builds one of the two, and all that is different about the other is explained."""
    table = built(keras, name)
    drifts = [drift for recorded in both(name) if (drift := compare(recorded, table))]
    (drift,) = drifts
    assert drift.explanations
    assert unexplained(drift) == set()


@pytest.mark.parametrize("name", MODELS)
def test_a_change_beside_it(keras: ModuleType, name: str) -> None:
    """Another layer that somebody changed is no work of Keras'."""
    table = built(keras, name, units=5)
    drifts = [compare(recorded, table) for recorded in both(name)]
    assert [unexplained(drift) for drift in drifts] == [{"beside"}, {"beside"}]
    assert sorted(len(drift.explanations) for drift in drifts) == [0, 1]


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers(keras: ModuleType, name: str) -> None:
    """This Keras computes one of the two, and all that the other computes differently is explained."""
    if name == "median" and not hasattr(keras, "ops"):
        pytest.skip("Keras 2 has no such operation")
    recorded = both(name)
    table = layer_table(NUMBERS[name](keras), name=name, behavior=True)
    (drift,) = [drift for one in recorded if (drift := compare(one, table))]
    assert drift.categories == {"behavior"}
    assert unexplained(drift) == set()
    assert "same architecture, other numbers, through Keras alone" in drift.to_text()
    table = layer_table(NUMBERS[name](keras, units=5), name=name, behavior=True)
    assert [unexplained(compare(one, table)) for one in recorded] == [{"beside"}, {"beside"}]


@pytest.mark.parametrize("name", MODELS)
def test_a_change_of_the_same_layer(keras: ModuleType, name: str) -> None:
    """A layer that somebody changed, too, is not explained away."""
    _, arguments, rows = MODELS[name]
    table = built(keras, name, **arguments)
    assert all(rows <= unexplained(compare(recorded, table)) for recorded in both(name))


@pytest.mark.parametrize("name", [*APPLICATIONS, *MODELS, *NUMBERS])
def test_either_way(name: str) -> None:
    """Newer or older than the snapshot: the same layers are explained by the same change."""
    without, with_it = both(name)
    there, back = compare(without, with_it), compare(with_it, without)
    (one,), (other,) = there.explanations, back.explanations
    assert one.known is other.known
    assert len(one.changes) == len(other.changes) == len(there.changes)


@pytest.mark.parametrize("name", [*APPLICATIONS, *MODELS])
def test_the_other_way_round(name: str) -> None:
    """What Keras changed is not what somebody changed back: the old network under the new Keras."""
    without, with_it = both(name)
    swapped = (
        replace(with_it, recorded_with=without.recorded_with),
        replace(without, recorded_with=with_it.recorded_with),
    )
    assert compare(*swapped)
    assert compare(*swapped).explanations == ()


def test_every_change_is_reproduced() -> None:
    """No known change without a network that shows it."""
    shown = {
        compare(*both(name)).explanations[0].known.what
        for name in (*APPLICATIONS, *MODELS, *NUMBERS)
    }
    assert shown == {known.what for known in KNOWN_CHANGES}


def edited(table: LayerTable, name: str, **cells: Any) -> LayerTable:
    """A table with other cells in one row."""
    assert any(row.layer_name == name for row in table)
    rows = (replace(row, **cells) if row.layer_name == name else row for row in table)
    return replace(table, layers=tuple(rows))


def test_a_kernel_in_a_mobilenet() -> None:
    """A convolution that somebody changed is left over."""
    without, with_it = both("mobilenetv3small")
    convolution = next(row for row in with_it if row.layer_type == "Conv2D")
    attributes = convolution.layer_attributes.replace(
        '"kernel_size": [3, 3]', '"kernel_size": [5, 5]'
    )
    assert attributes != convolution.layer_attributes
    changed = edited(with_it, convolution.layer_name, layer_attributes=attributes)
    assert unexplained(compare(without, changed)) == {convolution.layer_name}


def test_an_activation_in_a_mobilenet() -> None:
    """Where somebody put another activation into the place of a hard-swish, it is not explained."""
    without, with_it = both("mobilenetv3small")
    swish = next(row for row in with_it if row.activation_function == "hard_silu")
    changed = edited(
        with_it,
        swish.layer_name,
        activation_function="relu",
        layer_attributes='{"activation": "relu"}',
    )
    assert len(unexplained(compare(without, changed))) == 4


def test_a_layer_more_in_a_mobilenet() -> None:
    """A ReLU that is no part of a hard-swish is somebody's own, whether it came or went."""
    without, with_it = both("mobilenetv3small")
    for before, after in ((with_extra(without), with_it), (without, with_extra(with_it))):
        assert unexplained(compare(before, after)) == {"extra"}


def test_a_setting_in_a_nasnet() -> None:
    """A layer that somebody changed is left over among hundreds that follow from the input's size."""
    without, with_it = both("nasnetmobile")
    separable = next(row for row in with_it if row.layer_type == "SeparableConv2D")
    attributes = separable.layer_attributes.replace('"use_bias": false', '"use_bias": true')
    assert attributes != separable.layer_attributes
    changed = edited(with_it, separable.layer_name, layer_attributes=attributes)
    assert unexplained(compare(without, changed)) == {separable.layer_name}


def test_layers_in_a_nasnet() -> None:
    """Where other layers came than the known size brings, none of them is explained."""
    without, with_it = both("nasnetmobile")
    drift = compare(without, with_extra(with_it))
    layers = {change.layer for change in drift.changes if change.kind in ("added", "removed")}
    assert "extra" in layers
    assert layers <= unexplained(drift)


def with_extra(table: LayerTable) -> LayerTable:
    """A table with a ReLU more, at its end."""
    last = table.layers[-1]
    extra = Layer(
        model=last.model,
        layer_name="extra",
        layer_type="ReLU",
        input_shape=last.output_shape,
        output_shape=last.output_shape,
        layer_attributes='{"max_value": 6, "negative_slope": 0, "threshold": 0}',
        inbound_layers=f'["{last.layer_name}"]',
        dtype="float32",
    )
    return replace(table, layers=(*table.layers, extra))
