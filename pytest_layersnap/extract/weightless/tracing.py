"""Where TensorFlow is: whether it only infers shapes, and computes no value, and on which device."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

#: The graphs in which Keras 2 and 3 call layers on symbolic tensors.
_OF_KERAS = re.compile(r"(.*_)?(scratch|keras)_graph(_\d+)?")


def in_keras_graph(tf: Any) -> bool:
    """Whether operations go into a graph of Keras that is thrown away and never runs.

    Graphs of loops and branches belong to the graph around them. That of a ``tf.function`` does not: it
    is kept, and run later.
    """
    if tf.executing_eagerly():  # also within ``tf.init_scope`` in such a graph
        return False
    graph = tf.compat.v1.get_default_graph()
    while type(graph).__name__ in (
        "WhileCondFuncGraph",
        "WhileBodyFuncGraph",
        "CondBranchFuncGraph",
    ):
        graph = graph.outer_graph
    return bool(_OF_KERAS.fullmatch(getattr(graph, "name", None) or ""))


def on_usual_device(tf: Any) -> bool:
    """Whether a variable that is made now goes where it goes if nobody says anything else."""
    context = import_module("tensorflow.python.eager.context").context()
    with tf.init_scope():
        return not tf.distribute.has_strategy() and not context.device_name


@contextmanager
def as_nobody_said(tf: Any) -> Iterator[None]:
    """Out of all graphs, and on the usual device whatever the scope."""
    with tf.init_scope(), tf.device(None):
        yield
