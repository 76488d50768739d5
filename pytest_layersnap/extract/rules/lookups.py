"""Text, categories and numbers made into indices."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

#: Layers whose dtype policy says nothing: they take and give strings or integers.
LOOKUPS = (
    "StringLookup",
    "IntegerLookup",
    "TextVectorization",
    "Hashing",
    "HashedCrossing",
    "Discretization",
)

RULES = (
    Rule(
        classes=(*LOOKUPS, "CategoryEncoding"),
        releases="2.x, 3.x",
        reason="written where the release or the backend has sparse and ragged tensors; off is the default",
        source="keras/src/layers/preprocessing/discretization.py, get_config",
        written=(
            {"output_mode": "one_hot"},
            {"output_mode": "one_hot", "sparse": False, "ragged": False},
        ),
        changed={"output_mode": "one_hot", "sparse": True},
        code=(
            "Discretization([0.], output_mode='one_hot')",
            "Discretization([0.], output_mode='one_hot', sparse=True)",
        ),
        defaults={"sparse": False, "ragged": False},
    ),
    Rule(
        classes=("CategoryEncoding",),
        releases="3.x",
        reason="configs leave out whether it gives sparse tensors, the layer has it",
        source="keras/src/layers/preprocessing/category_encoding.py, get_config",
        written=({"num_tokens": 3}, {"num_tokens": 3, "sparse": True}),
        changed={"num_tokens": 3, "sparse": False},
        code=("CategoryEncoding(3, sparse=True)", "CategoryEncoding(3)"),
        reads={"sparse": ("sparse",)},
    ),
    Rule(
        classes=("StringLookup", "IntegerLookup"),
        releases="3.x",
        reason="written by some releases; the usual hash is the default",
        source="keras/src/layers/preprocessing/index_lookup.py",
        written=({}, {"oov_method": "floormod"}),
        changed={"oov_method": "farmhash"},
        defaults={"oov_method": "floormod"},
    ),
)
