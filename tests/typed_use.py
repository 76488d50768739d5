"""Uses of the public names as type checkers see them; mypy and pyright read this file, nothing runs it.

A line that is wrong carries the complaints that it must bring: either reports one that it does not bring.
"""

from __future__ import annotations

import pytest_layersnap
from pytest_layersnap import (
    Drift,
    Flow,
    Layer,
    LayerDrift,
    LayerSnap,
    LayersnapError,
    LayerTable,
    MissingSnapshot,
    compare,
    flow,
    layer_table,
    weightless,
)


def accepted(layersnap: LayerSnap, model: object) -> None:
    """The documented uses."""
    layersnap.check(model, name="resnet50", only={"shape"})
    layersnap.check_all({"resnet50": model}, ignore=["config"])
    table: LayerTable = layersnap.table(model)
    layers: tuple[Layer, ...] = table.layers
    drift: Drift = compare(table, layer_table(lambda: model))
    network: Flow = flow(table)
    try:
        with weightless() as memory:
            print(memory.allocated, layers, drift.summary, network, pytest_layersnap.__version__)
    except (LayerDrift, MissingSnapshot) as error:
        known: LayersnapError = error
        print(known)


def rejected(layersnap: LayerSnap, table: LayerTable) -> None:
    """Typos, and arguments of other types."""
    from pytest_layersnap import LayerTabel  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: F401

    layersnap.chek(table)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    layersnap.check(table, nmae="x")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
    layersnap.check_all([table])  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    pytest_layersnap.layer_tabel(table)  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]
    compare(table, 3)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    table.paramters  # type: ignore[attr-defined]  # pyright: ignore[reportAttributeAccessIssue]  # noqa: B018
