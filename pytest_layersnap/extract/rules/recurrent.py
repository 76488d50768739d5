"""Recurrent layers and their cells."""

from __future__ import annotations

from pytest_layersnap.extract.rules.rule import Rule

_CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell")
_CONVOLUTIONAL = ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
_LAYERS = ("LSTM", "GRU", "SimpleRNN", "RNN", *_CONVOLUTIONAL)

RULES = (
    Rule(
        classes=("LSTM", "GRU", "LSTMCell", "GRUCell"),
        releases="2.x",
        reason="which of two equal ways Keras 2 computes it",
        source="keras/layers/rnn/lstm.py of 2.15, implementation",
        written=({"units": 3, "implementation": 2}, {"units": 3}),
        changed={"units": 4, "implementation": 2},
        code=("LSTM(3)", "LSTM(4)"),
        drops=("implementation",),
    ),
    Rule(
        classes=_LAYERS,
        releases="2.x",
        reason="2.x alone can take time for the first axis, and writes that it does not",
        source="keras/layers/rnn/base_rnn.py of 2.15, get_config",
        written=({"time_major": False}, {}),
        changed={"time_major": True},
        code=("LSTM(3)", "LSTM(3, time_major=True)"),
        defaults={"time_major": False},
    ),
    Rule(
        classes=_LAYERS,
        releases="2.x, 3.x",
        reason="2.x writes it only where it is set",
        source="keras/layers/rnn/base_rnn.py of 2.15, get_config",
        written=({}, {"zero_output_for_mask": False}),
        changed={"zero_output_for_mask": True},
        code=(
            "LSTM(3, return_sequences=True)",
            "LSTM(3, return_sequences=True, zero_output_for_mask=True)",
        ),
        defaults={"zero_output_for_mask": False},
    ),
    Rule(
        classes=_LAYERS,
        releases="1.x, 2.x",
        reason="a loop in place of steps side by side, with the same result; off says nothing",
        source="keras/src/layers/rnn/rnn.py",
        written=({}, {"unroll": False}),
        changed={"unroll": True},
        code=("LSTM(3)", "LSTM(3, unroll=True)"),
        defaults={"unroll": False},
    ),
    Rule(
        classes=("LSTM", "GRU", "SimpleRNN", *_CONVOLUTIONAL, *_CELLS),
        releases="2.x (LSTM, GRU and cells), 3.x (SimpleRNN)",
        reason="configs leave the seed of the dropout out; the layer or its cell has it",
        source="keras/src/layers/rnn/simple_rnn.py, get_config",
        written=({"units": 3}, {"units": 3, "seed": 1}),
        changed={"units": 3, "seed": 2},
        code=("LSTM(3, dropout=0.5, seed=1)", "LSTM(3, dropout=0.5, seed=2)"),
        reads={"seed": ("seed", "cell.seed", "_random_generator._seed")},
    ),
)
