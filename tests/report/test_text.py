"""The text report."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import takewhile

import pytest

from pytest_layersnap.drift import compare
from pytest_layersnap.references import Reference
from pytest_layersnap.report.words import cut_pair
from pytest_layersnap.table import Layer, LayerTable

from ..comparison.tables import (
    chain,
    changed,
    dense,
    entry,
    mlp,
    plain,
    renumbered,
    resnet,
    table,
    without_topology,
)


def body(text: str) -> list[str]:
    """The findings of a report about layers, without what is said of the model as a whole."""
    lines = text.splitlines()[2:]
    lines = lines[: lines.index("")]
    if lines[0] == "  ~ the model itself":
        lines = lines[1:]
        while lines and lines[0].startswith("      "):
            lines = lines[1:]
    return lines


def whole(text: str) -> list[str]:
    """What a report says of the model as a whole."""
    lines = text.splitlines()
    if "  ~ the model itself" not in lines:
        return []
    lines = lines[lines.index("  ~ the model itself") + 1 :]
    return [line.strip() for line in takewhile(lambda line: line.startswith("      "), lines)]


def each(layers: list[Layer], of_type: str, **cells: object) -> LayerTable:
    """The rows with other cells wherever the type is this one; ``config`` updates attributes."""
    found = LayerTable(tuple(layers))
    for place, layer in enumerate(layers):
        if layer.layer_type == of_type:
            found = changed(found, place, **dict(cells))
    return found


def _reconfigured(layer: Layer, number: int) -> Layer:
    """The row with many settings that it did not have, all its own."""
    settings = {f"setting_{letter}": number for letter in "abcdefghijklmno"}
    return replace(layer, layer_attributes=json.dumps({**layer.attributes, **settings}))


def test_a_report_in_full() -> None:
    """Verdict, findings, totals, circumstances, and the command."""
    recorded = replace(mlp(2048, 1024, 10), recorded_with="keras 3.3.3, tensorflow 2.16.1")
    current = replace(mlp(2048, 512, 10), recorded_with="keras 3.9.0, jax 0.5.0")
    assert compare(recorded, current).to_text(accept="pytest --snapshot-update") == (
        "net has drifted: 2 layers changed (parameters, config, shape)\n"
        "\n"
        "  ~ the model itself\n"
        "      weights  saved before no longer load: dense expects (2048, 512), the file has "
        "(2048, 1024)\n"
        "  ~ dense (Dense)\n"
        "      units          1024 → 512\n"
        "      weight_shapes  [[2048, 1024], [1024]] → [[2048, 512], [512]]\n"
        "      output_shape   (None, 1024) → (None, 512)\n"
        "      parameters     2,098,176 → 1,049,088\n"
        "  ~ dense_1 (Dense)\n"
        "      weight_shapes  [[1024, 10], [10]] → [[512, 10], [10]]\n"
        "      input_shape    (None, 1024) → (None, 512)\n"
        "      parameters     10,250 → 5,130\n"
        "\n"
        "  parameters  2,108,426 → 1,054,218 (-1,054,208)\n"
        "  trainable   2,108,426 → 1,054,218 (-1,054,208)\n"
        "  memory      8.04 MB → 4.02 MB\n"
        "  recorded    with keras 3.3.3, tensorflow 2.16.1\n"
        "  now         with keras 3.9.0, jax 0.5.0\n"
        "\n"
        "If this is what you want, accept it with\n"
        "  pytest --snapshot-update"
    )


def test_no_drift_is_said_in_a_line() -> None:
    """And nothing is there to be accepted."""
    text = compare(mlp(8, 4), mlp(8, 4)).to_text()
    assert text.splitlines()[0] == "net: no drift"
    assert "accept" not in text


def test_the_command_can_be_left_out() -> None:
    """Where two files are compared, nothing is to be accepted."""
    text = compare(mlp(8, 4), mlp(8, 5)).to_text(accept=None)
    assert "accept" not in text


def test_equal_changes_of_many_layers_are_one_finding() -> None:
    """With their type, if they have one in common."""
    recorded = resnet(10, named=True)
    drift = compare(
        LayerTable(tuple(recorded)), each(recorded, "BatchNormalization", config={"epsilon": 1e-05})
    )
    assert body(drift.to_text()) == [
        "  ~ 20 BatchNormalization layers: block0_1_bn … block9_2_bn",
        "      epsilon  1.001e-05 → 1e-05",
    ]


def test_frozen_layers_are_one_finding_with_their_parameters_in_total() -> None:
    """However many parameters each of them has."""
    recorded = LayerTable(tuple(resnet(10, named=True)))
    frozen = [replace(layer, is_trainable=False, trainable_parameters=0) for layer in recorded]
    drift = compare(
        recorded, LayerTable((recorded.layers[0], *frozen[1:36], *recorded.layers[36:]))
    )
    first, *facts = body(drift.to_text())
    assert first == "  ~ 35 layers: block0_1_conv … block4_add, all of block0–2 and block3–4"
    assert facts[0] == "      is_trainable          True → False"
    assert facts[1].startswith("      trainable_parameters  ")
    assert facts[1].endswith(" → 0  (in total)")


def test_a_renamed_prefix_is_one_finding() -> None:
    """Told by the part of the names that differs."""
    recorded = LayerTable(tuple(resnet(3, named=True)))
    rows = [
        replace(
            layer,
            layer_name=layer.layer_name.replace("block1", "stage1"),
            inbound_layers=layer.inbound_layers.replace("block1", "stage1"),
        )
        for layer in recorded
    ]
    assert body(compare(recorded, LayerTable(tuple(rows))).to_text()) == [
        "  = 7 layers: stage1_1_conv … stage1_add, all of stage1",
        "      name  block1 → stage1",
    ]


@pytest.mark.parametrize(
    ("prefix", "there", "back"),
    [("m2_", "… → m2_…", "m2_… → …"), ("net/", "… → net/…", "net/… → …")],
)
def test_a_prefix_that_all_names_get_is_one_finding(prefix: str, there: str, back: str) -> None:
    """Though no two names have much in common."""
    recorded = chain(entry(8, "in"), *(plain(name, "Dropout", [], which=name) for name in "abcd"))
    current = chain(
        entry(8, f"{prefix}in"), *(plain(prefix + n, "Dropout", [], which=n) for n in "abcd")
    )
    assert body(compare(recorded, current).to_text())[1:] == [f"      name  {there}"]
    assert body(compare(current, recorded).to_text())[1:] == [f"      name  {back}"]


def test_an_added_layer_tells_where_it_stands() -> None:
    """Between which, what shape, how large."""
    recorded = chain(entry(64), plain("a", "Dropout", []), plain("b", "Dropout", []))
    current = chain(
        entry(64), plain("a", "Dropout", []), dense("new", "", 64, 64), plain("b", "Dropout", [])
    )
    assert body(compare(recorded, current).to_text()) == [
        "  + new (Dense), between a and b",
        "      (None, 64), 4,160 parameters",
    ]
    assert body(compare(current, recorded).to_text())[0] == "  - new (Dense), between a and b"


def test_names_that_look_like_references_are_told_as_they_are() -> None:
    """A layer may be called like the second output of another."""
    one, other = dense("stage", "input_layer", 8, 8), dense("stage:1", "input_layer", 8, 8)
    added = dense("x@1", str(Reference("stage:1")), 8, 8)
    merge = plain("sum", "Add", ["stage", str(Reference("stage:1"))], 8)
    recorded = table(entry(8), one, other, merge)
    current = table(
        entry(8),
        one,
        other,
        added,
        replace(merge, inbound_layers=json.dumps(["stage", str(Reference("x@1"))])),
    )
    assert (
        body(compare(recorded, current).to_text())[0] == "  + x@1 (Dense), between stage:1 and sum"
    )


def test_a_run_of_added_layers_is_one_finding() -> None:
    """Named one by one if they are few, counted by type if they are many."""
    recorded = resnet(3, named=True)
    few = compare(LayerTable(tuple(recorded[:-3])), LayerTable(tuple(recorded)))
    assert body(few.to_text()) == [
        "  + 3 layers: block2_2_bn, block2_2_relu, block2_add, after block2_2_conv, block1_add",
        "      block2_2_bn (BatchNormalization)  (None, 8, 8, 192), 768 parameters",
        "      block2_2_relu (Activation)        (None, 192)",
        "      block2_add (Add)                  (None, 192)",
    ]
    many = compare(LayerTable(tuple(recorded[:-14])), LayerTable(tuple(recorded)))
    assert body(many.to_text()) == [
        "  + 14 layers: block1_1_conv … block2_add, after block0_add",
        "      block1 and block2 added",
        "      4 Conv2D, 4 BatchNormalization, 4 Activation, 2 Add, 961,024 parameters",
    ]


def test_added_layers_in_many_places_are_one_finding() -> None:
    """Nobody wants twenty of them in a row."""
    rows = [entry(64), *[dense(f"dense{n}", "", 64, 64) for n in range(8)]]
    dropped = [rows[0]]
    for number, layer in enumerate(rows[1:]):
        dropped += [layer, plain(f"drop{number}", "Dropout", [])]
    assert body(compare(chain(*rows), chain(*dropped)).to_text()) == [
        "  + 8 Dropout layers: drop0 … drop7, in 8 places"
    ]


def test_a_type_is_told_with_the_settings_that_come_and_go_with_it() -> None:
    """As one line, not as one a setting."""
    recorded = chain(entry(64), plain("act", "Activation", [], activation="relu"))
    current = chain(entry(64), plain("act", "ReLU", [], max_value=6, threshold=0.0))
    assert body(compare(recorded, current).to_text()) == [
        "  ~ act (ReLU)",
        "      type      Activation → ReLU",
        "      settings  activation_function=relu → max_value=6, threshold=0.0",
    ]


def test_rewiring_tells_who_feeds_the_layer() -> None:
    """Recorded references bear the names of today."""
    recorded = LayerTable(tuple(resnet(3, auto_from=5)))
    current = changed(LayerTable(tuple(resnet(3))), 14, inbound_layers='["activation_3", "conv2d"]')
    assert body(compare(recorded, current).to_text()) == [
        "  ~ add_1 (Add)",
        "      fed by  activation_3, add → activation_3, conv2d",
    ]


def test_moves_tell_where_from_and_where_to() -> None:
    """By the layer before."""
    recorded = chain(entry(64), *(plain(name, "Dropout", [], which=name) for name in "abcd"))
    current = chain(entry(64), *(plain(name, "Dropout", [], which=name) for name in "acbd"))
    assert body(compare(recorded, current).to_text()) == [
        "  > c (Dropout)",
        "      after  b → a",
        "  > b (Dropout)",
        "      after  a → c",
    ]


def test_edges_that_can_no_longer_be_read_are_one_finding() -> None:
    """Not one a layer."""
    recorded = mlp(8, 7, 6, 5, 4, 3, 2)
    assert body(compare(recorded, without_topology(recorded)).to_text()) == [
        "  ~ 7 layers: input_layer … dense_5, the whole network",
        "      fed by  known layers → unknown",
    ]


def test_nested_settings_are_told_by_path() -> None:
    """As deep as they are."""
    old = {"class_name": "HeNormal", "config": {"seed": None}}
    new = {"class_name": "HeNormal", "config": {"seed": 7}}
    recorded = changed(mlp(8, 4), 1, config={"kernel_initializer": old})
    current = changed(mlp(8, 4), 1, config={"kernel_initializer": new})
    assert "kernel_initializer.config.seed  None → 7" in compare(recorded, current).to_text()


def test_shapes_and_inputs_of_another_resolution_take_few_lines() -> None:
    """155 rows with a shape of their own, no reason to scroll."""

    def at(size: int) -> LayerTable:
        layers = []
        for number, layer in enumerate(resnet(22)):
            side = size // (1 + number // 14)
            shape = f"(None, {side}, {side}, 3)"
            layers.append(replace(layer, input_shape=shape, output_shape=shape))
        return LayerTable(tuple(layers))

    text = compare(at(224), at(256)).to_text()
    assert "inputs   (None, 224, 224, 3) → (None, 256, 256, 3)" in text
    assert "155 layers: input_layer … add_21" in text
    assert "(None, 112, 112, 3) → (None, 128, 128, 3)  (14 layers)" in text
    assert len(text.splitlines()) <= 20


def test_what_hurts_most_stands_first() -> None:
    """Inputs and outputs, weights that no longer fit, trainability, and then the rest."""
    recorded = chain(
        entry(8, "in"),
        plain("drop", "Dropout", [], size=8, rate=0.1),
        dense("frozen", "", 8, 8),
        dense("wider", "", 8, 8),
        plain("act", "Activation", [], size=8, activation="relu"),
    )
    current = changed(recorded, 1, dropout_rate="0.5", config={"rate": 0.5})
    current = changed(current, 2, is_trainable=False, trainable_parameters=0)
    current = changed(current, 3, parameters=81, weight_shapes="[[8, 9], [9]]")
    current = changed(current, 4, output_shape="(None, 9)")
    text = compare(recorded, current).to_text()
    assert whole(text)[0] == "outputs  (None, 8) → (None, 9)"
    assert [line.split()[1] for line in body(text) if line.startswith("  ~")] == [
        "wider",
        "frozen",
        "drop",
        "act",
    ]


def test_inputs_and_outputs_are_told_with_the_names_and_dtypes_that_changed() -> None:
    """And with nothing that stayed as it was."""
    recorded = chain(entry(8, "image"), plain("scores", "Dropout", [], size=8))
    current = chain(entry(8, "picture"), plain("scores", "Dropout", [], size=8))
    assert whole(compare(recorded, current).to_text()) == [
        "inputs  image (None, 8) → picture (None, 8)"
    ]
    half = changed(recorded, 1, dtype="mixed_float16")
    assert whole(compare(recorded, half).to_text()) == [
        "outputs  (None, 8) float32 → (None, 8) float16"
    ]
    assert not whole(compare(recorded, half, only="config").to_text())
    assert not whole(compare(recorded, current, ignore="name").to_text())


def test_weights_that_load_into_the_wrong_layers_are_told_first() -> None:
    """Nobody would notice."""
    recorded, current = mlp(8, 8, 8, 8, names=list("abc")), mlp(8, 8, 8, names=list("bc"))
    assert whole(compare(recorded, current).to_text()) == [
        "weights  .weights.h5: load into the wrong layers, as b gets those of a (and 1 more)",
        ".h5: no longer load: a is only in the file (2 layers have weights, 3 in the file)",
        ".h5 by name: still load",
    ]
    assert not whole(compare(recorded, current, only="layers").to_text())


def test_weights_that_still_load_are_told_below() -> None:
    """Where nothing hurts, and only if something changed."""
    recorded = mlp(8, 4, names=["a"])
    current = changed(recorded, 1, activation_function="tanh")
    assert "\n  weights     saved before still load\n" in compare(recorded, current).to_text()
    assert "weights" not in compare(recorded, recorded).to_text()


def test_a_block_that_stands_there_once_more_is_said_so() -> None:
    """Once, or many times."""
    alike = resnet(40, named=True)
    two, three, six = (LayerTable(tuple(alike[: 7 * blocks + 1])) for blocks in (2, 3, 6))
    text = compare(two, three).to_text()
    line = "block0–2: 1 block added, 3 in all, the same as block1_1_conv … block1_add"
    assert f"      {line}" in text.splitlines()
    text = compare(two, six).to_text()
    line = "block0–5: 4 blocks added, 6 in all, each the same as block1_1_conv … block1_add"
    assert f"      {line}" in text.splitlines()
    text = compare(six, two).to_text()
    line = "block0–5: 4 of 6 blocks removed, each the same as block1_1_conv … block1_add"
    assert f"      {line}" in text.splitlines()


def test_a_width_multiplier_is_one_finding() -> None:
    """One factor for all channels, whatever follows from it; other changes are told beside it."""

    def network(width: int) -> list[Layer]:
        return resnet(16, width=width, named=True)

    current = network(48)
    current[2] = replace(current[2], layer_attributes='{"epsilon": 0.1}')
    text = compare(LayerTable(tuple(network(64))), LayerTable(tuple(current))).to_text()
    first, second = (line for line in body(text) if line.startswith("  ~"))
    assert first == "  ~ 113 layers: input_layer … block15_add, the whole network"
    assert "      channels              × 0.75" in text.splitlines()
    assert second == "  ~ block0_1_bn (BatchNormalization)"


def test_factors_that_few_layers_have_in_common_are_no_width_multiplier() -> None:
    """Another network has other channels, and some of them are half of what they were."""
    current = [
        replace(layer, layer_attributes=json.dumps({**layer.attributes, "filters": 8 + number}))
        if "filters" in layer.layer_attributes and number % 3
        else replace(layer, layer_attributes=layer.layer_attributes.replace("64", "32"))
        for number, layer in enumerate(resnet(9))
    ]
    assert "channels" not in compare(table(*resnet(9)), table(*current)).to_text()


def test_another_resolution_is_no_width_multiplier() -> None:
    """Its shapes have a factor in common, too, on other axes."""
    at = [
        [
            replace(layer, output_shape=f"(None, {side}, {side}, 3)") if n else layer
            for n, layer in enumerate(resnet(9))
        ]
        for side in (64, 48)
    ]
    assert "channels" not in compare(table(*at[0]), table(*at[1])).to_text()


def test_selections_tell_what_they_hide() -> None:
    """Or that they hide nothing."""
    text = compare(mlp(8, 4, 2), mlp(8, 5, 2), ignore={"shape", "parameters"}).to_text()
    assert "ignored     parameters, shape (hides differences of 2 layers)" in text
    assert "outputs" not in text
    text = compare(mlp(8, 4, 2), mlp(8, 5, 2), only="config").to_text()
    assert "only        config (hides differences of 2 layers)" in text
    text = compare(mlp(8, 4), mlp(8, 5), ignore="dtype").to_text()
    assert "ignored     dtype (hides nothing)" in text


def test_the_same_versions_are_not_told_twice() -> None:
    """Only that they are the same."""
    recorded = replace(mlp(8, 4), recorded_with="keras 3.9.0")
    text = compare(recorded, replace(mlp(8, 5), recorded_with="keras 3.9.0")).to_text()
    assert text.count("keras 3.9.0") == 1
    assert "recorded    with keras 3.9.0, as now" in text


def test_control_characters_can_not_break_a_line_or_a_terminal() -> None:
    """Names and settings are free text."""
    recorded = chain(entry(8), plain("a\x1b[31m\nb", "Lambda", [], text="x"))
    current = chain(entry(8), plain("a\x1b[31m\nb", "Lambda", [], text="x\ny\x00\u202e"))
    text = compare(recorded, current).to_text()
    assert r"a\x1b[31m\nb (Lambda)" in text
    assert r"text  x → x\ny\x00\u202e" in text


@pytest.mark.parametrize(
    ("recorded", "current", "expected"),
    [
        ("short", "other", ("short", "other")),
        ("x" * 90 + "a", "x" * 90 + "b", ("…" + "x" * 12 + "a", "…" + "x" * 12 + "b")),
        ("a" + "x" * 90, "b" + "x" * 90, ("a" + "x" * 12 + "…", "b" + "x" * 12 + "…")),
    ],
)
def test_long_values_are_cut_where_they_do_not_differ(
    recorded: str, current: str, expected: tuple[str, str]
) -> None:
    """What differs is always seen."""
    assert cut_pair(recorded, current) == expected


def test_long_values_that_differ_throughout_are_cut_in_the_middle() -> None:
    """Beginning and end tell most."""
    recorded, current = cut_pair("a" * 100, "b" * 100)
    assert recorded == "a" * 30 + "…" + "a" * 30
    assert current == "b" * 30 + "…" + "b" * 30


@pytest.mark.parametrize(
    ("recorded", "current"),
    [
        (resnet(20), resnet(20, width=48)),
        (resnet(20), resnet(31)),
        (resnet(20), resnet(20, named=True)),
        (resnet(20), list(each(resnet(20), "Conv2D", use_bias="True", config={"use_bias": True}))),
        (resnet(20), list(each(resnet(20), "Activation", layer_type="ReLU"))),
        (resnet(20), list(mlp(*range(200, 2, -1)))),
        (resnet(20), [_reconfigured(layer, number) for number, layer in enumerate(resnet(20))]),
        (resnet(1), [_reconfigured(layer, number) for number, layer in enumerate(resnet(1))]),
        (resnet(20), [replace(layer, dtype="mixed_float16") for layer in resnet(20)]),
        (resnet(20), list(renumbered(reversed(resnet(20))))),
    ],
)
def test_no_report_is_longer_than_forty_lines(recorded: list[Layer], current: list[Layer]) -> None:
    """Whatever happened."""
    drift = compare(table(*recorded), table(*current))
    assert drift
    assert len(drift.to_text().splitlines()) <= 40
    assert max(map(len, drift.to_text().splitlines())) <= 160


def test_the_report_is_complete_for_a_handful_of_changes() -> None:
    """Layer by layer, every value."""
    recorded = mlp(8, 7, 6, 5, 4)
    current = changed(changed(recorded, 1, dtype="a"), 3, config={"activation": "b"})
    text = compare(recorded, current).to_text()
    assert "dtype  float32 → a" in text
    assert "activation  relu → b" in text
    assert json.dumps(compare(recorded, current).to_dict())
