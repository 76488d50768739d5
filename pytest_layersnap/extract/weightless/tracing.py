"""Whether TensorFlow only infers shapes, so that no value is ever computed."""

from __future__ import annotations

import re
from typing import Any

#: The graphs in which Keras 2 and 3 call layers on symbolic tensors.
_OF_KERAS = re.compile(r"(.*_)?(scratch|keras)_graph(_\d+)?")


def in_keras_graph(tf: Any) -> bool:
    """Whether operations go into a graph of Keras that is thrown away and never runs.

    Graphs of loops and branches belong to the graph around them. That of a ``tf.function`` does not: it
    is kept, and run later.
    """
    graph = tf.compat.v1.get_default_graph()
    while type(graph).__name__ in (
        "WhileCondFuncGraph",
        "WhileBodyFuncGraph",
        "CondBranchFuncGraph",
    ):
        graph = graph.outer_graph
    return bool(_OF_KERAS.fullmatch(getattr(graph, "name", None) or ""))
