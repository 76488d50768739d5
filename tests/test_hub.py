"""Models of keras-hub: one recorded table each, held on every backend of the newest Keras 3.

Their layers are not Keras' own: what they hold has rows, and their configs are the library's.
"""

from __future__ import annotations

import math
import re
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from pytest_layersnap import LayerTable, compare, layer_table, weightless

from .hub import HUB

pytestmark = pytest.mark.filterwarnings("ignore")  # of layers that do not pass masks on


@pytest.fixture(scope="module")
def hub(keras: ModuleType) -> ModuleType:
    """keras-hub, which needs the newest Keras: where that is there."""
    reason = "keras-hub is installed beside the newest Keras 3 alone: it needs Keras 3.15"
    found: ModuleType = pytest.importorskip("keras_hub", reason=reason)
    return found


@pytest.fixture(scope="module")
def hub_model(hub: ModuleType) -> Any:
    """A model by its name, built once; tests must not change it."""
    built: dict[str, Any] = {}

    def build(name: str) -> Any:
        if name not in built:
            built[name] = HUB[name](hub)
        return built[name]

    return build


@pytest.fixture(scope="module")
def hub_table(hub_model: Any) -> Any:
    """The table of a model by its name."""
    read: dict[str, LayerTable] = {}

    def table(name: str) -> LayerTable:
        if name not in read:
            read[name] = layer_table(hub_model(name), name=name)
        return read[name]

    return table


#: Where keras-hub has a fused operation for attention it calls no softmax: another table.
FUSED = "llama"


@pytest.mark.parametrize("name", HUB)
def test_snapshot(keras: ModuleType, layersnap: Any, hub_model: Any, name: str) -> None:
    """The recorded table holds on this backend, and its sums are Keras' own."""
    model = hub_model(name)
    if name != FUSED or keras.backend.backend() == "tensorflow":
        layersnap.check(model, name=f"keras_hub/{name}")
    table = layer_table(model)
    trained = sum(math.prod(tuple(weight.shape)) for weight in model.trainable_weights)
    assert (table.parameters, table.trainable_parameters) == (model.count_params(), trained)


@pytest.mark.parametrize("name", HUB)
def test_rebuilt(hub: ModuleType, hub_table: Any, name: str) -> None:
    """A second build in the same process gives the same table."""
    assert layer_table(HUB[name](hub), name=name) == hub_table(name)


@pytest.mark.parametrize("name", HUB)
def test_weightless(hub: ModuleType, hub_table: Any, name: str) -> None:
    """Built without weights it has the same table, byte for byte."""
    build = partial(HUB[name], hub)
    assert layer_table(build, name=name).to_csv() == hub_table(name).to_csv()


def test_presets(hub: ModuleType, tmp_path: Path) -> None:
    """A preset is built as it ships, and the file of its weights is not read."""
    backbone = HUB["bert"](hub)
    task = hub.models.BertTextClassifier(backbone, num_classes=3, preprocessor=None)
    task.save_to_preset(str(tmp_path))
    usual = [layer_table(kind.from_preset(str(tmp_path))) for kind in _kinds(hub)]
    for file in tmp_path.glob("*.weights.h5"):
        file.write_bytes(b"")
    for kind, table in zip(_kinds(hub), usual, strict=True):
        with weightless() as memory:
            assert layer_table(kind.from_preset(str(tmp_path))) == table
        assert memory.waited
        with pytest.raises(OSError, match="file signature not found"):
            kind.from_preset(str(tmp_path))


def _kinds(hub: ModuleType) -> tuple[Any, Any]:
    return hub.models.Backbone, hub.models.TextClassifier


#: What comes back from a file trainable although it was frozen: another model, and drift.
THAWED = {("jax", "whisper"): "encoder_position_embedding"}


@pytest.mark.parametrize("name", HUB)
def test_saved_and_loaded(
    keras: ModuleType, hub_table: Any, hub_model: Any, tmp_path: Any, name: str
) -> None:
    """A model that comes back from a file is the same model, where Keras loses nothing of it."""
    hub_model(name).save(tmp_path / "model.keras")
    again = layer_table(keras.models.load_model(tmp_path / "model.keras"), name=name)
    drift = compare(hub_table(name), again)
    thawed = THAWED.get((keras.backend.backend(), name))
    assert [change.layer for change in drift.changes] == ([thawed] if thawed else [])
    assert drift.categories <= {"trainability"}


_BLOCKS = r"transformer_layer_[01]"

#: A constructor argument that changes the network, the rows that it changes, and how.
CHANGES: tuple[tuple[str, dict[str, Any], str, set[str]], ...] = (
    (
        "bert",
        {"num_heads": 4},
        f"{_BLOCKS}(/self_attention_layer)?|bert_backbone",
        {"config", "parameters"},
    ),
    (
        "bert",
        {"dropout": 0.2},
        f"embeddings_dropout|{_BLOCKS}(/self_attention_layer|/.*_dropout)?|bert_backbone",
        {"config"},
    ),
    ("bert", {"num_segments": 3}, "segment_embedding|bert_backbone", {"config", "parameters"}),
    (
        "bert",
        {"dtype": "bfloat16"},
        "(?!bert_backbone$|.*(get_item|_ids|padding_mask)$).*",
        {"dtype"},
    ),
    (
        "gpt2",
        {"num_heads": 4},
        f"gpt2_backbone/{_BLOCKS}(/self_attention(/(query|key|value|attention_output))?)?|gpt2_causal_lm|gpt2_backbone|gpt2_backbone/transformer_layer_[0-9]/self_attention/(softmax|dropout)",
        {"config", "parameters", "shape"},
    ),
    (
        "gpt2",
        {"max_sequence_length": 13},
        "gpt2_backbone/position_embedding|gpt2_causal_lm|gpt2_backbone",
        {"config", "parameters"},
    ),
    (
        "llama",
        {"num_query_heads": 8, "num_key_value_heads": 4},
        f"{_BLOCKS}(/self_attention(/(query|key|value|attention_output))?)?|llama_backbone|transformer_layer_[0-9]/self_attention/(llama_rotary_embedding|dropout|attention_softmax)",
        {"config", "parameters", "shape"},
    ),
    (
        "llama",
        {"rope_max_wavelength": 20000},
        f"{_BLOCKS}(/self_attention(/llama_rotary_embedding)?)?|llama_backbone",
        {"config"},
    ),
    (
        "llama",
        {"rope_position_scaling_factor": 2.0},
        f"{_BLOCKS}(/self_attention(/llama_rotary_embedding)?)?|llama_backbone",
        {"config"},
    ),
    (
        "llama",
        {"layer_norm_epsilon": 1e-5},
        f"{_BLOCKS}(/.*_layernorm)?|sequence_output_layernorm|llama_backbone",
        {"config"},
    ),
    ("llama", {"tie_word_embeddings": True}, "token_embedding", {"config", "parameters"}),
    (
        "gemma",
        {"attention_logit_soft_cap": 50.0},
        r"decoder_block_[01](/attention)?|gemma_backbone",
        {"config"},
    ),
    ("gemma", {"final_logit_soft_cap": 30.0}, "token_embedding|gemma_backbone", {"config"}),
    (
        "gemma",
        {"use_sliding_window_attention": True},
        "decoder_block_0(/attention)?|gemma_backbone",
        {"config"},
    ),
    (
        "gemma",
        {"use_post_ffw_norm": True},
        r"decoder_block_[01](/post_ffw_norm)?|gemma_backbone",
        {"config", "layers", "topology"},
    ),
    (
        "t5",
        {"activation": "gelu"},
        r"transformer_.*_layer_[01]/input_projector|t5_backbone",
        {"config"},
    ),
    (
        "t5",
        {"use_gated_activation": False},
        r"transformer_.*_layer_[01](/gate_projector)?|t5_backbone|transformer_(encoder_layer_[0-9]/dropout_1|decoder_layer_[0-9]/dropout_2)",
        {"config", "layers", "topology"},
    ),
    (
        "t5",
        {"tie_embedding_weights": False},
        "token_embedding|t5_backbone",
        {"config", "parameters"},
    ),
    ("t5", {"layer_norm_epsilon": 1e-5}, r".*layer_norm(_[12])?|t5_backbone", {"config"}),
    (
        "whisper",
        {"num_heads": 4},
        r"transformer_.*_layer_[01](/(self|cross)_attention(_layer)?(/(query|key|value|attention_output))?)?|whisper_backbone",
        {"config", "parameters", "shape"},
    ),
    (
        "resnet",
        {"stackwise_num_strides": [1, 1]},
        "stack1_.*|res_net_backbone",
        {"config", "layers", "shape"},
    ),
    (
        "vit",
        {"num_heads": 4},
        r"vit_encoder(/transformer_block_[12](/mha)?)?|vi_t_backbone",
        {"config", "parameters"},
    ),
    (
        "vit",
        {"layer_norm_epsilon": 1e-5},
        r"vit_encoder(/ln|/transformer_block_[12](/ln_[12])?)?|vi_t_backbone",
        {"config"},
    ),
    (
        "vit",
        {"use_class_token": False},
        "vit_patching_and_embedding(/position_embedding)?|vit_encoder|vi_t_backbone|vit_encoder/(dropout|ln)|vit_encoder/transformer_block_[0-9](/(ln_[0-9]|mha|dropout|mlp|mlp/(dense|dropout|dense_1)))?",
        {"config", "parameters", "shape"},
    ),
    (
        "segformer",
        {"layerwise_num_heads": [2, 2]},
        "seg_former_backbone/functional/hierarchical_encoder_0_0(/seg_former_multihead_attention)?|seg_former_image_segmenter|seg_former_backbone|seg_former_backbone/functional/hierarchical_encoder_0_0/seg_former_multihead_attention/dropout",
        {"config", "shape"},
    ),
    (
        "segformer",
        {"max_drop_path_rate": 0.2},
        "seg_former_backbone/functional/hierarchical_encoder_1_0(/drop_path)?|seg_former_image_segmenter|seg_former_backbone",
        {"config"},
    ),
    (
        "segformer",
        {"num_classes": 4},
        "conv2d|resizing|seg_former_image_segmenter",
        {"config", "parameters", "shape"},
    ),
    (
        "layers",
        {"normalize_first": True},
        "encoder|decoder|(encoder|decoder)/(self_attention|feedforward)_layer_norm",
        {"config", "order", "topology"},
    ),
    (
        "layers",
        {"activation": "gelu"},
        "(encoder|decoder)(/feedforward_intermediate_dense)?",
        {"config"},
    ),
    ("layers", {"tie_weights": False}, "embed", {"config", "parameters"}),
    ("layers", {"max_wavelength": 20000}, "rotary", {"config"}),
    ("layers", {"reverse": False}, "embed", {"config", "shape", "topology"}),
)


@pytest.mark.parametrize(
    ("name", "arguments", "rows", "categories"),
    CHANGES,
    ids=[f"{name}-{'-'.join(arguments)}" for name, arguments, *_ in CHANGES],
)
def test_one_argument(
    hub: ModuleType,
    hub_table: Any,
    name: str,
    arguments: dict[str, Any],
    rows: str,
    categories: set[str],
) -> None:
    """A change of one argument is drift, on the rows that it is about and on no other."""
    changed = layer_table(HUB[name](hub, **arguments), name=name)
    drift = compare(hub_table(name), changed)
    assert drift.categories == categories
    found = {change.layer for change in drift.changes}
    # Where keras-hub has a fused operation the softmax is never called, and has no shapes.
    called = [row.layer_name for row in changed if "never_called" not in row.attributes]
    assert found == {name for name in called if re.fullmatch(rows, name)} | {
        change.layer for change in drift.changes if change.kind == "removed"
    }
