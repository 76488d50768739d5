"""Layers that drop values or add noise."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

RULES = (
    Rule(
        classes=("AlphaDropout",),
        releases="2.x",
        reason="configs leave the shape of the noise out, the layer has it",
        source="keras/layers/regularization/alpha_dropout.py of 2.15, get_config",
        written=({"rate": 0.5}, {"rate": 0.5, "noise_shape": [1, 2]}),
        changed={"rate": 0.5, "noise_shape": [2, 1]},
        code=("AlphaDropout(0.5, noise_shape=(1, 2))", "AlphaDropout(0.5, noise_shape=(2, 1))"),
        reads={"noise_shape": ("noise_shape",)},
    ),
    Rule(
        classes=("SpatialDropout2D", "SpatialDropout3D"),
        releases="2.x",
        reason="configs leave it out, the layer has it",
        source="keras/layers/regularization/spatial_dropout2d.py of 2.15",
        written=({"rate": 0.5}, {"rate": 0.5, "data_format": "channels_first"}),
        changed={"rate": 0.5, "data_format": "channels_last"},
        code=(
            "SpatialDropout2D(0.5, data_format='channels_first')",
            "SpatialDropout2D(0.5, data_format='channels_last')",
        ),
        reads={"data_format": ("data_format",)},
    ),
    Rule(
        classes=("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"),
        releases="2.x",
        reason="a spatial dropout works out the shape of its noise; what 2.x writes is never given",
        source="keras/layers/regularization/spatial_dropout1d.py of 2.15, _get_noise_shape",
        written=({"rate": 0.5, "noise_shape": None}, {"rate": 0.5}),
        changed={"rate": 0.4, "noise_shape": None},
        code=("SpatialDropout1D(0.5)", "SpatialDropout1D(0.4)"),
        drops=("noise_shape",),
    ),
)
