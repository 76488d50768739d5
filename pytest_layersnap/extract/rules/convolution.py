"""Convolutions of all kinds."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

_PLAIN = ("Conv1D", "Conv2D", "Conv3D")
_TRANSPOSED = ("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
_SEPARABLE = ("SeparableConv1D", "SeparableConv2D")
_DEPTHWISE = ("DepthwiseConv1D", "DepthwiseConv2D")

RULES = (
    Rule(
        classes=(*_PLAIN, *_TRANSPOSED, *_SEPARABLE, *_DEPTHWISE),
        releases="2.x, 3.x",
        reason="2.x writes it into all convolutions, 3.x into the plain ones",
        source="keras/src/layers/convolutional/base_conv_transpose.py, get_config",
        written=({"groups": 1}, {}),
        changed={"groups": 2},
        code=("Conv1D(4, 3)", "Conv1D(4, 3, groups=2)"),
        defaults={"groups": 1},
    ),
    Rule(
        classes=("Conv3DTranspose",),
        releases="2.x, 3.x",
        reason="3.x writes it, 2.x does not",
        source="keras/layers/convolutional/conv3d_transpose.py of 2.15, get_config",
        written=({}, {"dilation_rate": [1, 1, 1]}),
        changed={"dilation_rate": [2, 2, 2]},
        code=("Conv3DTranspose(4, 3)", "Conv3DTranspose(4, 3, dilation_rate=2)"),
        defaults={"dilation_rate": [1, 1, 1]},
        reads={"dilation_rate": ("dilation_rate",)},
    ),
    Rule(
        classes=_TRANSPOSED,
        releases="3.0 to 3.13",
        reason="configs leave the padding of the output out, the layer has it",
        source="keras/src/layers/convolutional/base_conv_transpose.py of 3.13, get_config",
        written=({}, {"output_padding": [1]}),
        changed={"output_padding": [0]},
        code=(
            "Conv1DTranspose(4, 3, strides=2, output_padding=1)",
            "Conv1DTranspose(4, 3, strides=2, output_padding=0)",
        ),
        reads={"output_padding": ("output_padding",)},
    ),
    Rule(
        classes=_SEPARABLE,
        releases="2.x",
        reason="inherited from Conv and never used: the depthwise and the pointwise kernel have their own",
        source="keras/layers/convolutional/base_separable_conv.py of 2.15",
        written=(
            {"kernel_initializer": "zeros", "depthwise_initializer": "ones"},
            {"depthwise_initializer": "ones"},
        ),
        changed={"depthwise_initializer": "zeros"},
        drops=("kernel_initializer", "kernel_regularizer", "kernel_constraint", "groups"),
    ),
    Rule(
        classes=_DEPTHWISE,
        releases="2.x",
        reason="inherited from Conv and never used: the depthwise kernel has its own",
        source="keras/layers/convolutional/base_depthwise_conv.py of 2.15",
        written=(
            {"kernel_initializer": "zeros", "depthwise_initializer": "ones", "filters": None},
            {"depthwise_initializer": "ones"},
        ),
        changed={"depthwise_initializer": "zeros"},
        drops=("kernel_initializer", "kernel_regularizer", "kernel_constraint", "filters"),
    ),
)
