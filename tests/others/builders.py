"""Models of other people's packages, small and without weights that are downloaded.

Each builder imports its package itself: an environment has those of its generation of Keras.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

Builder = Callable[[Any], Any]


def _around(keras: Any, shape: tuple[int | None, ...], *layers: Any) -> Any:
    """A model of layers, one after another."""
    x = given = keras.Input(shape)
    for layer in layers:
        x = layer(x)
    return keras.Model(given, x)


# --- Keras 2 --------------------------------------------------------------------------------------


def _deepctr(name: str) -> Builder:
    def build(keras: Any) -> Any:
        columns = import_module("deepctr.feature_column")
        features = [
            columns.SparseFeat("who", 5, embedding_dim=4),
            columns.SparseFeat("what", 6, embedding_dim=4),
            columns.DenseFeat("price", 1),
        ]
        return getattr(import_module("deepctr.models"), name)(features, features)

    return build


def _pruned(keras: Any) -> Any:
    sparsity = import_module("tensorflow_model_optimization").sparsity.keras
    inner = _around(keras, (4,), keras.layers.Dense(8), keras.layers.Dense(2))
    return sparsity.prune_low_magnitude(inner)


def _quantized(keras: Any) -> Any:
    quantization = import_module("tensorflow_model_optimization").quantization.keras
    layers = keras.layers
    inner = _around(keras, (8, 8, 3), layers.Conv2D(4, 3), layers.ReLU(), layers.Flatten())
    return quantization.quantize_model(inner)


def _clustered(keras: Any) -> Any:
    clustering = import_module("tensorflow_model_optimization").clustering.keras
    starts = clustering.CentroidInitialization.LINEAR
    return clustering.cluster_weights(
        _around(keras, (4,), keras.layers.Dense(8)),
        number_of_clusters=3,
        cluster_centroids_init=starts,
    )


def _addons(keras: Any) -> Any:
    layers = import_module("tensorflow_addons").layers
    return _around(
        keras,
        (8, 8, 4),
        layers.GroupNormalization(groups=2),
        layers.WeightNormalization(keras.layers.Conv2D(4, 3)),
        layers.Maxout(2),
        layers.GELU(),
        layers.AdaptiveAveragePooling2D(2),
    )


def _addons_cells(keras: Any) -> Any:
    rnn = import_module("tensorflow_addons").rnn
    return _around(keras, (6, 4), keras.layers.RNN(rnn.LayerNormLSTMCell(3)))


def _spektral(keras: Any) -> Any:
    layers = import_module("spektral.layers")
    nodes, edges = keras.Input((5, 4)), keras.Input((5, 5))
    x = layers.GCNConv(6, activation="relu")([nodes, edges])
    x = layers.GATConv(3, attn_heads=2)([x, edges])
    return keras.Model([nodes, edges], layers.GlobalAttentionPool(4)(x))


def _larq(keras: Any) -> Any:
    layers = import_module("larq").layers
    binary = {"input_quantizer": "ste_sign", "kernel_quantizer": "ste_sign"}
    return _around(
        keras,
        (8, 8, 3),
        layers.QuantConv2D(4, 3, kernel_quantizer="ste_sign", kernel_constraint="weight_clip"),
        layers.QuantSeparableConv2D(4, 3, depthwise_quantizer="dorefa_quantizer"),
        keras.layers.Flatten(),
        layers.QuantDense(2, **binary),
    )


def _qkeras(keras: Any) -> Any:
    layers = import_module("qkeras")
    return _around(
        keras,
        (8, 8, 3),
        layers.QConv2D(4, 3, kernel_quantizer=layers.quantized_bits(4, 0, 1)),
        layers.QActivation("quantized_relu(3)"),
        keras.layers.Flatten(),
        layers.QDense(2, kernel_quantizer="ternary()", bias_quantizer="quantized_bits(3)"),
    )


def _unet_2d(name: str, **settings: Any) -> Builder:
    def build(keras: Any) -> Any:
        models = import_module("keras_unet_collection.models")
        return getattr(models, name)((32, 32, 3), [4, 8, 16], n_labels=2, **settings)

    return build


def _segmentation(name: str) -> Builder:
    def build(keras: Any) -> Any:
        os.environ["SM_FRAMEWORK"] = "tf.keras"
        models = import_module("segmentation_models")
        return getattr(models, name)("resnet18", input_shape=(64, 64, 3), encoder_weights=None)

    return build


def _self_attention(keras: Any) -> Any:
    attention = import_module("keras_self_attention")
    heads = import_module("keras_multi_head")
    return _around(
        keras,
        (6, 8),
        attention.SeqSelfAttention(attention_activation="sigmoid"),
        heads.MultiHeadAttention(head_num=2),
        import_module("keras_pos_embd").TrigPosEmbedding(mode="add"),
        attention.SeqWeightedAttention(),
    )


def _tcn(keras: Any) -> Any:
    tcn = import_module("tcn").TCN
    return _around(keras, (12, 3), tcn(4, dilations=(1, 2), return_sequences=True), tcn(3))


_KERAS2: dict[str, tuple[str, Builder]] = {
    "deepfm": ("deepctr", _deepctr("DeepFM")),
    "xdeepfm": ("deepctr", _deepctr("xDeepFM")),
    "autoint": ("deepctr", _deepctr("AutoInt")),
    "tcn": ("tcn", _tcn),
    "pruned": ("tensorflow_model_optimization", _pruned),
    "quantized": ("tensorflow_model_optimization", _quantized),
    "clustered": ("tensorflow_model_optimization", _clustered),
    "addons": ("tensorflow_addons", _addons),
    "addons_cells": ("tensorflow_addons", _addons_cells),
    "spektral": ("spektral", _spektral),
    "larq": ("larq", _larq),
    "qkeras": ("qkeras", _qkeras),
    "unet": ("keras_unet_collection", _unet_2d("unet_2d")),
    "attention_unet": ("keras_unet_collection", _unet_2d("att_unet_2d")),
    "segmentation_unet": ("segmentation_models", _segmentation("Unet")),
    "segmentation_fpn": ("segmentation_models", _segmentation("FPN")),
    "efficientnet": (
        "efficientnet",
        lambda keras: import_module("efficientnet.tfkeras").EfficientNetB0(
            input_shape=(64, 64, 3), weights=None
        ),
    ),
    "efficientnet_3d": (
        "efficientnet_3D",
        lambda keras: import_module("efficientnet_3D.tfkeras").EfficientNetB0(
            input_shape=(32, 32, 32, 1), weights=None
        ),
    ),
    "resnet18": (
        "classification_models",
        lambda keras: import_module("classification_models.tfkeras").Classifiers.get("resnet18")[0](
            (64, 64, 3), weights=None
        ),
    ),
    "self_attention": ("keras_self_attention", _self_attention),
}

# --- Keras 3 --------------------------------------------------------------------------------------


def _kgcnn(name: str) -> Builder:
    def build(keras: Any) -> Any:
        return import_module(f"kgcnn.literature.{name}").make_model()

    return build


def _bayesflow(keras: Any) -> Any:
    networks = import_module("bayesflow.networks")
    flow = networks.CouplingFlow(depth=2, subnet_kwargs={"widths": (8,)})
    given, conditions = keras.Input((3,)), keras.Input((2,))
    flow.build((None, 3), (None, 2))
    return keras.Model([given, conditions], flow(given, conditions=conditions))


def _in_3d(package: str, name: str) -> Builder:
    def build(keras: Any) -> Any:
        os.environ["SM_FRAMEWORK"] = "keras"
        models = import_module(package)
        return getattr(models, name)("resnet18", input_shape=(32, 32, 32, 1), encoder_weights=None)

    return build


def _classified_3d(name: str) -> Builder:
    def build(keras: Any) -> Any:
        classifiers = import_module("classification_models_3D.kkeras").Classifiers
        return classifiers.get(name)[0](
            input_shape=(32, 32, 32, 1), weights=None, include_top=False
        )

    return build


def _rs(keras: Any) -> Any:
    layers = import_module("keras_rs").layers
    given, other = keras.Input((4,)), keras.Input((4,))
    crossed = layers.FeatureCross(projection_dim=2)(given, other)
    return keras.Model([given, other], layers.DotInteraction()([crossed, other]))


def _kimm(name: str) -> Builder:
    def build(keras: Any) -> Any:
        return getattr(import_module("kimm.models"), name)(input_shape=[64, 64, 3], weights=None)

    return build


def _ncps(keras: Any) -> Any:
    ncps = import_module("ncps.keras")
    wirings = import_module("ncps.wirings")
    return _around(
        keras,
        (6, 4),
        ncps.LTC(wirings.FullyConnected(4, 2), return_sequences=True),
        ncps.CfC(5),
    )


def _medicai(name: str, **settings: Any) -> Builder:
    def build(keras: Any) -> Any:
        return getattr(import_module("medicai.models"), name)(**settings)

    return build


def _bert(keras: Any) -> Any:
    sizes = {"num_layers": 2, "num_heads": 2, "hidden_dim": 8, "intermediate_dim": 16}
    backbone = import_module("keras_hub").models.BertBackbone
    return backbone(vocabulary_size=20, max_sequence_length=6, **sizes)


def _k3im(module: str, name: str, *sizes: Any, **settings: Any) -> Builder:
    def build(keras: Any) -> Any:
        return getattr(import_module(f"k3im.{module}"), name)(*sizes, **settings)

    return build


def _hexagonal(keras: Any) -> Any:
    layers = import_module("keras_hexagdly")
    return _around(
        keras,
        (8, 8, 3),
        layers.Conv2d(4, kernel_size=2, activation="relu"),
        layers.MaxPool2d(),
        layers.Conv2d(2, share_neighbors=True),
    )


def _tuned(keras: Any) -> Any:
    tuner = import_module("keras_tuner")
    return tuner.applications.HyperXception(input_shape=(64, 64, 3), classes=2).build(
        tuner.HyperParameters()
    )


_KERAS3: dict[str, tuple[str, Builder]] = {
    **{
        f"kgcnn_{name.lower()}": ("kgcnn", _kgcnn(name))
        for name in ("GCN", "GAT", "Schnet", "GIN", "PAiNN")
    },
    "coupling_flow": ("bayesflow", _bayesflow),
    "unet_3d": ("segmentation_models_3D", _in_3d("segmentation_models_3D", "Unet")),
    "linknet_3d": ("segmentation_models_3D", _in_3d("segmentation_models_3D", "Linknet")),
    "resnet18_3d": ("classification_models_3D", _classified_3d("resnet18")),
    "crossed": ("keras_rs", _rs),
    "lcnet": ("kimm", _kimm("LCNet035")),
    "mobile_vit": ("kimm", _kimm("MobileViTV2W050")),
    "ncps": ("ncps", _ncps),
    "medicai_unet": (
        "medicai",
        _medicai("UNet", input_shape=(32, 32, 32, 1), encoder_name="densenet121", num_classes=2),
    ),
    "bert": ("keras_hub", _bert),
    "compact_transformer": (
        "k3im",
        _k3im("cct", "CCT", (16, 16, 3), 2, 8, 3, 1, 1, [8, 8], 0.1, 2, 2, positional_emb=True),
    ),
    # Without shifted windows: their mask has the dtype that the backend makes of float64.
    "swin": ("k3im", _k3im("swint", "SwinTModel", (16, 16), (2, 2), 8, 2, 2, 16, True, 0.1, 0, 2)),
    "mixer": ("k3im", _k3im("mlp_mixer", "MlpMixer", 2, 16, 3, 4, 2, 8, drop_path_rate=0.1)),
    "token_learner": (
        "k3im",
        _k3im("token_learner", "ViTokenLearner", 16, 4, 2, 8, 2, 2, 8, 2, dim_head=4),
    ),
    "video": ("k3im", _k3im("video_eanet", "VideoEANet", 16, 4, 4, 2, 2, 8, 1, 1, 2, 8)),
    "hexagonal": ("keras_hexagdly", _hexagonal),
    "tuned": ("keras_tuner", _tuned),
    "tcn": ("tcn", _tcn),
}


def builders(keras: Any) -> dict[str, tuple[str, Builder]]:
    """The builders for a generation of Keras, each with the package that it needs."""
    return _KERAS3 if hasattr(keras, "ops") else _KERAS2


NAMES = tuple({**_KERAS2, **_KERAS3})
_PACKAGES = {package for package, _ in (*_KERAS2.values(), *_KERAS3.values())}
#: What is installed in the environments for these tests, and in no other.
PACKAGES = frozenset(_PACKAGES - {"keras_hub"})
